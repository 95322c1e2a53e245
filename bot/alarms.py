"""What admins are told of digests and follows: what is late, refused or in doubt, and what to do. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from bot.message import escape
from bot.schedule import slot_key
from bot.state import Alarm, Digest, Follow
from index import wording

WHY = {
    "channel_not_found": "the channel is gone, or I am no longer in it",
    "not_in_channel": "I am not in it",
    "is_archived": "the channel is archived",
    "shared": "people of other organisations read along there, and its settings do not let me answer",
}


def late(digest: Digest, due: datetime, seconds: float, *, posted: bool) -> Alarm:
    """Tell that a digest is late, or came late."""
    what, after = _digest(digest, due), wording.span(seconds)
    text = f"{what} came {after} late." if posted else f"{what} has not come, {after} later. I go on trying."
    return Alarm(f"late {slot_key(digest.id, due)}", text)


def paused(digest: Digest, due: datetime, code: str) -> Alarm:
    """Tell that the digests of a channel are paused: Slack, or a setting, refuses the post."""
    return Alarm(
        f"paused {slot_key(digest.id, due)}",
        f"{_digest(digest, due)} could not be posted: {_why(code)} ({escape(code)}). The digests of that "
        "channel are paused, and nothing is lost: when somebody resumes them with `/column digest`, the next "
        "tells of everything since the last.",
    )


def failed(digest: Digest, due: datetime, code: str) -> Alarm:
    """Tell that one digest failed; what it would have told is told by the next."""
    return Alarm(
        f"failed {slot_key(digest.id, due)}",
        f"{_digest(digest, due)} could not be posted ({escape(code)}). What it would have told, the next one "
        "tells.",
    )


def unconfirmed(digest: Digest, due: datetime) -> Alarm:
    """Tell that nobody knows whether a post is there."""
    return Alarm(
        f"unconfirmed {slot_key(digest.id, due)}",
        f"I do not know whether this arrived: {_digest(digest, due)}. I may not read that channel to see, "
        "and I post nothing twice; please look there yourself.",
    )


def unscheduled(digest: Digest) -> Alarm:
    """Tell that a digest's time or zone means nothing any more."""
    return Alarm(
        f"unscheduled {digest.id} {digest.active_since}",
        f"The time or zone of a digest of {place(digest.channel)} is none that this machine knows, so it is "
        "never due. Please set it again with `/column digest`.",
    )


def follow(kept: Follow, key: str, code: str) -> Alarm:
    """Tell that a post for those who follow somebody is refused, or in doubt."""
    name = escape(wording.clip(kept.name))
    return Alarm(
        f"follow {key}",
        f"Where “{name}” is followed, in {place(kept.place)}, a post did not get through: {_why(code)} "
        f"({escape(code)}). `/column following` shows there what is paused.",
    )


def place(channel: str) -> str:
    """Return what Slack shows as the channel's name; what is no channel's id is not shown."""
    if re.fullmatch(r"[CG][A-Z0-9]{2,20}", channel):
        return f"<#{channel}>"
    return "a direct conversation" if channel.startswith("D") else "a channel"


def _digest(digest: Digest, due: datetime) -> str:
    at = f"{wording.day(due.date())}, {due:%H:%M} ({digest.zone})"
    return f"The digest of {place(digest.channel)} that was due on {at}"


def _why(code: str) -> str:
    return WHY.get(code, "Slack does not let me")
