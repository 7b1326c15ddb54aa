"""The document is valid, complete, true of every answer, and the one in docs/ is today's."""

import json
import re
from copy import deepcopy

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.api.operation import OPERATIONS
from infra.docs import WRITTEN, openapi
from tests.city import a_listing, open_city
from tests.document import Document, the_document

MONIQUE, YUSUF = "monique@example.org", "yusuf@example.org"


@pytest.fixture
def said():
    return the_document().said


def test_the_document_is_valid_openapi_3_1(said):
    assert said["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(said).iter_errors()) == []


def test_a_document_that_is_not_valid_would_be_found(said):
    broken = deepcopy(said)
    del broken["paths"]["/v1/needs"]["post"]["responses"]["201"]["description"]
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_every_route_under_v1_is_in_the_document_and_nothing_else_is():
    served = {(method, path) for path, methods in app.routes.items() for method in methods}
    assert {each for each in served if each[1].startswith("/v1/")} == set(the_document().operations)
    assert {declared.name for declared in OPERATIONS} == {
        operation["operationId"] for operation in the_document().operations.values()
    }


def test_the_document_in_docs_is_todays():
    assert WRITTEN.read_text(encoding="utf-8") == openapi(), "python -m infra.docs writes it anew"


def test_every_limit_of_the_city_is_told(said):
    city = open_city().house.city
    told = said["info"]["description"]
    limits = ("listings_per_day", "proposals_per_day", "sign_in_mails_per_hour", "radius_max_m")
    for name in limits:
        assert re.search(rf"\b{getattr(city.limits, name)}\b", told), name
    for number in (64, 32, 60, city.cell_m):
        assert re.search(rf"\b{number}\b", told), number
    for category in city.categories:
        assert f"{category.slug} {category.lifetime_days}" in told


def test_every_example_fits_its_schema(said):
    wrong = []

    def walk(schema, where):
        if isinstance(schema, list):
            for each in schema:
                walk(each, where)
        if not isinstance(schema, dict):
            return
        if isinstance(schema.get("examples"), list):
            whole = {**schema, "components": said["components"]}
            wrong.extend(
                (where, error.message)
                for example in schema["examples"]
                for error in Draft202012Validator(whole).iter_errors(example)
            )
        if "example" in schema and "schema" in schema:
            walk({**schema["schema"], "examples": [schema["example"]]}, where)
        for name, each in schema.items():
            walk(each, f"{where}/{name}")

    walk(said, "")
    assert wrong == []


def inside(schemas, schema, where):
    """Yield every schema in a schema, with the name of where it is."""
    if "$ref" in schema:
        where = schema["$ref"].rpartition("/")[2]
        schema = schemas[where]
    yield where, schema
    for name, each in schema.get("properties", {}).items():
        yield from inside(schemas, each, f"{where}.{name}")
    for each in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from inside(schemas, each, where)


def bounded(schema):
    if schema.get("type") == "string":
        return bool({"maxLength", "pattern", "enum", "format"} & schema.keys())
    if schema.get("type") in ("integer", "number"):
        return {"minimum", "maximum"} <= schema.keys()
    return schema.get("type") != "array" or "maxItems" in schema


def test_every_text_list_and_number_that_may_be_sent_has_its_bounds(said):
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for operation in the_document().operations.values()
        if "requestBody" in operation
    ]
    found = [each for body in bodies for each in inside(said["components"]["schemas"], body, "")]
    assert len(found) > 50
    assert [where for where, schema in found if not bounded(schema)] == []


def limited(city, what):
    """Yield the answers of doing something until it is too much."""
    token = city.sign_in(MONIQUE)
    need = city.publish("need", YUSUF)["id"]
    for number in range(12):
        if what == "publish":
            yield "/v1/needs", city.post("/v1/needs", a_listing(), token=token)
        elif what == "sign in":
            yield "/v1/sign-in", city.post("/v1/sign-in", {"email": "lea@example.org"})
        else:
            helper = f"helper-{number}@example.org"
            offer = city.publish("offer", helper)["id"]
            pair = {"need": need, "offer": offer}
            yield "/v1/matches", city.post("/v1/matches", pair, token=city.sign_in(YUSUF))


@pytest.mark.parametrize("what", ["publish", "sign in", "propose"])
def test_past_a_limit_the_answer_says_how_long_to_wait_and_it_is_true(city, what):
    for path, reply in limited(city, what):
        assert the_document().misfits("POST", path, reply) == []
        if reply.status == 429:
            break
    assert reply.status == 429
    wait = int(reply.headers["retry-after"])
    city.clock.turn(seconds=wait - 1)
    assert next(limited(city, what))[1].status == 429
    city.clock.turn(seconds=1)
    assert next(limited(city, what))[1].status < 300


