"""The postman: notices become a mail, their links made as it is sent so that no table holds one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.cities.model import City
from chalicelib.identity import Secrets
from chalicelib.listings.windows import Windows, read_windows
from chalicelib.notices.model import Notice
from chalicelib.notices.rendering import Item, Links, render
from chalicelib.notices.repository import Mail, Recipient
from chalicelib.people.repository import People
from chalicelib.taps import GOOD_FOR_S, Action, Tap, seal
from chalicelib.wording.figures import show_dated, show_distance, show_moment, show_weekly
from chalicelib.wording.model import say

_TAPS: dict[str, tuple[Action | None, Action | None]] = {
    "asked_to_help": ("accept", "decline"),
    "offered_help": ("accept", "decline"),
    "place_free": ("accept", "decline"),
    "match_agreed": (None, "cancel"),
    "match_accepted": (None, "cancel"),
    "how_did_it_go": ("outcome", None),
    "listing_ending": ("renew", None),
    "listing_expired": ("renew", None),
}
"""What the button of a mail does, and the small link below it."""
_ABOUT: dict[Action, str] = {"renew": "expires_at", "accept": "calls", "decline": "calls"}
"""The value of the notice that must still be so for a tap to be good: a later one has its own mail."""


@dataclass(frozen=True, slots=True)
class Postman:
    """The city's writer of mails."""

    city: City
    secrets: Secrets
    people: People
    base_url: str

    def render(self, notices: Sequence[Notice], recipient: Recipient, *, more: bool) -> Mail:
        offered = self.city.languages
        language = next((known for known in recipient.languages if known in offered), offered[0])
        unsubscribe = self._way_out(notices)
        letter = render(
            [Item(each, self._links(each), self._values(each, language)) for each in notices],
            language=language,
            city_name=self.city.name,
            sender=self.city.sender,
            unsubscribe=unsubscribe,
            more=more,
        )
        return Mail(recipient.address, letter.subject, letter.text, letter.html, unsubscribe)

    def _way_out(self, notices: Sequence[Notice]) -> str | None:
        """Return the link that stops all the topics of a mail; a sign-in mail was asked for and has none."""
        topics = sorted({each.topic for each in notices} - {"sign_in"})
        newest = max(notices, key=lambda each: each.made_at)
        return (
            self._url("unsubscribe", self._sealed("unsubscribe", newest, ",".join(topics)))
            if topics
            else None
        )

    def _links(self, notice: Notice) -> Links:
        if notice.topic == "sign_in":
            secret = self.secrets.secret("link", notice.subject)
            return Links(action=f"{self.base_url}/sign-in/{notice.subject}.{secret}")
        first, second = _TAPS.get(notice.template, (None, None))
        return Links(
            action=first and self._tap(first, notice),
            secondary=second and self._tap(second, notice),
        )

    def _tap(self, action: Action, notice: Notice) -> str:
        about = notice.values.get(_ABOUT.get(action, ""), "")
        return self._url("tap", self._sealed(action, notice, about))

    def _sealed(self, action: Action, notice: Notice, about: str) -> str:
        tap = Tap(action, notice.subject, notice.to, notice.made_at + GOOD_FOR_S, about)
        return seal(self.secrets, tap)

    def _url(self, page: str, token: str) -> str:
        return f"{self.base_url}/{page}/{token}"

    def _values(self, notice: Notice, language: str) -> dict[str, str]:
        """Return the notice's values in words, with the other side's name as it is now."""
        values = dict(notice.values)
        if notice.template == "sign_in":
            values["code"] = self.secrets.code("code", notice.subject)
        if other := values.pop("other", ""):
            person = self.people.get(other)
            values["other_name"] = person.name if person else ""
        if "windows" in values:
            values["when"] = show_windows(language, read_windows(values.pop("windows")))
        worded: list[tuple[str, str, Callable[[int], str]]] = [
            ("distance_m", "distance", lambda metres: show_distance(language, metres)),
            ("due_at", "answer_by", lambda at: show_moment(language, at, self.city.zone)),
            ("expires_at", "ends", lambda at: show_moment(language, at, self.city.zone)),
        ]
        for name, shown, words in worded:
            if number := values.pop(name, ""):
                values[shown] = words(int(number))
        return values


def show_windows(language: str, windows: Windows) -> str:
    """Return windows in words: "le mardi de 14 h à 16 h 30; mardi 3 mars de 9 h à 10 h", or any time."""
    weekly = [show_weekly(language, window.weekday, window.start, window.until) for window in windows.weekly]
    dated = [show_dated(language, window.day, window.start, window.until) for window in windows.dated]
    return "; ".join(weekly + dated) or say(language, "date.any")
