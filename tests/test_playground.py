"""The loopback workspace behaves as Slack does, to Slack's own client library and to a real Bolt app."""

import asyncio
import json
import threading
from contextlib import contextmanager, suppress
from http.client import RemoteDisconnected
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import aiohttp
import pytest
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode.aiohttp import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient

from bot.playground import faults
from bot.playground.team import SCOPES, Timing
from bot.playground.workspace import LoopbackError, Workspace

QUICK = Timing(post_interval=0, ping_interval=0.1)
HASTY = Timing(post_interval=0, ack_timeout=0.2, retry_delays=(0.0, 0.1))  # where an ack is to be late


@pytest.fixture
def workspace(request):
    with Workspace.start(timing=getattr(request, "param", QUICK)) as started:
        yield started


@pytest.fixture
def ada(workspace):
    return workspace.user("Ada")


@pytest.fixture
def general(workspace):
    return workspace.channel("general")


@pytest.fixture
def client(workspace):
    return WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


def refusal(call, *args, **options):
    with pytest.raises(SlackApiError) as refused:
        call(*args, **options)
    return refused.value.response["error"]


@contextmanager
def connected(workspace, app, ping_interval=0.5):
    """Connect *app* as its owner would, over Bolt's own Socket Mode handler."""
    stop = threading.Event()

    async def stay():
        web_client = AsyncWebClient(base_url=workspace.api_url)
        handler = SocketModeHandler(
            app, workspace.app_token, web_client=web_client, ping_interval=ping_interval
        )
        await handler.connect_async()
        await asyncio.to_thread(stop.wait)
        await handler.close_async()

    thread = threading.Thread(target=lambda: asyncio.run(stay()))
    thread.start()
    try:
        workspace.wait_connected()
        yield app
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def app(workspace, client):
    """A small app that answers mentions, direct messages and a command, and keeps what it was told."""
    app = App(client=client, signing_secret="unused", token_verification_enabled=False)
    app.heard = []

    @app.middleware
    def listen(body, request, next):
        app.heard.append((body, request.headers.get("x-slack-retry-num")))
        return next()

    @app.event("app_mention")
    def mentioned(event, say):
        say(text="Yes?", thread_ts=event.get("thread_ts") or event["ts"])

    @app.event("message")
    def written(event, say):
        if event["channel_type"] == "im" and not event.get("bot_id"):
            say(text="Here.")

    @app.event("app_home_opened")
    def opened():
        pass

    @app.command("/column")
    def command(ack, respond):
        ack()
        respond("Answered.")

    return app


def sockets(workspace, count, act):
    """Open *count* bare sockets, read their hello, and run ``act(sockets)``."""

    async def run():
        web_client = AsyncWebClient(base_url=workspace.api_url)
        urls = [
            (await web_client.apps_connections_open(app_token=workspace.app_token))["url"]
            for _ in range(count)
        ]
        async with aiohttp.ClientSession() as session:
            opened = [await session.ws_connect(url) for url in urls]
            hellos = [await ws.receive_json() for ws in opened]
            return await act(opened, hellos)

    return asyncio.run(asyncio.wait_for(run(), 10))


# The door


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


# Events


def test_a_mention_comes_twice_with_one_ts_and_two_event_ids(workspace, app, ada, general):
    with connected(workspace, app):
        ts = workspace.post(ada, general, f"<@{workspace.bot_user_id}> what about A&B?")
        assert workspace.wait_for_message(general, thread_ts=ts).text == "Yes?"
        workspace.wait_until_delivered()
    mention, message = (workspace.deliveries(kind)[0] for kind in ("app_mention", "message"))
    assert mention.event_id != message.event_id
    for event in (mention.payload["event"], message.payload["event"]):
        assert (event["ts"], event["channel"], event["user"]) == (ts, general, ada)
        assert event["text"] == f"<@{workspace.bot_user_id}> what about A&amp;B?"
    assert message.payload["event"]["channel_type"] == "channel"
    assert mention.payload["authorizations"][0]["user_id"] == workspace.bot_user_id


def test_a_bot_that_may_not_read_the_channel_hears_mentions_only():
    with Workspace.start(timing=QUICK, scopes=SCOPES - {"channels:history"}) as workspace:

        async def act(opened, _):
            ada, mention = workspace.user("Ada"), f"<@{workspace.bot_user_id}>"
            workspace.post(ada, workspace.channel("random", member=False), f"{mention} are you in?")
            workspace.post(ada, workspace.channel("general"), f"{mention} hello")
            envelope = await opened[0].receive_json()
            await opened[0].send_json({"envelope_id": envelope["envelope_id"]})
            await asyncio.to_thread(workspace.wait_until_delivered)
            return envelope["payload"]["event"]

        event = sockets(workspace, 1, act)
        assert (event["type"], event["text"]) == ("app_mention", f"<@{workspace.bot_user_id}> hello")
        assert len(workspace.deliveries()) == 1


