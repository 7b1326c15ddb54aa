"""A city as a target: strings sent to every place it has, and what of them must not come back."""

import re
import unicodedata
from email import message_from_bytes
from email.policy import default
from functools import cache
from urllib.parse import quote, urlencode

from chalicelib.api.page import PAGES
from chalicelib.notices.ses import Ses
from tests.city import a_listing, open_city
from tests.document import the_document
from tests.hostile import Outline

MONIQUE, YUSUF = "monique@example.org", "yusuf@example.org"
A_CITY = 40
"""Strings that one city is sent, before its residents may publish no more."""
SENT = frozenset(
    "content-type content-language content-length x-content-type-options etag location link retry-after "
    "www-authenticate content-security-policy cache-control referrer-policy x-robots-tag "
    "access-control-allow-origin access-control-allow-headers access-control-expose-headers "
    "access-control-max-age access-control-allow-methods allow".split()
)
MAILED = frozenset(
    "from to subject auto-submitted list-unsubscribe list-unsubscribe-post mime-version content-type".split()
)


class Target:
    """A city with one of everything a string can be sent to."""

    def __init__(self):
        self.city = city = open_city(held=("childcare",))
        self.monique, self.yusuf, self.moderator = (
            city.sign_in(MONIQUE),
            city.sign_in(YUSUF),
            city.moderator(),
        )
        self.number = 0

    def requests(self, text):
        """Yield requests with the string in every place that a request has."""
        yield from self._bodies(text)
        part = quote(text, safe="") or "-"
        for path in {path for method, path in the_document().operations if method == "GET" and "{" in path}:
            yield "GET", re.sub(r"\{\w+\}", part, path), {"token": self.moderator}
        for page in PAGES:
            if "{" in page.path:
                path = re.sub(r"\{\w+\}", part, page.path)
                yield page.method, path, {"raw": urlencode({"message": text}).encode(), "key": False}
        for (method, path), said in the_document().operations.items():
            names = [each["name"] for each in said["parameters"] if each["in"] == "query"]
            if names and "{" not in path:
                yield method, path, {"query": dict.fromkeys(names, text), "token": self.monique}
        yield "GET", "/v1/listings", {"query": {"text": text[:200]}}
        yield "GET", "/v1/listings", {"query": {text: text}}
        header = text.replace("\r", " ").replace("\n", " ").encode().decode("latin-1")
        names = (
            "Accept",
            "Accept-Language",
            "Authorization",
            "Content-Type",
            "Cookie",
            "If-Match",
            "X-Forwarded-For",
        )
        yield "GET", "/v1/listings", {"headers": dict.fromkeys(names, header)}
        yield "POST", "/v1/needs", {"headers": {"Idempotency-Key": header}, "key": False, "body": {}}

    def _bodies(self, text):
        schemas = the_document().said["components"]["schemas"]
        for (method, path), said in the_document().operations.items():
            if "requestBody" not in said:
                continue
            name = said["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            body = dict.fromkeys((*schemas[name]["properties"], text), text)
            real = re.sub(r"\{\w+\}", "a" * 16, path)
            yield method, real, {"body": body, "headers": {"If-Match": '"1"'}, "token": self.moderator}

    def story(self, text):
        """Yield answers of a whole story in which residents write the string wherever they may write."""
        city = self.city
        self.number += 1
        said = {"title": text[:100], "text": text[:2000]}
        seeker, helper = (f"{who}-{self.number // 5}@example.org" for who in ("seeker", "helper"))
        for email in (seeker, helper):
            token = city.sign_in(email)
            tag = city.get("/v1/me", token=token).etag
            yield city.call("PATCH", "/v1/me", {"name": text[:50]}, token=token, headers={"If-Match": tag})
        need = city.post("/v1/needs", a_listing(**said), token=city.sign_in(seeker))
        offer = city.post("/v1/offers", a_listing(**said), token=city.sign_in(helper))
        held = city.post("/v1/needs", a_listing(category="childcare"), token=city.sign_in(seeker))
        yield from (need, offer, held)
        path = f"/v1/held/{held.json['id']}/refuse"
        yield city.post(path, {"reason": text[:2000]}, token=self.moderator)
        if need.status == offer.status == 201:
            yield from self._match(need.json["id"], offer.json["id"], seeker, helper, text)
        city.clock.turn(days=1)

    def _match(self, need, offer, seeker, helper, text):
        city = self.city
        for path in (f"/v1/listings/{need}", "/v1/listings", "/v1/listings?format=geojson"):
            yield city.get(path)
        yield city.get(f"/v1/me/listings/{need}/candidates", token=city.sign_in(seeker))
        pair = {"need": need, "offer": offer, "message": text[:500]}
        asked = city.post("/v1/matches", pair, token=city.sign_in(seeker))
        yield asked
        if asked.status == 201:
            tap, *_ = city.links(helper)
            yield city.get(tap)
            yield city.post(tap, raw=urlencode({"message": text}).encode(), key=False)
            yield city.get("/v1/matches", token=city.sign_in(seeker))
            yield city.get(city.links(helper)[0])


def dirt_in(value, *, lines=True):
    """Return what is wrong with a stored value: controls, what turns text around, what is not composed."""
    if isinstance(value, dict):
        return [
            each for name, inner in value.items() for each in dirt_in(inner, lines=name != "title" and lines)
        ]
    if isinstance(value, list | tuple | set):
        return [each for inner in value for each in dirt_in(inner, lines=lines)]
    if not isinstance(value, str):
        return []
    wrong = [
        letter
        for letter in value
        if (unicodedata.category(letter) in ("Cc", "Cs") and not (lines and letter == "\n"))
        or letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    ]
    composed = unicodedata.is_normalized("NFC", value)
    return [(value[:60], *map(ascii, wrong[:3]))] if wrong or not composed else []


class FakeSes:
    def __init__(self):
        self.sent = []

    def send_email(self, **request):
        self.sent.append(request)
        return {"MessageId": "1"}


def posted(mail):
    """Return the recipients and the message as the provider is handed it."""
    client = FakeSes()
    Ses(client, "Entraide Mulhouse", "entraide@mulhouse.example", "set").send(mail, "notice")
    (request,) = client.sent
    message = message_from_bytes(request["Content"]["Raw"]["Data"], policy=default)
    return request["Destination"], message


def faults_of_mail(mail, usual):
    to, message = posted(mail)
    if to != {"ToAddresses": [mail.to]} or message["To"] != mail.to:
        yield f"to {to}, {message['To']}"
    if {name.lower() for name in message} - MAILED or len(message.keys()) != len(set(message.keys())):
        yield f"headers {message.keys()}"
    if dirt_in(mail.subject, lines=False) or "\n" in str(message["Subject"]):
        yield f"subject {mail.subject!r}"
    if more := kinds(mail.html) - usual:
        yield f"markup {more}"


def kinds(html):
    """Return the kinds of tags and attributes of a page; where links lead is another matter."""
    where = ("href", "action", "title", "content")
    return {
        (tag, tuple((name, value) for name, value in attributes if name not in where))
        for tag, attributes in Outline(html).tags
    }


@cache
def usual_markup():
    """Return the markup of every mail and page of a story in which nobody is hostile."""
    target = Target()
    replies = list(target.story("Courses du mardi"))
    pages = [reply.text for reply in replies if "html" in reply.headers["content-type"]]
    city = target.city
    pages += [city.get(path).text for path in ("/sign-in/x", "/tap/x", "/unsubscribe/x")]
    assert len(pages) >= 6
    mails = [mail.html for mail, _ in city.mailbox.mails]
    return set().union(*map(kinds, (*pages, *mails)))


def faults_of_reply(reply, usual):
    if reply.status >= 500:
        yield f"{reply.status}"
    if more := set(reply.headers) - SENT:
        yield f"headers {more}"
    if any("\r" in value or "\n" in value for value in reply.headers.values()):
        yield "a header of two lines"
    if "content-language" in reply.headers and reply.headers["x-content-type-options"] != "nosniff":
        yield "a type that may be guessed"
    if "html" in reply.headers.get("content-type", "") and (more := kinds(reply.text) - usual):
        yield f"markup {more}"


def faults(strings):
    """Return what went wrong when the strings were sent to every place there is."""
    usual, wrong = usual_markup(), []
    for number, text in enumerate(strings):
        if number % A_CITY == 0:
            target = Target()
        mails = len(target.city.mailbox.mails)
        for method, path, more in target.requests(text):
            reply = target.city.call(method, path, **more)
            told = [*faults_of_reply(reply, usual)]
            if path.startswith("/v1/") and "%" not in path:
                told += the_document().misfits(method, path, reply)
            wrong += [(text[:60], method, path[:60], each) for each in told]
        wrong += [(text[:60], each) for reply in target.story(text) for each in faults_of_reply(reply, usual)]
        for mail, _ in target.city.mailbox.mails[mails:]:
            wrong += [(text[:60], each) for each in faults_of_mail(mail, usual)]
        if number % A_CITY == A_CITY - 1 or number == len(strings) - 1:
            wrong += dirt_in([list(rows.values()) for rows in target.city.tables._rows.values()])
    return wrong
