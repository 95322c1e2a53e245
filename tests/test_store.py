"""The store: what is put comes back letter for letter, is found by meaning and word, and can be removed."""

from __future__ import annotations

import math
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from index.passage import Article, Manner, Passage, Utterance, Voice
from index.store import (
    BusyStoreError,
    Chunk,
    CorruptStoreError,
    ForeignStoreError,
    Near,
    Store,
    StoreError,
    WrongModelError,
    file,
    postings,
    vectorfile,
)
from index.store.history import KEPT_GENERATIONS
from index.store.quantised import Quantised
from index.store.stamp import Stamp
from index.store.vectors import FEW, QUANTISED_FROM, SHARE, Vectors

MODEL = "compass@1"
EAST, NORTH, UP = np.eye(3, dtype=np.float32)
WEST = -EAST

# Half a surrogate pair is no character, and no file or page that was decoded holds one.
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.open(folder, MODEL, 3) as opened:
        yield opened


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement from here on."""
    read: list[str] = []

    def note(*arguments: Any) -> None:
        read.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    yield read
    event.remove(Engine, "before_cursor_execute", note)


def article(article_id: str, *texts: str, on: date | None = None, section: str | None = None) -> Article:
    passages = tuple(Passage(number=n, text=t, section=section) for n, t in enumerate(texts, 1))
    return Article(id=article_id, name=article_id, title=article_id.title(), date=on, passages=passages)


def put(store: Store, record: Article, *vectors: np.ndarray) -> list[int]:
    """Put *record* with one chunk for each of its first passages; return the ids of its passages."""
    pairs = zip(record.passages, vectors, strict=False)
    chunks = [Chunk(number=p.number, start=0, end=len(p.text), vector=v) for p, v in pairs]
    store.put(record, f"of {record.title}", chunks, {})
    return store.passage_ids(record.id)


def found(store: Store, query: np.ndarray = EAST, k: int = 9) -> list[tuple[int, float]]:
    return [(near.passage_id, near.score) for near in store.search(query, k)]


# What is put comes back


def test_an_article_comes_back_as_it_was_put(store: Store) -> None:
    said = Utterance(start=0, end=9, speaker="Tusk", cue="said", manner=Manner.MIXED, via=("PAP", "Reuters"))
    unclear = Utterance(start=10, end=14, speaker=None, cue="wrote", manner=Manner.FRAGMENT)
    first = Passage(number=1, text="“Drones,”\xa0he wrote…\r\n", section="War", utterances=(said, unclear))
    second = Passage(number=2, text=" — ", voice=Voice.BLOCK_QUOTATION, outlet="Le Monde")
    record = Article(
        id="a1",
        name="drones",
        title="“Drones” <over> Poland",
        author="A. N. Other",
        date=date(2025, 9, 10),
        url="https://example.org/a?b=1#c",
        source="./column/drones.md",
        passages=(first, second),
    )
    store.put(record, "f", [], {})
    assert store.article("a1") == record


@settings(max_examples=40)
@given(text=texts, section=st.none() | texts, title=texts)
def test_any_text_comes_back_character_for_character(
    store: Store, text: str, section: str | None, title: str
) -> None:
    spoken = Utterance(
        start=0, end=len(text), speaker=title, cue=text, manner=Manner.DIRECT, via=(text, title)
    )
    passage = Passage(number=1, text=text, section=section, outlet=title, utterances=(spoken,))
    record = Article(id=title, name=text, title=title, author=text, source=text, passages=(passage,))
    store.put(record, text, [Chunk(number=1, start=0, end=len(text), vector=UP)], {title: 2})
    assert store.article(title) == record
    assert store.fingerprints()[title] == text
    assert store.vectors([text])[text].vector.tolist() == [0, 0, 1]
    store.remove(title)


def test_articles_come_newest_first_and_the_undated_last(store: Store) -> None:
    for name, on in [("b", None), ("old", date(987, 1, 2)), ("new", date(2025, 9, 10)), ("a", None)]:
        put(store, article(name, "Text.", on=on))
    assert [a.id for a in store.articles()] == ["new", "old", "a", "b"]
    assert store.articles()[0] == Article(id="new", name="new", title="New", date=date(2025, 9, 10))


def test_an_article_that_is_not_there_is_a_key_error(store: Store) -> None:
    assert store.passage_ids("nobody") == []
    with pytest.raises(KeyError, match="nobody"):
        store.article("nobody")


def test_passages_come_with_their_article_and_unknown_ids_are_left_out(store: Store) -> None:
    one, two = put(store, article("a", "One.", "Two."))
    other = put(store, article("b", "Three."))[0]
    assert store.passages([other, two, two + 1000]) == {
        two: ("a", Passage(number=2, text="Two.")),
        other: ("b", Passage(number=1, text="Three.")),
    }
    assert store.passages([]) == {}
    assert one < two < other


def test_an_article_that_is_put_again_replaces_the_old_one_everywhere(store: Store) -> None:
    said = Utterance(start=0, end=3, speaker="Ann", cue="said", manner=Manner.DIRECT)
    old = Article(
        id="a", name="a", title="Old", passages=(Passage(number=1, text="Owls.", utterances=(said,)),)
    )
    store.put(old, "1", [Chunk(number=1, start=0, end=4, vector=EAST)], {"Ann": 1})
    gone = store.passage_ids("a")
    new = put(store, article("a", "Bees."), NORTH)
    assert found(store, EAST) == [(new[0], 0.0)]
    assert (store.lexical(["owl"], 9), store.phrase("owls", 9)) == ([], [])
    assert (store.speakers(), store.said(["Ann"]), dict(store.names())) == ({}, [], {})
    assert store.vectors(["Owls", "Owls."]) == {}
    assert (store.passages(gone), store.fingerprints()) == ({}, {"a": "of A"})
    assert store.document_frequency(["owls", "bees"]) == {"owls": 0, "bees": 1}
    assert gone[0] < new[0], "an id is never given twice"
    store.check()


def test_a_removed_article_is_gone_from_everything(store: Store) -> None:
    put(store, article("a", "Owls."), EAST)
    store.remove("a")
    assert (found(store), store.lexical(["owls"], 9), store.articles(), store.fingerprints()) == (
        [],
        [],
        [],
        {},
    )
    assert store.document_frequency(["owls"]) == {"owls": 0}
    summary = store.summary()
    assert (summary.articles, summary.passages, summary.chunks, summary.generation) == (0, 0, 0, 2)


def test_removing_what_is_not_there_changes_nothing(store: Store) -> None:
    store.remove("nobody")
    assert store.generation == 0


# The nearest


def test_search_gives_the_cosine_best_first(store: Store) -> None:
    first, second, third, fourth = put(store, article("a", "1", "2", "3", "4"), EAST, NORTH, UP, WEST)
    query = np.array([3, 4, 0], dtype=np.float64)  # of length 5: cosines 3/5, 4/5, 0, -3/5
    expected = [(second, 0.8), (first, 0.6), (third, 0.0), (fourth, -0.6)]
    assert found(store, query) == [(i, pytest.approx(score, abs=1e-6)) for i, score in expected]
    assert store.search(query, 2)[0] == Near(passage_id=second, start=0, end=1, score=pytest.approx(0.8))


def test_search_returns_no_more_than_the_store_holds(store: Store) -> None:
    assert found(store, k=5) == []
    only = put(store, article("a", "Text."), EAST)[0]
    assert found(store, k=5) == [(only, 1.0)]
    assert len(found(store, k=10**9)) == 1


def test_of_the_equally_near_those_that_came_first_are_found(store: Store) -> None:
    first = [put(store, article(name, name), EAST)[0] for name in "abcd"]
    for most in (1, 2, 3, 4):
        assert [i for i, _ in found(store, k=most)] == first[:most]
    store.remove("b")
    (last,) = put(store, article("e", "e"), EAST)
    assert [i for i, _ in found(store, k=3)] == [first[0], first[2], first[3]]
    assert [i for i, _ in found(store, k=4)] == [first[0], first[2], first[3], last]


STAMP = Stamp(1, "token", MODEL, 32)


def compared_with(vectors: np.ndarray, labels: Sequence[int]) -> Callable[[np.ndarray], np.ndarray]:
    """Stand where the database stands, which has all vectors as they are."""
    return lambda wanted: vectors[np.searchsorted(labels, wanted)]


def test_a_missing_neighbour_is_left_out() -> None:
    stamp, both = Stamp(1, "token", MODEL, 3), np.array([NORTH, EAST])
    two, stored = Vectors.empty(stamp).patched(stamp, [], [7, 9], both), compared_with(both, [7, 9])
    assert two.nearest(EAST, 9, stored, labels=[7, 8]) == [(7, 0.0)]
    assert two.nearest(EAST, 9, stored) == [(9, 1.0), (7, 0.0)]


def spread(count: int, dimension: int = 32) -> np.ndarray:
    """Return unit vectors in all directions."""
    vectors = np.random.default_rng(7).standard_normal((count, dimension), dtype=np.float32)
    vectors[:, 0] += 1  # to one side, as a model's are
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [QUANTISED_FROM - 1, QUANTISED_FROM], ids=["few", "many"])
def test_the_nearest_are_those_of_a_full_comparison(count: int) -> None:
    vectors, labels = spread(count), np.arange(5, 5 + count)
    stored = compared_with(vectors, labels)
    parts = zip(np.array_split(labels, 9), np.array_split(vectors, 9), strict=True)
    held = Vectors.of(STAMP, count, parts, lambda most: vectors[:most])
    assert isinstance(held.held, Quantised) == (count >= QUANTISED_FROM)
    missed = 0
    for query in spread(40) + np.float32(0.1):
        unit = query / np.linalg.norm(query)
        scores = vectors.astype(np.float64) @ unit
        for step, among in ((1, None), (3, labels[::3])):
            best = np.argsort(-scores[::step])[:10] * step
            found = held.nearest(unit, 10, stored, labels=among)
            assert found[0][0] - 5 == best[0]
            assert [s for _, s in found] == pytest.approx([scores[x - 5] for x, _ in found], abs=1e-6)
            missed += len(set(best.tolist()) - {x - 5 for x, _ in found})
        among = dict(held.nearest(unit, 3, stored, labels=[9, 6, 10**9]))
        assert among == {label: pytest.approx(scores[label - 5], abs=1e-6) for label in (6, 9)}
    # Hard for codes: in no direction are many near, and few numbers tell; texts are nearer to their like.
    assert missed <= (0.02 * 800 if count >= QUANTISED_FROM else 0)


def test_vectors_so_alike_that_no_code_tells_them_apart_are_found_by_their_true_cosines() -> None:
    vectors = np.ones((QUANTISED_FROM, 32), np.float32) / np.sqrt(np.float32(32))
    vectors += np.float32(3e-4) * spread(QUANTISED_FROM)
    stored = compared_with(vectors, range(QUANTISED_FROM))
    alike = Vectors.empty(STAMP).patched(STAMP, [], range(QUANTISED_FROM), vectors)
    assert isinstance(alike.held, Quantised)
    found = alike.nearest(vectors[3], 9, stored)
    assert len(found) == 9
    assert [s for _, s in found] == pytest.approx(stored([x for x, _ in found]) @ vectors[3], abs=1e-6)


@pytest.mark.parametrize("scale", [0.6, 3.0], ids=["small numbers", "numbers larger than any before"])
@pytest.mark.parametrize("more", [0, max(FEW, QUANTISED_FROM // SHARE)], ids=["few changes", "many changes"])
def test_very_many_vectors_are_searched_as_well_after_a_change(scale: float, more: int) -> None:
    vectors = spread(QUANTISED_FROM + 2) / 2
    query = vectors[1] * 2
    vectors[-2:] = np.stack([-query, query]) * np.float32(scale)
    stored = compared_with(vectors, range(len(vectors)))
    before = Vectors.empty(STAMP).patched(STAMP, [], range(QUANTISED_FROM), vectors[:-2])
    nearest = before.nearest(query, 3, stored)
    assert nearest[0] == (1, pytest.approx(0.5, abs=1e-5))
    old = [i for i in range(10, 10 + 2 * more) if i not in dict(nearest)]
    gone = [nearest[1][0], *old]
    new = [QUANTISED_FROM, QUANTISED_FROM + 1]
    after = before.patched(STAMP, gone, new, vectors[-2:])
    assert (after.changes == 0, len(after)) == (bool(more), QUANTISED_FROM + 2 - len(gone))
    there = np.setdiff1d(np.arange(len(vectors)), gone)
    best = there[np.argsort(-(vectors[there] @ query))[:9]]
    assert best[0] == new[1]
    assert [label for label, _ in after.nearest(query, 9, stored)] == best.tolist()
    assert [label for label, _ in after.nearest(query, 9, stored, labels=[1, *gone, new[1]])] == [new[1], 1]
    assert before.nearest(query, 3, stored) == nearest
    again = after.patched(STAMP, [new[1], gone[0]], [], vectors[:0])
    assert again.nearest(query, 8, stored)[0] == nearest[0]


@pytest.mark.parametrize("count", [50, QUANTISED_FROM], ids=["few", "many"])
def test_the_file_holds_the_vectors_with_their_changes_worked_in(tmp_path: Path, count: int) -> None:
    vectors, path = spread(count), tmp_path / "vectors"
    stored = compared_with(vectors, range(count))
    one = Vectors.empty(STAMP).patched(STAMP, [], range(count - 1), vectors[:-1])
    two = one.patched(Stamp(2, "other", MODEL, 32), [3], [count - 1], vectors[-1:])
    vectorfile.save(two, path)
    read = vectorfile.load(path)
    assert read is not None
    assert (read.stamp, len(read), read.changes) == (two.stamp, count - 1, 0)
    assert vectorfile.glance(path) == (two.stamp, count - 1)
    for query in (vectors[3], vectors[-1]):
        assert read.nearest(query, 9, stored) == two.nearest(query, 9, stored)
    after = read.patched(STAMP, [4], [], vectors[:0])
    path.unlink()  # whoever has it open keeps it
    assert read.nearest(vectors[4], 1, stored) == [(4, pytest.approx(1.0, abs=1e-6))]
    assert after.nearest(vectors[4], 1, stored)[0][0] != 4


def test_a_file_of_many_vectors_is_read_whole_before_it_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    vectorfile.save(
        Vectors.empty(STAMP).patched(STAMP, [], range(QUANTISED_FROM), spread(QUANTISED_FROM)), path
    )
    whole = bytearray(path.read_bytes())
    whole[-9] ^= 1
    path.write_bytes(whole)
    assert vectorfile.load(path) is None


def test_chunks_of_one_passage_are_found_by_their_own_span(store: Store) -> None:
    chunks = [Chunk(number=1, start=0, end=4, vector=EAST), Chunk(number=1, start=5, end=9, vector=NORTH)]
    store.put(article("a", "Owls.Bees."), "f", chunks, {})
    (best,) = store.search(NORTH, 1)
    assert (best.start, best.end) == (5, 9)


def test_search_within_articles_leaves_the_others_out(store: Store) -> None:
    put(store, article("a", "1"), EAST)
    (b,) = put(store, article("b", "2"), NORTH)
    assert [n.passage_id for n in store.search(EAST, 9, within=["b", "nobody"])] == [b]
    assert store.search(EAST, 9, within=[]) == []
    assert store.lexical(["1", "2"], 9, within=["b"]) == [(b, pytest.approx(1e-6))]
    assert store.phrase("1", 9, within=["b"]) == []


def test_no_cosine_is_beyond_one(store: Store) -> None:
    rng = np.random.default_rng(1)
    for number in range(20):
        vector = rng.standard_normal(3).astype(np.float32)
        (only,) = put(store, article("a", str(number)), vector / np.linalg.norm(vector))
        for query in (vector, -vector):
            scores = [n.score for n in [*store.search(query, 1), *store.similarity(query, [only])]]
            assert scores == pytest.approx([np.sign(query @ vector)] * 2, abs=1e-6)
            assert max(map(abs, scores)) <= 1


def test_similarity_scores_every_chunk_of_the_passages_and_no_other(store: Store) -> None:
    one, two, _ = put(store, article("a", "1", "2", "3"), WEST, NORTH, EAST)
    nearest = store.similarity(np.array([5, 12, 0], dtype=np.float32), [one, two, 10**9])  # of length 13
    assert [(n.passage_id, n.score) for n in nearest] == [
        (two, pytest.approx(12 / 13)),
        (one, pytest.approx(-5 / 13)),
    ]
    assert store.similarity(EAST, []) == []


@pytest.mark.parametrize("query", [np.zeros(3), np.ones(4), np.ones((1, 3)), np.array([1, np.nan, 0])])
def test_a_query_of_another_shape_or_without_direction_is_refused(store: Store, query: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a query of"):
        store.search(query, 1)
    with pytest.raises(ValueError, match="k is 0"):
        store.search(EAST, 0)


# Words


def test_the_lexical_score_is_bm25(store: Store) -> None:
    _, bees, _ = put(store, article("a", "Owls hoot.", "Bees hum.", "Cats purr."))
    # One of three passages holds it, all have two words: ln((3 - 1 + ½) / (1 + ½)) times 1.
    assert store.lexical(["bees"], 9) == [(bees, pytest.approx(math.log(5 / 3)))]


def test_any_of_the_words_finds_a_passage_and_more_of_them_rank_it_higher(store: Store) -> None:
    filler = ["Nothing here."] * 9
    one, both, *_ = put(store, article("a", "A heron came.", "A heron met a stork.", *filler))
    assert [i for i, _ in store.lexical(["stork", "heron"], 9)] == [both, one]
    assert [i for i, _ in store.lexical(["stork", "heron"], 1)] == [both]
    assert store.lexical([], 9) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Drones flew.", "drone"),
        ("She was claiming it.", "CLAIMS"),
        ("Lech Wałęsa.", "walesa"),
        ("Walesa.", "Wałęsa"),
        ("Cre\u0300me brûlée.", "brulee"),
        ("Straße.", "strasse"),
        ("The U.S. said so.", "u.s."),
        ("O’Neill.", "O'Neill"),
        ("Kraków\xa0is far.", "krakow"),
        ("ﬁrst.", "first"),
    ],
)
def test_a_word_is_found_in_any_form_case_and_spelling(store: Store, text: str, word: str) -> None:
    (only,) = put(store, article("a", text))
    assert [i for i, _ in store.lexical([word], 9)] == store.phrase(word, 9) == [only]
    assert store.document_frequency([word]) == {word: 1}


def test_a_heading_counts_for_words_but_not_for_phrases(store: Store) -> None:
    (only,) = put(store, article("a", "Text.", section="Naval exercises"))
    assert [i for i, _ in store.lexical(["exercise"], 9)] == [only]
    assert store.phrase("naval exercises", 9) == []


def test_a_phrase_holds_in_its_order_only_and_the_newest_comes_first(store: Store) -> None:
    (old,) = put(store, article("old", "“Drones over\xa0Poland,” he said.", on=date(2024, 1, 1)))
    (new,) = put(store, article("new", "Again drones, over Poland.", on=date(2025, 1, 1)))
    assert store.phrase("drones over Poland", 9) == [new, old]
    assert store.phrase("drones over Poland", 1) == [new]
    assert store.phrase("Poland over drones", 9) == []


def test_document_frequency_counts_passages(store: Store) -> None:
    put(store, article("a", "Owl, owl, owls.", "An owl.", "A bee."))
    assert store.document_frequency(["owls", "bee", "cat", "…", ""]) == {
        "owls": 2, "bee": 1, "cat": 0, "…": 0, "": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "syntax",
    ['"', '""', "text :", "NOT", "a NOT b", "NEAR(", "be*", "{text section}:", "-", "bee + owl"],
)
def test_search_syntax_means_nothing(store: Store, syntax: str) -> None:
    put(store, article("a", "The bee.", "The beetle, an owl."))
    assert store.lexical([syntax], 9) == store.phrase(syntax, 9) == []


@settings(max_examples=100)
@given(st.text() | st.text('"*^:(){}+- ANDORTNE\0\ud800', max_size=12))
def test_whatever_a_reader_types_is_only_words(store: Store, typed: str) -> None:
    if not store.articles():
        put(store, article("a", "Zyx."))
    assert "zyx" in typed.casefold() or store.lexical([typed, typed], 9) == []
    assert "zyx" in typed.casefold() or store.phrase(typed, 9) == []
    assert store.lexical([typed, "zyx"], 9) != []


def test_a_page_of_pasted_words_is_no_problem(store: Store) -> None:
    (only,) = put(store, article("a", "Zyx."))
    assert [i for i, _ in store.lexical([*map(str, range(5000)), "zyx"], 9)] == [only]
    assert store.phrase(" ".join(map(str, range(5000))), 9) == []


# Speech and names


def speech(article_id: str, on: date | None, *speakers: str | None) -> Article:
    """Build an article with two utterances in each passage: by its speaker, then by Zoe."""
    passages = []
    for number, who in enumerate(speakers, 1):
        own = Utterance(start=5, end=9, speaker=who, cue="said", manner=Manner.DIRECT)
        zoe = Utterance(start=0, end=4, speaker="Zoe", cue="said", manner=Manner.DIRECT)
        passages.append(Passage(number=number, text="Owls hoot.", utterances=(own, zoe)))
    return Article(id=article_id, name=article_id, title="T", date=on, passages=tuple(passages))


def quoting(store: Store, article_id: str, on: date, *said: tuple[str, Manner]) -> list[int]:
    """Put an article in which each passage is one statement, its words the same."""
    passages = tuple(
        Passage(
            number=n,
            text="The gulls came.",
            utterances=(Utterance(start=0, end=15, speaker=who, cue="said", manner=manner),),
        )
        for n, (who, manner) in enumerate(said, 1)
    )
    record = Article(id=article_id, name=article_id, title="T", date=on, passages=passages)
    return put(store, record, *[EAST, NORTH, UP][: len(passages)])


def test_a_search_may_be_for_the_passages_of_some_speakers(store: Store) -> None:
    ann, bo = quoting(store, "a", date(2025, 1, 1), ("Ann", Manner.DIRECT), ("Bo", Manner.DIRECT))
    (new,) = quoting(store, "b", date(2025, 1, 2), ("Ann", Manner.DIRECT))
    assert [n.passage_id for n in store.search(NORTH, 9, None, ["Ann"])] == [ann, new]
    assert [n.passage_id for n in store.search(NORTH, 9, ["a"], ["Ann", "Bo"])] == [bo, ann]
    assert [i for i, _ in store.lexical(["gulls"], 9, None, ["Ann"])] == [ann, new]
    assert [i for i, _ in store.lexical(["gulls"], 9, ["b"], ["Ann", "Bo"])] == [new]
    assert store.search(EAST, 9, None, ["Cy"]) == store.lexical(["gulls"], 9, None, []) == []
    assert sorted(store.quoting(["Ann"], 9)) == [ann, new]
    assert (store.quoting(["Ann", "Bo"], 9, ["b"]), len(store.quoting(["Ann"], 1))) == ([new], 1)
    assert [i for i, _ in store.said(["Ann", "Bo"], None, [bo, new])] == [new, bo]


def test_the_most_direct_words_come_first_then_the_newest(store: Store) -> None:
    manners = [("Ann", Manner.FRAGMENT), ("Ann", Manner.DIRECT), ("Ann", Manner.INDIRECT)]
    fragment, direct, indirect = quoting(store, "a", date(2025, 1, 1), *manners)
    newer, mixed, _ = quoting(
        store, "b", date(2025, 1, 2), manners[1], ("Ann", Manner.MIXED), ("Bo", Manner.DIRECT)
    )
    assert store.most_directly_quoting(["Ann"], 9) == [newer, direct, mixed, indirect, fragment]
    assert store.most_directly_quoting(["Ann"], 2) == [newer, direct]
    assert store.most_directly_quoting(["Ann"], 9, ["a"]) == [direct, indirect, fragment]


# Words one of which is two terms, several with one stem, and one that is none.
ASKED = ["owl", "owls", "u.s.", "bee", "moth", "—"]
spoken_words = st.lists(st.sampled_from(["owl", "Owls", "U.S.", "bee", "moth", "s", "u", "sky"]), max_size=12)


def by_fts5(folder: Path, words: list[str], among: set[int]) -> list[tuple[int, float]]:
    """Return the ids in *among* that hold any of *words*, scored and put in order by FTS5 itself."""
    match = " OR ".join(f'"{w}"' for w in words)
    query = "select rowid, -rank from full_text where full_text match ? order by rank, rowid"
    with closing(sqlite3.connect(file.path_in(folder))) as connection:
        return [row for row in connection.execute(query, [match]) if row[0] in among]


@settings(max_examples=40)
@given(
    bodies=st.lists(st.tuples(spoken_words, spoken_words, st.sampled_from("AB")), min_size=1, max_size=20),
    words=st.lists(st.sampled_from(ASKED), min_size=1, unique=True),
    k=st.integers(1, 20),
)
def test_words_are_scored_as_fts5_scores_them(
    folder: Path, store: Store, bodies: list[tuple[list[str], list[str], str]], words: list[str], k: int
) -> None:
    passages = tuple(
        Passage(
            number=n,
            text=" ".join([*said, "."]),
            section=" ".join(heading),
            utterances=(Utterance(start=0, end=1, speaker=who, cue="said", manner=Manner.DIRECT),),
        )
        for n, (said, heading, who) in enumerate(bodies, 1)
    )
    half = len(passages) // 2
    for name, some in (("a", passages[:half]), ("b", passages[half:])):
        numbered = tuple(replace(p, number=n) for n, p in enumerate(some, 1))
        put(store, Article(id=name, name=name, title="T", passages=numbered))
    ids = {name: store.passage_ids(name) for name in "ab"}
    where = dict(zip(ids["a"] + ids["b"], (who for *_, who in bodies), strict=True))
    by_a = {i for i, who in where.items() if who == "A"}

    def same(among: set[int], **restricted: list[str]) -> None:
        expected = by_fts5(folder, words, among)[:k]
        found = store.lexical(words, k, **restricted)
        assert [i for i, _ in found] == [i for i, _ in expected]
        assert [s for _, s in found] == pytest.approx([s for _, s in expected], rel=1e-12)

    same(set(where))
    same(set(ids["b"]), within=["b"])
    same(by_a, speakers=["A"])
    same(by_a & set(ids["a"]), within=["a"], speakers=["A", "C"])


@pytest.mark.parametrize(("room", "times"), [(2**20, 1), (0, 3)], ids=["room for them", "no room"])
def test_words_are_kept_where_there_is_room_and_scored_alike(
    store: Store, monkeypatch: pytest.MonkeyPatch, room: int, times: int
) -> None:
    _, owls, *_ = put(store, article("a", "Bees.", "Owls, owls.", "Wasps.", "Cats."))
    monkeypatch.setattr(postings, "KEPT_BYTES", room)
    read, standing = [], postings._standing
    monkeypatch.setattr(postings, "_standing", lambda *asked: read.append(asked) or standing(*asked))
    found = [store.lexical(["owl"], 9) for _ in range(3)]
    assert found == [[(owls, pytest.approx(by_hand(2, 2, 5 / 4, 4)))]] * 3
    assert len(read) == times


def by_hand(often: int, length: int, average: float, passages: int) -> float:
    """Return the BM25 of the only passage that holds a word: *often*, among *length* words."""
    return math.log((passages - 0.5) / 1.5) * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length / average))


@pytest.mark.parametrize("words", [40, 127, 128, 129, 16_383, 16_384, 40_000])
def test_a_passage_of_any_length_is_scored_as_fts5_scores_it(folder: Path, store: Store, words: int) -> None:
    ids = put(store, article("a", "owl " + "sky " * (words - 1), "owl", "bee", "bee", "bee", section="x y"))
    expected = by_fts5(folder, ["owl"], set(ids))
    assert store.lexical(["owl"], 9) == [(i, pytest.approx(score, rel=1e-12)) for i, score in expected]


@settings(max_examples=40)
@given(st.lists(st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 3)), max_size=8), st.integers(1, 20))
def test_phrases_come_in_the_order_of_the_articles(store: Store, dates: list[date | None], k: int) -> None:
    for old in store.articles():
        store.remove(old.id)
    for number, on in enumerate(dates):
        put(store, article(str(number), "The gulls came.", "Nothing.", "Two gulls came.", on=on))
    every = [i for a in store.articles() for i in store.passage_ids(a.id)]
    holding = [i for i in every if "gulls" in store.passages([i])[i][1].text]
    assert store.phrase("gulls came", k) == holding[:k]
    second = store.passage_ids("1")
    assert store.phrase("gulls came", k, within=["1"]) == [i for i in holding if i in second][:k]


def test_after_warming_nothing_is_counted_for_the_first_question(store: Store, statements: list[str]) -> None:
    put(store, article("a", "Owls.", "Bees."), EAST, NORTH)

    def whole_tables() -> list[str]:
        return [
            s for s in statements if "docsize" in s or "count(*)" in s or "group_concat(anon_1.label)" in s
        ]

    statements.clear()
    store.warm()
    assert len(whole_tables()) == 4  # two tables are counted
    statements.clear()
    assert store.lexical(["owl"], 9)
    assert store.phrase("bees", 9)
    assert store.search(EAST, 1, speakers=["Ann"]) == []
    assert store.summary().passages == 2
    assert whole_tables() == []


def test_what_was_counted_is_counted_again_after_a_change(store: Store) -> None:
    put(store, article("a", "The owls fly."), EAST)
    assert (store.document_frequency(["owls"]), store.summary().passages) == ({"owls": 1}, 1)
    put(store, article("b", "Owls.", "Bees."), EAST)
    with store.reading():
        assert (store.document_frequency(["owls"]), store.summary().passages) == ({"owls": 2}, 3)
        assert store.article_names(["a", "b", "c"]) == {"a": "a", "b": "b"}


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_the_best_few_by_words_are_the_first_of_all(store: Store, seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    often = {"owl": 0.1, "bee": 0.15, "gull": 0.2, "wasp": 0.3}
    held = [[w for w, p in often.items() if rng.random() < p] for _ in range(150)]
    # The rarer a word, the longer its passages and the less it weighs there; others are said again and again.
    bodies = [
        " ".join(
            ["moth"] * (80 if "owl" in words else 1) + [w for w in words for _ in range(1 + rng.poisson(3))]
        )
        for words in held
    ]
    put(store, article("a", *bodies))
    everything = store.lexical([*often], 1000)
    assert store.lexical([*often], k) == everything[:k]
    assert len(everything) == sum(map(bool, held))


def test_said_gives_the_newest_first_then_as_printed(store: Store) -> None:
    old = put(store, speech("old", date(2024, 1, 1), "Ann", "Bo"))
    new = put(store, speech("new", date(2025, 1, 1), "Bo", "Ann", None))
    undated = put(store, speech("undated", None, "Ann"))
    assert [i for i, _ in store.said(["Ann", "Bo"])] == [new[0], new[1], *old, *undated]
    assert [i for i, _ in store.said(["Ann"], within=["old", "undated"])] == [old[0], undated[0]]
    assert [u.start for _, u in store.said(["Bo", "Zoe"], within=["old"])] == [0, 5, 0]
    assert store.said(["ann"]) == store.said([]) == []
    assert store.speakers() == {"Ann": 3, "Bo": 2, "Zoe": 6}


def test_names_add_up_over_articles_and_follow_each_change(folder: Path, store: Store) -> None:
    store.put(article("a"), "f", [], {"Tusk": 2, "Donald": 1})
    with Store.open_existing(folder) as reader:
        assert reader.names() == {"Tusk": 2, "Donald": 1}
        store.put(article("b"), "f", [], {"Tusk": 3})
        assert reader.names() == {"Tusk": 5, "Donald": 1}
        store.remove("a")
        assert reader.names() == {"Tusk": 3}


# At the door


def test_vectors_of_texts_already_stored_come_back(store: Store) -> None:
    put(store, article("a", "Owls.", "Bees."), EAST, NORTH)
    known = store.vectors(["Bees.", "Cats.", "Bees."])
    assert {t: k.vector.tolist() for t, k in known.items()} == {"Bees.": [0, 1, 0]}


@pytest.mark.parametrize(
    ("chunk", "complaint"),
    [
        (Chunk(number=1, start=0, end=6, vector=EAST), "not inside ¶ 1"),
        (Chunk(number=1, start=-1, end=2, vector=EAST), "not inside ¶ 1"),
        (Chunk(number=1, start=2, end=2, vector=EAST), "not inside ¶ 1"),
        (Chunk(number=2, start=0, end=1, vector=EAST), "not inside ¶ 2"),
        (Chunk(number=1, start=0, end=5, vector=np.ones(4, dtype=np.float32) / 2), "dimension 3"),
        (Chunk(number=1, start=0, end=5, vector=EAST * 1.01), "not 1"),
        (Chunk(number=1, start=0, end=5, vector=EAST * np.nan), "not 1"),
    ],
)
def test_chunks_that_fit_neither_text_nor_model_are_refused(
    store: Store, chunk: Chunk, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        store.put(article("a", "Owls."), "f", [chunk], {})
    assert (store.generation, store.articles()) == (0, [])


def test_passages_that_are_not_numbered_as_printed_are_refused(store: Store) -> None:
    skipped = Article(id="a", name="a", title="A", passages=(Passage(number=2, text="Owls."),))
    with pytest.raises(ValueError, match=r"numbered \[2\]"):
        store.put(skipped, "f", [], {})
    beyond = Utterance(start=0, end=6, speaker=None, cue="said", manner=Manner.DIRECT)
    outside = Passage(number=1, text="Owls.", utterances=(beyond,))
    with pytest.raises(ValueError, match="not inside ¶ 1"):
        store.put(Article(id="a", name="a", title="A", passages=(outside,)), "f", [], {})


def test_text_that_is_no_text_is_refused_and_the_old_article_stays(store: Store) -> None:
    put(store, article("a", "Owls."), EAST)
    with pytest.raises(ValueError, match="surrogates"):
        put(store, article("a", "Bees.", "\ud800"), NORTH)
    assert store.article("a") == article("a", "Owls.")
    assert store.generation == 1


# Whose file it is


def test_a_store_that_is_not_there_is_said_and_not_made(folder: Path) -> None:
    with pytest.raises(StoreError, match=r"no store in .* yet: run"):
        Store.open_existing(folder)
    assert not folder.exists()


def test_another_model_is_refused_by_name(folder: Path, store: Store) -> None:
    with pytest.raises(WrongModelError, match=r"compass@1.*of gyro@2"):
        Store.open(folder, "gyro@2", 3)
    with pytest.raises(WrongModelError, match=r"dimension 3.*dimension 4"):
        Store.open(folder, MODEL, 4)
    with Store.open_existing(folder) as whichever:
        assert (whichever.model, whichever.dimension) == (MODEL, 3)


def test_clear_starts_over_under_another_model(folder: Path, store: Store) -> None:
    put(store, article("a", "Owls."), EAST)
    store.save()
    store.clear("gyro@2", 2)
    assert (found(store, np.ones(2)), store.lexical(["owls"], 9), store.articles()) == ([], [], [])
    assert store.document_frequency(["owls"]) == {"owls": 0}
    put(store, article("b", "Bees."), np.array([0, 1], dtype=np.float32))
    with Store.open(folder, "gyro@2", 2) as again:
        assert len(found(again, np.ones(2))) == 1
    assert store.generation == 3


def test_a_reader_of_the_old_model_is_told_when_the_store_is_started_over(folder: Path, store: Store) -> None:
    with Store.open(folder, MODEL, 3) as other:
        other.clear("gyro@2", 3)
    with pytest.raises(WrongModelError, match="gyro@2, no longer of compass@1"):
        store.search(EAST, 1)
    with pytest.raises(WrongModelError, match="gyro@2"):
        put(store, article("a", "Owls."), EAST)


def sqlite_file(path: Path, *statements: str) -> bytes:
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        (["create table mine (x)"], "is not a Pullquote store"),
        (["pragma application_id = 7"], "is not a Pullquote store"),
        (["pragma application_id = 1347767377", "pragma user_version = 4", "create table t (x)"], "newer"),
    ],
)
def test_another_programs_database_is_left_alone(folder: Path, statements: list[str], complaint: str) -> None:
    content = sqlite_file(folder / "column.sqlite", *statements)
    for opening in (lambda: Store.open(folder, MODEL, 3), lambda: Store.open_existing(folder)):
        with pytest.raises(ForeignStoreError, match=complaint):
            opening()
    assert (folder / "column.sqlite").read_bytes() == content


def test_a_file_that_is_no_database_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "column.sqlite").write_bytes(b"Dear diary, " * 999)
    with pytest.raises(ForeignStoreError, match="no SQLite file"):
        Store.open(folder, MODEL, 3)
    assert (folder / "column.sqlite").read_bytes() == b"Dear diary, " * 999


def test_a_folder_that_cannot_be_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Cannot make the data folder"):
        Store.open(tmp_path / "file", MODEL, 3)
    (tmp_path / "data" / "column.sqlite").mkdir(parents=True)
    with pytest.raises(StoreError, match="Cannot open"):
        Store.open(tmp_path / "data", MODEL, 3)


@pytest.mark.parametrize("statements", [[], ["pragma journal_mode = wal"]])
def test_a_first_start_that_was_cut_short_is_taken_up(folder: Path, statements: list[str]) -> None:
    sqlite_file(folder / "column.sqlite", *statements)
    (folder / "column.sqlite").touch()
    with pytest.raises(StoreError, match="no store"):
        Store.open_existing(folder)
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls."), EAST)
        assert len(found(store)) == 1


def test_a_truncated_file_is_corrupt(folder: Path) -> None:
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls. " * 5000), EAST)
    whole = (folder / "column.sqlite").read_bytes()
    (folder / "column.sqlite").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptStoreError, match="is damaged"):
        Store.open(folder, MODEL, 3)


def test_the_check_finds_a_damaged_page_and_full_text_that_does_not_fit(folder: Path) -> None:
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls. " * 5000), EAST)
        store.check()
    path = folder / "column.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 4096 * 8 + whole[4096 * 9 :])
    with pytest.raises(CorruptStoreError, match="is damaged"), Store.open_existing(folder) as store:
        store.check()
    for unfit in ("update full_text_content set c0 = 'bees'", "delete from full_text", "delete from passage"):
        path.write_bytes(whole)
        with sqlite3.connect(path) as connection:
            connection.execute(unfit)
        connection.close()
        with pytest.raises(CorruptStoreError, match="is damaged"), Store.open_existing(folder) as store:
            store.check()


# The vectors' file


@pytest.fixture
def saved(folder: Path) -> Path:
    """Return the vectors' file of a store with two articles: a to the east, b to the north."""
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls."), EAST)
        put(store, article("b", "Bees."), NORTH)
        store.save()
    return folder / "column.faiss"


