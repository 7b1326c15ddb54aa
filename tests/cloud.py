"""A cloud for one: the emulator with all its services, and cities deployed there as they are on AWS."""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from botocore.config import Config
from botocore.session import get_session

from chalicelib.cities.model import load_city
from infra import stack
from infra.emulator import Emulator, emulator
from infra.mailbox import Mail, Mailbox
from infra.stack.wheels import NoWheels, here
from tests.city import ROOT, Reply, a_listing

ACCOUNT = "000000000000"
"""Requests to an API are not signed: the emulator takes them for this account's."""

HERE = {
    "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    "architecture": here(),
}
"""The emulator's workers are this Python on this processor: so is the package that they run."""

_numbers = count(1)
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def built(out: Path, **target: str) -> stack.Built:
    """Return a package; skip where pip reaches no index, but never in CI."""
    with index():
        return stack.build(out, **target)


@contextmanager
def index() -> Iterator[None]:
    """Skip what asks for wheels where pip has none, but never in CI."""
    try:
        yield
    except (stack.CannotBuild, NoWheels) as error:
        if os.environ.get("CI") or "pip has no wheel" not in str(error):
            raise
        pytest.skip(str(error))


@dataclass
class CloudCity:
    """A deployed city, called through its REST URL."""

    cloud: "Cloud"
    slug: str
    api: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    def call(
        self, method, path, body=None, *, token=None, key=None, headers=None, query=None, raw=None
    ) -> Reply:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if method == "POST" and key is not False:
            sent["Idempotency-Key"] = key or f"key-{next(_numbers):08d}"
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        url = f"{self.cloud.url}/_aws/execute-api/{self.api}/api{path}{asked}"
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            answer = _direct.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            named = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, named, answer.read().decode())

    def get(self, path, **more) -> Reply:
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more) -> Reply:
        return self.call("POST", path, {} if body is None else body, **more)

    def mails(self, to: str) -> list[Mail]:
        """Return what this city sent to an address, newest first."""
        return [mail for mail in self.cloud.mailbox.mails(to) if f"@{self.slug}." in mail.sender]

    def links(self, to: str, page: str = "tap") -> list[str]:
        """Return the paths of the links to a page in the last mail of an address."""
        return list(
            dict.fromkeys(re.findall(rf"https://[^/\s]+/api(/{page}/[^\s>\"]+)", self.mails(to)[0].text))
        )

    def sign_in(self, email: str) -> str:
        if email not in self.tokens:
            asked = self.post("/v1/sign-in", {"email": email})
            assert asked.status == 202, asked.text
            code = re.search(r"\b(\d{6})\b", self.mails(email)[0].text)[1]
            opened = self.post("/v1/sessions", {"attempt": asked.json["attempt"], "code": code})
            assert opened.status == 201, opened.text
            self.tokens[email] = opened.json["token"]
        return self.tokens[email]

    def publish(self, kind: str, by: str, **fields) -> Any:
        city = load_city(ROOT / "infra" / "cities" / f"{self.slug}.json")
        centre = {"point": {"lat": city.centre.lat, "lon": city.centre.lon}}
        reply = self.post(f"/v1/{kind}s", a_listing(place=centre, **fields), token=self.sign_in(by))
        assert reply.status == 201, reply.text
        return reply.json


@dataclass
class Cloud:
    """The account where cities are deployed."""

    emulator: Emulator
    bucket: str = ""

    @property
    def url(self) -> str:
        return self.emulator.url

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.emulator.mail, "Test", ZoneInfo("Europe/Paris"))

    def client(self, service: str) -> Any:
        return get_session().create_client(
            service,
            "eu-west-3",
            endpoint_url=self.url,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"}),
        )

    def prepare(self) -> None:
        made = self._apply(
            "create", stack.ACCOUNT_STACK, stack.account_template(), {"Dashboard": "no", "WithFront": "no"}
        )
        self.bucket = made["CodeBucket"]

    def upload(self, sha256: str, code: bytes) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=stack.code_key(sha256), Body=code)

    def deploy(self, slug: str, template: Any, sha256: str, *, how: str = "create") -> CloudCity:
        """Create or update a city's stack, as the command does; its key is made before its stack."""
        if how == "create":
            key = {"Name": stack.signing_key_name(slug), "Type": "SecureString", "Value": (slug * 32)[:64]}
            self.client("ssm").put_parameter(**key)
        city = load_city(ROOT / "infra" / "cities" / f"{slug}.json")
        given = stack.parameters(
            city, bucket=self.bucket, sha256=sha256, ops="ops@example.org", monthly_budget=0, front=False
        )
        return CloudCity(self, slug, self._apply(how, stack.stack_name(slug), template, given)["RestAPIId"])

    def _apply(self, how: str, name: str, template: Any, given: Any) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        getattr(cloudformation, f"{how}_stack")(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": each, "ParameterValue": value} for each, value in given.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        late = time.monotonic() + 60
        while (seen := cloudformation.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith(
            "PROGRESS"
        ):
            assert time.monotonic() < late, seen
            time.sleep(0.05)
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        why = [each.get("ResourceStatusReason") for each in events if "FAILED" in each["ResourceStatus"]]
        assert seen["StackStatus"] == f"{how.upper()}_COMPLETE", (seen, why)
        return {each["OutputKey"]: each["OutputValue"] for each in seen.get("Outputs", [])}


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Run an emulator with all its services that keeps nothing."""
    with TemporaryDirectory() as folder, emulator(Path(folder), keep=False, whole=True) as started:
        started.wait()
        running = Cloud(started)
        running.prepare()
        yield running
