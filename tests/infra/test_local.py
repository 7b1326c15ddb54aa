import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request

import pytest

from infra.emulator import ROOT
from infra.local import CannotOpen, open_city
from tests.engines import until

APP = """
from botocore.session import get_session
from chalice import Chalice, Rate
import os

app = Chalice("sample")
dynamodb = get_session().create_client("dynamodb")
LIMITS = f"entraide-{os.environ['ENTRAIDE_CITY']}-limits"

def count(name):
    values = {":one": {"N": "1"}}
    dynamodb.update_item(TableName=LIMITS, Key={"pk": {"S": name}}, UpdateExpression="ADD times :one",
                         ExpressionAttributeValues=values)

@app.route("/times/{name}")
def times(name):
    item = dynamodb.get_item(TableName=LIMITS, Key={"pk": {"S": name}}, ConsistentRead=True).get("Item")
    return {"times": int(item["times"]["N"]) if item else 0, "url": os.environ["ENTRAIDE_BASE_URL"]}

@app.schedule(Rate(1, unit=Rate.MINUTES))
def tick(event):
    count("tick")
"""

RUN = """
import sys, types
from pathlib import Path
seed = types.ModuleType("infra.seed")
seed.seed = lambda city: __import__("app").count("seed")
sys.modules["infra.seed"] = seed
import infra.local
infra.local.KEPT = Path(".local")
sys.exit(infra.local.main())
"""


class City:
    """A city opened by the command, with an application of the test's own."""

    def __init__(self, directory, slug):
        (directory / "app.py").write_text(APP)
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, "--city", slug, "--port", "0"],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": f"{directory}{os.pathsep}{ROOT}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = []

    def wait(self):
        for line in self.process.stdout:
            self.said.append(line)
            if line.strip().startswith("Mailbox"):
                break
        else:
            pytest.fail("".join(self.said))
        self.opened_in_s = time.monotonic() - self.began
        self.url = line.split()[1].removesuffix("/mailbox")
        return self

    def times(self, name):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/times/{name}", timeout=20) as answer:
            return json.load(answer)

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        self.said.append(self.process.stdout.read())
        self.process.stdout.close()
        return self.process.wait(20)


def test_a_city_opens_stops_and_opens_again_where_it_was(tmp_path):
    city = City(tmp_path, "mulhouse").wait()
    assert city.times("seed") == {"times": 1, "url": city.url}
    assert city.stop() == 0
    assert "The data is kept in .local/mulhouse." in city.said[-1]
    key = tmp_path / ".local/mulhouse/signing.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    made = key.read_text()

    again = City(tmp_path, "mulhouse").wait()
    assert again.times("seed")["times"] == 1
    until(lambda: again.times("tick")["times"] >= 1)
    assert again.stop(signal.SIGTERM) == 0
    assert key.read_text() == made
    assert again.opened_in_s < 15, "5 s is for a machine that does nothing else"


def test_a_city_opens_once_and_another_beside_it(tmp_path, monkeypatch):
    city, other = [started.wait() for started in (City(tmp_path, "mulhouse"), City(tmp_path, "paris"))]
    assert city.times("seed")["times"] == other.times("seed")["times"] == 1
    monkeypatch.setattr("infra.local.KEPT", tmp_path / ".local")
    with pytest.raises(CannotOpen, match="mulhouse is already open"):
        open_city("mulhouse", 0)
    assert city.stop() == other.stop() == 0


def test_a_port_in_use_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("infra.local.KEPT", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotOpen, match="Port"):
        open_city("mulhouse", taken.getsockname()[1])


def test_a_city_without_a_file_is_said_with_those_that_have_one():
    with pytest.raises(CannotOpen, match=r"no city 'lyon'. Known: .*mulhouse.*paris"):
        open_city("lyon", 0)
