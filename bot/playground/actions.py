"""The payloads of what people do with an app: commands, clicks, shortcuts, submissions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.blocks import check_view
from bot.playground.events import as_json, name
from bot.playground.interactions import Interaction, Interactions
from bot.playground.team import ApiError, Json, Message, Team, View
from bot.playground.views import Views, view_json


class Actions:
    """Sends each to the app and lets what it acks take effect."""

    def __init__(self, team: Team, interactions: Interactions, views: Views) -> None:
        self._team, self._interactions, self._views = team, interactions, views

    async def slash(self, user: str, channel: str, command: str, text: str) -> Interaction:
        """Give a command; the ack may carry a message."""
        interaction = self._interactions.open(user, channel)
        payload = {
            "token": "loopback",
            "team_id": self._team.id,
            "team_domain": "loopback",
            "channel_id": channel,
            "channel_name": self._team.channels[channel].name or "directmessage",
            "user_id": user,
            "user_name": name(self._team, user).lower(),
            "command": command,
            "text": text,
            "api_app_id": self._team.app_id,
            "is_enterprise_install": "false",
            "response_url": interaction.response_url,
            "trigger_id": interaction.trigger_id,
        }
        if await self._interactions.send(interaction, "slash_commands", payload) and interaction.response:
            try:
                self._interactions.show(interaction, interaction.response, "ack")
            except ApiError:
                self._interactions.fail(interaction, "invalid_command_response")
        return interaction

    async def click(self, user: str, on: Message | View, action_id: str, value: str | None) -> Interaction:
        """Use one element of a message or a view."""
        if isinstance(on, Message) and on.ephemeral_to not in (None, user):
            raise KeyError(f"{user} does not see this message")
        block, element = _find(on.blocks, action_id)
        chosen = _chosen(element, value)
        action = chosen | {
            "action_id": action_id,
            "block_id": block["block_id"],
            "action_ts": self._team.new_ts(),
        }
        where = self._on_message(on) if isinstance(on, Message) else self._on_view(on)
        channel = on.channel if isinstance(on, Message) else ""
        interaction = self._interactions.open(user, channel, on if isinstance(on, Message) else None)
        interaction.view = on if isinstance(on, View) else None
        payload = self._payload("block_actions", interaction) | where | {"actions": [action]}
        await self._interactions.send(interaction, "interactive", payload)
        return interaction

    async def shortcut(self, user: str, callback_id: str, message: Message | None) -> Interaction:
        """Use a shortcut, global or on a message."""
        interaction = self._interactions.open(user, message.channel if message else "", None)
        kind = "message_action" if message else "shortcut"
        payload = self._payload(kind, interaction) | {
            "callback_id": callback_id,
            "action_ts": self._team.new_ts(),
        }
        if message:
            payload |= self._place(message) | {
                "message": as_json(self._team, message),
                "message_ts": message.ts,
            }
            payload["response_url"] = interaction.response_url
        await self._interactions.send(interaction, "interactive", payload)
        return interaction

    async def submit(self, view: View, values: Json) -> Interaction:
        """Submit a modal; the ack says whether it closes, shows errors or changes."""
        interaction = self._interactions.open(view.user)
        interaction.view = view
        shown = view_json(self._team, view, values)
        payload = self._payload("view_submission", interaction) | {"view": shown, "response_urls": []}
        if await self._interactions.send(interaction, "interactive", payload):
            try:
                self._after_submit(view, interaction.response or {})
            except ApiError as error:
                self._interactions.fail(interaction, error.error)
        return interaction

    def _after_submit(self, view: View, response: Json) -> None:
        action = response.get("response_action")
        if action in ("update", "push"):
            check_view(response.get("view", {}))
        if action == "update":
            self._views.change(view, response["view"])
        elif action == "push":
            self._views.add(view.user, response["view"], view)
        elif action in ("clear", None):  # "errors" leaves it open
            self._views.close(view, whole_stack=action == "clear")

    def _payload(self, kind: str, interaction: Interaction) -> Json:
        user = interaction.user
        lower = name(self._team, user).lower()
        return {
            "type": kind,
            "user": {"id": user, "username": lower, "name": lower, "team_id": self._team.id},
            "api_app_id": self._team.app_id,
            "token": "loopback",
            "trigger_id": interaction.trigger_id,
            "team": {"id": self._team.id, "domain": "loopback"},
            "enterprise": None,
            "is_enterprise_install": False,
        } | (
            {"response_url": interaction.response_url}
            if kind == "block_actions" and interaction.channel
            else {}
        )

    def _place(self, message: Message) -> Json:
        channel = self._team.channels[message.channel]
        return {"channel": {"id": channel.id, "name": channel.name or "directmessage"}}

    def _on_message(self, message: Message) -> Json:
        hidden = bool(message.ephemeral_to)
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        container |= {"is_ephemeral": hidden} | (
            {"thread_ts": message.thread_ts} if message.thread_ts else {}
        )
        # Slack keeps no ephemeral message, so it cannot hand one back.
        shown = {} if hidden else {"message": as_json(self._team, message)}
        return self._place(message) | shown | {"container": container, "state": {"values": {}}}

    def _on_view(self, view: View) -> Json:
        return {"container": {"type": "view", "view_id": view.id}, "view": view_json(self._team, view)}


def _find(blocks: list[Json], action_id: str) -> tuple[Json, Json]:
    for block in blocks:
        for element in _elements(block):
            if element.get("action_id") == action_id:
                return block, element
    raise KeyError(f"no element with action_id {action_id}")


def _elements(block: Json) -> Iterator[Json]:
    yield from block.get("elements", [])
    for place in ("accessory", "element"):
        if place in block:
            yield block[place]


def _chosen(element: Json, value: str | None) -> Json:
    """Return the action that using *element* causes; *value* is which option or which feedback."""
    kind: dict[str, Any] = {"type": element["type"]}
    if "options" in element:
        option = next(o for o in element["options"] if value in (None, o["value"]))
        return kind | {"selected_option": option}
    if element["type"] == "feedback_buttons":
        buttons = [element["positive_button"], element["negative_button"]]
        button = next(b for b in buttons if value in (None, b["value"]))
        return kind | {"text": button["text"], "value": button["value"]}
    shown = {name: element[name] for name in ("text", "value") if name in element}
    return kind | shown
