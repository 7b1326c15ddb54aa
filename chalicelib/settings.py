"""The environment, read once and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CITIES = Path(__file__).resolve().parent.parent / "infra" / "cities"
"""Where the package keeps the city files; `vendor/` brings the same folder into the deployed one."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between two stacks of the same package."""

    city: str
    region: str
    base_url: str
    """The address residents reach the API at, without a trailing slash."""
    signing_key: bytes
    configuration_set: str
    release: str = ""
    """What was deployed: a digest of code and template, empty where nothing was."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        city = env.get("ENTRAIDE_CITY", "mulhouse")
        key = env.get("ENTRAIDE_SIGNING_KEY", "")
        if len(key) < 32:  # noqa: PLR2004
            raise RuntimeError("ENTRAIDE_SIGNING_KEY must hold at least 32 characters")
        return cls(
            city=city,
            region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION", "eu-west-3"),
            base_url=env.get("ENTRAIDE_BASE_URL", "").rstrip("/"),
            signing_key=key.encode(),
            configuration_set=env.get("ENTRAIDE_CONFIGURATION_SET", f"entraide-{city}"),
            release=env.get("ENTRAIDE_RELEASE", ""),
        )

    @property
    def city_file(self) -> Path:
        return CITIES / f"{self.city}.json"
