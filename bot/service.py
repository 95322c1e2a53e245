"""
The running bot: socket, listeners, inbox and workers, from a checked start to a graceful stop.

Promises: a refused token is named at once; Slack being down is waited out; questions are acknowledged and
kept from the first moment, and answered as soon as the column is loaded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.actions import Clicks, register_actions
from bot.admins import Admins
from bot.column import Consulted
from bot.commands import Commands
from bot.config import Admins as ListedAdmins
from bot.config import Limits, Slack
from bot.connector import Connector
from bot.corrections import SLOWER, Corrector
from bot.digest import News
from bot.digest_desk import DIGESTS, Desk, lines, register_digests
from bot.failures import Failures, noting
from bot.follow import follows
from bot.forgetting import FORGETTING
from bot.groups import Groups
from bot.home import Tabs, register_home
from bot.listeners import register
from bot.lookups import LOOKUPS
from bot.manners import Manners
from bot.operations import Operator, operations
from bot.pace import Pace
from bot.poster import Poster, posting_client
from bot.press import ALARM_AFTER, Press
from bot.settings import SETTINGS, Changing, register_settings
from bot.state import Inbox, Memory
from bot.status import MOMENT, Herald, Statuses
from bot.syncing import Keeper, Rhythm
from bot.upkeep import Upkeep
from bot.vitals import DigestOutcome, Vitals
from bot.worker import Asks, Replier, Workers

log = logging.getLogger(__name__)
T = TypeVar("T")

LOADING = "the column is still being read"
CLICKS = 16  # that are worked on at once
POST_INTERVAL = 1.0  # Slack takes about one post a second in a channel
LONGEST_PAUSE = 60.0
REFUSALS = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")
REFUSALS_OF_TYPE = ("not_allowed_token_type", "missing_scope")


class Loaded(Asks, Consulted, News, Protocol):
    """The column, loaded: it is asked, opened and compared with, and kept where it is anybody's to keep."""

    @property
    def upkeep(self) -> Upkeep | None:
        """What keeps it in step with its sources."""

    def warm(self) -> None:
        """Read now what the first question after a sync would wait for."""


class Shelf:
    """Where the column stands once it is loaded; until then *column* is None."""

    column: Loaded | None = None


