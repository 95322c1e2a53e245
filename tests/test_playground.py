"""The Web API of the loopback workspace behaves as Slack's, to Slack's own client library."""

import json
import threading
from http.client import RemoteDisconnected
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import playground_app
import pytest
from playground_app import QUICK, refusal
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.playground import faults
from bot.playground.team import SCOPES
from bot.playground.workspace import LoopbackError, Workspace

workspace, ada, general = playground_app.workspace, playground_app.ada, playground_app.general
client, app = playground_app.client, playground_app.app


def test_it_listens_on_loopback_only():
    with pytest.raises(LoopbackError, match=r"127\.0\.0\.1 only, not on 0\.0\.0\.0"):
        Workspace.start(host="0.0.0.0")


def test_it_never_runs_beside_real_tokens():
    with pytest.raises(LoopbackError, match=r"\(SLACK_APP_TOKEN, SLACK_BOT_TOKEN\)") as refused:
        Workspace.start(
            environ={"SLACK_BOT_TOKEN": "xoxb-1-2-abc", "SLACK_APP_TOKEN": "xapp-1-A-b", "HOME": "/"}
        )
    assert "abc" not in str(refused.value)
    Workspace.start(environ={"SLACK_BOT_TOKEN": "xoxb-loopback-1"}).close()


def test_a_port_that_is_taken_is_named(workspace):
    port = int(workspace.api_url.split(":")[2].split("/")[0])
    with pytest.raises(LoopbackError, match=f"Port {port} of 127.0.0.1 is not free"):
        Workspace.start(port=port)


def test_its_own_tokens_are_marked(workspace):
    assert workspace.bot_token.startswith("xoxb-loopback-")
    assert workspace.app_token.startswith("xapp-loopback-")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-another", "invalid_auth"), ("app", "not_allowed_token_type"), ("bot", None)],
)
def test_the_token_is_checked(workspace, token, error):
    tokens = {"app": workspace.app_token, "bot": workspace.bot_token}
    client = WebClient(tokens.get(token, token), base_url=workspace.api_url)
    if error:
        assert refusal(client.auth_test) == error
    else:
        assert client.auth_test()["user_id"] == workspace.bot_user_id


def test_sockets_are_opened_with_the_app_s_token_only(workspace, client):
    assert refusal(client.apps_connections_open, app_token=workspace.bot_token) == "not_allowed_token_type"


def test_an_unknown_method_is_named(client):
    with pytest.raises(SlackApiError) as refused:
        client.api_call("chat.shout")
    assert refused.value.response.data == {"ok": False, "error": "unknown_method", "req_method": "chat.shout"}


def test_scopes_are_checked_by_the_kind_of_channel():
    with Workspace.start(timing=QUICK, scopes=SCOPES - {"channels:history", "reactions:write"}) as workspace:
        client = WebClient(workspace.bot_token, base_url=workspace.api_url)
        ts = workspace.post(workspace.user("Ada"), workspace.channel("general"), "hello")
        assert refusal(client.conversations_history, channel=workspace.channel("general")) == "missing_scope"
        assert (
            client.conversations_history(channel=workspace.channel("board", private=True))["messages"] == []
        )
        error = refusal(client.reactions_add, channel=workspace.channel("general"), timestamp=ts, name="eyes")
        assert error == "missing_scope"


def test_calls_are_kept_without_the_token(workspace, client, general):
    client.chat_postMessage(channel=general, text="hello")
    form = {"token": workspace.bot_token, "channel": general, "text": "form"}
    urlopen(workspace.api_url + "chat.postMessage", urlencode(form).encode()).close()
    client.api_call("chat.postMessage", data={"channel": general, "text": "also a form"}, files={})
    assert [call.args for call in workspace.calls("chat.postMessage")] == [
        {"channel": general, "text": "hello"},
        {"channel": general, "text": "form"},
        {"channel": general, "text": "also a form"},
    ]
    assert workspace.bot_token not in repr(workspace.calls())


def test_structures_arrive_alike_as_json_and_as_form(workspace, client, general):
    blocks = [{"type": "divider", "block_id": "b"}]
    client.chat_postMessage(channel=general, text="json", blocks=blocks)
    client.api_call(
        "chat.postMessage", params={"channel": general, "text": "form", "blocks": json.dumps(blocks)}
    )
    assert [m.blocks for m in workspace.messages(general)] == [blocks, blocks]
    wrong = {"channel": general, "text": "form", "blocks": "[{"}
    assert refusal(client.api_call, "chat.postMessage", params=wrong) == "invalid_blocks"


# Messages


def test_a_message_is_posted_changed_and_deleted(workspace, client, general):
    posted = client.chat_postMessage(channel=general, text="one", blocks=[{"type": "divider"}])
    client.chat_update(channel=general, ts=posted["ts"], text="two")
    message = workspace.message(general, posted["ts"])
    assert (message.text, message.blocks, message.earlier[0][0]) == ("two", [], "one")
    client.chat_delete(channel=general, ts=posted["ts"])
    assert workspace.messages(general) == []
    assert refusal(client.chat_update, channel=general, ts=posted["ts"], text="three") == "message_not_found"


