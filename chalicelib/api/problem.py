"""Refusals as problem+json (RFC 9457), in the reader's language."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api.reading import TooLarge, VersionMissing, WrongType
from chalicelib.errors import (
    Conflict,
    DomainError,
    Fault,
    Invalid,
    Malformed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Stale,
    TooMany,
    Unavailable,
)
from chalicelib.wording.model import say_fault, say_problem

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2

STATUS: Mapping[type[DomainError], int] = {
    Malformed: 400,
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 412,
    TooLarge: 413,
    WrongType: 415,
    Invalid: 422,
    VersionMissing: 428,
    TooMany: 429,
    Unavailable: 503,
}


def problem(error: DomainError, language: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return the status, the body and the headers that say what was refused and why."""
    status = STATUS[type(error)]
    body = _body(status, error.code, error.values, language)
    if isinstance(error, Invalid):
        body["errors"] = [_fault(fault, language) for fault in error.faults]
    return status, body, _headers(error)


def internal(request_id: str, language: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return what is said when we failed: only under which id we logged it."""
    return 500, {**_body(500, "internal", {"id": request_id}, language), "id": request_id}, {}


def _body(status: int, code: str, values: Mapping[str, Any], language: str) -> dict[str, Any]:
    title, detail = say_problem(language, code, values)
    body = {"type": f"urn:entraide:problem:{code}", "title": title, "status": status, "code": code}
    return {**body, "detail": detail} if detail else body


def _fault(fault: Fault, language: str) -> dict[str, Any]:
    detail = say_fault(language, fault.code, fault.values)
    shown = {"pointer": fault.pointer, "code": fault.code, "detail": detail}
    return {**shown, "values": dict(fault.values)} if fault.values else shown


def _headers(error: DomainError) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(RETRY_AFTER_S)}
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="entraide"'}
    return {}
