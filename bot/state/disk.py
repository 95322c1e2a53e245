"""The file that all memory is in: ``DATA_DIR/bot.sqlite``. What is written is on the disk, not in a cache."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

DAY = 24 * 3600.0
# How long questions, answers and opinions are kept unless set otherwise. Not below a day: Slack brings an
# event back for up to 24 h, and it must be known for so long.
KEPT = 90 * DAY
# Long enough for another process to commit, short enough to be within Slack's 3 s for an ack.
LOCK_TIMEOUT = 2.0

metadata = sa.MetaData()


def open_file(path: Path) -> sa.Engine:
    """Open the file at *path*, with whatever tables are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # questions are for nobody else's eyes
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": LOCK_TIMEOUT}, hide_parameters=True)
    sa.event.listen(engine, "connect", _make_durable)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # two that start at once must not both create
        there = sa.inspect(connection).get_table_names()  # asked for once, not table by table
        missing = [table for name, table in metadata.tables.items() if name not in there]
        metadata.create_all(connection, missing, checkfirst=False)
    return engine


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


def _make_durable(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    # An ack promises that the question is kept: FULL writes it to the disk, not to the cache.
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
