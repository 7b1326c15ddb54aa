"""Client and API stand under one name: what leads where, what is kept how long, and what is not there."""

import json
import re
import shutil
import subprocess
from fnmatch import fnmatchcase

import pytest

from app import app
from chalicelib.cities.model import load_city
from infra.client import MISSING, WEB, client_of, client_pages, media_type
from infra.front import Front, leads
from infra.stack import account_template
from infra.stack.front import api_patterns, content_policy, missing_page
from infra.stack.package import PYTHON
from infra.stack.template import city_template
from tests.city import ROOT
from tests.infra.wsgi import call

CITY = load_city(ROOT / "infra" / "cities" / "mulhouse.json")
STRICT = ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")


@pytest.fixture(scope="module")
def template():
    return json.loads(json.dumps(city_template(PYTHON, "arm64")))


@pytest.fixture(scope="module")
def distribution(template):
    return template["Resources"]["Front"]["Properties"]["DistributionConfig"]


@pytest.fixture(scope="module")
def account():
    return json.loads(json.dumps(account_template()))


@pytest.fixture
def client():
    return client_of(CITY)


@pytest.fixture
def front():
    def api(environ, start):
        start("200 OK", [("X-Served-By", "the API"), ("X-Mark", environ["HTTP_X_ENTRAIDE_FRONT"])])
        return [b""]

    return Front(api, app.routes, CITY, "mark")


def asked(route):
    return re.sub(r"\{\w+\}", "x.y-z", route)


def test_every_route_of_the_application_leads_to_the_api_and_no_pattern_leads_nowhere(distribution):
    patterns = [each["PathPattern"] for each in distribution["CacheBehaviors"]]
    assert {"/v1/*", "/docs", "/openapi.json", "/tap/*", "/sign-in/*", "/unsubscribe/*"} <= set(patterns)
    taken = {route: [each for each in patterns if fnmatchcase(asked(route), each)] for route in app.routes}
    assert [route for route, by in taken.items() if len(by) != 1] == []
    assert {by for (by,) in taken.values()} == set(patterns)
    assert {each["TargetOriginId"] for each in distribution["CacheBehaviors"]} == {"api"}


def test_a_new_route_is_led_to_the_api_without_a_word_and_one_in_the_clients_place_is_refused():
    """The control: the patterns follow the routes, they are not a list beside them."""
    assert "/hooks/*" in api_patterns([*app.routes, "/hooks/ses"])
    for route in ("/", "/web/{name}", "/{anything}"):
        with pytest.raises(ValueError, match="client's place"):
            api_patterns([*app.routes, route])


def test_no_file_of_the_client_is_taken_by_the_api(distribution, client):
    patterns = [each["PathPattern"] for each in distribution["CacheBehaviors"]]
    for name in ("", *client.parts, *client.pages):
        assert not [each for each in patterns if fnmatchcase(f"/{name}", each)]
    assert distribution["DefaultCacheBehavior"]["TargetOriginId"] == "web"
    assert distribution["DefaultRootObject"] in client.pages


