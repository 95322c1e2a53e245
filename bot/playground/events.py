"""What Slack tells the app about a message: the events that a post, an edit or a deletion causes. Pure."""

from __future__ import annotations

import re
from copy import deepcopy

from bot.playground.team import Channel, Json, Message, Team, mentions

_MARKUP = re.compile(r"<(?:@[UW]|#C|!|https?://|mailto:)[^<>]*>")
_USER = re.compile(r"(<@[UW][A-Z0-9]+(?:\|[^>]*)?>)")


def typed(text: str) -> str:
    """Return what Slack makes of typed *text*: ``& < >`` escaped, but for mentions and links."""
    parts, end = [], 0
    for found in _MARKUP.finditer(text):
        parts += [_escape(text[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, _escape(text[end:])])


def typed_blocks(text: str) -> list[Json]:
    """Return the rich text block that Slack's own composer sends along with a typed message."""
    leaves: list[Json] = []
    for part in filter(None, _USER.split(text)):
        mention = _USER.fullmatch(part)
        user = part[2:-1].split("|")[0]
        leaves.append({"type": "user", "user_id": user} if mention else {"type": "text", "text": part})
    section = {"type": "rich_text_section", "elements": leaves}
    return [{"type": "rich_text", "elements": [section]}] if leaves else []


def as_json(team: Team, message: Message) -> Json:
    """Return *message* as events, interactions and ``conversations.history`` show it."""
    shown: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    shown |= {"team": team.id, "blocks": deepcopy(message.blocks)}
    if message.bot_id:
        shown["bot_id"] = message.bot_id
        app = {"app_id": team.app_id} if message.bot_id == team.bot_id else {}
        shown |= app | {"bot_profile": {"id": message.bot_id, "name": name(team, message.user)} | app}
    if message.subtype:
        shown["subtype"] = message.subtype
    if message.subtype == "bot_message":
        del shown["user"]
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
        parent = team.find(message.channel, message.thread_ts)
        shown |= {"parent_user_id": parent.user} if parent else {}
    if message.edited_ts:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata:
        shown["metadata"] = deepcopy(message.metadata)
    if message.reactions:
        shown["reactions"] = [
            {"name": n, "users": list(users), "count": len(users)} for n, users in message.reactions.items()
        ]
    return shown


def with_replies(team: Team, message: Message) -> Json:
    """Return *message* as history shows it: the first of a thread also counts its replies."""
    shown, replies = as_json(team, message), team.thread(message.channel, message.ts)
    if replies and not message.thread_ts:
        shown |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
    return shown


def on_post(team: Team, message: Message) -> list[Json]:
    """Return the events of a new message: ``message``, and ``app_mention`` where the bot is named."""
    return [*_mention(team, message), *_message(team, message, _in(message, as_json(team, message)))]


def on_edit(team: Team, message: Message, before: Json) -> list[Json]:
    """Return the events of an edit; a mention in the new text counts as a new ``app_mention``."""
    changed = {"subtype": "message_changed", "previous_message": before, "message": as_json(team, message)}
    return [*_mention(team, message), *_message(team, message, _hidden(team, message, changed))]


def on_delete(team: Team, message: Message, before: Json) -> list[Json]:
    """Return the event of a deletion: the first message of a thread changes to a tombstone instead."""
    if not message.thread_ts and team.thread(message.channel, message.ts):
        tomb = {"type": "message", "subtype": "tombstone", "hidden": True, "user": "USLACKBOT"}
        tomb |= {"text": "This message was deleted.", "ts": message.ts, "thread_ts": message.ts}
        changed = {"subtype": "message_changed", "previous_message": before, "message": tomb}
        return _message(team, message, _hidden(team, message, changed))
    deleted = {"subtype": "message_deleted", "previous_message": before, "deleted_ts": message.ts}
    return _message(team, message, _hidden(team, message, deleted))


def on_home(team: Team, user: str, channel: Channel, tab: str) -> Json:
    """Return the event of a person who opens one of the app's tabs."""
    event = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
    home = team.homes.get(user)
    shown = {"view": {"id": home.id, **deepcopy(home.data)}} if home and tab == "home" else {}
    return {**event, **shown, "event_ts": team.new_ts()}


def name(team: Team, user_id: str) -> str:
    """Return the member's name, or the id of nobody known."""
    user = team.users.get(user_id)
    return user.name if user else user_id


def _mention(team: Team, message: Message) -> list[Json]:
    channel = team.channels[message.channel]
    heard = team.bot.id in channel.members and not channel.person and "app_mentions:read" in team.scopes
    if not heard or message.user == team.bot.id or not mentions(message.text, team.bot.id):
        return []
    event = as_json(team, message)
    event.pop("subtype", None)
    return [{**event, "type": "app_mention", "channel": channel.id, "event_ts": message.ts}]


def _message(team: Team, message: Message, event: Json) -> list[Json]:
    channel = team.channels[message.channel]
    heard = team.bot.id in channel.members and f"{channel.kind}:history" in team.scopes
    return [{**event, "channel_type": channel.event_kind}] if heard else []


def _in(message: Message, event: Json) -> Json:
    return {**event, "channel": message.channel, "event_ts": message.ts}


def _hidden(team: Team, message: Message, change: Json) -> Json:
    ts = team.new_ts()
    return {"type": "message", "hidden": True, "channel": message.channel, "ts": ts, "event_ts": ts} | change


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
