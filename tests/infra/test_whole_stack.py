"""Two cities deployed as on AWS: their template, their package in real workers, called through their URLs."""

import json
from collections import Counter
from hashlib import sha256
from io import BytesIO
from itertools import islice
from zipfile import ZipFile

import pytest

from infra import stack
from infra.events import schedule_event
from infra.stack.template import functions_of
from tests.cloud import HERE, built, cloud
from tests.crossing import leak, live, requests
from tests.engines import until

LATER = ("WatchCity", "AddressesTable")
"""What the version before did not have yet."""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return built(tmp_path_factory.mktemp("package"), **HERE)


@pytest.fixture(scope="module")
def running(package):
    with cloud() as account:
        account.upload(package.sha256, package.zip.read_bytes())
        yield account


@pytest.fixture(scope="module")
def template(package):
    return json.loads(package.template.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def mulhouse(running, package, template):
    return running.deploy("mulhouse", template, package.sha256)


@pytest.fixture(scope="module")
def namur(running, package, template):
    return running.deploy("namur", template, package.sha256)


def test_neighbours_find_each_other_by_the_front_door(mulhouse):
    need = mulhouse.publish("need", "monique@example.org")
    offer = mulhouse.publish("offer", "yusuf@example.org", title="Je fais vos courses")
    found = mulhouse.get("/v1/listings", query={"near": "47.7494,7.3396", "radius_m": 3000, "kind": "offer"})
    assert [each["id"] for each in found.json["listings"]] == [offer["id"]]
    asked = mulhouse.post(
        "/v1/matches",
        {"need": need["id"], "offer": offer["id"]},
        token=mulhouse.sign_in("monique@example.org"),
    )
    assert asked.status == 201, asked.text
    accept, *_ = mulhouse.links("yusuf@example.org")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert mulhouse.post(accept, raw=b"message=Oui", key=False, headers=form).status == 200
    assert "Oui" in mulhouse.mails("monique@example.org")[0].text
    token = mulhouse.sign_in("monique@example.org")
    assert mulhouse.get(f"/v1/matches/{asked.json['id']}", token=token).json["state"] == "accepted"


def test_the_workers_run_the_packaged_zip(running, package, template, mulhouse):
    functions = running.client("lambda").list_functions()["Functions"]
    ours = [each for each in functions if each["FunctionName"].startswith(f"entraide-{mulhouse.slug}-")]
    assert len(ours) == len(functions_of(template))
    assert {each["CodeSize"] for each in ours} == {package.bytes}


def test_what_the_gateway_refuses_is_a_problem(mulhouse):
    reply = mulhouse.get("/v1/nowhere")
    assert reply.status in (403, 404), reply.text


def test_one_city_cannot_reach_another(mulhouse, namur):
    _cross(mulhouse, namur, times=200)


@pytest.mark.soak
def test_one_city_cannot_reach_another_however_often(mulhouse, namur):
    _cross(mulhouse, namur, times=5_000)


def test_what_a_function_fails_at_is_parked_and_told(running, mulhouse):
    functions, sqs = running.client("lambda"), running.client("sqs")
    queue = sqs.get_queue_url(QueueName=stack.dead_letters("mulhouse"))["QueueUrl"]
    broken = json.dumps({**schedule_event("mail", 0.0), "detail": "not an object"}).encode()
    name = stack.function_name("mulhouse", "mail_events")
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=broken)
    wanted = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
    until(lambda: sqs.get_queue_attributes(**wanted)["Attributes"]["ApproximateNumberOfMessages"] == "1", 60)
    looked = functions.invoke(FunctionName=stack.function_name("mulhouse", "watch_city"), Payload=b"{}")
    assert "FunctionError" not in looked, looked["Payload"].read()
    (mail,) = mulhouse.mails("ops@example.org")
    assert "1 dead letters wait" in mail.text


