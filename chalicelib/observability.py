"""The logger, made on first use: facts by id, never a body, an address or an e-mail."""

import time
from collections.abc import Callable
from functools import cache
from traceback import extract_tb
from typing import TYPE_CHECKING

from chalicelib.settings import function_name

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger


@cache
def logger() -> "Logger":
    """Return the function's structured logger; its service name is POWERTOOLS_SERVICE_NAME.

    Every line says which function wrote it: the functions of a city share one log.
    """
    from aws_lambda_powertools.logging import Logger  # noqa: PLC0415 — 38 ms that a read never pays

    return Logger(function=function_name())


class JobFailed(Exception):
    """A job of a schedule failed. What the runtime prints of this says no more than which."""


def log_failure(what: str, error: BaseException, request_id: str = "") -> None:
    """Log which failures led to this one and where; not what they say, which may quote anybody."""
    kinds, places = [], []
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(type(cause).__qualname__)
        places += [f"{frame.filename}:{frame.lineno}" for frame in extract_tb(cause.__traceback__)]
        cause = cause.__cause__ or cause.__context__
    logger().error("unhandled", operation=what, request_id=request_id, kinds=kinds, places=places)


def logged(job: str, act: Callable[[], object]) -> None:
    """Do a job of a schedule, and say what it came to and how long it took; JobFailed when it did not."""
    began = time.monotonic()
    try:
        outcome = act()
    except Exception as error:  # noqa: BLE001 — whatever it is, the runtime would print what it says
        log_failure(job, error)
        raise JobFailed(job) from None
    logger().info(job, outcome=str(outcome), seconds=round(time.monotonic() - began, 3))
