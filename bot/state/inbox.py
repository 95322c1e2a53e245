"""
What the bot must remember: each question from its arrival to its answer, in ``DATA_DIR/bot.sqlite``.

Promises: a question that ``put`` took is never lost and never taken twice; it is worked on by one
worker at a time; a crash hands it back when its lease runs out, and says whether a post had begun.

So it is after a power cut, too. Flushed is what Slack is told or has told: that a question came (`put`,
before its ack), that a post begins (`begin_post`, before it), how it ended (`finish`, `defer`). Who holds a
question (`take`, `renew`) is of no use to anybody after a power cut, and is not flushed.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.state.disk import KEPT, OnDisk, Prepared, unflushed
from bot.state.ids import new_id
from bot.state.question import (
    BEGIN,
    DEFER,
    FINISH,
    OLDEST,
    OPEN,
    PUT,
    TAKE,
    Kind,
    Request,
    State,
    Taken,
    questions,
)

# A crashed worker's question is taken up again after this long; a living one renews it in time.
LEASE = 30.0


class Edited(StrEnum):
    """What an edit of a message did to the question in it."""

    UNKNOWN = "there is no such question"
    SAME = "it asks the same"
    CHANGED = "the question that waits is the new one"
    TOO_LATE = "it is answered as it was first written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A question that nobody works on yet; *ahead* counts those that came before it and are still open."""

    id: str
    request: Request
    ahead: int


