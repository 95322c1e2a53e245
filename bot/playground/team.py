"""The state of the workspace: people, channels, messages and records of all that happened. No network."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

Json = dict[str, Any]

# The marker in its own tokens: nobody can take them for a real workspace's, nor the other way round.
BOT_PREFIX, APP_PREFIX = "xoxb-loopback-", "xapp-loopback-"

# What the bot is granted unless told otherwise: all that this workspace knows.
_CONVERSATIONS = {f"{kind}:{right}" for kind in ("channels", "groups", "im") for right in ("history", "read")}
_OTHERS = {"app_mentions:read", "assistant:write", "chat:write", "commands"}
_OTHERS |= {"im:write", "reactions:write", "usergroups:read", "users:read"}
SCOPES = frozenset(_CONVERSATIONS | _OTHERS)

LOOK = 0.1  # seconds after which a wait looks again, though nothing changed


class ApiError(Exception):
    """A refusal as the Web API words it; the bot reads the name in ``error``."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """
    Slack's pauses and patience, in seconds; tests shorten them.

    Source:
        Slack's documentation of rate limits, the Events API and interactivity. *post_interval* 0
        lets the bot post as fast as it likes.
    """

    post_interval: float = 1.0
    ack_timeout: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_life: float = 3.0
    response_url_life: float = 1800.0
    ping_interval: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A member of the workspace: a person or a bot."""

    id: str
    name: str
    bot_id: str | None = None
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Usergroup:
    """A user group, and the ids of who is in it."""

    handle: str
    members: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel, perhaps *shared* with other organisations, or the bot's conversation with one *person*."""

    id: str
    name: str
    members: set[str]
    private: bool = False
    person: str | None = None
    shared: bool = False

    @property
    def kind(self) -> str:
        """The prefix of the scopes that open it: ``channels``, ``groups`` or ``im``."""
        return "im" if self.person else "groups" if self.private else "channels"

    @property
    def event_kind(self) -> str:
        """What events call its ``channel_type``."""
        return {"im": "im", "groups": "group", "channels": "channel"}[self.kind]


@dataclass(slots=True, kw_only=True)
class Message:
    """
    What stands in a channel, as its readers see it now.

    *thread_ts* is None at the top level. *via* is how it came: ``person``, ``other bot`` or the
    method of the bot's own (``chat.postMessage``, ``response_url``, ``ack``). *earlier* keeps
    text and blocks of the versions before each edit. *ephemeral_to* is its only reader.
    """

    channel: str
    ts: str
    user: str
    text: str
    via: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    metadata: Json | None = None
    ephemeral_to: str | None = None
    edited_ts: str | None = None
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    earlier: list[tuple[str, list[Json]]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.ts} {self.user}: {self.text}"


@dataclass(slots=True, kw_only=True)
class View:
    """A modal that is open, or somebody's Home tab."""

    id: str
    user: str
    data: Json
    previous: str | None = None
    root: str = ""
    closed: bool = False

    @property
    def blocks(self) -> list[Json]:
        """The blocks that the person sees."""
        blocks: list[Json] = self.data.get("blocks", [])
        return blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One Web API call: what was asked (without the token), when, and what was answered."""

    method: str
    args: Json
    at: float
    answer: Json
    status: int = 200

    @property
    def ok(self) -> bool:
        """Whether the bot was told that it worked."""
        return self.answer.get("ok") is True


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One envelope sent over one socket, and its ack."""

    kind: str
    payload: Json
    envelope_id: str
    socket: int
    sent_at: float
    retry_attempt: int | None = None
    retry_reason: str = ""
    acked_at: float | None = None
    response: Json | None = None

    @property
    def event_id(self) -> str | None:
        """The event's id, the same over all its retries."""
        return self.payload.get("event_id")

    @property
    def event_type(self) -> str | None:
        """The event's type, such as ``app_mention``."""
        event: Json = self.payload.get("event", {})
        return event.get("type")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownError:
    """What Slack itself tells a person when the app fails them."""

    user: str
    error: str


