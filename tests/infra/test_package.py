"""What is deployed: the zip, made as `make package` makes it, then looked into."""

import ast
import json
import re
import sys
from zipfile import ZipFile

import pytest
from botocore.session import get_session

from infra.requirements import WRITTEN, requirements
from infra.stack.package import MOST_BYTES
from infra.stack.trimming import OPERATIONS, botocore_data
from tests.city import ROOT
from tests.cloud import built


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return built(tmp_path_factory.mktemp("package"))


def test_the_requirements_are_those_of_the_project_and_its_pins():
    assert requirements() == WRITTEN.read_text(encoding="utf-8"), "make package writes it anew"
    assert len(re.findall(r"^[a-z0-9-]+==[^\s]+$", requirements(), re.MULTILINE)) >= 15


def test_the_package_is_small_and_holds_no_tests_or_tools(package):
    assert package.bytes <= MOST_BYTES <= 5_000_000
    names = ZipFile(package.zip).namelist()
    roots = {name.split("/")[0] for name in names}
    assert not roots & {"tests", "bench", "docs", "ministack", "moto", "pytest", "boto3", "ruff", "web"}
    strangers = [n for n in names if n.startswith("infra/") and not n.startswith("infra/cities/")]
    assert strangers == []
    assert not [name for name in names if re.search(r"dist-info|/tests?/|\.po$|\.pyi$", name)]
    assert names == sorted(names)


def test_the_package_is_for_the_target(package):
    libraries = [name for name in ZipFile(package.zip).namelist() if name.endswith(".so")]
    assert libraries
    assert all("cpython-313-aarch64" in name for name in libraries), libraries


def test_every_operation_that_the_code_calls_is_kept_and_no_other():
    called = {service: set() for service in OPERATIONS}
    known = {service: _operations(service) for service in OPERATIONS}
    for path in (ROOT / "chalicelib").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and node.value in known["dynamodb"].values():
                called["dynamodb"].add(node.value)
            if isinstance(node, ast.Attribute):
                for service in OPERATIONS.keys() - {"dynamodb"}:
                    if node.attr in known[service] and f'"{service}"' in text:
                        called[service].add(known[service][node.attr])
    assert called == {service: set(operations) for service, operations in OPERATIONS.items()}


def test_every_module_that_the_code_imports_is_kept(package):
    names = {re.sub(r"\.pyc?$", "", name) for name in ZipFile(package.zip).namelist()}
    for path in [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            wanted = [node.module] if isinstance(node, ast.ImportFrom) else []
            wanted += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in wanted:
                place = module.replace(".", "/")
                if module.partition(".")[0] not in sys.stdlib_module_names:
                    assert {place, f"{place}/__init__"} & names, f"{path.name} imports {module}"


def test_a_service_that_botocore_does_not_know_stops_the_build():
    data = {"botocore/data/_retry.json": b"{}"}
    with pytest.raises(KeyError):
        dict(botocore_data(data))


def test_a_trimmed_service_keeps_all_that_its_operations_reach(package):
    kept = json.loads(ZipFile(package.zip).read("botocore/data/dynamodb/2012-08-10/service-2.json"))
    assert set(kept["operations"]) == OPERATIONS["dynamodb"]
    named = set(re.findall(r'"shape":\s*"(\w+)"', json.dumps(kept)))
    assert named == set(kept["shapes"])


def _operations(service):
    data = get_session().get_component("data_loader").load_service_model(service, "service-2")
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name for name in data["operations"]}
