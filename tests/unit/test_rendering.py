"""Letters: what they say, and that nothing in them can be more than words."""

from email.message import EmailMessage
from email.policy import SMTP
from functools import cache

import pytest

from chalicelib.cities.model import LANGUAGES, Sender
from chalicelib.notices.model import TEMPLATES, notice
from chalicelib.notices.rendering import LONGEST_QUOTE, LONGEST_SUBJECT, Item, Links, one_line, render
from tests.hostile import FEW, Outline, naughty_strings

SENDER = Sender("Entraide Mulhouse", "entraide@mulhouse.example")
ACTION, SECONDARY, OUT = (f"https://mulhouse.example/{way}/t0ken?a=1&b=2" for way in ("go", "no", "out"))
LINKS = Links(ACTION, SECONDARY)
WITH_A_SECOND_WAY = ("asked_to_help", "offered_help", "match_accepted")
PLAIN = {
    "other_name": "Jeannine",
    "title": "Courses pour ma mère",
    "text": "Deux sacs, deuxième étage.",
    "message": "Je suis libre mardi.",
    "category": "groceries",
    "distance": "450\xa0m",
    "when": "le mardi",
    "answer_by": "dimanche",
    "ends": "lundi",
    "reason": "no_time",
    "code": "048213",
}
FREE = ("other_name", "title", "text", "message")
"""The values that residents write."""


def letter(template="asked_to_help", language="fr", links=LINKS, out=OUT, **values):
    return letters((template,), language, links, out, **values)


