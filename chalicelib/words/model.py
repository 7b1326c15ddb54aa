"""Words as search and ranking see them: folded, stemmed in French, without the words that say nothing."""

import re
import unicodedata
from collections.abc import Collection
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowballstemmer.french_stemmer import FrenchStemmer

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 40
_TOO_SHORT = 3
"""A word of so few letters is no plural: bus, cas, dos."""

# Function words of the four languages of the product, folded. Verbs of asking and giving are kept out of
# the index too: every need "cherche", every offer "propose".
_STOP = frozenset(
    """
    a au aux avec ce ces cet cette ceux chez ci comme dans de des du donc dont elle elles en est et eux il
    ils je la le les leur leurs lui ma mais me mes moi mon ne ni nos notre nous on ont ou par pas plus pour
    qu que qui sa sans se ses si son sont sur ta te tes toi ton tu un une vos votre vous y ai as avons avez
    etre suis sommes etes avoir fait faire peut peux pouvez aussi tres bien tout tous toute toutes quelqu
    quelque bonjour merci svp cherche recherche propose besoin alors apres avant cela contre depuis deja
    encore entre etait etaient sera serait faut ici jamais meme memes lors moins parce pendant peu quand
    quel quelle quels quelles sous toujours trop vers voici voila tien mien soit salut bonsoir deux trois
    quatre cinq six habite habitons petit petite petits petites
    the an and or of to in for is are was be with at by from i my we our you your it this that can have has
    had they their there these those then than will would could should may might must do does did not no nor
    any some more most such only own so too very just also when where why how what which who us him her his
    its he she if because while about into up out off am been being were please thanks all another other
    much many few same now here whom whose hers over under again down after before between through during
    against until upon shall doing done them get got let hello hi dear each both every even still yet thank
    pls plz two three four five
    der die das den dem ein eine einen einem einer und oder ist sind war mit fur von zu im auf ich mein
    meine wir unser sie ihr nicht auch bei aus als alle alles aber doch noch nur schon sehr um uns unsere
    vom zum zur wie wer wo wenn kann konnen kannst habe haben hat hatte wird werden wurde wurden gibt bitte
    danke hallo diese dieser dieses dass zwei drei vier funf
    het een van voor met op aan dat dit wij ons onze jij jouw niet ook bij uit naar zijn mijn maar nog om
    kan kunnen heb heeft hebben wordt worden zou graag bedankt deze zich er geen wel twee drie vijf
    """.split()
)


def terms(text: str) -> tuple[str, ...]:
    """Return the text's distinct stems, in the order they first appear.

    Folding comes before stemming, so that a text without its accents gives the same stems as the text with
    them. A word longer than 40 letters counts by its first 40.
    """
    found = (_stem(word[:_LONGEST]) for word in _WORD.findall(fold(text)) if word not in _STOP)
    return tuple(dict.fromkeys(stem for stem in found if stem))


def said(text: str, stems: Collection[str]) -> tuple[str, ...]:
    """Return the words of the text that have one of the stems: of each its first word, as it is written."""
    found: dict[str, str] = {}
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        for stem in terms(word):
            if stem in stems:
                found.setdefault(stem, word)
    return tuple(dict.fromkeys(found.values()))


def fold(text: str) -> str:
    """Return the text in lower case without accents, ligatures or compatibility forms."""
    lower = text.casefold()
    if lower.isascii():
        return lower
    spread = unicodedata.normalize("NFKD", lower.replace("œ", "oe").replace("æ", "ae"))
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


@lru_cache(maxsize=32_768)
def _stem(word: str) -> str:
    if len(word) == 1 and word.isalpha() and word.isascii():
        return ""  # what an elision leaves: l', d', j'
    with _ONE_AT_A_TIME:
        stem: str = _french().stemWord(word)
    if len(stem) > _TOO_SHORT and stem[-1] == "s" and stem[-2] in "aiou":
        stem = stem[:-1]  # the stemmer keeps the plural of these: vélos, amis, pneus
    # The stemmer tells é from e; folded, a past participle keeps its e's ("agees", "age").
    return stem.rstrip("e") or stem


@cache
def _french() -> "FrenchStemmer":
    from snowballstemmer.french_stemmer import FrenchStemmer  # noqa: PLC0415 — 34 ms that few calls need

    return FrenchStemmer()


_ONE_AT_A_TIME = Lock()  # the stemmer keeps the word it works on in itself
