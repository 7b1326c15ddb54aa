"""Relevance: the text part of the ranking on texts that people judged, beside tf-idf over the same texts.

Both corpora are tweets of disasters, in English: not what neighbours write, but what there is with
judgements. A held-out part is measured too where it is beside the project.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from bench.rows import Row, missing, progress, row
from bench.tfidf import TfIdf, letters, words
from chalicelib.words.alike import Gist, alike, gist
from chalicelib.words.model import terms

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
SHALLOW = (5, 20, 50)
_MASK = re.compile(r"<[A-Z]+>")

STATED: Mapping[str, tuple[float, float, float, float]] = {
    "dev": (0.13, 0.32, 0.48, 0.31),
    "heldout": (0.13, 0.37, 0.57, 0.31),
}
"""What the judged pairs' own description says tf-idf of letters reaches: recall at 5, 20, 50, and MRR."""

Judged = Sequence[tuple[str, frozenset[str]]]
"""Each need's text, and the ids of the offers that answer it."""
Rank = Callable[[str], Sequence[str]]


class Corpus(NamedTuple):
    """Offers by id, and what is asked of them."""

    name: str
    offers: Mapping[str, str]
    judged: Judged
    least: tuple[float | None, ...] = (None,) * 4


def rows() -> Iterable[Row]:
    for corpus, reader in (("fire2017_need_offer_pairs", judged_pairs), ("narmada_needs_offers", _messages)):
        if not (DATA / corpus).is_dir():
            yield missing(f"relevance_{corpus.split('_')[0]}", "the corpus is not beside the project")
            continue
        for part in sorted(each.name for each in (DATA / corpus).iterdir() if each.is_dir()):
            progress(f"ranking the texts of {corpus}, {part}")
            yield from _measured(reader(DATA / corpus, part))


def _measured(corpus: Corpus) -> Iterable[Row]:
    ours = figures_of(corpus, by_likeness(corpus.offers))
    peers = {
        "tf-idf of 3-5 letters": figures_of(corpus, TfIdf(corpus.offers, letters).ranked),
        "tf-idf of words": figures_of(corpus, TfIdf(corpus.offers, words).ranked),
    }
    names = (*(f"recall@{depth}" for depth in SHALLOW), "MRR")
    for at, (name, least) in enumerate(zip(names, corpus.least, strict=True)):
        for peer, figures in peers.items():
            yield row(
                f"{corpus.name}_{name}",
                len(corpus.judged),
                ours[at],
                "mean over the needs",
                peer=peer,
                peer_value=figures[at],
                least=least,
            )


def by_likeness(offers: Mapping[str, str]) -> Rank:
    """Return the ranking by likeness alone: the units of the score's text term, equals by id."""
    gists = {id_: _gist(text) for id_, text in offers.items()}

    def ranked(text: str) -> Sequence[str]:
        asked = _gist(text)
        return sorted(gists, key=lambda id_: (-alike(asked, gists[id_]), id_))

    return ranked


def _gist(text: str) -> Gist:
    return gist((), terms(text))


def figures_of(corpus: Corpus, rank: Rank) -> tuple[float, ...]:
    """Return the mean recall at each depth, and the mean of one over the rank of the first that is right."""
    found = []
    for text, right in corpus.judged:
        ranked = rank(text)
        first = next((place for place, id_ in enumerate(ranked, 1) if id_ in right), None)
        recalls = [len(right.intersection(ranked[:depth])) / len(right) for depth in SHALLOW]
        found.append((*recalls, 1 / first if first else 0.0))
    return tuple(fmean(column) for column in zip(*found, strict=True))


def judged_pairs(corpus: Path, part: str) -> Corpus:
    """Return the pairs that people judged: five offers a need."""
    offers = {each["id"]: _unmasked(each["text"]) for each in _lines(corpus / "offers_pool.jsonl")}
    judged = [
        (_unmasked(each["need_text"]), frozenset(each["offers"]))
        for each in _lines(corpus / part / "pairs.jsonl")
    ]
    return Corpus(f"pairs_{part}", offers, judged, STATED.get(part, (None,) * 4))


def _messages(corpus: Path, part: str) -> Corpus:
    """Return needs and the offers that answer them as far as a machine can say.

    Nobody judged these. An offer counts as an answer when it is of the same disaster and names at least half
    of all the resources that it and the need name, as they were extracted from both; offers of the other
    disaster stay among those ranked.
    """
    messages = [
        (each, frozenset(name.lower() for names in each["resources"].values() for name in names))
        for each in _lines(corpus / part / "messages.jsonl")
    ]
    offers = [(each, named) for each, named in messages if each["kind"] == "offer"]
    judged = []
    for need, wanted in messages:
        if need["kind"] == "need":
            right = frozenset(
                offer["id"]
                for offer, named in offers
                if offer["event"] == need["event"] and 2 * len(wanted & named) >= len(wanted | named) > 0
            )
            if right:
                judged.append((_unmasked(need["text"]), right))
    return Corpus(f"resources_{part}", {each["id"]: _unmasked(each["text"]) for each, _ in offers}, judged)


def _unmasked(text: str) -> str:
    """Return the text without what stands for names, links and numbers, for us and for the peers."""
    return _MASK.sub(" ", text)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
