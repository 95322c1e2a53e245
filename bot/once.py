"""
One post, once: claimed, begun, made and confirmed, and found again after a crash at any step between.

Promises: where a call to Slack had begun, the conversation is read before anything is posted again; where it
may not be read, nothing is, and the admins are told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.message import Message
from bot.poster import DoubtError, LaterError, RefusedError, UnreadableError
from bot.state import Plan, Run, Runs

log = logging.getLogger(__name__)

RECHECK = 30.0  # seconds, after which a post that Slack did not confirm is looked for
SHORTEST_WAIT, LONGEST_WAIT = 10.0, 900.0
# Slack's clock and ours differ; so long before the post began it may be dated.
SKEW = 300.0


class Posts(Protocol):
    """What is needed of a `Poster`; one that does not itself wait when Slack asks for a pause."""

    def publish(self, id: str, channel: str, message: Message, thread_ts: str | None = None) -> str:
        """Post for all in a channel; raises RefusedError, LaterError or DoubtError."""

    def search(self, id: str, channel: str, oldest: str | None, thread_ts: str | None = None) -> str | None:
        """Return the ts of the message with this id; raises UnreadableError or LaterError."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Where it is written down how a post ended: each is called with it, the refusal with Slack's code."""

    confirm: Callable[[Run, str], object]
    unconfirmed: Callable[[Run, str], object]
    refused: Callable[[Run, str], object]


class Once:
    """Makes posts. Safe to share among threads; other processes may do the same work."""

    def __init__(self, runs: Runs, posts: Posts) -> None:
        self._runs, self._posts = runs, posts

    def post(self, run: Run, plan: Plan, message: Message, journal: Journal) -> None:
        """Post *message* for *run*, which is claimed or known not to be there."""
        begun = self._runs.begin(run, plan)
        if begun is None or not self._runs.is_safe(begun):
            return  # it is no longer ours, or we slept: whoever takes it over looks for it first
        try:
            ts = self._posts.publish(begun.key, begun.channel, message, begun.thread_ts)
        except LaterError as error:
            self._runs.back(begun, self.pause(begun, error.seconds))
        except DoubtError:
            self._runs.wait(begun, RECHECK)
        except RefusedError as error:
            log.warning("post refused", extra={"run": begun.key, "code": str(error)})
            journal.refused(begun, str(error))
        else:
            journal.confirm(begun, ts)
            log.info("posted", extra={"run": begun.key})

    def is_missing(self, run: Run, journal: Journal) -> Run | None:
        """Look for a post that was begun and left; return it, taken over, where it must be made."""
        taken = self._runs.take_over(run)
        if taken is None:
            return None
        oldest = f"{taken.began_at - SKEW:.6f}"
        try:
            ts = self._posts.search(taken.key, taken.channel, oldest, taken.thread_ts)
        except LaterError as error:
            self._runs.wait(taken, self.pause(taken, error.seconds))
        except UnreadableError as error:
            log.error("not to be confirmed", extra={"run": taken.key, "code": str(error)})
            journal.unconfirmed(taken, str(error))
        else:
            if ts is None:
                return taken
            journal.confirm(taken, ts)
            log.info("found", extra={"run": taken.key})
        return None

    def stumbled(self, run: Run) -> None:
        """Let it rest for a while after something went wrong on our side."""
        self._runs.wait(run, self.pause(run, SHORTEST_WAIT))

    @staticmethod
    def pause(run: Run, seconds: float) -> float:
        """Return how long to wait: the oftener it was tried, the longer."""
        return min(LONGEST_WAIT, max(seconds, SHORTEST_WAIT * (1 << min(run.attempts, 7))))
