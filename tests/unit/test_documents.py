"""The documents say what the code does."""

import inspect
import re
from importlib import import_module

import pytest

from chalicelib.asking.model import MOVES as ASKING
from chalicelib.listings.model import MOVES as LISTING
from chalicelib.matching.model import MOVES as MATCH
from chalicelib.notices.model import MOVES as NOTICE
from tests.city import ROOT

PATTERNS = (ROOT / "docs" / "access-patterns.md").read_text(encoding="utf-8")
STATES = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")


def _methods():
    for path in (ROOT / "chalicelib").glob("*/repository.py"):
        module = import_module(f"chalicelib.{path.parent.name}.repository")
        for name, port in inspect.getmembers(module, inspect.isclass):
            if getattr(port, "_is_protocol", False) and port.__module__ == module.__name__:
                yield from (f"{name}.{each}" for each in vars(port) if not each.startswith("_"))


def test_every_method_of_a_repository_has_one_row_of_the_access_patterns():
    rows = re.findall(r"^\| `(\w+\.\w+)` \|", PATTERNS, re.MULTILINE)
    assert sorted(rows) == sorted(_methods())


@pytest.mark.parametrize(
    ("title", "moves"), [("listing", LISTING), ("match", MATCH), ("asking", ASKING), ("notice", NOTICE)]
)
def test_the_drawn_states_are_those_of_the_model(title, moves):
    (drawing,) = re.findall(rf"^## An? {title} .*?```mermaid\n(.*?)```", STATES, re.MULTILINE | re.DOTALL)
    drawn = set(re.findall(r"(\w+) --> (\w+)", drawing))
    assert drawn == {(state, next_) for state, following in moves.items() for next_ in following}


def test_every_link_between_documents_leads_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
