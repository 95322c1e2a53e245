"""Socket Mode: each envelope goes to one socket, wants its ack in time, and events come again without it."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.faults import Fault, Faults
from bot.playground.team import Delivery, Json, Team

MOST_SOCKETS = 10  # Slack's documentation of Socket Mode


@dataclass(slots=True, eq=False)
class _Socket:
    number: int
    ws: web.WebSocketResponse
    request: web.Request


class UnansweredError(Exception):
    """The app did not take a command or an interaction in time; the person is told by this name."""


class Sockets:
    """The sockets of the app, first come first served, and the envelopes that wait for an ack."""

    def __init__(self, team: Team, faults: Faults, loop: asyncio.AbstractEventLoop) -> None:
        self._team, self._faults, self._loop = team, faults, loop
        self._open: list[_Socket] = []  # in rotation
        self._retired: list[_Socket] = []  # told to go, still connected
        self._tickets: set[str] = set()
        self._waiting: dict[str, tuple[Delivery, asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._numbers = itertools.count(1)
        self._arrived = asyncio.Event()
        self.pending = 0  # events neither acked nor given up

    @property
    def count(self) -> int:
        """How many sockets get envelopes."""
        return len(self._open)

    def ticket(self) -> str:
        """Return a secret that opens one socket, once."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return ticket

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one socket for as long as it lasts."""
        if request.query.get("ticket") not in self._tickets:
            raise web.HTTPForbidden(text="invalid ticket")
        self._tickets.discard(request.query["ticket"])
        ws = web.WebSocketResponse(timeout=1.0)
        await ws.prepare(request)
        if len(self._open) >= MOST_SOCKETS:
            await self._say_disconnect(ws, "too_many_websockets")
            await ws.close()
            return ws
        await self._serve(_Socket(next(self._numbers), ws, request))
        return ws

    async def _serve(self, socket: _Socket) -> None:
        await socket.ws.send_json(self._hello())
        with self._team.change():
            self._open.append(socket)
        self._arrived.set()
        pings = self.spawn(self._ping(socket.ws))
        try:
            async for frame in socket.ws:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(json.loads(frame.data))
        finally:
            pings.cancel()
            self._retire([socket])
            self._retired.remove(socket)

    def _hello(self) -> Json:
        debug = {"host": "loopback", "approximate_connection_time": 18060}
        info = {"app_id": self._team.app_id}
        return {
            "type": "hello",
            "num_connections": self.count + 1,
            "debug_info": debug,
            "connection_info": info,
        }

    async def _ping(self, ws: web.WebSocketResponse) -> None:
        while not ws.closed:
            await asyncio.sleep(self._team.timing.ping_interval)
            await ws.ping(b"Ping from loopback")

    def _acknowledge(self, ack: Json) -> None:
        delivery, done = self._waiting.pop(ack.get("envelope_id", ""), (None, None))
        if delivery is None or done is None:
            return
        with self._team.change():
            delivery.acked_at, delivery.response = time.time(), ack.get("payload")
        if not done.done():
            done.set_result(None)

    def announce(self, events: Iterable[Json]) -> None:
        """Send each event on its way, with a new event id; retries included. From any thread."""
        for event in events:
            self._begin(self._payload(event))

    def replay(self, delivery: Delivery) -> None:
        """Send the event of *delivery* once more, with its old event id. From any thread."""
        self._begin(delivery.payload)

    def _begin(self, payload: Json) -> None:
        fault = self._faults.take(payload["event"]["type"]) or Fault()
        for _ in range(2 if fault.duplicate else 1):
            with self._team.change():
                self.pending += 1
            self._loop.call_soon_threadsafe(lambda: self.spawn(self._deliver_event(payload, fault.delay)))

    def _payload(self, event: Json) -> Json:
        team = self._team
        channel = team.channels.get(str(event.get("channel")))
        bot = {"team_id": team.id, "user_id": team.bot.id, "is_bot": True, "enterprise_id": None}
        return {
            "token": "loopback",
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": None,
            "api_app_id": team.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": team.new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [{**bot, "is_enterprise_install": False}],
            "is_ext_shared_channel": bool(channel and channel.shared),
            "event_context": f"4-{team.id}-{team.app_id}",
        }

    async def _deliver_event(self, payload: Json, delay: float) -> None:
        await asyncio.sleep(delay)
        for attempt, pause in enumerate((0.0, *self._team.timing.retry_delays)):
            await asyncio.sleep(pause)
            retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            if await self._deliver("events_api", payload, retry):
                break
        with self._team.change():
            self.pending -= 1

    async def request(self, kind: str, payload: Json) -> Delivery:
        """
        Send a command or an interaction, once, and return its delivery with the ack.

        Raises:
            UnansweredError: ``operation_timeout``, or ``dispatch_failed`` where no socket was open.
        """
        before = len(self._team.deliveries)
        delivery = await self._deliver(kind, payload, {})
        if delivery is None:
            sent = any(d.payload is payload for d in self._team.deliveries[before:])
            raise UnansweredError("operation_timeout" if sent else "dispatch_failed")
        return delivery

    async def _deliver(self, kind: str, payload: Json, retry: Json) -> Delivery | None:
        try:
            async with asyncio.timeout(self._team.timing.ack_timeout):
                return await self._send(kind, payload, retry)
        except TimeoutError:
            return None

    async def _send(self, kind: str, payload: Json, retry: Json) -> Delivery:
        envelope: Json = {"envelope_id": str(uuid4()), "type": kind, "payload": payload}
        envelope |= {"accepts_response_payload": kind != "events_api"} | retry
        while True:
            await self._arrived.wait()
            socket = self._open.pop(0)
            self._open.append(socket)
            delivery = self._record(envelope, socket.number)
            done = self._loop.create_future()
            self._waiting[delivery.envelope_id] = delivery, done
            try:
                await socket.ws.send_json(envelope)
            except ConnectionError:  # broken under our hands: the next one takes it
                self._retire([socket])
                continue
            await done
            return delivery

    def _record(self, envelope: Json, number: int) -> Delivery:
        fields = {name: envelope[name] for name in ("payload", "envelope_id")}
        retry = {name: envelope[name] for name in ("retry_attempt", "retry_reason") if name in envelope}
        delivery = Delivery(kind=envelope["type"], socket=number, sent_at=time.time(), **fields, **retry)
        with self._team.change():
            self._team.deliveries.append(delivery)
        return delivery

    async def disconnect(self, reason: str) -> None:
        """
        Tell every socket to go, as Slack does.

        After a ``warning`` a socket still gets envelopes; after ``link_disabled`` and
        ``too_many_websockets`` the server closes it itself.
        """
        sockets = list(self._open)
        for socket in sockets:
            await self._say_disconnect(socket.ws, reason)
        if reason != "warning":
            self._retire(sockets)
        if reason in ("link_disabled", "too_many_websockets"):
            await asyncio.gather(*(socket.ws.close() for socket in sockets))

    async def close(self) -> None:
        """End every socket with a CLOSE frame."""
        sockets = [*self._open, *self._retired]
        self._retire(sockets)
        await asyncio.gather(*(s.ws.close(code=WSCloseCode.GOING_AWAY) for s in sockets))

    async def abort(self) -> None:
        """Break every socket's TCP connection without a word."""
        sockets = [*self._open, *self._retired]
        self._retire(sockets)
        for socket in sockets:
            if socket.request.transport is not None:
                socket.request.transport.abort()

    async def stop(self) -> None:
        """Forget what is still on its way and close all sockets."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.close()

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Run a coroutine beside the others until :meth:`stop`."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(task.exception(), ConnectionError):
            return  # a ping to a socket that has gone
        if not task.cancelled() and (error := task.exception()):
            self._loop.call_exception_handler({"message": "playground task failed", "exception": error})

    def _retire(self, sockets: list[_Socket]) -> None:
        with self._team.change():
            for socket in sockets:
                if socket in self._open:
                    self._open.remove(socket)
                    self._retired.append(socket)
        if not self._open:
            self._arrived.clear()

    async def _say_disconnect(self, ws: web.WebSocketResponse, reason: str) -> None:
        await ws.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}})
