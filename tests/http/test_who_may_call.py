"""Every operation says who may call it, and every cell of this table is really called."""

import re
from copy import deepcopy
from functools import cache

import pytest

from chalicelib.api.operation import OPERATIONS
from chalicelib.api.page import PAGES
from chalicelib.asking.model import Asking, Outcome
from chalicelib.listings.service import Publishing
from tests.city import a_listing, open_city

ROLES = ("nobody", "left", "stranger", "author", "other", "moderator", "coordinator")
"""Nobody has no session; who left has one that is over. The author needs and asked; the other offers."""

EXPECTED = """
                        nobody left stranger author other moderator coordinator
    start_sign_in          202  202      202    202   202       202         202
    open_session           201  201      201    201   201       201         201
    sign_out               401  401      204    204   204       204         204
    sign_out_everywhere    401  401      204    204   204       204         204
    read_me                401  401      200    200   200       200         200
    change_me              401  401      200    200   200       200         200
    read_blocks            401  401      200    200   200       200         200
    unblock                401  401      204    204   204       204         204
    suggest_addresses      401  401      200    200   200       200         200
    publish_need           401  401      201    201   201       201         201
    publish_offer          401  401      201    201   201       201         201
    read_listing           200  200      200    200   200       200         200
    read_own_listings      401  401      200    200   200       200         200
    read_own_listing       401  401      403    200   403       403         403
    edit_listing           401  401      403    200   403       403         403
    withdraw_listing       401  401      403    200   403       403         403
    renew_listing          401  401      403    200   403       403         403
    fulfil_listing         401  401      403    200   403       403         403
    read_held              401  401      403    403   403       200         403
    release_listing        401  401      403    403   403       200         403
    refuse_listing         401  401      403    403   403       200         403
    search_listings        200  200      200    200   200       200         200
    read_candidates        401  401      403    200   403       403         403
    propose_match          401  401      403    201   201       403         403
    read_matches           401  401      200    200   200       200         200
    read_match             401  401      404    200   200       404         404
    accept_match           401  401      404    403   200       404         404
    decline_match          401  401      404    403   200       404         404
    cancel_match           401  401      404    200   200       404         404
    tell_outcome           401  401      404    200   200       404         404
    read_asking            401  401      403    200   403       403         403
    read_unanswered        401  401      403    403   403       403         200
    ask_again              401  401      403    403   403       403         200
    block_other            401  401      404    200   200       404         404
    read_agreed            401  401      403    403   403       403         200
    confirm_match          401  401      403    403   403       403         200
    refuse_match           401  401      403    403   403       403         200
    read_document          200  200      200    200   200       200         200
    read_docs              200  200      200    200   200       200         200
    show_sign_in           200  200      200    200   200       200         200
    do_sign_in             200  200      200    200   200       200         200
    show_tap               200  200      200    200   200       200         200
    do_tap                 200  200      200    200   200       200         200
    show_unsubscribe       200  200      200    200   200       200         200
    do_unsubscribe         200  200      200    200   200       200         200
"""

LINKS = """
                        own wrong_page made_up other_city late
    show_sign_in        200        200     200        200  200
    do_sign_in          200        401     401        401  401
    show_tap            200        401     401        401  401
    do_tap              200        401     401        401  401
    show_unsubscribe    200        401     401        401  401
    do_unsubscribe      200        401     401        401  401
"""
"""The link is what lets one in; the page of a sign-in link looks at nothing before its button is pressed."""


def table(text):
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return {
        (name, column): int(cell) for name, *cells in rows for column, cell in zip(head, cells, strict=True)
    }


def names(text):
    return {line.split()[0] for line in text.strip().splitlines()[1:]}


