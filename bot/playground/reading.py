"""The Web API's reading side: conversations.*, users.* and usergroups.*, page by page."""

from __future__ import annotations

import math
from typing import Any

from bot.playground.events import name, with_replies
from bot.playground.team import ApiError, Channel, Json, Message, Team, User, Usergroup


class Reading:
    """What the bot may look up."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def info(self, args: Json) -> Json:
        """``conversations.info``."""
        return {"channel": self._shown(self._team.channel(args.get("channel")))}

    def open(self, args: Json) -> Json:
        """``conversations.open`` with one member: the direct conversation."""
        listed = args.get("users") or []
        users = listed if isinstance(listed, list) else str(listed).split(",")
        if len(users) != 1 or users[0] not in self._team.users:
            raise ApiError("user_not_found" if users else "users_list_not_supplied")
        return {"channel": {"id": self._team.add_dm(users[0]).id}}

    def members(self, args: Json) -> Json:
        """``conversations.members``: everybody is in every channel, the bot where it was added."""
        channel = self._team.channel(args.get("channel"))
        if channel.person:
            return {"members": sorted(channel.members)} | _cursor("")
        people = [u.id for u in self._team.users.values() if u.id != self._team.bot.id]
        bot = [self._team.bot.id] if self._team.bot.id in channel.members else []
        return {"members": people + bot} | _cursor("")

    def history(self, args: Json) -> Json:
        """``conversations.history``: the top level, newest first."""
        channel = self._team.joined(args.get("channel"))
        messages = [m for m in reversed(self._team.thread(channel.id, None)) if _between(m, args)]
        shown, rest = _page(messages, args)
        return self._list(shown, args) | {"has_more": bool(rest)} | _cursor(rest)

    def replies(self, args: Json) -> Json:
        """``conversations.replies``: the first message of the thread, then its replies, oldest first."""
        channel = self._team.joined(args.get("channel"))
        found = self._team.find(channel.id, str(args.get("ts")))
        if found is None:
            raise ApiError("thread_not_found")
        replies = [m for m in self._team.thread(channel.id, found.thread_ts or found.ts) if _between(m, args)]
        first = self._team.find(channel.id, found.thread_ts) if found.thread_ts else found
        shown, rest = _page([*([first] if first else []), *replies], args)
        return self._list(shown, args) | {"has_more": bool(rest)} | _cursor(rest)

    def user(self, args: Json) -> Json:
        """``users.info``."""
        user = self._team.users.get(str(args.get("user")))
        if user is None:
            raise ApiError("user_not_found")
        return {"user": self._person(user)}

    def own_conversations(self, _args: Json) -> Json:
        """``users.conversations``: where the bot is a member."""
        mine = [c for c in self._team.channels.values() if self._team.bot.id in c.members and not c.person]
        return {"channels": [self._shown(c) for c in mine]} | _cursor("")

    def usergroups(self, _args: Json) -> Json:
        """``usergroups.list``."""
        found = [{"id": id, "handle": group.handle, "name": group.handle} for id, group in self._groups()]
        return {"usergroups": found}

    def usergroup(self, args: Json) -> Json:
        """``usergroups.users.list``."""
        for id, group in self._groups():
            if id == args.get("usergroup"):
                return {"users": list(group.members)}
        raise ApiError("no_such_subteam")

    def _groups(self) -> list[tuple[str, Usergroup]]:
        return list(self._team.usergroups.items())

    def _shown(self, channel: Channel) -> Json:
        member = self._team.bot.id in channel.members
        common = {"id": channel.id, "is_archived": False, "context_team_id": self._team.id}
        if channel.person:
            return common | {"is_im": True, "user": channel.person}
        flags = {"is_channel": not channel.private, "is_group": channel.private, "is_im": False}
        named = {"name": channel.name, "name_normalized": channel.name, "is_private": channel.private}
        return common | flags | named | {"is_member": member}

    def _person(self, user: User) -> Json:
        profile = {"real_name": user.name, "display_name": user.name}
        zone = {"tz": "Europe/Amsterdam", "tz_offset": 3600}
        names = {"name": user.name.lower(), "real_name": name(self._team, user.id)}
        return {"id": user.id, "team_id": self._team.id, "is_bot": bool(user.bot_id), "profile": profile} | (
            names | zone | {"deleted": False, "is_admin": user.admin, "is_owner": False}
        )

    def _list(self, messages: list[Message], args: Json) -> Json:
        shown = [with_replies(self._team, m) for m in messages]
        if not _flag(args, "include_all_metadata"):
            for message in shown:
                message.pop("metadata", None)
        return {"messages": shown}


def _between(message: Message, args: Json) -> bool:
    ts, inclusive = float(message.ts), _flag(args, "inclusive")
    oldest, latest = _number(args, "oldest", 0), _number(args, "latest", math.inf)
    return oldest < ts < latest or (inclusive and ts in (oldest, latest))


def _page(messages: list[Message], args: Json) -> tuple[list[Message], str]:
    """Return one page, and the cursor of the next (the ts that it begins with)."""
    limit, cursor = int(_number(args, "limit", 100)), args.get("cursor")
    if not 1 <= limit <= 999:
        raise ApiError("invalid_limit")
    start = next((i for i, m in enumerate(messages) if m.ts == cursor), None) if cursor else 0
    if start is None:
        raise ApiError("invalid_cursor")
    rest = messages[start + limit :]
    return messages[start : start + limit], rest[0].ts if rest else ""


def _flag(args: Json, name: str) -> bool:
    return str(args.get(name)).lower() in ("true", "1")


def _number(args: Json, name: str, default: float) -> float:
    try:
        return float(args.get(name) or default)
    except (TypeError, ValueError):
        raise ApiError("invalid_arguments") from None


def _cursor(cursor: str) -> dict[str, Any]:
    return {"response_metadata": {"next_cursor": cursor}}
