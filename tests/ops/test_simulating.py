"""`entraide simulate`: what becomes of a city in some days, the same for a seed wherever it is asked."""

import json
import os
import subprocess
import sys

import pytest

from infra.ops.line import main
from tests.city import ROOT

SMALL = ("--days", "4", "--residents", "40", "--needs", "20")


def test_the_same_seed_gives_the_same_bytes_in_every_process(tmp_path):
    """Also where sets are walked in another order, as another process walks them."""
    runs = []
    for salt in ("1", "2"):
        command = [sys.executable, "-m", "infra.ops", "simulate", "mulhouse", *SMALL, "--seed", "3"]
        wanted = ["--engine", "ours", "--engine", "least_asked", "--out", str(tmp_path / salt)]
        env = {**os.environ, "PYTHONHASHSEED": salt}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        runs.append(subprocess.Popen([*command, *wanted], env=env, cwd=ROOT, **pipes))
    said = [each.communicate(timeout=120) for each in runs]
    assert [each.returncode for each in runs] == [0, 0], said
    assert b"needs met" in said[0][0]
    assert said[0][0].replace(b"/1.", b"/2.") == said[1][0]
    drawings = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(drawings) == 5
    for name in drawings:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_another_seed_is_another_city(capsys):
    told = []
    for seed in ("7", "8"):
        assert main(["simulate", "mulhouse", *SMALL, "--engine", "nearest", "--seed", seed, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out)["result"])
    assert [each.pop("seed") for each in told] == [7, 8]
    assert told[0] != told[1]
    assert told[0]["engines"]["nearest"]["needs"] == 20


def test_an_unknown_city_is_told_with_those_there_are(capsys):
    assert main(["simulate", "atlantis"]) == 2
    assert "There is no city atlantis. Known: bourg-la-reine" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--days", "0"], ["--needs", "-3"], ["--engine", "magic"]])
def test_what_cannot_be_simulated_is_refused(wrong, capsys):
    assert main(["simulate", "mulhouse", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err
