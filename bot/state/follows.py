"""Who is followed where: a channel or person is told when the column quotes them, of each statement once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import metadata
from bot.state.ids import new_id
from bot.state.runs import Alarm, Plan, Run, Runs, RunState
from index.segment import fold

MOST_FOLLOWS = 50  # in one place


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """
    That *place*, a channel or direct conversation, follows *name*, since *begun_at* (of the epoch).

    *at_once*: not with the channel's digest. *posts* counts what it was told, so that each has its number.
    *paused_why* is Slack's error code where it no longer lets the bot post there.
    """

    id: str
    place: str
    name: str
    at_once: bool
    created_by: str
    begun_at: float
    posts: int = 0
    paused_why: str = ""


follows = sa.Table(
    "follow",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("place", sa.String, nullable=False),
    sa.Column("folded", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("at_once", sa.Boolean, nullable=False),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("begun_at", sa.Float, nullable=False),
    sa.Column("posts", sa.Integer, nullable=False),
    sa.Column("paused_why", sa.String, nullable=False),
    sa.UniqueConstraint("place", "folded"),
)
# Ids of articles and fingerprints of statements.
told = sa.Table(
    "follow_told",
    metadata,
    sa.Column("follow", sa.String, primary_key=True),
    sa.Column("mark", sa.String, primary_key=True),
)


class Follows:
    """All follows. Safe to share among threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float], runs: Runs) -> None:
        self._engine, self._clock, self._runs = engine, clock, runs

    def all(self) -> list[Follow]:
        """Return all follows, by place and name."""
        query = sa.select(follows).order_by(follows.c.place, follows.c.folded)
        with self._engine.connect() as connection:
            return [_follow(row) for row in connection.execute(query).mappings()]

    def of(self, place: str) -> list[Follow]:
        """Return whom *place* follows, by name."""
        return [follow for follow in self.all() if follow.place == place]

    def load(self, id: str) -> Follow | None:
        """Return the follow of that id, None where it has ended."""
        return next((follow for follow in self.all() if follow.id == id), None)

    def begin(self, place: str, name: str, by: str, *, at_once: bool) -> bool:
        """Follow *name* from now on; False where *place* does already, and only the manner may change."""
        now = self._clock()
        row = {
            "id": new_id(),
            "place": place,
            "folded": fold(name),
            "name": name,
            "at_once": at_once,
            "created_by": by,
            "begun_at": now,
            "posts": 0,
            "paused_why": "",
        }
        insert = sqlite.insert(follows).values(row)
        change = insert.on_conflict_do_update(
            index_elements=["place", "folded"],
            set_={"at_once": insert.excluded.at_once, "paused_why": ""},
        )
        with self._engine.begin() as connection:
            kept = connection.execute(change.returning(follows.c.id)).scalar_one()
        return bool(kept == row["id"])

    def end(self, place: str, name: str) -> bool:
        """Follow *name* no longer; False where *place* did not."""
        here = sa.and_(follows.c.place == place, follows.c.folded == fold(name))
        with self._engine.begin() as connection:
            connection.execute(told.delete().where(told.c.follow.in_(sa.select(follows.c.id).where(here))))
            return connection.execute(follows.delete().where(here)).rowcount > 0

    def untold(self, id: str, marks: Iterable[str]) -> set[str]:
        """Return those of *marks*, of articles and statements, that this follow has not been told of."""
        with self._engine.connect() as connection:
            known = set(connection.scalars(sa.select(told.c.mark).where(told.c.follow == id)))
        return set(marks) - known

    def confirm(self, run: Run, ts: str) -> bool:
        """Write down that the post of *run* is there, with what it told; False where it is no longer ours."""
        with self._engine.begin() as connection:
            mine = self._runs.settle(connection, run, RunState.DONE, ts=ts)
            if mine:
                self._note(connection, run)
            return mine

    def unconfirmed(self, run: Run, code: str, alarm: Alarm) -> None:
        """Give up on a post that may be there: what it told counts as told."""
        with self._engine.begin() as connection:
            if self._runs.settle(connection, run, RunState.UNCONFIRMED, code=code, alarm=alarm):
                self._note(connection, run)

    def fail(self, run: Run, code: str, alarm: Alarm) -> None:
        """Settle a post that Slack refuses, and tell that place no more until it follows anew."""
        with self._engine.begin() as connection:
            if self._runs.settle(connection, run, RunState.FAILED, code=code, alarm=alarm):
                counted = follows.update().where(follows.c.id == run.subject)
                connection.execute(counted.values(posts=follows.c.posts + 1, paused_why=code))

    def _note(self, connection: sa.Connection, run: Run) -> None:
        note_told(connection, run.plan)
        counted = follows.update().where(follows.c.id == run.subject)
        connection.execute(counted.values(posts=follows.c.posts + 1))


def note_told(connection: sa.Connection, plan: Plan) -> None:
    """Write down what the follows of *plan* were told by it."""
    marks = {*plan.articles, *plan.statements}
    rows = [{"follow": id, "mark": mark} for id in plan.follows for mark in sorted(marks)]
    if rows:
        connection.execute(sqlite.insert(told).on_conflict_do_nothing(), rows)


def _follow(row: sa.RowMapping) -> Follow:
    return Follow(**{name: row[name] for name in row if name != "folded"})
