"""The memory of one bot: answers, threads, channels, feedback, people, digests: each in tables of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bot.state.answers import Answers
from bot.state.channels import Channels
from bot.state.digests import Digests
from bot.state.disk import OnDisk
from bot.state.feedback import Feedback
from bot.state.follows import Follows
from bot.state.people import People
from bot.state.runs import Runs
from bot.state.threads import Threads


class Memory(OnDisk):
    """
    All that outlives an answer. Safe to share among threads, and with other processes on the same file.

    *clock* gives seconds since the epoch.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(path)
        self.answers = Answers(self._engine, clock)
        self.threads = Threads(self._engine, clock)
        self.channels = Channels(self._engine)
        self.feedback = Feedback(self._engine, clock)
        self.people = People(self._engine, clock)
        self.runs = Runs(self._engine, clock)
        self.digests = Digests(self._engine, clock, self.runs)
        self.follows = Follows(self._engine, clock, self.runs)

    def forget(self) -> None:
        """Delete what is too old to be asked for; what was judged is kept for its owner."""
        self.answers.forget()
        self.threads.forget()
        self.people.forget()
        self.runs.forget()
