"""The store's generations: which one a connection sees, how the next begins, how vectors catch up with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, true

from index.store.rows import as_vector
from index.store.tables import chunk, generation, removed, state
from index.store.vectors import Stamp, Vectors

KEPT_GENERATIONS = 200  # a copy of the vectors that is further behind takes the file: tens of milliseconds


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
    query = select(generation.c.number, generation.c.token, state.c.model, state.c.dimension)
    latest = query.join_from(generation, state, true()).order_by(generation.c.number.desc()).limit(1)
    return Stamp(*connection.execute(latest).one())


def caught_up(connection: Connection, copies: Iterable[Vectors | None]) -> Vectors:
    """
    Return the vectors of the state that *connection* sees, out of the first of *copies* that can catch up.

    What was removed since then goes, what was added since then comes. Where no copy is of any use, all
    vectors are read from their table: the same way, from nothing.
    """
    stamp = seen_by(connection)
    useful = (c for c in copies if c is not None and _is_past(connection, c.stamp))
    base = next(useful, None) or Vectors.empty(stamp)
    if base.stamp == stamp:
        return base
    since = base.stamp.generation
    gone = select(removed.c.label).where(removed.c.generation > since)
    new = select(chunk.c.label, chunk.c.vector).where(chunk.c.generation > since).order_by(chunk.c.label)
    added = connection.execute(new).all()
    matrix = as_vector(b"".join(row.vector for row in added)).reshape(-1, stamp.dimension)
    return base.patched(stamp, list(connection.scalars(gone)), [row.label for row in added], matrix)


def _is_past(connection: Connection, stamp: Stamp) -> bool:
    """Say whether the store was once in the state *stamp*, and still knows what changed since."""
    same = (generation.c.number == stamp.generation) & (generation.c.token == stamp.token)
    return connection.execute(select(generation.c.number).where(same)).first() is not None
