"""What may be asked of the store, by any thread of any process: whole articles, all of one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, select, true

from index.passage import Article, Passage, Role, Utterance
from index.store import fulltext, history, rows, tables
from index.store.layout import Layout
from index.store.postings import Postings
from index.store.rows import as_vector, listed, text_fingerprint
from index.store.tables import (
    StoreError,
    WrongModelError,
    article,
    chunk,
    explained,
    failure,
    name,
    passage,
    role,
    state,
    utterance,
)
from index.store.vectors import Stamp, Vectors

KEPT_WORDS = 100_000  # of the questions asked at one generation: some megabytes


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A chunk near a query: its passage and span. *score* is cosine similarity, in [-1, 1]."""

    passage_id: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """
    What the store holds, for its owner.

    *first* and *last* are the earliest and latest date of an article. *failed* gives the reason for each
    source that the last sync could not read.
    """

    articles: int
    passages: int
    chunks: int
    utterances: int
    first: date | None
    last: date | None
    generation: int
    model: str
    last_sync: datetime | None
    failed: Mapping[str, str]


class _View(NamedTuple):
    """What a thread inside `reading` reads from: one state of the tables, and the vectors of that state."""

    connection: Connection
    vectors: Vectors


class _Counts(NamedTuple):
    """The part of a `Summary` for which whole tables are counted."""

    articles: int
    passages: int
    chunks: int
    utterances: int
    first: date | None
    last: date | None


class _Kept(Generic[T]):
    """What is read once for each state of the store, and dropped with it."""

    def __init__(self) -> None:
        self._known: tuple[Stamp, T] | None = None

    def of(self, stamp: Stamp, read: Callable[[], T], fits: Callable[[T], bool] = lambda kept: True) -> T:
        """Return what was kept for *stamp* while it *fits*, else what is to *read* now."""
        if (known := self._known) and known[0] == stamp and fits(known[1]):
            return known[1]
        found = read()
        self._known = stamp, found
        return found