RICH = {
    "on_behalf_of": {"relation": "mother", "consent": "by phone"},
    "needed_by": "2026-03-20T18:00:00+01:00",
    "windows": {
        "weekly": [{"weekday": 1, "start": "09:00", "until": "12:00"}],
        "dated": [{"day": "2026-03-10", "start": "22:00", "until": "02:00"}],
    },
}
ME = {
    "name": "Monique",
    "place": {"address": "rue du Sauvage"},
    "quiet_hours": {"start": "21:00", "until": "08:00"},
}


def story(city):
    """Yield every answer of a story in which each operation is asked for, and once goes well."""

    def ask(method, path, body=None, **more):
        return method, path, city.call(method, path, body, **more)

    need, offer = (city.publish(kind, who)["id"] for kind, who in (("need", MONIQUE), ("offer", YUSUF)))
    yield from about_listings(city, ask, need)
    yield from about_matches(city, ask, need, offer)
    yield from about_trust(city, ask)
    yield from about_asking(city, ask)
    yield from about_people(city, ask)


def about_listings(city, ask, need):
    held = [city.publish("need", MONIQUE, category="childcare")["id"] for _ in range(2)]
    monique, moderator = city.sign_in(MONIQUE), city.moderator()
    for kind in ("needs", "offers"):
        yield ask("POST", f"/v1/{kind}", a_listing(**RICH), token=monique, key=f"same-{kind}")
        yield ask("POST", f"/v1/{kind}", a_listing(**RICH), token=monique, key=f"same-{kind}")
    yield ask("GET", f"/v1/listings/{need}")
    for query in ("", "?near=47.7486,7.3393&limit=1", "?format=geojson", "?text=courses&order=relevance"):
        yield ask("GET", f"/v1/listings{query}")
    yield ask("GET", "/v1/addresses?q=rue+du+Sauvage", token=monique)
    yield ask("GET", "/v1/me/listings?limit=1", token=monique)
    yield ask("GET", f"/v1/me/listings/{need}", token=monique)
    yield ask("GET", f"/v1/me/listings/{need}/candidates", token=monique)
    for tag in ({"If-Match": '"1"'}, {"If-Match": '"1"'}, {}):
        yield ask("PATCH", f"/v1/listings/{need}", {"title": "Autre titre"}, token=monique, headers=tag)
    yield ask("POST", f"/v1/listings/{need}/renew", token=monique)
    yield ask("GET", "/v1/held", token=moderator)
    yield ask("GET", "/v1/held", token=monique)
    yield ask("POST", f"/v1/held/{held[0]}/release", token=moderator)
    yield ask("POST", f"/v1/held/{held[1]}/refuse", {"reason": "Hors sujet"}, token=moderator)
    yield ask("POST", f"/v1/listings/{held[0]}/withdraw", token=monique)


def about_matches(city, ask, need, offer):
    monique, yusuf = city.sign_in(MONIQUE), city.sign_in(YUSUF)
    pair = {"need": need, "offer": offer, "message": "Bonjour"}
    _, _, proposed = asked = ask("POST", "/v1/matches", pair, token=monique)
    yield asked
    match = f"/v1/matches/{proposed.json['id']}"
    yield ask("GET", "/v1/matches", token=yusuf)
    yield ask("GET", match, token=yusuf)
    yield ask("POST", f"{match}/accept", {}, token=monique)
    yield ask("POST", f"{match}/accept", {"message": "Oui"}, token=yusuf)
    yield ask("POST", f"{match}/outcome", {"outcome": "went_well"}, token=yusuf)
    yield ask("POST", f"{match}/cancel", {"reason": "other"}, token=monique)
    again = {**pair, "offer": city.publish("offer", YUSUF)["id"]}
    other = f"/v1/matches/{city.post('/v1/matches', again, token=monique).json['id']}"
    yield ask("POST", f"{other}/decline", {"reason": "no_time"}, token=yusuf)
    yield ask("POST", f"{other}/decline", {"reason": "too_far"}, token=yusuf)
    yield ask("POST", f"/v1/listings/{need}/fulfil", {"outcome": "helped_here"}, token=monique)


