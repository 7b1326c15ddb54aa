"""The environment, read once and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CITIES = Path(__file__).resolve().parent.parent / "infra" / "cities"
"""Where the package keeps the city files; `vendor/` brings the same folder into the deployed one."""

KEY_LETTERS = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between two stacks of the same package."""

    city: str
    region: str
    base_url: str
    """The address residents reach the API at, without a trailing slash."""
    signing_key: bytes
    """Empty where the key is kept under `signing_key_name`, and read when it is first needed."""
    configuration_set: str
    signing_key_name: str = ""
    front_mark: str = ""
    """What the front says with each request that it leads to the API; empty where there is no front."""
    release: str = ""
    """What was deployed: a digest of code and template, empty where nothing was."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        city = env.get("ENTRAIDE_CITY", "mulhouse")
        key, name = env.get("ENTRAIDE_SIGNING_KEY", ""), env.get("ENTRAIDE_SIGNING_KEY_NAME", "")
        if key or not name:
            key = checked_key(key)
        return cls(
            city=city,
            region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION", "eu-west-3"),
            base_url=env.get("ENTRAIDE_BASE_URL", "").rstrip("/"),
            signing_key=key.encode(),
            configuration_set=env.get("ENTRAIDE_CONFIGURATION_SET", f"entraide-{city}"),
            signing_key_name=name,
            front_mark=env.get("ENTRAIDE_FRONT_MARK", ""),
            release=env.get("ENTRAIDE_RELEASE", ""),
        )

    @property
    def city_file(self) -> Path:
        return CITIES / f"{self.city}.json"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a deployed city's watch looks at, and who it tells."""

    ops: str
    dead_letters: str
    """The URL of the queue."""
    log: str
    access_log: str
    schedules: Mapping[str, int]
    """How often each function runs, in seconds."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Watched":
        told = (each.partition("=") for each in env["ENTRAIDE_SCHEDULES"].split(","))
        return cls(
            ops=env["ENTRAIDE_OPS_ADDRESS"],
            dead_letters=env["ENTRAIDE_DEAD_LETTERS"],
            log=env["ENTRAIDE_LOG"],
            access_log=env["ENTRAIDE_ACCESS_LOG"],
            schedules={name: int(every) for name, _, every in told},
        )


def function_name(env: Mapping[str, str] = os.environ) -> str:
    """Return the name of the function that runs, as the log says it: without what all of the city's share."""
    city = env.get("ENTRAIDE_CITY", "")
    return env.get("AWS_LAMBDA_FUNCTION_NAME", "local").removeprefix(f"entraide-{city}-")


def checked_key(key: str) -> str:
    """Return the key; RuntimeError when it is too short to keep anything."""
    if len(key) < KEY_LETTERS:
        raise RuntimeError(f"the signing key must hold at least {KEY_LETTERS} characters")
    return key
