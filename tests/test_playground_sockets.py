"""Events of the loopback workspace reach a real Bolt app over real Socket Mode, with Slack's own faults."""

import asyncio

import aiohttp
import playground_app
import pytest
from playground_app import HASTY, QUICK, connected, sockets
from slack_bolt import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import faults
from bot.playground.team import SCOPES, Timing
from bot.playground.workspace import Workspace

workspace, ada, general = playground_app.workspace, playground_app.ada, playground_app.general
client, app = playground_app.client, playground_app.app


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


def test_the_first_message_of_a_thread_leaves_a_tombstone(workspace, app, ada, general):
    with connected(workspace, app):
        ts = workspace.post(ada, general, "oops")
        workspace.post(ada, general, "what?", thread_ts=ts)
        workspace.delete(general, ts)
        workspace.wait_until_delivered()
    event = workspace.deliveries("message")[-1].payload["event"]
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
    assert (event["message"]["ts"], event["previous_message"]["text"]) == (ts, "oops")


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
