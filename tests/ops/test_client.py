"""A deployment brings the client too: whole, once, and back when the new version does not do."""

import json
import shutil

import pytest

from infra.client import WEB, client_of
from infra.ops import rollout, standing, web
from infra.ops.cloud import cloud
from infra.ops.smoke import smoke
from infra.ops.stops import Exit
from tests.ops.test_deploy import BREAKS

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The client's files, which a test may change."""
    folder = tmp_path / "web"
    shutil.copytree(WEB, folder)
    monkeypatch.setattr(rollout, "client_of", lambda city: client_of(city, folder))
    return folder


@pytest.fixture
def mulhouse(operator, files):
    operator.opens("mulhouse")
    return operator


def bucket():
    return standing.standing(cloud(), "entraide-mulhouse").outputs["WebBucket"]


def shown():
    return web.version_shown(cloud(), standing.standing(cloud(), "entraide-mulhouse"))


def held(operator, name):
    found = operator.client("s3").get_object(Bucket=bucket(), Key=name)
    return found["Body"].read().decode(), found["ContentType"], found["CacheControl"]


def buckets(operator):
    found = operator.client("s3").list_buckets()["Buckets"]
    return [each["Name"] for each in found if "-web-" in each["Name"]]


def names(operator):
    found = operator.client("s3").list_objects_v2(Bucket=bucket()).get("Contents", [])
    return {each["Key"] for each in found}


def deployed(operator):
    said = operator.says("deploy", "mulhouse", "--yes", "--json")
    assert said.code == 0, said.err
    return said.result["done"][0]


def change(files, name="style.css", text="body { color: teal; }"):
    (files / "client" / name).write_text(text)


def test_an_opened_city_has_its_client_and_said_twice_only_what_is_gone_is_sent(mulhouse):
    version = shown()
    page, kind, age = held(mulhouse, "index.html")
    assert (kind, age) == ("text/html; charset=utf-8", "no-cache")
    assert f"/web/{version}/start.js" in page
    assert held(mulhouse, f"web/{version}/start.js")[1:] == ("text/javascript; charset=utf-8", FOR_EVER)
    assert '"name":"Mulhouse"' in held(mulhouse, f"web/{version}/city.json")[0]
    lost = f"web/{version}/start.js"
    mulhouse.client("s3").delete_object(Bucket=bucket(), Key=lost)
    assert deployed(mulhouse)["sent"] == 1
    assert lost in names(mulhouse)
    again = deployed(mulhouse)
    assert (again["changed"], again["sent"]) == (0, 0)
    assert mulhouse.says("status", "mulhouse", "--json").result["client"] == version


def test_a_new_client_alone_is_planned_brought_and_gone_with_the_city(mulhouse, files):
    before = shown()
    change(files)
    plan = mulhouse.says("plan", "mulhouse")
    assert f"client {before} -> " in plan.out
    assert shown() == before
    done = deployed(mulhouse)
    assert done["changed"] == 0
    assert done["client"] == shown() != before
    assert {name.split("/")[1] for name in names(mulhouse) if "/" in name} == {before, shown()}
    change(files, text="body { color: navy; }")
    deployed(mulhouse)
    assert not [name for name in names(mulhouse) if before in name]
    said = mulhouse.says("destroy", "mulhouse", "--yes")
    assert said.code == 0, said.err
    assert buckets(mulhouse) == []


def test_whatever_fails_residents_have_the_client_before_whole(mulhouse, files, monkeypatch):
    monkeypatch.setattr("infra.ops.smoke.TRIES", 1)
    before, there, page = shown(), names(mulhouse), held(mulhouse, "index.html")
    change(files)
    for put, code, words in (
        (interrupted_after(1), Exit.INTERRUPTED, "its client may be the one before, whole"),
        (interrupted_after(3), Exit.INTERRUPTED, "its client may be the one before, whole"),
        (all_but("index.html"), Exit.ROLLED_BACK, f"the start page is that of client {before}, not"),
    ):
        with monkeypatch.context() as during:
            during.setattr(web, "_put", put)
            said = mulhouse.says("deploy", "mulhouse", "--yes")
        assert said.code == code
        assert words in said.err
        assert (shown(), held(mulhouse, "index.html")) == (before, page)
        assert there <= names(mulhouse)
    mulhouse.builds.version, mulhouse.builds.broken = "2", BREAKS
    assert mulhouse.says("deploy", "mulhouse", "--yes").code == Exit.ROLLED_BACK
    assert (shown(), held(mulhouse, "index.html")) == (before, page)
    mulhouse.builds.version, mulhouse.builds.broken = "1", ""
    assert deployed(mulhouse)["client"] == shown() != before


def interrupted_after(many):
    putting, puts = web._put, []

    def put(*args):
        if len(puts) == many:
            raise KeyboardInterrupt
        puts.append(args)
        putting(*args)

    return put


def all_but(left):
    putting = web._put

    def put(s3, place, name, *rest):
        if name != left:
            putting(s3, place, name, *rest)

    return put


def test_a_city_of_before_there_was_a_client_gets_one_and_goes_back_to_none(operator, files, monkeypatch):
    monkeypatch.setattr("infra.ops.smoke.TRIES", 1)
    making = operator.builds.build

    def without(out, **target):
        built = making(out, **target)
        template = json.loads(built.template.read_text())
        for name in ("Web", "WebPolicy", "Front"):
            del template["Resources"][name]
        for name in ("WebBucket", "FrontDomain", "Address"):
            del template["Outputs"][name]
        variables = template["Globals"]["Function"]["Environment"]["Variables"]
        variables["ENTRAIDE_BASE_URL"] = "https://example.org"
        built.template.write_text(json.dumps(template))
        return built

    with monkeypatch.context() as during:
        during.setattr("infra.ops.artefact.build", without)
        during.setattr(rollout.web, "bring", lambda *_: 0)
        during.setattr(rollout.web, "tidy", lambda *_: None)
        during.setattr(
            rollout, "smoke", lambda where, now, release, _, say: smoke(where, now, release, "", say)
        )
        noted = rollout.Verified
        during.setattr(rollout, "Verified", lambda release, sha256, given, _: noted(release, sha256, given))
        operator.opens("mulhouse")
    assert "WebBucket" not in standing.standing(cloud(), "entraide-mulhouse").outputs
    operator.builds.version, operator.builds.broken = "2", BREAKS
    said = operator.says("deploy", "mulhouse", "--yes")
    assert said.code == Exit.ROLLED_BACK, said.err
    assert buckets(operator) == []
    operator.builds.version, operator.builds.broken = "3", ""
    assert deployed(operator)["client"] == shown()


def test_a_bucket_without_its_stack_is_found_and_the_neighbours_is_left(operator):
    s3 = operator.client("s3")
    mine, theirs = "entraide-lille-web-1x2y3z", "entraide-lille-web-web-1x2y3z"
    for name in (mine, theirs):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        s3.put_object(Bucket=name, Key="index.html", Body=b"<p>")
    said = operator.says("destroy", "lille", "--yes", "--json")
    assert said.result["removed"] == [f"bucket {mine}"]
    assert buckets(operator) == [theirs]
