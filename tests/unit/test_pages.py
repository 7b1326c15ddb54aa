"""Pages: readable by anybody on anything, with no script, and nothing in them but words."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256

import pytest

from chalicelib.cities.model import LANGUAGES
from chalicelib.pages.model import (
    STYLESHEETS,
    TEMPLATES,
    Choice,
    Lines,
    Way,
    confirm_page,
    docs_page,
    done_page,
    policy,
    problem_page,
)
from tests.hostile import FEW, Outline, naughty_strings

STYLE = (TEMPLATES / STYLESHEETS[0]).read_text()

NEED = {
    "type": "object",
    "description": "What somebody needs.\n\nThe `place` stays private.",
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "minLength": 3, "maxLength": 100, "examples": ["Courses"]},
        "place": {"$ref": "#/components/schemas/Place"},
        "languages": {"type": "array", "items": {"type": "string"}, "maxItems": 8},
        "needed_by": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "again": {"$ref": "#/components/schemas/Need"},
    },
}
TEXT = {"type": "string"}
KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": TEXT, "example": "it's-mine"}
PUBLISH = {
    "operationId": "publish_need",
    "tags": ["listings"],
    "summary": "Publish a need",
    "security": [{"session": []}],
    "parameters": [KEY],
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Need"}}}},
    "responses": {
        "422": {"description": "Fields are wrong", "content": {"application/problem+json": {}}},
        "201": {"description": "Published", "headers": {"Location": {"schema": TEXT}}},
    },
}
READ = {
    "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT, "example": "abc"}],
    "responses": {"200": {"description": "It"}},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Entraide Mulhouse", "version": "1.2.3", "description": "Places are cells."},
    "tags": [{"name": "listings"}, {"name": "unused"}],
    "paths": {"/v1/needs": {"post": PUBLISH}, "/v1/needs/{id}": {"get": READ}},
    "components": {"schemas": {"Need": NEED, "Place": TEXT}},
}


def page(text="Jeanne", language="fr", **parts):
    return confirm_page(
        language,
        city_name=text,
        title=text,
        text=text,
        action_label=text,
        facts=[(text, text)],
        fields=[
            Choice("reason", text, ((text, text), ("b", text)), chosen="b", hint=text, error=text),
            Lines("message", text, 500, written=text, hint=text),
        ],
        **parts,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_and_loads_nothing(language):
    pages = [
        page(language=language),
        done_page(language, city_name="Mulhouse", title="Merci", text="C'est fait"),
        problem_page(language, "link_used", city_name="Mulhouse"),
    ]
    for html in pages:
        tags = Outline(html).tags
        assert tags[0] == ("html", (("lang", language),))
        assert [tag for tag, _ in tags if tag in ("h1", "main")] == ["main", "h1"]
        assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe"}
        assert "url(" not in html
        assert " style=" not in html


def test_a_confirmation_posts_to_its_own_address_and_only_then():
    tags = Outline(page()).tags
    forms = [dict(attrs) for tag, attrs in tags if tag == "form"]
    assert forms == [{"method": "post", "action": "", "accept-charset": "utf-8"}]
    assert [dict(attrs) for tag, attrs in tags if tag == "button"] == [{"type": "submit"}]
    assert "href" not in page()
    assert 'href="../no"' in page(ways=[Way("Non", "../no")])


def test_every_field_has_its_label_and_is_told_what_is_wrong():
    tags = Outline(page()).tags
    fields = {dict(attrs).get("id") for tag, attrs in tags if tag == "textarea"}
    assert fields == {dict(attrs)["for"] for tag, attrs in tags if tag == "label" and "for" in dict(attrs)}
    described = [dict(attrs)["aria-describedby"] for tag, attrs in tags if "aria-describedby" in dict(attrs)]
    assert described == ["reason-hint reason-error", "message-hint"]
    ids = [dict(attrs)["id"] for tag, attrs in tags if "id" in dict(attrs)]
    assert set(" ".join(described).split()) <= set(ids)
    assert len(ids) == len(set(ids))
    radios = [dict(attrs) for tag, attrs in tags if tag == "input"]
    assert [(radio["value"], "checked" in radio) for radio in radios] == [("Jeanne", False), ("b", True)]


def test_the_policy_allows_the_pages_own_styles_and_nothing_else():
    styles = [*re.findall("<style>(.*?)</style>", docs_page(DOCUMENT), re.DOTALL)]
    hashes = [f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" for style in styles]
    assert len(styles) == len(STYLESHEETS)
    assert f"style-src {' '.join(hashes)};" in policy()
    assert policy().startswith("default-src 'none'; ")
    assert "unsafe" not in policy()
    assert re.findall("<style>(.*?)</style>", page(), re.DOTALL) == styles[:1]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_apart(theme):
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", STYLE.split(":root {")[theme + 1]))
    pairs = [("ink", "ground"), ("ink", "card"), ("ink", "tint"), ("quiet", "ground"), ("quiet", "card"),
             ("quiet", "tint"), ("brand", "card"), ("on-brand", "brand"), ("wrong", "card")]  # fmt: skip
    assert [pair for pair in pairs if contrast(*(colours[name] for name in pair)) < 4.5] == []
    assert contrast(colours["edge"], colours["card"]) >= 3
    assert contrast("#777777", "#ffffff") < 4.5


def test_what_is_pressed_is_large_enough():
    sizes = re.findall(r"(button, \.go|\.choice|\.other a) \{[^}]*?min-height: ([0-9.]+)rem", STYLE)
    assert {name for name, _ in sizes} == {"button, .go", ".choice", ".other a"}
    assert all(float(size) * 16 >= 44 for _, size in sizes)


@pytest.mark.parametrize("text", FEW)
def test_a_hostile_value_is_only_words_on_a_page(text):
    assert harmless(page(text), text)


def test_naughty_strings_are_only_words_on_a_page():
    assert [text for text in naughty_strings() if text and not harmless(page(text), text)] == []


def test_a_page_that_does_not_escape_would_be_caught():
    text = "<b>bold</b>"
    assert not harmless(page(text).replace("&lt;b&gt;", "<b>"), text)


def test_a_problem_is_said_with_what_to_do():
    html = problem_page("en", "rate_limited", {"retry_after": 60}, city_name="Namur")
    assert "That is a lot in a short time." in html
    assert "Please try again in 1\xa0minute." in html


def test_the_api_page_tells_every_operation_and_form():
    html = docs_page(DOCUMENT)
    seen = Outline(html)
    targets = {dict(attrs)["id"] for tag, attrs in seen.tags if "id" in dict(attrs)}
    links = {dict(attrs)["href"] for tag, attrs in seen.tags if tag == "a"}
    assert {"publish_need", "get-v1-needs-id", "form-Need", "form-Place"} <= targets
    assert {link[1:] for link in links if link.startswith("#")} <= targets
    for told in ("Publish a need", "Needs a session.", "Open to anybody.", "at least 3 characters", "1.2.3"):
        assert told in seen.text
    assert "<code>place</code>" in html
    assert "unused" not in html
    assert seen.text.index("201") < seen.text.index("422")
    assert "script" not in {tag for tag, _ in seen.tags}


def test_an_example_can_be_run_in_a_shell():
    text = Outline(docs_page(DOCUMENT)).text
    assert 'curl "$CITY/v1/needs/abc"' in text
    assert 'curl -X POST "$CITY/v1/needs" \\\n  -H "Authorization: Bearer $TOKEN"' in text
    assert """-H 'Idempotency-Key: it'"'"'s-mine'""" in text
    assert '"title": "Courses"' in text


@cache
def plain_page():
    return Outline(page())


def contrast(a, b):
    """Return the contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def harmless(html, text):
    """Return whether the text left the page's tags as they are with a plain one."""

    def shape(outline):
        free = ("value",)
        return [
            (tag, tuple(name if name in free else (name, value) for name, value in attrs))
            for tag, attrs in outline.tags
        ]

    seen = Outline(html)
    said = " ".join(text.replace("\x00", "\ufffd").split())
    return shape(seen) == shape(plain_page()) and said in " ".join(seen.text.split())
