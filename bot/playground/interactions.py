"""Commands, clicks and shortcuts: their payloads, trigger ids and response URLs, and what the person sees."""

from __future__ import annotations

import secrets
import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bot.playground.blocks import check_message
from bot.playground.events import as_json, on_delete, on_edit, on_post
from bot.playground.sockets import Sockets, UnansweredError
from bot.playground.team import ApiError, Delivery, Json, Message, ShownError, Team, View, name_blocks

URL_USES = 5  # Slack's documentation of response URLs


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """
    One thing that a person did with the app, and what came of it.

    *error* is what Slack shows when the app did not take it. *response* is the payload of the ack.
    *messages* are those that the ack or the response URL posted or replaced, in their order;
    deleted ones say so. *original* is the message that was clicked.
    """

    user: str
    channel: str
    trigger_id: str
    response_url: str
    opened_at: float
    original: Message | None = None
    view: View | None = None
    error: str | None = None
    response: Json | None = None
    messages: list[Message] = field(default_factory=list)
    url_uses: int = 0
    trigger_spent: bool = False


class Interactions:
    """All interactions since the start, found by trigger id and by response URL."""

    def __init__(self, team: Team, sockets: Sockets) -> None:
        self._team, self._sockets = team, sockets
        self._by_trigger: dict[str, Interaction] = {}
        self._by_url: dict[str, Interaction] = {}

    def open(self, user: str, channel: str = "", original: Message | None = None) -> Interaction:
        """Begin an interaction, with a fresh trigger id and response URL."""
        path = f"/actions/{self._team.id}/{secrets.token_hex(12)}"
        interaction = Interaction(
            user=user,
            channel=channel,
            trigger_id=f"{time.time_ns() // 1_000_000}.{self._team.id}.{secrets.token_hex(16)}",
            response_url=self._team.base_url + path,
            opened_at=time.time(),
            original=original,
        )
        self._by_trigger[interaction.trigger_id] = self._by_url[path] = interaction
        return interaction

    def spend_trigger(self, trigger_id: Any) -> Interaction:
        """Exchange a trigger id: once, and in time."""
        interaction = self._by_trigger.get(str(trigger_id))
        if interaction is None:
            raise ApiError("invalid_trigger_id")
        if time.time() - interaction.opened_at > self._team.timing.trigger_life:
            raise ApiError("expired_trigger_id")
        if interaction.trigger_spent:
            raise ApiError("exchanged_trigger_id")
        interaction.trigger_spent = True
        return interaction

    async def send(self, interaction: Interaction, kind: str, payload: Json) -> Delivery | None:
        """Send it to the app, and keep the ack or the error that the person sees."""
        try:
            delivery = await self._sockets.request(kind, payload)
        except UnansweredError as error:
            self.fail(interaction, str(error))
            return None
        interaction.response = delivery.response
        return delivery

    def fail(self, interaction: Interaction, error: str) -> None:
        """Show the person an error of Slack's own."""
        with self._team.change():
            interaction.error = error
            self._team.errors.append(ShownError(user=interaction.user, error=error))

    def respond(self, path: str, body: Any) -> Json:
        """Take a message for the response URL at *path*: five times in half an hour."""
        interaction = self._by_url.get(path)
        if interaction is None:
            raise ApiError("invalid_url")
        if time.time() - interaction.opened_at > self._team.timing.response_url_life:
            raise ApiError("expired_url")
        if interaction.url_uses >= URL_USES:
            raise ApiError("used_url")
        if not isinstance(body, dict):
            raise ApiError("invalid_payload")
        interaction.url_uses += 1
        self.show(interaction, body, "response_url")
        return {"ok": True}

    def show(self, interaction: Interaction, body: Json, via: str) -> None:
        """Post, replace or delete what *body* says, for the person or for the channel."""
        last = next((m for m in reversed(interaction.messages) if not m.deleted), None)
        target = interaction.original or last
        if body.get("delete_original"):
            self._delete(target)
            return
        check_message(body, split=False)
        if body.get("replace_original") and target:
            self._replace(interaction, target, body)
            return
        self._post(interaction, body, via)

    def _post(self, interaction: Interaction, body: Json, via: str) -> None:
        team, everyone = self._team, body.get("response_type") == "in_channel"
        message = Message(
            channel=interaction.channel,
            ts=team.new_ts(),
            user=team.bot.id,
            bot_id=team.bot_id,
            text=str(body.get("text") or ""),
            blocks=deepcopy(body.get("blocks") or []),
            thread_ts=body.get("thread_ts"),
            ephemeral_to=None if everyone else interaction.user,
            via=via,
        )
        with team.change():
            team.add(message)
            interaction.messages.append(message)
        if everyone:
            self._sockets.announce(on_post(team, message))

    def _replace(self, interaction: Interaction, message: Message, body: Json) -> None:
        before = as_json(self._team, message)
        with self._team.change():
            message.earlier.append((message.text, message.blocks))
            message.text = str(body.get("text") or "")
            message.blocks = deepcopy(body.get("blocks") or [])
            message.edited_ts = self._team.new_ts()
            name_blocks(self._team, message.blocks)
            if message not in interaction.messages:
                interaction.messages.append(message)
        if not message.ephemeral_to:
            self._sockets.announce(on_edit(self._team, message, before))

    def _delete(self, message: Message | None) -> None:
        if message is None:
            return
        before = as_json(self._team, message)
        with self._team.change():
            message.deleted = True
        if not message.ephemeral_to:
            self._sockets.announce(on_delete(self._team, message, before))
