import hypothesis
import pytest

from chalicelib import wiring
from tests.city import open_city

# The same examples for everybody, however busy the machine; the promises look further in `make soak`.
hypothesis.settings.register_profile("quick", deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("quick")


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
