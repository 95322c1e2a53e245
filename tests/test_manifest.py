"""The manifest: Slack would take it, and it asks for what the listeners need and for nothing else."""

import json
from pathlib import Path

import pytest
from conftest import NOBODY
from slack_bolt import BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.actions import CHECK, CHECK_TITLE
from bot.config import Limits
from bot.listeners import COMMAND
from bot.manners import Manners
from bot.service import build_app
from bot.state import Memory

MANIFEST = json.loads((Path(__file__).parent.parent / "manifest.json").read_text("utf-8"))
FEATURES, SETTINGS = MANIFEST["features"], MANIFEST["settings"]

# What each subscribed event, and each thing that the bot does, needs.
SCOPES_OF_EVENTS = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "message.im": {"im:history"},
    # What is written below an answer, where a channel wants to be answered without a mention.
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
}
SCOPES_OF_DEEDS = {
    "chat:write",
    "commands",
    "assistant:write",
}  # posting, /column, the conversation's prompts

# From the schema that Slack publishes (slackapi/manifest-schema, 2.0.0), and its limits; agent_view, which
# is younger than that version, from Slack's manifest reference.
KEYS = {
    (): {"display_information", "features", "oauth_config", "settings"},
    ("display_information",): {"name", "description", "background_color", "long_description"},
    ("features",): {"app_home", "bot_user", "slash_commands", "shortcuts", "agent_view"},
    ("features", "app_home"): {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    ("features", "bot_user"): {"display_name", "always_online"},
    ("features", "agent_view"): {"agent_description", "suggested_prompts"},
    ("oauth_config",): {"scopes"},
    ("oauth_config", "scopes"): {"bot"},
    ("settings",): {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    ("settings", "event_subscriptions"): {"bot_events"},
    ("settings", "interactivity"): {"is_enabled"},
}


@pytest.fixture
def memory(tmp_path):
    with Memory(tmp_path / "bot.sqlite") as memory:
        yield memory


@pytest.mark.parametrize("place", KEYS)
def test_only_keys_that_the_schema_knows(place):
    part = MANIFEST
    for key in place:
        part = part[key]
    assert set(part) <= KEYS[place]


def test_texts_are_within_the_limits():
    [command] = FEATURES["slash_commands"]
    view = FEATURES["agent_view"]
    assert 0 < len(MANIFEST["display_information"]["name"]) <= 35
    assert 0 < len(MANIFEST["display_information"]["description"]) <= 140
    assert 0 < len(FEATURES["bot_user"]["display_name"]) <= 80
    assert len(view["agent_description"]) <= 300
    assert len(view["suggested_prompts"]) <= 4
    assert all(set(prompt) == {"title", "message"} for prompt in view["suggested_prompts"])
    assert set(command) == {"command", "description", "usage_hint", "should_escape"}
    assert command["command"] == COMMAND
    assert len(command["command"]) <= 32


def test_socket_mode_is_on_and_no_address_is_asked_for():
    assert SETTINGS["socket_mode_enabled"] is True
    assert "url" not in json.dumps(MANIFEST)


def test_scopes_are_those_of_the_events_and_deeds_and_no_more():
    events = SETTINGS["event_subscriptions"]["bot_events"]
    needed = SCOPES_OF_DEEDS.union(*(SCOPES_OF_EVENTS[event] for event in events))
    assert MANIFEST["oauth_config"]["scopes"]["bot"] == sorted(needed)


def test_the_shortcut_is_the_one_that_is_bound_and_within_the_limits():
    [shortcut] = FEATURES["shortcuts"]
    assert set(shortcut) == {"name", "type", "callback_id", "description"}
    assert (shortcut["type"], shortcut["callback_id"], shortcut["name"]) == ("message", CHECK, CHECK_TITLE)
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150


def test_both_tabs_are_there_and_the_conversation_can_be_written_in():
    assert FEATURES["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_buttons_are_heard():
    assert SETTINGS["interactivity"] == {"is_enabled": True}


class Remembers:
    def __init__(self):
        self.requests = []

    def put(self, request):
        self.requests.append(request)
        return True


def dispatched(event, memory):
    """Send *event* to the real app; return what it could not match, and what it kept."""
    inbox, unmatched = Remembers(), []
    identity = AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UBOT", bot_token="xoxb-1")
    app = build_app(
        WebClient(base_url="http://127.0.0.1:9/api/"),
        identity,
        inbox,
        memory,
        NOBODY,
        Manners(memory, Limits()),
    )
    app.error(lambda error: unmatched.append(error))
    body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}
    response = app.dispatch(BoltRequest(mode="socket_mode", body=body))
    return unmatched, response.status, inbox.requests


@pytest.mark.parametrize("name", SETTINGS["event_subscriptions"]["bot_events"])
def test_every_subscribed_event_has_a_listener(memory, name):
    kind, _, place = name.partition(".")
    channel_type = {"channels": "channel", "groups": "group"}.get(place, place)
    event = {
        "type": kind,
        "user": "U1",
        "channel": "D1",
        "channel_type": channel_type,
        "ts": "1.1",
        "text": "?",
    }
    unmatched, status, _ = dispatched(event, memory)
    assert (unmatched, status) == ([], 200)


def test_an_event_that_nobody_listens_to_is_seen_as_such(memory):
    unmatched, _, _ = dispatched({"type": "team_join", "user": {"id": "U1"}}, memory)
    assert len(unmatched) == 1