class Reader:
    """
    The reading half of a `Store`.

    Each method sees whole articles, as they are at that moment; inside `reading`, all see the same moment.
    *within* restricts a search to the articles with these ids; None means the whole column.
    """

    def __init__(self, folder: Path) -> None:
        """Read the store in *folder*, which is there."""
        self._folder = folder
        self._path = tables.path_in(folder)
        self._vector_file = folder / "column.faiss"
        self._engine = tables.open_engine(self._path)
        self._identity = _identity(self._path)
        self._vectors: Vectors | None = None
        self._catching_up = threading.Lock()
        self._thread = threading.local()
        self._names: _Kept[Mapping[str, int]] = _Kept()
        self._counts: _Kept[_Counts] = _Kept()
        self._frequencies: _Kept[dict[str, int]] = _Kept()
        self._postings: _Kept[Postings] = _Kept()
        self._layout: _Kept[Layout] = _Kept()
        with self._read() as connection:
            stamp = history.seen_by(connection)
        self.model, self.dimension = stamp.model, stamp.dimension

    def close(self) -> None:
        """Let go of the file. Nothing needs saving: what was put is on disk."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[int]:
        """
        Show this thread one state of the store for the length of the block; give its generation.

        What others commit meanwhile is seen by the next block. A block may stand inside another.
        """
        with self._reading() as view:
            yield view.vectors.stamp.generation

    def refresh(self) -> bool:
        """Catch up now with what was committed, vectors included; say whether there was anything."""
        before = self._vectors
        with self.reading():
            return self._vectors is not before

    def warm(self) -> None:
        """Catch up, and read now what the first question in this state would wait for."""
        with self._reading() as view:
            view.vectors.warm()
            self._known_layout(view.connection)
            self._known_postings(view.connection)
            self._counted(view.connection)

    @property
    def generation(self) -> int:
        """Grows by one with each change."""
        with self._read() as connection:
            return history.seen_by(connection).generation

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        within: Collection[str] | None = None,
        speakers: Collection[str] | None = None,
    ) -> list[Near]:
        """
        Return up to *k* chunks nearest to *query*, best first.

        Args:
            query: One embedding, shape (d,). Need not be unit length.

            speakers: Look only in passages in which one of these speaks; None for all.

        Raises:
            ValueError: If *query* is not of shape (d,), or is all zeros, or *k* is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}, must be at least 1")
        unit = self._unit(query)
        with self._reading() as view, self._read() as connection:
            among = _passages(connection, within, speakers)
            labels = None if among is None else self._known_layout(connection).labels(among)
            scores = dict(view.vectors.nearest(unit, k, labels))
            found = connection.execute(_chunks().where(chunk.c.label.in_(listed(scores))))
            return _best_first(_near(row, scores[row.label]) for row in found)

    def similarity(self, query: NDArray[np.float32], passage_ids: Collection[int]) -> list[Near]:
        """
        Return all chunks of these passages with their similarity to *query*, best first.

        Raises:
            ValueError: If *query* is not of shape (d,), or is all zeros.
        """
        unit = self._unit(query)
        with self._reading() as view, self._read() as connection:
            found = connection.execute(_chunks().where(chunk.c.passage.in_(listed(passage_ids)))).all()
            scores = view.vectors.of([row.label for row in found]) @ unit
        return _best_first(map(_near, found, scores.tolist()))

    def lexical(
        self,
        words: Collection[str],
        k: int,
        within: Collection[str] | None = None,
        speakers: Collection[str] | None = None,
    ) -> list[tuple[int, float]]:
        """
        Return up to *k* passages that hold any of *words* in any form, as (passage id, BM25), best first.

        The heading above a passage counts as part of it. Higher is better; there is no upper bound. With
        *speakers*, only passages in which one of these speaks are looked at.
        """
        with self._read() as connection:
            among = _passages(connection, within, speakers)
            return fulltext.lexical(connection, self._known_postings(connection), words, k, among)

    def phrase(self, words: str, k: int, within: Collection[str] | None = None) -> list[int]:
        """Return up to *k* passages that hold *words* in this order, of the newest article first."""
        with self._read() as connection:
            found, among = fulltext.phrase(connection, words), _passages(connection, within, None)
            there = found if among is None else np.intersect1d(found, among)
            return list(map(int, self._known_layout(connection).first(there, k)))

    def document_frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many passages hold each word, in any form, in their text or heading."""
        with self._read() as connection:
            known = self._known_frequencies(connection)
            return {word: _remembered(known, word, connection) for word in words}

    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprint that each article was put with, by article id."""
        with self._read() as connection:
            return _pairs(connection, select(article.c.id, article.c.fingerprint))

    def vectors(self, texts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of those *texts* that some chunk already has: they need no embedding."""
        wanted = {text_fingerprint(t): t for t in texts}
        query = select(chunk.c.fingerprint, chunk.c.vector).where(chunk.c.fingerprint.in_(listed(wanted)))
        with self._read() as connection:
            return {wanted[f]: as_vector(blob) for f, blob in connection.execute(query)}

    def passages(self, ids: Collection[int]) -> dict[int, tuple[str, Passage]]:
        """Return (article id, passage) for those of *ids* that are there."""
        with self._read() as connection:
            return rows.load_passages(connection, passage.c.id.in_(listed(ids)))

    def passage_ids(self, article_id: str) -> list[int]:
        """Return the ids of an article's passages as printed: ¶ 1 first."""
        query = select(passage.c.id).join_from(passage, article).where(article.c.id == article_id)
        with self._read() as connection:
            return list(connection.scalars(query.order_by(passage.c.number)))

    def article(self, article_id: str) -> Article:
        """
        Return an article, whole.

        Raises:
            KeyError: If there is none with this id.
        """
        with self._read() as connection:
            found = rows.load_article(connection, article_id)
        if found is None:
            raise KeyError(article_id)
        return found

    def articles(self) -> list[Article]:
        """Return all articles without their passages, newest first, the undated last."""
        with self._read() as connection:
            return rows.load_articles(connection)

    def article_names(self, ids: Collection[str]) -> dict[str, str]:
        """Return the short names of the articles with these ids."""
        query = select(article.c.id, article.c.name).where(article.c.id.in_(listed(ids)))
        with self._read() as connection:
            return _pairs(connection, query)

    def said(
        self,
        speakers: Collection[str],
        within: Collection[str] | None = None,
        passages: Collection[int] | None = None,
    ) -> list[tuple[int, Utterance]]:
        """
        Return (passage id, utterance) of these speakers, named as stored; of all *passages*, or of these.

        Those of the newest article come first, the undated last; in an article, they come as printed.
        """
        chosen = true() if within is None else article.c.id.in_(listed(within))
        there = true() if passages is None else utterance.c.passage.in_(listed(passages))
        with self._read() as connection:
            return rows.load_utterances(connection, utterance.c.speaker.in_(listed(speakers)), chosen, there)

    def quoting(self, speakers: Collection[str], k: int, within: Collection[str] | None = None) -> list[int]:
        """Return up to *k* passages in which any of these speaks, in no order."""
        with self._read() as connection:
            return rows.load_quoting(connection, speakers, within, k)

    def most_directly_quoting(
        self, speakers: Collection[str], k: int, within: Collection[str] | None = None
    ) -> list[int]:
        """
        Return up to *k* passages in which any of these speaks: the most direct manner first, then the newest.

        A passage counts by the most direct manner in it; several manners in one are a mixed one.
        """
        with self._read() as connection:
            found, directness = rows.load_directness(connection, speakers, within)
            ranks = self._known_layout(connection).ranks(found)
            return list(map(int, found[np.lexsort((ranks, directness))[:k]]))

    def speakers(self) -> dict[str, int]:
        """Return how many utterances each speaker has."""
        query = select(utterance.c.speaker, func.count()).where(utterance.c.speaker.is_not(None))
        with self._read() as connection:
            return _pairs(connection, query.group_by(utterance.c.speaker))

    def names(self) -> Mapping[str, int]:
        """Return how often each name word occurs; read once for each generation."""
        with self._read() as connection:
            query = select(name.c.word, func.sum(name.c.count)).group_by(name.c.word)
            return self._names.of(
                self._stamp(connection), lambda: MappingProxyType(_pairs(connection, query))
            )

    def roles(self, offices: Collection[str]) -> list[Role]:
        """Return who holds one of *offices*, by the newest article first."""
        with self._read() as connection:
            return rows.load_roles(connection, role.c.office.in_(listed(offices)))

    def summary(self) -> Summary:
        """Return what the store holds."""
        with self._read() as connection:
            stamp = self._stamp(connection)
            last_sync = connection.scalar(select(state.c.last_sync))
            failed = _pairs(connection, select(failure.c.source, failure.c.reason))
            return Summary(
                **self._counted(connection)._asdict(),
                generation=stamp.generation,
                model=stamp.model,
                last_sync=last_sync and datetime.fromisoformat(last_sync),
                failed=failed,
            )

    # ---- what is kept of the state that a connection sees

    def _known_frequencies(self, connection: Connection) -> dict[str, int]:
        """Return what was counted, to be added to."""
        return self._frequencies.of(
            self._stamp(connection), dict[str, int], lambda counted: len(counted) <= KEPT_WORDS
        )

    def _known_postings(self, connection: Connection) -> Postings:
        """Return those to be read from as words are asked for."""
        return self._postings.of(self._stamp(connection), lambda: Postings(connection))

    def _known_layout(self, connection: Connection) -> Layout:
        return self._layout.of(self._stamp(connection), lambda: Layout(connection))

    def _counted(self, connection: Connection) -> _Counts:
        return self._counts.of(self._stamp(connection), lambda: _counted(connection))

    def _stamp(self, connection: Connection) -> Stamp:
        return self._view.vectors.stamp if self._view else history.seen_by(connection)

    @property
    def _view(self) -> _View | None:
        return getattr(self._thread, "view", None)

    @contextmanager
    def _reading(self) -> Iterator[_View]:
        if self._view is not None:
            yield self._view
            return
        with ExitStack() as stack:
            with explained(self._path):
                connection = stack.enter_context(self._connect())
                stack.enter_context(connection.begin())
                view = _View(connection, self._caught_up(connection))
            self._thread.view = view
            try:
                yield view
            finally:
                self._thread.view = None

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """Give one state of the tables: that of the thread's `reading` block, or the present one."""
        with explained(self._path):
            if self._view is not None:
                yield self._view.connection
            else:
                with self._connect() as connection, connection.begin():
                    yield connection

    def _connect(self) -> Connection:
        """Connect: where a new store was put in the place of the old one, to the new one."""
        identity = _identity(self._path)
        if identity != self._identity:
            self._engine.dispose()
            self._identity = identity
        return self._engine.connect()

    def _caught_up(self, connection: Connection) -> Vectors:
        """Return the vectors of the state that *connection*, which has not read yet, will see."""
        # One thread at a time, from its first look on: so the copy never runs ahead of what a thread sees.
        with self._catching_up:
            self._require_model(history.seen_by(connection))
            self._vectors = history.caught_up(connection, self._copies())
            return self._vectors

    def _copies(self) -> Iterator[Vectors | None]:
        yield self._vectors
        yield Vectors.load(self._vector_file)

    def _require_model(self, stamp: Stamp) -> None:
        if (stamp.model, stamp.dimension) != (self.model, self.dimension):
            raise WrongModelError(
                f"The store in {self._folder} now holds vectors of {stamp.model}, no longer of {self.model}: "
                "choose that model and start again."
            )

    def _unit(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        if query.shape != (self.dimension,):
            raise ValueError(f"a query of shape {query.shape} for a store of dimension {self.dimension}")
        length = float(np.linalg.norm(query))
        if not 0 < length < np.inf:
            raise ValueError(f"a query of length {length} has no direction")
        return (query / length).astype(np.float32)


def _identity(path: Path) -> tuple[int, int]:
    """Return what tells this file from another that takes its place; a connection would keep the old one."""
    try:
        found = path.stat()
    except OSError as e:
        raise StoreError(f"There is no store at {path} ({e.strerror}): sync again.") from e
    return found.st_dev, found.st_ino


def _passages(
    connection: Connection, within: Collection[str] | None, speakers: Collection[str] | None
) -> NDArray[np.int64] | None:
    """Return the ids of these articles' passages in which these speak; None for all there are."""
    if speakers is not None:
        query = rows.quoting(speakers, within)
    elif within is not None:
        query = select(passage.c.id).join(article).where(article.c.id.in_(listed(within)))
    else:
        return None
    (ids,) = rows.columns(connection, query)
    return ids


def _chunks(*more: ColumnElement[Any]) -> Select[Any]:
    return select(chunk.c.label, chunk.c.passage, chunk.c.start, chunk.c.end, *more)


def _near(row: Row[Any], score: float) -> Near:
    cosine = min(max(score, -1.0), 1.0)  # rounding may lead a hair beyond
    return Near(passage_id=row.passage, start=row.start, end=row.end, score=cosine)


def _best_first(near: Iterable[Near]) -> list[Near]:
    return sorted(near, key=lambda n: (-n.score, n.passage_id, n.start))


def _remembered(known: dict[str, int], word: str, connection: Connection) -> int:
    if word not in known:
        known[word] = fulltext.holding(connection, word)
    return known[word]


def _counted(connection: Connection) -> _Counts:
    first, last = connection.execute(select(func.min(article.c.date), func.max(article.c.date))).one()
    return _Counts(
        articles=_count(connection, article),
        passages=_count(connection, passage),
        chunks=_count(connection, chunk),
        utterances=_count(connection, utterance),
        first=first,
        last=last,
    )


def _pairs(connection: Connection, query: Select[Any]) -> dict[str, Any]:
    return {key: value for key, value in connection.execute(query)}  # noqa: C416 – mypy takes a Row for no pair


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
