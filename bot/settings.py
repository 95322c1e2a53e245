"""
The settings of a channel: a modal to change them, who may, and what is said to those whom they keep out.

Promises: settings are kept by the channel's id; who may not change them cannot, whatever they send; nobody
locks themselves out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App

from bot.admins import Admins
from bot.commands import Command
from bot.groups import Group, Groups
from bot.message import Block, Message, plain_text
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.state import ChannelSettings, Memory
from bot.state.channels import MOST_EXCERPTS
from bot.views import View
from index import wording

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

SETTINGS = {"settings": Command(usage="settings", does="opens the settings of this channel.", run=None)}
OPEN = "settings_open"
CHOICE_VIEW, SETTINGS_VIEW = "settings_choice", "settings_view"
CHANNEL, WITHOUT_MENTION, WHO, GROUPS = "channel", "without_mention", "who", "groups"
SHARED, EXCERPTS = "shared", "excerpts"
PEOPLE_LIMIT = 50
LABEL_LIMIT = 75  # characters of an option

NO_CHANNEL = Message(
    text="A direct message has no settings. Give this command in the channel that it is for."
)
NOT_OPENED = Message(text="Slack did not let me open the settings. Please give the command again.")
KEEP_YOURSELF = "Keep yourself on this list: otherwise you could not change these settings again."
TOO_MANY = f"A list may hold up to {PEOPLE_LIMIT} people."
NOT_ALLOWED = (
    "This channel has listed who may ask here, and only they and those who run me change its settings."
)

SHARED_REFUSAL = Message(
    text="People of other organisations read along in this channel, and the column's words are not shown to "
    "them unless this channel's settings say so. Ask me in a direct message; or see `/column settings` here."
)


def refusal(chosen: ChannelSettings) -> Message:
    """Say to somebody who may not ask in a channel who can change that; they are not notified."""
    people = [f"<@{id}>" for id in chosen.may_ask if re.fullmatch(r"[UW][A-Z0-9]+", id)]
    if chosen.groups:
        people.append("the user groups that its settings name")
    return Message(
        text="In this channel I answer only the people whom it has listed. "
        f"Each of them can add you with `/column settings`: {', '.join(people)}."
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


def settings_view(chosen: ChannelSettings, groups: Sequence[Group] = ()) -> View:
    """Show what is *chosen*, to be changed; of *groups*, those that may be chosen from."""
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
            hint="Nobody listed: everybody may. Those listed may also change these settings.",
        ),
        *([_input(GROUPS, "User groups who may ask", _menu(groups, chosen.groups))] if groups else []),
        _input(
            SHARED,
            "If people of other organisations are in this channel",
            _tick("Answer all the same", on=chosen.answer_shared),
            hint="Otherwise I say there that I do not answer, and why.",
        ),
        _input(EXCERPTS, "Excerpts in one answer, at most", excerpts),
    ]
    return _modal(SETTINGS_VIEW, blocks, submit="Save", private_metadata=chosen.channel)


def _menu(groups: Sequence[Group], chosen: Collection[str]) -> Block:
    options = {
        group.id: _option(group.id, f"@{wording.clip(group.handle)}"[:LABEL_LIMIT]) for group in groups
    }
    initial = [option for id, option in options.items() if id in chosen]
    menu: Block = {
        "type": "multi_static_select",
        "placeholder": plain_text("No group"),
        "options": [*options.values()],
    }
    return menu | ({"initial_options": initial} if initial else {})


def chosen_in(view: Mapping[str, Any]) -> ChannelSettings:
    """Return the settings out of a submitted view."""
    values = {id: fields[id] for id, fields in view["state"]["values"].items()}
    picked = values[EXCERPTS].get("selected_option") or {"value": str(MOST_EXCERPTS)}
    return ChannelSettings(
        channel=str(view["private_metadata"]),
        answer_without_mention=bool(values[WITHOUT_MENTION].get("selected_options")),
        may_ask=tuple(values[WHO].get("selected_users") or ()),
        groups=tuple(o["value"] for o in values.get(GROUPS, {}).get("selected_options") or ()),
        answer_shared=bool(values[SHARED].get("selected_options")),
        most_excerpts=int(picked["value"]),
    )


class Changing:
    """Changes the settings of channels, for those who may. Safe to share among threads."""

    def __init__(self, memory: Memory, poster: Poster, admins: Admins, groups: Groups) -> None:
        self._channels, self._poster, self._admins, self._groups = memory.channels, poster, admins, groups

    def allows(self, chosen: ChannelSettings, user: str) -> bool:
        """
        Tell whether *user* may change what is *chosen* for a channel: an admin, or whoever may ask there.

        That is everybody until a list is kept, then those on it. Slack offers a person only such channels as
        they can see.
        """
        return chosen.lets_ask(user, self._groups.hold) or self._admins.include(user)

    def command(self, body: Body, respond: Callable[..., Any]) -> None:
        """Open the settings of the channel that the command was given in, or say why not."""
        if said := self._open(body["trigger_id"], body["channel_id"], body["user_id"]):
            respond(text=said.text, response_type="ephemeral")

    def _open(self, trigger_id: str, channel: str, user: str) -> Message | None:
        if channel.startswith("D"):
            return NO_CHANNEL
        chosen = self._channels.load(channel)
        if not self.allows(chosen, user):
            return refusal(chosen)
        try:
            self._poster.open(trigger_id, self.view(chosen))
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("settings not opened", extra={"code": str(error)})
            return NOT_OPENED
        return None

    def choose(self, body: Body) -> None:
        """Ask for the channel whose settings are wanted."""
        try:
            self._poster.open(body["trigger_id"], choice_view())
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("settings not opened", extra={"code": str(error)})

    def view(self, chosen: ChannelSettings) -> View:
        """Return the modal that shows what is *chosen*."""
        return settings_view(chosen, self._groups.all())

    def chosen(self, channel: str) -> ChannelSettings:
        """Return what is chosen for a channel."""
        return self._channels.load(channel)

    def save(self, chosen: ChannelSettings, user: str) -> str | None:
        """Keep what *user* has *chosen*; return what speaks against it, if anything does."""
        if not self.allows(self._channels.load(chosen.channel), user):
            return NOT_ALLOWED
        if len(chosen.may_ask) > PEOPLE_LIMIT:
            return TOO_MANY
        if not self.allows(chosen, user):
            return KEEP_YOURSELF
        self._channels.save(chosen)
        log.info("settings", extra={"channel": chosen.channel})
        return None


def register_settings(app: App, changing: Changing) -> None:
    """Bind the button of the Home tab and both modals."""

    def at_once(ack: Ack) -> None:
        ack()

    app.action(OPEN)(ack=at_once, lazy=[changing.choose])

    @app.view(CHOICE_VIEW)
    def chosen_channel(body: Body, ack: Ack) -> None:
        channel = body["view"]["state"]["values"][CHANNEL][CHANNEL]["selected_conversation"]
        chosen = changing.chosen(channel)
        if changing.allows(chosen, body["user"]["id"]):
            ack(response_action="update", view=changing.view(chosen))
        else:
            ack(response_action="errors", errors={CHANNEL: NOT_ALLOWED})

    @app.view(SETTINGS_VIEW)
    def save(body: Body, ack: Ack) -> None:
        if error := changing.save(chosen_in(body["view"]), body["user"]["id"]):
            ack(response_action="errors", errors={WHO: error})
        else:
            ack()


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
    return block | {"optional": id in (WITHOUT_MENTION, WHO, GROUPS, SHARED)}


def _tick(label: str, *, on: bool) -> Block:
    option = _option("on", label)
    box: Block = {"type": "checkboxes", "options": [option]}
    return box | ({"initial_options": [option]} if on else {})


def _option(value: str, label: str) -> Block:
    return {"text": plain_text(label), "value": value}