def test_an_upgrade_keeps_what_people_wrote(running, package, template):
    before = json.loads(json.dumps(template))
    for name in list(before["Resources"]):
        if name.startswith(LATER):
            del before["Resources"][name]
    statement = before["Resources"]["DeadLettersPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    rules = statement["Condition"]["ArnEquals"]
    rules["aws:SourceArn"] = [
        arn for arn in rules["aws:SourceArn"] if not arn["Fn::GetAtt"][0].startswith(LATER)
    ]
    older = _with_a_file(package.zip.read_bytes(), "older.txt")
    digest = sha256(older).hexdigest()
    running.upload(digest, older)
    city = running.deploy("lille", before, digest)
    need = city.publish("need", "monique@example.org")
    tables = running.client("dynamodb").list_tables()["TableNames"]
    assert "entraide-lille-addresses" not in tables
    after = running.deploy("lille", template, package.sha256, how="update")
    assert after.api == city.api
    assert "entraide-lille-addresses" in running.client("dynamodb").list_tables()["TableNames"]
    api = running.client("lambda").get_function(FunctionName="entraide-lille-api_handler")["Configuration"]
    assert api["CodeSize"] == package.bytes
    token = city.tokens["monique@example.org"]
    assert city.get(f"/v1/me/listings/{need['id']}", token=token).json["title"] == need["title"]


def test_a_removed_stack_leaves_nothing_but_what_is_named_as_kept(running, template, package):
    """The emulator keeps no table, whatever the template says of it: that is asserted of the template."""
    running.deploy("meudon", template, package.sha256)
    key = stack.signing_key_name("meudon")
    assert _left(running, "meudon") > {key, *stack.kept_tables("meudon")}
    running.client("cloudformation").delete_stack(StackName=stack.stack_name("meudon"))
    until(lambda: _left(running, "meudon") <= {key, *stack.kept_tables("meudon")})
    running.client("ssm").delete_parameter(Name=key)
    assert _left(running, "meudon") <= set(stack.kept_tables("meudon"))


def test_a_schedule_fires_by_itself(running, mulhouse):
    jobs = {"TableName": "entraide-mulhouse-jobs"}
    dynamodb = running.client("dynamodb")
    until(lambda: any("send" in item["pk"]["S"] for item in dynamodb.scan(**jobs)["Items"]), timeout_s=120)


def _cross(mulhouse, namur, *, times):
    theirs = live(mulhouse)
    ours = _Guests([namur.sign_in(f"guest{number}@example.org") for number in range(3)])
    seen, kinds = [], Counter()
    for request in islice(requests(theirs, ours, seed=times), times):
        fault = leak(theirs, request, request.send(namur))
        kinds[request.kind] += 1
        seen += [(request, fault)] if fault else []
    assert seen == []
    assert set(kinds) == {"token", "id", "cursor", "key", "code", "link"}, kinds
    _control(theirs, mulhouse)


def _control(theirs, mulhouse):
    """At home the same requests are answered, and what the other city must not say is said."""
    reading = (each for each in requests(theirs, theirs, seed=1) if each.method == "GET")
    replies = ((each, each.send(mulhouse)) for each in islice(reading, 60))
    given = Counter(each.kind for each, reply in replies if leak(theirs, each, reply))
    assert given["token"] > 3, given
    assert given["id"] > 1, given
    assert given["cursor"] > 3, given


class _Guests:
    def __init__(self, tokens):
        self.tokens = tokens


def _with_a_file(code, name):
    written = BytesIO(code)
    with ZipFile(written, "a") as archive:
        archive.writestr(name, "of the version before")
    return written.getvalue()


def _left(running, slug):
    """Return the names of all that is called after the city."""
    client = running.client
    names = set(client("dynamodb").list_tables()["TableNames"])
    names |= {each["FunctionName"] for each in client("lambda").list_functions()["Functions"]}
    names |= {each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]}
    names |= {each["RoleName"] for each in client("iam").list_roles(MaxItems=1000)["Roles"]}
    names |= {each["Name"] for each in client("events").list_rules()["Rules"]}
    names |= {each["name"] for each in client("apigateway").get_rest_apis(limit=500)["items"]}
    names |= {each["Name"] for each in client("ssm").describe_parameters()["Parameters"]}
    names |= {each["Name"] for each in client("ses").list_configuration_sets()["ConfigurationSets"]}
    names |= set(client("ses").list_identities()["Identities"])
    names |= {each["Name"] for each in client("s3").list_buckets()["Buckets"]}
    names |= {url.rpartition("/")[2] for url in client("sqs").list_queues().get("QueueUrls", [])}
    return {name for name in names if slug in name}
