"""How far two spellings of a street are apart: the weights were set on addresses that people typed."""

from chalicelib.places.spelling import KINDS, TITLES, Spelling

OTHER = 1.0
"""From here on they are two streets."""

NO_KIND, OTHER_KIND = 0.1, 0.4
"""One of them does not say what it is; they say different things."""

TITLE, INITIAL, MISSING, ADDED = 0.12, 0.12, 0.15, 0.5
"""A title or first letter instead of a word; a word that is not asked for; a word that is not known."""

SLIPPED, SLIP = 0.1, 0.08
"""A word is misspelled at all; each letter that is wrong in it."""


def difference(asked: Spelling, known: Spelling) -> float:
    """Return how far a known street is from the one asked for: 0 is the very same, OTHER or more another."""
    apart = _word_apart("".join(asked.words), "".join(known.words))
    if apart >= OTHER:
        apart = _parts_apart(asked.words, known.words)
    if asked.kind == known.kind:
        return apart
    return apart + (OTHER_KIND if asked.kind and known.kind else NO_KIND)


def _parts_apart(asked: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Compare names word by word: they must end alike, and what only one of them has costs."""
    apart = OTHER if asked[-1] in KINDS else _word_apart(asked[-1], known[-1])
    left = list(known[:-1])
    for word in asked[:-1]:
        if apart >= OTHER:
            return OTHER
        cost, twin = min(((_twin_apart(word, other), other) for other in left), default=(OTHER, ""))
        if cost < OTHER:
            left.remove(twin)
            apart += cost
        else:
            apart += TITLE if word in TITLES else ADDED
    return min(OTHER, apart + sum(TITLE if word in TITLES else MISSING for word in left))


def _twin_apart(word: str, other: str) -> float:
    if word != other and word[0] == other[0] and min(len(word), len(other)) == 1:
        return INITIAL
    return _word_apart(word, other)


def _word_apart(word: str, other: str) -> float:
    slips = edits(word, other, _most_slips(min(len(word), len(other))))
    if slips is None:
        return OTHER
    return SLIPPED + SLIP * slips if slips else 0


def _most_slips(length: int) -> int:
    """Return how many letters may be wrong in a text of that length that is still read as meant."""
    if length < 4:  # noqa: PLR2004
        return 0
    return 1 if length < 8 else min(3, length // 5 + 1)  # noqa: PLR2004


def edits(word: str, other: str, most: int) -> int | None:
    """Return how many letters were added, lost, changed or swapped, or None when they are more than `most`.

    Digits are never mistaken: a name with another number is another name.
    """
    if word == other:
        return 0
    if not most or abs(len(word) - len(other)) > most or _digits(word) != _digits(other):
        return None
    older: list[int] = []
    before, row = older, list(range(len(other) + 1))
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
