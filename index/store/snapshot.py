"""What is kept in memory of one state of the store: each part read when it is first asked for, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Select, Table, func, select

from index.store import fulltext, history
from index.store.layout import Layout
from index.store.postings import Postings
from index.store.stamp import Stamp
from index.store.tables import article, named, passage, utterance
from index.store.vectors import Vectors

KEPT_WORDS = 100_000  # of the questions asked at one generation: some megabytes
CHANGES, SHARE = 1_024, 10  # more passages gone, and more than one in so many: the layout is read anew

T = TypeVar("T")


class Counts(NamedTuple):
    """How much there is; *first* and *last* are the earliest and latest date of an article."""

    generation: int
    articles: int
    passages: int
    chunks: int
    utterances: int
    first: date | None
    last: date | None


@dataclass(frozen=True, eq=False)
class Text:
    """Where the passages of a state stand, and which words they hold."""

    stamp: Stamp
    layout: Layout
    postings: Postings


class Snapshot:
    """
    One state, for any number of threads, each with a connection that sees it.

    It is made out of the state before it, where that is still known: a sync then costs what it changed.
    """

    def __init__(self, vectors: Vectors, before: Snapshot | None = None) -> None:
        self.vectors = vectors
        self._before = before.known_text() if before else None
        self._kept: dict[str, Any] = {}
        self._turn = threading.RLock()

    @property
    def stamp(self) -> Stamp:
        """Which state it is."""
        return self.vectors.stamp

    def known_text(self) -> Text | None:
        """Return what a later state is made out of: this one's text, or that of one before it."""
        found: Text | None = self._kept.get("text", self._before)
        return found

    def text(self, connection: Connection) -> Text:
        """Return where all passages stand, and their words."""
        found = self._once("text", lambda: self._text(connection))
        self._before = None
        return found

    def counts(self, connection: Connection) -> Counts:
        """Return how much there is."""
        return self._once("counts", lambda: _counted(connection, self.vectors))

    def names(self, connection: Connection) -> Mapping[str, int]:
        """Return how often each name word occurs."""
        query = select(named.c.word, named.c.count)
        return self._once("names", lambda: MappingProxyType(pairs(connection, query)))

    def frequency(self, connection: Connection, word: str) -> int:
        """Return how many passages hold *word* in any of its forms."""
        known: dict[str, int] = self._once("frequencies", dict)
        if word not in known:
            if len(known) > KEPT_WORDS:
                known.clear()
            known[word] = fulltext.holding(connection, word, self.text(connection).postings)
        return known[word]

    def _once(self, part: str, read: Callable[[], T]) -> T:
        if part not in self._kept:
            with self._turn:
                if part not in self._kept:
                    self._kept[part] = read()
        found: T = self._kept[part]
        return found

    def _text(self, connection: Connection) -> Text:
        before = self._before
        if before and history.is_past(connection, before.stamp):
            removed = history.removed_since(connection, before.stamp)
            layout = before.layout.patched(connection, removed)
            if layout.changes <= max(CHANGES, len(layout.ids) // SHARE):
                postings = before.postings.patched(connection, self.stamp.generation, layout)
                return Text(self.stamp, layout, postings)
        layout = Layout.read(connection)
        return Text(self.stamp, layout, Postings.read(connection, self.stamp.generation, layout))


def pairs(connection: Connection, query: Select[Any]) -> dict[str, Any]:
    """Return a query's rows of two as a mapping."""
    return {key: value for key, value in connection.execute(query)}  # noqa: C416 – mypy takes a Row for no pair


def _counted(connection: Connection, vectors: Vectors) -> Counts:
    first, last = connection.execute(select(func.min(article.c.date), func.max(article.c.date))).one()
    return Counts(
        generation=vectors.stamp.generation,
        articles=_count(connection, article),
        passages=_count(connection, passage),
        chunks=len(vectors),
        utterances=_count(connection, utterance),
        first=first,
        last=last,
    )


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
