"""
The commands that follow people: a channel or direct conversation is told when the column quotes them.

Promises: a name is followed as the column has it; where more than one person is called so, nobody is guessed
at; a channel that the bot cannot post in is told so when it follows, not when it waits in vain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.again import namesakes
from bot.commands import Call, Command, alone
from bot.message import Message, escape, literal
from bot.state import Follow
from bot.state.follows import MOST_FOLLOWS
from index import wording

NAMED = 6  # words of a name
_MANNER = re.compile(r"(?P<name>.+?)(?:\s+(?P<manner>at once|in the digest))?", re.I)
NOT_HERE = Message(
    text="I cannot post here: invite me to this channel first (`/invite`), or give this command in a direct "
    "message to me."
)

# Returns Slack's code why the bot cannot be in a conversation, or "".
WhyNot = Callable[[str], str]


def follows(why_not: WhyNot) -> Mapping[str, Command]:
    """Return the commands; *why_not* says where the bot cannot post."""

    def follow(call: Call) -> Message:
        return begin(call, why_not)

    return {
        "follow": Command(
            usage="follow NAME",
            does="tells here when the column quotes somebody, with the digest; `at once` may follow.",
            run=follow,
            meant=_means_name,
        ),
        "unfollow": Command(usage="unfollow NAME", does="ends that.", run=end, meant=_means_name),
        "following": Command(usage="following", does="lists who is followed here.", run=listed, meant=alone),
    }


def begin(call: Call, why_not: WhyNot) -> Message:
    """Follow whom the command names; where several people are called so, ask which."""
    name, at_once = _read(call)
    here, memory = call.request.channel, call.memory.follows
    people = [p for p in call.column.find(name) if p.speakers]
    if len(people) > 1:
        return namesakes(name, people, "follow")
    known = people[0].name if people else name
    if len(memory.of(here)) >= MOST_FOLLOWS:
        return literal(f"{MOST_FOLLOWS} people are followed here, and more I do not keep: /column following")
    if why_not(here):
        return NOT_HERE
    new = memory.begin(here, known, call.request.user, at_once=at_once)
    called = wording.clip(known)
    how = "with the digest" if _is_batched(call, at_once) else "as soon as a new article does"
    text = f"{called} is {'followed here from now on' if new else 'followed here already'}: "
    text += f"I tell it here when the column quotes them, {how}. A mention alone does not count."
    if not people:
        text += " Nobody of this name is quoted in the column so far; I follow the name as you wrote it."
    return literal(text)


def end(call: Call) -> Message:
    """Follow somebody no longer."""
    name, _ = _read(call)
    known = [p.name for p in call.column.find(name) if p.speakers]
    called = wording.clip(name)
    if any(call.memory.follows.end(call.request.channel, each) for each in dict.fromkeys([name, *known])):
        return literal(f"{called} is no longer followed here.")
    return literal(f"{called} is not followed here. Who is: /column following")


def listed(call: Call) -> Message:
    """List who is followed here."""
    found = call.memory.follows.of(call.request.channel)
    if not found:
        return literal("Nobody is followed here. To follow somebody: /column follow NAME")
    lines = [f"{wording.clip(f.name)}: {_how(call, f)}" for f in found]
    head = "Followed here, and told of when the column quotes them:"
    return Message(text="\n".join([head, *(f"• {escape(wording.cut(line, 150))}" for line in lines)])[:3_900])


def _how(call: Call, follow: Follow) -> str:
    if follow.paused_why:
        return f"paused, for I could not post here ({follow.paused_why}); follow anew to go on"
    return "with the digest" if _is_batched(call, follow.at_once) else "at once"


def _is_batched(call: Call, at_once: bool) -> bool:
    return not at_once and bool(call.memory.digests.of(call.request.channel))


def _read(call: Call) -> tuple[str, bool]:
    found = _MANNER.fullmatch(call.rest)
    if found is None:
        return call.rest, False
    return found["name"].strip(" “”\"'@"), (found["manner"] or "").casefold() == "at once"


def _means_name(rest: str) -> bool:
    found = _MANNER.fullmatch(rest)
    return bool(found) and "?" not in rest and 0 < len(found["name"].split()) <= NAMED if found else False
