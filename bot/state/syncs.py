"""
The syncs of one bot: which was asked for, which runs and how far it is, how each ended, and who watches it.

Promises: of all processes on the file, at most one sync is open at a time; one whose process died is found
open, and the messages that show it are known; what a source fails by is counted over syncs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import metadata


class Stage(StrEnum):
    """How far a sync has come."""

    ASKED = "asked"  # it waits for its turn
    RUNNING = "running"  # one process is at it, or was when it died
    DONE = "done"  # all sources were read, as far as each could be
    FAILED = "failed"  # it broke off; what it had written stays
    GIVEN_UP = "given up"  # it was cut off too often


OPEN = (Stage.ASKED, Stage.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a sync has done so far: articles *read* of about *expected*, and what became of them."""

    read: int = 0
    expected: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    failed: int = 0
    embedded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """
    One sync. *attempts* counts how often it was begun, *at* is when it was last written about.

    *failures* says by name why something could not be read. *reason* says why the sync itself broke off.
    Times are seconds since the epoch.
    """

    id: int
    stage: Stage
    asked_at: float
    begun_at: float | None = None
    ended_at: float | None = None
    at: float = 0.0
    attempts: int = 0
    tally: Tally = field(default_factory=Tally)
    failures: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A message that shows a sync."""

    run: int
    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What could not be read in the last *times* syncs, *since* when and why; *told* once admins know."""

    name: str
    times: int
    since: float
    reason: str
    told: bool


