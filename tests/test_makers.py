"""The store knows what made each vector, through reuse, removal and starting over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.passage import Article, Passage
from index.store import Chunk, Store

EAST, NORTH, _ = np.eye(3, dtype=np.float32)
REFERENCE, GRAPH = "the reference", "int8 graph 3f2a"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data", "compass@1", 3) as opened:
        yield opened


def put(store: Store, id: str, *made: str, text: str = "Owls hoot.") -> None:
    """Write an article with one passage for each of what *made* its vectors."""
    passages = tuple(Passage(number=n, text=f"{text} {n}") for n, _ in enumerate(made, 1))
    record = Article(id=id, name=id, title=id, source="here", passages=passages)
    chunks = [Chunk(number=n, start=0, end=5, vector=EAST, maker=by) for n, by in enumerate(made, 1)]
    store.put(record, "f", chunks, {})


def test_chunks_are_counted_by_what_made_their_vectors(store: Store) -> None:
    assert store.summary().makers == {}
    put(store, "owls", REFERENCE, GRAPH, GRAPH)
    put(store, "bees", GRAPH, "")
    assert store.summary().makers == {REFERENCE: 1, GRAPH: 3, "": 1}


def test_what_goes_is_not_counted_any_more(store: Store) -> None:
    put(store, "owls", REFERENCE, GRAPH)
    put(store, "bees", GRAPH, GRAPH)
    put(store, "owls", GRAPH)
    assert store.summary().makers == {GRAPH: 3}
    store.remove("bees")
    assert store.summary().makers == {GRAPH: 1}
    store.take_down("owls")
    assert store.summary().makers == {}


def test_after_starting_over_nothing_is_counted(store: Store) -> None:
    put(store, "owls", REFERENCE, GRAPH)
    store.clear("gyro@2", 3, keep=["here"])
    assert store.summary().makers == {}
    put(store, "owls", GRAPH)
    assert store.summary().makers == {GRAPH: 1}


def test_a_vector_of_a_text_comes_back_with_its_maker(store: Store) -> None:
    put(store, "owls", GRAPH)
    put(store, "bees", "", text="Bees hum.")
    found = store.vectors(["Owls ", "Bees ", "Cats "])
    assert {text: made.maker for text, made in found.items()} == {"Owls ": GRAPH, "Bees ": ""}
    assert found["Owls "].vector.tolist() == [1, 0, 0]


def test_what_failed_halfway_leaves_no_count(store: Store) -> None:
    put(store, "owls", REFERENCE)
    with pytest.raises(ValueError, match="not 1"):
        store.put(
            Article(
                id="bees", name="bees", title="b", source="here", passages=(Passage(number=1, text="x"),)
            ),
            "f",
            [Chunk(number=1, start=0, end=1, vector=NORTH * 2, maker=GRAPH)],
            {},
        )
    assert store.summary().makers == {REFERENCE: 1}
