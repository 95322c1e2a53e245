"""The Web API's writing side: chat.* and reactions.*, under the rules of a channel."""

from __future__ import annotations

import math
import time
from copy import deepcopy
from typing import Any

from bot.playground.blocks import check_message, check_metadata, split_text
from bot.playground.events import as_json, on_delete, on_edit, on_post
from bot.playground.sockets import Sockets
from bot.playground.team import ApiError, Channel, Json, Message, Team, name_blocks


class Posting:
    """Posts, changes and deletes for the bot; the channel's readers and the app's events follow."""

    def __init__(self, team: Team, sockets: Sockets) -> None:
        self._team, self._sockets = team, sockets
        self._next_post: dict[str, float] = {}

    def post_message(self, args: Json) -> Json:
        """``chat.postMessage``: a long text becomes several messages; the answer names the first."""
        channel = self._writable(args)
        check_message(args, split=True)
        check_metadata(args.get("metadata"))
        self._spend(channel)
        text, blocks = str(args.get("text") or ""), args.get("blocks") or []
        parts = [text] if blocks else split_text(text)
        thread_ts = self._thread(channel, args.get("thread_ts"))
        posted = [self._add(channel, part, blocks, thread_ts, args.get("metadata")) for part in parts]
        first = posted[0]
        return {"channel": channel.id, "ts": first.ts, "message": as_json(self._team, first)}

    def _add(self, channel: Channel, text: str, blocks: Any, thread_ts: str | None, metadata: Any) -> Message:
        message = Message(
            channel=channel.id,
            ts=self._team.new_ts(),
            user=self._team.bot.id,
            bot_id=self._team.bot_id,
            text=text,
            blocks=deepcopy(blocks),
            thread_ts=thread_ts,
            metadata=deepcopy(metadata) or None,
            via="chat.postMessage",
        )
        self._team.add(message)
        self._sockets.announce(on_post(self._team, message))
        return message

    def post_ephemeral(self, args: Json) -> Json:
        """``chat.postEphemeral``: only *user* sees it, and only as a member of the channel."""
        channel = self._writable(args)
        check_message(args, split=False)
        if str(args.get("user")) not in self._team.users:
            raise ApiError("user_not_in_channel")
        message = Message(
            channel=channel.id,
            ts=self._team.new_ts(),
            user=self._team.bot.id,
            bot_id=self._team.bot_id,
            text=str(args.get("text") or ""),
            blocks=deepcopy(args.get("blocks") or []),
            thread_ts=self._thread(channel, args.get("thread_ts")),
            ephemeral_to=str(args["user"]),
            via="chat.postEphemeral",
        )
        return {"message_ts": self._team.add(message).ts}

    def update(self, args: Json) -> Json:
        """``chat.update``: the bot's own messages only; text without blocks takes the blocks away."""
        channel = self._team.channel(args.get("channel"))
        message = self._own(channel, args.get("ts"), "cant_update_message")
        check_message(args, split=False)
        before = as_json(self._team, message)
        with self._team.change():
            message.earlier.append((message.text, message.blocks))
            message.text = str(args.get("text") or "")
            message.blocks = deepcopy(args.get("blocks") or [])
            message.edited_ts = self._team.new_ts()
            name_blocks(self._team, message.blocks)
        self._sockets.announce(on_edit(self._team, message, before))
        shown = as_json(self._team, message)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}

    def delete(self, args: Json) -> Json:
        """``chat.delete``: the bot's own messages only."""
        channel = self._team.channel(args.get("channel"))
        message = self._own(channel, args.get("ts"), "cant_delete_message")
        before = as_json(self._team, message)
        with self._team.change():
            message.deleted = True
        self._sockets.announce(on_delete(self._team, message, before))
        return {"channel": channel.id, "ts": message.ts}

    def add_reaction(self, args: Json) -> Json:
        """``reactions.add``: once each."""
        users = self._reacted(args)
        if self._team.bot.id in users:
            raise ApiError("already_reacted")
        with self._team.change():
            users.append(self._team.bot.id)
        return {}

    def remove_reaction(self, args: Json) -> Json:
        """``reactions.remove``: only what is there."""
        users = self._reacted(args)
        if self._team.bot.id not in users:
            raise ApiError("no_reaction")
        with self._team.change():
            users.remove(self._team.bot.id)
        return {}

    def _reacted(self, args: Json) -> list[str]:
        channel = self._team.channel(args.get("channel"))
        message = self._team.find(channel.id, str(args.get("timestamp")))
        if message is None:
            raise ApiError("message_not_found")
        if not args.get("name"):
            raise ApiError("invalid_name")
        return message.reactions.setdefault(str(args["name"]).strip(":"), [])

    def _writable(self, args: Json) -> Channel:
        channel_id = str(args.get("channel"))
        if channel_id in self._team.users:  # a member's id stands for the conversation with them
            return self._team.add_dm(channel_id)
        return self._team.joined(channel_id)

    def _spend(self, channel: Channel) -> None:
        now = time.monotonic()
        wait = self._next_post.get(channel.id, now) - now
        if wait > 0:
            raise ApiError("ratelimited", retry_after=math.ceil(wait))
        self._next_post[channel.id] = now + self._team.timing.post_interval

    def _thread(self, channel: Channel, thread_ts: Any) -> str | None:
        """Return the ts of the thread's first message: a reply to a reply joins the same thread."""
        if not thread_ts:
            return None
        parent = self._team.find(channel.id, str(thread_ts))
        return (parent and parent.thread_ts) or str(thread_ts)

    def _own(self, channel: Channel, ts: Any, error: str) -> Message:
        message = self._team.find(channel.id, str(ts))
        if message is None:
            raise ApiError("message_not_found")
        if message.user != self._team.bot.id:
            raise ApiError(error)
        return message
