"""The smoke test: API and start page, asked from outside, answer and are those that were deployed."""

import json
import time
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from urllib.error import HTTPError, URLError

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from infra.ops.cloud import Cloud
from infra.ops.say import Say
from infra.ops.standing import Standing
from infra.ops.web import version_shown

TRIES = 6
PAUSE_S = 2.0
ANSWER_S = 35.0
"""The gateway gives up after 29."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the API answered; `ms` is how long the last answer took."""

    well: bool
    url: str
    words: str
    ms: float


def smoke(where: Cloud, now: Standing, release: str, client: str, say: Say) -> Answered:
    """Ask for the API's own document and the start page until they are those, some seconds at most.

    Without a `client` only the API is asked. A city with a front is asked through it for both.
    """
    url = address(where, now)
    with say.progress(f"Trying {now.name}"):
        for attempt in range(TRIES):
            if attempt and say.stopping.wait(PAUSE_S):
                raise KeyboardInterrupt
            began = time.monotonic()
            words = _ask(where, f"{url}/openapi.json", release) or _look(where, now, client)
            answered = Answered(not words, public_address(now), words, (time.monotonic() - began) * 1e3)
            if answered.well:
                break
    return answered


def address(where: Cloud, now: Standing) -> str:
    """Return where the API is asked, without a trailing slash; an emulator has a path for each API."""
    public = now.outputs["EndpointURL"].rstrip("/")
    if not where.emulator:
        front = now.outputs.get("FrontDomain")  # a host's own name may not lead here yet
        return f"https://{front}" if front else public
    return at_emulator(public, f"http://{where.emulator}")


def at_emulator(public: str, emulator: str) -> str:
    """Return where an emulator, of which the URL is given, has the API of that public address."""
    host, _, stage = public.partition("//")[2].partition("/")
    return f"{emulator}/_aws/execute-api/{host.partition('.')[0]}/{stage}"


def public_address(now: Standing) -> str:
    """Return what residents open: the front, or the API where it stands alone."""
    return now.outputs.get("Address") or now.outputs.get("EndpointURL", "unknown")


def _look(where: Cloud, now: Standing, client: str) -> str:
    """Return what is wrong with the start page, as the front serves it or, without one, as it lies."""
    front = now.outputs.get("FrontDomain")
    if not client:
        return ""
    if not front:
        found: str | None = version_shown(where, now)
        return "" if found == client else f"the start page is that of client {found or 'none'}, not {client}"
    url = f"https://{front}/"
    try:
        with _opener(where).open(url, timeout=ANSWER_S) as answer:
            found = answer.headers.get("x-amz-meta-version")
    except HTTPError as error:
        return f"{url} answers {error.code} {HTTPStatus(error.code).phrase}"
    except (URLError, TimeoutError, OSError) as error:
        return f"{url} does not answer ({error})"
    return "" if found == client else f"{url} is that of client {found}, not {client}"


def _ask(where: Cloud, url: str, release: str) -> str:
    """Return what is wrong with the answer, nothing when it is right."""
    request = urllib.request.Request(url, headers=_signed(where, url) if where.emulator else {})  # noqa: S310
    try:
        with _opener(where).open(request, timeout=ANSWER_S) as answer:
            said = json.loads(answer.read())
    except HTTPError as error:
        return f"{url} answers {error.code} {HTTPStatus(error.code).phrase}"
    except (URLError, TimeoutError, OSError) as error:
        return f"{url} does not answer ({error})"
    except ValueError:
        return f"{url} does not answer with JSON"
    found = said.get("info", {}).get("x-release")
    return "" if found == release else f"it is the release {found}, not {release}"


def _opener(where: Cloud) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if where.emulator else []))


def _signed(where: Cloud, url: str) -> dict[str, str]:
    """Return headers by which an emulator knows whose API is meant."""
    request = AWSRequest("GET", url)
    SigV4Auth(where.session.get_credentials(), "execute-api", where.region).add_auth(request)
    return dict(request.headers)