def test_other_people_s_messages_are_not_the_bot_s_to_change(workspace, client, ada, general):
    ts = workspace.post(ada, general, "mine")
    assert refusal(client.chat_update, channel=general, ts=ts, text="yours") == "cant_update_message"
    assert refusal(client.chat_delete, channel=general, ts=ts) == "cant_delete_message"


def test_the_bot_posts_only_where_it_is(workspace, client):
    assert refusal(client.chat_postMessage, channel="C404", text="x") == "channel_not_found"
    outside = workspace.channel("random", member=False)
    assert refusal(client.chat_postMessage, channel=outside, text="x") == "not_in_channel"
    hidden = workspace.channel("board", private=True, member=False)
    assert refusal(client.chat_postMessage, channel=hidden, text="x") == "channel_not_found"


def test_limits_hold_at_the_door_too(client, general):
    assert refusal(client.api_call, "chat.postMessage", json={"channel": general}) == "no_text"
    assert (
        refusal(client.chat_postMessage, channel=general, blocks=[{"type": "section"}], text="x")
        == "invalid_blocks"
    )
    long = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_836}}] * 4
    assert refusal(client.chat_postMessage, channel=general, blocks=long, text="x") == "msg_blocks_too_long"


def test_a_long_text_becomes_several_messages(workspace, client, general):
    posted = client.chat_postMessage(channel=general, text="x" * 4_000 + " " + "y" * 50)
    texts = [m.text for m in workspace.messages(general)]
    assert texts == ["x" * 4_000, "y" * 50]
    assert posted["ts"] == workspace.messages(general)[0].ts


def test_one_message_a_second_a_channel(ada):
    with Workspace.start() as workspace:
        client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
        general, random = workspace.channel("general"), workspace.channel("random")
        client.chat_postMessage(channel=general, text="one")
        client.chat_postMessage(channel=random, text="elsewhere")
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel=general, text="two")
        response = refused.value.response
        assert (response.status_code, response["error"]) == (429, "ratelimited")
        assert response.headers["Retry-After"] == "1"
        client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
        client.chat_postMessage(channel=general, text="three")
        assert [m.text for m in workspace.messages(general)] == ["one", "three"]


def test_replies_join_the_thread_of_what_they_reply_to(workspace, client, ada, general):
    ts = workspace.post(ada, general, "a question")
    first = client.chat_postMessage(channel=general, thread_ts=ts, text="first")["ts"]
    client.chat_postMessage(channel=general, thread_ts=first, text="second")
    assert [m.text for m in workspace.messages(general, thread_ts=ts)] == ["first", "second"]
    shown = client.conversations_replies(channel=general, ts=first)["messages"]
    assert [m["text"] for m in shown] == ["a question", "first", "second"]
    assert (shown[0]["reply_count"], shown[1]["parent_user_id"]) == (2, ada)


def test_history_is_newest_first_and_comes_in_pages_with_metadata_on_request(workspace, client, general):
    mark = {"event_type": "answer", "event_payload": {"id": "7"}}
    for text in "abc":
        client.chat_postMessage(channel=general, text=text, metadata=mark)
    page = client.conversations_history(channel=general, limit=2)
    assert ([m["text"] for m in page["messages"]], page["has_more"]) == (["c", "b"], True)
    assert "metadata" not in page["messages"][0]
    cursor = page["response_metadata"]["next_cursor"]
    last = client.conversations_history(channel=general, limit=2, cursor=cursor, include_all_metadata=True)
    assert [(m["text"], m["metadata"]) for m in last["messages"]] == [("a", mark)]


def test_ephemeral_messages_have_one_reader(workspace, client, ada, general):
    client.chat_postEphemeral(channel=general, user=ada, text="for you")
    assert [m.text for m in workspace.ephemerals(ada, general)] == ["for you"]
    assert workspace.ephemerals(workspace.user("Bob"), general) == workspace.messages(general) == []


def test_people_and_channels_can_be_looked_up(workspace, client, ada, general):
    assert client.users_info(user=ada)["user"]["real_name"] == "Ada"
    assert client.conversations_info(channel=general)["channel"]["name"] == "general"
    assert client.conversations_members(channel=general)["members"] == [ada, workspace.bot_user_id]
    assert client.conversations_open(users=ada)["channel"]["id"] == workspace.dm(ada)
    assert refusal(client.users_info, user="U404") == "user_not_found"
    assert refusal(client.conversations_history, channel=general, limit="many") == "invalid_arguments"
    assert refusal(client.conversations_history, channel=general, limit=1_000) == "invalid_limit"


def test_reactions_are_given_and_taken_back_once(workspace, client, ada, general):
    ts = workspace.post(ada, general, "hello")
    client.reactions_add(channel=general, timestamp=ts, name="eyes")
    assert workspace.message(general, ts).reactions == {"eyes": [workspace.bot_user_id]}
    assert refusal(client.reactions_add, channel=general, timestamp=ts, name="eyes") == "already_reacted"
    client.reactions_remove(channel=general, timestamp=ts, name="eyes")
    assert refusal(client.reactions_remove, channel=general, timestamp=ts, name="eyes") == "no_reaction"


