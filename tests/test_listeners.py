"""Listeners: what becomes a question, what is ignored, and that a question is kept before the ack."""

import json

import pytest
from conftest import NOBODY
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.config import Limits
from bot.listeners import plain, read_command, read_direct_message, read_mention
from bot.manners import Manners
from bot.message import HELP
from bot.service import build_app
from bot.state import Kind, Memory, Request

EVENT = {
    "type": "app_mention",
    "user": "U1",
    "text": "<@UBOT> what did <@U2|Jane> say?",
    "ts": "1.1",
    "channel": "C1",
}
DM = {"type": "message", "user": "U1", "text": "gulls?", "ts": "1.1", "channel": "D1", "channel_type": "im"}
COMMAND = {
    "command": "/column",
    "trigger_id": "9.9.x",
    "team_id": "T1",
    "channel_id": "C1",
    "user_id": "U1",
    "text": "gulls &amp; ships?",
    "response_url": "https://hooks.example/1",
}


def body(event, **changes):
    return {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": "Ev1",
        "event": {key: value for key, value in {**event, **changes}.items() if value is not None},
    }


def test_a_mention_becomes_a_question_with_all_its_ids():
    assert read_mention(body(EVENT, thread_ts="1.0"), "UBOT") == Request(
        kind=Kind.MENTION,
        key="Ev1",
        team="T1",
        channel="C1",
        user="U1",
        text="what did @Jane say?",
        ts="1.1",
        thread_ts="1.0",
    )


def test_a_direct_message_becomes_a_question():
    request = read_direct_message(body(DM), "UBOT")
    assert (request.kind, request.text, request.reply_thread) == (Kind.DM, "gulls?", None)


def test_a_command_becomes_a_question():
    assert read_command(COMMAND, "UBOT") == Request(
        kind=Kind.COMMAND,
        key="9.9.x",
        team="T1",
        channel="C1",
        user="U1",
        text="gulls & ships?",
        response_url="https://hooks.example/1",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B2"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "a_subtype_of_next_year"},
        {"user": None},
    ],
)
def test_bots_and_unknown_subtypes_are_ignored(changes):
    assert read_mention(body(EVENT, **changes), "UBOT") is None
    assert read_direct_message(body(DM, **changes), "UBOT") is None


@pytest.mark.parametrize("channel_type", ["channel", "group", "mpim", "app_home", None])
def test_messages_that_were_not_written_to_the_bot_are_ignored(channel_type):
    assert read_direct_message(body(DM, channel_type=channel_type), "UBOT") is None


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_message_with_a_file_or_sent_to_the_channel_too_is_a_question(subtype):
    assert read_direct_message(body(DM, subtype=subtype), "UBOT") is not None


@pytest.mark.parametrize(
    ("slack", "typed"),
    [
        ("<@UBOT> hello", "hello"),
        ("hello <@UBOT|pullquote>, you", "hello , you"),
        ("<@U2> said", "@U2 said"),
        ("in <#C9|general>", "in #general"),
        ("<https://a.example/x?a=1&amp;b=2|a.example>", "a.example"),
        ("<https://a.example/>", "https://a.example/"),
        ("<!here> <!subteam^S1|@desk>", "@here @desk"),
        ("1 &lt; 2 &amp;amp; 3", "1 < 2 &amp; 3"),
        (" a\n\tb ", "a b"),
        ("", ""),
    ],
)
def test_markup_becomes_what_was_typed(slack, typed):
    assert plain(slack, "UBOT") == typed


@given(st.text())
def test_what_a_person_types_comes_out_as_typed_but_for_white_space(typed):
    sent = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain(sent, "UBOT").split() == typed.split()


class Keeping:
    """Keeps requests, or fails as a full disk would."""

    def __init__(self, full=False):
        self.requests, self.full = [], full

    def put(self, request):
        if self.full:
            raise OSError("disk full")
        self.requests.append(request)
        return True


@pytest.fixture
def send(tmp_path):
    """Send a body to the real app, with a memory on disk."""
    identity = AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UBOT", bot_token="xoxb-1")
    with Memory(tmp_path / "bot.sqlite") as memory:

        def send(inbox, sent, headers=None):
            app = build_app(
                WebClient(base_url="http://127.0.0.1:9/api/"),
                identity,
                inbox,
                memory,
                NOBODY,
                Manners(memory, Limits()),
            )
            return app.dispatch(BoltRequest(mode="socket_mode", body=sent, headers=headers))

        yield send


@pytest.mark.parametrize("sent", [body(EVENT), body(DM), COMMAND])
def test_a_question_is_kept_and_then_acknowledged(send, sent):
    inbox = Keeping()
    assert send(inbox, sent).status == 200
    assert len(inbox.requests) == 1


@pytest.mark.parametrize("sent", [body(EVENT), body(DM), COMMAND])
def test_a_question_that_could_not_be_kept_is_not_acknowledged(send, sent):
    assert send(Keeping(full=True), sent).status == 500


@pytest.mark.parametrize("number", ["0", "1"])
def test_a_retry_header_is_no_reason_to_drop_a_question(send, number):
    inbox = Keeping()
    send(inbox, body(EVENT), {"x-slack-retry-num": [number]})
    assert len(inbox.requests) == 1


@pytest.mark.parametrize("text", ["", " ", "  \n "])
def test_an_empty_command_is_answered_in_its_acknowledgement(send, text):
    inbox = Keeping()
    response = send(inbox, {**COMMAND, "text": text})
    assert json.loads(response.body) == {"text": HELP, "response_type": "ephemeral"}
    assert inbox.requests == []


@pytest.mark.parametrize(
    "sent",
    [
        body({"type": "team_join", "user": {"id": "U1"}}),
        {**COMMAND, "command": "/unknown"},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "a", "type": "button"}]},
        {"type": "message_action", "callback_id": "c", "user": {"id": "U1"}},
        {"type": "view_submission", "view": {"callback_id": "c", "type": "modal"}, "user": {"id": "U1"}},
    ],
)
def test_what_nobody_listens_to_is_acknowledged(send, sent):
    inbox = Keeping()
    assert (send(inbox, sent).status, inbox.requests) == (200, [])
