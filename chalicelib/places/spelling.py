"""How the name of a street is spelled: one spelling for the many that people type, and how far two are apart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chalicelib.words.model import fold


def _shorts(table: str) -> Mapping[str, str]:
    """Return long by short of a table of lines `long: short short`."""
    rows = (line.split(":") for line in table.strip().splitlines())
    return {short: long.strip() for long, shorts in rows for short in shorts.split()}


SHORT_KINDS = _shorts("""
rue: r
avenue: av ave aven
boulevard: bd bld blvd bvd bl boul
place: pl plc
square: sq squ
impasse: imp
allee: all allees
chemin: che chem ch
passage: pass pas psg
quai: q
cours: crs
route: rte rt
residence: res resid
hameau: ham
lotissement: lot
esplanade: esp
promenade: prom
chaussee: chs
quartier: quart qrt qua
faubourg: fg fbg faub
""")
KINDS = frozenset(SHORT_KINDS.values()) | frozenset(
    """
    autoroute berge caminu carrefour centre chaussee cite clos cote cour descente digue domaine escalier galerie
    hent jardin laan levee mail marche montee parc parvis peristyle plein pont port porte quartier rampe ronde
    ruelle sente sentier steenweg straat strada terrasse traverse venelle villa voie weg zone
    """.split()
)
"""The words with which a street's name begins to say what it is."""

_LONG = _shorts("""
faubourg: fg fbg faub
saint: st
sainte: ste
saints: sts
general: gal gen gnl
marechal: mal mar mchal marech
docteur: dr doct
president: pdt prdt presid
professeur: prof pr
commandant: cdt cmdt comdt cmt
colonel: col cel
capitaine: cne capt capit
lieutenant: lt
sergent: sgt
monseigneur: mgr
madame: mme
mademoiselle: mlle
porte: pte
ile: isle
1: premier premiere un ier
2: deux deuxieme
3: trois troisieme
4: quatre quatrieme
5: cinq cinquieme
6: six
7: sept
8: huit
9: neuf
10: dix
11: onze
12: douze
13: treize
14: quatorze
15: quinze
16: seize
20: vingt
30: trente
""")
_LINKS = frozenset("de du des d la le les l et a au aux en the of van der den und".split())
_TITLES = frozenset(
    """
    general marechal docteur president professeur commandant colonel capitaine lieutenant sergent monseigneur
    abbe amiral sir lord madame mademoiselle
    """.split()
)
_TITLE = 0.12
_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"(\d+)(?:er|ere|e|eme|ieme|de|nd)")
_GERMAN_STREET = re.compile(r"(?<=[a-z]{3})str$")
_SOUNDS = (
    (re.compile("^[dl](?=h?[aeiouy])"), ""),  # d'Arc is typed Darc
    (re.compile("ph"), "f"),
    (re.compile("qu|q"), "k"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("(?<![s0-9])ch"), "x"),
    (re.compile("c"), "k"),
    (re.compile("j"), "g"),
    (re.compile("[hw]"), ""),
    (re.compile("z"), "s"),
    (re.compile("n(?=[mbp])"), "m"),
    (re.compile("y"), "i"),
)
_VOWELS = re.compile("[aeiou]+")
_DOUBLES = re.compile(r"([a-z])\1+")
NB = 3
_FEW = 2
"""A word of so few consonants is not known by them alone."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a street is (rue, avenue, nothing) and what it is called, without small words and abbreviations."""

    kind: str
    words: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, str]:
        """What the street is filed under: the sound of its whole name, and how its last word begins."""
        return "street#" + "".join(map(_sound, self.words)), "near#" + _heard(self.words[-1])[:NB]


def tokens(text: str) -> list[str]:
    """Return the words of the text: folded, abbreviations written out, numbers as digits."""
    found: list[str] = []
    for raw in _WORD.findall(fold(text)):
        ordinal = _ORDINAL.fullmatch(raw)
        word = ordinal[1] if ordinal else _GERMAN_STREET.sub("strasse", _LONG.get(raw, raw))
        if found and found[-1] in {"10", "20", "30"} and word in "123456789" and raw not in "123456789":
            found[-1] = str(int(found[-1]) + int(word))  # dix-neuf, vingt-cinq
        else:
            found.append(word)
    return found


def spelled(words: Sequence[str]) -> Spelling:
    """Return the spelling of a name of which the words are as `tokens` returns them."""
    first = SHORT_KINDS.get(words[0], words[0]) if len(words) > 1 else ""
    kind = first if first in KINDS else ""
    rest = words[1:] if kind else words
    return Spelling(kind, tuple(word for word in rest if word not in _LINKS))


@lru_cache(maxsize=16_384)
def spelling(name: str) -> Spelling:
    return spelled(tokens(name))


def is_link(word: str) -> bool:
    return word in _LINKS


@lru_cache(maxsize=16_384)
def _sound(word: str) -> str:
    """Return what is left of a word when spelling mistakes are: its consonants, roughly as they sound."""
    heard = _heard(word)
    consonants = _VOWELS.sub("", heard)
    return _DOUBLES.sub(r"\1", consonants if len(consonants) > _FEW else heard)


@lru_cache(maxsize=16_384)
def _heard(word: str) -> str:
    heard = word.rstrip("esx") or word
    for pattern, by in _SOUNDS:
        heard = pattern.sub(by, heard)
    return heard or word[0]


def difference(asked: Spelling, known: Spelling) -> float:
    """Return how far a known street is from the one asked for: 0 is the same, from 1 on it is another."""
    apart = _words_apart(asked.words, known.words)
    if asked.kind == known.kind:
        return apart
    return apart + (0.1 if not asked.kind or not known.kind else 0.4)


def _words_apart(asked: tuple[str, ...], known: tuple[str, ...]) -> float:
    apart = _word_apart("".join(asked), "".join(known))
    return apart if apart < 1 else _parts_apart(asked, known)


def _parts_apart(asked: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Return the cost of the words that only one of them has, when both end alike."""
    apart = _word_apart(asked[-1], known[-1])
    left = list(known[:-1])
    for word in asked[:-1]:
        cost, twin = min(((_twin_apart(word, other), other) for other in left), default=(1.0, ""))
        if cost < 1:
            left.remove(twin)
            apart += cost
        else:
            apart += _TITLE if word in _TITLES else 0.5
    return min(1, apart + sum(_TITLE if word in _TITLES else 0.15 for word in left))


def _twin_apart(word: str, other: str) -> float:
    initial = (len(word) == 1 or len(other) == 1) and word[0] == other[0]
    return 0.12 if initial and word != other else _word_apart(word, other)


def _word_apart(word: str, other: str) -> float:
    slips = edits(word, other, _allowed(min(len(word), len(other))))
    return 1 if slips is None else 0.1 + 0.08 * slips if slips else 0


def _allowed(length: int) -> int:
    """Return how many slips a text of that length may hold and still be read as meant."""
    return (0, 0, 0, 0, 1, 1, 1, 1, 2)[length] if length < 9 else min(3, length // 5 + 1)  # noqa: PLR2004


def edits(word: str, other: str, most: int) -> int | None:
    """Return how many letters were added, lost, changed or swapped, or None when they are more than `most`.

    Digits are never mistaken: a word with other digits is another word.
    """
    if word == other:
        return 0
    if abs(len(word) - len(other)) > most or _digits(word) != _digits(other):
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        older, before, row = before, row, [i]
        for j, twin in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != twin))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == twin:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())
