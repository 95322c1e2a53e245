"""Text made fit for Slack: escaped, cut at a word's end, clipped to a line. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

# Names and titles come from the column and may be of any length; a citation stays a line or two.
NAME_LIMIT = 100
# Control, format, surrogate and private characters, line and paragraph separators: they steer a display.
STEERING = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def escape(text: str) -> str:
    """Make *text* inert in ``text`` and ``mrkdwn``: no mention, no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def width(text: str) -> int:
    """Return the most characters that *text* takes on the wire, escaped for mrkdwn or for JSON."""
    return max(len(escape(text)), len(json.dumps(text, ensure_ascii=False)) - 2)


def cut(text: str, limit: int, measure: Callable[[str], int] = len) -> str:
    """
    Return the longest beginning of *text* that ends where a word ends and measures at most *limit*.

    A single word that is longer is cut where it must be. *measure* must not fall as a text grows.
    """
    room = bisect_right(range(1, len(text) + 1), limit, key=lambda length: measure(text[:length]))
    if room == len(text):
        return text
    head = text[:room]
    if not text[room].isspace():
        head = re.sub(r"\s\S*\Z", "", head)
    return head.rstrip() or text[:room]


def clip(name: str) -> str:
    """Make *name* one line, at most NAME_LIMIT wide, free of characters that steer a display."""
    seen = "".join(" " if unicodedata.category(c) in STEERING else c for c in name)
    line = " ".join(seen.split())
    short = cut(line, NAME_LIMIT, width)
    return line if short == line else f"{short}…"
