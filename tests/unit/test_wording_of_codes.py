"""Every code the product can say has its sentence, in every language."""

import ast
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from chalicelib.asking.bodies import Why
from chalicelib.cities.model import CATEGORIES, LANGUAGES
from chalicelib.listings import model as listings
from chalicelib.listings.card import URGENCIES, Kind
from chalicelib.matching import model as matching
from chalicelib.notices.model import TEMPLATES, Topic
from chalicelib.taps import Action
from chalicelib.wording.catalogue import find

ROOT = Path(__file__).resolve().parents[2]
NOT_SAID = {"cities"}
"""What is wrong with a city's file is told to who runs the city, as pointer, code and values."""

FROM_PYDANTIC = """
    bool_parsing bool_type dataclass_type date_from_datetime_inexact date_from_datetime_parsing date_future
    date_parsing date_past date_type datetime_from_date_parsing datetime_parsing datetime_type dict_type enum
    extra_forbidden finite_number float_parsing float_type greater_than greater_than_equal int_from_float
    int_parsing int_parsing_size int_type less_than less_than_equal list_type literal_error missing
    model_attributes_type model_type multiple_of none_required set_type string_pattern_mismatch
    string_too_long string_too_short string_type string_unicode time_parsing time_type timezone_aware too_long
    too_short tuple_type union_tag_invalid union_tag_not_found value_error
""".split()

PASSED_ON = {
    ("api/bodies.py", "entry['type']"): "",
    ("asking/waves.py", "OVER"): "asking_changed",
    ("asking/waves.py", "shut"): "helper_unreachable helper_asleep",
    ("matching/dynamodb.py", "code"): "key_reused match_changed",
    ("matching/model.py", "over"): "match_over match_lapsed",
    ("matching/proposals.py", "fitting"): (
        "own_listing listing_full other_category too_far no_common_time helper_paused helper_not_willing "
        "helper_asked_enough"
    ),
    ("people/dynamodb.py", "conflict"): "person_changed sign_in_used",
    ("people/model.py", "gate"): "helper_paused helper_not_willing helper_asked_enough",
}
"""Codes that reach an error through a name: where, and which."""


def said_codes(source: str, kinds: set[str]) -> set[str]:
    """Return the messages that a module's errors need; an expression we cannot read is returned as it is."""
    needed: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        name = call.func.id
        if name in kinds and call.args:
            family, code = "problem", call.args[0]
        elif name in ("Fault", "PydanticCustomError") and call.args:
            family, code = "fault", call.args[1 if name == "Fault" else 0]
        else:
            continue
        branches = (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,)
        needed |= {
            f"{family}.{each.value}" if isinstance(each, ast.Constant) else ast.unparse(each)
            for each in branches
        }
    return needed


def error_kinds() -> set[str]:
    """Return the names of all domain errors, wherever they are declared."""
    kinds = {"DomainError"}
    trees = [ast.parse(path.read_text()) for path in (ROOT / "chalicelib").rglob("*.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(3):
        kinds |= {each.name for each in classes if any(ast.unparse(base) in kinds for base in each.bases)}
    return kinds - {"Invalid"}


@cache
def needed_messages() -> set[str]:
    kinds, needed = error_kinds(), set()
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        relative = path.relative_to(ROOT / "chalicelib")
        if relative.parts[0] in NOT_SAID:
            continue
        for code in said_codes(path.read_text(), kinds):
            if code.startswith(("problem.", "fault.")):
                needed.add(code)
                continue
            assert (str(relative), code) in PASSED_ON, f"which codes can {code} in {relative} be?"
            needed |= {f"problem.{each}" for each in PASSED_ON[str(relative), code].split()}
    return needed


def lacking(codes) -> list[str]:
    return [
        f"{language}: {code}" for code in sorted(codes) for language in LANGUAGES if not find(language, code)
    ]


def test_every_error_that_is_raised_has_its_words():
    needed = needed_messages()
    assert {"problem.not_yours", "fault.window_never_occurs", "problem.version_stale"} <= needed
    assert lacking(needed) == []


def test_a_code_without_words_is_found():
    source = (
        'def f(x):\n    raise Conflict("new_code" if x else "not_found") from g(Fault("/x", "new_fault"))'
    )
    assert said_codes(source, {"Conflict"}) == {"problem.new_code", "problem.not_found", "fault.new_fault"}
    assert lacking({"problem.new_code"}) == [f"{language}: problem.new_code" for language in LANGUAGES]


def test_every_problem_says_what_to_do_about_it():
    assert lacking({f"{code}.detail" for code in needed_messages() if code.startswith("problem.")}) == []


def test_the_problem_of_an_unknown_failure_has_its_words():
    assert lacking({"problem.internal", "problem.internal.detail"}) == []


def test_every_fault_of_a_body_has_its_words():
    assert lacking({f"fault.{code}" for code in FROM_PYDANTIC}) == []


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("category", CATEGORIES),
        ("urgency", URGENCIES),
        ("kind", get_args(Kind)),
        ("decline", get_args(matching.DeclineReason)),
        ("cancel", get_args(matching.CancelReason)),
        ("outcome", get_args(matching.Outcome)),
        ("ending", get_args(listings.Outcome)),
        ("topic", get_args(Topic)),
        ("mail.why", get_args(Topic)),
        ("passed", get_args(Why)),
    ],
)
def test_every_choice_of_the_product_has_its_words(family, codes):
    assert codes
    assert lacking({f"{family}.{code}" for code in codes}) == []


def test_every_reason_of_a_match_has_its_words():
    reasons = """
        category_same category_near text text_none distance time_overlap time_any language language_none
        capacity asked asked_never trust_0 trust_1 trust_2 trust_3
    """
    assert lacking({f"reason.{reason}" for reason in reasons.split()}) == []


def test_every_mail_has_all_its_parts():
    parts = ("subject", "preview", "title", "lead", "action")
    assert lacking({f"mail.{template}.{part}" for template in TEMPLATES for part in parts}) == []


def test_every_yes_that_waits_has_the_page_that_says_so():
    assert (
        lacking({f"page.{state}.{part}" for state in ("queued", "agreed") for part in ("done", "after")})
        == []
    )


def test_every_page_behind_a_link_has_all_its_parts():
    parts = ("title", "text", "action", "done", "after")
    actions = ("sign_in", *get_args(Action))
    assert lacking({f"page.{action}.{part}" for action in actions for part in parts}) == []
