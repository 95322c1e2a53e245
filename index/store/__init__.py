"""Passages, utterances, full text and vectors, durable: SQLite is the truth, the FAISS file derived."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import filelock
from sqlalchemy import Connection, delete, insert, select, update

from index.fetched import Fetched
from index.identity import Trace, trace_of
from index.passage import Article
from index.store import file, fulltext, history, ledger, loading, rows, tables, vectorfile
from index.store.file import BusyStoreError as BusyStoreError
from index.store.file import CorruptStoreError as CorruptStoreError
from index.store.file import ForeignStoreError as ForeignStoreError
from index.store.file import StoreError as StoreError
from index.store.file import WrongModelError as WrongModelError
from index.store.file import explained
from index.store.ledger import TakenDown as TakenDown
from index.store.reader import Near as Near
from index.store.reader import Reader
from index.store.reader import Summary as Summary
from index.store.rows import Chunk as Chunk
from index.store.rows import Made as Made
from index.store.tables import article, chunk, failure, state

LOCK_SECONDS = 30.0


class Store(Reader):
    """
    The column on disk, in one folder.

    Any number of threads and processes read (see `Reader`) while one writes. What a method wrote when it
    returns outlasts a crash and a power cut; what it did not finish leaves no trace.
    """

    def __init__(self, folder: Path) -> None:
        """Open what `open` or `open_existing` has found to be a store of ours."""
        super().__init__(folder)
        self._writer = _lock(folder)

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
        path = file.path_in(folder)
        if file.is_blank(path):
            with _turn(_lock(folder), folder, LOCK_SECONDS):
                if file.is_blank(path):
                    _build(path, model, dimension)
        return cls.open_existing(folder, model, dimension)

    @classmethod
    def open_existing(cls, folder: Path, model: str | None = None, dimension: int | None = None) -> Self:
        """
        Open the store in *folder*; without *model*, whichever model it is for.

        Raises:
            StoreError: If there is none; and as `open`.
        """
        if file.is_blank(file.path_in(folder)):
            raise StoreError(f"There is no store in {folder} yet: run `python -m index sync` first.")
        _upgrade(folder)
        store = cls(folder)
        if model is not None and (model, dimension or store.dimension) != (store.model, store.dimension):
            store.close()
            raise WrongModelError(
                f"The store in {folder} holds vectors of {store.model} (dimension {store.dimension}), not of "
                f"{model} (dimension {dimension or 'open'}): choose that model, or start over with this one."
            )
        return store

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
        self,
        record: Article,
        fingerprint: str,
        chunks: Sequence[Chunk],
        names: Mapping[str, int],
        at: datetime | None = None,
    ) -> None:
        """
        Write an article in place of the one with its id, if any: all of it, or on an error nothing.

        One that was taken down is not written.

        Args:
            fingerprint: What `fingerprints` gives back.

            names: How often each name word occurs in it.

            at: When it was first seen, if it is new; None for now.

        Raises:
            ValueError: If passages are not numbered 1, 2, 3, …, a span is outside its passage, or a vector is
                not of shape (d,) and unit length.

            StoreError: If the disk is full, or another writer does not finish.
        """
        rows.check(record, chunks, self.dimension)
        with self._write() as connection:
            self._require_model(history.seen_by(connection))
            if ledger.is_buried(connection, record.id):
                return  # while whoever puts it was reading it
            number = history.advance(connection)
            if (key := _key(connection, record.id)) is not None:
                rows.remove(connection, key, number)
            key = rows.add(connection, record, fingerprint, chunks, names, number)
            looks = trace_of(record)
            ledger.add_trace(connection, key, looks)
            ledger.note_seen(connection, record.id, looks, at or datetime.now(UTC))

    def remove(self, article_id: str) -> None:
        """Delete an article and all that belongs to it; one that is not there is no error."""
        with self._write() as connection:
            if (key := _key(connection, article_id)) is not None:
                rows.remove(connection, key, history.advance(connection))

    def first_seen(self) -> dict[str, datetime]:
        """
        Return when each article that is there was first held, in UTC, by article id.

        An edit changes nothing about that, nor does going and coming back, under another id too.
        """
        with self._read() as connection:
            return ledger.load_first_seen(connection)

    def take_down(self, article_id: str, at: datetime | None = None) -> None:
        """
        Remove an article for good: a sync never takes it in again, whatever its link, date or GUID then is.

        Copies of it, from other sources, go too. It waits for no sync, nor do `add_source`, `remove_source`.

        Raises:
            KeyError: If there is none with this id.
        """
        with self._write_between() as connection:
            record = loading.load_article(connection, article_id)
            key = _key(connection, article_id)
            if record is None or key is None:
                raise KeyError(article_id)
            looks = trace_of(record)
            ledger.bury(connection, record, looks, at or datetime.now(UTC))
            number = history.advance(connection)
            for copy in {key, *ledger.copies(connection, looks)}:
                rows.remove(connection, copy, number)

    def taken_down(self) -> dict[str, TakenDown]:
        """Return what was taken down, by article id, the latest first."""
        with self._read() as connection:
            return ledger.load_taken_down(connection)

    def tombstones(self) -> dict[str, Trace]:
        """Return what the articles that were taken down are recognised by, by their ids."""
        with self._read() as connection:
            return ledger.load_tombstones(connection)

    def traces(self) -> dict[str, Trace]:
        """Return what the articles that are there are recognised by, by their ids."""
        with self._read() as connection:
            return ledger.load_traces(connection)

    def sources(self) -> list[str]:
        """Return the sources that were added, in that order; those of COLUMN are not among them."""
        with self._read() as connection:
            return ledger.load_sources(connection)

    def add_source(self, url: str) -> None:
        """
        Remember a source on the web; one that is there stays in its place.

        Raises:
            ValueError: If it is no http or https address.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError("a source that is added must be an http or https address")
        with self._write_between() as connection:
            ledger.add_source(connection, url)

    def remove_source(self, url: str) -> bool:
        """Forget a source, and say whether it was there. Its articles go with the next sync of the column."""
        with self._write_between() as connection:
            return ledger.remove_source(connection, url)

    def last_read(self) -> dict[str, datetime]:
        """Return when each source was last read without failing, in UTC."""
        with self._read() as connection:
            return ledger.load_last_read(connection)

    def record_read(self, source: str, at: datetime) -> None:
        """Remember that *source* was read *at* this time."""
        with self._write() as connection:
            ledger.note_read(connection, source, at)

    def fetched(self, url: str) -> Fetched | None:
        """Return what is remembered of an address."""
        with self._read() as connection:
            return ledger.load_fetched(connection, url)

    def record_fetched(self, url: str, what: Fetched) -> None:
        """Remember *what* its server said of an address."""
        with self._write() as connection:
            ledger.note_fetched(connection, url, what)

    def forget_fetched(self) -> None:
        """Forget what servers said: everything is fetched whole the next time."""
        with self._write() as connection:
            ledger.forget_fetched(connection)

    def clear(self, model: str, dimension: int, keep: Collection[str] = ()) -> None:
        """
        Delete all articles and hold vectors of *model* from now on. The ledger stays (see `ledger`).

        Those of the sources to *keep* stay too, but without vectors: they cannot be read from there again.
        """
        with self._write() as connection:
            number = history.advance(connection)
            gone = article.c.source.not_in(keep)
            if not keep:
                fulltext.clear(connection)
            else:
                for key in connection.scalars(select(article.c.key).where(gone)).all():
                    fulltext.remove(connection, key)
            connection.execute(delete(article).where(gone))
            connection.execute(update(article).values(fingerprint=""))
            connection.execute(delete(chunk))
            connection.execute(delete(failure))
            ledger.forget_fetched(connection)
            history.forget_before(connection, number)
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
        Bring the FAISS file up to date, once, when a sync ends: where it lacks little, it is left as it is.

        Without it the store is only slower to open.

        Raises:
            StoreError: If the disk is full. The old file is then still there, and nothing is lost.
        """
        with self.write_lock():
            if self.is_saved():
                return
            with self._viewing() as (_, snapshot):
                try:
                    vectorfile.save(snapshot.vectors, self._vector_file)
                except OSError as e:
                    raise StoreError(
                        f"Cannot write {self._vector_file} ({e.strerror}): free some disk space or check the "
                        "folder's permissions, then sync again; nothing is lost."
                    ) from e
                self._unfit = False

    def is_saved(self) -> bool:
        """Tell whether whoever opens the store soon catches up with it from the file as it is."""
        found = None if self._unfit else vectorfile.glance(self._vector_file)
        with self._read() as connection:
            return found is not None and history.is_near(connection, *found)

    def check(self) -> None:
        """
        Read the whole file and compare its parts: some seconds for a large column.

        Raises:
            CorruptStoreError: If anything does not agree.
        """
        with self._write() as connection:
            problem = connection.exec_driver_sql("pragma quick_check(1)").scalar_one()
            if problem == "ok" and not fulltext.agrees(connection):
                problem = "the full text is not that of the passages"
            if problem == "ok" and not tables.count_agrees(connection):
                problem = "something was counted that is not there"
            if problem != "ok":
                raise CorruptStoreError(f"{self._path} is damaged ({problem}): delete it and sync again.")

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.write_lock(), self._write_between() as connection:
            yield connection

    @contextmanager
    def _write_between(self) -> Iterator[Connection]:
        """Write between two transactions of a sync, which may fetch for many minutes."""
        with explained(self._path), self._connect() as opened, file.writing(opened) as connection:
            yield connection


def _build(path: Path, model: str, dimension: int) -> None:
    with file.building(path) as connection:
        connection.execute(insert(state).values(id=1, model=model, dimension=dimension))
        history.begin(connection)


def _upgrade(folder: Path) -> None:
    path = file.path_in(folder)
    if file.is_outdated(path):
        with _turn(_lock(folder), folder, LOCK_SECONDS):
            if file.is_outdated(path):
                with file.upgrading(path) as (connection, found):
                    if found < 2:
                        ledger.begin(connection, datetime.now(UTC))


def _lock(folder: Path) -> filelock.FileLock:
    return filelock.FileLock(folder / "column.lock")


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


def _key(connection: Connection, article_id: str) -> int | None:
    return connection.scalar(select(article.c.key).where(article.c.id == article_id))
