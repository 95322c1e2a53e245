"""The store's generations: which one a connection sees, how the next begins, how vectors catch up with it."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select

from index.store.driver import driver
from index.store.quantised import BLOCK
from index.store.rows import as_vector
from index.store.stamp import Stamp
from index.store.tables import chunk, generation, removed
from index.store.vectors import Vectors

KEPT_GENERATIONS = 200  # a copy of the vectors that is further behind takes the file: tens of milliseconds
# The file may be so many generations behind, and lack one vector in so many: until then, catching up with
# what it lacks takes less time than writing all of it.
FILE_BEHIND, FILE_LACKS = KEPT_GENERATIONS // 2, 50

SEEN = """
select generation.number, generation.token, state.model, state.dimension
from generation, state order by generation.number desc limit 1
"""

# Asked for in order, SQLite would look through all labels.
NEW = "select label, vector from chunk where generation > ?"
# By label, which a table is found by: those between are not read.
SOME = """
with recursive
    bounds as (select min(label) as first, max(label) as last from chunk),
    step (label, by) as (
        select first, max(1, (last - first) / :most + 1) from bounds
        union all select label + by, by from step, bounds where label + by <= last
    )
select vector from step join chunk using (label)
"""


def begin(connection: Connection) -> None:
    """Begin at generation 0, in a store just made."""
    connection.execute(insert(generation).values(number=0, token=secrets.token_hex(8)))


def advance(connection: Connection) -> int:
    """Begin the next generation in this transaction, and return its number."""
    number = seen_by(connection).generation + 1
    connection.execute(insert(generation).values(number=number, token=secrets.token_hex(8)))
    connection.execute(delete(generation).where(generation.c.number < number - KEPT_GENERATIONS))
    return number


def forget_before(connection: Connection, number: int) -> None:
    """Let no copy of the vectors catch up from before generation *number*: it has to start anew."""
    connection.execute(delete(generation).where(generation.c.number < number))


def seen_by(connection: Connection) -> Stamp:
    """Return the generation that *connection* sees, and the model whose vectors it holds."""
    return Stamp(*driver(connection).execute(SEEN).fetchone())


def caught_up(connection: Connection, copies: Iterable[Vectors | None]) -> Vectors:
    """
    Return the vectors of the state that *connection* sees, out of the first of *copies* that can catch up.

    What was removed since then goes, what was added since then comes. Where no copy is of any use, all
    vectors are read from their table.
    """
    stamp = seen_by(connection)
    useful = (c for c in copies if c is not None and is_past(connection, c.stamp))
    base = next(useful, None)
    if base is None:
        count = connection.execute(select(func.count()).select_from(chunk)).scalar_one()
        return Vectors.of(stamp, count, _all(connection), partial(_some, connection, stamp.dimension))
    if base.stamp == stamp:
        return base
    added = sorted(driver(connection).execute(NEW, [base.stamp.generation]).fetchall())
    matrix = as_vector(b"".join(vector for _, vector in added)).reshape(-1, stamp.dimension)
    return base.patched(stamp, removed_since(connection, base.stamp), [label for label, _ in added], matrix)


def removed_since(connection: Connection, stamp: Stamp) -> list[int]:
    """Return the labels of the chunks that went since the state *stamp*, which is past."""
    return list(connection.scalars(select(removed.c.label).where(removed.c.generation > stamp.generation)))


def is_past(connection: Connection, stamp: Stamp) -> bool:
    """Say whether the store was once in the state *stamp*, and still knows what changed since."""
    same = (generation.c.number == stamp.generation) & (generation.c.token == stamp.token)
    return connection.execute(select(generation.c.number).where(same)).first() is not None


def is_near(connection: Connection, stamp: Stamp, count: int) -> bool:
    """Say whether *count* vectors of the state *stamp* lack little of what *connection* sees."""
    behind = seen_by(connection).generation - stamp.generation
    if behind > FILE_BEHIND or not is_past(connection, stamp):
        return False
    new = select(func.count()).where(chunk.c.generation > stamp.generation)
    changed = connection.execute(new).scalar_one() + len(removed_since(connection, stamp))
    return changed * FILE_LACKS <= count


def _some(connection: Connection, dimension: int, most: int) -> NDArray[np.float32]:
    """Return at most *most* vectors, of labels spread evenly over all, shape (n, *dimension*)."""
    rows = driver(connection).execute(SOME, {"most": most}).fetchall()
    return as_vector(b"".join(vector for (vector,) in rows)).reshape(-1, dimension)


def _all(connection: Connection) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield all vectors by rising label, some at a time."""
    cursor: sqlite3.Cursor = driver(connection).execute("select label, vector from chunk order by label")
    while rows := cursor.fetchmany(BLOCK):
        labels, vectors = zip(*rows, strict=True)
        matrix = as_vector(b"".join(vectors))
        yield np.asarray(labels, dtype=np.int64), matrix.reshape(len(rows), -1)
