"""The retriever: meaning and words fused as its formula says, worked out by hand on three passages."""

from math import log

import numpy as np
import pytest

from index.passage import Article, Manner, Passage, Utterance
from index.retriever import DIRECT, QUOTED, Retriever, Words, stem, stems
from index.store import Chunk, Store

EAST, NORTH, UP = np.eye(3, dtype=np.float32)
BETWEEN = 0.6 * EAST + 0.8 * NORTH  # 0.6 from east, 0.8 from north


class Compass:
    """Every question points east."""

    def encode_query(self, text):
        return EAST


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path, "compass@1", 3) as opened:
        yield opened


def put(store, article_id, *passages):
    """Put passages of (text, vectors of its sentences); return their ids."""
    article = Article(
        id=article_id,
        name=article_id,
        title=article_id,
        passages=tuple(Passage(number=n, text=text) for n, (text, _) in enumerate(passages, 1)),
    )
    chunks = [
        Chunk(number=n, start=i, end=len(text), vector=vector)
        for n, (text, vectors) in enumerate(passages, 1)
        for i, vector in enumerate(vectors)
    ]
    store.put(article, article_id, chunks, {})
    return store.passage_ids(article_id)


def found(ranked):
    return [(r.passage_id, round(r.score, 6)) for r in ranked]


def test_the_score_is_six_tenths_meaning_and_four_tenths_words_each_against_its_best(store):
    # Passages of three words each: those that hold the word once have one BM25.
    both, near, words = put(
        store, "a", ("The owls fly.", [EAST]), ("The bees buzz.", [BETWEEN]), ("The owls sleep.", [UP])
    )
    ranked = Retriever(store, Compass()).retrieve("owls?")
    assert found(ranked) == [(both, 1.0), (words, 0.4), (near, 0.36)]  # 0.6 × 0.6 = 0.36
    assert [round(r.cosine, 6) for r in ranked] == [1, 0, 0.6]
    assert [r.coverage for r in ranked] == [1, 1, 0]


def test_a_passage_is_as_near_as_its_nearest_sentence_and_shows_them_as_printed(store):
    one, two = put(store, "a", ("Owls fly by night.", [UP, NORTH, EAST]), ("Bees buzz.", [BETWEEN]))
    ranked = Retriever(store, Compass()).retrieve("something else entirely")
    assert found(ranked) == [(one, 0.6), (two, 0.36)]
    assert [(n.start, n.score) for n in ranked[0].sentences] == [(0, 0), (1, 0), (2, 1)]


def test_a_sentence_that_points_the_other_way_counts_as_far_and_not_as_less(store):
    away = put(store, "a", ("Owls fly.", [-EAST]))
    ranked = Retriever(store, Compass()).retrieve("owls")
    assert (found(ranked), ranked[0].cosine) == ([(away[0], 0.4)], -1)


def test_passages_of_one_score_come_as_they_were_stored(store):
    ids = put(store, "a", *[("Same words.", [EAST])] * 4)
    assert found(Retriever(store, Compass()).retrieve("nothing")) == [(x, 0.6) for x in ids]


def test_no_more_than_k_come_back_best_first(store):
    ids = put(store, "a", ("Bees.", [UP]), ("Wasps.", [BETWEEN]), ("Owls.", [EAST]))
    assert found(Retriever(store, Compass()).retrieve("nothing", k=2)) == [(ids[2], 0.6), (ids[1], 0.36)]


def test_within_looks_in_these_articles_only(store):
    put(store, "a", ("The owls fly.", [EAST]))
    other = put(store, "b", ("The owls sleep.", [BETWEEN]))
    retriever = Retriever(store, Compass())
    assert found(retriever.retrieve("owls", within=["b"])) == [(other[0], 1.0)]
    assert retriever.retrieve("owls", within=[]) == []
    assert retriever.retrieve("owls", within=["nobody's"]) == []


def test_an_empty_store_has_nothing_for_any_question(store):
    retriever = Retriever(store, Compass())
    assert retriever.retrieve("owls") == []
    assert retriever.words("owls").coverage("Owls.") == 1


