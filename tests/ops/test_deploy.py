"""A city is opened, upgraded and taken back by one command, whatever interrupts it."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.ops import cityfile, ground, options, rollout, standing
from infra.ops.artefact import Release
from infra.ops.cloud import cloud
from infra.ops.say import Say
from infra.ops.standing import Standing
from infra.ops.stops import Exit
from infra.stack import account_template
from tests.ops.conftest import enter

BREAKS = 'raise RuntimeError("a new version that does not answer")'


def test_a_plan_shows_what_would_be_and_leaves_nothing(operator):
    said = operator.says("plan", "mulhouse")
    assert said.code == 0, said.err
    assert "AWS::DynamoDB::Table" in said.out
    assert "Nothing of mulhouse was changed." in said.out
    assert said.next == "Next: entraide deploy mulhouse"
    assert standing.standing(cloud(), "entraide-mulhouse") is None
    assert not operator.client("ssm").get_parameters(Names=["/entraide/mulhouse/signing-key"])["Parameters"]


def test_a_city_is_opened_by_one_command_and_said_twice_it_changes_nothing(operator):
    operator.opens("mulhouse")
    key = _key(operator)
    again = operator.says("deploy", "mulhouse", "--yes")
    assert (again.code, _key(operator)) == (0, key)
    assert "Nothing changed" in again.out
    assert operator.builds.made == 1
    assert operator.says("deploy", "mulhouse", "--yes", "--json").result["done"][0]["changed"] == 0


def test_an_upgrade_keeps_the_data_the_key_and_the_parameters(operator):
    operator.opens("mulhouse")
    operator.put("mulhouse", "people", {"pk": {"S": "monique"}, "sk": {"S": "me"}})
    key, before = _key(operator), standing.standing(cloud(), "entraide-mulhouse")
    operator.builds.version = "2"
    plan = operator.says("plan", "mulhouse", "--json").result
    assert {change["kind"] for change in plan["changes"]} <= {
        "changed",
        "perhaps replaced",
        "added",
        "destroyed",
    }
    said = operator.says("deploy", "mulhouse", "--yes", "--json")
    assert said.code == 0, said.err
    after = standing.standing(cloud(), "entraide-mulhouse")
    assert said.result["done"][0]["was"] == before.outputs["Release"] != after.outputs["Release"]
    assert after.parameters["OpsAddress"] == "ops@example.org"
    assert _key(operator) == key
    assert operator.client("dynamodb").scan(TableName="entraide-mulhouse-people")["Count"] == 1


@pytest.mark.parametrize(
    ("had", "sender", "has"),
    [
        ("", "entraide@new.example", "new.example"),
        ("villes.example", "entraide@new.example", "new.example"),
        ("entraide@villes.example", "mairie@villes.example", "villes.example"),
        ("illes.example", "entraide@villes.example", "villes.example"),
        ("villes.example", "entraide@mulhouse.villes.example", "villes.example"),
        ("entraide@villes.example", "entraide@villes.example", "entraide@villes.example"),
    ],
)
def test_the_identity_of_a_sender_is_kept_as_long_as_the_sender_may_send_by_it(had, sender, has):
    city, say = cityfile.load("mulhouse"), Say(as_json=False, yes=True)
    release = Release("r", Path("zip"), "0" * 64, {})
    first = options.parameters(city, release, "b", None, {"ops": "o@x.org", "sender_identity": had}, say)
    before = Standing("id", "entraide-mulhouse", "CREATE_COMPLETE", "", {}, first, {}, "")
    moved = replace(city, sender=replace(city.sender, address=sender))
    assert options.parameters(moved, release, "b", before, {}, say)["SenderIdentity"] == has


def test_a_version_that_does_not_answer_is_taken_back(operator, monkeypatch):
    monkeypatch.setattr("infra.ops.smoke.TRIES", 1)
    operator.opens("mulhouse")
    before = standing.standing(cloud(), "entraide-mulhouse").outputs["Release"]
    operator.builds.version, operator.builds.broken = "2", BREAKS
    said = operator.says("deploy", "mulhouse", "--yes")
    assert said.code == Exit.ROLLED_BACK
    assert f"{before} is back and answers" in said.err
    assert standing.standing(cloud(), "entraide-mulhouse").outputs["Release"] == before
    operator.builds.version, operator.builds.broken = "1", ""
    assert "Nothing changed" in operator.says("deploy", "mulhouse", "--yes").out


def test_a_first_version_that_does_not_answer_is_told_and_left_to_look_at(operator, monkeypatch):
    monkeypatch.setattr("infra.ops.smoke.TRIES", 1)
    operator.builds.broken = BREAKS
    said = operator.says("deploy", "mulhouse", "--ops", "ops@example.org", "--yes")
    assert said.code == Exit.FAILED
    assert "no other version that answered" in said.err
    assert "entraide logs mulhouse --errors" in said.next


def test_a_creation_that_fails_is_told_and_the_next_try_begins_again(operator):
    # No emulator has budgets, so asking for one fails the creation half-way.
    failed = operator.says("deploy", "mulhouse", "--ops", "o@example.org", "--monthly-budget", "9", "--yes")
    assert failed.code == Exit.FAILED
    assert "Budget" in failed.err
    assert operator.status("mulhouse") == "ROLLBACK_COMPLETE"
    assert operator.says("plan", "mulhouse").code == Exit.REFUSED
    operator.opens("mulhouse")
    assert operator.status("mulhouse") == "CREATE_COMPLETE"


def test_an_accounts_preparation_that_was_cut_off_before_it_began_begins_again(operator, monkeypatch):
    with monkeypatch.context() as during:
        during.setattr(ground, "events_so_far", _interrupt)
        said = operator.says("deploy", "mulhouse", "--ops", "ops@example.org", "--yes")
    assert said.code == Exit.INTERRUPTED
    assert standing.standing(cloud(), "entraide-account").status == "REVIEW_IN_PROGRESS"
    operator.opens("mulhouse")


def test_an_accounts_preparation_that_failed_is_told_and_the_next_try_begins_again(operator, monkeypatch):
    template = account_template()
    template["Resources"]["Budget"] = {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": {}}}
    with monkeypatch.context() as during:  # no emulator has budgets
        during.setattr(ground, "account_template", lambda: template)
        failed = operator.says("deploy", "mulhouse", "--ops", "ops@example.org", "--yes")
    assert failed.code == Exit.FAILED
    assert "could not be made: Budget" in failed.err
    assert standing.standing(cloud(), "entraide-account").status == "ROLLBACK_COMPLETE"
    operator.opens("mulhouse")


@pytest.mark.parametrize(
    "step", ["ensure_key", "upload", "make_room", "change_set", "_execute", "bring", "smoke", "note", "tidy"]
)
def test_interrupted_at_any_step_the_same_command_ends_it(operator, monkeypatch, step):
    places = {
        "ensure_key": rollout.ground,
        "make_room": rollout.leftovers,
        "note": rollout.record,
        "bring": rollout.web,
        "tidy": rollout.web,
    }
    place = places.get(step, rollout)
    with monkeypatch.context() as during:
        during.setattr(place, step, _interrupt)
        said = operator.says("deploy", "mulhouse", "--ops", "ops@example.org", "--yes")
    assert said.code == Exit.INTERRUPTED
    assert "the same command again" in said.next
    operator.opens("mulhouse")
    assert operator.status("mulhouse") == "CREATE_COMPLETE"


@pytest.mark.parametrize("step", ["change_set", "settled", "note"])
def test_an_upgrade_that_was_interrupted_is_ended_by_the_same_command(operator, monkeypatch, step):
    operator.opens("mulhouse")
    operator.put("mulhouse", "people", {"pk": {"S": "monique"}, "sk": {"S": "me"}})
    operator.builds.version = "2"
    with monkeypatch.context() as during:
        during.setattr(rollout.record if step == "note" else rollout, step, _interrupt)
        said = operator.says("deploy", "mulhouse", "--yes")
    assert said.code == Exit.INTERRUPTED
    assert "the same command again" in said.next
    ended = operator.says("deploy", "mulhouse", "--yes", "--json")
    assert ended.code == 0, ended.err
    release = ended.result["done"][0]["release"]
    assert standing.standing(cloud(), "entraide-mulhouse").outputs["Release"] == release
    assert operator.client("dynamodb").scan(TableName="entraide-mulhouse-people")["Count"] == 1


@pytest.mark.parametrize("step", ["verified", "_execute"])
def test_going_back_that_was_interrupted_is_ended_by_the_same_command(operator, monkeypatch, step):
    monkeypatch.setattr("infra.ops.smoke.TRIES", 1)
    operator.opens("mulhouse")
    before = standing.standing(cloud(), "entraide-mulhouse").outputs["Release"]
    operator.builds.version, operator.builds.broken = "2", BREAKS
    place = rollout.record if step == "verified" else rollout
    doing = getattr(place, step)

    def interrupt(*args, **how):
        if step == "verified" or f"{before}-again" in repr((args, how)):
            raise KeyboardInterrupt
        return doing(*args, **how)

    with monkeypatch.context() as during:
        during.setattr(place, step, interrupt)
        assert operator.says("deploy", "mulhouse", "--yes").code == Exit.INTERRUPTED
    said = operator.says("deploy", "mulhouse", "--yes")
    assert said.code == Exit.ROLLED_BACK
    assert f"{before} is back and answers" in said.err


def test_interrupted_while_cloudformation_works_the_same_command_waits_for_it(operator, monkeypatch):
    executing = rollout._execute

    def interrupt(*args):
        with monkeypatch.context() as during:
            during.setattr(rollout, "settled", _interrupt)
            executing(*args)

    with monkeypatch.context() as during:
        during.setattr(rollout, "_execute", interrupt)
        said = operator.says("deploy", "mulhouse", "--ops", "ops@example.org", "--yes")
    assert said.code == Exit.INTERRUPTED
    assert "CloudFormation goes on with mulhouse by itself" in said.err
    operator.opens("mulhouse")


def test_a_name_whose_tables_hold_data_is_taken(operator):
    operator.client("dynamodb").create_table(
        TableName="entraide-mulhouse-people",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    operator.put("mulhouse", "people", {"pk": {"S": "somebody"}})
    said = operator.says("deploy", "mulhouse", "--ops", "ops@example.org", "--yes")
    assert said.code == Exit.REFUSED
    assert "The name mulhouse is taken" in said.err
    assert "entraide destroy mulhouse --export-to" in said.next
    assert operator.client("dynamodb").scan(TableName="entraide-mulhouse-people")["Count"] == 1


def test_a_city_is_looked_for_in_the_account_it_was_deployed_to(operator, engine, tmp_path, monkeypatch):
    operator.opens("mulhouse")
    enter(monkeypatch, engine.url, "999999999999", tmp_path)
    for command in (["deploy", "mulhouse"], ["status", "mulhouse"], ["destroy", "mulhouse"]):
        said = operator.says(*command, "--yes")
        assert said.code == Exit.REFUSED
        assert operator.account in said.err
    assert standing.standing(cloud(), "entraide-mulhouse") is None
    operator.says("city", "forget", "mulhouse")
    assert operator.says("status", "mulhouse").err.strip().startswith("mulhouse is not deployed")


def test_all_cities_are_upgraded_at_once_and_one_that_fails_stops_no_other(operator, monkeypatch):
    operator.opens("mulhouse")
    operator.opens("namur")
    operator.builds.version = "2"
    preparing = rollout.prepare

    def prepare(where, city, *rest):
        if city.slug == "namur":
            raise OSError("the disk of namur")
        return preparing(where, city, *rest)

    monkeypatch.setattr("infra.ops.deploy.prepare", prepare)
    said = operator.says("deploy", "--all", "--parallel", "2", "--yes")
    assert said.code == Exit.UNREACHABLE
    assert "1 of 2 cities are not on" in said.err
    monkeypatch.undo()


def test_what_is_missing_is_told_before_anything_is_built(operator):
    said = operator.says("deploy", "mulhouse", "--yes")
    assert (said.code, said.next) == (Exit.USAGE, "Next: the same command with --ops")
    assert operator.builds.made == 0
    assert standing.standing(cloud(), "entraide-account") is None


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--ops", "nobody"),
        ("--base-url", "http://entraide.mulhouse.example"),
        ("--sender-identity", "a domain"),
        ("--host", "https://entraide.mulhouse.example"),
        ("--certificate", "arn:aws:acm:eu-west-3:123456789012:certificate/0a"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "deploy"])
def test_an_option_that_the_template_does_not_take_is_told_before_anything_is_built(
    operator, command, option, value
):
    said = operator.says(command, "mulhouse", option, value, "--yes")
    assert (said.code, said.next) == (Exit.USAGE, f"Next: the same command with another {option}")
    assert f"{option} {value} cannot be taken" in said.err
    assert operator.builds.made == 0


def test_a_host_without_a_certificate_is_told(operator):
    said = operator.says("deploy", "mulhouse", "--ops", "o@example.org", "--host", "a.example", "--yes")
    assert said.code == Exit.USAGE
    assert "a.example has no certificate" in said.err
    assert standing.standing(cloud(), "entraide-mulhouse") is None


def test_a_name_that_was_mistyped_is_told_with_the_one_that_was_meant(operator):
    said = operator.says("deploy", "mulhose", "--ops", "ops@example.org", "--yes")
    assert said.code == Exit.USAGE
    assert said.next.startswith("Next: the same command with mulhouse;")


def test_nobody_is_asked_where_nobody_can_answer(operator):
    said = operator.says("deploy", "mulhouse", "--ops", "ops@example.org")
    assert said.code == Exit.REFUSED
    assert said.next == "Next: the same command with --yes"
    assert standing.standing(cloud(), "entraide-mulhouse") is None


def _interrupt(*_args, **_kwargs):
    raise KeyboardInterrupt


def _key(operator):
    name = "/entraide/mulhouse/signing-key"
    found = operator.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert found["Type"] == "SecureString"
    return found["Value"]