def letters(templates, language="fr", links=LINKS, out=OUT, *, pace=None, more=False, **values):
    told = [notice(template, "person", "subject", 0, pace=pace) for template in templates]
    return render(
        [
            Item(each, links if each.template in WITH_A_SECOND_WAY else Links(links.action), PLAIN | values)
            for each in told
        ],
        language=language,
        city_name="Mulhouse",
        sender=SENDER,
        unsubscribe=out,
        more=more,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_letter_is_whole_in_every_language(template, language):
    secondary = SECONDARY if template in WITH_A_SECOND_WAY else None
    written = letter(template, language, links=Links(ACTION, secondary))
    seen = Outline(written.html)
    assert seen.tags[0] == ("html", (("lang", language), ("dir", "ltr")))
    assert [tag for tag, _ in seen.tags].count("h1") == 1
    for text in (written.subject, written.text, seen.text.partition("}\n}")[2]):
        assert text.strip()
        assert "mail." not in text
        assert "{" not in text
    for text in (written.text, seen.text):
        assert "Mulhouse" in text
        assert SENDER.address in text
        assert ACTION in text
    buttons = [dict(attrs) for tag, attrs in seen.tags if tag == "a" and dict(attrs)["class"] == "button"]
    assert [button["href"] for button in buttons] == [ACTION]
    assert OUT in written.text
    assert [dict(attrs)["href"] for tag, attrs in seen.tags if tag == "a"][-1] == OUT


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_of_several_says_each_under_one_title_with_one_way_out(language):
    templates = [template for template in TEMPLATES if template != "sign_in"]
    written = letters(templates, language, more=True)
    seen = Outline(written.html)
    tags = [tag for tag, _ in seen.tags]
    assert (tags.count("h1"), tags.count("h2")) == (1, len(templates))
    assert str(len(templates)) in written.subject
    for text in (written.subject, written.text, seen.text.partition("}\n}")[2]):
        assert "mail." not in text
        assert "{" not in text
    buttons = [dict(attrs) for tag, attrs in seen.tags if tag == "a" and dict(attrs)["class"] == "button"]
    assert [button["href"] for button in buttons] == [ACTION] * len(templates)
    assert written.text.count(ACTION) == len(templates)
    assert written.text.count(OUT) == 1
    assert [dict(attrs)["href"] for tag, attrs in seen.tags if tag == "a"][-1] == OUT
    for template in templates:
        alone = letter(template, language).text.splitlines()
        assert [
            line for line in alone[:-7] if line.startswith(("- ", "> ")) and line not in written.text
        ] == []


@pytest.mark.parametrize("pace", ["urgent", "prompt", "soon", "calm"])
def test_what_cannot_wait_is_in_the_subject_of_a_letter_of_several(pace):
    subject = letters(["asked_to_help", "listing_ending", "match_lapsed"], pace=pace).subject
    own = letter("asked_to_help").subject
    if pace in ("urgent", "prompt"):
        assert subject == f"{own} · et 2 autres nouvelles"
    else:
        assert subject == "3 nouvelles de l’entraide · Mulhouse"
    assert len(letters(["asked_to_help"] * 2, pace=pace, title="long " * 60).subject) <= LONGEST_SUBJECT


@pytest.mark.parametrize("text", FEW)
def test_a_hostile_value_is_only_words_in_a_letter_of_several_too(text):
    hostile = letters(["asked_to_help", "match_accepted"], pace="urgent", **dict.fromkeys(FREE, f"x{text}x"))
    plain = letters(["asked_to_help", "match_accepted"], pace="urgent")
    assert Outline(hostile.html).tags == Outline(plain.html).tags
    assert len(hostile.subject.splitlines()) == 1
    EmailMessage(policy=SMTP)["Subject"] = hostile.subject  # raises when it would break the header
    quoted = [line for line in hostile.text.splitlines() if not line.startswith("> ")]
    assert [line for line in quoted if line.startswith("-- ")] == ["-- "]


def test_a_sign_in_letter_has_its_code_and_no_way_out():
    written = letter("sign_in", "en", links=Links(ACTION), out=None)
    assert "048213" in written.text
    assert "048213" in written.html
    assert "15\xa0minutes" in written.text
    assert "Stop receiving" not in written.text + written.html
    assert "048213" not in letter("asked_to_help").text


def test_a_letter_without_a_link_has_no_button():
    written = letter("match_declined", links=Links(), out=None)
    assert 'class="button"' not in written.html
    assert "http" not in written.text


def test_a_helper_learns_what_is_asked_and_until_when():
    text = letter().text
    lines = """
        Jeannine cherche de l’aide et a pensé à vous.
        « Courses pour ma mère »
        - Type d’aide : Courses
        - Distance : 450 m
        - Quand : le mardi
        - Répondre avant : dimanche
        > Deux sacs, deuxième étage.
        > Je suis libre mardi.
    """
    said = text.replace("\xa0", " ").splitlines()
    assert [line.strip() for line in lines.strip().splitlines() if line.strip() not in said] == []
    assert text.index(ACTION) < text.index(SECONDARY)


def test_what_is_not_given_is_not_shown():
    written = letter(text="", message=" \n ", distance="", when="", other_name="", language="en")
    assert "Distance" not in written.text
    assert "\n>" not in written.text
    assert "blockquote" not in written.html
    assert "Somebody nearby is looking for help" in written.text


def test_codes_are_said_in_the_readers_language():
    assert "Im Moment keine Zeit" in letter("match_declined", "de").text
    assert (
        "Il faut une autre catégorie."
        in letter("listing_refused", reason="Il faut une autre catégorie.").text
    )


def test_a_reader_of_another_language_gets_the_default_one():
    assert letter(language="ar") == letter(language="fr")


def test_words_that_belong_together_stay_together():
    assert one_line("  450\xa0m \t\n loin ") == "450\xa0m loin"


def test_long_words_are_cut():
    written = letter(title="long " * 100, message="bla " * 1000)
    assert len(written.subject) <= LONGEST_SUBJECT
    quote = next(line for line in written.text.splitlines() if line.startswith("> bla"))
    assert len(quote) <= LONGEST_QUOTE + 2
    assert quote.endswith("bla…")


@cache
def plain_letter():
    """Return the tags, and the lines that hold nothing a resident wrote."""
    written = letter()
    lines = written.text.splitlines()
    return Outline(written.html).tags, [
        line for line in lines if not any(PLAIN[name] in line for name in FREE)
    ]


def harmless(written, values) -> bool:
    """Return whether hostile values left all around them as the plain ones do."""
    (tags, own), seen = plain_letter(), Outline(written.html)
    shown = [one_line(each) for each in values]
    others = [line for line in written.text.splitlines() if not any(each in line for each in shown)]
    return (
        seen.tags == tags
        and [line for line in others if not line.startswith("> ")] == own
        and len(written.subject.splitlines()) == 1
        and all(each in seen.text for each in shown)
    )


def hostile_letter(text):
    return letter(**dict.fromkeys(FREE, f"x{text[:100]}x"))


@pytest.mark.parametrize("text", FEW)
def test_a_hostile_value_is_only_words(text):
    assert harmless(hostile_letter(text), [f"x{text}x"])


def test_naughty_strings_are_only_words():
    for text in naughty_strings():
        written = hostile_letter(text)
        assert harmless(written, [f"x{text[:100]}x"]), text
        EmailMessage(policy=SMTP)["Subject"] = written.subject  # raises when it would break the header


def test_a_letter_that_does_not_escape_would_be_caught():
    text = "x<b>bold</b>x"
    naive = letter(**dict.fromkeys(FREE, text))
    broken = type(naive)(naive.subject, naive.text, naive.html.replace("&lt;b&gt;", "<b>"))
    assert harmless(naive, [text])
    assert not harmless(broken, [text])


def test_a_forged_footer_would_be_caught():
    naive = letter()
    forged = type(naive)(
        naive.subject, naive.text.replace("Jeannine", "J\n-- \nSend money to", 1), naive.html
    )
    assert harmless(naive, [PLAIN[name] for name in FREE])
    assert not harmless(forged, [PLAIN[name] for name in FREE])
