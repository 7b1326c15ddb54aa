"""The logger, made on first use: facts by id, never a body, an address or an e-mail."""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger


@cache
def logger() -> "Logger":
    """Return the function's structured logger; its service name is POWERTOOLS_SERVICE_NAME."""
    from aws_lambda_powertools.logging import Logger  # noqa: PLC0415 — 38 ms that a read never pays

    return Logger()


def logged(job: str, act: Callable[[], object]) -> None:
    """Do a job of a schedule, and say what it came to and how long it took."""
    began = time.monotonic()
    outcome = act()
    logger().info(job, outcome=str(outcome), seconds=round(time.monotonic() - began, 3))
