"""States of a stack that no emulator comes to: each is mended, waited for, or told with the next command."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.client import Client
from infra.ops import leftovers
from infra.ops.changes import Asked, Change, ChangeSet, change_set, counted
from infra.ops.deploy import _agree
from infra.ops.mending import must_be_steady, settle
from infra.ops.rollout import Prepared
from infra.ops.say import Say
from infra.ops.stops import Exit, Stopped

NAME = "entraide-mulhouse"


@dataclass
class Formation:
    """CloudFormation that answers as it is told: `moves` says what each act leads to, one state a look."""

    status: str | None
    moves: dict[str, list[str | None]] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)
    coming: list[str | None] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    reason: str = ""

    def describe_stacks(self, **_of):
        if self.coming:
            self.status = self.coming.pop(0)
            self._note(NAME, self.status or "DELETE_COMPLETE")
        if self.status is None:
            said = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {NAME} does not exist"}}
            raise ClientError(said, "DescribeStacks")
        return {
            "Stacks": [
                {
                    "StackId": NAME,
                    "StackName": NAME,
                    "StackStatus": self.status,
                    "StackStatusReason": self.reason,
                }
            ]
        }

    def delete_stack(self, **of):
        self._act("delete" + "".join(f" but {each}" for each in of.get("RetainResources", ())))

    def continue_update_rollback(self, **_of):
        self._act("continue")

    def get_paginator(self, operation):
        found = {
            "describe_stack_events": {"StackEvents": self.events[::-1]},
            "list_stack_resources": {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": "PeopleTable",
                        "ResourceStatus": "DELETE_FAILED",
                        "ResourceType": "T",
                        "PhysicalResourceId": "p",
                    }
                ]
            },
            "list_change_sets": {"Summaries": []},
        }
        return type("Pages", (), {"paginate": lambda *_args, **_how: [found[operation]]})()

    def _act(self, act):
        self.did.append(act)
        self.coming = list(self.moves.get(act, []))

    def _note(self, what, status, reason=""):
        names = {"StackName": NAME, "LogicalResourceId": what, "PhysicalResourceId": what}
        told = {"ResourceStatus": status, "ResourceStatusReason": reason}
        self.events.append({"EventId": str(len(self.events)), **names, **told})


@dataclass
class Sky:
    """An account with nothing but CloudFormation."""

    formation: Any
    emulator: str = "here"
    region: str = "eu-west-3"
    account: str = "1"

    def client(self, _service):
        return self.formation


@pytest.fixture
def say():
    return Say(as_json=False, yes=True)


@pytest.fixture(autouse=True)
def nothing_stored(monkeypatch):
    monkeypatch.setattr(leftovers, "full_tables", lambda *_: [])


def settled(formation, say):
    return settle(Sky(formation), NAME, "mulhouse", say)


@pytest.mark.parametrize("state", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_stands_is_updated(say, state):
    formation = Formation(state)
    assert settled(formation, say).status == state
    assert formation.did == []


@pytest.mark.parametrize(
    "state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_what_never_came_to_be_is_removed_and_made_anew(say, state):
    formation = Formation(state, {"delete": ["DELETE_IN_PROGRESS", None]})
    assert settled(formation, say) is None
    assert formation.did == ["delete"]


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_what_never_came_to_be_stays_when_its_tables_hold_data(say, state, monkeypatch):
    monkeypatch.setattr(leftovers, "full_tables", lambda *_: [f"{NAME}-people"])
    formation = Formation(state)
    with pytest.raises(Stopped, match="tables of that name hold data") as stopped:
        settled(formation, say)
    assert (stopped.value.code, formation.did) == (Exit.REFUSED, [])
    assert "entraide destroy mulhouse --export-to" in stopped.value.then


def test_what_cannot_be_removed_is_let_go_of(say):
    formation = Formation(
        "ROLLBACK_FAILED",
        {
            "delete": ["DELETE_IN_PROGRESS", "DELETE_FAILED"],
            "delete but PeopleTable": ["DELETE_IN_PROGRESS", None],
        },
    )
    assert settled(formation, say) is None
    assert formation.did == ["delete", "delete but PeopleTable"]


def test_an_update_that_could_not_be_taken_back_is_taken_back_now(say):
    moves = {"continue": ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]}
    formation = Formation("UPDATE_ROLLBACK_FAILED", moves)
    assert settled(formation, say).status == "UPDATE_ROLLBACK_COMPLETE"
    assert formation.did == ["continue"]


def test_an_update_that_still_cannot_be_taken_back_says_what_stands_in_the_way(say):
    moves = {"continue": ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"]}
    formation = Formation("UPDATE_ROLLBACK_FAILED", moves)
    acting = formation._act

    def act(what):
        acting(what)
        formation._note("MailSettings", "UPDATE_FAILED", "somebody removed it")

    formation._act = act
    with pytest.raises(Stopped, match="MailSettings: somebody removed it") as stopped:
        settled(formation, say)
    assert "No data was lost" in stopped.value.state
    assert "entraide deploy mulhouse" in stopped.value.then


@pytest.mark.parametrize(
    "state", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
)
def test_a_deployment_under_way_is_waited_for(say, state):
    formation = Formation(state, coming=[state, state, "UPDATE_COMPLETE"])
    assert settled(formation, say).status == "UPDATE_COMPLETE"
    assert formation.did == []


def test_a_removal_that_failed_is_for_destroy(say):
    with pytest.raises(Stopped, match="DELETE_FAILED") as stopped:
        settled(Formation("DELETE_FAILED"), say)
    assert stopped.value.then.startswith("entraide destroy mulhouse")


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_a_plan_mends_nothing(state):
    formation = Formation(state)
    with pytest.raises(Stopped, match=state) as stopped:
        must_be_steady(Sky(formation), NAME, "mulhouse")
    assert (stopped.value.code, formation.did) == (Exit.REFUSED, [])


def test_changes_are_told_apart_and_a_lost_table_needs_a_word_of_its_own(say):
    formation = Formation("UPDATE_COMPLETE")
    found = [
        ("Add", "", "Alarm", "AWS::CloudWatch::Alarm"),
        ("Modify", "False", "Purge", "AWS::Lambda::Function"),
        ("Modify", "Conditional", "Role", "AWS::IAM::Role"),
        ("Modify", "True", "PeopleTable", "AWS::DynamoDB::Table"),
        ("Remove", "", "Queue", "AWS::SQS::Queue"),
    ]
    pages = [
        {"Status": "CREATE_PENDING", "Changes": []},
        {"Status": "CREATE_COMPLETE", "Changes": list(map(_change, found[:3])), "NextToken": "more"},
        {"Status": "CREATE_COMPLETE", "Changes": list(map(_change, found[3:]))},
    ]
    formation.create_change_set = lambda **_: {"Id": "c", "StackId": NAME}
    formation.describe_change_set = lambda **_: pages.pop(0)
    made = change_set(Sky(formation), NAME, Asked({}, {}, {}), label="r", creates=False, say=say)
    assert [one.kind for one in made.changes] == [
        "added",
        "changed",
        "perhaps replaced",
        "replaced",
        "destroyed",
    ]
    assert counted(made.changes) == "1 added, 1 changed, 1 perhaps replaced, 1 replaced, 1 destroyed"
    prepared = _prepared(made.changes)
    with pytest.raises(Stopped, match="PeopleTable") as stopped:
        _agree(say, Sky(formation), [prepared], even_tables=False)
    assert stopped.value.code == Exit.REFUSED
    _agree(say, Sky(formation), [prepared], even_tables=True)


def test_a_change_set_that_cannot_be_made_is_told(say):
    formation = Formation("UPDATE_COMPLETE")
    formation.create_change_set = lambda **_: {"Id": "c", "StackId": NAME}
    formation.describe_change_set = lambda **_: {
        "Status": "FAILED",
        "StatusReason": "No such bucket",
        "Changes": [],
    }
    with pytest.raises(Stopped, match="No such bucket"):
        change_set(Sky(formation), NAME, Asked({}, {}, {}), label="r", creates=False, say=say)


def _change(of):
    action, replacement, name, kind = of
    change = {"Action": action, "LogicalResourceId": name, "ResourceType": kind}
    return {"ResourceChange": change | ({"Replacement": replacement} if replacement else {})}


def _prepared(changes: tuple[Change, ...]) -> Prepared:
    city, release = type("C", (), {"slug": "mulhouse"}), type("R", (), {"id": "new"})
    before = type("S", (), {"outputs": {"Release": "old"}})
    change = ChangeSet("c", "n", "s", creates=False, changes=changes)
    client = Client("0123456789ab", {}, {})
    return Prepared(city, release, "bucket", Asked({}, {}, {}), before, change, client, client.version)
