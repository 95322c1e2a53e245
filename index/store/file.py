"""The store's SQLite file: how it is made, renewed and opened, whose it is, and what its errors mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from index.store import fulltext, tables

APPLICATION_ID = 0x50554C51  # "PULQ", in the header of every file of ours
SCHEMA = 3  # the header's user_version
BUSY_SECONDS = 30.0


class StoreError(Exception):
    """Says to the owner in one sentence what is wrong with the store and what to do."""


class WrongModelError(StoreError):
    """The store holds another model's vectors."""


class ForeignStoreError(StoreError):
    """The file is not ours to touch: another program's, or a newer version's."""


class CorruptStoreError(StoreError):
    """SQLite finds its own file malformed."""


class BusyStoreError(StoreError):
    """Somebody else is writing."""


def path_in(folder: Path) -> Path:
    """Return where the store of the data folder *folder* is."""
    return folder / "column.sqlite"


def is_blank(path: Path) -> bool:
    """
    Say whether there is no store yet: no file, or one in which a first start was cut short.

    Raises:
        ForeignStoreError: If the file is another program's, or of a newer version.
    """
    if not path.exists():
        return True
    with explained(path), closing(_connect(path, "rw")) as connection:
        owner, version, there = (
            connection.execute(query).fetchone()[0]
            for query in (
                "pragma application_id",
                "pragma user_version",
                "select count(*) from sqlite_master",
            )
        )
    if (owner, version, there) == (0, 0, 0):
        return True
    if owner != APPLICATION_ID:
        raise ForeignStoreError(f"{path} is not a Pullquote store; name another data folder.")
    if version > SCHEMA:
        raise ForeignStoreError(
            f"{path} has layout {version}, made by a newer Pullquote than this one, which reads {SCHEMA}; "
            "update Pullquote or name another data folder."
        )
    return False


@contextmanager
def building(path: Path) -> Iterator[Connection]:
    """
    Make the tables, and give a connection for the first rows, all in one transaction.

    The caller sees to it that nobody else does the same.
    """
    with explained(path), closing(_connect(path, "rwc")) as blank:
        blank.execute("pragma journal_mode = wal")  # kept in the file; no transaction may be open
    engine = open_engine(path)
    try:
        with explained(path), engine.connect() as connection, writing(connection):
            tables.metadata.create_all(connection)
            fulltext.build(connection)
            tables.count(connection)
            connection.exec_driver_sql(f"pragma application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"pragma user_version = {SCHEMA}")
            yield connection
    finally:
        engine.dispose()


def is_outdated(path: Path) -> bool:
    """Say whether the store was made by an older version; see `upgrading`."""
    with explained(path), closing(_connect(path, "rw")) as connection:
        return bool(connection.execute("pragma user_version").fetchone()[0] < SCHEMA)


@contextmanager
def upgrading(path: Path) -> Iterator[tuple[Connection, int]]:
    """
    Add what an older version's store lacks, in one transaction.

    Gives a connection for its first rows, and the layout that it had.
    """
    engine = open_engine(path)
    try:
        with explained(path), engine.connect() as connection, writing(connection):
            found = int(connection.exec_driver_sql("pragma user_version").scalar_one())
            tables.metadata.create_all(connection)  # those that are there stay as they are
            if found < 2:
                connection.exec_driver_sql(
                    "alter table article add column truncated boolean default 0 not null"
                )
            connection.exec_driver_sql("alter table chunk add column maker integer")
            connection.exec_driver_sql("create index ix_article_date on article (date)")
            tables.count(connection)
            connection.exec_driver_sql(f"pragma user_version = {SCHEMA}")
            yield connection, found
    finally:
        engine.dispose()


def open_engine(path: Path) -> Engine:
    """
    Return an engine on an existing file, for any number of threads.

    A connection goes from thread to thread but serves one at a time, which SQLite allows; one is never
    waited for.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, "rw"),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=-1,
        json_deserializer=as_tuple,
    )

    # sqlite3 itself begins no transaction before a SELECT; a snapshot and a writer's turn need one.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


@contextmanager
def writing(connection: Connection) -> Iterator[Connection]:
    """Wait for the turn to write: all of the block lasts, or nothing."""
    connection.execution_options(writes=True)
    with connection.begin():
        yield connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite reports about the file, the disk or the machine into a StoreError."""
    try:
        yield
    except DBAPIError as e:
        if isinstance(e.orig, sqlite3.Error) and (explanation := _explanation(e.orig, path)):
            raise explanation from e
        raise
    except sqlite3.Error as e:
        if explanation := _explanation(e, path):
            raise explanation from e
        raise


@lru_cache(maxsize=10_000)
def as_tuple(text: str) -> tuple[str, ...]:
    """Read a stored list: the chain of a statement, mostly empty, or the places of an office."""
    return tuple(json.loads(text))


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect; mode "rw" leaves a missing file missing, "rwc" makes it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    # FULL: a sync that was reported done is still done after a power cut. It costs one flush an article.
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    return connection


def _explanation(error: sqlite3.Error, path: Path) -> StoreError | None:
    """Return the sentence for the owner, or None where the fault is our own."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # the rest is detail
    match code:
        case sqlite3.SQLITE_FULL:
            return StoreError(f"No room for {path}: free some disk space; nothing that was there is lost.")
        case sqlite3.SQLITE_IOERR:
            return StoreError(
                f"Reading or writing {path} failed ({error}): check the disk and its free space."
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return BusyStoreError(f"{path} is being written by somebody else: try again in a moment.")
        case sqlite3.SQLITE_CORRUPT:
            return CorruptStoreError(
                f"{path} is damaged ({error}): put back a copy, or delete it and sync again."
            )
        case sqlite3.SQLITE_NOTADB:
            return ForeignStoreError(f"{path} is no SQLite file; name another data folder.")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreError(f"Cannot open {path} for writing: check that it and its folder are yours.")
        case sqlite3.SQLITE_ERROR if "no such module" in str(error):
            return StoreError(
                f"This Python's SQLite {sqlite3.sqlite_version} has no full text search (FTS5): "
                "use a Python from python.org, your distribution or conda."
            )
        case _:
            return None
