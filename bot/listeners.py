"""
What the bot listens to: a question is written to the inbox and acknowledged; all else is acknowledged.

Promises: nothing is answered here, so an ack never waits for a model; no question is acknowledged before it
is on disk; the bot never answers a bot, nor the same message twice, nor one that was not meant for it.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError

from bot.again import register_again
from bot.choices import register_choices
from bot.conversation import is_meant, says_stop
from bot.groups import Groups
from bot.message import help_message
from bot.state import Edited, Inbox, Kind, Memory, Request

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

COMMAND = "/column"
# A message with a file and one that is also sent to the channel are still a person's question.
CHANNELS = ("channel", "group")
SUBTYPES = (None, "file_share", "thread_broadcast")


# By their words, the commands that open a modal, which is done at once: a trigger id lives for 3 s only.
Openers = Mapping[str, Callable[[Body, Callable[..., Any]], None]]


def register(app: App, inbox: Inbox, memory: Memory, groups: Groups, openers: Openers) -> None:
    """Bind what people write to *app*; questions go to *inbox*, what people decide to *memory*."""
    keep = Desk(inbox, memory, groups)
    register_questions(app, keep)
    register_messages(app, keep)
    register_command(app, keep, openers)
    register_choices(app, inbox, memory)
    register_again(app, inbox)
    register_rest(app)


class Desk:
    """Where what people write is taken in."""

    def __init__(self, inbox: Inbox, memory: Memory, groups: Groups) -> None:
        self._inbox, self._memory, self._groups = inbox, memory, groups

    def question(self, request: Request | None) -> None:
        """Keep a question, unless there is none."""
        if request is not None:
            new = self._inbox.put(request)
            ids = {"kind": request.kind, "team": request.team, "channel": request.channel}
            log.info("received" if new else "known already", extra=ids)

    def mention(self, request: Request, *, edited: bool) -> None:
        """Keep a question that mentions the bot; one that was edited may be known in other words."""
        if edited and self.edit(request):
            return
        if request.thread_ts:
            stop = says_stop(request.text)
            (self._memory.threads.mute if stop else self._memory.threads.unmute)(
                request.channel, request.thread_ts
            )
        self.question(request)

    def edit(self, request: Request) -> bool:
        """
        Let a question that waits be asked in its new words; return whether the question was known.

        Of an answered question, the asker is told, once, that it is not answered again.
        """
        outcome = self._inbox.edit(request.team, request.channel, request.ts or "", request.text)
        if outcome is Edited.TOO_LATE:
            note = f"edit {request.team} {request.channel} {request.ts}"
            below = request.reply_thread
            self.question(replace(request, kind=Kind.EDIT, key=note, text="", ts=None, thread_ts=below))
        return outcome is not Edited.UNKNOWN

    def deletion(self, team: str, channel: str, ts: str) -> None:
        """Drop the question in a message that was deleted, if it still waits."""
        if self._inbox.drop(team, channel, ts):
            log.info("dropped", extra={"team": team, "channel": channel})

    def note(self, body: Body) -> None:
        """Write down whether people of other organisations are in the channel that *body* comes from."""
        channel = body["event"].get("channel")
        if channel and "is_ext_shared_channel" in body:
            self._memory.channels.note_shared(channel, shared=bool(body["is_ext_shared_channel"]))

    def talk(self, request: Request) -> None:
        """Keep what is written below an answer without a mention, where the channel wants that."""
        channel, thread = request.channel, request.thread_ts or ""
        chosen = self._memory.channels.load(channel)
        if not chosen.answer_without_mention or not chosen.lets_ask(request.user, self._groups.hold):
            return
        if self._memory.channels.refuses_shared(channel):
            return  # who mentions the bot is told why
        if self._memory.threads.is_muted(channel, thread):
            return
        if not self._memory.answers.of_thread(channel, thread, 1):
            return
        if says_stop(request.text):
            self._memory.threads.mute(channel, thread)
            self.question(request)
        elif is_meant(request.text):
            self.question(request)


def register_questions(app: App, desk: Desk) -> None:
    """Bind what mentions the bot."""

    @app.event("app_mention")
    def mention(body: Body, context: BoltContext) -> None:
        desk.note(body)
        if request := read_mention(body, context.bot_user_id):
            desk.mention(request, edited="edited" in body["event"])


def register_messages(app: App, desk: Desk) -> None:
    """Bind what is written to the bot itself, below its answers, and what becomes of either."""

    @app.event("message")
    def message(body: Body, context: BoltContext) -> None:
        event = body["event"]
        desk.note(body)
        if event.get("subtype") == "message_deleted":
            desk.deletion(body["team_id"], event["channel"], event["deleted_ts"])
        elif event.get("subtype") == "message_changed":
            if request := read_edit(body, context.bot_user_id):
                desk.edit(request)
        elif request := read_talk(body, context.bot_user_id):
            desk.talk(request)
        else:
            desk.question(read_direct_message(body, context.bot_user_id))


def register_command(app: App, desk: Desk, openers: Openers) -> None:
    """Bind the slash command."""

    def word(body: Body) -> str:
        return str(body.get("text") or "").strip().casefold()

    def command(body: Body, ack: Ack, context: BoltContext) -> None:
        request = read_command(body, context.bot_user_id)
        if not request.text.strip():
            ack(text=help_message().text, response_type="ephemeral")
            return
        if word(body) not in openers:
            desk.question(request)
        ack()

    def opened(body: Body, respond: Callable[..., Any]) -> None:
        if opener := openers.get(word(body)):
            opener(body, respond)

    app.command(COMMAND)(ack=command, lazy=[opened])


def register_rest(app: App) -> None:
    """Bind what is acknowledged and no more."""

    @app.error
    def failed(error: Exception) -> BoltResponse:
        return acknowledge_unknown(error)


def acknowledge_unknown(error: Exception) -> BoltResponse:
    """Acknowledge what no listener wants; leave a failure unacknowledged, so that Slack sends it again."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200)
    log.error("listener failed", exc_info=error)
    return BoltResponse(status=500)