class StartError(Exception):
    """Slack refuses the bot; the text names the setting and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    One bot on one workspace.

    *load* gives the answerer; it may take its time, and runs in a thread of its own. *recheck* is how many
    seconds pass before a post that Slack did not confirm is looked for, *post_interval* how many between two
    posts in a channel, *moment* how many before a question that is worked on gets a status. *limits* is what
    one person gets, *admins* who runs the bot. *vitals* are told how the bot fares. *rhythm* says when the
    column is synced. A digest that is *digest_alarm_after* seconds late is told to the admins; *clock* is
    what it is late by.
    """

    slack: Slack
    inbox: Inbox
    memory: Memory
    load: Callable[[], Loaded]
    recheck: float = 2.0
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    admins: ListedAdmins = ListedAdmins()  # noqa: RUF009 - frozen
    post_interval: float = POST_INTERVAL
    moment: float = MOMENT
    vitals: Vitals = field(default_factory=Vitals)
    rhythm: Rhythm = Rhythm()  # noqa: RUF009 - frozen
    digest_alarm_after: float = ALARM_AFTER
    clock: Callable[[], float] = time.time

    async def run(self, stop: asyncio.Event, started: Callable[[], None] = lambda: None) -> None:
        """
        Run until *stop* is set; call *started* once the socket is open and the column loaded.

        Raises:
            StartError: If Slack refuses a token.
            Exception: Whatever *load* raises.
        """
        direct, vitals, shelf = is_loopback(self.slack.api_url), self.vitals, Shelf()
        self._watch(shelf)
        client = posting_client(self.slack.bot_token, self.slack.api_url, direct=direct, vitals=vitals)
        identity = await _unless(stop, self._sign_in(client))
        if identity is None:
            return
        loading = _in_thread(self.load)  # beside connecting
        admins, manners = Admins(self.admins, workspace_admins(client)), Manners(self.memory, self.limits)
        groups = Groups(client, vitals=vitals)
        app = build_app(client, identity, self.inbox, self.memory, admins, groups, manners, shelf, vitals)
        connector = Connector.build(app, self.slack, vitals.socket, direct=direct)
        watching = asyncio.ensure_future(connector.watch())
        try:
            with noting() as failures:
                if await _unless(stop, connector.join()):
                    log.info("connected")
                    await self._answer(
                        loading, client, admins, groups, manners, stop, started, shelf, failures
                    )
        finally:
            loading.cancel()
            watching.cancel()
            await connector.leave()
            log.info("stopped")

    async def _answer(
        self,
        loading: Awaitable[Loaded],
        client: WebClient,
        admins: Admins,
        groups: Groups,
        manners: Manners,
        stop: asyncio.Event,
        started: Callable[[], None],
        shelf: Shelf,
        failures: Failures,
    ) -> None:
        """Wait for the column, then answer until *stop* is set; who waits meanwhile is told why."""
        loaded, statuses = threading.Event(), Statuses(client, vitals=self.vitals, moment=self.moment)
        herald = Herald(self.inbox, statuses, loaded.is_set)
        herald.start()
        self.vitals.check("herald", herald.died, vital=True)
        try:
            answerer = await _unless(stop, loading)
            if answerer is None:
                return
            shelf.column = answerer
            loaded.set()
            poster = Poster(client, self.vitals)
            operator = self._operator(answerer, poster, admins, failures)
            commands = Commands(
                LOOKUPS,
                SETTINGS,
                FORGETTING,
                DIGESTS,
                follows(poster.why_not),
                operations(operator) if operator else {},
            )
            replier = Replier(
                self.inbox,
                self.memory,
                poster,
                answerer,
                statuses,
                manners,
                commands,
                admins,
                groups,
                recheck=self.recheck,
                vitals=self.vitals,
            )
            workers = Workers(self.inbox, replier, Pace(self.post_interval))
            workers.start()
            self.vitals.check("workers", workers.why_not, vital=True)
            if operator:
                operator.keeper.start()
                operator.corrector.start()
            press = self._press(answerer, admins)
            press.start()
            self.vitals.check("press", press.died, vital=True)
            self.vitals.check("digests", press.why_not)
            log.info("answering")
            started()
            await stop.wait()
            stops = [
                workers.stop,
                press.stop,
                *((operator.keeper.stop, operator.corrector.stop) if operator else ()),
            ]
            await asyncio.gather(*map(asyncio.to_thread, stops))
        finally:
            await asyncio.to_thread(herald.stop)
            await asyncio.to_thread(statuses.close)

    def _press(self, column: News, admins: Admins) -> Press:
        """Return what posts the digests: it does not wait when Slack asks for a pause, but comes again."""
        client = posting_client(
            self.slack.bot_token,
            self.slack.api_url,
            direct=is_loopback(self.slack.api_url),
            vitals=self.vitals,
            patient=False,
        )
        return Press(
            self.memory,
            Poster(client, self.vitals),
            column,
            admins.people,
            self.clock,
            alarm_after=self.digest_alarm_after,
            outcome=lambda ending: self.vitals.digest(DigestOutcome(ending)),
        )

    def _operator(
        self, column: Loaded, poster: Poster, admins: Admins, failures: Failures
    ) -> Operator | None:
        """Return what admins work with, and what keeps the column; None where it is not ours to keep."""
        if column.upkeep is None:
            return None
        corrector = Corrector(self.memory, poster, column.upkeep, interval=self.post_interval * SLOWER)
        keeper = Keeper(
            column.upkeep,
            self.memory,
            poster,
            admins.people,
            self.rhythm,
            warm=column.warm,
            afterwards=corrector.wake,
            synced=self.vitals.synced,
        )
        self.vitals.check("keeper", keeper.died, vital=True)
        self.vitals.check("corrector", corrector.died, vital=True)
        self.vitals.check("sync", keeper.why_not)
        return Operator(
            upkeep=column.upkeep,
            keeper=keeper,
            admins=admins,
            inbox=self.inbox,
            memory=self.memory,
            failures=failures,
            corrector=corrector,
            socket_age=lambda: self.vitals.socket.age,
            next_digests=lambda: lines(self.memory, self.clock),
        )

    async def _sign_in(self, client: WebClient) -> AuthorizeResult:
        """Wait until Slack knows both tokens, and return who we are."""
        pause = 1.0
        while True:
            try:
                return await asyncio.to_thread(sign_in, client, self.slack.app_token)
            except (SlackApiError, OSError) as error:
                log.warning("Slack cannot be reached", extra={"code": type(error).__name__, "seconds": pause})
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _watch(self, shelf: Shelf) -> None:
        """Let the vitals look at what the bot stands on."""
        vitals = self.vitals

        def store() -> str | None:
            if shelf.column is None:
                return LOADING
            shelf.column.summary()  # reads it, or raises
            return None

        vitals.queue = self.inbox.open
        vitals.check("line", vitals.socket.lost, vital=True)
        vitals.check("socket", vitals.socket.why_not)
        vitals.check("model", lambda: LOADING if shelf.column is None else None)
        vitals.check("store", store)


