"""
How fast the bot posts: Slack takes about one message a second in a channel, and refuses more.

Promises: while one channel rests, the questions of all others are answered; nothing waits in a worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.state import Inbox, Taken


class Pace:
    """
    The rests of one bot's channels. Safe to share among threads.

    *interval* is how many seconds lie between two posts in a channel; with 0, no channel rests.
    """

    def __init__(self, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval, self._clock = interval, clock
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def take(self, inbox: Inbox) -> Taken | None:
        """Take the oldest question of *inbox* in a channel that does not rest; from now on it does."""
        with self._lock:
            now = self._clock()
            self._free_at = {channel: at for channel, at in self._free_at.items() if at > now}
            taken = inbox.take(list(self._free_at))
            if taken and self._counts(taken):
                self._free_at[taken.request.channel] = float("inf")
        return taken

    def rest(self, taken: Taken) -> None:
        """Let the channel of *taken*, which is done, rest for a while."""
        if self._counts(taken):
            with self._lock:
                self._free_at[taken.request.channel] = self._clock() + self._interval

    def pause(self) -> float:
        """Return in how many seconds the next channel has rested; 0 when none rests."""
        with self._lock:
            ends = [at for at in self._free_at.values() if at < float("inf")]
            return max(0.0, min(ends) - self._clock()) if ends else 0.0

    def _counts(self, taken: Taken) -> bool:
        return bool(self._interval) and not taken.request.whispered
