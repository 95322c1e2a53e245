"""How a store is read: any thread sees one state at a time, out of its file and out of memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from sqlalchemy import Connection

from index.store import file, history, vectorfile
from index.store.file import StoreError, WrongModelError, explained
from index.store.snapshot import Snapshot
from index.store.stamp import Stamp
from index.store.vectors import Vectors


class View(NamedTuple):
    """What a thread reads from: one state of the tables, and what is kept in memory of that state."""

    connection: Connection
    snapshot: Snapshot


class Reading:
    """The connections to one store's file, and the latest state of it that is in memory."""

    def __init__(self, folder: Path) -> None:
        """Read the store in *folder*, which is there."""
        self._folder = folder
        self._path = file.path_in(folder)
        self._vector_file = folder / "column.faiss"
        self._unfit = False  # whether the vectors' file was found to be of no use
        self._engine = file.open_engine(self._path)
        self._identity = _identity(self._path)
        self._latest: Snapshot | None = None
        self._catching_up = threading.Lock()
        self._thread = threading.local()
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
        with self._viewing() as view:
            yield view.snapshot.stamp.generation

    def refresh(self) -> bool:
        """Catch up now with what was committed, vectors included; say whether there was anything."""
        before = self._latest
        with self.reading():
            return self._latest is not before

    def warm(self) -> None:
        """Catch up, and read now what the first question in this state would wait for."""
        with self._viewing() as view:
            view.snapshot.vectors.warm()
            view.snapshot.text(view.connection)
            view.snapshot.counts(view.connection)

    @property
    def generation(self) -> int:
        """Grows by one with each change."""
        with self._read() as connection:
            return history.seen_by(connection).generation

    @property
    def _view(self) -> View | None:
        return getattr(self._thread, "view", None)

    @contextmanager
    def _viewing(self) -> Iterator[View]:
        """Give the view of the thread's `reading` block, or one of the present state."""
        with ExitStack() as stack:
            stack.enter_context(explained(self._path))
            if self._view is not None:
                yield self._view
                return
            connection = stack.enter_context(self._connect())
            stack.enter_context(connection.begin())
            self._thread.view = view = View(connection, self._caught_up(connection))
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

    def _caught_up(self, connection: Connection) -> Snapshot:
        """Return the snapshot of the state that *connection*, which has not read yet, will see."""
        # One thread at a time, from its first look on: so the copy never runs ahead of what a thread sees.
        with self._catching_up:
            stamp = history.seen_by(connection)
            if self._latest is not None and self._latest.stamp == stamp:
                return self._latest
            self._require_model(stamp)
            vectors = history.caught_up(connection, self._copies())
            if self._latest is None or self._latest.vectors is not vectors:
                self._latest = Snapshot(vectors, self._latest)
            return self._latest

    def _copies(self) -> Iterator[Vectors | None]:
        yield self._latest.vectors if self._latest else None
        found = vectorfile.load(self._vector_file)
        self._unfit = found is None
        yield found

    def _require_model(self, stamp: Stamp) -> None:
        if (stamp.model, stamp.dimension) != (self.model, self.dimension):
            raise WrongModelError(
                f"The store in {self._folder} now holds vectors of {stamp.model}, no longer of {self.model}: "
                "choose that model and start again."
            )


def _identity(path: Path) -> tuple[int, int]:
    """Return what tells this file from another that takes its place; a connection would keep the old one."""
    try:
        found = path.stat()
    except OSError as e:
        raise StoreError(f"There is no store at {path} ({e.strerror}): sync again.") from e
    return found.st_dev, found.st_ino
