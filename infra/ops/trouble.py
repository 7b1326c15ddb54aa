"""What AWS or the way to it refuses, in words an operator can act on."""

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NotConnected
from pynamodb.exceptions import PynamoDBException

from infra.ops.stops import Exit, Stopped

NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
_STALE = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
_UNKNOWN = {"InvalidAction", "UnknownOperationException", "NotImplemented"}
"""An emulator has not all that AWS has."""
AGAIN = "the same command again: it goes on from where it stopped"


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def in_words(error: Any, state: str) -> Stopped:
    """Return what stopped the command, from what botocore or pynamodb raised; `state` is where it was."""
    if isinstance(error, PynamoDBException) and isinstance(error.cause, Exception):
        return in_words(error.cause, state)
    if isinstance(error, NO_CREDENTIALS):
        return Stopped(
            f"AWS has no credentials to go by: {error}", state, "entraide doctor", Exit.UNREACHABLE
        )
    if isinstance(error, NoRegionError):
        return Stopped("No region is set.", state, "export AWS_REGION=eu-west-3", Exit.UNREACHABLE)
    if isinstance(error, NotConnected | HTTPClientError):
        return Stopped(
            f"AWS cannot be reached from here: {error}",
            f"{state} What was under way at AWS goes on there.",
            "entraide doctor, then the same command again",
            Exit.UNREACHABLE,
        )
    if isinstance(error, ClientError):
        return _refused(error, state)
    kind = (
        "A setting of AWS on this machine is not right" if isinstance(error, BotoCoreError) else "It failed"
    )
    return Stopped(f"{kind}: {error}", state, "entraide doctor", Exit.UNREACHABLE)


def _refused(error: ClientError, state: str) -> Stopped:
    code, asked = code_of(error), error.operation_name
    if code in _STALE:
        return Stopped(
            f"AWS does not know these credentials, or no longer ({code}).",
            state,
            "sign in to AWS again, then entraide doctor",
            Exit.UNREACHABLE,
        )
    if code in _DENIED:
        return Stopped(
            f"These credentials may not do {asked}: {message_of(error)}",
            state,
            "the same command with a role that may",
            Exit.UNREACHABLE,
        )
    if code in THROTTLED:
        return Stopped(f"AWS asks to slow down ({asked}), after ten tries.", state, AGAIN)
    if code in _UNKNOWN:
        return Stopped(
            f"What AWS_ENDPOINT_URL leads to does not know {asked}.", state, "the same on AWS, or without it"
        )
    return Stopped(f"AWS refused {asked}: {message_of(error)} ({code})", state, AGAIN)
