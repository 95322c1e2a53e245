"""
The settings of a channel: a modal to change them, who may, and what is said to those whom they keep out.

Promises: settings are kept by the channel's id; who may not change them cannot, whatever they send; nobody
locks themselves out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.commands import Command
from bot.message import Block, Message, plain_text
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.state import ChannelSettings, Memory
from bot.state.channels import MOST_EXCERPTS
from bot.views import View

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

SETTINGS = {"settings": Command(usage="settings", does="opens the settings of this channel.", run=None)}
OPEN = "settings_open"
CHOICE_VIEW, SETTINGS_VIEW = "settings_choice", "settings_view"
CHANNEL, WITHOUT_MENTION, WHO, SHARED, EXCERPTS = "channel", "without_mention", "who", "shared", "excerpts"
PEOPLE_LIMIT = 50

NO_CHANNEL = Message(
    text="A direct message has no settings. Give this command in the channel that it is for."
)
NOT_OPENED = Message(text="Slack did not let me open the settings. Please give the command again.")
KEEP_YOURSELF = "Keep yourself on this list: otherwise you could not change these settings again."
TOO_MANY = f"A list may hold up to {PEOPLE_LIMIT} people."
NOT_ALLOWED = "This channel has listed who may ask here, and only these people change its settings."

SHARED_REFUSAL = Message(
    text="People of other organisations read along in this channel, and the column's words are not shown to "
    "them unless this channel's settings say so. Ask me in a direct message; or see `/column settings` here."
)


def may_change(chosen: ChannelSettings, user: str) -> bool:
    """
    Tell whether *user* may change what is *chosen* for a channel.

    Whoever may ask there may: everybody until a list of people is kept, then those on it. Slack offers a
    person only such channels as they can see.
    """
    return chosen.lets_ask(user)


def refusal(chosen: ChannelSettings) -> Message:
    """Say to somebody who may not ask in a channel who can change that; they are not notified."""
    people = ", ".join(f"<@{id}>" for id in chosen.may_ask if re.fullmatch(r"[UW][A-Z0-9]+", id))
    return Message(
        text="In this channel I answer only the people whom it has listed. "
        f"Each of them can add you with `/column settings`: {people}."
    )


def choice_view() -> View:
    """Ask for the channel whose settings are wanted."""
    element = {
        "type": "conversations_select",
        "placeholder": plain_text("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    block = _input(CHANNEL, "Whose settings?", element)
    return _modal(CHOICE_VIEW, [block], submit="Next")


def settings_view(chosen: ChannelSettings) -> View:
    """Show what is *chosen*, to be changed."""
    who: Block = {
        "type": "multi_users_select",
        "placeholder": plain_text("Everybody"),
        "max_selected_items": PEOPLE_LIMIT,
    }
    if chosen.may_ask:
        who["initial_users"] = list(chosen.may_ask)
    numbers = [_option(str(n), str(n)) for n in range(1, MOST_EXCERPTS + 1)]
    excerpts = {
        "type": "static_select",
        "options": numbers,
        "initial_option": numbers[chosen.most_excerpts - 1],
    }
    blocks: list[Block] = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Settings of "},
                        {"type": "channel", "channel_id": chosen.channel},
                    ],
                }
            ],
        },
        _input(
            WITHOUT_MENTION,
            "Below my answers",
            _tick("Answer follow-ups without a mention", on=chosen.answer_without_mention),
            hint="Otherwise I answer only where I am mentioned.",
        ),
        _input(
            WHO,
            "Who may ask",
            who,
            hint="Nobody listed: everybody may. Those listed may also change these settings. People only, "
            "no user groups: to look into a group I would need a further permission (usergroups:read).",
        ),
        _input(
            SHARED,
            "If people of other organisations are in this channel",
            _tick("Answer all the same", on=chosen.answer_shared),
            hint="Otherwise I say there that I do not answer, and why.",
        ),
        _input(EXCERPTS, "Excerpts in one answer, at most", excerpts),
    ]
    return _modal(SETTINGS_VIEW, blocks, submit="Save", private_metadata=chosen.channel)


def chosen_in(view: Mapping[str, Any]) -> ChannelSettings:
    """Return the settings out of a submitted view."""
    values = {id: fields[id] for id, fields in view["state"]["values"].items()}
    picked = values[EXCERPTS].get("selected_option") or {"value": str(MOST_EXCERPTS)}
    return ChannelSettings(
        channel=str(view["private_metadata"]),
        answer_without_mention=bool(values[WITHOUT_MENTION].get("selected_options")),
        may_ask=tuple(values[WHO].get("selected_users") or ()),
        answer_shared=bool(values[SHARED].get("selected_options")),
        most_excerpts=int(picked["value"]),
    )


def open_settings(poster: Poster, trigger_id: str, channel: str, user: str, memory: Memory) -> Message | None:
    """
    Open the settings of *channel*, within 3 s of the click or command; return what is said instead, if not.

    Raises:
        RefusedError, LaterError, DoubtError: Where Slack does not open the modal.
    """
    if channel.startswith("D"):
        return NO_CHANNEL
    chosen = memory.channels.load(channel)
    if not may_change(chosen, user):
        return refusal(chosen)
    poster.open(trigger_id, settings_view(chosen))
    return None


def opening(poster: Poster, memory: Memory) -> Callable[[Body, Callable[..., Any]], None]:
    """Return what ``/column settings`` does once it is acknowledged."""

    def settings(body: Body, respond: Callable[..., Any]) -> None:
        try:
            said = open_settings(poster, body["trigger_id"], body["channel_id"], body["user_id"], memory)
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("settings not opened", extra={"code": str(error)})
            said = NOT_OPENED
        if said:
            respond(text=said.text, response_type="ephemeral")

    return settings


def register_settings(app: App, poster: Poster, memory: Memory) -> None:
    """Bind the button of the Home tab and both modals."""

    def at_once(ack: Ack) -> None:
        ack()

    def choose(body: Body) -> None:
        try:
            poster.open(body["trigger_id"], choice_view())
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("settings not opened", extra={"code": str(error)})

    app.action(OPEN)(ack=at_once, lazy=[choose])

    @app.view(CHOICE_VIEW)
    def chosen_channel(body: Body, ack: Ack) -> None:
        channel = body["view"]["state"]["values"][CHANNEL][CHANNEL]["selected_conversation"]
        chosen = memory.channels.load(channel)
        if may_change(chosen, body["user"]["id"]):
            ack(response_action="update", view=settings_view(chosen))
        else:
            ack(response_action="errors", errors={CHANNEL: NOT_ALLOWED})

    @app.view(SETTINGS_VIEW)
    def save(body: Body, ack: Ack) -> None:
        chosen, user = chosen_in(body["view"]), body["user"]["id"]
        if error := _objection(memory.channels.load(chosen.channel), chosen, user):
            ack(response_action="errors", errors={WHO: error})
            return
        memory.channels.save(chosen)
        log.info("settings", extra={"channel": chosen.channel})
        ack()


def _objection(before: ChannelSettings, chosen: ChannelSettings, user: str) -> str | None:
    if not may_change(before, user):
        return NOT_ALLOWED
    if len(chosen.may_ask) > PEOPLE_LIMIT:
        return TOO_MANY
    return None if may_change(chosen, user) else KEEP_YOURSELF


def _modal(callback_id: str, blocks: list[Block], *, submit: str, private_metadata: str = "") -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": private_metadata,
        "title": plain_text("Settings of a channel"),
        "submit": plain_text(submit),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def _input(id: str, label: str, element: Block, hint: str = "") -> Block:
    block: Block = {
        "type": "input",
        "block_id": id,
        "label": plain_text(label),
        "element": {**element, "action_id": id},
    }
    if hint:
        block["hint"] = plain_text(hint)
    return block | {"optional": id in (WITHOUT_MENTION, WHO, SHARED)}


def _tick(label: str, *, on: bool) -> Block:
    option = _option("on", label)
    box: Block = {"type": "checkboxes", "options": [option]}
    return box | ({"initial_options": [option]} if on else {})


def _option(value: str, label: str) -> Block:
    return {"text": plain_text(label), "value": value}
