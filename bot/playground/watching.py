"""What is to be seen in the loopback workspace, and waited for: messages, views, calls, envelopes, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.playground.events import name
from bot.playground.sockets import Sockets
from bot.playground.team import Call, Delivery, Json, Message, ShownError, Team, View

T = TypeVar("T")


class Watching:
    """The eyes of the control API: nothing here changes the workspace."""

    _team: Team
    _sockets: Sockets

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

    def name(self, id: str) -> str:
        """Return how people write a member, a channel or a direct conversation."""
        channel = self._team.channels.get(id)
        if channel is None:
            return name(self._team, id)
        return f"#{channel.name}" if not channel.person else f"@{self._team.bot.name}"

    # What people see

    def message(self, channel: str, ts: str) -> Message:
        """Return the message of *ts*, which must be there."""
        message = self._team.find(channel, ts)
        if message is None:
            raise KeyError(f"no message {ts} in {channel}")
        return message

    def messages(self, channel: str, *, thread_ts: str | None = None) -> list[Message]:
        """Return what stands in a channel in order: its top level, or the replies to *thread_ts*."""
        with self._team.lock:
            return self._team.thread(channel, thread_ts)

    def answers(self, channel: str, *, thread_ts: str | None = None) -> list[Message]:
        """Return the bot's own among :meth:`messages`."""
        return [m for m in self.messages(channel, thread_ts=thread_ts) if m.user == self.bot_user_id]

    def ephemerals(self, user: str, channel: str) -> list[Message]:
        """Return what only that person sees in the channel, in order."""
        with self._team.lock:
            seen = [m for m in self._team.ephemerals if (m.ephemeral_to, m.channel) == (user, channel)]
        return [m for m in seen if not m.deleted]

    def views(self, user: str) -> list[View]:
        """Return the modals that the person has open, the top one last."""
        with self._team.lock:
            own = [v for v in self._team.views.values() if v.user == user and not v.closed]
        return [v for v in own if v is not self.home(user)]

    def home(self, user: str) -> View | None:
        """Return the person's Home tab, once it is published."""
        return self._team.homes.get(user)

    # What happened

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the calls of *method* (or all), response URLs as ``response_url``, in order."""
        with self._team.lock:
            return [c for c in self._team.calls if method in (None, c.method)]

    def deliveries(self, type: str | None = None) -> list[Delivery]:
        """Return the envelopes sent, of an event type (``app_mention``) or kind (``slash_commands``)."""
        with self._team.lock:
            return [d for d in self._team.deliveries if type in (None, d.event_type, d.kind)]

    @property
    def statuses(self) -> list[Json]:
        """All calls of ``assistant.threads.setStatus``: channel, thread_ts, status, at."""
        return list(self._team.statuses)

    def status(self, channel: str, thread_ts: str) -> str:
        """Return what the bot's status in a thread says now: a reply of the bot's in it takes it away."""
        with self._team.lock:
            set_there = [
                s for s in self._team.statuses if (s["channel"], s["thread_ts"]) == (channel, thread_ts)
            ]
            replies = [m for m in self._team.thread(channel, thread_ts) if m.user == self.bot_user_id]
        replied_at = max((float(m.ts) for m in replies), default=0.0)
        return next((s["status"] for s in reversed(set_there) if s["at"] > replied_at), "")

    @property
    def prompts(self) -> list[Json]:
        """The suggested prompts that are shown: channel, prompts, at."""
        return list(self._team.prompts)

    @property
    def errors(self) -> list[ShownError]:
        """What Slack itself told people because the app failed them."""
        return list(self._team.errors)

    def wait_for(self, predicate: Callable[[], T], timeout: float = 60.0) -> T:
        """
        Return the first true value of *predicate*, tried again after each change and now and then.

        Nothing changes while it runs, so it must look only, not call the Web API.

        Raises:
            TimeoutError: If it is still false after *timeout* seconds.
        """
        value: T = self._team.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"not within {timeout} s; the last calls were {self.calls()[-3:]}")
        return value

    def wait_for_answers(
        self, channel: str, *, thread_ts: str | None = None, count: int = 1, timeout: float = 60.0
    ) -> list[Message]:
        """Wait until the bot has written *count* messages there, and return them."""

        def enough() -> list[Message]:
            found = self.answers(channel, thread_ts=thread_ts)
            return found if len(found) >= count else []

        return self.wait_for(enough, timeout)

    def wait_for_message(
        self, channel: str, *, thread_ts: str | None = None, timeout: float = 60.0
    ) -> Message:
        """Wait until the bot has written there, and return its latest message."""
        return self.wait_for_answers(channel, thread_ts=thread_ts, timeout=timeout)[-1]

    def wait_until_delivered(self, timeout: float = 60.0) -> None:
        """Wait until every event so far is acked, or given up after its last retry."""
        self.wait_for(lambda: self._sockets.pending == 0, timeout)