def test_a_direct_message_and_the_bot_s_own_answer_are_events(workspace, app, ada):
    with connected(workspace, app):
        dm = workspace.dm(ada)
        workspace.post(ada, dm, f"hello <@{workspace.bot_user_id}>")
        workspace.wait_for_message(dm)
        workspace.wait_until_delivered()
    asked, answered = (d.payload["event"] for d in workspace.deliveries("message"))
    assert (asked["channel_type"], asked["user"], asked["blocks"][0]["type"]) == ("im", ada, "rich_text")
    assert (answered["bot_id"], answered["user"]) == ("B0LOOPBACK", workspace.bot_user_id)
    assert workspace.deliveries("app_mention") == []


def test_an_edit_that_adds_the_mention_asks_anew(workspace, app, ada, general):
    with connected(workspace, app):
        ts = workspace.post(ada, general, "what did he say?")
        workspace.edit(general, ts, f"<@{workspace.bot_user_id}> what did he say?")
        workspace.wait_for_message(general, thread_ts=ts)
        workspace.wait_until_delivered()
    mention = workspace.deliveries("app_mention")[0].payload["event"]
    assert (mention["ts"], mention["edited"]["user"]) == (ts, ada)
    changed = next(
        d.payload["event"] for d in workspace.deliveries("message") if "subtype" in d.payload["event"]
    )
    assert (changed["subtype"], changed["message"]["ts"]) == ("message_changed", ts)
    assert changed["previous_message"]["text"] == "what did he say?"


def test_deletions_and_other_bots_are_told_apart(workspace, app, ada, general):
    with connected(workspace, app):
        workspace.delete(general, workspace.post(ada, general, "oops"))
        workspace.bot_post(general, "rain", legacy=True)
        workspace.bot_post(general, f"<@{workspace.bot_user_id}> rain")
        workspace.wait_until_delivered()
    events = [d.payload["event"] for d in workspace.deliveries("message")]
    kinds = {(e.get("subtype"), e.get("bot_id")) for e in events}
    assert {("message_deleted", None), ("bot_message", "BWEATHERBOT"), (None, "BWEATHERBOT")} <= kinds
    assert workspace.deliveries("app_mention")[0].payload["event"]["bot_id"] == "BWEATHERBOT"
    assert "user" not in next(e for e in events if e.get("subtype") == "bot_message")


def test_opening_a_tab_of_the_app_is_an_event(workspace, app, ada):
    with connected(workspace, app):
        workspace.open_home(ada, tab="messages")
        workspace.wait_until_delivered()
    event = workspace.deliveries("app_home_opened")[0].payload["event"]
    assert (event["user"], event["tab"], event["channel"]) == (ada, "messages", workspace.dm(ada))


# Socket Mode


def test_each_envelope_goes_to_one_socket_in_turn(workspace, ada, general):
    async def act(opened, hellos):
        assert [hello["num_connections"] for hello in hellos] == [1, 2]
        for text in "abcd":
            workspace.post(ada, general, text)
        got = []
        for ws in opened:
            for _ in range(2):
                envelope = await ws.receive_json()
                await ws.send_json({"envelope_id": envelope["envelope_id"]})
                got.append(envelope["payload"]["event"]["text"])
        await asyncio.to_thread(workspace.wait_until_delivered)
        return got

    assert sorted(sockets(workspace, 2, act)) == ["a", "b", "c", "d"]
    assert [d.socket for d in workspace.deliveries()] == [1, 2, 1, 2]


@pytest.mark.parametrize("workspace", [HASTY], indirect=True)
def test_an_event_without_an_ack_comes_again_with_the_same_id(workspace, ada, general):
    async def act(opened, _):
        workspace.post(ada, general, "hello")
        return [await opened[0].receive_json() for _ in range(3)]

    first, second, third = sockets(workspace, 1, act)
    assert [e["retry_attempt"] for e in (first, second, third)] == [0, 1, 2]
    assert [e["retry_reason"] for e in (first, second, third)] == ["", "timeout", "timeout"]
    assert first["payload"] == second["payload"] == third["payload"]
    assert len({e["envelope_id"] for e in (first, second, third)}) == 3
    workspace.wait_until_delivered()
    assert len(workspace.deliveries()) == 3  # given up


