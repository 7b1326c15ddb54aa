"""A resident's whole life with the network, by its front door."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.city import CENTRE, MONDAY, a_listing

MONIQUE, YUSUF = "monique@example.org", "yusuf@example.org"
EAST = {"point": {"lat": 47.7486, "lon": 7.3533}}
OUTSIDE = {"point": {"lat": 48.58, "lon": 7.75}}


def instant(at):
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ids(reply):
    return [listing["id"] for listing in reply.json["listings"]]


@pytest.fixture
def monique(city):
    return city.sign_in(MONIQUE)


@pytest.fixture
def yusuf(city):
    return city.sign_in(YUSUF)


class TestSigningIn:
    def ask(self, city, email=MONIQUE, **more):
        return city.post("/v1/sign-in", {"email": email}, **more)

    def test_the_link_opens_a_page_and_its_button_the_session(self, city):
        self.ask(city)
        (link,) = city.links(MONIQUE, "sign-in")
        for _ in range(2):
            assert city.get(link).status == 200
        opened = city.post(link, raw=b"", key=False)
        assert opened.status == 200
        token = re.search(r"Bearer ([\w.=-]+)", opened.text)[1]
        assert city.get("/v1/me", token=token).json["email"] == MONIQUE
        city.clock.turn(seconds=1)
        assert city.post(link, raw=b"", key=False).status == 401

    def test_the_token_of_the_link_opens_a_session_once(self, city):
        self.ask(city)
        token = city.links(MONIQUE, "sign-in")[0].rpartition("/")[2]
        first = city.post("/v1/sessions", {"token": token}, key="key-session-1")
        again = city.post("/v1/sessions", {"token": token}, key="key-session-1")
        assert (first.status, again.status) == (201, 201)
        assert first.json["token"] == again.json["token"]
        assert city.post("/v1/sessions", {"token": token}).json["code"] == "sign_in_used"

    def test_a_link_is_good_for_a_quarter_of_an_hour(self, city):
        self.ask(city)
        token = city.links(MONIQUE, "sign-in")[0].rpartition("/")[2]
        city.clock.turn(minutes=15)
        late = city.post("/v1/sessions", {"token": token})
        assert (late.status, late.json["code"]) == (401, "sign_in_expired")

    def test_known_and_unknown_addresses_are_answered_alike(self, city, monique):
        known, unknown = self.ask(city), self.ask(city, "nobody@example.org")
        assert known.status == unknown.status == 202
        assert known.json.keys() == unknown.json.keys()
        assert known.json["expires_at"] == unknown.json["expires_at"]

    def test_a_wrong_code_is_refused_and_five_lock_the_right_one(self, city):
        attempt = self.ask(city).json["attempt"]
        right = re.search(r"\b(\d{6})\b", city.mailbox.to(MONIQUE)[-1].text)[1]
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        codes = [
            city.post("/v1/sessions", {"attempt": attempt, "code": code}).json["code"]
            for code in [wrong] * 5 + [right]
        ]
        assert codes == ["code_wrong"] * 5 + ["code_locked"]

    def test_too_many_mails_to_one_address_must_wait(self, city):
        replies = [self.ask(city) for _ in range(6)]
        assert [reply.status for reply in replies] == [202] * 5 + [429]
        assert 0 < int(replies[-1].headers["retry-after"]) <= 3_600
        assert len(city.mailbox.to(MONIQUE)) == 5

    def test_signing_out_here_and_everywhere(self, city, monique):
        del city.tokens[MONIQUE]
        other = city.sign_in(MONIQUE)
        assert city.call("DELETE", "/v1/sessions/current", token=monique).status == 204
        assert city.get("/v1/me", token=monique).status == 401
        assert city.get("/v1/me", token=other).status == 200
        assert city.call("DELETE", "/v1/sessions", token=other).status == 204
        assert city.get("/v1/me", token=other).status == 401

    @pytest.mark.parametrize("token", [None, "x", "a.b", "mzxw6ytboi4dcmrt.secret"])
    def test_nobody_is_anybody_without_a_session(self, city, token):
        reply = city.get("/v1/me", token=token)
        assert reply.status == 401
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["www-authenticate"].startswith("Bearer")


class TestMe:
    def test_one_says_who_one_is_and_what_one_may_be_asked(self, city, monique):
        said = {
            "name": "Monique",
            "languages": ["fr", "de"],
            "place": CENTRE,
            "willing": ["groceries", "company"],
            "asks_per_week": 2,
            "quiet_hours": {"start": "21:00", "until": "08:00"},
            "paused_until": instant(MONDAY + 3_600),
            "muted": ["listing"],
        }
        me = city.get("/v1/me", token=monique)
        changed = city.call("PATCH", "/v1/me", said, token=monique, headers={"If-Match": me.etag})
        assert changed.status == 200, changed.text
        for name in said.keys() - {"place"}:
            assert changed.json[name] == said[name]
        assert changed.json["place"]["cell"]["id"].startswith("250.")
        assert changed.json == city.get("/v1/me", token=monique).json
        assert changed.etag != me.etag
        back = city.call(
            "PATCH",
            "/v1/me",
            {"place": None, "willing": None, "quiet_hours": None, "paused_until": None},
            token=monique,
            headers={"If-Match": changed.etag},
        ).json
        assert (back["place"], back["willing"], back["quiet_hours"], back["name"]) == (
            None,
            None,
            None,
            "Monique",
        )

    def test_a_change_needs_the_version_it_was_decided_on(self, city, monique):
        def change(headers):
            return city.call("PATCH", "/v1/me", {"name": "Momo"}, token=monique, headers=headers)

        etag = city.get("/v1/me", token=monique).etag
        assert change({}).status == 428
        assert change({"If-Match": "nonsense"}).status == 400
        assert change({"If-Match": etag}).status == 200
        assert change({"If-Match": etag}).status == 412

    def test_what_the_city_cannot_agree_to_is_named_at_once(self, city, monique):
        refused = city.call(
            "PATCH",
            "/v1/me",
            {"place": OUTSIDE, "willing": ["groceries", "magic"]},
            token=monique,
            headers={"If-Match": '"1"'},
        )
        assert refused.status == 422
        faults = {(fault["pointer"], fault["code"]) for fault in refused.json["errors"]}
        assert faults == {("/place", "outside_city"), ("/willing/1", "category_unknown")}


class TestPosting:
    def test_a_need_is_answered_with_its_address_and_version(self, city, monique):
        reply = city.post("/v1/needs", a_listing(), token=monique)
        assert reply.status == 201
        assert reply.headers["location"] == f"/v1/listings/{reply.json['id']}"
        assert reply.etag == '"1"'
        assert city.get(reply.headers["location"]).etag == '"1"'

    def test_what_is_posted_is_kept_as_it_was_said(self, city, monique):
        said = {
            "title": "Garde d’enfants",
            "text": "Deux enfants, le mercredi.\nMerci !",
            "category": "childcare",
            "place": {"address": "12 rue du Sauvage, 68100 Mulhouse"},
            "reach_m": 2_000,
            "windows": {
                "weekly": [{"weekday": 2, "start": "14:00", "until": "18:00"}],
                "dated": [{"day": "2026-03-29", "start": "22:00", "until": "02:30"}],
            },
            "capacity": 2,
            "languages": ["fr", "ar"],
            "urgency": "high",
            "on_behalf_of": {"relation": "neighbour", "consent": "by phone"},
            "needed_by": instant(MONDAY + 20 * 86_400),
        }
        reply = city.post("/v1/offers", said, token=monique)
        assert reply.status == 201, reply.text
        own = city.get(f"/v1/me/listings/{reply.json['id']}", token=monique).json
        for name in said.keys() - {"place", "on_behalf_of"}:
            assert own[name] == said[name]
        assert own["on_behalf_of"]["consent"] == "by phone"
        assert own["expires_at"] == said["needed_by"]
        assert "rue du Sauvage" in own["place"]["label"].replace("Rue", "rue")

    def test_everybody_else_is_told_the_cell_and_no_more(self, city, yusuf):
        need = city.publish("need", MONIQUE, on_behalf_of={"relation": "mother", "consent": "in person"})
        for token in (None, yusuf):
            seen = city.get(f"/v1/listings/{need['id']}", token=token).json
            assert not {"place", "on_behalf_of", "author", "outcome", "refusal"} & seen.keys()
            assert seen["on_behalf"] is True
            assert seen["cell"] == need["cell"]
        assert city.get(f"/v1/me/listings/{need['id']}", token=yusuf).status == 403

    def test_the_same_key_posts_once(self, city, monique):
        replies = [city.post("/v1/needs", a_listing(), token=monique, key="key-posting") for _ in range(2)]
        assert [reply.status for reply in replies] == [201, 200]
        assert replies[0].json == replies[1].json
        other = city.post("/v1/needs", a_listing(title="Autre"), token=monique, key="key-posting")
        assert (other.status, other.json["code"]) == (409, "key_reused")
        assert city.get("/v1/listings").json["total"] == 1

    def test_outside_the_city_is_said_so(self, city, monique):
        refused = city.post("/v1/needs", a_listing(place=OUTSIDE), token=monique)
        assert refused.status == 422
        (fault,) = refused.json["errors"]
        assert (fault["pointer"], fault["code"], fault["values"]) == (
            "/place",
            "outside_city",
            {"city": "Mulhouse"},
        )
        assert city.get("/v1/listings").json["total"] == 0

    def test_a_day_has_a_limit(self, city, monique):
        statuses = [city.post("/v1/needs", a_listing(), token=monique).status for _ in range(11)]
        assert statuses == [201] * 10 + [429]

    def test_an_edit_says_the_version_it_was_decided_on(self, city, monique, yusuf):
        need = city.publish("need", MONIQUE, capacity=2)

        def edit(body, etag, token=monique):
            return city.call(
                "PATCH", f"/v1/listings/{need['id']}", body, token=token, headers=etag and {"If-Match": etag}
            )

        edited = edit({"title": "Courses et pharmacie", "place": EAST}, '"1"')
        assert (edited.status, edited.etag) == (200, '"2"')
        assert (edited.json["text"], edited.json["capacity"]) == (need["text"], 2)
        assert edited.json["cell"] != need["cell"]
        assert city.get("/v1/listings", query={"text": "pharmacie"}).json["total"] == 1
        assert edit({"title": "Trop tard"}, '"1"').status == 412
        assert edit({"title": "Sans version"}, None).status == 428
        assert edit({"title": "Pas à moi"}, '"2"', yusuf).status == 403
        assert edit({"title": None}, '"2"').status == 422
        assert edit({"unknown": 1}, '"2"').status == 422
        assert city.get(f"/v1/listings/{need['id']}").json["version"] == 2

    @pytest.mark.parametrize(
        ("act", "body", "state"),
        [
            ("withdraw", {}, "withdrawn"),
            ("fulfil", {"outcome": "helped_here"}, "fulfilled"),
            ("renew", {}, "open"),
        ],
    )
    def test_a_listing_is_withdrawn_fulfilled_or_renewed_by_its_author(
        self, city, monique, yusuf, act, body, state
    ):
        need = city.publish("need", MONIQUE)
        path = f"/v1/listings/{need['id']}/{act}"
        assert city.post(path, body, token=yusuf).status == 403
        assert city.post(path, body).status == 401
        done = [city.post(path, body, token=monique, key="key-of-the-act") for _ in range(2)]
        assert [reply.json["state"] for reply in done] == [state] * 2
        assert done[0].etag == done[1].etag == '"2"'
        assert city.get("/v1/listings").json["total"] == (state == "open")
        assert city.get(f"/v1/listings/{need['id']}").json["state"] == state

    def test_ones_own_listings_come_newest_first_page_by_page(self, city, monique, yusuf):
        made = []
        for number in range(5):
            city.clock.turn(minutes=number % 2)
            made.append(city.publish("need", MONIQUE, title=f"Besoin {number}")["id"])
        city.publish("need", YUSUF)
        seen, cursor = [], {}
        while True:
            page = city.get("/v1/me/listings", token=monique, query={"limit": 2, **cursor})
            seen += ids(page)
            if page.json["next"] is None:
                break
            cursor = {"cursor": page.json["next"]}
            assert city.get("/v1/me/listings", token=yusuf, query=cursor).status == 400
        assert sorted(seen) == sorted(made)
        assert set(seen[:2]) == set(made[3:])

    def test_nothing_is_found_under_a_wrong_id(self, city, monique):
        for wrong in ("mzxw6ytboi4dcmrt", "x", "A" * 16, "%2e%2e"):
            assert city.get(f"/v1/listings/{wrong}").status == 404
            assert city.get(f"/v1/me/listings/{wrong}", token=monique).status == 404
            assert city.post(f"/v1/listings/{wrong}/renew", {}, token=monique).status == 404


class TestSearching:
    @pytest.fixture
    def town(self, city):
        """Six listings, by the name of what tells them apart."""
        made = {}

        def publish(name, kind="offer", by=YUSUF, **said):
            city.clock.turn(minutes=1)
            made[name] = city.publish(kind, by, title=f"Annonce {name}", text="Bonjour", **said)["id"]

        publish("near")
        publish("east", place=EAST, category="meals", languages=["ar", "fr"])
        publish("need", kind="need", by=MONIQUE, urgency="high")
        publish("tuesday", windows={"weekly": [{"weekday": 1, "start": "09:00", "until": "12:00"}]})
        publish("dated", windows={"dated": [{"day": "2026-03-10", "start": "14:00", "until": "16:00"}]})
        publish("soon", kind="need", by=MONIQUE, needed_by=instant(MONDAY + 86_400), category="pets")
        return made

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, "near east need tuesday dated soon"),
            ({"kind": "need"}, "need soon"),
            ({"category": "meals"}, "east"),
            ({"category": ["meals", "pets"]}, "east soon"),
            ({"text": "annonces EAST"}, "east"),
            ({"text": "annonce inconnue"}, ""),
            ({"urgency": "high"}, "need"),
            ({"urgency": "low"}, ""),
            ({"language": "ar"}, "east"),
            ({"language": ["ar", "de"]}, "east"),
            ({"near": "47.7486,7.3393", "radius_m": 500}, "near need tuesday dated soon"),
            ({"near": "47.7486,7.3533", "radius_m": 500}, "east"),
            (
                {"from": "2026-03-03T10:00:00+01:00", "until": "2026-03-03T11:00:00+01:00"},
                "near east need tuesday soon",
            ),
            (
                {"from": "2026-03-10T15:59:00+01:00", "until": "2026-03-10T18:00:00+01:00"},
                "near east need dated soon",
            ),
            ({"from": "2026-03-08T15:00:00Z", "until": "2026-03-08T18:00:00Z"}, "near east need soon"),
            ({"state": "matched"}, ""),
            ({"state": ["open", "matched"], "kind": "offer"}, "near east tuesday dated"),
            ({"kind": "offer", "category": "groceries", "text": "annonce"}, "near tuesday dated"),
        ],
    )
    def test_a_search_finds_what_is_asked_and_counts_it(self, city, town, asked, found):
        reply = city.get("/v1/listings", query={**asked, "limit": 100})
        assert reply.status == 200, reply.text
        assert {*ids(reply)} == {town[name] for name in found.split()}
        assert reply.json["total"] == len(found.split())

    @pytest.mark.parametrize(
        ("asked", "order"),
        [
            ({}, "soon dated tuesday need east near"),
            ({"order": "newest"}, "soon dated tuesday need east near"),
            ({"order": "ending"}, "soon need near east tuesday dated"),
            ({"near": "47.7486,7.3533"}, "east soon dated tuesday need near"),
            ({"near": "47.7486,7.3393", "order": "distance"}, "soon dated tuesday need near east"),
            ({"text": "annonce", "order": "relevance"}, "soon dated tuesday need east near"),
        ],
    )
    def test_a_search_stands_in_the_order_asked(self, city, town, asked, order):
        expected = [town[name] for name in order.split()]
        assert ids(city.get("/v1/listings", query=asked)) == expected
        walked, path = [], {**asked, "limit": 2}
        while True:
            page = city.get("/v1/listings", query=path)
            walked += ids(page)
            if page.json["next"] is None:
                assert "link" not in page.headers
                break
            assert f"cursor={page.json['next']}" in page.headers["link"]
            path["cursor"] = page.json["next"]
        assert walked == expected

    def test_facets_count_every_category_whichever_was_asked(self, city, town):
        facets = {"groceries": 4, "meals": 1, "pets": 1}
        for asked in ({}, {"category": "pets"}, {"category": "housing"}):
            reply = city.get("/v1/listings", query=asked).json
            assert reply["facets"] == facets
        assert reply["total"] == 0

    def test_the_map_shows_what_the_list_shows(self, city, town):
        query = {"near": "47.7486,7.3393", "limit": 4}
        listed = city.get("/v1/listings", query=query)
        for headers, more in (({"Accept": "application/geo+json"}, {}), ({}, {"format": "geojson"})):
            mapped = city.get("/v1/listings", query={**query, **more}, headers=headers)
            assert mapped.headers["content-type"].startswith("application/geo+json")
            assert [feature["properties"] for feature in mapped.json["features"]] == listed.json["listings"]
            assert mapped.json["next"] == listed.json["next"]
        feature = mapped.json["features"][0]
        west, south, east, north = feature["properties"]["cell"]["bounds"]
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        assert feature["geometry"] == {"type": "Polygon", "coordinates": [ring]}

    def test_a_cell_may_be_asked_for_by_its_name(self, city, town):
        cell = city.get(f"/v1/listings/{town['east']}").json["cell"]["id"]
        (found,) = city.get("/v1/listings", query={"near": cell, "radius_m": 1}).json["listings"]
        assert (found["id"], found["distance_m"]) == (town["east"], 0)

    def test_what_a_search_cannot_be_is_named_at_once(self, city):
        refused = city.get(
            "/v1/listings",
            query={
                "near": "91,0",
                "radius_m": "0",
                "kind": "gift",
                "category": "magic",
                "urgency": "huge",
                "from": "yesterday",
                "language": "French",
                "state": "held",
                "order": "best",
                "limit": "101",
                "colour": "red",
            },
        )
        assert refused.status == 422
        assert {fault["pointer"] for fault in refused.json["errors"]} == {
            "/near", "/radius_m", "/kind", "/category", "/urgency", "/from", "/until", "/language", "/state",
            "/order", "/limit", "/colour",
        }  # fmt: skip

    def test_a_cursor_is_for_the_question_it_came_from(self, city, town):
        cursor = city.get("/v1/listings", query={"limit": 2}).json["next"]
        assert city.get("/v1/listings", query={"limit": 3, "cursor": cursor}).status == 200
        for asked in ({"kind": "need", "cursor": cursor}, {"cursor": cursor[:-1]}, {"cursor": "x"}):
            assert city.get("/v1/listings", query=asked).status == 400

    def test_what_expires_is_gone_that_very_second(self, city, town):
        city.clock.now = MONDAY + 86_400 - 1
        assert town["soon"] in ids(city.get("/v1/listings"))
        city.clock.turn(seconds=1)
        assert town["soon"] not in ids(city.get("/v1/listings"))
        assert city.get(f"/v1/listings/{town['soon']}").json["state"] == "expired"


class TestModeration:
    @pytest.fixture
    def moderator(self, city):
        """A city that reads before it shows, and the one who reads."""
        home = city.house
        reading = tuple(replace(category, moderation="before") for category in home.city.categories)
        home.__dict__["city"] = replace(home.city, categories=reading)
        token = city.sign_in("moderator@example.org")
        person, _ = home.door.who(token, now=city.clock.now)
        home.people.save(person.changed(role="moderator"))
        return token

    def test_what_is_held_is_shown_to_its_author_and_the_moderator_only(self, city, moderator, monique):
        need = city.publish("need", MONIQUE)
        assert need["state"] == "held"
        assert city.get("/v1/listings").json["total"] == 0
        assert city.get(f"/v1/listings/{need['id']}").status == 404
        assert city.get(f"/v1/me/listings/{need['id']}", token=monique).json["state"] == "held"
        assert ids(city.get("/v1/held", token=moderator)) == [need["id"]]
        assert city.get("/v1/held", token=monique).status == 403
        assert city.post(f"/v1/held/{need['id']}/release", {}, token=monique).status == 403

    def test_a_released_listing_is_open_and_its_author_is_told_once(self, city, moderator):
        need = city.publish("need", MONIQUE)
        for _ in range(2):
            released = city.post(f"/v1/held/{need['id']}/release", {}, token=moderator, key="key-release")
            assert (released.status, released.json["state"]) == (200, "open")
        assert ids(city.get("/v1/listings")) == [need["id"]]
        city.gathers()
        assert len(city.mailbox.to(MONIQUE)) == 2  # the sign-in and this
        assert city.post(f"/v1/held/{need['id']}/release", {}, token=moderator).status == 409

    def test_a_refused_listing_is_seen_by_nobody_and_its_author_told_why(self, city, moderator, monique):
        need = city.publish("need", MONIQUE)
        refused = city.post(f"/v1/held/{need['id']}/refuse", {"reason": "Une publicité."}, token=moderator)
        assert refused.json["refusal"] == "Une publicité."
        city.gathers()
        assert "Une publicité." in city.mailbox.to(MONIQUE)[-1].text
        assert city.get(f"/v1/listings/{need['id']}").status == 404
        assert city.post(f"/v1/listings/{need['id']}/renew", {}, token=monique).status == 409


class TestMatching:
    @pytest.fixture
    def asked(self, city, monique, yusuf):
        """A match that Monique proposed to Yusuf."""
        need = city.publish("need", MONIQUE)
        offer = city.publish("offer", YUSUF, capacity=2)
        reply = city.post("/v1/matches", {"need": need["id"], "offer": offer["id"]}, token=monique)
        assert reply.status == 201, reply.text
        return reply.json

    def test_both_see_the_match_each_from_their_side(self, city, asked, monique, yusuf):
        path = f"/v1/matches/{asked['id']}"
        mine, theirs = (city.get(path, token=token).json for token in (monique, yusuf))
        assert (mine["side"], mine["my_turn"]) == ("seeker", False)
        assert (theirs["side"], theirs["my_turn"]) == ("helper", True)
        assert "email" not in city.get(path, token=yusuf).text
        assert city.get(path, token=city.sign_in("stranger@example.org")).status == 404

    def test_candidates_give_their_reasons_and_whole_points(self, city, asked, monique, yusuf):
        ranked = city.get(f"/v1/me/listings/{asked['need']}/candidates", token=monique).json["candidates"]
        assert [one["id"] for one in ranked] == [asked["offer"]]
        assert all(reason["words"] for reason in ranked[0]["reasons"])
        assert sum(reason["points"] for reason in ranked[0]["reasons"]) == ranked[0]["score"]
        (text,) = [reason for reason in ranked[0]["reasons"] if reason["term"] == "text"]
        assert text["points"] > 0
        assert text["words"] == "Parle aussi de\xa0: Courses, marché et pied"
        german = city.get(
            f"/v1/me/listings/{asked['need']}/candidates", token=monique, headers={"Accept-Language": "de"}
        ).json["candidates"][0]
        assert german["score"] == ranked[0]["score"]
        assert german["reasons"][0]["words"] != ranked[0]["reasons"][0]["words"]
        back = city.get(f"/v1/me/listings/{asked['offer']}/candidates", token=yusuf).json["candidates"]
        assert [one["id"] for one in back] == [asked["need"]]
        assert city.get(f"/v1/me/listings/{asked['need']}/candidates", token=yusuf).status == 403

    def test_a_match_goes_all_the_way_in_json(self, city, asked, monique, yusuf):
        path = f"/v1/matches/{asked['id']}"
        assert city.post(f"{path}/accept", {}, token=monique).status == 403
        yes = city.post(f"{path}/accept", {"message": "Demain"}, token=yusuf)
        assert (yes.json["state"], yes.json["answer"]) == ("accepted", "Demain")
        assert city.get(f"/v1/listings/{asked['need']}").json["state"] == "matched"
        assert ids(city.get("/v1/listings", query={"state": "matched"})) == [asked["need"]]
        for token in (monique, yusuf):
            told = city.post(f"{path}/outcome", {"outcome": "went_well"}, token=token)
        assert told.json["state"] == "done"
        assert city.post(f"{path}/cancel", {"reason": "other"}, token=monique).status == 409

    def test_a_no_and_its_reason_are_told(self, city, asked, monique, yusuf):
        path = f"/v1/matches/{asked['id']}"
        for _ in range(2):
            no = city.post(f"{path}/decline", {"reason": "no_time"}, token=yusuf, key="key-decline")
            assert no.json["state"] == "declined"
        assert city.get(path, token=monique).json["reason"] == "no_time"
        assert city.post(f"{path}/accept", {}, token=yusuf).status == 409
        again = city.post("/v1/matches", {"need": asked["need"], "offer": asked["offer"]}, token=monique)
        assert (again.status, again.json["code"]) == (409, "already_asked")

    def test_a_cancelled_match_opens_the_need_again(self, city, asked, monique, yusuf):
        path = f"/v1/matches/{asked['id']}"
        city.post(f"{path}/accept", {}, token=yusuf)
        assert city.post(f"{path}/cancel", {"reason": "no_longer_able"}, token=yusuf).status == 200
        assert city.get(f"/v1/listings/{asked['need']}").json["state"] == "open"

    def test_ones_matches_come_page_by_page_and_by_side(self, city, monique, yusuf):
        made = []
        for number in range(5):
            city.clock.turn(minutes=1)
            need = city.publish("need", MONIQUE if number % 2 else YUSUF)
            offer = city.publish("offer", YUSUF if number % 2 else MONIQUE)
            asked = {"need": need["id"], "offer": offer["id"]}
            made.append(city.post("/v1/matches", asked, token=yusuf).json["id"])
        seen, cursor = [], {}
        while True:
            page = city.get("/v1/matches", token=monique, query={"limit": 2, **cursor}).json
            seen += [match["id"] for match in page["matches"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
            for other in ({"token": yusuf}, {"token": monique, "query": {**cursor, "side": "helper"}}):
                assert city.get("/v1/matches", **{"query": cursor, **other}).status == 400
        assert seen == made[::-1]
        helping = city.get("/v1/matches", token=monique, query={"side": "helper"}).json["matches"]
        assert [match["id"] for match in helping] == made[::-1][::2]
        assert city.get("/v1/matches", token=monique, query={"side": "both"}).status == 422


class TestTaps:
    """What one press in a mail does, with no session: looking changes nothing, pressing acts, once."""

    @pytest.fixture
    def match(self, city, monique, yusuf):
        need = city.publish("need", MONIQUE)
        offer = city.publish("offer", YUSUF)
        city.post("/v1/matches", {"need": need["id"], "offer": offer["id"]}, token=monique)
        return f"/v1/matches/{need['id']}-{offer['id']}"

    def press(self, city, link, **fields):
        return city.post(link, raw="&".join(f"{n}={v}" for n, v in fields.items()).encode(), key=False)

    def state(self, city, match):
        return city.get(match, token=city.tokens[MONIQUE]).json["state"]

    def test_looking_at_a_link_changes_nothing(self, city, match):
        accept, decline = city.links(YUSUF)
        for link in (accept, decline, accept):
            page = city.get(link)
            assert page.status == 200
            assert '<form method="post"' in page.text
            assert page.headers["cache-control"] == "no-store"
        assert self.state(city, match) == "proposed"

    def test_accept_is_pressed_once_and_twice_is_once(self, city, match):
        accept, decline = city.links(YUSUF)
        mails = len(city.mailbox.mails)
        for _ in range(2):
            assert self.press(city, accept, message="Demain").status == 200
        assert self.state(city, match) == "accepted"
        assert len(city.mailbox.mails) == mails + 1
        city.evening()
        assert len(city.mailbox.mails) == mails + 1
        assert self.press(city, decline, reason="no_time").status == 409
        assert self.state(city, match) == "accepted"

    def test_decline_asks_why(self, city, match):
        accept, decline = city.links(YUSUF)
        assert 'value="too_far"' in city.get(decline).text
        assert self.press(city, decline).status == 422
        assert self.press(city, decline, reason="nonsense").status == 422
        assert self.state(city, match) == "proposed"
        for _ in range(2):
            assert self.press(city, decline, reason="too_far").status == 200
        assert self.state(city, match) == "declined"
        for link in (accept, decline):
            assert city.get(link).status == 409
        assert self.press(city, accept).status == 409

    @pytest.mark.parametrize("which", [0, 1])
    def test_the_mail_that_asked_goes_on_showing_what_was_agreed(self, city, match, which):
        link = city.links(YUSUF)[which]
        said = self.press(city, city.links(YUSUF)[0], message="Demain, au 06 12 34 56 78").text
        city.clock.turn(days=9)
        page = city.get(link, headers={"Accept-Language": "fr"})
        assert page.status == 200
        for text in (said, page.text):
            assert "06 12 34 56 78" not in text
            for word in ("Courses pour ma voisine", "mercredi 1 avril", "112", "<dt>Quand"):
                assert word.replace("1 avril", "1er avril") in text or word in text, word
        assert "<form" not in page.text
        assert page.headers["cache-control"] == "no-store"

    def test_what_a_link_shows_to_who_got_it_passed_on_is_what_its_mail_said(self, city, match):
        accept, _ = city.links(YUSUF)
        self.press(city, accept, message="Demain")
        shown = city.get(accept).text
        for private in (MONIQUE, YUSUF, "47.74", "Sauvage"):
            assert private not in shown

    def test_the_page_of_what_was_agreed_ends_with_its_link_and_with_the_match(self, city, match):
        accept, decline = city.links(YUSUF)
        self.press(city, accept)
        city.clock.turn(days=30, seconds=-1)
        assert city.get(accept).status == 200
        (cancel,) = self.ways(city.get(accept).text)
        city.clock.turn(seconds=1)
        assert [city.get(link).status for link in (accept, decline, cancel)] == [401] * 3

    def test_the_copy_of_a_yes_goes_along_with_the_next_mail(self, city, match, monique):
        self.press(city, city.links(YUSUF)[0])
        city.evening()
        mails = len(city.mailbox.to(YUSUF))
        pair = {"need": city.publish("need", MONIQUE)["id"], "offer": city.publish("offer", YUSUF)["id"]}
        assert city.post("/v1/matches", pair, token=monique).status == 201
        assert len(city.mailbox.to(YUSUF)) == mails + 1
        assert "C’est d’accord" in city.mailbox.to(YUSUF)[-1].text

    def test_who_says_yes_without_the_link_has_a_copy_the_same_day(self, city, match, yusuf):
        assert city.post(f"{match}/accept", {}, token=yusuf).status == 200
        mails = len(city.mailbox.to(YUSUF))
        city.evening()
        assert len(city.mailbox.to(YUSUF)) == mails + 1

    def test_an_answer_shows_when_ones_own_offer_ends_and_keeps_it_with_one_tap(self, city, monique, yusuf):
        offer = city.publish("offer", YUSUF, capacity=2)
        city.clock.turn(days=77)
        del city.tokens[MONIQUE]
        pair = {"need": city.publish("need", MONIQUE)["id"], "offer": offer["id"]}
        assert city.post("/v1/matches", pair, token=city.sign_in(MONIQUE)).status == 201
        accept, decline = city.links(YUSUF)
        said = self.press(city, decline, reason="no_time").text
        assert "<dt>Fin de votre annonce" in said
        (keep,) = self.ways(said)
        assert self.press(city, keep).status == 200
        ends = city.get(f"/v1/listings/{offer['id']}").json["expires_at"]
        assert ends == instant(city.clock.now + 90 * 86_400)
        assert accept != decline

    def ways(self, page):
        """Return the paths that the small links of a page lead to: they are relative to it."""
        return [f"/tap/{path}" for path in re.findall('<p class="other"><a href="([^"]+)"', page)]

    @pytest.mark.parametrize("who", [MONIQUE, YUSUF])
    def test_either_cancels_from_the_mail(self, city, match, who):
        asked = city.links(YUSUF)[0]
        self.press(city, asked)
        city.evening()
        (cancel,) = city.links(MONIQUE) if who == MONIQUE else self.ways(city.get(asked).text)
        assert city.get(cancel).status == 200
        for _ in range(2):
            assert self.press(city, cancel, reason="no_longer_able").status == 200
        assert self.state(city, match) == "cancelled"
        assert city.get(cancel).status == 409
        assert city.get(asked).status == self.press(city, asked).status == 409
        assert city.get("/v1/listings").json["total"] == 2

    def test_both_say_how_it_went_from_the_mail(self, city, match):
        self.press(city, city.links(YUSUF)[0])
        city.evening()
        city.clock.turn(days=3)
        city.tick()
        city.digests(15)
        for who in (MONIQUE, YUSUF):
            (outcome,) = city.links(who)
            assert city.get(outcome).status == 200
            for _ in range(2):
                assert self.press(city, outcome, outcome="went_well").status == 200
        assert self.state(city, match) == "done"

    @pytest.mark.parametrize("days", [11, 14])
    def test_a_listing_is_renewed_from_the_mail_before_and_after_its_end(self, city, monique, days):
        need = city.publish("need", MONIQUE)
        city.clock.turn(days=days)
        city.tick()
        city.digests(3)
        (renew,) = city.links(MONIQUE)
        assert city.get(renew).status == 200
        before = city.get(f"/v1/listings/{need['id']}").json
        assert before["state"] == ("open" if days == 11 else "expired")
        assert self.press(city, renew).status == 200
        after = city.get(f"/v1/listings/{need['id']}").json
        assert (after["state"], after["expires_at"]) == ("open", instant(city.clock.now + 14 * 86_400))
        city.clock.turn(minutes=5)
        assert city.get(renew).status == 409
        assert self.press(city, renew).status == 409
        assert city.get(f"/v1/listings/{need['id']}").json["expires_at"] == after["expires_at"]

    def test_unsubscribing_takes_one_click_or_a_page_and_ends_the_mails_of_that_kind(
        self, city, match, yusuf
    ):
        (page,) = city.links(YUSUF, "unsubscribe")
        assert city.mailbox.to(YUSUF)[-1].unsubscribe.endswith(page)
        assert city.get(page).status == 200
        assert city.get("/v1/me", token=yusuf).json["muted"] == []
        for _ in range(2):
            assert self.press(city, page, **{"List-Unsubscribe": "One-Click"}).status == 200
        assert city.get("/v1/me", token=yusuf).json["muted"] == ["asked"]
        mails = len(city.mailbox.to(YUSUF))
        need = city.publish("need", MONIQUE)
        offer = city.publish("offer", YUSUF)
        asked = {"need": need["id"], "offer": offer["id"]}
        assert city.post("/v1/matches", asked, token=city.tokens[MONIQUE]).status == 201
        assert len(city.mailbox.to(YUSUF)) == mails

    def test_who_has_too_many_mails_may_choose_one_a_day_instead(self, city, match, yusuf):
        (page,) = city.links(YUSUF, "unsubscribe")
        assert 'value="daily"' in city.get(page).text
        for _ in range(2):
            assert self.press(city, page, how="daily").status == 200
        me = city.get("/v1/me", token=yusuf).json
        assert (me["rhythm"], me["muted"]) == ("daily", [])
        pair = {"need": city.publish("need", MONIQUE)["id"], "offer": city.publish("offer", YUSUF)["id"]}
        assert city.post("/v1/matches", pair, token=city.tokens[MONIQUE]).status == 201
        assert len(city.mailbox.to(YUSUF)) == 2  # the sign-in and the first ask
        city.evening()
        assert len(city.mailbox.to(YUSUF)) == 3

    def test_one_click_in_a_mail_of_several_kinds_stops_them_all(self, city, match, yusuf):
        city.clock.turn(days=80)
        city.tick()
        city.tokens.clear()
        needed = {"need": city.publish("need", MONIQUE)["id"], "offer": city.publish("offer", YUSUF)["id"]}
        assert city.post("/v1/matches", needed, token=city.sign_in(MONIQUE)).status == 201
        assert "nouvelle" in city.mailbox.to(YUSUF)[-1].subject
        (page,) = city.links(YUSUF, "unsubscribe")
        assert city.get(page).text.count("<dt>Messages") == 2
        assert self.press(city, page, **{"List-Unsubscribe": "One-Click"}).status == 200
        assert city.get("/v1/me", token=city.sign_in(YUSUF)).json["muted"] == ["asked", "listing"]

    def test_a_link_is_good_for_a_month_and_only_as_it_was_sealed(self, city, match):
        accept, _ = city.links(YUSUF)
        (page,) = city.links(YUSUF, "unsubscribe")
        token = accept.rpartition("/")[2]
        for wrong in (
            accept[:-1],
            accept.replace(token, token[::-1]),
            accept.replace("/tap/", "/unsubscribe/"),
            page.replace("/unsubscribe/", "/tap/"),
            "/tap/x",
        ):
            assert city.get(wrong).status == 401
            assert self.press(city, wrong).status == 401
        city.clock.turn(days=30)
        assert city.get(accept).status == 401
        assert self.press(city, accept).status == 401
        del city.tokens[MONIQUE]
        city.sign_in(MONIQUE)
        assert self.state(city, match) == "proposed"

    def test_a_yes_that_comes_too_late_is_told_so_kindly(self, city, match):
        accept, _ = city.links(YUSUF)
        city.clock.turn(hours=48)
        late = self.press(city, accept)
        assert late.status == 409
        assert late.headers["content-type"].startswith("text/html")
        city.tick()
        assert self.state(city, match) == "lapsed"
