"""
What the bot listens to: a question is written to the inbox and acknowledged; all else is acknowledged.

Promises: nothing is answered here, so an ack never waits for a model; no question is acknowledged before it
is on disk; the bot never answers a bot, nor the same message twice, nor one that was not meant for it.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Mapping
from typing import Any, Protocol

from slack_bolt import Ack, App, BoltContext, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError

from bot.message import help_message, wants_help
from bot.state import Kind, Request

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

COMMAND = "/column"
# A message with a file and one that is also sent to the channel are still a person's question.
SUBTYPES = (None, "file_share", "thread_broadcast")


class Keeps(Protocol):
    """What a listener needs of the inbox."""

    def put(self, request: Request) -> bool:
        """Keep *request*; return whether it was new."""


def register(app: App, inbox: Keeps) -> None:
    """Bind every listener to *app*; questions go to *inbox*."""

    def keep(request: Request | None) -> None:
        if request is not None:
            new = inbox.put(request)
            ids = {"kind": request.kind, "team": request.team, "channel": request.channel}
            log.info("received" if new else "known already", extra=ids)

    @app.event("app_mention")
    def mention(body: Body, context: BoltContext) -> None:
        keep(read_mention(body, context.bot_user_id))

    @app.event("message")
    def direct_message(body: Body, context: BoltContext) -> None:
        keep(read_direct_message(body, context.bot_user_id))

    @app.event("app_home_opened")
    def home() -> None:
        """The conversation opens with the prompts of the manifest; nothing else is shown there."""

    @app.command(COMMAND)
    def command(body: Body, ack: Ack, context: BoltContext) -> None:
        request = read_command(body, context.bot_user_id)
        if wants_help(request.text):
            ack(text=help_message().text, response_type="ephemeral")
            return
        keep(request)
        ack()

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
    if bot_user_id:
        text = re.sub(rf"<@{re.escape(bot_user_id)}(\|[^>]*)?>", " ", text)
    text = re.sub(r"<([#@!]?)([^|>]*)(?:\|([^>]*))?>", _typed, text)
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