def nearest_articles(folder: Path, query: np.ndarray = EAST) -> list[tuple[str, float]]:
    """Ask a store that has only just been opened."""
    with Store.open(folder, MODEL, 3) as store, store.reading():
        near = store.search(query, 9)
        owners = store.passages([n.passage_id for n in near])
        return [(owners[n.passage_id][0], n.score) for n in near]


BOTH = [("a", 1.0), ("b", 0.0)]


def test_a_missing_vectors_file_is_made_up_for_and_written_again(folder: Path, saved: Path) -> None:
    saved.unlink()
    assert nearest_articles(folder) == BOTH
    with Store.open(folder, MODEL, 3) as store:
        store.save()
    assert saved.exists()


def test_any_damage_to_the_vectors_file_is_noticed_and_repaired(folder: Path, saved: Path) -> None:
    whole = saved.read_bytes()
    flipped = [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(0, len(whole), 23)]
    for damaged in [b"", whole[:31], whole[:-1], whole + b"\0", b"\0" * len(whole), *flipped]:
        saved.write_bytes(damaged)
        with Store.open(folder, MODEL, 3) as store:
            assert [score for _, score in found(store)] == [1.0, 0.0]
            store.save()
        assert saved.read_bytes() == whole


def test_an_up_to_date_vectors_file_is_not_written_again(folder: Path, saved: Path) -> None:
    before = saved.stat()
    with Store.open(folder, MODEL, 3) as store:
        store.save()
    assert (saved.stat().st_ino, saved.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_vectors_file_that_is_behind_is_caught_up_with(folder: Path, saved: Path) -> None:
    with Store.open(folder, MODEL, 3) as store:
        store.remove("a")
        put(store, article("b", "Bees."), UP)
        put(store, article("c", "Cats."), EAST)
    assert nearest_articles(folder) == [("c", 1.0), ("b", 0.0)]
    assert nearest_articles(folder, UP) == [("b", 1.0), ("c", 0.0)]


def test_a_vectors_file_that_is_ahead_is_not_believed(folder: Path, saved: Path) -> None:
    older = (folder / "column.sqlite").read_bytes()
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls."), WEST)
        store.save()
    (folder / "column.sqlite").write_bytes(older)
    assert nearest_articles(folder) == BOTH


def test_a_vectors_file_of_another_history_is_not_believed_at_the_same_generation(
    folder: Path, saved: Path
) -> None:
    older = (folder / "column.sqlite").read_bytes()
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls."), WEST)
        store.save()
    (folder / "column.sqlite").write_bytes(older)
    with Store.open(folder, MODEL, 3) as store:
        put(store, article("a", "Owls."), UP)  # the same generation and the same labels as above
    assert nearest_articles(folder, WEST) == [("b", 0.0), ("a", 0.0)]


def test_a_reader_that_is_too_far_behind_starts_from_the_file_or_from_nothing(
    folder: Path, store: Store
) -> None:
    put(store, article("a", "Owls."), EAST)
    store.save()
    with Store.open(folder, MODEL, 3) as reader:
        reader.refresh()
        for _ in range(KEPT_GENERATIONS + 1):
            store.put(article("b", "Bees."), "f", [Chunk(number=1, start=0, end=1, vector=NORTH)], {})
        assert [score for _, score in found(reader)] == [1.0, 0.0]
        assert [score for _, score in found(reader, NORTH)] == [1.0, 0.0]
    with sqlite3.connect(folder / "column.sqlite") as connection:
        for table in ("generation", "removed"):
            (kept,) = connection.execute(f"select count(*) from {table}").fetchone()
            assert kept <= KEPT_GENERATIONS + 1, "what nobody needs is forgotten"
    connection.close()


steps = st.lists(
    st.tuples(st.sampled_from("abcd"), st.lists(st.sampled_from([EAST, NORTH, UP, WEST]), max_size=3)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15)
@given(steps)
def test_vectors_that_caught_up_step_by_step_equal_those_built_anew(folder: Path, taken: list) -> None:
    with Store.open(folder, MODEL, 3) as writer, Store.open(folder, MODEL, 3) as reader:
        for name, vectors in taken:
            if vectors:
                put(writer, article(name, *map(str, range(len(vectors)))), *vectors)
            else:
                writer.remove(name)
            reader.refresh()
        with Store.open(folder, MODEL, 3) as anew:
            for query in (EAST, np.array([1, 2, 3])):
                assert anew.search(query, 99) == reader.search(query, 99)
                assert anew.search(query, 2) == reader.search(query, 2)


who_spoke = st.lists(
    st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from(["Ada Roe", "Bo", None]), max_size=3)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15)
@given(who_spoke)
def test_what_is_counted_with_each_change_is_what_there_is(folder: Path, taken: list) -> None:
    spoken: dict[str, list[str | None]] = {}
    with Store.open(folder, MODEL, 3) as store:
        store.clear(MODEL, 3)
        for name, speakers in taken:
            spoken[name] = speakers
            told = tuple(
                Utterance(start=0, end=1, speaker=s, cue="said", manner=Manner.DIRECT) for s in speakers
            )
            passages = (Passage(number=1, text="Owls.", utterances=told),)
            words = Counter(w.casefold() for s in speakers for w in (s or "").split())
            store.put(Article(id=name, name=name, title=name, passages=passages), "f", [], words)
            if not speakers:
                store.remove(name)
        every = [s for speakers in spoken.values() for s in speakers]
        assert store.speakers() == Counter(s for s in every if s)
        assert store.names() == Counter(w.casefold() for s in every for w in (s or "").split())
        assert store.summary().utterances == len(every)
        store.check()
        with closing(sqlite3.connect(folder / "column.sqlite", isolation_level=None)) as connection:
            connection.execute("insert into spoken values ('Nobody', 1)")
            with pytest.raises(CorruptStoreError, match="counted"):
                store.check()
            connection.execute("delete from spoken where speaker = 'Nobody'")


some_words = st.lists(st.sampled_from(["owls", "hoot", "the", "U.S.", "bee", "—", "at"]), max_size=5).map(
    " ".join
)


@settings(max_examples=40)
@given(st.lists(some_words.filter(str.strip), min_size=1, max_size=8), some_words)
def test_a_phrase_is_found_where_the_full_text_alone_finds_it(
    folder: Path, texts: list[str], words: str
) -> None:
    with Store.open(folder, MODEL, 3) as store:
        ids = put(store, article("a", *texts))
        with closing(sqlite3.connect(folder / "column.sqlite")) as connection:
            query = "select rowid from full_text where full_text match ? order by rowid"
            found = connection.execute(query, [f'text : "{words}"']).fetchall()
        assert store.phrase(words, 99) == [x for (x,) in found]
        assert {x for (x,) in found} <= set(ids)


texts_put = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.lists(
            st.sampled_from(["Owls.", "Bees, owls; owls.", "U.S. bees.", "The U.S.", "s u"]), max_size=3
        ),
        st.sampled_from([None, date(2024, 5, 1), date(2025, 5, 1)]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25)
@given(texts_put)
def test_words_and_order_that_caught_up_step_by_step_equal_those_read_anew(folder: Path, taken: list) -> None:
    with Store.open(folder, MODEL, 3) as writer, Store.open(folder, MODEL, 3) as reader:
        for name, passages, day, bare in taken:
            if passages:
                vectors = [] if bare else [EAST] * len(passages)
                put(writer, replace(article(name, *passages), date=day), *vectors)
            else:
                writer.remove(name)
            reader.warm()
            with Store.open(folder, MODEL, 3) as anew:
                for words in (["owls"], ["bees", "u.s."], ["s", "u", "owl"]):
                    assert reader.lexical(words, 99) == anew.lexical(words, 99)
                    assert reader.document_frequency(words) == anew.document_frequency(words)
                for phrase in ("owls", "u.s.", "bees owls"):
                    assert reader.phrase(phrase, 99) == anew.phrase(phrase, 99)
                assert reader.summary() == anew.summary()


def test_a_change_reads_no_more_than_what_changed(store: Store, statements: list[str]) -> None:
    for name in "abc":
        put(store, article(name, "Owls.", "Bees."), EAST, NORTH)
    store.warm()
    put(store, article("d", "Cats."), UP)
    statements.clear()
    store.warm()
    read = [s for s in statements if "docsize" in s or "FROM chunk" in s or "FROM passage" in s]
    counted = [s for s in read if "count(*)" in s]
    assert [s for s in read if s not in counted and ">" not in s] == []
    assert len(read) > len(counted)


# More than one at a time


def test_a_reader_sees_each_change_without_opening_again(folder: Path, store: Store) -> None:
    with Store.open(folder, MODEL, 3) as reader:
        assert (reader.refresh(), reader.generation, found(reader)) == (True, 0, [])
        (only,) = put(store, article("a", "Owls."), EAST)
        assert (found(reader), reader.generation) == ([(only, 1.0)], 1)
        assert not reader.refresh()
        store.remove("a")
        assert reader.refresh()
        assert (found(reader), reader.lexical(["owls"], 1)) == ([], [])


def test_inside_a_reading_block_nothing_changes(folder: Path, store: Store) -> None:
    (old,) = put(store, article("a", "Owls."), EAST)
    with Store.open(folder, MODEL, 3) as reader:
        with reader.reading() as generation:
            (new,) = put(store, article("a", "Bees."), NORTH)
            with reader.reading() as inner:
                assert (generation, inner, reader.generation) == (1, 1, 1)
            assert (found(reader), reader.article("a").passages[0].text) == ([(old, 1.0)], "Owls.")
            assert (len(reader.lexical(["owls"], 9)), reader.lexical(["bees"], 9)) == (1, [])
        assert (found(reader), reader.article("a").passages[0].text) == ([(new, 0.0)], "Bees.")


def test_a_reading_block_ends_with_an_error_too(store: Store) -> None:
    put(store, article("a", "Owls."), EAST)
    with pytest.raises(RuntimeError, match="elsewhere"), store.reading():
        raise RuntimeError("elsewhere")
    put(store, article("a", "Bees."), EAST)
    assert store.article("a").passages[0].text == "Bees."


def test_readers_see_whole_articles_while_a_writer_goes_on(folder: Path, store: Store) -> None:
    put(store, article("a", "0", "0", "0"), EAST, EAST, EAST)
    done, torn, rounds = threading.Event(), [], []

    def read() -> None:
        while not done.is_set():
            with store.reading() as generation:
                near = [n.passage_id for n in store.search(EAST, 9)]
                shown = [p.text for _, p in store.passages(near).values()]
                words = [i for i, _ in store.lexical([str(generation - 1)], 9)]
                if len(near) != 3 or set(shown) != {str(generation - 1)} or sorted(words) != sorted(near):
                    torn.append((generation, near, shown, words))
            rounds.append(generation)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    with Store.open(folder, MODEL, 3) as writer:
        for version in range(1, 40):
            put(writer, article("a", *[str(version)] * 3), EAST, EAST, EAST)
    done.set()
    for reader in readers:
        reader.join()
    assert torn == []
    assert len(set(rounds)) > 1, "the readers have seen no change"


def test_a_second_writer_is_told_who_is_in_its_way(folder: Path, store: Store) -> None:
    with Store.open(folder, MODEL, 3) as other:
        with store.write_lock(), store.write_lock(wait=0):
            with pytest.raises(BusyStoreError, match="Another sync is writing"), other.write_lock(wait=0):
                pass
            put(store, article("a", "Owls."), EAST)
            assert len(found(other)) == 1, "readers do not wait"
        with other.write_lock(wait=0):
            put(other, article("b", "Bees."), NORTH)
    assert [a.id for a in store.articles()] == ["a", "b"]


def test_the_turn_to_write_passes_between_threads(store: Store) -> None:
    def write(name: str) -> None:
        for _ in range(5):
            put(store, article(name, "Owls."), EAST)

    writers = [threading.Thread(target=write, args=[name]) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (store.generation, [a.id for a in store.articles()]) == (15, ["a", "b", "c"])


def test_a_data_folder_that_was_made_anew_is_read_anew(folder: Path, store: Store) -> None:
    put(store, article("a", "Owls."), EAST)
    assert len(found(store)) == 1
    shutil.rmtree(folder)
    with pytest.raises(StoreError, match="sync again"):
        store.search(EAST, 1)
    with Store.open(folder, MODEL, 3) as new:
        put(new, article("b", "Bees.", "Cats."), EAST, NORTH)
    assert [a.id for a in store.articles()] == ["b"]
    assert [score for _, score in found(store)] == [1.0, 0.0]


# For the owner


def test_the_summary_counts_and_dates_what_is_there(store: Store) -> None:
    assert store.summary().last_sync is None
    assert (store.summary().first, store.summary().last) == (None, None)
    put(store, speech("old", date(2024, 1, 1), "Ann", None), EAST)
    put(store, speech("new", date(2025, 9, 10), "Bo"), EAST)
    put(store, article("undated", "Owls."))
    warsaw = timezone(timedelta(hours=2))
    store.record_sync(datetime(2025, 9, 11, 1, 30, tzinfo=warsaw), {"gone.md": "not a file"})
    store.record_sync(datetime(2025, 9, 12, 1, 30, tzinfo=warsaw), {"feed": "HTTP 404", "x.md": "empty"})
    summary = store.summary()
    assert (summary.articles, summary.passages, summary.chunks, summary.utterances) == (3, 4, 2, 6)
    assert (summary.first, summary.last) == (date(2024, 1, 1), date(2025, 9, 10))
    assert (summary.generation, summary.model) == (3, MODEL)
    assert str(summary.last_sync) == "2025-09-11 23:30:00+00:00"
    assert summary.failed == {"feed": "HTTP 404", "x.md": "empty"}
