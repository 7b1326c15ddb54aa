"""The account and region a command works in, by the standard settings of AWS."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session, get_session

from infra.emulator import REGION, ROOT
from infra.ops.stops import Exit, Stopped

REMEMBERED = "ENTRAIDE_REMEMBERED"
"""The variable that names another directory to remember in."""
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 10},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=20,
)
LONGEST_S = 900
"""How long a function of Lambda may run at most."""
_INVOKING = _CONFIG.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=LONGEST_S + 10)
)
"""Asked a second time, a function that takes long runs a second time."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where a command works."""

    session: Session
    region: str
    account: str
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _making: Lock = field(default_factory=Lock, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """Return botocore's client, made once, for all threads; a throttled call is tried ten times."""
        return self._client(service, service, _CONFIG)

    @property
    def invoking(self) -> Any:
        """Return a client of Lambda that waits for the longest function, and calls it once."""
        return self._client("invoking", "lambda", _INVOKING)

    @property
    def emulator(self) -> str:
        """The host and port that AWS_ENDPOINT_URL leads to when that is not AWS; empty when it is."""
        url = urlsplit(self.client("cloudformation").meta.endpoint_url)
        real = (url.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
        return "" if real else url.netloc

    def _client(self, name: str, service: str, config: Config) -> Any:
        with self._making:
            if name not in self._clients:
                self._clients[name] = self.session.create_client(service, self.region, config=config)
            return self._clients[name]


def cloud() -> Cloud:
    """Return where the environment, the profile and the credentials lead; botocore's errors pass through."""
    session = get_session()
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region") or REGION
    # pynamodb and botocore read different variables: both are to mean the same place.
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region
    identity = session.create_client("sts", region, config=_CONFIG).get_caller_identity()
    return Cloud(session, region, str(identity["Account"]))


def cloud_of(slug: str) -> Cloud:
    """Return where the city is; raise Stopped when this machine deployed it somewhere else."""
    here = cloud()
    known = _read(_path(slug, here))
    if known is not None and known != _place(here):
        raise Stopped(
            f"{slug} was deployed from this machine in account {known['account']}, {known['region']}; "
            f"these credentials lead to account {here.account}, {here.region}.",
            "Nothing was done in either.",
            f"the same command with the profile and region of {known['account']}, or, if the city has moved: "
            f"entraide city forget {slug}",
            Exit.REFUSED,
        )
    return here


def remember(slug: str, where: Cloud) -> None:
    """Note on this machine where the city is, so that no command takes another account for it."""
    path = _path(slug, where)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(_place(where)) + "\n", encoding="utf-8")
    part.replace(path)


def forget(slug: str, where: Cloud) -> bool:
    """Forget where the city is; return whether it was known."""
    path = _path(slug, where)
    known = path.exists()
    path.unlink(missing_ok=True)
    return known


def _place(where: Cloud) -> dict[str, str]:
    return {"account": where.account, "region": where.region}


def _read(path: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def _path(slug: str, where: Cloud) -> Path:
    directory = Path(os.environ.get(REMEMBERED) or ROOT / ".entraide")
    return directory / where.emulator.replace(":", "-") / f"{slug}.json"
