"""
The log: one line or one JSON object a record, ids only.

Promises: whatever a library or an exception says, no token, question or excerpt gets into the log.
Our own records are fixed words with ids beside them. A foreign record is reduced to the place that it
comes from, because Bolt and the SDK put whole payloads into theirs; an exception to its type and frames.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

OURS = ("bot", "index")
# What may stand beside an event: ids, codes and counts, never words of people or of the column.
FIELDS = (
    "request",
    "kind",
    "team",
    "channel",
    "verdict",
    "generation",
    "attempts",
    "code",
    "state",
    "ms",
    "seconds",
)
TOKEN = re.compile(r"(xox[a-z]|xapp|xwfp)-[\w.-]+", re.ASCII)


def start_log(log_format: str, log_level: str, stream: TextIO = sys.stderr) -> logging.Handler:
    """Send all records of this process to *stream*, as "text" or "json", and return the handler."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # libraries: their debug records are whole payloads
    for name in OURS:
        logging.getLogger(name).setLevel(log_level)
    return handler


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return TOKEN.sub("(token)", json.dumps(fields(record), ensure_ascii=False))


class TextFormatter(logging.Formatter):
    """One line a record, the frames of an exception beneath it."""

    def format(self, record: logging.LogRecord) -> str:
        shown = fields(record)
        time, level, logger, event = (shown.pop(name) for name in ("time", "level", "logger", "event"))
        frames = "".join(f"\n  {frame}" for frame in shown.pop("trace", ()))
        beside = "".join(f" {name}={value}" for name, value in shown.items())
        return TOKEN.sub("(token)", f"{time} {level} {logger}: {event}{beside}{frames}")


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what of *record* may be written."""
    when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    ours = record.name.partition(".")[0] in OURS
    event = record.getMessage() if ours else f"{record.module}.{record.funcName}:{record.lineno}"
    shown: dict[str, Any] = {"time": when, "level": record.levelname, "logger": record.name, "event": event}
    if ours:
        shown |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
    if record.exc_info:
        shown["trace"] = list(frames(record.exc_info))
    return shown


def frames(exc_info: ExcInfo) -> Iterator[str]:
    """Yield an exception's type and frames, then its cause's; never its text, which may quote anybody."""
    error = exc_info[1]
    while error is not None:
        yield type(error).__qualname__
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"{frame.filename}:{frame.lineno} {frame.name}"
        error = error.__cause__ or error.__context__
