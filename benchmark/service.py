"""
An event in, a message out: what the bot costs besides the model; and its start, with the model.

The bot is a process of its own, as it always is; `python -m benchmark.service` is one that times its answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.prose import Embedder, Prose
from benchmark.size import MODEL
from bot.column import Column
from bot.config import Limits, Slack
from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.service import Service
from bot.state import Inbox, Memory
from index.retriever import Retriever
from index.store import Store
from index.verdict import Answer

PATIENCE = 30.0
ROOT = Path(__file__).parent.parent
QUESTIONS, TOGETHER = 90, 100  # nine kinds, ten of each


class Served(NamedTuple):
    """Milliseconds from an event to its message, one at a time; and of many at once, how many a second."""

    single: list[float]
    answering: list[float]  # of these, what the answer itself took
    together: float


def measure(folder: Path, passages: int, questions: int = QUESTIONS, together: int = TOGETHER) -> Served:
    """Ask the bot over a column made for `Column` in *folder*: one question at a time, then many at once."""
    prose = Prose(passages)
    asked = [q for _ in range(-(-questions // 9)) for q in prose.questions().values()]
    with Workspace.start(timing=Timing(post_interval=0)) as workspace, _bot(workspace, folder) as told:
        person, channel = workspace.user("Ada"), workspace.channel("general")

        def ask(question: str) -> str:
            return workspace.post(person, channel, f"<@{workspace.bot_user_id}> {question}")

        single, answering = [], []
        for question in asked[:questions]:
            start = time.perf_counter()
            workspace.wait_for_message(channel, thread_ts=ask(question), timeout=PATIENCE)
            whole, took = time.perf_counter() - start, next(told)
            single.append(1000 * (whole - took["model"]))
            answering.append(1000 * (took["answer"] - took["model"]))
            workspace.wait_until_delivered()  # one at a time: the last is over, its own echo included
        start = time.perf_counter()
        for ts in [ask(asked[i % len(asked)]) for i in range(together)]:
            workspace.wait_for_message(channel, thread_ts=ts, timeout=PATIENCE)
        return Served(single, answering, together / (time.perf_counter() - start))


def start(data: Path, question: str, articles: Sequence[Path]) -> float:
    """
    Start the bot on a column that is stored in *data*; return the seconds until it has answered *question*.

    A process of its own, with the real model: somebody asks as soon as the socket is open. What an earlier
    bot remembers is deleted: each workspace numbers its events from the beginning.
    """
    for remembered in data.glob("bot.sqlite*"):
        remembered.unlink()
    with Workspace.start(timing=Timing(post_interval=0)) as workspace:
        person, channel = workspace.user("Ada"), workspace.channel("general")
        settings = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": workspace.api_url,
            "COLUMN": " ".join(f'"{folder}"' for folder in articles),
            "DATA_DIR": str(data),
            "HEALTH_ADDRESS": "off",
            "LOG_LEVEL": "ERROR",
        }
        begun = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "bot"], cwd=ROOT, env=os.environ | settings) as bot:
            try:
                workspace.wait_connected(PATIENCE)
                ts = workspace.post(person, channel, f"<@{workspace.bot_user_id}> {question}")
                workspace.wait_for_message(channel, thread_ts=ts, timeout=PATIENCE)
                return time.perf_counter() - begun
            finally:
                bot.terminate()


class Timed(Column):
    """A column that says how long each answer took, and what stands for the model in it."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        super().__init__(Retriever(store, embedder))
        self._embedder = embedder

    def ask(self, *question: Any, **more: Any) -> Answer:
        """Answer, and say how long it took."""
        start, before = time.perf_counter(), self._embedder.seconds
        found = super().ask(*question, **more)
        _say(answer=time.perf_counter() - start, model=self._embedder.seconds - before)
        return found


@contextmanager
def _bot(workspace: Workspace, folder: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """Let a timed bot answer in *workspace*; yield what it says of each answer."""
    line = [workspace.bot_token, workspace.app_token, workspace.api_url]
    command = [sys.executable, "-m", "benchmark.service", str(folder), *line]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as bot:  # noqa: S603 – our own
        assert bot.stdout is not None
        told = map(json.loads, bot.stdout)
        try:
            next(told)  # it is ready
            workspace.wait_connected()
            yield told
        finally:
            bot.terminate()


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)


async def _serve(folder: Path, slack: Slack) -> None:
    with (
        Store.open_existing(folder, MODEL) as store,
        tempfile.TemporaryDirectory(prefix="pullquote-") as made,
    ):
        column = Timed(store, Embedder())
        column.warm()
        with Inbox(Path(made) / "bot.sqlite") as inbox, Memory(Path(made) / "bot.sqlite") as memory:
            service = Service(
                slack=slack,
                inbox=inbox,
                memory=memory,
                load=lambda: column,
                limits=Limits(rates=(), share=1.0),
                post_interval=0,
            )
            stop = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
            await service.run(stop, lambda: _say(ready=True))


if __name__ == "__main__":
    where, bot_token, app_token, api_url = sys.argv[1:]
    asyncio.run(_serve(Path(where), Slack(bot_token=bot_token, app_token=app_token, api_url=api_url)))
