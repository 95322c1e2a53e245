"""What a column costs by its size: opening, questions, a change, rebuilding the vectors, and their recall."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.figures import recall
from benchmark.prose import DIMENSION, LENGTH, Embedder, Prose
from index.answer import Answerer
from index.passage import Article
from index.retriever import Retriever
from index.speech import attribute
from index.store import Store, file

MODEL = "benchmark@1"
ATTRIBUTED = 8  # articles a round
RECALLED = 20  # questions for which all vectors are compared
OPENING = "opening the store, ms"
QUESTION = "a question, of all kinds, ms"
CHANGE = "one changed article written and caught up with, ms"
REBUILD = "FAISS file made anew, s per 100,000"
RECALL = "recall@10 against all vectors"
MEMORY = "vectors held, MB"


class Column:
    """A stored column of one size, and what was measured on it, by row of the table."""

    def __init__(self, passages: int, folder: Path) -> None:
        self.prose, self.folder, self.embedder = Prose(passages), folder / str(passages), Embedder()
        self.measured: dict[str, list[float]] = defaultdict(list)
        if not self.folder.exists():  # one made before may be measured again
            with Store.open(self.folder, MODEL, DIMENSION) as store:
                for record, vectors, names in self.prose.articles():
                    store.put(record, record.id, vectors, names)
        self.rebuild()
        self.recall()

    def rebuild(self) -> None:
        """Measure what it takes to make the vectors' file out of the database."""
        (self.folder / "column.faiss").unlink(missing_ok=True)
        with Store.open_existing(self.folder, MODEL) as store:
            self.note(REBUILD, milliseconds(store.save) / 1000 / max(self.prose.passages, 1) * 100_000)
            self.note(MEMORY, (self.folder / "column.faiss").stat().st_size / 2**20)

    def recall(self) -> None:
        """Compare what a search finds with the nearest of all vectors in the database."""
        found, exact = [], []
        with Store.open_existing(self.folder, MODEL) as store:
            asked = [self.prose.questions() for _ in range(1 + RECALLED // 9)]
            queries = [self.embedder.encode_query(q) for some in asked for q in some.values()][:RECALLED]
            best = nearest(self.folder, np.stack(queries))
            for query, (scores, _) in zip(queries, best, strict=True):
                near = store.search(query, 10)
                # By score: which of two vectors that are equally near is found is no error.
                found.append(range(sum(n.score >= scores[-1] - 1e-6 for n in near)))
                exact.append(range(len(scores)))
        self.note(RECALL, recall(found, exact))

    def round(self) -> None:
        """Measure everything once: attribution, opening, one question of each kind, a change."""
        for number in range(min(ATTRIBUTED, -(-self.prose.passages // LENGTH))):
            self.attribution(replace(self.prose.article(number)[0], roles=()))
        with ExitStack() as stack:
            opened: list[Store] = []

            def open_store() -> None:
                opened.append(stack.enter_context(Store.open_existing(self.folder, MODEL)))
                opened[0].warm()

            self.note(OPENING, milliseconds(open_store))
            (store,) = opened
            answerer = Answerer(Retriever(store, self.embedder))
            questions = self.prose.questions()
            self.note("people, after opening, ms", milliseconds(answerer.warm))
            self.answer("first question, ms", answerer, questions["who said …"])
            for kind, question in questions.items():
                self.answer(kind + ", ms", answerer, question)
            record, vectors, names = self.prose.article(10**6, 1)

            def change() -> None:
                store.put(record, record.id, vectors, names)
                store.save()
                store.warm()

            self.note(CHANGE, milliseconds(change))
            self.note("people, after a change, ms", milliseconds(answerer.warm))
            self.answer("first question after a change, ms", answerer, questions["a fact"])
            store.remove(record.id)
            store.save()

    def attribution(self, record: Article) -> None:
        """Measure what it takes to read who says what in an article that was not read before."""
        bare = replace(record, passages=tuple(replace(p, utterances=()) for p in record.passages))
        took = milliseconds(lambda: attribute(bare))
        self.note("attribution of a paragraph, ms", took / len(bare.passages))

    def answer(self, kind: str, answerer: Answerer, question: str) -> None:
        """Measure what it takes to answer *question*, the embedding left out."""
        before = self.embedder.seconds
        took = milliseconds(lambda: answerer.ask(question)) - 1000 * (self.embedder.seconds - before)
        self.note(kind, took)
        if not kind.startswith("first"):
            self.note(QUESTION, took)

    def note(self, row: str, took: float) -> None:
        """Keep a measurement."""
        self.measured[row].append(took)


def nearest(folder: Path, queries: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the ten best (scores, labels) of all vectors in the database for each of *queries*."""
    best = [(np.zeros(0, np.float32), np.zeros(0, np.int64))] * len(queries)
    with closing(sqlite3.connect(file.path_in(folder))) as connection:
        cursor = connection.execute("select label, vector from chunk order by label")
        while rows := cursor.fetchmany(4096):
            labels, blobs = zip(*rows, strict=True)
            scores = queries @ np.frombuffer(b"".join(blobs), "<f4").reshape(len(rows), -1).T
            for i, (known, ids) in enumerate(best):
                every, named = np.append(known, scores[i]), np.append(ids, labels)
                top = np.argsort(-every, kind="stable")[:10]
                best[i] = every[top], named[top]
    return best


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long *work* takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)
