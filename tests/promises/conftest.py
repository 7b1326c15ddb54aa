import pytest

from tests.engines import ministack_here


@pytest.fixture(scope="module")
def engine():
    with ministack_here() as running:
        yield running
