"""Likeness of texts: what is asked finds what is offered, in other forms, other words and other languages."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.board.alike import Likeness
from chalicelib.board.bits import ones
from chalicelib.board.segment import Segment
from chalicelib.board.snapshot import dump, load
from chalicelib.words.alike import FULL, alike, gist, shared
from chalicelib.words.lexicon import thing_of, things
from chalicelib.words.model import said, terms
from tests.cards import Cards
from tests.hostile import FEW, naughty_strings

NOTHING = gist((), ())

OFFERS = {
    "pharmacy": (
        "Passer à la pharmacie",
        "Je retire vos médicaments avec l'ordonnance et je les dépose chez vous.",
    ),
    "babysitting": (
        "Baby-sitting le soir",
        "Étudiante, j'ai l'habitude des tout-petits, je peux garder vos enfants.",
    ),
    "clothes": ("Vêtements de bébé", "Bodies et pyjamas propres, de la naissance à deux ans."),
    "shopping": ("Courses au supermarché", "Je vais au supermarché avec ma liste et la vôtre."),
    "printer": ("J'imprime chez moi", "Imprimante laser, et je sais réparer les ordinateurs lents."),
    "tools": ("Outils à prêter", "Perceuse, scie sauteuse, escabeau. Je peux aussi venir percer."),
    "garden": ("Tondre une pelouse", "J'ai une tondeuse et le samedi libre."),
    "dog": ("Promener votre chien", "Deux sorties par jour, j'adore les animaux."),
    "papers": ("Remplir des formulaires", "Ancienne assistante sociale : CAF, impôts, dossiers de retraite."),
    "dutch": ("Boodschappen doen", "Ik ga elke zaterdag naar de winkel."),
    "english": ("Help with your computer", "I can fix a slow laptop or a printer that will not print."),
    "company": ("Un café et un brin de conversation", "Je rends visite aux personnes isolées du quartier."),
}

ASKED = [
    ("aller chercher mes medicaments", "Je suis alitée, l'ordonnance est prête.", "pharmacy"),
    ("Une nounou pour vendredi soir", "Garde de deux enfants de 3 et 5 ans.", "babysitting"),
    ("habits pour nourrisson", "Il nous manque des bodies et un pyjama.", "clothes"),
    ("Besoin d'un coup de main à l'épicerie", "Je ne peux plus porter mes courses.", "shopping"),
    ("ORDINATEUR EN PANNE", "Et mon imprimante ne répond plus.", "printer"),
    ("Fixer une étagère", "Je n'ai pas de perceuse, quelqu'un peut venir ?", "tools"),
    ("Jardin à l'abandon", "La pelouse m'arrive aux genoux, je n'ai pas de tondeuse.", "garden"),
    ("Sortir mon vieux labrador", "Je me suis cassé la jambe, mes chiens tournent en rond.", "dog"),
    ("Dossier de retraite", "Je ne comprends rien à ce formulaire de la caf.", "papers"),
    ("Je me sens seule", "Une visite de temps en temps, pour bavarder autour d'un café.", "company"),
    ("Winkelen voor mijn moeder", "Zij kan niet meer naar de winkel.", "dutch"),
    ("My laptop is slow", "And the printers at the library are gone.", "english"),
]


def gist_of(title, text=""):
    return gist(terms(title), terms(text))


def naive(one, other):
    """Whole words as they are written: what likeness has to be better than."""
    return len({*re.findall(r"\w+", one.lower())} & {*re.findall(r"\w+", other.lower())})


def best_of(score):
    found = sorted(((score(offer), key) for key, offer in OFFERS.items()), reverse=True)
    return found[0][1] if found[0][0] > found[1][0] else None


@pytest.mark.parametrize(("title", "text", "wanted"), ASKED)
def test_a_need_ranks_the_obvious_offer_above_all_others(title, text, wanted):
    asked = gist_of(title, text)
    assert best_of(lambda offer: alike(asked, gist_of(*offer))) == wanted


def test_whole_words_as_written_would_miss_half_of_them():
    found = [
        best_of(lambda offer, asked=f"{title} {text}": naive(asked, " ".join(offer))) == wanted
        for title, text, wanted in ASKED
    ]
    assert sum(found) <= len(ASKED) // 2


def test_an_offer_ranks_the_obvious_need_above_all_others():
    for key in ("pharmacy", "clothes", "garden", "papers", "tools"):
        offer = gist_of(*OFFERS[key])
        scores = sorted(
            ((alike(offer, gist_of(title, text)), wanted) for title, text, wanted in ASKED), reverse=True
        )
        assert scores[0][1] == key
        assert scores[0][0] > scores[1][0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vélo", "VELOS"),
        ("medicines", "medical"),
        ("garde d'enfants", "babysitter"),
        ("Einkaufen", "courses"),
        ("boodschappen", "shopping"),
        ("vêtements", "habits"),
        ("ordonnance", "pharmacie"),
    ],
)
def test_forms_and_words_for_one_thing_meet(one, other):
    assert alike(gist_of("", one), gist_of("", other)) > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", ""),
        ("", "courses"),
        ("Besoin d'aide samedi matin", "Je propose mon aide le samedi matin"),
        ("I need help this week", "Can offer help every week"),
        ("24 rue 2026", "24 rue 2026"),
        ("jardin", "pharmacie"),
    ],
)
def test_what_every_text_says_is_nothing_in_common(one, other):
    assert alike(gist_of(one), gist_of(one)) >= alike(gist_of(one), gist_of(other)) == 0


def test_the_same_word_is_worth_more_than_a_form_and_in_both_titles_more_still():
    same = alike(gist_of("", "étagère"), gist_of("", "étagères"))
    titled = alike(gist_of("étagère"), gist_of("étagères"))
    other = alike(gist_of("", "perceuse"), gist_of("", "outils"))
    assert titled > same > other > 0


texts = st.text(max_size=120) | st.lists(
    st.sampled_from(
        "courses épicerie vélo garde enfants bébé 7 aide perceuse outils medicine medical".split()
    )
).map(" ".join)


@given(texts, texts, texts, texts)
def test_likeness_is_the_same_from_either_side_and_bounded(title, text, other_title, other_text):
    one, other = gist_of(title, text), gist_of(other_title, other_text)
    assert 0 <= alike(one, other) == alike(other, one) <= min(FULL, alike(one, one), alike(other, other))
    assert alike(one, NOTHING) == 0
    assert bool(shared(one, other)) == bool(shared(other, one)) == bool(alike(one, other))


@given(st.lists(st.sampled_from("courses épicerie vélo garde 7 perceuse outils".split()), max_size=9))
def test_the_order_of_the_words_makes_no_difference(words):
    assert gist_of(" ".join(words)) == gist_of(" ".join(sorted(words)))


def test_no_text_however_hostile_breaks_it():
    for text in naughty_strings():
        hostile = gist_of(text, text)
        assert alike(hostile, hostile) <= FULL
        assert all(word in text for word in said(text, hostile.stems)) or not text.isascii()
    assert all(alike(gist_of(text), gist_of("courses")) == 0 for text in FEW)


def test_a_long_text_is_as_alike_as_can_be_and_no_more():
    everything = " ".join(word for stems in things().values() for word in stems)
    assert alike(gist_of(everything), gist_of(everything)) == FULL


def test_every_word_of_the_lexicon_stands_for_one_thing_and_counts():
    stems = [stem for line in things().values() for stem in line]
    assert len(stems) == len(set(stems)) == len(thing_of()) > 500
    assert gist((), tuple(stems)).stems == set(stems)


def test_the_words_in_common_are_said_as_they_were_written():
    mine, theirs = "Des médicaments pour ma sœur, médicament urgent", "Pharmacie : je retire vos ordonnances"
    assert said(mine, shared(gist_of(mine), gist_of(theirs))) == ("médicaments",)
    assert said(mine, frozenset()) == ()


@pytest.mark.parametrize("seed", range(3))
def test_a_segment_counts_as_card_by_card_and_so_does_what_is_loaded_again(seed):
    source = Cards(seed, words=40 if seed else 1_500)
    real = [(terms(title), terms(text)) for title, text in OFFERS.values()]
    cards = [
        replace(card, title_terms=real[at % 12][0], text_terms=real[at % 12][1]) if at % 5 == 0 else card
        for at, card in enumerate(source.many(400))
    ]
    segment = Segment.of(cards)
    for known in (segment, load(dump(segment))):
        where = {known.ids.at(slot): slot for slot in range(len(known))}
        for asked in [source.one().gist for _ in range(5)] + [gist_of(*each[:2]) for each in ASKED[:6]]:
            likeness = Likeness(known.postings, asked, ones(len(known)))
            of_level = {
                slot: units
                for units, bits in likeness.levels
                for slot in range(len(known))
                if bits >> slot & 1
            }
            for card in cards:
                slot = where[pack_of(card)]
                assert of_level.get(slot, 0) == likeness.units(slot) == alike(asked, card.gist)
            for card in cards[:20]:
                assert seen(known, where[pack_of(card)]).shared(asked) == card.shared(asked)


def pack_of(card):
    from chalicelib.board.ids import pack

    return pack(card.id)


def seen(segment, slot):
    from chalicelib.board.seen import Seen

    return Seen(segment, slot)
