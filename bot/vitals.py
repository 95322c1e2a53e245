"""
How the running bot fares: what is wrong with it now, and what happened since it began.

Whatever runs in the bot is handed these and tells them; who counts and shows it is elsewhere. Promises: to
tell them costs next to nothing and never fails; they are told no text, no name of a person, no address and
no token: all but the names of Slack's methods are members of an enumeration.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from bot.state import Kind, State
from index.verdict import Verdict

log = logging.getLogger(__name__)

WhyNot = Callable[[], str | None]  # None where all is well; called from any thread, so let it be quick
LOST = 600.0  # seconds without a socket: what opens it again has died, or Slack is down for long
FRESH = 10.0  # seconds: what was last seen of the socket longer ago says nothing


class Stage(StrEnum):
    """What a question spends its time on."""

    WAITING = "waiting"  # in the inbox, until a worker takes it up
    ASKING = "asking"  # the column, and the building of the message
    POSTING = "posting"  # until Slack has confirmed the message
    WHOLE = "whole"  # from its arrival to its end


class Ending(StrEnum):
    """How a question ended that got no verdict."""

    TOLD = "told"  # help, a command, a refusal: what needs no verdict
    ERROR = "error"  # something went wrong here, and the asker was told so
    FOUND = "found"  # it was answered before, by a bot that did not live to write it down
    UNSENT = "unsent"  # no message could be sent, or none that Slack would confirm


class CallOutcome(StrEnum):
    """How a call to Slack ended."""

    OK = "ok"
    REFUSED = "refused"  # Slack said no
    RATE_LIMITED = "rate_limited"  # after all waiting, too
    FAILED = "failed"  # a fault inside Slack
    UNREACHABLE = "unreachable"  # the network, or a line that was cut


class DigestOutcome(StrEnum):
    """What became of a digest that was due."""

    POSTED = "posted"
    NOTHING_NEW = "nothing_new"
    LATE = "late"
    FAILED = "failed"
    PAUSED = "paused"  # its channel is gone, archived, or was left


class Socket:
    """The line to Slack, as it was last seen. Safe to share among threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._session: str | None = None
        self._since = self._seen_at = clock()
        self._heard_at: float | None = None

    def seen(self, session: str | None) -> None:
        """Note which connection is open now, by any name; None for none. To be called every second or so."""
        now = self._clock()
        if session != self._session:
            self._session, self._since = session, now
        self._seen_at = now

    def heard(self) -> None:
        """Note that something came in."""
        self._heard_at = self._clock()

    @property
    def age(self) -> float | None:
        """Seconds for which the connection has been open; None where none is."""
        now = self._clock()
        return now - self._since if self._session and now - self._seen_at <= FRESH else None

    @property
    def closed_for(self) -> float:
        """Seconds for which no connection has been open; 0 while one is."""
        if self.age is not None:
            return 0.0
        return self._clock() - (self._seen_at if self._session else self._since)

    def why_not(self) -> str | None:
        """Say that it is not open."""
        return f"it is not open, for {self.closed_for:.0f} s now" if self.age is None else None

    def lost(self) -> str | None:
        """Say that it has not been open for very long."""
        return self.why_not() if self.closed_for > LOST else None

    @property
    def silent_for(self) -> float | None:
        """Seconds since something came in; None before anything did."""
        return None if self._heard_at is None else self._clock() - self._heard_at


class Vitals:
    """
    The checks of one bot, its socket and its queue. Safe to share among threads.

    What happens is told to it by the methods below; here they do nothing, so that whoever measures nothing
    needs nothing else.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* gives seconds, from whatever beginning."""
        self._clock = clock
        self._checks: dict[str, tuple[WhyNot, bool]] = {}
        self.socket = Socket(clock)
        self.queue: Callable[[], Mapping[State, int]] = dict  # open questions, by how far they have come

    def check(self, name: str, why_not: WhyNot, *, vital: bool = False) -> None:
        """
        Look at *why_not* from now on: it returns None while all is well, else a few words.

        Args:
            name: One word, fixed. A check of the same name is replaced.

            vital: A bot that fails it must be started anew. All others only say that it is not ready.
        """
        self._checks[name] = why_not, vital

    def examine(self, *, vital: bool = False) -> dict[str, str | None]:
        """Return why each check fails, None for one that does not; *vital* ones only, or all."""
        checks = sorted(self._checks.items())
        return {name: _result(why_not) for name, (why_not, is_vital) in checks if is_vital or not vital}

    @contextmanager
    def timing(self, stage: Stage) -> Iterator[None]:
        """Measure how long the block takes, however it ends."""
        began = self._clock()
        try:
            yield
        finally:
            self.took(stage, self._clock() - began)

    def took(self, stage: Stage, seconds: float) -> None:
        """Hear how long a question spent on *stage*."""

    def ended(self, kind: Kind, verdict: Verdict | Ending) -> None:
        """Hear of a question that is done: its kind, and its verdict or `Ending`."""

    def called(self, method: str, outcome: CallOutcome) -> None:
        """Hear how a call of one of Slack's methods ended; *method* is a name out of our own code."""

    def rate_limited(self, method: str) -> None:
        """Hear that Slack asked for a pause (429); the call may still go well after it."""

    def synced(self, ok: bool, seconds: float) -> None:
        """Hear of a sync that is over, and whether all sources could be read."""

    def digest(self, outcome: DigestOutcome) -> None:
        """Hear what became of a digest."""


def _result(why_not: WhyNot) -> str | None:
    try:
        return why_not()
    except Exception as error:  # a check that fails must not hide the others
        log.warning("check stumbled", extra={"code": type(error).__name__})
        return f"it cannot be told ({type(error).__name__})"
