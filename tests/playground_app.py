"""What the tests of the loopback workspace share: a workspace, a client, a small Bolt app, sockets."""

import asyncio
import threading
from contextlib import contextmanager

import aiohttp
import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode.aiohttp import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.team import Timing
from bot.playground.workspace import Workspace

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
    """Open *count* bare sockets, read their hello, and return what ``act(sockets, hellos)`` returns."""

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
