"""The text term against tf-idf, on needs and offers that people judged."""

import pytest

from bench.relevance import DATA, by_likeness, figures_of, judged_pairs
from bench.tfidf import TfIdf, letters, words

PAIRS = DATA / "fire2017_need_offer_pairs"


@pytest.mark.skipif(not PAIRS.is_dir(), reason="the judged pairs are not beside the project")
def test_the_offers_that_people_judged_right_come_higher_than_by_tf_idf():
    corpus = judged_pairs(PAIRS, "dev")
    ours = figures_of(corpus, by_likeness(corpus.offers))
    for split in (letters, words):
        peer = figures_of(corpus, TfIdf(corpus.offers, split).ranked)
        assert all(figure > other for figure, other in zip(ours, peer, strict=True))
    chance = figures_of(corpus, lambda _text: sorted(corpus.offers))
    assert max(chance[:2]) < min(ours[:2])


def test_tf_idf_of_letters_forgives_a_slip_and_that_of_words_does_not():
    texts = {"a": "drinking watter", "b": "warm blankets", "c": "nothing"}
    assert TfIdf(texts, letters).ranked("water")[0] == "a"
    assert TfIdf(texts, words).ranked("water") == ["a", "b", "c"]
    assert TfIdf(texts, words).ranked("blankets")[0] == "b"
    assert TfIdf({}, words).ranked("water") == []
