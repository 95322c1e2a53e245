"""The port at which machines ask: over real HTTP, beside a real bot on the loopback workspace."""

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from conftest import GULLS, SmallColumn, until
from test_metrics import read

from bot.config import Address
from bot.health import AddressError, listening
from bot.metrics import Metrics
from bot.playground import faults as F
from bot.service import Service, running

LOOPBACK = Address("127.0.0.1", 0)
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(address, path, **headers):
    """Return status and body of what is at *path*."""
    try:
        request = urllib.request.Request(f"http://{address}{path}", headers=headers)
        with DIRECT.open(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def checks(address, path="/readyz"):
    status, body = get(address, path)
    told = json.loads(body)
    assert told["ok"] == (status == 200)
    return status, told["checks"]


def asked(metrics, *paths):
    """Return what a port beside *metrics* answers to each of *paths*."""

    async def ask():
        async with listening(LOOPBACK, metrics) as address:
            return [await asyncio.to_thread(get, address, path) for path in paths]

    return asyncio.run(ask())


@dataclass
class Watched:
    """A service with the port beside it, as ``python -m bot`` starts it."""

    service: Service
    address: Address | None = None

    async def run(self, stop, started):
        async with listening(LOOPBACK, self.service.vitals) as address:
            self.address = address
            await self.service.run(stop, started)


@contextmanager
def watched(scene):
    """Run the bot of *scene* with the port beside it; give its address, at which it listens already."""
    bot = Watched(replace(scene.service, vitals=Metrics()))
    with running(bot) as started:
        yield until(lambda: bot.address), started


def test_a_bot_that_has_only_begun_lives_and_is_not_ready():
    (alive, _), (ready, why) = asked(Metrics(), "/healthz", "/readyz")
    assert (alive, ready) == (200, 503)
    assert json.loads(why) == {"ok": False, "checks": {"start": "it has only begun"}}


def test_each_check_is_named_with_ok_or_why_not():
    metrics = Metrics()
    metrics.check("sync", lambda: "the last one is 3 h ago")
    metrics.check("workers", lambda: None, vital=True)
    (alive, life), (ready, why) = asked(metrics, "/healthz", "/readyz")
    assert (alive, json.loads(life)) == (200, {"ok": True, "checks": {"workers": "ok"}})
    assert ready == 503
    assert json.loads(why)["checks"] == {"sync": "the last one is 3 h ago", "workers": "ok"}


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/metrics/../.env", 404), ("/metrics", 200)])
def test_there_is_nothing_else_to_see(path, status):
    assert asked(Metrics(), path)[0][0] == status


def test_a_port_that_is_taken_is_named_with_what_to_do():
    async def listen_there():
        async with listening(taken, Metrics()):
            pass

    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(AddressError, match=rf"^HEALTH_ADDRESS is {taken}, where .*write off\.$"):
            asyncio.run(listen_there())


def test_off_listens_nowhere():
    async def listen_nowhere():
        async with listening(None, Metrics()) as address:
            return address

    assert asyncio.run(listen_nowhere()) is None


def test_a_bot_is_ready_once_the_column_is_loaded_and_alive_from_the_first_moment(build_scene, column):
    loaded = threading.Event()

    def load():
        assert loaded.wait(30)
        return column

    with watched(build_scene(load)) as (address, started):
        status, told = until(lambda: (seen := checks(address))[1].get("socket") == "ok" and seen)
        assert (status, told["model"]) == (503, "the column is still being read")
        assert checks(address, "/healthz") == (200, {"herald": "ok", "line": "ok"})
        loaded.set()
        assert started.wait(30)
        names = {"digests", "herald", "line", "model", "press", "socket", "store", "workers"}
        assert checks(address) == (200, dict.fromkeys(names, "ok"))


def test_a_bot_without_its_socket_is_not_ready_until_it_is_open_again(build_scene):
    scene = build_scene()
    with watched(scene) as (address, started):
        assert started.wait(30)
        until(lambda: checks(address)[0] == 200)
        scene.workspace.faults.add("apps.connections.open", *[F.SERVER_ERROR] * 1000)
        scene.workspace.close_sockets()
        status, told = until(lambda: (seen := checks(address))[0] == 503 and seen)
        assert (status, told["socket"][:15], told["line"]) == (503, "it is not open,", "ok")
        scene.workspace.faults.clear()
        until(lambda: checks(address)[0] == 200)
        assert read(get(address, "/metrics")[1])["socket_open",] == 1


class Fatal(SmallColumn):
    """A column that takes the thread down with it that asks it to."""

    def ask(self, question, *, seen=()):
        if "abyss" in question:
            raise SystemExit
        return super().ask(question, seen=seen)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is the point
def test_a_worker_that_died_is_named_and_the_bot_must_be_started_anew(build_scene):
    scene = build_scene(Fatal)
    with watched(scene) as (address, started):
        assert started.wait(30)
        assert checks(address, "/healthz")[0] == 200
        scene.mention("what of the abyss?")
        status, told = until(lambda: (seen := checks(address, "/healthz"))[0] == 503 and seen)
        assert (status, told["workers"][:7], told["line"]) == (503, "worker-", "ok")
        assert checks(address)[0] == 503


def test_what_people_ask_is_counted_and_none_of_their_words_is_shown(build_scene):
    scene = build_scene()
    with watched(scene) as (address, started):
        assert started.wait(30)
        scene.workspace.faults.add("chat.postMessage", F.rate_limited(0))
        answered = scene.mention("gulls, by Roe?")
        scene.workspace.wait_for_answers(scene.general, thread_ts=answered)
        for question in ("will it explode?", "parking permits?", "help"):
            ts = scene.mention(question)
            scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
        scene.workspace.faults.add("response_url", F.rate_limited(0))
        shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
        scene.workspace.wait_for(lambda: shown.messages)
        text = until(lambda: (t := get(address, "/metrics")[1]) and 'kind="command"' in t and t)
    seen = read(text)
    counted = {key[1:]: value for key, value in seen.items() if key[0] == "questions_total"}
    assert counted == {
        ("answered", "mention"): 1,
        ("error", "mention"): 1,
        ("mention", "silent"): 1,
        ("mention", "told"): 1,
        ("answered", "command"): 1,
    }
    assert seen["slack_calls_total", "chat.postMessage", "ok"] == 4
    assert seen["slack_rate_limits_total", "chat.postMessage"] == 1
    assert seen["slack_rate_limits_total", "response_url"] == 1
    assert seen["slack_calls_total", "ok", "response_url"] == 1
    assert seen["slack_calls_total", "auth.test", "ok"] == 1
    for stage in ("waiting", "asking", "posting", "whole"):
        assert seen["question_seconds_count", stage] == 5
    assert (seen["questions_open", "waiting"], seen["questions_open", "posting"]) == (0, 0)
    assert seen["last_event_age_seconds",] >= 0
    slack = scene.service.slack
    secret = (slack.bot_token, slack.app_token, scene.ada, scene.general, answered, "gulls", "Roe", "permits")
    assert [word for word in (*secret, GULLS[:20], "boom", "/actions/") if word in text] == []


def test_calls_that_slack_fails_or_refuses_are_told_apart(build_scene):
    scene = build_scene()
    with watched(scene) as (address, started):
        assert started.wait(30)
        scene.workspace.faults.add("chat.postMessage", F.SERVER_ERROR, F.RESET, F.failing("msg_too_long"))
        ts = scene.mention("gulls?")
        scene.workspace.wait_for(lambda: scene.workspace.ephemerals(scene.ada, scene.general))
        seen = until(
            lambda: (
                (s := read(get(address, "/metrics")[1]))
                and ("questions_total", "mention", "unsent") in s
                and s
            )
        )
        assert scene.workspace.answers(scene.general, thread_ts=ts) == []
    outcomes = {k[1:]: v for k, v in seen.items() if k[0] == "slack_calls_total" and "chat.postMessage" in k}
    assert outcomes == {
        ("chat.postMessage", "failed"): 1,
        ("chat.postMessage", "unreachable"): 1,
        ("chat.postMessage", "refused"): 1,
    }