class Scene:
    """A need, an offer, three matches of them and a held listing, as they stand before each call."""

    def __init__(self, key="k" * 32):
        city = open_city(held=("childcare",), key=key)
        author, other = "monique@example.org", "yusuf@example.org"
        self.things = {
            kind: city.publish(kind, by)["id"] for kind, by in (("need", author), ("offer", other))
        }
        self.things["need_2"] = city.publish("need", author, capacity=2)["id"]
        self.things["offer_2"] = city.publish("offer", other, capacity=2)["id"]
        self.things["offer_3"] = city.publish("offer", other)["id"]
        city.ask_often(other)
        self.things["held"] = city.publish("need", author, category="childcare")["id"]
        self.things["unanswered"] = self.unanswered(city)
        self.things["proposed"] = self.match(city, "need", "offer")
        self.links = {"tap": city.links(other)[0], "unsubscribe": city.links(other, "unsubscribe")[0]}
        self.things["accepted"] = self.match(city, "need_2", "offer_2")
        city.post(f"/v1/matches/{self.things['accepted']}/accept", token=city.sign_in(other))
        self.things["agreed"] = self.match(city, "need_2", "offer_3")
        city.exchange("confirmed")
        city.post(f"/v1/matches/{self.things['agreed']}/accept", token=city.sign_in(other))
        city.post("/v1/sign-in", {"email": "new@example.org"})
        self.links["sign-in"] = city.links("new@example.org", "sign-in")[0]
        self.things["token"] = self.links["sign-in"].rpartition("/")[2]
        left = city.sign_in("pierre@example.org")
        city.call("DELETE", "/v1/sessions/current", token=left)
        people = (None, left, city.sign_in("lea@example.org"), *map(city.sign_in, (author, other)))
        self.tokens = dict(zip(ROLES, (*people, city.moderator(), city.coordinator()), strict=True))
        self.rows = city.tables._rows

    def unanswered(self, city):
        need = city.publish("need", "monique@example.org", category="pets")["id"]
        asking = Asking(need, city.clock.now, city.clock.now + 60).unanswered(
            city.clock.now, 1 << 40, Outcome()
        )
        city.house.asking.askings.save(asking)
        return need

    def match(self, city, need, offer):
        pair = {"need": self.things[need], "offer": self.things[offer]}
        return city.post("/v1/matches", pair, token=city.sign_in("monique@example.org")).json["id"]

    def city(self):
        """Return the city as it stands; what is done to it is forgotten."""
        city = open_city(held=("childcare",))
        city.tables._rows = deepcopy(self.rows)
        return city

    def call(self, declared, role):
        """Return the city after one call of an operation or page in a role, and the answer."""
        city = self.city()
        method, path, body, raw = self.request(declared.name)
        token = self.tokens[role]
        headers = {}
        if method == "PATCH":
            headers["If-Match"] = city.get(path, token=token).headers.get("etag", '"1"')
        return city, city.call(method, path, body, token=token, headers=headers, raw=raw)

    def request(self, name):
        """Return a request of the operation that is right but for who sends it."""
        things, page = self.things, name.partition("_")[2].replace("_", "-")
        if name.startswith(("do_", "show_")):
            return "POST" if name.startswith("do_") else "GET", self.links[page], None, b""
        method, path, body = REQUESTS[name]
        filled = {part: things[body[part]] for part in (body or {}) if str(body[part]) in things}
        return method, path.format(**things), body and {**body, **filled}, None


REQUESTS = {
    "start_sign_in": ("POST", "/v1/sign-in", {"email": "somebody@example.org"}),
    "open_session": ("POST", "/v1/sessions", {"token": "token"}),
    "sign_out": ("DELETE", "/v1/sessions/current", None),
    "sign_out_everywhere": ("DELETE", "/v1/sessions", None),
    "read_me": ("GET", "/v1/me", None),
    "change_me": ("PATCH", "/v1/me", {"name": "Moi"}),
    "suggest_addresses": ("GET", "/v1/addresses?q=rue+du+Sauvage", None),
    "publish_need": ("POST", "/v1/needs", a_listing()),
    "publish_offer": ("POST", "/v1/offers", a_listing()),
    "read_listing": ("GET", "/v1/listings/{need}", None),
    "read_own_listings": ("GET", "/v1/me/listings", None),
    "read_own_listing": ("GET", "/v1/me/listings/{need}", None),
    "edit_listing": ("PATCH", "/v1/listings/{need}", {"title": "Autre chose"}),
    "withdraw_listing": ("POST", "/v1/listings/{need}/withdraw", None),
    "renew_listing": ("POST", "/v1/listings/{need}/renew", None),
    "fulfil_listing": ("POST", "/v1/listings/{need}/fulfil", {"outcome": "helped_here"}),
    "read_held": ("GET", "/v1/held", None),
    "release_listing": ("POST", "/v1/held/{held}/release", None),
    "refuse_listing": ("POST", "/v1/held/{held}/refuse", {"reason": "Hors sujet"}),
    "search_listings": ("GET", "/v1/listings", None),
    "read_candidates": ("GET", "/v1/me/listings/{need}/candidates", None),
    "propose_match": ("POST", "/v1/matches", {"need": "need", "offer": "offer_2"}),
    "read_matches": ("GET", "/v1/matches", None),
    "read_match": ("GET", "/v1/matches/{proposed}", None),
    "accept_match": ("POST", "/v1/matches/{proposed}/accept", {}),
    "decline_match": ("POST", "/v1/matches/{proposed}/decline", {}),
    "cancel_match": ("POST", "/v1/matches/{accepted}/cancel", {"reason": "other"}),
    "tell_outcome": ("POST", "/v1/matches/{accepted}/outcome", {"outcome": "went_well"}),
    "read_asking": ("GET", "/v1/me/listings/{need}/asking", None),
    "read_unanswered": ("GET", "/v1/coordination/unanswered", None),
    "ask_again": ("POST", "/v1/coordination/unanswered/{unanswered}/ask-again", {"radius_m": 5_000}),
    "read_blocks": ("GET", "/v1/me/blocks", None),
    "unblock": ("DELETE", "/v1/me/blocks/aaaaaaaaaaaaaaaa", None),
    "block_other": ("POST", "/v1/matches/{proposed}/block", None),
    "read_agreed": ("GET", "/v1/coordination/agreed", None),
    "confirm_match": ("POST", "/v1/coordination/matches/{agreed}/confirm", None),
    "refuse_match": ("POST", "/v1/coordination/matches/{agreed}/refuse", {"reason": "Trop loin"}),
    "read_document": ("GET", "/openapi.json", None),
    "read_docs": ("GET", "/docs", None),
}


