"""The pages behind the links of mails: a GET shows what would be done, a POST does it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import quote

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call
from chalicelib.api.page import form, html, page
from chalicelib.errors import Conflict, Fault, Invalid, NotSignedIn
from chalicelib.identity import digest
from chalicelib.wording.model import say

if TYPE_CHECKING:
    from chalicelib.matching.changing import Told
    from chalicelib.matching.repository import Pair
    from chalicelib.notices.model import Topic
    from chalicelib.pages.model import Choice, Lines, Way
    from chalicelib.taps import Tap

routes = Blueprint(__name__)

MOST_MESSAGE = 500
_ANSWERS = {"decline": "reason", "cancel": "reason", "outcome": "outcome"}
"""The field of the actions that are one of several answers."""
_WAYS = ("stop", "daily")
"""What somebody who has too many mails can do about it."""


@page(routes, "show_sign_in", "GET", "/sign-in/{token}")
def show_sign_in(call: Call) -> Answer:
    """Lead to the client, which opens the session; where there is none, a page does."""
    if call.fronted:
        to = f"/#/sign-in?token={quote(call.path['token'])}"
        return Answer(status=303, headers={"Location": to, "Cache-Control": "no-store"})
    return _confirm(call, "sign_in")


@page(routes, "do_sign_in", "POST", "/sign-in/{token}")
def do_sign_in(call: Call) -> Answer:
    """Open the link's session, and show the token that a client would keep."""
    opened = call.house.door.open_by_link(call.path["token"], key=f"page {call.now}", now=call.now)
    return _done(call, "sign_in", [("Authorization", f"Bearer {opened.token}")])


@page(routes, "show_tap", "GET", "/tap/{token}")
def show_tap(call: Call) -> Answer:
    from chalicelib.pages.shown import show_asked

    tap = _tap(call)
    if tap.action == "renew":
        listing = call.house.publishing.owned(tap.subject, tap.person)
        if str(listing.expires_at) != tap.about:
            raise Conflict("link_used")
        return _confirm(call, "renew", [(say(call.language, "fact.title"), listing.draft.title)])
    pair = _asked(call, tap)
    if (answered := _answered(call, tap, pair)) is not None:
        return answered
    _still_possible(call, tap, pair)
    facts = show_asked(call.house, call.language, pair, tap)
    return _confirm(call, tap.action, facts, _fields(call, tap))


@page(routes, "do_tap", "POST", "/tap/{token}")
def do_tap(call: Call) -> Answer:
    """Do what the tap says, once: the token itself is the key that repeats nothing."""
    tap, fields = _tap(call), form(call)
    by: dict[str, Any] = {"by": tap.person, "key": digest("tap", call.path["token"]).hex(), "now": call.now}
    if tap.action == "renew":
        if str(call.house.publishing.owned(tap.subject, tap.person).expires_at) != tap.about:
            raise Conflict("link_used")
        call.house.publishing.renew(tap.subject, **by)
        return _done(call, tap.action)
    pair = _asked(call, tap)
    told = _do(call, tap, fields.get("message", ""), _answer(tap, fields), by)
    call.house.dispatcher.send_now(told.notices, call.now)
    pair = call.house.matching.get(tap.subject, by=tap.person)
    return _answered(call, tap, pair) or _noted(call, tap, pair)


@page(routes, "show_unsubscribe", "GET", "/unsubscribe/{token}")
def show_unsubscribe(call: Call) -> Answer:
    from chalicelib.pages.model import Choice

    language, topics = call.language, _tap(call, "unsubscribe").about.split(",")
    facts = [(say(language, "fact.topic"), say(language, f"topic.{topic}")) for topic in topics]
    how = tuple((way, say(language, f"how.{way}")) for way in _WAYS)
    hint = say(language, "page.how_hint")
    field = Choice("how", say(language, "page.how"), how, chosen=_WAYS[0], hint=hint)
    return _confirm(call, "unsubscribe", facts, [field])


@page(routes, "do_unsubscribe", "POST", "/unsubscribe/{token}")
def do_unsubscribe(call: Call) -> Answer:
    """Stop the topics of a mail: from the page, or in one click from a mail program (RFC 8058).

    The page also offers to slow down; one click never does less than stop.
    """
    from chalicelib.people.service import mute, slow_down

    tap = _tap(call, "unsubscribe")
    if form(call).get("how") == "daily":
        slow_down(call.house.people, tap.person)
        return _done(call, "daily")
    mute(call.house.people, tap.person, cast("list[Topic]", tap.about.split(",")))
    return _done(call, "unsubscribe")


def _do(call: Call, tap: "Tap", message: str, answer: Any, by: dict[str, Any]) -> "Told":
    from chalicelib.api.bodies import clean

    matching = call.house.matching
    if tap.action == "accept":
        return matching.accept(tap.subject, answer=clean(message[:MOST_MESSAGE]), linked=True, **by)
    if tap.action == "decline":
        return matching.decline(tap.subject, answer, **by)
    if tap.action == "cancel":
        return matching.cancel(tap.subject, answer, **by)
    return matching.tell(tap.subject, answer, **by)