@pytest.mark.parametrize("workspace", [Timing(ack_timeout=1.0, retry_delays=(0.0,))], indirect=True)
def test_bolt_sees_the_retry_and_its_ack_ends_them(workspace, app, ada, general):
    refusals = [BoltResponse(status=503)]

    @app.middleware
    def refuse_once(next):
        return refusals.pop() if refusals else next()

    with connected(workspace, app):
        workspace.post(ada, general, "hello")
        workspace.wait_until_delivered()
    assert [retry for _, retry in app.heard] == [["0"], ["1"]]


def test_duplicates_and_replays_keep_the_event_id(workspace, app, ada, general):
    workspace.faults.add("message", faults.DUPLICATE)
    with connected(workspace, app):
        workspace.post(ada, general, "hello")
        workspace.wait_until_delivered()
        workspace.replay(workspace.deliveries("message")[0])
        workspace.wait_until_delivered()
    ids = [d.event_id for d in workspace.deliveries("message")]
    assert ids == [ids[0]] * 3
    assert len({d.envelope_id for d in workspace.deliveries("message")}) == 3


@pytest.mark.parametrize(
    "fault",
    [
        lambda w: w.disconnect_sockets("refresh_requested"),
        lambda w: w.disconnect_sockets("too_many_websockets"),
        lambda w: w.disconnect_sockets("link_disabled"),
        lambda w: w.close_sockets(),
        lambda w: w.abort_sockets(),
    ],
    ids=["refresh_requested", "too_many_websockets", "link_disabled", "close frame", "tcp abort"],
)
def test_the_app_connects_again_and_nothing_is_lost(workspace, app, ada, general, fault):
    with connected(workspace, app, ping_interval=0.1):
        fault(workspace)
        workspace.wait_connected()
        ts = workspace.post(ada, general, f"<@{workspace.bot_user_id}> still there?")
        assert workspace.wait_for_message(general, thread_ts=ts).text == "Yes?"
        workspace.wait_until_delivered()
    assert len(workspace.calls("apps.connections.open")) >= 2  # the SDK may go twice: a message and a CLOSE


def test_after_a_warning_a_socket_still_gets_envelopes(workspace, ada, general):
    async def act(opened, _):
        await asyncio.to_thread(workspace.disconnect_sockets, "warning")
        assert (await opened[0].receive_json())["reason"] == "warning"
        workspace.post(ada, general, "hello")
        envelope = await opened[0].receive_json()
        return envelope["payload"]["event"]["text"]

    assert sockets(workspace, 1, act) == "hello"


def test_the_eleventh_socket_is_turned_away(workspace):
    async def act(opened, hellos):
        assert workspace.connections == 10
        return hellos[10]["reason"], (await opened[10].receive()).type

    assert sockets(workspace, 11, act) == ("too_many_websockets", aiohttp.WSMsgType.CLOSE)


def test_a_ticket_opens_one_socket(workspace):
    async def act(_opened, _hellos):
        web_client = AsyncWebClient(base_url=workspace.api_url)
        url = (await web_client.apps_connections_open(app_token=workspace.app_token))["url"]
        async with aiohttp.ClientSession() as session:
            first = await session.ws_connect(url)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)
            await first.close()

    sockets(workspace, 0, act)


def test_sockets_are_pinged(workspace):
    async def act(_opened, _hellos):
        web_client = AsyncWebClient(base_url=workspace.api_url)
        url = (await web_client.apps_connections_open(app_token=workspace.app_token))["url"]
        async with aiohttp.ClientSession() as session, session.ws_connect(url, autoping=False) as ws:
            await ws.receive_json()
            return (await ws.receive()).type

    assert sockets(workspace, 0, act) is aiohttp.WSMsgType.PING


# Commands, clicks, views


def test_a_command_is_answered_through_its_response_url(workspace, app, ada, general):
    with connected(workspace, app):
        command = workspace.slash(ada, general, "/column", "what about A&B?")
        workspace.wait_for(lambda: command.messages)
    assert (command.error, command.response, command.url_uses) == (None, None, 1)
    assert [m.text for m in workspace.ephemerals(ada, general)] == ["Answered."]
    payload = workspace.deliveries("slash_commands")[0].payload
    assert (payload["command"], payload["text"], payload["user_id"]) == ("/column", "what about A&B?", ada)
    assert "thread_ts" not in payload


