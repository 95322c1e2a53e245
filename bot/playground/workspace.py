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
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from aiohttp import web

from bot.playground.actions import Actions
from bot.playground.events import as_json, name, on_delete, on_edit, on_home, on_post, typed, typed_blocks
from bot.playground.faults import Faults
from bot.playground.interactions import Interaction, Interactions
from bot.playground.sockets import Sockets
from bot.playground.team import (
    SCOPES,
    Call,
    Delivery,
    Json,
    Message,
    ShownError,
    Team,
    Timing,
    View,
    name_blocks,
)
from bot.playground.web import WebApi

T = TypeVar("T")

_TOKEN = re.compile(r"\bx(?:ox[a-z]|app)-(?!loopback-)[\w-]+")


class LoopbackError(Exception):
    """The workspace may not start here; the message says why and what to do."""


class Workspace:
    """A Slack workspace with one app installed: the bot that connects with its tokens."""

    def __init__(self, listening: socket.socket, scopes: frozenset[str], timing: Timing) -> None:
        """Use :meth:`start`."""
        self._port: int = listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._team = Team(f"http://127.0.0.1:{self._port}", scopes, timing)
        self.faults = Faults()
        self._sockets = Sockets(self._team, self.faults, self._loop)
        self._interactions = Interactions(self._team, self._sockets)
        self._actions = Actions(self._team, self._interactions)
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
            LoopbackError: If *host* is another address, or a value of *environ* holds a real token.
        """
        if host != "127.0.0.1":
            raise LoopbackError(f"The loopback workspace listens on 127.0.0.1 only, not on {host}.")
        real = [key for key, value in (environ or {}).items() if _TOKEN.search(value)]
        if real:
            names = ", ".join(sorted(real))
            raise LoopbackError(f"Slack tokens are set ({names}): unset them to use the loopback workspace.")
        return cls(socket.create_server((host, port)), frozenset(scopes), timing)

    async def _serve(self, listening: socket.socket) -> web.AppRunner:
        api = WebApi(self._team, self._sockets, self.faults, self._interactions)
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

    @property
    def api_url(self) -> str:
        """The Web API's base URL, for ``base_url`` of a client."""
        return f"{self._team.base_url}/api/"

    @property
    def bot_token(self) -> str:
        """The bot's token for the Web API."""
        return self._team.bot_token

    @property
    def app_token(self) -> str:
        """The app's token for Socket Mode."""
        return self._team.app_token

    @property
    def bot_user_id(self) -> str:
        """The bot as a member: mention it as ``<@ID>``."""
        return self._team.bot.id

    @property
    def team_id(self) -> str:
        """The workspace's id."""
        return self._team.id

    def user(self, name: str) -> str:
        """Return the id of the person of that name, who joins if need be."""
        return self._team.add_user(name).id

    def channel(self, name: str, *, private: bool = False, member: bool = True) -> str:
        """Return the id of the channel of that name; *member* is whether the bot is in it."""
        return self._team.add_channel(name, private=private, member=member).id

    def dm(self, user: str) -> str:
        """Return the id of that person's direct conversation with the bot."""
        return self._team.add_dm(user).id

    def name(self, id: str) -> str:
        """Return how people write a member, a channel or a direct conversation."""
        channel = self._team.channels.get(id)
        if channel is None:
            return name(self._team, id)
        return f"#{channel.name}" if not channel.person else f"@{self._team.bot.name}"

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

    # What people see

    def message(self, channel: str, ts: str) -> Message:
        """Return the message of *ts*, which must be there."""
        message = self._team.find(channel, ts)
        if message is None:
            raise KeyError(f"no message {ts} in {channel}")
        return message

    def messages(self, channel: str, *, thread_ts: str | None = None) -> list[Message]:
        """Return what stands in a channel in order: its top level, or the replies to *thread_ts*."""
        with self._team.change():
            return self._team.thread(channel, thread_ts)

    def answers(self, channel: str, *, thread_ts: str | None = None) -> list[Message]:
        """Return the bot's own among :meth:`messages`."""
        return [m for m in self.messages(channel, thread_ts=thread_ts) if m.user == self.bot_user_id]

    def ephemerals(self, user: str, channel: str) -> list[Message]:
        """Return what only that person sees in the channel, in order."""
        with self._team.change():
            seen = [m for m in self._team.ephemerals if (m.ephemeral_to, m.channel) == (user, channel)]
        return [m for m in seen if not m.deleted]

    def views(self, user: str) -> list[View]:
        """Return the modals that the person has open, the top one last."""
        return [
            v
            for v in self._team.views.values()
            if (v.user, v.closed) == (user, False) and v != self.home(user)
        ]

    def home(self, user: str) -> View | None:
        """Return the person's Home tab, once it is published."""
        return self._team.homes.get(user)

    # What happened

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the calls of *method* (or all), response URLs as ``response_url``, in order."""
        return [c for c in list(self._team.calls) if method in (None, c.method)]

    def deliveries(self, type: str | None = None) -> list[Delivery]:
        """Return the envelopes sent, of an event type (``app_mention``) or kind (``slash_commands``)."""
        return [d for d in list(self._team.deliveries) if type in (None, d.event_type, d.kind)]

    @property
    def statuses(self) -> list[Json]:
        """All calls of ``assistant.threads.setStatus``: channel, thread_ts, status, at."""
        return list(self._team.statuses)

    @property
    def prompts(self) -> list[Json]:
        """The suggested prompts that are shown: channel, prompts, at."""
        return list(self._team.prompts)

    @property
    def errors(self) -> list[ShownError]:
        """What Slack itself told people because the app failed them."""
        return list(self._team.errors)

    def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """
        Return the first true value of *predicate*, tried again after each change.

        Raises:
            TimeoutError: If it is still false after *timeout* seconds.
        """
        value: T = self._team.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"not within {timeout} s; the last calls were {self.calls()[-3:]}")
        return value

    def wait_for_answers(
        self, channel: str, *, thread_ts: str | None = None, count: int = 1, timeout: float = 10.0
    ) -> list[Message]:
        """Wait until the bot has written *count* messages there, and return them."""

        def enough() -> list[Message]:
            found = self.answers(channel, thread_ts=thread_ts)
            return found if len(found) >= count else []

        return self.wait_for(enough, timeout)

    def wait_for_message(
        self, channel: str, *, thread_ts: str | None = None, timeout: float = 10.0
    ) -> Message:
        """Wait until the bot has written there, and return its latest message."""
        return self.wait_for_answers(channel, thread_ts=thread_ts, timeout=timeout)[-1]

    def wait_until_delivered(self, timeout: float = 10.0) -> None:
        """Wait until every envelope that was sent is acked."""
        self.wait_for(lambda: all(d.acked_at for d in self.deliveries()), timeout)

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