def test_status_and_prompts_are_kept(workspace, client, ada, general):
    ts, dm = workspace.post(ada, general, "hello"), workspace.dm(ada)
    client.assistant_threads_setStatus(channel_id=general, thread_ts=ts, status="is reading …")
    status = workspace.statuses[0]
    assert (status["channel"], status["thread_ts"], status["status"]) == (general, ts, "is reading …")
    prompts = [{"title": "Who?", "message": "Who said what?"}]
    client.api_call("assistant.threads.setSuggestedPrompts", json={"channel_id": dm, "prompts": prompts})
    client.assistant_threads_setSuggestedPrompts(channel_id=dm, thread_ts="1.0", prompts=prompts)
    assert [p["prompts"] for p in workspace.prompts] == [prompts]  # the second is never shown


def test_a_status_stands_until_the_bot_replies_there_or_takes_it_down(workspace, client, ada, general):
    one, two = workspace.post(ada, general, "one"), workspace.post(ada, general, "two")
    for ts in (one, two):
        client.assistant_threads_setStatus(channel_id=general, thread_ts=ts, status="is reading …")
    workspace.post(ada, general, "are you?", thread_ts=one)
    client.chat_postMessage(channel=general, text="beside it")
    assert [workspace.status(general, ts) for ts in (one, two)] == ["is reading …"] * 2
    client.chat_postMessage(channel=general, thread_ts=one, text="yes")
    client.assistant_threads_setStatus(channel_id=general, thread_ts=two, status="")
    assert [workspace.status(general, ts) for ts in (one, two)] == ["", ""]


def test_a_status_stands_below_a_message_that_is_there(workspace, client, ada, general):
    ts = workspace.post(ada, general, "hello")
    workspace.delete(general, ts)
    where = {"channel_id": general, "status": "is reading …"}
    set_status = client.assistant_threads_setStatus
    assert refusal(set_status, **where, thread_ts=ts) == "invalid_thread_ts"
    assert refusal(set_status, **where, thread_ts="") == "invalid_arguments"


# Faults


@pytest.mark.parametrize(
    ("fault", "told", "posted"),
    [
        (faults.ACCEPT_THEN_RESET, (ConnectionResetError, RemoteDisconnected, URLError), ["x"]),
        (faults.ACCEPT_THEN_500, SlackApiError, ["x"]),
        (faults.RESET, (ConnectionResetError, RemoteDisconnected, URLError), []),
        (faults.SERVER_ERROR, SlackApiError, []),
        (faults.rate_limited(7), SlackApiError, []),
        (faults.failing("fatal_error"), SlackApiError, []),
    ],
)
def test_a_fault_happens_once_and_the_record_says_what_was_posted(
    workspace, client, general, fault, told, posted
):
    workspace.faults.add("chat.postMessage", fault)
    with pytest.raises(told):
        client.chat_postMessage(channel=general, text="x")
    assert [m.text for m in workspace.messages(general)] == posted
    client.chat_postMessage(channel=general, text="y")
    assert [m.text for m in workspace.messages(general)] == [*posted, "y"]


def test_a_slow_answer_is_right_all_the_same(workspace, client, general):
    workspace.faults.add("chat.postMessage", faults.slow(0.05))
    assert client.chat_postMessage(channel=general, text="x")["ok"]
    assert [m.text for m in workspace.messages(general)] == ["x"]


def test_the_default_client_posts_twice_when_the_answer_is_lost(workspace, general):
    workspace.faults.add("chat.postMessage", faults.ACCEPT_THEN_RESET)
    WebClient(workspace.bot_token, base_url=workspace.api_url).chat_postMessage(channel=general, text="x")
    assert [m.text for m in workspace.messages(general)] == ["x", "x"]


def test_rate_limits_on_demand_are_obeyed_by_the_sdk(workspace, client, general):
    workspace.faults.add("chat.postMessage", faults.rate_limited(0), faults.rate_limited(0))
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=3))
    client.chat_postMessage(channel=general, text="x")
    assert [call.status for call in workspace.calls("chat.postMessage")] == [429, 429, 200]


# Watching


def test_waiting_ends_with_what_was_waited_for_or_says_that_it_did_not(workspace, client, general):
    threading.Timer(0.05, lambda: client.chat_postMessage(channel=general, text="x")).start()
    assert workspace.wait_for_message(general).text == "x"
    with pytest.raises(TimeoutError, match=r"not within 0\.01 s"):
        workspace.wait_for_message(workspace.channel("random"), timeout=0.01)


def test_names_are_shown_as_people_write_them(workspace, ada, general):
    names = (
        workspace.name(ada),
        workspace.name(general),
        workspace.name(workspace.dm(ada)),
        workspace.name("U404"),
    )
    assert names == ("Ada", "#general", "@pullquote", "U404")
    assert (workspace.user("Ada"), workspace.channel("general")) == (ada, general)
