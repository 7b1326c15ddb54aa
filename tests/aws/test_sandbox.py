"""The story of the whole stack on AWS itself, for those who have an account that may be filled and emptied.

    ENTRAIDE_SANDBOX=<account> pytest -m aws

It opens a city there, uses it, deploys it again and leaves nothing of it; that costs some cents at most.
Nobody reads a mailbox: the code in the mail follows from the city's key, which an operator may read.
"""

import json
import os
import urllib.error
import urllib.request
from itertools import count

import pytest

from chalicelib.cities.model import load_city
from chalicelib.identity import Secrets
from infra.ops import leftovers
from infra.ops.cloud import REMEMBERED, cloud
from infra.ops.ground import signing_key
from infra.ops.line import main
from infra.ops.smoke import address
from infra.ops.standing import standing
from tests.city import ROOT, a_listing

CITY = "villecresnes"
SANDBOX = os.environ.get("ENTRAIDE_SANDBOX", "")
pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not SANDBOX, reason="ENTRAIDE_SANDBOX names no account"),
]
_numbers = count(1)


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REMEMBERED, str(tmp_path_factory.mktemp("remembered")))
        here = cloud()
        assert here.account == SANDBOX, f"these credentials lead to {here.account}, not to the sandbox"
        assert standing(here, f"entraide-{CITY}") is None, "somebody has the city there: nothing is touched"
        assert leftovers.found(here, CITY) == []
        yield here
        main(["destroy", CITY, "--yes", "--export-to", str(tmp_path_factory.mktemp("last") / "folder")])


def test_a_city_is_opened_used_upgraded_and_closed_on_aws(where, tmp_path, capsys):
    assert main(["deploy", CITY, "--ops", "ops@example.org", "--monthly-budget", "0", "--yes"]) == 0
    city = Visited(address(where, standing(where, f"entraide-{CITY}")), Secrets(_key(where)))
    need = city.publish("need", "monique@example.org")
    offer = city.publish("offer", "yusuf@example.org", title="Je fais vos courses", reach_m=3000)
    found = city.ask("GET", f"/v1/listings?near={city.near}&radius_m=3000&kind=offer")
    assert [each["id"] for each in found["listings"]] == [offer["id"]]
    pair = {"need": need["id"], "offer": offer["id"]}
    match = city.ask("POST", "/v1/matches", pair, by="monique@example.org")
    city.ask("POST", f"/v1/matches/{match['id']}/accept", {}, by="yusuf@example.org")
    capsys.readouterr()
    assert main(["deploy", CITY, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["result"]["done"][0]["changed"] == 0
    seen = city.ask("GET", f"/v1/matches/{match['id']}", by="monique@example.org")
    assert seen["state"] == "accepted"
    assert main(["destroy", CITY, "--yes"]) == 3
    assert main(["destroy", CITY, "--yes", "--export-to", str(tmp_path / "folder")]) == 0
    assert standing(where, f"entraide-{CITY}") is None
    assert leftovers.found(where, CITY) == []


def _key(where) -> bytes:
    return signing_key(where, CITY).encode()


class Visited:
    """The city at its own address, and who came to it."""

    def __init__(self, url, secrets):
        self.url, self.secrets, self.tokens = url, secrets, {}
        centre = load_city(ROOT / "infra" / "cities" / f"{CITY}.json").centre
        self.place = {"point": {"lat": centre.lat, "lon": centre.lon}}
        self.near = f"{centre.lat},{centre.lon}"

    def publish(self, kind, by, **fields):
        return self.ask("POST", f"/v1/{kind}s", a_listing(place=self.place, **fields), by=by)

    def ask(self, method, path, body=None, *, by=None):
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"sandbox-{next(_numbers):06d}"}
        if by is not None:
            headers["Authorization"] = f"Bearer {self._token(by)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=35) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def _token(self, email):
        if email not in self.tokens:
            attempt = self.ask("POST", "/v1/sign-in", {"email": email})["attempt"]
            code = {"attempt": attempt, "code": self.secrets.code("code", attempt)}
            self.tokens[email] = self.ask("POST", "/v1/sessions", code)["token"]
        return self.tokens[email]