def read_mention(body: Body, bot_user_id: str | None) -> Request | None:
    """Read an ``app_mention``, first sent or edited; None unless a person wrote it."""
    event = body["event"]
    return _request(Kind.MENTION, body, bot_user_id) if _from_a_person(event) else None


def read_direct_message(body: Body, bot_user_id: str | None) -> Request | None:
    """Read a ``message``; None unless a person wrote it to the bot itself."""
    event = body["event"]
    if event.get("channel_type") != "im" or not _from_a_person(event):
        return None
    return _request(Kind.DM, body, bot_user_id)


def read_talk(body: Body, bot_user_id: str | None) -> Request | None:
    """Read a ``message`` in a channel's thread; None where it mentions somebody, or no person wrote it."""
    event = body["event"]
    if event.get("channel_type") not in CHANNELS or not event.get("thread_ts") or not _from_a_person(event):
        return None
    if re.search(r"<(?:@|!subteam|!here|!channel|!everyone)", event.get("text") or ""):
        return None  # meant for that person; a mention of the bot comes as one
    return _request(Kind.FOLLOW_UP, body, bot_user_id)


def read_edit(body: Body, bot_user_id: str | None) -> Request | None:
    """Read what a ``message_changed`` made of a message; None where no person wrote what is there."""
    event, changed = body["event"], body["event"].get("message") or {}
    if not _from_a_person(changed):
        return None  # a tombstone stands for a thread's first message
    kind = Kind.DM if event.get("channel_type") == "im" else Kind.MENTION
    return _request(kind, {**body, "event": {**changed, "channel": event["channel"]}}, bot_user_id)


def read_command(body: Body, bot_user_id: str | None) -> Request:
    """Read a slash command."""
    return Request(
        kind=Kind.COMMAND,
        key=body["trigger_id"],
        team=body["team_id"],
        channel=body["channel_id"],
        user=body["user_id"],
        text=plain(body.get("text") or "", bot_user_id),
        response_url=body["response_url"],
    )


def plain(text: str, bot_user_id: str | None) -> str:
    """Turn Slack's markup into what the person typed, the mention of the bot left out."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)  # half a character, which no file takes
    if bot_user_id:
        text = re.sub(rf"<@{re.escape(bot_user_id)}(\|[^<>]*)?>", " ", text)
    # A command's text may hold any number of bare "<": none is looked at twice.
    text = re.sub(r"<([#@!]?)([^|<>]*)(?:\|([^<>]*))?>", _typed, text)
    return " ".join(html.unescape(text).split())


def _typed(markup: re.Match[str]) -> str:
    sign, target, label = markup.groups()
    sign = "@" if sign == "!" else sign
    return f"{sign}{(label or target).removeprefix(sign)}"


def _request(kind: Kind, body: Body, bot_user_id: str | None) -> Request:
    event = body["event"]
    return Request(
        kind=kind,
        key=body["event_id"],
        team=body["team_id"],
        channel=event["channel"],
        user=event["user"],
        text=plain(event.get("text") or "", bot_user_id),
        ts=event["ts"],
        thread_ts=event.get("thread_ts"),
    )


def _from_a_person(event: Body) -> bool:
    return bool(event.get("user")) and not event.get("bot_id") and event.get("subtype") in SUBTYPES
