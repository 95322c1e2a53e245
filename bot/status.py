"""
What people see beneath a question while it waits and is worked on; never the answer, and never for long.

Promises: one status a question at a time, set before its answer is posted or not at all, and none that is
left standing. An answer that comes within a moment has none, so that it waits for no other call than its own
post. A status that Slack does not take costs an answer nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.chore import Chore
from bot.client import hasty
from bot.state import OPEN, Inbox, Request
from bot.vitals import Vitals

log = logging.getLogger(__name__)

LOADING = "is reading the column…"
WORKING = "is looking through the column…"
LONG = 3  # questions: with more of them ahead, the status says how many
WATCH = 0.5  # seconds after which a question that nobody has taken up gets a status
MOMENT = 0.25  # seconds of work after which a question gets a status
LASTING = 100.0  # seconds after which a status is set again: Slack lets it stand for two minutes
PATIENCE = 3  # seconds for one call
FAREWELL = 2.0  # seconds in which a stopping bot takes down what still stands


def queued(ahead: int) -> str:
    """Say how many questions are ahead."""
    return f"has your question: {ahead} others come before it…"


class _Shown(NamedTuple):
    """A status that stands: since when, and the call that set it."""

    request: Request
    text: str
    at: float
    call: Future[None]


class Statuses:
    """The statuses of one bot. Safe to share among threads. A *moment* is in seconds."""

    def __init__(
        self,
        client: WebClient,
        clock: Callable[[], float] = time.monotonic,
        vitals: Vitals | None = None,
        moment: float = MOMENT,
    ) -> None:
        self._clock, self._moment = clock, moment
        self._client = hasty(client, PATIENCE, vitals)
        self._lock = threading.Lock()
        self._expected: dict[str, tuple[Request, float]] = {}
        self._shown: dict[str, _Shown] = {}
        self._calls = ThreadPoolExecutor(2, "status")

    def show(self, id: str, request: Request, text: str) -> None:
        """Show *text* beneath a question, unless it has a status already; does not wait for Slack."""
        with self._lock:
            self._begin(id, request, text)

    def expect(self, id: str, request: Request) -> None:
        """Show that a question is worked on, unless its answer comes within a moment."""
        with self._lock:
            self._expected[id] = request, self._clock()

    def renew(self) -> None:
        """
        Show what is worked on for longer than a moment.

        Also show again what Slack is about to take down by itself, though its question is not answered yet.
        """
        with self._lock:
            for id, (request, since) in list(self._expected.items()):
                if self._clock() - since >= self._moment:
                    del self._expected[id]
                    self._begin(id, request, WORKING)
            for id, shown in self._shown.items():
                if self._clock() - shown.at >= LASTING and shown.call.done():
                    self._shown[id] = self._sent(shown.request, shown.text)

    def _begin(self, id: str, request: Request, text: str) -> None:
        if request.shown_at is not None and id not in self._shown:
            self._shown[id] = self._sent(request, text)

    def _sent(self, request: Request, text: str) -> _Shown:
        return _Shown(request, text, self._clock(), self._calls.submit(self._set, request, text))

    def settle(self, id: str, *, replied: str | None = None) -> None:
        """Wait for what is on its way; take the status down unless a reply in thread *replied* does."""
        with self._lock:
            self._expected.pop(id, None)
            shown = self._shown.pop(id, None)
        if shown is None or shown.call.cancel():
            return
        wait([shown.call])
        if replied is None or replied != shown.request.shown_at:
            self._set(shown.request, "")

    def arrived(self, id: str) -> None:
        """Wait until a status that is on its way is there, so that an answer that comes now takes it down."""
        with self._lock:
            self._expected.pop(id, None)
            shown = self._shown.get(id)
        if shown is not None and not shown.call.cancel():
            wait([shown.call])

    @property
    def standing(self) -> dict[str, Request]:
        """The questions that have a status."""
        with self._lock:
            return {id: shown.request for id, shown in self._shown.items()}

    def close(self) -> None:
        """Take down what still stands, as far as there is time."""
        ends = [self._calls.submit(self.settle, id) for id in self.standing]
        wait(ends, FAREWELL)
        self._calls.shutdown(wait=False, cancel_futures=True)

    def _set(self, request: Request, text: str) -> None:
        try:
            self._client.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.shown_at or "", status=text
            )
        except (SlackApiError, OSError) as error:  # nobody misses a status
            log.debug("no status", extra={"channel": request.channel, "code": type(error).__name__})


class Herald(Chore):
    """A thread that tells those who wait why: the column is being read, or many came before them."""

    def __init__(self, inbox: Inbox, statuses: Statuses, is_loaded: Callable[[], bool]) -> None:
        self._inbox, self._statuses, self._is_loaded = inbox, statuses, is_loaded
        super().__init__("herald", "herald stumbled", every=WATCH, grace=WATCH + PATIENCE, at_once=False)

    def tick(self) -> None:
        """Give those a status who wait for long, and take down that of a question that is over."""
        for waiting in self._inbox.waiting():
            if not self._is_loaded():
                self._statuses.show(waiting.id, waiting.request, LOADING)
            elif waiting.ahead > LONG:
                self._statuses.show(waiting.id, waiting.request, queued(waiting.ahead))
        self._statuses.renew()
        for id in self._statuses.standing:
            if self._inbox.state(id) not in OPEN:
                self._statuses.settle(id)