@contextmanager
def running(service: Service) -> Iterator[threading.Event]:
    """Run *service* in a thread while the block lasts; the event is set once it answers, or has failed."""
    started, stop = threading.Event(), asyncio.Event()
    with asyncio.Runner() as runner, ThreadPoolExecutor(1, "bot") as pool:
        loop = runner.get_loop()
        run = pool.submit(runner.run, service.run(stop, started.set))
        run.add_done_callback(lambda _: started.set())
        try:
            yield started
        finally:
            loop.call_soon_threadsafe(stop.set)
            run.result()


def build_app(
    client: WebClient,
    identity: AuthorizeResult,
    inbox: Inbox,
    memory: Memory,
    admins: Admins,
    groups: Groups,
    manners: Manners,
    shelf: Shelf | None = None,
    vitals: Vitals | None = None,
) -> App:
    """
    Build the Bolt app with all its listeners; it does not call Slack yet, nor before an ack.

    The identity is handed over as ``authorize``, which also keeps SLACK_CLIENT_ID and SLACK_CLIENT_SECRET
    in the environment from turning the app to OAuth. ``process_before_response`` makes the ack wait for
    the inbox; the inbox is quick.
    """
    app = App(
        name="pullquote",
        client=WebClient(base_url=client.base_url),
        authorize=lambda: identity,
        signing_secret="",
        request_verification_enabled=False,  # Socket Mode: requests come over our own connection
        process_before_response=True,
        # Not 5: a few posts that Slack holds up must not keep a modal from opening within 3 s.
        listener_executor=ThreadPoolExecutor(CLICKS, "click"),
        raise_error_for_unhandled_request=True,
    )
    here, poster = shelf or Shelf(), Poster(client, vitals)
    channels = Changing(memory, poster, admins, groups)
    desk = Desk(memory, poster, admins, lambda: here.column, time_zones(client), time.time)
    register(app, inbox, memory, groups, {"settings": channels.command, "digest": desk.open})
    register_actions(app, Clicks(memory, poster, admins, manners, lambda: here.column))
    register_home(app, Tabs(memory, poster, lambda: here.column))
    register_settings(app, channels)
    register_digests(app, desk)
    return app


def sign_in(client: WebClient, app_token: str) -> AuthorizeResult:
    """
    Ask Slack who the bot token is, and whether the app token opens sockets.

    Raises:
        StartError: If one of them is refused.
        SlackApiError, OSError: If Slack cannot be asked.
    """
    who = _asked("SLACK_BOT_TOKEN", client.auth_test)
    _asked("SLACK_APP_TOKEN", lambda: client.apps_connections_open(app_token=app_token))
    return AuthorizeResult(
        enterprise_id=who.get("enterprise_id"),
        team_id=who["team_id"],
        bot_user_id=who["user_id"],
        bot_id=who.get("bot_id"),
        bot_token=client.token,
    )


def workspace_admins(client: WebClient) -> Callable[[str], bool]:
    """Return what asks Slack whether somebody is an admin or owner of the workspace."""

    def looks_up(user: str) -> bool:
        found = client.users_info(user=user)["user"]
        return bool(found.get("is_admin") or found.get("is_owner"))

    return looks_up


def time_zones(client: WebClient) -> Callable[[str], str]:
    """Return what asks Slack for somebody's time zone: "" where the app lacks the scope users:read."""

    def zone_of(user: str) -> str:
        try:
            return str(client.users_info(user=user)["user"].get("tz") or "")
        except (SlackApiError, OSError):
            return ""

    return zone_of


def is_loopback(url: str) -> bool:
    """Tell whether *url* is on this machine."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _asked(setting: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except SlackApiError as error:
        code = error.response.get("error")
        if code in REFUSALS:
            raise StartError(
                f"Slack refuses {setting} ({code}): copy it again from the app's settings."
            ) from error
        if code in REFUSALS_OF_TYPE:
            raise StartError(
                f"{setting} is the wrong token or lacks a scope ({code}): the bot token begins with xoxb-; "
                "the app token begins with xapp- and needs the scope connections:write."
            ) from error
        raise


async def _unless(stop: asyncio.Event, step: Awaitable[T]) -> T | None:
    """Wait for *step*, or for *stop*: then *step* is dropped and the result is None."""
    task, stopped = asyncio.ensure_future(step), asyncio.ensure_future(stop.wait())
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return None


def _in_thread(load: Callable[[], T]) -> asyncio.Future[T]:
    """Run *load* in a thread that, unlike an executor's, does not keep a stopping process alive."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(load())
        except Exception as error:  # raised again where the future is awaited
            future.set_exception(error)

    threading.Thread(target=work, name="load", daemon=True).start()
    return asyncio.wrap_future(future)
