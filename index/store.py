"""Passages, utterances, full text and vectors, durable: SQLite is the truth, the FAISS file derived."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import filelock
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from index import fulltext, rows, tables
from index.passage import Article, Passage, Utterance
from index.rows import Chunk as Chunk
from index.rows import as_json, as_vector, listed, text_fingerprint
from index.tables import BusyStoreError as BusyStoreError
from index.tables import CorruptStoreError as CorruptStoreError
from index.tables import ForeignStoreError as ForeignStoreError
from index.tables import StoreError as StoreError
from index.tables import WrongModelError as WrongModelError
from index.tables import (
    article,
    chunk,
    explained,
    failure,
    generation,
    name,
    passage,
    removed,
    state,
    utterance,
)
from index.vectors import Stamp, Vectors

KEPT_GENERATIONS = 1000  # a copy of the vectors that is further behind starts from the file
LOCK_SECONDS = 30.0


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


class Store:
    """
    The column on disk, in one folder.

    Any number of threads and processes read while one writes. Each reading method sees whole articles, as
    they are at that moment; inside `reading`, all see the same moment. *within* restricts a search to the
    articles with these ids; None means the whole column.
    """

    def __init__(self, folder: Path) -> None:
        """Open what `open_existing` and `open` have found to be a store of ours."""
        self._folder = folder
        self._path = folder / "column.sqlite"
        self._vector_file = folder / "column.faiss"
        self._writer = filelock.FileLock(folder / "column.lock")
        self._engine = tables.open_engine(self._path)
        self._vectors: Vectors | None = None
        self._catching_up = threading.Lock()
        self._thread = threading.local()
        self._names: tuple[Stamp, Mapping[str, int]] | None = None
        with self._read() as connection:
            stamp = _stamp(connection)
        self.model, self.dimension = stamp.model, stamp.dimension

    @classmethod
    def open(cls, folder: Path, model: str, dimension: int) -> Self:
        """
        Open the store in *folder*, or make an empty one, for vectors of *model*, of shape (*dimension*,).

        Raises:
            WrongModelError: If the store holds another model's vectors; see `clear`.

            ForeignStoreError: If the file there is not a store of this version.

            StoreError: If the folder cannot be used.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise StoreError(f"Cannot make the data folder {folder} ({e.strerror}): name another.") from e
        path = folder / "column.sqlite"
        if tables.is_blank(path):
            with _turn(filelock.FileLock(folder / "column.lock"), folder, LOCK_SECONDS):
                if tables.is_blank(path):
                    tables.build(path, model, dimension)
        return cls.open_existing(folder, model, dimension)

    @classmethod
    def open_existing(cls, folder: Path, model: str | None = None, dimension: int | None = None) -> Self:
        """
        Open the store in *folder*; without *model*, whichever model it is for.

        Raises:
            StoreError: If there is none; and as `open`.
        """
        if tables.is_blank(folder / "column.sqlite"):
            raise StoreError(f"There is no store in {folder} yet: run `python -m index sync` first.")
        store = cls(folder)
        if model is not None and (model, dimension or store.dimension) != (store.model, store.dimension):
            store.close()
            raise WrongModelError(
                f"The store in {folder} holds vectors of {store.model} (dimension {store.dimension}), not of "
                f"{model} (dimension {dimension or 'open'}): choose that model, or start over with this one."
            )
        return store

    def close(self) -> None:
        """Let go of the file. Nothing needs saving: what was put is on disk."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Writing

    @contextmanager
    def write_lock(self, wait: float = LOCK_SECONDS) -> Iterator[None]:
        """
        Keep other writers out for the length of a sync; within a thread it may be taken again.

        It is let go when its process dies, however it dies.

        Raises:
            BusyStoreError: If another writer still holds it after *wait* seconds.
        """
        with _turn(self._writer, self._folder, wait):
            yield

    def put(
        self, record: Article, fingerprint: str, chunks: Sequence[Chunk], names: Mapping[str, int]
    ) -> None:
        """
        Write an article in place of the one with its id, if any: all of it, or on an error nothing.

        Args:
            fingerprint: What `fingerprints` gives back.

            names: How often each name word occurs in it.

        Raises:
            ValueError: If passages are not numbered 1, 2, 3, …, a span is outside its passage, or a vector is
                not of shape (d,) and unit length.

            StoreError: If the disk is full, or another writer does not finish.
        """
        rows.check(record, chunks, self.dimension)
        with self._write() as connection:
            self._require_model(_stamp(connection))
            number = _next_generation(connection)
            if (key := _key(connection, record.id)) is not None:
                rows.remove(connection, key, number)
            rows.add(connection, record, fingerprint, chunks, names, number)

    def remove(self, article_id: str) -> None:
        """Delete an article and all that belongs to it; one that is not there is no error."""
        with self._write() as connection:
            if (key := _key(connection, article_id)) is not None:
                rows.remove(connection, key, _next_generation(connection))

    def clear(self, model: str, dimension: int) -> None:
        """Delete everything and hold vectors of *model* from now on."""
        with self._write() as connection:
            number = _next_generation(connection)
            fulltext.clear(connection)
            connection.execute(delete(article))
            connection.execute(delete(failure))
            # No copy of the vectors can catch up from before.
            connection.execute(delete(generation).where(generation.c.number < number))
            connection.execute(update(state).values(model=model, dimension=dimension, last_sync=None))
        self.model, self.dimension = model, dimension

    def record_sync(self, at: datetime, failed: Mapping[str, str]) -> None:
        """Remember when the last sync ended (*at*, with its zone), and why it could not read some sources."""
        with self._write() as connection:
            connection.execute(update(state).values(last_sync=at.astimezone(UTC).isoformat()))
            connection.execute(delete(failure))
            for source, reason in failed.items():
                connection.execute(insert(failure).values(source=source, reason=reason))

    def save(self) -> None:
        """
        Bring the FAISS file up to date: once, when a sync ends. Without it the store is only slower to open.

        Raises:
            StoreError: If the disk is full. The old file is then still there, and nothing is lost.
        """
        with self.write_lock(), self._read() as connection:
            stored = Vectors.load(self._vector_file)
            vectors = self._caught_up(connection, stored)
            if stored is not None and stored.stamp == vectors.stamp:
                return
            try:
                vectors.save(self._vector_file)
            except OSError as e:
                raise StoreError(
                    f"Cannot write {self._vector_file} ({e.strerror}): free some disk space or check the "
                    "folder's permissions, then sync again; nothing is lost."
                ) from e

    # Reading

    @contextmanager
    def reading(self) -> Iterator[int]:
        """
        Show this thread one state of the store for the length of the block; give its generation.

        What others commit meanwhile is seen by the next block. A block may stand inside another.
        """
        if self._view is not None:
            yield self._view.vectors.stamp.generation
            return
        with ExitStack() as stack:
            with explained(self._path):
                connection = stack.enter_context(self._engine.connect())
                stack.enter_context(connection.begin())
                # One thread at a time: so the vectors never run ahead of the state that a thread has begun.
                with self._catching_up:
                    vectors = self._vectors = self._caught_up(connection)
            self._thread.view = _View(connection, vectors)
            try:
                yield vectors.stamp.generation
            finally:
                self._thread.view = None

    def refresh(self) -> bool:
        """Catch up now with what was committed, vectors included; say whether there was anything."""
        before = self._vectors
        with self.reading():
            return self._vectors is not before

    @property
    def generation(self) -> int:
        """Grows by one with each change."""
        with self._read() as connection:
            return _stamp(connection).generation

    def search(self, query: NDArray[np.float32], k: int, within: Collection[str] | None = None) -> list[Near]:
        """
        Return up to *k* chunks nearest to *query*, best first.

        Args:
            query: One embedding, shape (d,). Need not be unit length.

        Raises:
            ValueError: If *query* is not of shape (d,), or is all zeros, or *k* is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}, must be at least 1")
        unit = self._unit(query)
        with self.reading(), self._read() as connection:
            labels = None if within is None else _labels(connection, within)
            assert self._view is not None
            scores = dict(self._view.vectors.nearest(unit, k, labels))
            found = connection.execute(_chunks().where(chunk.c.label.in_(listed(scores))))
            return _best_first(_near(row, scores[row.label]) for row in found)

    def similarity(self, query: NDArray[np.float32], passage_ids: Collection[int]) -> list[Near]:
        """
        Return all chunks of these passages with their similarity to *query*, best first.

        Raises:
            ValueError: If *query* is not of shape (d,), or is all zeros.
        """
        unit = self._unit(query)
        with self._read() as connection:
            query_rows = _chunks(chunk.c.vector).where(chunk.c.passage.in_(listed(passage_ids)))
            found = connection.execute(query_rows).all()
        scores = as_vector(b"".join(row.vector for row in found)).reshape(-1, self.dimension) @ unit
        return _best_first(map(_near, found, scores.tolist()))

    def lexical(
        self, words: Collection[str], k: int, within: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """
        Return up to *k* passages that hold any of *words* in any form, as (passage id, BM25), best first.

        The heading above a passage counts as part of it. Higher is better; there is no upper bound.
        """
        with self._read() as connection:
            return fulltext.lexical(connection, words, k, _json(within))

    def phrase(self, words: str, k: int, within: Collection[str] | None = None) -> list[int]:
        """Return up to *k* passages that hold *words* in this order, of the newest article first."""
        with self._read() as connection:
            return fulltext.phrase(connection, words, k, _json(within))

    def document_frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many passages hold each word, in any form, in their text or heading."""
        with self._read() as connection:
            return {word: fulltext.holding(connection, word) for word in words}

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
        query = select(passage.c.id).join(article).where(article.c.id == article_id)
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

    def said(
        self, speakers: Collection[str], within: Collection[str] | None = None
    ) -> list[tuple[int, Utterance]]:
        """
        Return (passage id, utterance) of these speakers, named as stored.

        Those of the newest article come first, the undated last; in an article, they come as printed.
        """
        chosen = true() if within is None else article.c.id.in_(listed(within))
        with self._read() as connection:
            return rows.load_utterances(connection, utterance.c.speaker.in_(listed(speakers)), chosen)

    def speakers(self) -> dict[str, int]:
        """Return how many utterances each speaker has."""
        query = select(utterance.c.speaker, func.count()).where(utterance.c.speaker.is_not(None))
        with self._read() as connection:
            return _pairs(connection, query.group_by(utterance.c.speaker))

    def names(self) -> Mapping[str, int]:
        """Return how often each name word occurs; read once for each generation."""
        with self._read() as connection:
            stamp = _stamp(connection)
            if self._names is None or self._names[0] != stamp:
                query = select(name.c.word, func.sum(name.c.count)).group_by(name.c.word)
                self._names = stamp, MappingProxyType(_pairs(connection, query))
            return self._names[1]

    def summary(self) -> Summary:
        """Return what the store holds."""
        with self._read() as connection:
            stamp = _stamp(connection)
            first, last = connection.execute(select(func.min(article.c.date), func.max(article.c.date))).one()
            last_sync = connection.scalar(select(state.c.last_sync))
            failed = _pairs(connection, select(failure.c.source, failure.c.reason))
            return Summary(
                articles=_count(connection, article),
                passages=_count(connection, passage),
                chunks=_count(connection, chunk),
                utterances=_count(connection, utterance),
                first=first,
                last=last,
                generation=stamp.generation,
                model=stamp.model,
                last_sync=last_sync and datetime.fromisoformat(last_sync),
                failed=failed,
            )

    def check(self) -> None:
        """
        Read the whole file and compare its parts: some seconds for a large column.

        Raises:
            CorruptStoreError: If anything does not agree.
        """
        with self._write() as connection:
            problem = connection.exec_driver_sql("pragma quick_check(1)").scalar_one()
            if problem != "ok":
                raise CorruptStoreError(f"{self._path} is damaged ({problem}): delete it and sync again.")
            fulltext.check(connection)

    # Inside

    @property
    def _view(self) -> _View | None:
        return getattr(self._thread, "view", None)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """Give one state of the tables: that of the thread's `reading` block, or the present one."""
        with explained(self._path):
            if self._view is not None:
                yield self._view.connection
            else:
                with self._engine.connect() as connection, connection.begin():
                    yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.write_lock(), explained(self._path), tables.writing(self._engine) as connection:
            yield connection

    def _caught_up(self, connection: Connection, stored: Vectors | None = None) -> Vectors:
        """
        Return the vectors of the state that *connection* sees, by the shortest way that is sure.

        From the copy in memory, else from the file, else from nothing: what was removed since goes, what
        was added since comes.
        """
        stamp = _stamp(connection)
        self._require_model(stamp)
        base = self._vectors
        if base is None or not _is_past(connection, base.stamp):
            base = stored or Vectors.load(self._vector_file)
        if base is None or not _is_past(connection, base.stamp):
            base = Vectors.empty(stamp)
        if base.stamp == stamp:
            return base
        since = base.stamp.generation
        gone = select(removed.c.label).where(removed.c.generation > since)
        new = select(chunk.c.label, chunk.c.vector).where(chunk.c.generation > since).order_by(chunk.c.label)
        added = connection.execute(new).all()
        matrix = as_vector(b"".join(row.vector for row in added)).reshape(-1, self.dimension)
        return base.patched(stamp, list(connection.scalars(gone)), [row.label for row in added], matrix)

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


@contextmanager
def _turn(lock: filelock.BaseFileLock, folder: Path, wait: float) -> Iterator[None]:
    try:
        lock.acquire(timeout=wait)
    except filelock.Timeout as e:
        raise BusyStoreError(
            f"Another sync is writing to {folder}: wait until it has finished, or stop it."
        ) from e
    except OSError as e:
        raise StoreError(f"Cannot write in {folder} ({e.strerror}): check that the folder is yours.") from e
    try:
        yield
    finally:
        lock.release()


def _stamp(connection: Connection) -> Stamp:
    """Return which state *connection* sees."""
    query = select(generation.c.number, generation.c.token, state.c.model, state.c.dimension)
    latest = query.join_from(generation, state, true()).order_by(generation.c.number.desc()).limit(1)
    return Stamp(*connection.execute(latest).one())


def _is_past(connection: Connection, stamp: Stamp) -> bool:
    """Say whether the store once was in the state *stamp*, and still knows what changed since."""
    same = (generation.c.number == stamp.generation) & (generation.c.token == stamp.token)
    return connection.execute(select(generation.c.number).where(same)).first() is not None


def _next_generation(connection: Connection) -> int:
    number = _stamp(connection).generation + 1
    connection.execute(insert(generation).values(number=number, token=tables.new_token()))
    connection.execute(delete(generation).where(generation.c.number < number - KEPT_GENERATIONS))
    return number


def _key(connection: Connection, article_id: str) -> int | None:
    return connection.scalar(select(article.c.key).where(article.c.id == article_id))


def _labels(connection: Connection, within: Collection[str]) -> list[int]:
    query = select(chunk.c.label).join(passage).join(article).where(article.c.id.in_(listed(within)))
    return list(connection.scalars(query))


def _chunks(*more: ColumnElement[Any]) -> Select[Any]:
    return select(chunk.c.label, chunk.c.passage, chunk.c.start, chunk.c.end, *more)


def _near(row: Row[Any], score: float) -> Near:
    return Near(passage_id=row.passage, start=row.start, end=row.end, score=score)


def _best_first(near: Iterable[Near]) -> list[Near]:
    return sorted(near, key=lambda n: (-n.score, n.passage_id, n.start))


def _json(within: Collection[str] | None) -> str | None:
    return None if within is None else as_json(within)


def _pairs(connection: Connection, query: Select[Any]) -> dict[str, Any]:
    return {key: value for key, value in connection.execute(query)}  # noqa: C416 – mypy takes a Row for no pair


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
