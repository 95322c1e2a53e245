"""
Posts that must be made once, among any number of processes: claimed, begun, and settled, in ``digest_run``.

Promises: one process at a time works on a post, and on the posts of one channel; a crash hands it on when its
lease runs out, and tells whether a call to Slack had begun; an alarm is kept with what it is about.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import metadata

LEASE = 120.0  # seconds to build a message in
# A call to Slack ends within some 10 s; nobody looks for the message before this long is over.
POST_LEASE = 300.0
# This long before its lease ends nobody begins to post: the process may have slept since it took it.
SPARE = 30.0
KEPT_RUNS = 400 * 24 * 3600.0


class RunState(StrEnum):
    """How far a post has come."""

    CLAIMED = "claimed"  # nothing has been sent
    POSTING = "posting"  # a call to Slack has begun, and its outcome is not recorded
    DONE = "done"
    SILENT = "silent"  # there was nothing to post
    SKIPPED = "skipped"  # a later slot came before it was posted, and covers it
    FAILED = "failed"  # Slack refuses it
    UNCONFIRMED = "unconfirmed"  # it may be there or not, and nobody may look


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What a post holds, to be written down once it is there: ids of *articles*, fingerprints of *passages*.

    *follows* are those that it serves, *statements* what they are told by it. It covers from *since* to
    *until*, in seconds since the epoch. *rest* are the articles that go on below it, as the next *part*.
    """

    articles: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 0.0
    rest: tuple[str, ...] = ()
    part: int = 1

    @classmethod
    def unpacked(cls, packed: str) -> Plan:
        """Read it back."""
        kept: dict[str, Any] = json.loads(packed)
        listed = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
        return cls(**kept | listed)

    def packed(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    A post that is held by *owner*, or was found unfinished.

    *subject* is the digest or follow that it belongs to. *began_at* is when a call to Slack first began, 0.0
    for never; *thread_ts* the message below which it goes.
    """

    key: str
    subject: str
    channel: str
    due: float
    state: RunState
    owner: str
    lease_until: float
    attempts: int
    began_at: float
    finished_at: float
    thread_ts: str | None
    plan: Plan


digest_runs = sa.Table(
    "digest_run",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("owner", sa.String, nullable=False, default=""),
    sa.Column("lease_until", sa.Float, nullable=False, default=0.0),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("began_at", sa.Float, nullable=False, default=0.0),
    sa.Column("finished_at", sa.Float, nullable=False, default=0.0),
    sa.Column("thread_ts", sa.String),
    sa.Column("plan", sa.String, nullable=False),
    sa.Column("ts", sa.String),
    sa.Column("code", sa.String, nullable=False, default=""),
    sa.Index("digest_run_state", "state", "lease_until"),
    sa.Index("digest_run_channel", "channel", "state"),
)

alarms = sa.Table(
    "digest_alarm",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("to", sa.String, primary_key=True),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("lease_until", sa.Float, nullable=False, default=0.0),
    sa.Column("told_at", sa.Float),
    sa.Column("raised_at", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What admins are told: *key* says of what, so that it is told once; *to* is one of them, "" for all."""

    key: str
    text: str
    to: str = ""


class Runs:
    """All such posts. Safe to share among threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def claim(self, key: str, subject: str, channel: str, due: float) -> Run | None:
        """Take the post *key*; None where it is settled, or somebody is at work in *channel*."""
        now, r = self._clock(), digest_runs.c
        other = sa.select(sa.literal(1)).where(r.channel == channel, r.key != key, r.lease_until >= now)
        other = other.where(r.state == RunState.CLAIMED)
        # What is in doubt or goes on in a thread comes first: what it tells is not yet written down.
        open_part = sa.and_(r.state == RunState.CLAIMED, r.thread_ts.is_not(None))
        first = sa.select(sa.literal(1)).where(r.channel == channel, r.key != key)
        first = first.where(sa.or_(r.state == RunState.POSTING, open_part))
        row = {
            "key": key,
            "subject": subject,
            "channel": channel,
            "due": due,
            "state": RunState.CLAIMED,
            "owner": secrets.token_hex(8),
            "lease_until": now + LEASE,
            "attempts": 1,
            "began_at": 0.0,
            "finished_at": 0.0,
            "plan": Plan().packed(),
            "code": "",
        }
        values = sa.select(*(sa.literal(value).label(name) for name, value in row.items()))
        insert = sqlite.insert(digest_runs).from_select(
            list(row), values.where(~sa.exists(other), ~sa.exists(first))
        )
        insert = insert.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "owner": insert.excluded.owner,
                "lease_until": insert.excluded.lease_until,
                "attempts": r.attempts + 1,
            },
            where=sa.and_(r.state == RunState.CLAIMED, r.lease_until < now),
        )
        with self._engine.begin() as connection:
            taken = connection.execute(insert.returning(digest_runs)).mappings().first()
        return _run(taken) if taken else None

    def take_over(self, run: Run) -> Run | None:
        """Take a post that somebody began and left; None where somebody else did."""
        return self._move(
            run, digest_runs.c.lease_until < self._clock(), state=RunState.POSTING, owner=secrets.token_hex(8)
        )

    def begin(self, run: Run, plan: Plan) -> Run | None:
        """Write down that it is being posted, just before it is; None where it is no longer ours."""
        began = run.began_at or self._clock()
        return self._move(run, state=RunState.POSTING, plan=plan.packed(), began_at=began)

    def is_safe(self, run: Run) -> bool:
        """Tell whether there is time to post before somebody else may look for it."""
        return self._clock() < run.lease_until - SPARE

    def wait(self, run: Run, seconds: float) -> None:
        """Let nobody touch it for so long, then anybody."""
        with self._engine.begin() as connection:
            change = digest_runs.update().where(*_held(run)).values(lease_until=self._clock() + seconds)
            connection.execute(change)

    def back(self, run: Run, seconds: float) -> None:
        """Take back that posting began: nothing was sent. It is tried again after so long."""
        values = {"state": RunState.CLAIMED, "lease_until": self._clock() + seconds}
        with self._engine.begin() as connection:
            connection.execute(digest_runs.update().where(*_held(run)).values(values))

    def drop(self, run: Run) -> None:
        """Give up a claim as if it had never been made."""
        with self._engine.begin() as connection:
            connection.execute(digest_runs.delete().where(*_held(run)))

    def unfinished(self) -> list[Run]:
        """Return what was left by whoever held it, the oldest first."""
        states = (RunState.CLAIMED, RunState.POSTING)
        return self._find(digest_runs.c.state.in_(states), digest_runs.c.lease_until < self._clock())

    def load(self, key: str) -> Run | None:
        """Return the post *key*, None where nobody ever claimed it."""
        return next(iter(self._find(digest_runs.c.key == key)), None)

    def of(self, subjects: Collection[str]) -> list[Run]:
        """Return all posts of *subjects*, the oldest first."""
        return self._find(digest_runs.c.subject.in_(subjects))

    def settle(
        self,
        connection: sa.Connection,
        run: Run,
        state: RunState,
        *,
        ts: str | None = None,
        code: str = "",
        alarm: Alarm | None = None,
    ) -> bool:
        """Write down how it ended, and what the admins are told of it; False where it is no longer ours."""
        values = {"state": state, "ts": ts, "code": code, "finished_at": self._clock(), "lease_until": 0.0}
        mine = connection.execute(digest_runs.update().where(*_held(run)).values(values)).rowcount > 0
        if mine and alarm:
            self.raise_alarm(connection, alarm)
        return mine

    def add(self, connection: sa.Connection, run: Run, plan: Plan, thread_ts: str) -> None:
        """Let *run* go on below *thread_ts* with *plan*, for anybody to claim."""
        row = {
            "key": f"{run.key.partition(' part ')[0]} part {plan.part}",
            "subject": run.subject,
            "channel": run.channel,
            "due": run.due,
            "state": RunState.CLAIMED,
            "thread_ts": thread_ts,
            "plan": plan.packed(),
        }
        connection.execute(sqlite.insert(digest_runs).values(row).on_conflict_do_nothing())

    def raise_alarm(self, connection: sa.Connection, alarm: Alarm) -> None:
        """Keep an alarm to be told; one that was raised before is not raised again."""
        row = {"key": alarm.key, "to": alarm.to, "text": alarm.text, "raised_at": self._clock()}
        connection.execute(sqlite.insert(alarms).values(row).on_conflict_do_nothing())

    def alarm(self, alarm: Alarm) -> None:
        """Keep an alarm by itself."""
        with self._engine.begin() as connection:
            self.raise_alarm(connection, alarm)

    def untold(self, admins: Collection[str]) -> Alarm | None:
        """Take what one of *admins* is to be told; whoever crashes with it leaves it to the next."""
        now, a = self._clock(), alarms.c
        with self._engine.begin() as connection:
            for one in connection.execute(sa.select(alarms).where(a.told_at.is_(None), a.to == "")).all():
                for to in admins:
                    self.raise_alarm(connection, Alarm(one.key, one.text, to))
                self._tell(connection, Alarm(one.key, one.text))
            waiting = sa.select(alarms).where(a.told_at.is_(None), a.lease_until < now)
            row = connection.execute(waiting.order_by(a.raised_at, a.key).limit(1)).first()
            if row is None:
                return None
            alarm = Alarm(row.key, row.text, row.to)
            take = _of(alarm).where(a.lease_until == row.lease_until).values(lease_until=now + LEASE)
            return alarm if connection.execute(take).rowcount else None

    def told(self, alarm: Alarm) -> None:
        """Write down that the admin knows."""
        with self._engine.begin() as connection:
            self._tell(connection, alarm)

    def _tell(self, connection: sa.Connection, alarm: Alarm) -> None:
        connection.execute(_of(alarm).values(told_at=self._clock()))

    def forget(self) -> None:
        """Delete what ended long ago."""
        before = self._clock() - KEPT_RUNS
        ended = digest_runs.c.state.not_in((RunState.CLAIMED, RunState.POSTING))
        with self._engine.begin() as connection:
            connection.execute(digest_runs.delete().where(ended, digest_runs.c.finished_at < before))
            connection.execute(alarms.delete().where(alarms.c.told_at < before))

    def _move(self, run: Run, *where: sa.ColumnElement[bool], **values: object) -> Run | None:
        change = digest_runs.update().where(*_held(run), *where)
        change = change.values(lease_until=self._clock() + POST_LEASE, **values)
        with self._engine.begin() as connection:
            row = connection.execute(change.returning(digest_runs)).mappings().first()
        return _run(row) if row else None

    def _find(self, *where: sa.ColumnElement[bool]) -> list[Run]:
        query = sa.select(digest_runs).where(*where).order_by(digest_runs.c.due, digest_runs.c.key)
        with self._engine.connect() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]


def _of(alarm: Alarm) -> sa.Update:
    return alarms.update().where(alarms.c.key == alarm.key, alarms.c.to == alarm.to)


def _held(run: Run) -> tuple[sa.ColumnElement[bool], ...]:
    r = digest_runs.c
    return r.key == run.key, r.owner == run.owner, r.state == run.state


def _run(row: sa.RowMapping) -> Run:
    kept = {name: row[name] for name in row if name not in ("ts", "code")}
    return Run(**{**kept, "state": RunState(row["state"]), "plan": Plan.unpacked(row["plan"])})
