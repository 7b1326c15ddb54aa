"""Tf-idf and the cosine, as text books have it: what the likeness of texts is measured against."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\b\w\w+\b")


def words(text: str) -> Iterable[str]:
    return _WORD.findall(text.lower())


def letters(text: str) -> Iterator[str]:
    """Yield the runs of three to five letters of each word, with a space before and after it."""
    for word in _SPACE.split(text.lower()):
        padded = f" {word} "
        for size in (3, 4, 5):
            yield from (padded[at : at + size] for at in range(max(1, len(padded) - size + 1)))
            if size >= len(padded):
                break


class TfIdf:
    """Texts by id, as vectors of length one; idf is smoothed: ln((1 + n) / (1 + df)) + 1."""

    def __init__(self, texts: Mapping[str, str], split: Callable[[str], Iterable[str]]) -> None:
        self._split = split
        counts = {id_: Counter(split(text)) for id_, text in texts.items()}
        seen = Counter(token for counted in counts.values() for token in counted)
        self._idf = {token: math.log((1 + len(texts)) / (1 + many)) + 1 for token, many in seen.items()}
        self._ids = sorted(texts)
        self._rows: dict[str, list[tuple[str, float]]] = {}
        for id_, counted in counts.items():
            weights = {token: many * self._idf[token] for token, many in counted.items()}
            length = math.hypot(*weights.values()) or 1.0
            for token, weight in weights.items():
                self._rows.setdefault(token, []).append((id_, weight / length))

    def ranked(self, text: str) -> Sequence[str]:
        """Return the ids, the most alike first, equals in the order of the ids."""
        scores = dict.fromkeys(self._ids, 0.0)
        for token, many in Counter(self._split(text)).items():
            for id_, weight in self._rows.get(token, ()):
                scores[id_] += many * self._idf[token] * weight
        return sorted(self._ids, key=lambda id_: (-scores[id_], id_))