class Team:
    """
    All that the workspace knows, behind one lock.

    Change it under ``with team.change():``, which wakes all who wait in :meth:`wait_for`, and read it
    from other threads under ``with team.lock:``, which wakes nobody.
    """

    def __init__(self, base_url: str, scopes: frozenset[str], timing: Timing) -> None:
        self.name, self.base_url, self.scopes, self.timing = "Loopback", base_url, scopes, timing
        self.bot_token, self.app_token = f"{BOT_PREFIX}{token_hex(12)}", f"{APP_PREFIX}{token_hex(12)}"
        self.id, self.app_id, self.bot_id = "T0LOOPBACK", "A0LOOPBACK", "B0LOOPBACK"
        self.bot = User(id="U0LOOPBOT", name="pullquote", bot_id=self.bot_id)
        self.users = {self.bot.id: self.bot}
        self.usergroups: dict[str, Usergroup] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.ephemerals: list[Message] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.statuses: list[Json] = []
        self.prompts: list[Json] = []
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.errors: list[ShownError] = []
        self.lock = threading.Condition(threading.RLock())
        self._numbers = itertools.count(1)
        self._last_ts = 0

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock; on leaving, wake those who wait for something."""
        with self.lock:
            yield
            self.lock.notify_all()

    def wait_for(self, predicate: Callable[[], Any], timeout: float) -> Any:
        """Return the first true value of *predicate*, or its last one after *timeout* seconds."""
        ends = time.monotonic() + timeout
        with self.lock:
            while not (value := predicate()) and (left := ends - time.monotonic()) > 0:
                self.lock.wait(
                    min(left, LOOK)
                )  # what it looks at may be the test's own, of which nobody tells
            return value

    def new_id(self, prefix: str) -> str:
        """Return an id that nothing else in the workspace bears."""
        return f"{prefix}{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """Return the time now as Slack writes it, later than any before."""
        with self.lock:
            self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def channel(self, channel_id: Any) -> Channel:
        """Return a channel that the bot may know of, or refuse."""
        channel = self.channels.get(str(channel_id))
        if channel is None or (channel.private and self.bot.id not in channel.members):
            raise ApiError("channel_not_found")
        return channel

    def joined(self, channel_id: Any) -> Channel:
        """Return a channel that the bot is a member of, or refuse."""
        channel = self.channel(channel_id)
        if self.bot.id not in channel.members:
            raise ApiError("not_in_channel")
        return channel

    def find(self, channel_id: str, ts: str) -> Message | None:
        """Return the message of *ts*, unless it is deleted."""
        at = (m for m in reversed(self.messages) if m.ts == ts and m.channel == channel_id)
        return next((m for m in at if not m.deleted), None)

    def thread(self, channel_id: str, ts: str | None) -> list[Message]:
        """Return the replies to *ts* in their order; with None, the channel's top level."""
        return [m for m in self.messages if (m.channel, m.thread_ts, m.deleted) == (channel_id, ts, False)]

    def add(self, message: Message) -> Message:
        """Put *message* where it belongs."""
        with self.change():
            name_blocks(self, message.blocks)
            (self.ephemerals if message.ephemeral_to else self.messages).append(message)
        return message

    def add_user(self, name: str, bot_id: str | None = None) -> User:
        """Return the member of that name, who joins if need be."""
        with self.change():
            found = next((u for u in self.users.values() if u.name == name), None)
            user = found or User(id=self.new_id("U"), name=name, bot_id=bot_id)
            return self.users.setdefault(user.id, user)

    def add_channel(self, name: str, *, private: bool, member: bool) -> Channel:
        """Return the channel of that name; a new one has everybody in it but perhaps the bot."""
        with self.change():
            found = next((c for c in self.channels.values() if c.name == name and not c.person), None)
            members = {self.bot.id} if member else set()
            channel = found or Channel(id=self.new_id("C"), name=name, members=members, private=private)
            return self.channels.setdefault(channel.id, channel)

    def add_dm(self, user_id: str) -> Channel:
        """Return the direct conversation of the bot and that person."""
        with self.change():
            found = next((c for c in self.channels.values() if c.person == user_id), None)
            members = {self.bot.id, user_id}
            channel = found or Channel(id=self.new_id("D"), name="", members=members, person=user_id)
            return self.channels.setdefault(channel.id, channel)


def name_blocks(team: Team, blocks: list[Json]) -> None:
    """Give a ``block_id`` to the blocks that came without one, as Slack does."""
    for block in blocks:
        block.setdefault("block_id", team.new_id("b"))


def mentions(text: str, user_id: str) -> bool:
    """Say whether *text* mentions the member."""
    return re.search(rf"<@{re.escape(user_id)}(\|[^>]*)?>", text) is not None
