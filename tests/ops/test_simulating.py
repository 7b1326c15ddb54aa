"""`entraide simulate`: what `python -m infra.simulate` does, said as every command says it."""

import json

from infra.ops.line import main

SMALL = ("--days", "5", "--residents", "30", "--needs", "10", "--engine", "ours")


def test_a_city_lives_for_some_days_and_the_same_seed_gives_the_same(capsys, tmp_path):
    told = []
    for _ in range(2):
        assert main(["simulate", "mulhouse", *SMALL, "--out", str(tmp_path), "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out)["result"])
    assert told[0] == told[1]
    assert told[0]["engines"]["ours"]["needs"] == 10
    assert list(tmp_path.glob("*.svg"))
    assert main(["simulate", "mulhouse", *SMALL, "--seed", "8"]) == 0
    assert "seed 8" in capsys.readouterr().out


def test_an_unknown_city_is_told_with_those_there_are(capsys):
    assert main(["simulate", "atlantis"]) == 2
    assert "There is no city atlantis. Known: bourg-la-reine" in capsys.readouterr().err
