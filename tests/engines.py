"""The engine behind the tests, ministack as a child of their process, and the tables of a city for one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from botocore.config import Config
from botocore.session import get_session

from infra.emulator import account_of, aws_environment, emulator
from infra.mailbox import Mailbox
from infra.tables import create_tables, table_definitions

_cities = count(1)


@dataclass(frozen=True)
class Engine:
    """A running ministack: its address, an account nobody else uses, and the mails it was given."""

    url: str
    account: str
    mailbox: Mailbox

    @property
    def environment(self) -> dict[str, str]:
        """What a process must have in its environment to speak to this engine; the empty ones unset."""
        return aws_environment(self.url, self.account)

    @cached_property
    def dynamodb(self) -> Any:
        return self.client("dynamodb")

    @cached_property
    def ses(self) -> Any:
        return self.client("sesv2")

    def client(self, service: str) -> Any:
        """Return a botocore client that tries each call once."""
        return get_session().create_client(
            service,
            "eu-west-3",
            endpoint_url=self.url,
            aws_access_key_id=self.account,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=50, proxies={}),
        )


@contextmanager
def ministack() -> Iterator[Engine]:
    """Run an engine that keeps nothing."""
    with TemporaryDirectory() as directory, emulator(Path(directory), keep=False) as started:
        started.wait()
        mailbox = Mailbox(started.mail, "Test", ZoneInfo("Europe/Paris"))
        yield Engine(started.url, account_of(uuid4().hex), mailbox)


@contextmanager
def ministack_here() -> Iterator[Engine]:
    """Run an engine that whatever this process connects to is."""
    with ministack() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value) if value else patch.delenv(name, raising=False)
        yield running


def fresh_city(client: Any) -> str:
    """Make the tables of a city that no other test knows, and return its slug.

    Nothing is purged from them: the engine goes by its own clock, tests by theirs.
    """
    city = f"city-{next(_cities)}"
    create_tables(client, city, table_definitions())
    return city


def until(happened: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait for what another process does, and fail when it does not."""
    late = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < late, "it did not happen"
        time.sleep(0.02)
