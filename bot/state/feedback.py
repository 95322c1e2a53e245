"""What people thought of the answers. One opinion a person and answer: the latest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import metadata


class Opinion(StrEnum):
    """Whether an answer helped."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Somebody's opinion of the answer of id *answer*; *at* is in seconds since the epoch."""

    answer: str
    user: str
    opinion: Opinion
    reason: str = ""
    at: float = 0.0


feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("answer", sa.String, primary_key=True),
    sa.Column("user", sa.String, primary_key=True),
    sa.Column("opinion", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)


class Feedback:
    """All opinions."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def save(self, judged: Judged) -> None:
        """Keep *judged* instead of what the same person thought of the same answer; the time is now."""
        row = {c.name: getattr(judged, c.name) for c in feedback.columns} | {"at": self._clock()}
        insert = sqlite.insert(feedback).values(row)
        with self._engine.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["answer", "user"], set_=row))

    def of(self, answer: str) -> list[Judged]:
        """Return what people thought of one answer, the oldest first."""
        return self._find(feedback.c.answer == answer)

    def all(self) -> list[Judged]:
        """Return every opinion, the oldest first."""
        return self._find(sa.true())

    def _find(self, where: sa.ColumnElement[bool]) -> list[Judged]:
        query = sa.select(feedback).where(where).order_by(feedback.c.at, feedback.c.answer, feedback.c.user)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [Judged(**{**row, "opinion": Opinion(row["opinion"])}) for row in rows]
