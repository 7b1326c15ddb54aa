"""Whatever AWS or the way to it refuses is a sentence with the next command."""

import json
import sys

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)

from infra.ops import __main__, status
from infra.ops.line import main
from infra.ops.stops import Exit
from infra.ops.trouble import in_words
from tests.ops.conftest import enter


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (NoCredentialsError(), "no credentials", Exit.UNREACHABLE),
        (ProfileNotFound(profile="mairie"), "mairie", Exit.UNREACHABLE),
        (EndpointConnectionError(endpoint_url="https://x"), "cannot be reached", Exit.UNREACHABLE),
        (ConnectTimeoutError(endpoint_url="https://x"), "cannot be reached", Exit.UNREACHABLE),
        (refused("ExpiredToken"), "or no longer", Exit.UNREACHABLE),
        (refused("AccessDenied"), "may not do DescribeStacks", Exit.UNREACHABLE),
        (refused("ThrottlingException"), "asks to slow down", Exit.FAILED),
        (refused("Whatever"), "refused DescribeStacks: said so", Exit.FAILED),
    ],
)
def test_what_aws_refuses_is_told_in_words(error, said, code):
    told = in_words(error, "Nothing was changed.")
    assert said in told.what
    assert told.code == code
    assert told.state.startswith("Nothing was changed.")
    assert told.then


@pytest.mark.parametrize(
    "command", [["status"], ["deploy", "mulhouse"], ["destroy", "mulhouse"], ["export", "mulhouse", "x"]]
)
def test_without_credentials_or_a_network_no_command_says_more_than_that(
    command, monkeypatch, tmp_path, capsys
):
    enter(monkeypatch, "http://127.0.0.1:9", "1" * 12, tmp_path)
    monkeypatch.setattr("infra.ops.cloud._CONFIG", None)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert main([*command, "--yes"]) == Exit.UNREACHABLE
    assert "cannot be reached from here" in capsys.readouterr().err
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert main([*command, "--yes", "--json"]) == Exit.UNREACHABLE
    told = json.loads(capsys.readouterr().err)
    assert "no credentials" in told["stopped"]
    assert told["next"] == "entraide doctor"


def test_a_fault_of_ours_is_a_sentence_and_is_kept(monkeypatch, capsys):
    monkeypatch.setattr(status, "cloud", lambda: 1 // 0)
    assert main(["status"]) == Exit.FAILED
    said = capsys.readouterr().err
    assert "entraide itself has a fault: ZeroDivisionError" in said
    assert "Traceback" not in said


def test_an_interrupt_before_there_is_a_command_line_is_a_sentence(monkeypatch, capsys):
    class Interrupting:
        def find_spec(self, name, *_more):
            if name == "infra.ops.line":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "infra.ops.line")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert __main__.main() == Exit.INTERRUPTED
    assert "Interrupted.\nNothing was changed.\nNext: the same command again" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["nothing"], ["deploy"], ["deploy", "mulhouse", "--all"], ["cost", "--residents", "-1"]]
)
def test_a_wrong_command_is_a_wrong_command(words, capsys):
    assert main(words) == Exit.USAGE
    assert "Usage" in capsys.readouterr().err
