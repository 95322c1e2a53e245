"""Faults on demand: what goes wrong with the next call of a method. Pure, and safe between threads."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One thing that goes wrong once.

    *accept* carries the call out before it fails, so that the caller does not learn that it worked.
    *delay* (seconds) comes first and alone means a slow answer that is otherwise right. *reset*
    drops the connection; *status* answers with that HTTP status; *error* is a Web API error by name.
    *duplicate* applies to events: the envelope is sent twice, with the same event id.
    """

    accept: bool = False
    delay: float = 0.0
    reset: bool = False
    status: int | None = None
    retry_after: int | None = None
    error: str | None = None
    duplicate: bool = False

    @property
    def fails(self) -> bool:
        """Whether the caller gets anything other than the right answer."""
        return self.reset or self.status is not None or self.error is not None


ACCEPT_THEN_RESET = Fault(accept=True, reset=True)
ACCEPT_THEN_500 = Fault(accept=True, status=500)
RESET = Fault(reset=True)
SERVER_ERROR = Fault(status=500)
DUPLICATE = Fault(duplicate=True)


def rate_limited(retry_after: int = 1) -> Fault:
    """Answer 429 and ask for a pause of *retry_after* seconds."""
    return Fault(status=429, error="ratelimited", retry_after=retry_after)


def slow(seconds: float) -> Fault:
    """Answer rightly, but *seconds* late."""
    return Fault(delay=seconds)


def failing(error: str) -> Fault:
    """Answer ``{"ok": false, "error": error}``."""
    return Fault(error=error)


class Faults:
    """The faults that wait, first in first out, by Web API method, ``response_url`` or event type."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, target: str, *faults: Fault) -> None:
        """Let the next calls of *target* fail, one fault each."""
        with self._lock:
            self._waiting[target].extend(faults)

    def take(self, target: str) -> Fault | None:
        """Return the fault that is due for *target* and forget it."""
        with self._lock:
            return self._waiting[target].popleft() if self._waiting[target] else None

    def waiting(self, target: str) -> int:
        """Return how many faults still wait for *target*: one that has begun is none of them."""
        with self._lock:
            return len(self._waiting[target])

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()