def test_a_command_may_be_answered_in_its_ack(workspace, app, ada, general):
    @app.command("/hello")
    def hello(ack):
        ack(text="Hello all.", response_type="in_channel")

    @app.command("/broken")
    def broken(ack):
        ack(blocks=[{"type": "section"}], text="x")

    with connected(workspace, app):
        assert workspace.slash(ada, general, "/hello").messages == workspace.messages(general)
        assert workspace.messages(general)[0].text == "Hello all."
        assert workspace.slash(ada, general, "/broken").error == "invalid_command_response"


@pytest.mark.parametrize("workspace", [HASTY], indirect=True)
def test_a_command_without_an_ack_is_an_error_before_the_person_s_eyes(workspace, app, ada, general):
    assert workspace.slash(ada, general, "/column").error == "dispatch_failed"
    with connected(workspace, app):
        assert workspace.slash(ada, general, "/unheard-of").error == "operation_timeout"
    assert [e.error for e in workspace.errors] == ["dispatch_failed", "operation_timeout"]
    assert len(workspace.deliveries("slash_commands")) == 1  # never retried


def opened(workspace, app, ada, general):
    """Return a command that was acked and said nothing yet."""

    @app.command("/quiet")
    def quiet(ack):
        ack()

    with connected(workspace, app):
        return workspace.slash(ada, general, "/quiet")


def test_a_response_url_takes_five_messages(workspace, app, ada, general):
    command = opened(workspace, app, ada, general)
    hook = WebhookClient(command.response_url)
    assert [hook.send(text=str(n)).status_code for n in range(6)] == [200] * 5 + [404]
    assert [m.text for m in workspace.ephemerals(ada, general)] == ["0", "1", "2", "3", "4"]
    assert workspace.calls("response_url")[-1].answer == {"ok": False, "error": "used_url"}
    assert WebhookClient(command.response_url + "0").send(text="x").status_code == 404


def test_a_response_url_expires(app):
    with Workspace.start(timing=Timing(response_url_life=-1)) as workspace:
        app.client.base_url = workspace.api_url
        command = opened(workspace, app, workspace.user("Ada"), workspace.channel("general"))
        answer = WebhookClient(command.response_url).send(text="x")
    assert (answer.status_code, json.loads(answer.body)["error"]) == (404, "expired_url")


def test_a_response_url_refuses_what_a_channel_would(workspace, app, ada, general):
    hook = WebhookClient(opened(workspace, app, ada, general).response_url)
    answer = hook.send(text="x", blocks=[{"type": "section"}])
    assert (answer.status_code, json.loads(answer.body)["error"]) == (400, "invalid_blocks")


def test_a_response_can_be_public_replaced_and_deleted(workspace, app, ada, general):
    hook = WebhookClient(opened(workspace, app, ada, general).response_url)
    hook.send(text="Searching …", response_type="in_channel")
    hook.send(text="Found.", replace_original=True)
    assert [(m.text, m.earlier[0][0]) for m in workspace.messages(general)] == [("Found.", "Searching …")]
    hook.send(delete_original=True)
    assert workspace.messages(general) == []


def test_trigger_ids_work_once_and_in_time(workspace, client, app, ada, general):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [{"type": "divider"}]}
    trigger = opened(workspace, app, ada, general).trigger_id
    client.views_open(trigger_id=trigger, view=view)
    assert [v.data["title"]["text"] for v in workspace.views(ada)] == ["T"]
    assert refusal(client.views_open, trigger_id=trigger, view=view) == "exchanged_trigger_id"
    assert refusal(client.views_open, trigger_id="1.2.3", view=view) == "invalid_trigger_id"


def test_an_old_trigger_id_is_refused(app):
    with Workspace.start(timing=Timing(trigger_life=-1)) as workspace:
        app.client.base_url = workspace.api_url
        trigger = opened(workspace, app, workspace.user("Ada"), workspace.channel("general")).trigger_id
        client = WebClient(workspace.bot_token, base_url=workspace.api_url)
        view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
        assert refusal(client.views_open, trigger_id=trigger, view=view) == "expired_trigger_id"


BUTTONS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {
                "type": "button",
                "action_id": "more",
                "text": {"type": "plain_text", "text": "More"},
                "value": "7",
            }
        ],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "rate",
                "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "down"},
            }
        ],
    },
]


