"""How alike two texts are: how much of what the one speaks of the other speaks of too.

Each of four kinds of things in common counts for itself, in whole units, whichever text is looked at first.
How rare a word is on the board does not count: what two cards have in common stays the same whatever others
post. Stop words and silent words do most of what rarity would.
"""

from functools import cache, lru_cache
from typing import NamedTuple

from chalicelib.words.lexicon import thing_of
from chalicelib.words.model import terms

A_STEM, A_ROOT, A_THING, A_TITLE = 2, 1, 2, 1
"""For a stem both have; for one that begins alike; for a thing both speak of; for a stem of both titles."""
FULL = 20
"""So many units are as good as more: four words of the lexicon that both have."""
ROOT_LETTERS = 5
"""Letters a stem is cut at, so that medicine meets medical in any language: trunc-5 of McNamee, Nicholas and
Mayfield, Addressing Morphological Variation in Alphabetic Languages, SIGIR 2009."""

# What a search may be for but says nothing of what is asked: help itself, people, days, the neighbourhood.
_SILENT = """
aide aider aidez personne personnes gens quelqu'un jour jours semaine semaines fois heure heures matin
matinée midi après soir soirée week-end lundi mardi mercredi jeudi vendredi samedi dimanche petite grand
grande bon bonne nouveau possible disponible dispo quartier ville chez rue près voisin voisine voisins
cordialement need needs needed want wants wanted looking offer offers offering help helps helping people
person someone day days week weeks time times hour hours morning afternoon evening weekend monday tuesday
wednesday thursday friday saturday sunday good new available near neighbour neighbours hilfe helfen suche
biete brauche mensch menschen tag tage woche wochen stunde stunden morgen abend wochenende montag dienstag
mittwoch donnerstag freitag samstag sonntag gut neu verfügbar nachbar nachbarn hulp helpen zoek zoeken bied
nodig mensen dag dagen weken uur avond maandag dinsdag woensdag donderdag vrijdag zaterdag zondag goed nieuw
beschikbaar buur buren an ans année années mois minute minutes sept huit neuf dix year years month months
old six seven eight nine ten jahr jahre monat monate minuten alt sechs sieben acht neun zehn jaar jaren
maand maanden minuut oud zes zeven negen tien
"""


class Gist(NamedTuple):
    """What a text speaks of."""

    stems: frozenset[str]
    roots: frozenset[str]
    things: frozenset[int]
    titled: frozenset[str]


@lru_cache(maxsize=8_192)
def gist(title_terms: tuple[str, ...], text_terms: tuple[str, ...]) -> Gist:
    """Return what a title and a text speak of, of their terms as `terms` gives them."""
    title = frozenset(title_terms)
    titled = frozenset(stem for stem in title if _speaks(stem))
    stems = titled.union(stem for stem in text_terms if _speaks(stem))
    known = thing_of()
    return Gist(
        stems,
        frozenset(stem[:ROOT_LETTERS] for stem in stems),
        frozenset(known[stem] for stem in stems if stem in known),
        titled,
    )


def alike(one: Gist, other: Gist) -> int:
    """Return how alike two texts are, from 0 to FULL units; the same from either side."""
    return min(
        FULL,
        A_STEM * len(one.stems & other.stems)
        + A_ROOT * len(one.roots & other.roots)
        + A_THING * len(one.things & other.things)
        + A_TITLE * len(one.titled & other.titled),
    )


def shared(one: Gist, other: Gist) -> frozenset[str]:
    """Return the stems of the first text that count as being in the other too, be it in another word."""
    known = thing_of()
    return frozenset(
        stem
        for stem in one.stems
        if stem in other.stems or stem[:ROOT_LETTERS] in other.roots or known.get(stem) in other.things
    )


def _speaks(stem: str) -> bool:
    return not stem[0].isdigit() and stem not in _silent()


@cache
def _silent() -> frozenset[str]:
    return frozenset(terms(_SILENT))