runs = sa.Table(
    "sync_run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("asked_at", sa.Float, nullable=False),
    sa.Column("begun_at", sa.Float),
    sa.Column("ended_at", sa.Float),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("tally", sa.String, nullable=False),
    sa.Column("failures", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sqlite_autoincrement=True,
)
watchers = sa.Table(
    "sync_message",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("ts", sa.String, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False),
    # It shows how the sync ended, and is not changed any more.
    sa.Column("settled", sa.Boolean, nullable=False),
)
troubles = sa.Table(
    "sync_trouble",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("since", sa.Float, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("told", sa.Boolean, nullable=False),
)


class Syncs:
    """The syncs of all processes on one file. Safe to share among threads."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float], keep: float) -> None:
        self._engine, self.clock, self._keep = engine, clock, keep

    def ask(self) -> SyncRun:
        """Return the sync that is open, or else a new one."""
        row = {"stage": Stage.ASKED, "asked_at": self.clock(), "at": self.clock(), "attempts": 0}
        row |= {"tally": "{}", "failures": "{}", "reason": ""}
        none_open = ~sa.exists().where(runs.c.stage.in_(OPEN))
        new = sa.select(*(sa.literal(value) for value in row.values())).where(none_open)
        with self._engine.begin() as connection:
            connection.execute(runs.insert().from_select(list(row), new))
            return _run(connection.execute(_opened()).mappings().one())

    def opened(self) -> SyncRun | None:
        """Return the sync that was asked for or runs, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(_opened()).mappings().first()
        return None if row is None else _run(row)

    def load(self, id: int) -> SyncRun | None:
        """Return the sync of that id, or None where it is forgotten."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(runs).where(runs.c.id == id)).mappings().first()
        return None if row is None else _run(row)

    def last(self) -> SyncRun | None:
        """Return the sync that began last, or None."""
        query = sa.select(runs).where(runs.c.begun_at.is_not(None)).order_by(runs.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _run(row)

    def begin(self, id: int) -> SyncRun:
        """Write down that it runs from now on; only for whoever keeps all others out."""
        now = self.clock()
        begun = {"stage": Stage.RUNNING, "begun_at": now, "at": now, "attempts": runs.c.attempts + 1}
        return self._change(id, **begun, tally="{}")

    def note(self, id: int, tally: Tally) -> None:
        """Write down how far it is."""
        self._change(id, tally=json.dumps(asdict(tally)), at=self.clock())

    def put_back(self, id: int) -> None:
        """Write down that it has to wait after all: that attempt does not count."""
        self._change(id, stage=Stage.ASKED, attempts=runs.c.attempts - 1, at=self.clock())

    def end(
        self, id: int, stage: Stage, tally: Tally, failures: Mapping[str, str], reason: str = ""
    ) -> SyncRun:
        """Write down how it ended."""
        now = self.clock()
        written = {"tally": json.dumps(asdict(tally)), "failures": json.dumps(dict(failures))}
        return self._change(id, stage=stage, ended_at=now, at=now, reason=reason, **written)

    def watch(self, id: int, channel: str, ts: str) -> None:
        """Write down that a message shows it."""
        row = {"run": id, "channel": channel, "ts": ts, "settled": False}
        with self._engine.begin() as connection:
            connection.execute(sqlite.insert(watchers).values(row).on_conflict_do_nothing())

    def watching(self, id: int) -> list[Watcher]:
        """Return the messages that show it and have to be changed when it goes on."""
        return self._watchers(watchers.c.run == id)

    def unsettled(self) -> list[Watcher]:
        """Return the messages that do not show yet how their sync ended."""
        ended = sa.select(runs.c.id).where(runs.c.stage.not_in(OPEN))
        return self._watchers(watchers.c.run.in_(ended))

    def settle(self, watcher: Watcher) -> None:
        """Write down that a message shows how it ended."""
        here = (watchers.c.channel == watcher.channel, watchers.c.ts == watcher.ts)
        with self._engine.begin() as connection:
            connection.execute(watchers.update().where(*here).values(settled=True))

    def count_failures(self, failures: Mapping[str, str], *, whole: bool = True) -> list[Trouble]:
        """
        Count one more sync in which these could not be read; return what is well again, and admins knew of.

        One that was not *whole* tells nothing of what it did not come to.
        """
        now = self.clock()
        rows = [
            {"name": name, "times": 1, "since": now, "reason": reason, "told": False}
            for name, reason in failures.items()
        ]
        insert = sqlite.insert(troubles)
        again = {"times": troubles.c.times + 1, "reason": insert.excluded.reason}
        with self._engine.begin() as connection:
            if rows:
                connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=again), rows)
            known = _troubles(connection) if whole else []
            well = [trouble for trouble in known if trouble.name not in failures]
            quiet = [t.name for t in well if not t.told]
            connection.execute(troubles.delete().where(troubles.c.name.in_(quiet)))
        return [trouble for trouble in well if trouble.told]

    def untold(self, times: int) -> list[Trouble]:
        """Return what failed in so many syncs in a row, and nobody was told of."""
        with self._engine.connect() as connection:
            return [t for t in _troubles(connection) if t.times >= times and not t.told]

    def tell(self, names: list[str]) -> None:
        """Write down that admins know of these troubles."""
        with self._engine.begin() as connection:
            connection.execute(troubles.update().where(troubles.c.name.in_(names)).values(told=True))

    def recover(self, names: list[str]) -> None:
        """Forget troubles that are over, and known to be."""
        with self._engine.begin() as connection:
            connection.execute(troubles.delete().where(troubles.c.name.in_(names)))

    def forget(self) -> None:
        """Delete what ended long ago."""
        old = sa.select(runs.c.id).where(runs.c.stage.not_in(OPEN), runs.c.at < self.clock() - self._keep)
        with self._engine.begin() as connection:
            connection.execute(watchers.delete().where(watchers.c.run.in_(old)))
            connection.execute(runs.delete().where(runs.c.id.in_(old)))

    def _change(self, id: int, **values: Any) -> SyncRun:
        change = runs.update().where(runs.c.id == id).values(**values).returning(runs)
        with self._engine.begin() as connection:
            return _run(connection.execute(change).mappings().one())

    def _watchers(self, where: sa.ColumnElement[bool]) -> list[Watcher]:
        query = sa.select(watchers).where(where, watchers.c.settled.is_(False)).order_by(watchers.c.ts)
        with self._engine.connect() as connection:
            found = connection.execute(query).mappings()
            return [Watcher(run=row["run"], channel=row["channel"], ts=row["ts"]) for row in found]


def _opened() -> sa.Select[Any]:
    return sa.select(runs).where(runs.c.stage.in_(OPEN)).order_by(runs.c.id).limit(1)


def _run(row: sa.RowMapping) -> SyncRun:
    written = {
        "stage": Stage(row["stage"]),
        "tally": Tally(**json.loads(row["tally"])),
        "failures": json.loads(row["failures"]),
    }
    return SyncRun(**{**row, **written})


def _troubles(connection: sa.Connection) -> list[Trouble]:
    rows = connection.execute(sa.select(troubles).order_by(troubles.c.name)).mappings()
    return [Trouble(**row) for row in rows]
