"""
How a message reaches Slack, and how to find out whether it did.

Every call ends in one of four ways: it is there, Slack refused it, it was not sent, or nobody knows. The
client repeats a call only when Slack says that it did not take it (429): the SDK's other retries post twice.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.client import Client, Pauses, certificates, of_status, outcome
from bot.message import Message
from bot.state import Kind, Request
from bot.vitals import CallOutcome, Vitals

# The mark on our messages by which one is found again.
EVENT_TYPE = "pullquote_answer"
# Failures inside Slack, after which the message may have been kept all the same.
DOUBTFUL = ("internal_error", "fatal_error", "service_unavailable")
# These concern the bot, not the question; with the next token it can be answered.
TOKEN_TROUBLE = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")
# The bot is not where it is to post, or may not post there.
GONE = (
    *("channel_not_found", "not_in_channel", "is_archived", "restricted_action", "no_permission"),
    *("restricted_action_read_only_channel", "restricted_action_thread_locked", "access_denied"),
)
PATIENCE = 10  # seconds for one call
PAGES = 10  # of 100 messages
RESPONSE = "response_url"  # what a call to one is counted as


class RefusedError(Exception):
    """Slack said no: the message is not there and never will be. The text is Slack's error code."""


class LaterError(Exception):
    """Nothing was sent, and it is worth trying again after *seconds*."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class DoubtError(Exception):
    """The call was cut off: the message may be there or not."""


class UnreadableError(Exception):
    """The conversation may not be read, so nobody can say whether the message is there."""


class Poster:
    """Posts to one workspace. Safe to share among threads."""

    def __init__(self, client: WebClient, vitals: Vitals | None = None) -> None:
        self._client, self._vitals = client, vitals or Vitals()

    def post(self, id: str, request: Request, message: Message) -> str | None:
        """
        Send *message* as the answer to *request*; return its ts, None for a command's answer.

        Raises:
            RefusedError, LaterError, DoubtError: As their docstrings say.
        """
        if request.whispered:
            self.whisper(request, message)
            return None
        return self.publish(id, request.channel, message, request.reply_thread)

    def publish(self, id: str, channel: str, message: Message, thread_ts: str | None = None) -> str:
        """Post *message*, which shows the answer *id*, for all in a channel; raises what ``post`` raises."""
        response = _call(
            lambda: self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"id": id}},
                unfurl_links=False,
                unfurl_media=False,
                **_content(message),
            )
        )
        return str(response["ts"])

    def tell(self, place: str, message: Message) -> tuple[str, str]:
        """
        Post *message* in a channel, or to a person by their id; return channel and ts, by which to `edit` it.

        Raises what ``post`` raises.
        """
        response = _call(
            lambda: self._client.chat_postMessage(
                channel=place, unfurl_links=False, unfurl_media=False, **_content(message)
            )
        )
        return str(response["channel"]), str(response["ts"])

    def edit(self, channel: str, ts: str, message: Message) -> None:
        """Let our message be *message* from now on. Raises what ``post`` raises."""
        _call(lambda: self._client.chat_update(channel=channel, ts=ts, **_content(message)))

    def whisper(self, request: Request, message: Message) -> None:
        """Show *message* to the asker only; raises what ``post`` raises."""
        content = _private(message, replace=request.kind is Kind.CLICK)
        if request.response_url and self._respond(request.response_url, content):
            return
        _call(
            lambda: self._client.chat_postEphemeral(
                channel=request.channel, user=request.user, thread_ts=request.thread_ts, **_content(message)
            )
        )

    def delete(self, channel: str, ts: str) -> None:
        """Take our message away; one that is gone is no failure. Raises what ``post`` raises."""
        try:
            _call(lambda: self._client.chat_delete(channel=channel, ts=ts))
        except RefusedError as error:
            if str(error) != "message_not_found":
                raise

    def hide(self, response_url: str) -> None:
        """Take away the message that only one person sees, by the URL that came with a click on it."""
        if not self._respond(response_url, {"delete_original": True}):
            raise RefusedError("response_url")

    def open(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a modal, within 3 s of the click; return its id. Raises what ``post`` raises."""
        response = _call(lambda: self._client.views_open(trigger_id=trigger_id, view=view))
        return str(response["view"]["id"])

    def home(self, user: str, view: dict[str, Any]) -> None:
        """Put *view* in somebody's Home tab. Raises what ``post`` raises."""
        _call(lambda: self._client.views_publish(user_id=user, view=view))

    def suggest(self, channel: str, prompts: list[dict[str, str]]) -> None:
        """
        Suggest *prompts* in a conversation with the bot. Raises what ``post`` raises.

        There is no thread_ts: with one, Slack takes the call and shows nothing.
        """
        _call(lambda: self._client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts))

    def push(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a modal on top of the one that was clicked in; return its id. Raises what ``post`` raises."""
        response = _call(lambda: self._client.views_push(trigger_id=trigger_id, view=view))
        return str(response["view"]["id"])

    def why_not(self, channel: str) -> str:
        """Return Slack's code why the bot cannot be in *channel*, or "": also where Slack does not tell."""
        try:
            _call(lambda: self._client.conversations_history(channel=channel, limit=1))
        except RefusedError as error:
            return str(error) if str(error) in GONE else ""
        except (LaterError, DoubtError):
            return ""
        return ""

    def change(self, view_id: str, view: dict[str, Any]) -> None:
        """Put *view* in the place of an open modal; one that was closed meanwhile is no failure."""
        try:
            _call(lambda: self._client.views_update(view_id=view_id, view=view))
        except RefusedError as error:
            if str(error) != "not_found":
                raise

    def find(self, id: str, request: Request) -> str | None:
        """
        Return the ts of the message that answers *request*, or None when it is not there.

        Raises:
            UnreadableError: If the conversation may not be read, or keeps no such messages.
            LaterError: If it cannot be read now.
        """
        if request.whispered:
            raise UnreadableError("an answer that only one person sees is in no history")
        return self.search(id, request.channel, request.ts, request.reply_thread)

    def search(self, id: str, channel: str, oldest: str | None, thread_ts: str | None = None) -> str | None:
        """
        Return the ts of our message with this *id* in *channel* or a thread; raises what ``find`` raises.

        *oldest* is a ts from which on it may stand there. A conversation that grew longer than PAGES since
        then counts as unreadable: not to have seen it is no proof that it is not there.
        """
        where: dict[str, Any] = {"channel": channel, "oldest": oldest, "include_all_metadata": True}
        read: Callable[..., SlackResponse] = self._client.conversations_history
        if thread_ts:
            read = self._client.conversations_replies
            where["ts"] = thread_ts
        try:
            for _ in range(PAGES):
                page = _call(lambda: read(**where, limit=100))
                if ts := next((str(m["ts"]) for m in page["messages"] if _is_marked(m, id)), None):
                    return ts
                where["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
                if not where["cursor"]:
                    return None
        except RefusedError as error:
            raise UnreadableError(str(error)) from error
        except DoubtError as error:
            raise LaterError(PATIENCE) from error
        raise UnreadableError("too long")

    def _respond(self, url: str, content: dict[str, Any]) -> bool:
        """Send through the response URL of a command or click; False when it is used up or too old."""
        client = WebhookClient(
            url,
            timeout=PATIENCE,
            ssl=certificates(url),
            retry_handlers=[Pauses(self._vitals, RESPONSE)],
        )
        client.proxy = self._client.proxy
        try:
            response = client.send_dict(content)
        except (OSError, HTTPException) as error:
            self._vitals.called(RESPONSE, outcome(error))
            raise _cut_off(error) from error
        taken = response.status_code == 200 and not _refuses(response.body)
        self._vitals.called(RESPONSE, CallOutcome.OK if taken else of_status(response.status_code))
        if response.status_code == 429:
            raise LaterError(_retry_after(response.headers))
        if response.status_code >= 500:
            raise DoubtError(f"status {response.status_code}")
        return taken


def posting_client(
    token: str, api_url: str, *, direct: bool = False, vitals: Vitals | None = None, patient: bool = True
) -> WebClient:
    """
    Return a client that never posts twice of its own accord, and tells *vitals* of its calls.

    *direct* keeps it from going through the proxy that the environment names, which the SDK would use
    even for this machine's own addresses. One that is *patient* waits when Slack asks for a pause.
    """
    pauses = [Pauses(vitals)] if patient else []
    client = Client(token=token, base_url=api_url, timeout=PATIENCE, retry_handlers=[*pauses], vitals=vitals)
    if direct:
        client.proxy = None
    return client


def _is_marked(message: Mapping[str, Any], id: str) -> bool:
    mark = message.get("metadata") or {}
    return mark.get("event_type") == EVENT_TYPE and mark.get("event_payload") == {"id": id}


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, **({"blocks": list(message.blocks)} if message.blocks else {})}


def _private(message: Message, *, replace: bool) -> dict[str, Any]:
    own = {"response_type": "ephemeral", "replace_original": replace, "unfurl_links": False}
    return own | _content(message)


def _refuses(body: str) -> bool:
    """Tell a refusal under status 200; a confirmation is a bare "ok" or a JSON object."""
    try:
        return json.loads(body).get("ok") is False
    except (ValueError, AttributeError):
        return False


def _call(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make one call, and say of a failure which of the kinds it is."""
    try:
        return call()
    except SlackApiError as error:
        raise _failed(error.response) from error
    except (OSError, HTTPException) as error:
        raise _cut_off(error) from error


def _failed(response: SlackResponse) -> Exception:
    code = str(response.get("error", ""))
    if response.status_code == 429 or code == "ratelimited":
        return LaterError(_retry_after(response.headers))
    if code in TOKEN_TROUBLE:
        return LaterError(60)
    if response.status_code >= 500 or code in DOUBTFUL or not code.replace("_", "").isalnum():
        return DoubtError(f"status {response.status_code}")
    return RefusedError(code)


def _cut_off(error: Exception) -> Exception:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)):
        return LaterError(5)
    return DoubtError(type(reason).__name__)


def _retry_after(headers: dict[str, Any]) -> float:
    value = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return float(value) if str(value).isdigit() else 30.0
