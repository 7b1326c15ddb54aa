"""Words: what is typed in a hurry, without accents, in another ending, still finds what was written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.words.model import fold, terms


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Garde d'enfants", "garde enfant"),
        ("Réparation d’un vélo", "reparations velos"),
        ("Élèves en difficulté", "eleve difficultes"),
        ("Sœur âgée", "soeurs agees"),
        ("COURSES", "course"),
        ("l'épicerie", "epiceries"),
        ("déménagement", "Demenagements"),
        ("des pneus pour mes amis", "pneu ami"),
        ("où", "ou"),
        ("naïve", "naives"),
        ("ﬁches", "fiche"),
        ("Fußpflege", "fusspflege"),
        ("Äpfel", "apfel"),
    ],
)
def test_an_accent_or_an_ending_makes_no_difference(written, typed):
    assert terms(written) == terms(typed)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("   \n\t", ()),
        ("!!! … « » — 😀", ()),
        ("je cherche de l'aide pour ma mère", ("aid", "mer")),
        ("le la les un une des the and der die das", ()),
        ("aide aides aidée", ("aid",)),
        ("24h/24", ("24h", "24")),
        ("_tiret_bas_", ("tiret", "bas")),
        ("Covid-19", ("covid", "19")),
        ("bus cas dos", ("bus", "cas", "dos")),
        ("a b c 7", ("7",)),
    ],
)
def test_what_says_something_is_a_term_once_in_the_order_it_appears(text, found):
    assert terms(text) == found


@pytest.mark.parametrize("text", ["مساعدة في الترجمة", "Помощь с покупками", "買い物", "Βοήθεια", "עזרה"])
def test_a_word_in_any_script_is_found_again(text):
    found = terms(text)
    assert found
    assert set(terms(text.upper())) == set(found)
    for word in text.split():
        assert set(terms(word)) <= set(found)


def test_arabic_is_found_with_and_without_its_vowel_marks():
    assert terms("مُسَاعَدَة") == terms("مساعدة")


def test_german_and_dutch_are_found_as_they_are_written():
    assert terms("Hilfe beim Einkaufen") == terms("hilfe BEIM einkaufen")
    assert terms("Hulp bij boodschappen") == terms("hulp boodschappen")


def test_a_word_counts_by_its_first_forty_letters():
    long = "abcdefghij" * 6
    assert terms(long) == terms(long[:40]) == terms(long[:40] + "other")
    assert terms(long[:39]) != terms(long)
    assert all(len(term) <= 40 for term in terms(long))


@given(st.text(max_size=80))
def test_folding_settles_and_does_not_mind_how_accents_are_typed(text):
    folded = fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert not any(map(unicodedata.combining, folded))


@given(st.text(max_size=200))
def test_any_text_has_distinct_terms_and_each_is_a_word(text):
    found = terms(text)
    assert len(set(found)) == len(found)
    assert all(found)
    assert all(" " not in term for term in found)


@given(st.lists(st.sampled_from("vélo courses Mère 7 aide où l'été".split()), max_size=6))
def test_a_text_has_the_terms_of_its_words(words):
    expected = dict.fromkeys(term for word in words for term in terms(word))
    assert terms(" ".join(words)) == tuple(expected)
