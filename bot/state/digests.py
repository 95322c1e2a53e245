"""
The digests of all channels: when each is due, what it holds, and what it has told.

Promises: what a digest told is written down in the transaction that settles its post, so that nothing is told
twice in a channel and nothing that was not posted counts as told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import metadata
from bot.state.follows import note_told
from bot.state.ids import new_id
from bot.state.runs import Alarm, Plan, Run, Runs, RunState

MOST_DIGESTS = 20  # in a workspace: as many as their list shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """
    A digest of one channel, due by the line *cron* in *zone*.

    *quotes* and *asked* say what it holds besides the articles; with *silent* it is not posted when nothing
    is new. Slots after *active_since* and after *handled_until* are due. *paused_why* is Slack's error code
    where the bot paused it itself, "" where a person did. Times are seconds since the epoch.
    """

    id: str
    channel: str
    cron: str
    zone: str
    quotes: bool = True
    asked: bool = True
    silent: bool = True
    created_by: str
    created_at: float
    active_since: float
    handled_until: float
    paused_at: float | None = None
    paused_why: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """Of a channel: articles first seen after *begun_at* are told; they were told until *until*."""

    begun_at: float
    until: float


digests = sa.Table(
    "digest",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("cron", sa.String, nullable=False),
    sa.Column("zone", sa.String, nullable=False),
    sa.Column("quotes", sa.Boolean, nullable=False),
    sa.Column("asked", sa.Boolean, nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("active_since", sa.Float, nullable=False),
    sa.Column("handled_until", sa.Float, nullable=False),
    sa.Column("paused_at", sa.Float),
    sa.Column("paused_why", sa.String, nullable=False),
)
channels = sa.Table(
    "digest_channel",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("begun_at", sa.Float, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)
told = sa.Table(
    "digest_told",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("article", sa.String, primary_key=True),
)
shown = sa.Table(
    "digest_shown",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("passage", sa.String, primary_key=True),
)


class Digests:
    """The digests of one bot. Safe to share among threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float], runs: Runs) -> None:
        self._engine, self._clock, self._runs = engine, clock, runs

    # ---- as people decide

    def all(self) -> list[Digest]:
        """Return all digests that have not ended, by channel and age."""
        query = sa.select(digests).order_by(digests.c.channel, digests.c.created_at, digests.c.id)
        with self._engine.connect() as connection:
            return [Digest(**row) for row in connection.execute(query).mappings()]

    def load(self, id: str) -> Digest | None:
        """Return the digest of that id, None where it has ended."""
        return next((digest for digest in self.all() if digest.id == id), None)

    def of(self, channel: str) -> list[Digest]:
        """Return the digests of *channel*."""
        return [digest for digest in self.all() if digest.channel == channel]

    def begin(
        self, channel: str, cron: str, zone: str, by: str, *, quotes: bool, asked: bool, silent: bool
    ) -> Digest:
        """Let a new digest begin; the first of a channel tells of what comes in from now on."""
        now = self._clock()
        digest = Digest(
            id=new_id(),
            channel=channel,
            cron=cron,
            zone=zone,
            quotes=quotes,
            asked=asked,
            silent=silent,
            created_by=by,
            created_at=now,
            active_since=now,
            handled_until=now,
        )
        with self._engine.begin() as connection:
            self._open(connection, channel, now)
            connection.execute(digests.insert().values(_row(digest)))
        return digest

    def change(self, digest: Digest) -> None:
        """Keep *digest* as it is now wanted; what would have been due before now is not made up for."""
        now = self._clock()
        with self._engine.begin() as connection:
            self._open(connection, digest.channel, now)
            row = _row(replace(digest, active_since=now))
            # What the press writes is left alone.
            for name in ("id", "handled_until", "paused_at", "paused_why"):
                del row[name]
            connection.execute(digests.update().where(digests.c.id == digest.id).values(row))

    def _open(self, connection: sa.Connection, channel: str, now: float) -> None:
        others = connection.execute(sa.select(digests.c.id).where(digests.c.channel == channel)).first()
        row = {"channel": channel, "begun_at": now, "until": now}
        insert = sqlite.insert(channels).values(row)
        anew = insert.on_conflict_do_update(index_elements=["channel"], set_=row)
        connection.execute(insert.on_conflict_do_nothing() if others else anew)

    def pause(self, id: str) -> None:
        """Let nothing be due until it is resumed."""
        self._set(id, digests.c.paused_at.is_(None), paused_at=self._clock(), paused_why="")

    def resume(self, id: str) -> None:
        """Let it be due again from now on; the next tells of all that came in since the last."""
        values = {"paused_at": None, "paused_why": "", "active_since": self._clock()}
        self._set(id, digests.c.paused_at.is_not(None), **values)

    def end(self, id: str) -> None:
        """End it for good."""
        with self._engine.begin() as connection:
            connection.execute(digests.delete().where(digests.c.id == id))

    # ---- as they are posted

    def covered(self, channel: str) -> Covered:
        """Return what the channel's digests have covered."""
        query = sa.select(channels.c.begun_at, channels.c.until).where(channels.c.channel == channel)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return Covered(row.begun_at, row.until) if row else Covered(self._clock(), self._clock())

    def untold(self, channel: str, articles: Iterable[str]) -> list[str]:
        """Return those of *articles* that no digest of *channel* has told of, in their order."""
        with self._engine.connect() as connection:
            query = sa.select(told.c.article).where(told.c.channel == channel)
            known = set(connection.scalars(query))
        return [id for id in articles if id not in known]

    def shown(self, channel: str) -> set[str]:
        """Return the fingerprints of the passages that the channel's digests have shown."""
        with self._engine.connect() as connection:
            query = sa.select(shown.c.passage).where(shown.c.channel == channel)
            return set(connection.scalars(query))

    def confirm(self, run: Run, ts: str) -> bool:
        """Write down that the post of *run* is there, with all that it told; False where it is not ours."""
        with self._engine.begin() as connection:
            if not self._runs.settle(connection, run, RunState.DONE, ts=ts):
                return False
            self._note(connection, run)
            plan = run.plan
            if plan.rest:
                on = Plan(rest=plan.rest, part=plan.part + 1, since=plan.since, until=plan.until)
                self._runs.add(connection, run, on, run.thread_ts or ts)
            return True

    def unconfirmed(self, run: Run, code: str, alarm: Alarm) -> None:
        """Give up on a post that may be there: what it told counts as told, for nothing is told twice."""
        with self._engine.begin() as connection:
            if self._runs.settle(connection, run, RunState.UNCONFIRMED, code=code, alarm=alarm):
                self._note(connection, run)

    def close(self, run: Run, state: RunState, *, code: str = "", alarm: Alarm | None = None) -> None:
        """Settle a post that is not there."""
        with self._engine.begin() as connection:
            mine = self._runs.settle(connection, run, state, code=code, alarm=alarm)
            if mine and state is not RunState.SKIPPED:
                self._handled(connection, run)

    def fail(self, run: Run, code: str, alarm: Alarm) -> None:
        """Settle a post that Slack refuses for its channel's sake, and pause the digests of the channel."""
        pause = digests.update().where(digests.c.channel == run.channel, digests.c.paused_at.is_(None))
        with self._engine.begin() as connection:
            if self._runs.settle(connection, run, RunState.FAILED, code=code, alarm=alarm):
                self._handled(connection, run)
                connection.execute(pause.values(paused_at=self._clock(), paused_why=code))

    def _note(self, connection: sa.Connection, run: Run) -> None:
        plan = run.plan
        _add(connection, told, run.channel, article=plan.articles)
        _add(connection, shown, run.channel, passage=plan.passages)
        note_told(connection, plan)
        until = channels.update().where(channels.c.channel == run.channel, channels.c.until < plan.until)
        connection.execute(until.values(until=plan.until))
        self._handled(connection, run)

    def _handled(self, connection: sa.Connection, run: Run) -> None:
        mine = digests.update().where(digests.c.id == run.subject, digests.c.handled_until < run.due)
        connection.execute(mine.values(handled_until=run.due))

    def _set(self, id: str, *where: sa.ColumnElement[bool], **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(digests.update().where(digests.c.id == id, *where).values(values))


def _row(digest: Digest) -> dict[str, object]:
    return {f.name: getattr(digest, f.name) for f in fields(Digest)}


def _add(connection: sa.Connection, table: sa.Table, channel: str, **listed: Collection[str]) -> None:
    rows = [{"channel": channel, name: value} for name, values in listed.items() for value in values]
    if rows:
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)