def about_trust(city, ask):
    need = city.publish("need", MONIQUE, capacity=2)["id"]
    monique, yusuf, coordinator = city.sign_in(MONIQUE), city.sign_in(YUSUF), city.coordinator()
    city.ask_often(YUSUF)
    matches = [
        city.post("/v1/matches", {"need": need, "offer": city.publish("offer", YUSUF)["id"]}, token=monique)
        for _ in range(3)
    ]
    first, second, third = (f"/v1/matches/{each.json['id']}" for each in matches)
    city.exchange("confirmed")
    for match in (first, second, third):
        yield ask("POST", f"{match}/accept", {"message": "Oui"}, token=yusuf)
    yield ask("GET", third, token=yusuf)
    yield ask("GET", "/v1/coordination/agreed", token=coordinator)
    yield ask("GET", "/v1/coordination/agreed", token=monique)
    desk = "/v1/coordination"
    yield ask("POST", f"{desk}{first.removeprefix('/v1')}/confirm", token=coordinator)
    yield ask("POST", f"{desk}{first.removeprefix('/v1')}/confirm", token=coordinator)
    yield ask("POST", f"{desk}{second.removeprefix('/v1')}/refuse", {"reason": "Non"}, token=coordinator)
    yield ask("GET", first, token=monique)
    yield ask("POST", f"{third}/block", token=monique)
    yield ask("GET", "/v1/me/blocks", token=monique)
    block = city.get("/v1/me/blocks", token=monique).json["blocks"][0]["id"]
    yield ask("DELETE", f"/v1/me/blocks/{block}", token=monique)


def about_asking(city, ask):
    need, asking = city.publish("need", MONIQUE, category="pets")["id"], city.house.asking
    city.publish("offer", "ali@example.org", category="pets")
    monique, coordinator = city.sign_in(MONIQUE), city.coordinator()
    yield ask("GET", f"/v1/me/listings/{need}/asking", token=monique)
    for _ in range(12):
        asking.ask_due(city.clock.now)
        asking.assign(city.clock.now)
        city.clock.turn(hours=8)
    yield ask("GET", f"/v1/me/listings/{need}/asking", token=monique)
    yield ask("GET", f"/v1/me/listings/{need}/asking", token=city.sign_in(YUSUF))
    yield ask("GET", "/v1/coordination/unanswered", token=coordinator)
    again = f"/v1/coordination/unanswered/{need}/ask-again"
    for radius_m in (True, 90_000, 8_000, None):
        yield ask("POST", again, {"radius_m": radius_m}, token=coordinator)


def about_people(city, ask):
    monique, yusuf = city.sign_in(MONIQUE), city.sign_in(YUSUF)
    yield ask("POST", "/v1/sign-in", {"email": "lea@example.org"})
    link = city.links("lea@example.org", "sign-in")[0].rpartition("/")[2]
    yield ask("POST", "/v1/sessions", {"token": link})
    etag = city.get("/v1/me", token=monique).etag
    yield ask("PATCH", "/v1/me", ME, token=monique, headers={"If-Match": etag})
    yield ask("GET", "/v1/me", token=monique)
    yield ask("DELETE", "/v1/sessions/current", token=monique)
    yield ask("GET", "/v1/me", token=monique)
    yield ask("DELETE", "/v1/sessions", token=yusuf)


def misfits(document):
    return [
        misfit
        for method, path, reply in story(open_city(held=("childcare",)))
        for misfit in document.misfits(method, path, reply)
    ]


def test_every_answer_of_a_story_through_every_operation_is_as_the_document_says():
    document, reached = the_document(), set()
    for method, path, reply in story(open_city(held=("childcare",))):
        assert document.misfits(method, path, reply) == [], (method, path)
        if reply.status < 300:
            reached.add((method, document.template(path.partition("?")[0])))
    assert reached == set(document.operations)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda said: said["components"]["schemas"]["MeShown"]["properties"].pop("trust"), "trust"),
        (lambda said: said["paths"]["/v1/needs"]["post"]["responses"].pop("201"), "does not say 201"),
        (lambda said: said["paths"]["/v1/me"]["get"]["responses"]["200"].pop("headers"), "ETag"),
    ],
)
def test_an_answer_that_the_document_does_not_tell_would_be_found(said, spoil, found):
    lying = deepcopy(said)
    spoil(lying)
    assert any(found in misfit for misfit in misfits(Document(lying)))


def test_the_readable_page_shows_every_operation(city):
    page = city.get("/docs")
    assert page.status == 200
    for operation in the_document().operations.values():
        assert f'id="{operation["operationId"]}"' in page.text
    assert json.loads(city.get("/openapi.json").text)["info"]["title"] == "Entraide Mulhouse"
