"""
The file that all memory is in: ``DATA_DIR/bot.sqlite``.

Promises: what a transaction wrote is on the disk when it is over, not in a cache, and survives a power cut.
One of an `unflushed` engine survives the death of the process at once, and a power cut as soon as any later
transaction is flushed, because SQLite's log is written in order and read back up to where it breaks off.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection

DAY = 24 * 3600.0
# How long questions, answers and opinions are kept unless set otherwise. Not below a day: Slack brings an
# event back for up to 24 h, and it must be known for so long.
KEPT = 90 * DAY
# Long enough for another process to commit, short enough to be within Slack's 3 s for an ack.
LOCK_TIMEOUT = 2.0

FLUSH = "flush"  # the option of an engine that says whether its transactions are flushed

metadata = sa.MetaData()


def open_file(path: Path) -> sa.Engine:
    """Open the file at *path*, with whatever tables are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # questions are for nobody else's eyes
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": LOCK_TIMEOUT}, hide_parameters=True)
    sa.event.listen(engine, "connect", _keep_a_log)
    sa.event.listen(engine, "begin", _settle_flush)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # two that start at once must not both create
        there = sa.inspect(connection).get_table_names()  # asked for once, not table by table
        missing = [table for name, table in metadata.tables.items() if name not in there]
        metadata.create_all(connection, missing, checkfirst=False)
    return engine


def unflushed(engine: sa.Engine) -> sa.Engine:
    """
    Return *engine* for what may be lost in a power cut, or is of use only to what is flushed after it.

    A flush takes longer than all else that a question writes: it is for what was promised to somebody.
    """
    return engine.execution_options(**{FLUSH: False})


def asked(name: str) -> sa.BindParameter[Any]:
    """Return the place in a `Prepared` statement of what is given by *name*."""
    return sa.bindparam(name, required=False)


def one_of(column: sa.ColumnElement[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Tell in a `Prepared` whether *column* is one of *values*: an ``in_`` is composed anew each time."""
    return sa.or_(*(column == value for value in values))


class Prepared:
    """
    A statement that every question runs: composed once, and given to SQLite as it is.

    SQLAlchemy takes longer over most than SQLite does. What comes out are SQLite's own rows: a truth value is
    0 or 1.
    """

    def __init__(self, statement: sa.ClauseElement, sets: Collection[str] = ()) -> None:
        """*sets* are the columns that an insert or update writes, each from what is given by its name."""
        composed = statement.compile(
            dialect=sqlite.dialect(paramstyle="named"),
            column_keys=list(sets) or None,
        )
        self._sql = str(composed)
        self._constants = {name: value for name, value in composed.params.items() if value is not None}

    def run(self, connection: sa.Connection, given: dict[str, Any]) -> sqlite3.Cursor:
        """Run it in the transaction of *connection*."""
        return _driver(connection).execute(self._sql, self._constants | given)

    def run_each(self, connection: sa.Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Run it for each of *rows*."""
        _driver(connection).executemany(self._sql, (self._constants | row for row in rows))


def damage(path: Path) -> str | None:
    """Read the whole of an existing SQLite file; return what is wrong with it, None where nothing is."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            [found] = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found)


class OnDisk:
    """What is kept in the file at *path*: a context that closes it."""

    def __init__(self, path: Path) -> None:
        self._engine = open_file(path)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _keep_a_log(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    ends = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:  # another does the same to a new file: SQLite does not wait for that
            if time.monotonic() > ends:
                raise
            time.sleep(0.01)
    cursor.close()


def _settle_flush(connection: sa.Connection) -> None:
    """Say for each transaction anew whether it is flushed: no connection is left as another had it."""
    flush = connection.get_execution_options().get(FLUSH, True)
    _driver(connection).execute(f"PRAGMA synchronous = {'FULL' if flush else 'NORMAL'}")


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    own = connection.connection.driver_connection
    assert isinstance(own, sqlite3.Connection)
    return own
