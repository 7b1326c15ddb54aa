"""How the name of a street is spelled: one spelling for the many that people type."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chalicelib.words.model import fold


def _table(lines: str) -> Mapping[str, str]:
    """Return long by short of lines `long: short short`."""
    rows = (line.split(":") for line in lines.strip().splitlines())
    return {short: long.strip() for long, shorts in rows for short in shorts.split()}


SHORT_KINDS = _table("""
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
""")
KINDS = frozenset(SHORT_KINDS.values()) | frozenset(
    """
    autoroute berge caminu carrefour centre cite clos cote cour descente digue domaine escalier galerie hent
    jardin laan levee mail marche montee parc parvis peristyle plein pont port porte rampe ronde ruelle sente
    sentier steenweg straat strada terrasse traverse venelle villa voie weg zone
    """.split()
)
"""The words with which a street's name begins to say what it is."""

TITLES = frozenset(
    """
    general marechal docteur president professeur commandant colonel capitaine lieutenant sergent monseigneur
    abbe amiral sir lord madame mademoiselle
    """.split()
)
"""What people leave out of a street's name, or put in, and mean the same street."""

MONTHS = frozenset(
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
)

_LONG = _table("""
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
_YEARS = frozenset({"14", "18", "39", "40", "44", "45", "62"})
_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"([0-9]+)(?:er|ere|e|eme|ieme|de|nd)")
_GERMAN_STREET = re.compile(r"(?<=[a-z]{3})str$")

_HEARD = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        ("^[dl](?=h?[aeiouy])", ""),  # d'Arc is typed Darc
        ("ph", "f"),
        ("qu|q", "k"),
        ("c(?=[eiy])", "s"),
        ("(?<![s0-9])ch", "x"),
        ("c", "k"),
        ("j", "g"),
        ("[hw]", ""),
        ("z", "s"),
        ("n(?=[mbp])", "m"),
        ("y", "i"),
    )
)
_VOWELS = re.compile("[aeiou]+")
_DOUBLES = re.compile(r"([a-z])\1+")
_FEW = 2
"""A word of so few consonants is not known by them alone."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a street is (rue, avenue or not said) and what it is called, without its small words."""

    kind: str
    words: tuple[str, ...]

    @property
    def sound(self) -> str:
        """The consonants of the name, roughly as they sound: what most spelling mistakes leave alone."""
        return "".join(_consonants(word) for word in self.words)

    @property
    def start(self) -> str:
        """How the last word of the name begins, which is what nearly everybody gets right."""
        return _heard(self.words[-1])[:2]


def tokens(text: str) -> list[str]:
    """Return the words of the text: folded, abbreviations written out, numbers as digits."""
    found: list[str] = []
    for raw in _WORD.findall(fold(text)):
        ordinal = _ORDINAL.fullmatch(raw)
        word = ordinal[1] if ordinal else _GERMAN_STREET.sub("strasse", _LONG.get(raw, raw))
        last = found[-1] if found else ""
        if last in {"10", "20", "30"} and raw.isalpha() and word in set("123456789"):
            found[-1] = str(int(last) + int(word))  # dix-neuf, vingt-cinq
        elif last in MONTHS and word in _YEARS:
            found.append(f"19{word}")  # 8 mai 45
        else:
            found.append(word)
    return found


@lru_cache(maxsize=16_384)
def spelling(name: str) -> Spelling:
    return spelled(tokens(name))


def spelled(words: Sequence[str]) -> Spelling:
    """Return the spelling of a name of which the words are as `tokens` returns them."""
    first = SHORT_KINDS.get(words[0], words[0]) if len(words) > 1 else ""
    kind = first if first in KINDS else ""
    rest = words[1:] if kind else words
    return Spelling(kind, tuple(word for word in rest if not is_link(word)) or tuple(rest))


def is_link(word: str) -> bool:
    """Tell whether the word only joins others: de la, du, au."""
    return word in _LINKS


@lru_cache(maxsize=16_384)
def _consonants(word: str) -> str:
    heard = _heard(word)
    consonants = _VOWELS.sub("", heard)
    return _DOUBLES.sub(r"\1", consonants if len(consonants) > _FEW else heard)


@lru_cache(maxsize=16_384)
def _heard(word: str) -> str:
    heard = word.rstrip("esx") or word
    for pattern, by in _HEARD:
        heard = pattern.sub(by, heard)
    return heard or word[0]
