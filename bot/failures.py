"""The last failures of this process, for whoever runs it: the log's events and ids, never a text."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.log import OURS

KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One failure: what happened in fixed words, a *code* or an exception's type, and the request's id."""

    at: float
    event: str
    code: str = ""
    request: str = ""


class Failures(logging.Handler):
    """Keeps what our own code logs as a warning or worse. Safe to share among threads."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: deque[Failed] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep of *record* what the log itself would show of it, without its frames."""
        error = record.exc_info[0] if record.exc_info else None
        code = getattr(record, "code", None) or (error.__qualname__ if error else "")
        self._kept.append(
            Failed(
                at=record.created,
                event=record.getMessage(),
                code=str(code),
                request=str(getattr(record, "request", None) or ""),
            )
        )

    def latest(self) -> list[Failed]:
        """Return what is kept, the latest first."""
        return list(self._kept)[::-1]


@contextmanager
def noting() -> Iterator[Failures]:
    """Keep the failures that happen while the block lasts."""
    failures = Failures()
    loggers = [logging.getLogger(name) for name in OURS]
    for logger in loggers:
        logger.addHandler(failures)
    try:
        yield failures
    finally:
        for logger in loggers:
            logger.removeHandler(failures)