class Inbox(OnDisk):
    """
    The questions of one bot, shared by its threads and by any other process on the same file.

    *clock* gives seconds since the epoch; *lease* is how long a taken question stays with its owner, *keep*
    how long a closed one is kept.
    """

    def __init__(
        self,
        path: Path,
        *,
        lease: float = LEASE,
        clock: Callable[[], float] = time.time,
        keep: float = KEPT,
    ) -> None:
        self.lease, self._keep = lease, keep
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._arrived, self._news = threading.Condition(), False
        super().__init__(path)
        self._unflushed = unflushed(self._engine)

    def put(self, request: Request) -> bool:
        """Keep *request* for good; return whether it was new. It is on disk when this returns."""
        now = self._clock()
        row = {
            **dict.fromkeys(questions.c.keys()),
            **{name: getattr(request, name) for name in Request.__slots__},
            "id": new_id(),
            "received_at": now,
            "state": State.WAITING,
            "due_at": now,
            "attempts": 0,
        }
        with self._engine.begin() as connection:
            new = bool(PUT.run(connection, row).rowcount)
        if new:
            self._tell()
        return new

    def take(self, resting: Collection[str] = ()) -> Taken | None:
        """
        Take the oldest question that is due, or None; it stays ours while ``renew`` is called in time.

        In the channels that are *resting*, only what is answered to its asker alone is taken.
        """
        now = self._clock()
        seen = {"now": now, "resting": json.dumps(list(resting))}
        with self._unflushed.begin() as connection:
            if OLDEST.run(connection, seen).fetchone() is None:  # a look keeps nobody from writing
                return None
            held = {"owner": self._owner, "hold": secrets.token_hex(8), "due_at": now + self.lease}
            rows = TAKE.run(connection, seen | held).fetchall()
        return next((_taken(dict(zip(questions.c.keys(), row, strict=True))) for row in rows), None)

    def edit(self, team: str, channel: str, ts: str, text: str) -> Edited:
        """Let a question that still waits be *text*; say what became of it."""
        here = (questions.c.team == team, questions.c.channel == channel, questions.c.ts == ts)
        free = sa.or_(questions.c.owner.is_(None), questions.c.due_at <= self._clock())
        waits = (questions.c.state == State.WAITING, free, questions.c.text != text)
        with self._engine.begin() as connection:
            if connection.execute(questions.update().where(*here, *waits).values(text=text)).rowcount:
                return Edited.CHANGED
            row = connection.execute(sa.select(questions.c.state, questions.c.text).where(*here)).first()
        if row is None:
            return Edited.UNKNOWN
        answered = row.state in (*OPEN, State.DONE)
        return Edited.TOO_LATE if answered and row.text != text else Edited.SAME

    def drop(self, team: str, channel: str, ts: str) -> bool:
        """Drop a question for which nothing has been sent; return whether there was one."""
        here = (questions.c.team == team, questions.c.channel == channel, questions.c.ts == ts)
        drop = questions.update().where(*here, questions.c.state == State.WAITING)
        with self._engine.begin() as connection:
            return bool(connection.execute(drop.values(state=State.DROPPED, owner=None)).rowcount)

    def waiting(self, most: int = 50) -> list[Waiting]:
        """Return the oldest questions that nobody works on."""
        query = sa.select(questions).where(questions.c.state.in_(OPEN)).order_by(questions.c.received_at)
        now = self._clock()
        with self._engine.connect() as connection:
            rows = connection.execute(query.limit(most)).mappings().all()
        return [
            Waiting(id=row["id"], request=_request(row), ahead=ahead)
            for ahead, row in enumerate(rows)
            if row["state"] == State.WAITING and (row["owner"] is None or row["due_at"] <= now)
        ]

    def find(self, channel: str, ts: str) -> str | None:
        """Return the id of the question that a message asks, or None."""
        query = sa.select(questions.c.id).where(questions.c.channel == channel, questions.c.ts == ts)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def state(self, id: str) -> State | None:
        """Return how far a question has come, or None for an unknown one."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(questions.c.state).where(questions.c.id == id)).scalar()
        return None if found is None else State(found)

    def begin_post(self, taken: Taken) -> bool:
        """Write down that a post begins; False when the lease was lost, so that nothing may be posted."""
        return self._change(BEGIN, taken, state=State.POSTING, due_at=self._clock() + self.lease)

    def finish(
        self,
        taken: Taken,
        state: State,
        *,
        reply_ts: str | None = None,
        verdict: str = "",
        generation: int = 0,
    ) -> None:
        """Close a question as DONE or FAILED."""
        ending = {"reply_ts": reply_ts, "verdict": verdict, "generation": generation}
        self._change(FINISH, taken, state=state, owner=None, **ending)
        self._tell()  # the next of the same conversation may be taken

    def defer(self, taken: Taken, seconds: float, *, in_doubt: bool = False) -> None:
        """Put a question back for *seconds*; such a wait is no failed attempt."""
        state = State.POSTING if in_doubt else State.WAITING
        self._change(DEFER, taken, state=state, owner=None, due_at=self._clock() + seconds, attempts=0)

    def renew(self, held: Iterable[Taken]) -> None:
        """Stretch the leases of what is being worked on."""
        holds = [taken.hold for taken in held]
        if holds:
            renewal = (
                self._mine().where(questions.c.hold.in_(holds)).values(due_at=self._clock() + self.lease)
            )
            with self._unflushed.begin() as connection:
                connection.execute(renewal)

    def hand_back(self) -> None:
        """Give up all that this bot holds, at once: the next start, or another bot, takes it."""
        with self._engine.begin() as connection:
            connection.execute(self._mine().values(owner=None, due_at=self._clock()))

    def doubt(self) -> int:
        """
        Look for the answer to every open question before it is answered; return how many there are.

        So it must be with an inbox that was put back from a copy: what waited in the copy may be answered.
        """
        doubted = {"state": State.POSTING, "owner": None, "due_at": self._clock(), "attempts": 0}
        with self._engine.begin() as connection:
            opened = questions.update().where(questions.c.state.in_(OPEN))
            return connection.execute(opened.values(doubted)).rowcount

    def forget(self) -> int:
        """Delete closed questions that are too old; return how many."""
        old = questions.c.received_at < self._clock() - self._keep
        with self._engine.begin() as connection:
            return connection.execute(questions.delete().where(old, ~questions.c.state.in_(OPEN))).rowcount

    def count(self) -> dict[State, int]:
        """Return how many questions there are in each state."""
        counting = sa.select(questions.c.state, sa.func.count()).group_by(questions.c.state)
        with self._engine.connect() as connection:
            return {State(state): number for state, number in connection.execute(counting)}

    def open(self) -> dict[State, int]:
        """Return how many questions wait, and how many are being posted."""
        found = self.count()
        return {state: found.get(state, 0) for state in OPEN}

    def wait(self, seconds: float) -> None:
        """Sleep until a question arrives in this process, at most *seconds*; each wakes one who waits."""
        with self._arrived:
            if not self._news:
                self._arrived.wait(seconds)
            self._news = False

    def wake(self) -> None:
        """End every ``wait`` early."""
        with self._arrived:
            self._news = True
            self._arrived.notify_all()

    def _tell(self) -> None:
        with self._arrived:
            self._news = True
            self._arrived.notify()

    def _mine(self) -> sa.Update:
        return questions.update().where(questions.c.owner == self._owner, questions.c.state.in_(OPEN))

    def _change(self, change: Prepared, taken: Taken, **values: Any) -> bool:
        held = {"this": taken.id, "me": self._owner, "holding": taken.hold}
        with self._engine.begin() as connection:
            return bool(change.run(connection, held | values).rowcount)


def _request(row: Mapping[Any, Any]) -> Request:
    return Request(**{name: row[name] for name in Request.__slots__} | {"kind": Kind(row["kind"])})


def _taken(row: Mapping[Any, Any]) -> Taken:
    return Taken(
        id=row["id"],
        hold=row["hold"],
        request=_request(row),
        received_at=row["received_at"],
        attempts=row["attempts"],
        in_doubt=row["state"] == State.POSTING,
    )