def test_a_click_names_the_button_and_the_message_and_may_replace_it(workspace, client, app, ada, general):
    @app.action("more")
    def more(ack, respond):
        ack()
        respond(text="More.", replace_original=True)

    client.chat_postMessage(channel=general, text="Less.", blocks=BUTTONS)
    message = workspace.answers(general)[0]
    with connected(workspace, app):
        click = workspace.click(ada, message, "more")
        workspace.wait_for(lambda: click.messages)
    payload = workspace.deliveries("interactive")[0].payload
    action = {key: payload["actions"][0][key] for key in ("action_id", "block_id", "value", "type")}
    assert action == {"action_id": "more", "block_id": "b", "value": "7", "type": "button"}
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == message.ts
    assert (payload["type"], payload["user"]["id"], payload["channel"]["id"]) == (
        "block_actions",
        ada,
        general,
    )
    assert [m.text for m in workspace.messages(general)] == ["More."]


def test_feedback_is_one_of_two_and_ephemeral_messages_are_not_handed_back(
    workspace, client, app, ada, general
):
    app.action("rate")(lambda ack: ack())
    client.chat_postEphemeral(channel=general, user=ada, text="x", blocks=BUTTONS)
    with connected(workspace, app):
        assert workspace.click(ada, workspace.ephemerals(ada, general)[0], "rate", "down").error is None
    payload = workspace.deliveries("interactive")[0].payload
    assert (payload["actions"][0]["value"], payload["actions"][0]["text"]["text"]) == ("down", "Bad")
    assert "message" not in payload
    assert payload["container"]["is_ephemeral"]


def test_a_message_shortcut_opens_a_modal_that_can_be_submitted(workspace, client, app, ada, general):
    view = {
        "type": "modal",
        "callback_id": "asked",
        "title": {"type": "plain_text", "text": "Ask"},
        "submit": {"type": "plain_text", "text": "Ask"},
        "blocks": [
            {
                "type": "input",
                "block_id": "q",
                "label": {"type": "plain_text", "text": "Question"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    }

    @app.shortcut("ask")
    def ask(ack, shortcut, client):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @app.view("asked")
    def asked(ack, view):
        if not view["state"]["values"]["q"]["text"]["value"]:
            ack(response_action="errors", errors={"q": "Ask something."})
        else:
            ack()

    ts = workspace.post(ada, general, "hello")
    with connected(workspace, app):
        workspace.shortcut(ada, "ask", workspace.message(general, ts))
        modal = workspace.wait_for(lambda: workspace.views(ada))[0]
        empty = workspace.submit(modal, {"q": {"text": {"type": "plain_text_input", "value": None}}})
        assert (empty.response["errors"], modal.closed) == ({"q": "Ask something."}, False)
        workspace.submit(modal, {"q": {"text": {"type": "plain_text_input", "value": "Why?"}}})
        assert modal.closed
    assert workspace.deliveries("interactive")[0].payload["message"]["text"] == "hello"


def test_modals_are_stacked_three_deep_and_may_all_be_closed_at_once(workspace, client, app, ada):
    def modal(name):
        blocks = [{"type": "actions", "elements": BUTTONS[0]["elements"]}]
        return {
            "type": "modal",
            "callback_id": name,
            "title": {"type": "plain_text", "text": name},
            "blocks": blocks,
        }

    @app.shortcut("start")
    def start(ack, shortcut):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=modal("one"))

    @app.action("more")
    def more(ack, body):
        ack()
        with suppress(SlackApiError):
            client.views_push(trigger_id=body["trigger_id"], view=modal("next"))

    app.view("next")(lambda ack: ack(response_action="clear"))
    with connected(workspace, app):
        workspace.shortcut(ada, "start")
        for depth in (1, 2, 3):
            top = workspace.wait_for(lambda depth=depth: workspace.views(ada)[depth - 1 :])[0]
            workspace.click(ada, top, "more")
        workspace.wait_for(lambda: len(workspace.calls("views.push")) == 3)
        assert [v.data["callback_id"] for v in workspace.views(ada)] == ["one", "next", "next"]
        workspace.submit(top)
        assert workspace.views(ada) == []
    assert [c.answer.get("error") for c in workspace.calls("views.push")] == [
        None,
        None,
        "push_limit_reached",
    ]


def test_a_home_tab_is_published_and_updated(workspace, client, ada):
    home = {"type": "home", "blocks": [{"type": "divider", "block_id": "one"}]}
    first = client.views_publish(user_id=ada, view=home)["view"]
    second = client.views_publish(user_id=ada, view=home | {"blocks": []})["view"]
    assert (first["id"], workspace.home(ada).blocks) == (second["id"], [])
    assert refusal(client.views_update, view_id=first["id"], hash=first["hash"], view=home) == "hash_conflict"


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