def test_nothing_of_the_api_is_kept_and_all_that_was_sent_reaches_it(distribution):
    for each in distribution["CacheBehaviors"]:
        assert each["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
        assert (
            each["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        )  # AllViewerExceptHostHeader
        assert {"POST", "PATCH", "DELETE", "OPTIONS"} <= set(each["AllowedMethods"])
        assert each["ViewerProtocolPolicy"] == "redirect-to-https"
    assert distribution["DefaultCacheBehavior"]["AllowedMethods"] == ["GET", "HEAD"]
    assert distribution["DefaultCacheBehavior"]["Compress"] is True
    assert "CustomErrorResponses" not in distribution  # it would take the place of the API's own 403 and 404


def test_only_the_citys_own_front_reads_the_bucket_and_nobody_without_tls(template, distribution):
    bucket = template["Resources"]["Web"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    denied, allowed = template["Resources"]["WebPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    condition, statement, _ = allowed["Fn::If"]
    assert condition == template["Resources"]["Front"]["Condition"] == "HasFront"
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"].endswith(
        "distribution/${Front}"
    )
    assert not [action for action in statement["Action"] if "*" in action or "Put" in action]
    web = next(each for each in distribution["Origins"] if each["Id"] == "web")
    assert web["OriginAccessControlId"] == {"Fn::ImportValue": "entraide-WebAccess"}


def test_what_a_city_takes_of_the_account_the_account_gives(template, account):
    taken = set(re.findall(r'"Fn::ImportValue": "([^"]+)"', json.dumps(template)))
    given = {each["Export"]["Name"] for each in account["Outputs"].values() if "Export" in each}
    assert taken == given


def test_the_headers_of_the_client_are_strict_and_those_of_this_machine_are_the_same(account, front):
    shared = account["Resources"]
    said = shared["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy = said["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert set(STRICT) <= set(policy.split("; "))
    assert "unsafe" not in policy
    status, headers, _ = call(front, "GET", "/")
    here = dict(headers)
    assert status == 200
    assert here["Content-Security-Policy"] == policy == content_policy()
    assert here["Referrer-Policy"] == said["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert here["X-Frame-Options"] == said["FrameOptions"]["FrameOption"]
    assert here["X-Content-Type-Options"] == "nosniff"
    assert "ContentTypeOptions" in said
    age = said["StrictTransportSecurity"]["AccessControlMaxAgeSec"]
    assert here["Strict-Transport-Security"] == f"max-age={age}"
    api = shared["ApiHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert api["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == age


def test_the_pages_hold_no_script_and_no_style_that_the_policy_would_stop(client):
    for name, body in {**client.pages, MISSING: missing_page().encode()}.items():
        text = body.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", text), name
        assert name == MISSING or "<style" not in text
        assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text), name


def test_a_page_leads_to_the_parts_of_its_own_version(client):
    named = re.findall(r'"/(web/[^"]+)"', client.pages["index.html"].decode())
    assert named
    assert set(named) <= client.parts.keys()
    assert all(name.startswith(f"web/{client.version}/") for name in client.parts)
    assert all(media_type(name) for name in (*client.parts, *client.pages))


def test_the_version_follows_the_files_and_the_city_and_nothing_else(client, tmp_path):
    assert client_of(CITY).version == client.version
    other = load_city(ROOT / "infra" / "cities" / "namur.json")
    assert client_of(other).version != client.version
    shutil.copytree(WEB, tmp_path / "web")
    assert client_of(CITY, tmp_path / "web").version == client.version
    (tmp_path / "web" / "client" / "style.css").write_text("/* another */")
    assert client_of(CITY, tmp_path / "web").version != client.version


def test_on_this_machine_the_same_address_answers_with_both(front, client):
    for route in app.routes:
        assert ("X-Served-By", "the API") in call(front, "GET", asked(route))[1], route
    for files, age in ((client.parts, "public, max-age=31536000, immutable"), (client.pages, "no-cache")):
        for name, body in files.items():
            status, headers, sent = call(front, "GET", f"/{name}")
            assert (status, sent, dict(headers)["Cache-Control"]) == (200, body, age)
    status, headers, body = call(front, "GET", "/nowhere")
    assert (status, body.decode()) == (404, missing_page())
    assert call(front, "POST", "/")[0] == 405
    assert call(front, "HEAD", "/")[2] == b""


def test_the_front_says_its_own_mark_whatever_a_caller_says(front):
    _, headers, _ = call(front, "GET", "/v1/me", HTTP_X_ENTRAIDE_FRONT="guessed")
    assert ("X-Mark", "mark") in headers


@pytest.mark.parametrize(
    ("pattern", "path", "taken"),
    [
        ("/v1/*", "/v1/listings", True),
        ("/v1/*", "/v1", False),
        ("/docs", "/docs/", False),
        ("/docs", "/docs", True),
    ],
)
def test_a_pattern_takes_what_cloudfront_says_it_takes(pattern, path, taken):
    assert leads(pattern, path) is taken is fnmatchcase(path, pattern)


def test_what_is_no_page_is_answered_by_our_own(account, client):
    gate = account["Resources"]["KnownPages"]["Properties"]
    code = gate["FunctionCode"]
    assert gate["AutoPublish"] is True
    assert len(code.encode()) < 10_000  # as much as CloudFront takes
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here to run CloudFront's function")
    known = ["/", *(f"/{name}" for name in client_pages()), *(f"/{name}" for name in client.parts)]
    asking = [*known, "/nowhere", "/wp-login.php", "/index.html/", "/webbed"]
    ask = f"console.log(JSON.stringify({json.dumps(asking)}.map(uri => handler({{request: {{uri}}}}))))"
    told = json.loads(
        subprocess.run([node, "-e", code + ask], capture_output=True, text=True, check=True).stdout
    )
    assert [each["uri"] for each in told if "uri" in each] == known
    refused = told[len(known) :]
    assert {each["statusCode"] for each in refused} == {404}
    assert {each["body"]["data"] for each in refused} == {missing_page()}
    assert refused[0]["headers"]["content-security-policy"]["value"] == content_policy()
