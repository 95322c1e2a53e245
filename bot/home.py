"""
The app's two tabs: prompts where the conversation opens, and a Home with what is indexed and what one asked.

Promises: nobody sees another's questions; while the column is being read, Home says so and prompts stay out.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from slack_bolt import App

from bot.column import Consulted
from bot.message import HELP, Block, bullets, plain_text, section
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.replay import typed
from bot.settings import OPEN
from bot.state import Given, Memory
from bot.views import View
from index import wording
from index.store.reader import Summary

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

PROMPTS = 4  # that Slack takes
# Undocumented; that of a button's text, which a prompt looks like.
PROMPT_TITLE = 75
PROMPT_LIMIT = 300
RECENT = 5
KNOWN_EVENTS = 1_000
LOADING = "I am still reading the column. Please come back in a minute."
NOTHING_ASKED = "You have not asked me anything yet."


def prompts(questions: Sequence[str]) -> list[dict[str, str]]:
    """Return *questions* as Slack suggests them: a label, and what a click sends."""
    fit = [q for q in questions if q.strip() and len(q) <= PROMPT_LIMIT][:PROMPTS]
    return [{"title": wording.cut(q, PROMPT_TITLE), "message": q} for q in fit]


def home_view(summary: Summary | None, examples: Sequence[str], recent: Sequence[Given]) -> View:
    """Show what is indexed (None: not read yet), how to ask, and the *recent* questions of one person."""
    asked = [line for given in recent if (line := typed(given.asked))]
    blocks: list[Block] = [
        _header("The column"),
        section(LOADING if summary is None else indexed(summary)),
        _header("How to ask"),
        {"type": "section", "text": {"type": "mrkdwn", "text": HELP}},
        *([_header("Questions that it answers"), bullets(map(typed, examples))] if examples else []),
        _header("What you asked lately"),
        bullets(map(typed, asked)) if asked else section(NOTHING_ASKED),
        _header("Channels"),
        {"type": "actions", "elements": [_button()]},
    ]
    return {"type": "home", "blocks": blocks}


def indexed(summary: Summary) -> str:
    """Say what is indexed, and of when."""
    if not summary.articles:
        return "The column is empty: no article has been read yet."
    noun = "article" if summary.articles == 1 else "articles"
    dates = f", {wording.days(summary.first, summary.last)}" if summary.first and summary.last else ""
    read = f" Last read on {summary.last_sync:%-d %B %Y at %H:%M %Z}." if summary.last_sync else ""
    return f"{summary.articles:,} {noun}{dates}.{read}"


class Tabs:
    """Fills both tabs when they are opened. *column* gives None until it is loaded."""

    def __init__(self, memory: Memory, poster: Poster, column: Callable[[], Consulted | None]) -> None:
        self._memory, self._poster, self._column = memory, poster, column
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def opened(self, body: Body) -> None:
        """Fill the tab that was opened, once; a failure is logged, for nobody waits for it."""
        event = body["event"]
        if not self._is_new(body["event_id"]):
            return
        try:
            if event.get("tab") == "messages":
                self._suggest(event["channel"])
            elif event.get("tab") == "home":
                self._poster.home(event["user"], self._home(event["user"]))
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("tab not filled", extra={"code": str(error)})
        except Exception:  # what the column cannot tell now is not worth a word to the person
            log.exception("tab not filled")

    def _suggest(self, channel: str) -> None:
        column = self._column()
        if column is None:
            log.info("no prompts: the column is still being read")
        elif found := prompts(column.prompts(PROMPTS)):
            self._poster.suggest(channel, found)

    def _home(self, user: str) -> View:
        column = self._column()
        kept = [g for g in self._memory.answers.of_person(user, 2 * RECENT) if not g.removed_at]
        if column is None:
            return home_view(None, [], kept[:RECENT])
        return home_view(column.summary(), column.examples(), kept[:RECENT])

    def _is_new(self, event_id: str) -> bool:
        with self._lock:
            new = event_id not in self._known
            self._known[event_id] = None
            if len(self._known) > KNOWN_EVENTS:
                self._known.popitem(last=False)
            return new


def register_home(app: App, tabs: Tabs) -> None:
    """Bind the opening of a tab: acknowledged first, filled in a thread."""

    def at_once() -> None:
        """An event is acknowledged by the listener's return."""

    app.event("app_home_opened")(ack=at_once, lazy=[tabs.opened])


def _header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text)}


def _button() -> Block:
    return {"type": "button", "action_id": OPEN, "text": plain_text("Settings of a channel…")}