def _tap(call: Call, only: str | None = None) -> "Tap":
    from chalicelib.taps import unseal

    tap = unseal(call.house.secrets, call.path["token"], call.now)
    if (tap.action == "unsubscribe") != (only is not None):
        raise NotSignedIn("link_invalid")
    return tap


def _asked(call: Call, tap: "Tap") -> "Pair":
    """Return what a tap is about; an answer to an asking that a later one took the place of is none."""
    from chalicelib.matching.mails import calls_of

    pair = call.house.matching.get(tap.subject, by=tap.person)
    assert pair.match is not None
    if tap.action in ("accept", "decline") and tap.about != calls_of(pair.match):
        raise Conflict("link_replaced")
    return pair


def _answered(call: Call, tap: "Tap", pair: "Pair") -> Answer | None:
    """Return the page of a yes: of what was agreed by it, or of its place in the queue.

    The link that says no shows it too: who looks for the way out of a yes finds it there.
    """
    from chalicelib.matching.model import TAKING
    from chalicelib.pages.shown import show_agreed

    match = pair.match
    if tap.action not in ("accept", "decline") or match is None:
        return None
    if match.state in TAKING:
        return html(show_agreed(call.house, call.language, pair, tap, call.now))
    if match.state != "queued" or tap.action == "decline":
        return None
    return _done(call, match.state, place=call.house.matching.place_in_queue(match))


def _noted(call: Call, tap: "Tap", pair: "Pair") -> Answer:
    """Return the page of what a tap has done; a no is a moment to ask whether one still offers."""
    from chalicelib.pages.shown import own, show_end

    if tap.action == "accept":  # pressed again when all was over
        raise Conflict("match_over")
    listing = own(pair, tap) if tap.action == "decline" else None
    return _done(call, tap.action, *show_end(call.house, call.language, listing, tap, call.now))


def _still_possible(call: Call, tap: "Tap", pair: "Pair") -> None:
    from chalicelib.matching.model import ENDED, WELCOME
    from chalicelib.matching.steps import refuse_late

    match = pair.match
    wanted = {
        "accept": WELCOME,
        "decline": ("proposed",),
        "cancel": ("accepted", "agreed"),
        "outcome": ("accepted",),
    }
    if match is not None and tap.action == "accept":
        refuse_late(pair, match, tap.person, call.now)
    if match is None or match.state in wanted[tap.action]:
        return
    raise Conflict("match_over" if match.state in ENDED else "link_used", state=match.state)


def _answer(tap: "Tap", fields: Any) -> str | None:
    """Return the one of several answers that was given; Invalid when it is none of them."""
    if tap.action not in _ANSWERS:
        return None
    name, known = _ANSWERS[tap.action], _answers(tap.action)
    if fields.get(name) not in known:
        raise Invalid(Fault(f"/{name}", "literal_error", {"expected": ", ".join(known)}))
    return str(fields[name])


def _answers(action: str) -> tuple[str, ...]:
    """Return what the answer to the action may be."""
    from chalicelib.matching.model import CancelReason, DeclineReason, Outcome

    return get_args({"decline": DeclineReason, "cancel": CancelReason, "outcome": Outcome}[action])


def _fields(call: Call, tap: "Tap") -> "list[Choice | Lines]":
    from chalicelib.pages.model import Choice, Lines

    if tap.action == "accept":
        hint = say(call.language, "page.message_hint")
        return [Lines("message", say(call.language, "page.message"), MOST_MESSAGE, hint=hint)]
    name, known = _ANSWERS[tap.action], _answers(tap.action)
    options = tuple((value, say(call.language, f"{tap.action}.{value}")) for value in known)
    return [Choice(name, say(call.language, f"page.{name}"), options)]


def _confirm(
    call: Call,
    action: str,
    facts: Iterable[tuple[str, str]] = (),
    fields: "Iterable[Choice | Lines]" = (),
) -> Answer:
    from chalicelib.pages.model import confirm_page

    return html(
        confirm_page(
            call.language,
            city_name=call.house.city.name,
            title=say(call.language, f"page.{action}.title"),
            text=say(call.language, f"page.{action}.text"),
            action_label=say(call.language, f"page.{action}.action"),
            facts=facts,
            fields=fields,
        )
    )


def _done(
    call: Call,
    action: str,
    facts: Iterable[tuple[str, str]] = (),
    ways: "Iterable[Way]" = (),
    **values: Any,
) -> Answer:
    from chalicelib.pages.model import done_page

    title, text = (say(call.language, f"page.{action}.{part}", **values) for part in ("done", "after"))
    said: dict[str, Any] = {"title": title, "text": text, "facts": facts, "ways": ways}
    return html(done_page(call.language, city_name=call.house.city.name, **said))