@pytest.mark.parametrize("question", ["", "?!", "what did they say", "the of and", '"', "NEAR OR *"])
def test_a_question_without_words_of_its_own_is_ranked_by_meaning(store, question):
    ids = put(store, "a", ("The owls fly.", [BETWEEN]), ("The bees buzz.", [EAST]))
    ranked = Retriever(store, Compass()).retrieve(question)
    assert found(ranked) == [(ids[1], 0.6), (ids[0], 0.36)]
    assert [r.coverage for r in ranked] == [0, 0]


def test_a_passage_without_a_single_vector_is_still_found_by_its_words(store):
    ids = put(store, "a", ("The owls fly.", []), ("The bees buzz.", []))
    assert found(Retriever(store, Compass()).retrieve("bees")) == [(ids[1], 0.4)]


def talkative(store, passages):
    """Put an article in which Ann speaks in each of these passages of (text, vector)."""
    article = Article(
        id="ann",
        name="ann",
        title="Ann",
        passages=tuple(
            Passage(
                number=n,
                text=text,
                utterances=(
                    Utterance(start=0, end=len(text), speaker="Ann", cue="said", manner=Manner.INDIRECT),
                ),
            )
            for n, (text, _) in enumerate(passages, 1)
        ),
    )
    chunks = [Chunk(number=n, start=0, end=len(text), vector=v) for n, (text, v) in enumerate(passages, 1)]
    store.put(article, "ann", chunks, {})
    return store.passage_ids("ann")


def test_whoever_speaks_in_few_passages_is_looked_at_in_all_of_them(store):
    ids = talkative(store, [("The owls fly.", UP)] * QUOTED)
    retriever = Retriever(store, Compass())
    assert [i for i, _ in retriever.said([["Ann"], ["Bo"]], retriever.words("bees"), EAST)] == ids
    assert retriever.said([], retriever.words("bees"), EAST) == []


def test_of_whoever_speaks_in_very_many_the_nearest_and_those_with_the_words_are_looked_at(store):
    put(store, "other", ("Bees and owls.", [EAST]))  # nobody's words
    ids = talkative(
        store, [("The owls fly.", UP)] * QUOTED + [("The bees buzz.", -UP), ("They hum.", EAST), ("No.", -UP)]
    )
    retriever = Retriever(store, Compass())
    chosen = {i for i, _ in retriever.said([["Ann"]], retriever.words("bees"), EAST)}
    assert len(chosen) == QUOTED
    assert {ids[QUOTED], ids[QUOTED + 1]} <= chosen <= set(ids) - {ids[QUOTED + 2]}


def test_without_words_to_look_for_the_first_of_very_many_are_looked_at(store):
    ids = talkative(store, [("The owls fly.", UP)] * (QUOTED + 5))
    retriever = Retriever(store, Compass())
    assert [i for i, _ in retriever.said([["Ann"]], retriever.words(""), EAST)] == ids[:DIRECT]


def test_rare_words_weigh_more(store):
    put(store, "a", *[("Owls.", [EAST])] * 3, ("Owls and wasps.", [EAST]))
    words = Retriever(store, Compass()).words("owls wasps")
    assert words.weights == {
        "owl": pytest.approx(log(1 + 0.5 / 4.5)),  # in four of four passages
        "wasp": pytest.approx(log(1 + 3.5 / 1.5)),  # in one of four
    }
    rare, common = log(1 + 3.5 / 1.5), log(1 + 0.5 / 4.5)
    assert words.coverage("A wasp!") == pytest.approx(rare / (rare + common))
    assert words.coverage("A bee.") == 0


def test_coverage_without_words_is_nothing():
    assert Words({}).coverage("Anything.") == 0


def test_stems_join_the_forms_of_a_word():
    assert stems("The DRONES’ “drone”, droned Łukasz’s") == {"the", "drone", "lukasz"}
    assert stem("questioned") == stem("questions") == "question"
