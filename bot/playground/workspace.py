"""
The control API of the loopback workspace: people write, click and look; the bot under test is real.

``Workspace.start()`` serves a Web API and Socket Mode on 127.0.0.1 from a thread of its own. Channels,
people and messages go by their Slack ids (plain strings); what happened is kept and can be waited for.
It never listens elsewhere, and refuses to run beside tokens of a real workspace.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Self

from aiohttp import web

from bot.playground.actions import Actions
from bot.playground.events import as_json, on_delete, on_edit, on_home, on_post, typed, typed_blocks
from bot.playground.faults import Faults
from bot.playground.interactions import Interaction, Interactions
from bot.playground.sockets import Sockets
from bot.playground.team import (
    SCOPES,
    Delivery,
    Json,
    Message,
    Team,
    Timing,
    Usergroup,
    View,
    name_blocks,
)
from bot.playground.views import Views
from bot.playground.watching import Watching
from bot.playground.web import WebApi

_TOKEN = re.compile(r"\bx(?:ox[a-z]|app)-(?!loopback-)[\w-]+")


class LoopbackError(Exception):
    """The workspace may not start here; the message says why and what to do."""


class Workspace(Watching):
    """A Slack workspace with one app installed: the bot that connects with its tokens."""

    def __init__(self, listening: socket.socket, scopes: frozenset[str], timing: Timing) -> None:
        """Use :meth:`start`."""
        self._loop = asyncio.new_event_loop()
        self._team = Team(f"http://127.0.0.1:{listening.getsockname()[1]}", scopes, timing)
        self.faults = Faults()
        self._sockets = Sockets(self._team, self.faults, self._loop)
        self._interactions = Interactions(self._team, self._sockets)
        self._views = Views(self._team, self._interactions)
        self._actions = Actions(self._team, self._interactions, self._views)
        self._thread = threading.Thread(target=self._loop.run_forever, name="loopback", daemon=True)
        self._thread.start()
        self._runner: web.AppRunner = self._run(self._serve(listening))

    @classmethod
    def start(
        cls,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        scopes: Iterable[str] = SCOPES,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """
        Start a workspace; close it with :meth:`close` or by leaving its ``with``.

        Args:
            port: 0 takes a free one.

            host: Only 127.0.0.1, said aloud.

            scopes: What the bot was granted. Decides which events it gets, too.

            timing: Slack's pauses; ``Timing(post_interval=0)`` lets tests post at once.

            environ: The settings beside which it is to run.

        Raises:
            LoopbackError: If *host* is another address, the port is taken, or a value of *environ*
                holds a real token.
        """
        if host != "127.0.0.1":
            raise LoopbackError(f"The loopback workspace listens on 127.0.0.1 only, not on {host}.")
        real = [key for key, value in (environ or {}).items() if _TOKEN.search(value)]
        if real:
            names = ", ".join(sorted(real))
            raise LoopbackError(f"Slack tokens are set ({names}): unset them to use the loopback workspace.")
        try:
            listening = socket.create_server((host, port))
        except OSError as error:
            raise LoopbackError(f"Port {port} of {host} is not free: name another.") from error
        return cls(listening, frozenset(scopes), timing)

    async def _serve(self, listening: socket.socket) -> web.AppRunner:
        api = WebApi(self._team, self._sockets, self.faults, self._interactions, self._views)
        app = web.Application()
        app.router.add_route("*", "/api/{method}", api.call)
        app.router.add_post("/actions/{team}/{secret}", api.respond)
        app.router.add_get("/link", self._sockets.link)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        return runner

    def close(self) -> None:
        """Close all sockets and stop listening. Does nothing the second time."""
        if self._loop.is_closed():
            return
        self._run(self._sockets.stop())
        self._run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    # Who and where

    def user(self, name: str) -> str:
        """Return the id of the person of that name, who joins if need be."""
        return self._team.add_user(name).id

    def promote(self, user: str) -> None:
        """Make somebody an admin of the workspace."""
        with self._team.change():
            self._team.users[user] = replace(self._team.users[user], admin=True)

    def usergroup(self, handle: str, *members: str) -> str:
        """Let *members* be the user group of that handle; return its id."""
        with self._team.change():
            id = f"S{handle.upper()}"
            self._team.usergroups[id] = Usergroup(handle, members)
            return id

    def channel(self, name: str, *, private: bool = False, member: bool = True) -> str:
        """Return the id of the channel of that name; *member* is whether the bot is in it."""
        return self._team.add_channel(name, private=private, member=member).id

    def share(self, channel: str, *, shared: bool = True) -> None:
        """Let people of another organisation into the channel, or out of it."""
        with self._team.change():
            self._team.channels[channel].shared = shared

    def dm(self, user: str) -> str:
        """Return the id of that person's direct conversation with the bot."""
        return self._team.add_dm(user).id

    # What people do

    def post(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Let a person write; return the message's ts. ``& < >`` are escaped as Slack's composer does."""
        text = typed(text)
        return self._post(Message(**self._at(channel, user, thread_ts), text=text, via="person")).ts

    def bot_post(
        self,
        channel: str,
        text: str,
        *,
        name: str = "weatherbot",
        legacy: bool = False,
        thread_ts: str | None = None,
    ) -> str:
        """Let another bot write; *legacy* ones come with subtype ``bot_message`` and no user."""
        bot = self._team.add_user(name, bot_id=f"B{name.upper()}")
        subtype = "bot_message" if legacy else None
        at = self._at(channel, bot.id, thread_ts)
        return self._post(Message(**at, text=text, bot_id=bot.bot_id, subtype=subtype, via="other bot")).ts

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Let the author change their message."""
        message = self.message(channel, ts)
        before = as_json(self._team, message)
        with self._team.change():
            message.earlier.append((message.text, message.blocks))
            message.text, message.edited_ts = typed(text), self._team.new_ts()
            message.blocks = typed_blocks(message.text)
            name_blocks(self._team, message.blocks)
        self._sockets.announce(on_edit(self._team, message, before))

    def delete(self, channel: str, ts: str) -> None:
        """Let the author delete their message."""
        message = self.message(channel, ts)
        before = as_json(self._team, message)
        with self._team.change():
            message.deleted = True
        self._sockets.announce(on_delete(self._team, message, before))

    def open_home(self, user: str, tab: str = "home") -> None:
        """Let a person open the app's Home or Messages tab (*tab* ``home`` or ``messages``)."""
        channel = self._team.add_dm(user)
        self._sockets.announce([on_home(self._team, user, channel, tab)])

    def slash(self, user: str, channel: str, command: str, text: str = "") -> Interaction:
        """Let a person give a command; return once it is acked, or has failed before their eyes."""
        return self._do(self._actions.slash(user, channel, command, text))

    def click(self, user: str, on: Message | View, action_id: str, value: str | None = None) -> Interaction:
        """Let a person use a button, menu or feedback of a message or view; *value* picks among several."""
        return self._do(self._actions.click(user, on, action_id, value))

    def shortcut(self, user: str, callback_id: str, message: Message | None = None) -> Interaction:
        """Let a person use a shortcut, on *message* where it is a message shortcut."""
        return self._do(self._actions.shortcut(user, callback_id, message))

    def submit(self, view: View, values: Json | None = None) -> Interaction:
        """Let a person submit a modal; *values* is ``{block_id: {action_id: {…}}}`` as in its state."""
        return self._do(self._actions.submit(view, values or {}))

    def _do(self, work: Any) -> Interaction:
        interaction: Interaction = self._run(work)
        return interaction

    def _at(self, channel: str, user: str, thread_ts: str | None) -> Json:
        return {"channel": channel, "user": user, "ts": self._team.new_ts(), "thread_ts": thread_ts}

    def _post(self, message: Message) -> Message:
        message.blocks = typed_blocks(message.text) if message.via == "person" else []
        self._team.add(message)
        self._sockets.announce(on_post(self._team, message))
        return message

    # The line to the app

    @property
    def connections(self) -> int:
        """How many sockets get envelopes."""
        return self._sockets.count

    def wait_connected(self, timeout: float = 10.0, *, count: int = 1) -> None:
        """Wait until the app has *count* sockets open."""
        self.wait_for(lambda: self.connections >= count, timeout)

    def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Tell every socket to go; the reasons are those of :meth:`Sockets.disconnect`."""
        self._run(self._sockets.disconnect(reason))

    def close_sockets(self) -> None:
        """End every socket with a CLOSE frame."""
        self._run(self._sockets.close())

    def abort_sockets(self) -> None:
        """Break every socket's TCP connection."""
        self._run(self._sockets.abort())

    def replay(self, delivery: Delivery) -> None:
        """Deliver an old event once more, with its old event id."""
        self._sockets.replay(delivery)
