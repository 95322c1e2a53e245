"""
Whom a bare name means: buttons with the candidates, and the question that a click asks.

Promises: a choice is asked once a person and answer, however often it is clicked, and holds for its thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.conversation import naming
from bot.message import TEXT_LIMIT, Block, Message, escape, plain_text, section
from bot.state import Given, Inbox, Memory, Request
from index.answer import Answer
from index.speech.names import surname
from index.wording import clip

MOST = 5  # buttons
ACTION = re.compile(r"^choose_person_\d$")
LABEL_LIMIT = 75


def offering(built: Message, answer: Answer, id: str) -> Message:
    """Return *built* with a button for each candidate of *answer*, whose id is *id*."""
    named = [(n, clip(name)) for n, name in enumerate(answer.candidates[:MOST])]
    named = [(n, name) for n, name in named if any(c.isalnum() for c in name)]  # a label says something
    if not named:
        return built
    names = [name for _, name in named]
    line = f"More than one person is called so. Whom do you mean: {' or '.join(map(escape, names))}?"
    text = f"{built.text}\n\n{line}"
    return replace(
        built,
        text=text if len(text) <= TEXT_LIMIT else built.text,
        blocks=(
            *built.blocks,
            section("More than one person is called so. Whom do you mean?"),
            {"type": "actions", "elements": [_button(n, name, id) for n, name in named]},
        ),
    )


def _button(number: int, name: str, id: str) -> Block:
    return {
        "type": "button",
        "action_id": f"choose_person_{number}",
        "text": plain_text(name if len(name) <= LABEL_LIMIT else f"{name[: LABEL_LIMIT - 1]}…"),
        "value": json.dumps({"id": id, "number": number}),
    }


def chosen(given: Given, person: str, body: Mapping[str, Any]) -> Request:
    """Return the question that a click asks: the answered one, of *person*."""
    where = given.thread_ts
    return Request(
        kind=given.kind,
        key=f"choice {given.id} {person}",
        team=given.team,
        channel=given.channel,
        user=body["user"]["id"],
        text=naming(given.question, surname(person), person),
        thread_ts=where,
        response_url=body.get("response_url") if given.commanded else None,
    )


def register_choices(app: App, inbox: Inbox, memory: Memory) -> None:
    """Bind the buttons: a click is a question like any other, kept and then acknowledged."""

    @app.action(ACTION)
    def choose(body: Mapping[str, Any], ack: Ack) -> None:
        value = json.loads(body["actions"][0]["value"])
        given = memory.answers.load(value["id"])
        if given and value["number"] < len(given.candidates):
            person = given.candidates[value["number"]]
            if given.thread_ts:
                memory.threads.choose(given.channel, given.thread_ts, surname(person), person)
            inbox.put(chosen(given, person, body))
        ack()
