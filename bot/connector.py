"""Bolt's socket to Slack: looked at every second, opened anew when it breaks, left without losing an ack."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from slack_bolt import App
from slack_bolt.adapter.socket_mode.aiohttp import SocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Slack
from bot.vitals import Socket

# A dead connection is noticed within 0.8 s at 2 s, within 8.8 s at Bolt's 10 s.
PING_INTERVAL = 2
PULSE = 1.0
LAST_ACKS = 100  # hundredths of a second


class Connector(SocketModeHandler):
    """
    Bolt's socket, with a way to leave: what comes in meanwhile is not taken, so it is not acknowledged.

    Slack sends that again, to the next bot or to the next start; an ack on a closing line would be lost.
    """

    def __init__(self, socket: Socket, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._socket, self._busy, self._leaving = socket, 0, False

    @classmethod
    def build(cls, app: App, slack: Slack, socket: Socket, *, direct: bool) -> Self:
        """Build one that tells *socket* of its line; *direct* keeps it from going through a proxy."""
        web_client = AsyncWebClient(base_url=slack.api_url)
        connector = cls(socket, app, slack.app_token, web_client=web_client, ping_interval=PING_INTERVAL)
        if direct:
            web_client.proxy = connector.client.proxy = None
        return connector

    async def join(self) -> bool:
        """Connect, however often it takes; True."""
        await self.client.connect()  # type: ignore[no-untyped-call]
        return True

    async def watch(self) -> None:
        """Look at the line every second, without end: nobody else notices one that is silently dead."""
        while True:
            is_open = await self.client.is_connected()
            self._socket.seen(await self.client.session_id() if is_open else None)
            await asyncio.sleep(PULSE)

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Let the app acknowledge *req*, unless we are leaving."""
        if self._leaving:
            return
        self._socket.heard()
        self._busy += 1
        try:
            await super().handle(client, req)
        finally:
            self._busy -= 1

    async def leave(self) -> None:
        """Finish what was begun, and close."""
        self._leaving = True
        for _ in range(LAST_ACKS):
            if not self._busy:
                break
            await asyncio.sleep(0.01)
        await self.client.close()  # type: ignore[no-untyped-call]
