"""
Buttons that give a command again, for another page or another person; its answer takes the message's place.

Promises: a click is kept before it is acknowledged, as a typed command is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App

from bot.message import Block, Message, escape, plain_text, section
from bot.state import Inbox, Kind, Request
from index import wording
from index.people import Person

ACTION = re.compile(r"^command_again_\d$")
LABEL_LIMIT = 75
NAMESAKES = 5  # that are offered
VALUE_LIMIT = 2_000


def again(choices: Sequence[tuple[str, str]]) -> list[Block]:
    """Return a row of buttons, each with its label and the command that it gives; no row without any."""
    buttons = [
        {
            "type": "button",
            "action_id": f"command_again_{number}",
            "text": plain_text(wording.cut(wording.one_line(label), LABEL_LIMIT)),
            "value": command,
        }
        for number, (label, command) in enumerate(choices)
        if len(command) <= VALUE_LIMIT
    ]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def turning(command: str, page: int, pages: int) -> list[Block]:
    """Return the buttons that turn to the pages before and after *page* of what *command* shows."""
    to = [("Previous page", page - 1)] if page > 1 else []
    to += [("Next page", page + 1)] if page < pages else []
    return again([(label, f"{command} page {number}") for label, number in to])


def namesakes(name: str, people: Sequence[Person], word: str) -> Message:
    """Ask which of *people*, all called *name*, is meant; a click gives the command *word* with one."""
    ask = f"More than one person in the column is called “{wording.clip(name)}”. Whom do you mean?"
    given = [(full, f"{word} {full}") for full in (wording.clip(p.name) for p in people[:NAMESAKES])]
    lines = [escape(ask), *(f"• {escape(f'/column {command}')}" for _, command in given)]
    return Message(text="\n".join(lines), blocks=(section(ask), *again(given)))


def clicked(body: Mapping[str, Any]) -> Request:
    """Return the command that a click gives."""
    return Request(
        kind=Kind.CLICK,
        key=body["trigger_id"],
        team=body["team"]["id"],
        channel=body["channel"]["id"],
        user=body["user"]["id"],
        text=str(body["actions"][0]["value"]),
        response_url=body["response_url"],
    )


def register_again(app: App, inbox: Inbox) -> None:
    """Bind the buttons."""

    @app.action(ACTION)
    def click(body: Mapping[str, Any], ack: Ack) -> None:
        inbox.put(clicked(body))
        ack()
