import pytest

from chalicelib import wiring
from tests.city import open_city


def pytest_addoption(parser):
    parser.addoption("--soak", action="store_true", help="run the promises at their full figure")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--soak"):
        skip = pytest.mark.skip(reason="the full figure: make soak")
        for item in items:
            if "soak" in item.keywords:
                item.add_marker(skip)


@pytest.fixture
def city():
    yield open_city()
    wiring.install(None)
