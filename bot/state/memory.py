"""The memory of one bot: answers, threads, channels, feedback, people, digests: each in tables of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bot.state.answers import Answers, index_articles
from bot.state.channels import Channels
from bot.state.corrections import Corrections
from bot.state.digests import Digests
from bot.state.disk import DAY, KEPT, OnDisk
from bot.state.erasure import Erasure
from bot.state.feedback import Feedback
from bot.state.follows import Follows
from bot.state.people import People
from bot.state.runs import Runs
from bot.state.syncs import Syncs
from bot.state.threads import Threads


class Memory(OnDisk):
    """
    All that outlives an answer. Safe to share among threads, and with other processes on the same file.

    *clock* gives seconds since the epoch; *keep* is how many of them questions and opinions are kept for.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, keep: float = KEPT) -> None:
        super().__init__(path)
        self.keep = keep
        self.answers = Answers(self._engine, clock, keep)
        self.threads = Threads(self._engine, clock, keep)
        self.syncs = Syncs(self._engine, clock, keep)
        self.corrections = Corrections(self._engine, clock)
        self.erasure = Erasure(self._engine, clock)
        with self._engine.begin() as connection:
            index_articles(connection)
        self.channels = Channels(self._engine)
        self.feedback = Feedback(self._engine, clock)
        self.people = People(self._engine, clock)
        self.runs = Runs(self._engine, clock)
        self.digests = Digests(self._engine, clock, self.runs)
        self.follows = Follows(self._engine, clock, self.runs)

    @property
    def days(self) -> int:
        """For how many days questions and opinions are kept."""
        return round(self.keep / DAY)

    def forget(self) -> None:
        """Delete what is too old to be asked for."""
        self.answers.forget()
        self.threads.forget()
        self.people.forget()
        self.runs.forget()
        self.syncs.forget()
        self.erasure.sweep()
        self.erasure.expire()
