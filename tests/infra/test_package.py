"""What is deployed: made once as from a fresh clone, then looked into."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from zipfile import ZipFile

import pytest

from infra.requirements import WRITTEN, requirements
from infra.tables import table_definitions
from tests.city import ROOT

CLONED = ("app.py", "requirements.txt", "chalicelib", "infra", "vendor")
MOST_BYTES = 50 * 1024**2
"""Of a package handed to Lambda directly."""

IMPORTS = """
import sys
sys.path.insert(0, sys.argv[1])
import app, dateutil, dns, email_validator, idna, itsdangerous, jinja2, jmespath, pynamodb, six
import snowballstemmer, urllib3
import chalicelib.storage.tables, chalicelib.notices.ses
from chalicelib.cities.model import LANGUAGES, load_city
from chalicelib.observability import logger
from chalicelib.settings import CITIES
from chalicelib.wording.model import say_problem
logger()
cities = [load_city(file) for file in CITIES.glob("*.json")]
print(len(cities), *sorted({say_problem(language, "not_found", {})[0] for language in LANGUAGES}), sep="|")
if sys.argv[2] == "compiled":
    from chalicelib.api.openapi import document
    from chalicelib.pages.model import docs_page
    assert "/v1/listings" in docs_page(document(cities[0], "test"))
strangers = [m.__file__ for m in sys.modules.values() if "-packages" in (getattr(m, "__file__", None) or "")]
assert not strangers, strangers
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return the directory that `chalice package` makes with no environment but a region."""
    clone, env = tmp_path_factory.mktemp("clone"), _environment()
    _needs_an_index(clone, env)
    for name in CLONED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, clone / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "built")
            )
        else:
            shutil.copy(source, clone)
    (clone / ".chalice").mkdir()
    for source in (ROOT / ".chalice").glob("*.json"):
        shutil.copy(source, clone / ".chalice")
    asked = ["package", "--merge-template", "infra/resources.json", "build/package"]
    done = _run("from chalice.cli import main; main()", *asked, cwd=clone, env=env)
    assert done.returncode == 0, done.stderr
    assert "Could not install dependencies" not in done.stdout + done.stderr
    return clone / "build" / "package"


@pytest.fixture(scope="module")
def template(package):
    return json.loads((package / "sam.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def functions(template):
    resources = template["Resources"]
    return {name: each for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"}


def test_the_requirements_are_those_of_the_project_and_its_pins():
    assert requirements() == WRITTEN.read_text(encoding="utf-8"), "make package writes it anew"
    assert len(re.findall(r"^[a-z0-9-]+==[^\s]+$", requirements(), re.MULTILINE)) >= 15


def test_the_package_runs_with_nothing_but_itself(package, tmp_path):
    with ZipFile(package / "deployment.zip") as zipped:
        zipped.extractall(tmp_path)
    ours = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    done = _run(IMPORTS, str(tmp_path), "compiled" if ours else "pure", flags=("-I", "-S"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    count, *said = done.stdout.strip().split("|")
    assert int(count) == len(list((ROOT / "infra" / "cities").glob("*.json")))
    assert len(said) == 4


def test_the_package_fits_and_holds_no_tests_or_tools(package):
    assert (package / "deployment.zip").stat().st_size < MOST_BYTES
    names = ZipFile(package / "deployment.zip").namelist()
    roots = {name.split("/")[0] for name in names}
    assert not roots & {"tests", "bench", "docs", "ministack", "moto", "pytest", "boto3", "ruff"}
    assert [
        name for name in names if name.startswith("infra/") and not name.startswith("infra/cities/")
    ] == []


def test_every_function_has_a_role_of_its_own(template, functions):
    roles = [each["Properties"]["Role"]["Fn::GetAtt"][0] for each in functions.values()]
    assert len(set(roles)) == len(roles) == len(functions)
    for role in roles:
        (policy,) = template["Resources"][role]["Properties"]["Policies"]
        assert "entraide-${City}" in json.dumps(policy)


def test_every_function_is_told_its_city_and_logs_for_a_while(template, functions):
    told = template["Globals"]["Function"]
    assert told["Environment"]["Variables"]["ENTRAIDE_CITY"] == {"Ref": "City"}
    assert (
        template["Resources"][told["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]["RetentionInDays"] <= 90
    )
    for each in functions.values():
        assert "Environment" not in each["Properties"]
    assert functions["APIHandler"]["Properties"]["Timeout"] <= 29


def test_the_tables_are_those_of_the_local_city(template):
    tables = [each for each in template["Resources"].values() if each["Type"] == "AWS::DynamoDB::Table"]
    assert {each["Properties"]["TableName"]["Fn::Sub"] for each in tables} == set(table_definitions())


def test_a_city_hears_what_became_of_its_own_mails_only(template, functions):
    (event,) = functions["MailEvents"]["Properties"]["Events"].values()
    pattern = event["Properties"]["Pattern"]
    assert pattern["source"] == ["aws.ses"]
    assert pattern["detail"]["mail"]["tags"]["ses:configuration-set"] == [{"Fn::Sub": "entraide-${City}"}]
    said = template["Resources"]["MailSettingsEvents"]["Properties"]["EventDestination"]
    assert {kind.capitalize() for kind in said["MatchingEventTypes"]} == set(pattern["detail"]["eventType"])


def test_what_the_gateway_itself_refuses_is_a_problem_a_browser_may_read(template):
    responses = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(responses)
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'*'"
        assert headers["Content-Type"] == "'application/problem+json'"
        text = response["ResponseTemplates"]["application/json"]
        body = json.loads(text.replace("$context.error.messageString", '"said"'))
        assert body["type"] == f"urn:entraide:problem:{body['code']}"


def test_the_template_has_no_faults(package):
    asked = ["-r", "eu-west-3", "-t", str(package / "sam.json")]
    done = _run("from cfnlint.runner import main; main()", *asked, cwd=package)
    assert done.returncode == 0, done.stdout


def _environment():
    """Return what pip itself needs here, and a region: no other variable of the person who packages."""
    kept = {n: value for n, value in os.environ.items() if n in ("PATH", "HOME") or n.startswith("PIP_")}
    return {**kept, "AWS_DEFAULT_REGION": "eu-west-3", "PYTHONDONTWRITEBYTECODE": "1"}


def _needs_an_index(folder, env):
    pin = next(line for line in WRITTEN.read_text(encoding="utf-8").splitlines() if line.startswith("six=="))
    asked = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--retries",
        "0",
        "-d",
        str(folder / "probe"),
        pin,
    ]
    done = subprocess.run([sys.executable, *asked], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not os.environ.get("CI"):
        pytest.skip(f"pip reaches no package index: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr


def _run(code, *argv, cwd, env=None, flags=()):
    asked = [sys.executable, *flags, "-c", code, *argv]
    return subprocess.run(asked, cwd=cwd, env=env, capture_output=True, text=True, check=False)