@cache
def scene():
    return Scene()


@cache
def scene_elsewhere():
    return Scene(key="e" * 32)


def deviations():
    """Return every cell that is not as the table says, and every refusal that stored something."""
    open_city()
    wrong, expected = [], table(EXPECTED)
    for declared in (*OPERATIONS, *PAGES):
        for role in ROLES:
            city, reply = scene().call(declared, role)
            if reply.status != expected.get((declared.name, role)):
                wrong.append((declared.name, role, reply.status))
            if reply.status >= 400 and city.tables.commits:
                wrong.append((declared.name, role, "refused and stored"))
    return wrong


def test_every_operation_is_answered_as_the_table_says():
    assert deviations() == []
    assert len(table(EXPECTED)) == len(ROLES) * len([*OPERATIONS, *PAGES])


def test_every_operation_and_page_has_its_row_and_no_row_is_left_over():
    open_city()
    assert {declared.name for declared in (*OPERATIONS, *PAGES)} == names(EXPECTED)


def test_what_an_operation_declares_is_what_the_table_says():
    open_city()
    expected = table(EXPECTED)
    for declared in (*OPERATIONS, *PAGES):
        open_to_nobody = expected[declared.name, "nobody"] == 401
        only_some = {expected[declared.name, role] for role in ROLES[2:5]} == {403}
        allowed = [role for role in ROLES[5:] if expected[declared.name, role] != 403]
        said = allowed[0] if only_some else "resident" if open_to_nobody else "anyone"
        assert declared.who == said, declared.name


def link_of(page, kind):
    own = scene().links[page]
    if kind == "wrong_page":
        wrong = scene().links["tap" if page != "tap" else "unsubscribe"]
        return f"/{page}/{wrong.rpartition('/')[2]}"
    if kind == "made_up":
        return re.sub(r".{6}$", "AAAAAA", own)
    return scene_elsewhere().links[page] if kind == "other_city" else own


@pytest.mark.parametrize(("cell", "status"), table(LINKS).items())
def test_a_page_lets_in_who_has_its_link_and_nobody_else(cell, status):
    name, kind = cell
    declared = next(each for each in PAGES if each.name == name)
    city = scene().city()
    if kind == "late":
        city.clock.turn(days=31)
    page = declared.path.split("/")[1]
    reply = city.call(declared.method, link_of(page, kind), raw=b"", key=False)
    assert reply.status == status
    assert status < 400 or city.tables.commits == 0


def test_an_owner_who_is_not_asked_for_would_be_found(monkeypatch):
    monkeypatch.setattr(Publishing, "owned", lambda publishing, listing_id, by: publishing.get(listing_id))
    found = {(name, role) for name, role, _ in deviations()}
    assert ("edit_listing", "stranger") in found
    assert ("read_own_listing", "other") in found


def test_a_row_that_is_missing_would_be_found():
    without = EXPECTED.replace("    read_held ", "    read_hidden ")
    assert {declared.name for declared in OPERATIONS} - names(without) == {"read_held"}
