"""An event in, a message out: what the bot costs besides the model; and its start, with the model."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmark.prose import Embedder, Prose
from benchmark.size import MODEL
from bot.column import Column
from bot.config import Limits, Slack
from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.service import Service, running
from bot.state import Inbox, Memory
from index.retriever import Retriever
from index.store import Store

PATIENCE = 30.0
ROOT = Path(__file__).parent.parent
QUESTIONS, TOGETHER = 40, 100


class Served(NamedTuple):
    """Milliseconds from an event to its message, one at a time; and of many at once, how many a second."""

    single: list[float]
    answering: list[float]  # of these, what the answer itself took
    together: float


def measure(folder: Path, passages: int, questions: int = QUESTIONS, together: int = TOGETHER) -> Served:
    """Ask the bot over a column made for `Column` in *folder*: one question at a time, then many at once."""
    embedder, prose = Embedder(), Prose(passages)
    with Store.open_existing(folder, MODEL) as store:
        column = Timed(Retriever(store, embedder))
        column.warm()
        with _bot(column) as workspace:
            person, channel = workspace.user("Ada"), workspace.channel("general")
            asked = [q for _ in range(-(-questions // 9)) for q in prose.questions().values()]
            single, answering = [], []
            for question in asked[:questions]:
                before, column.seconds, start = embedder.seconds, 0.0, time.perf_counter()
                ts = workspace.post(person, channel, f"<@{workspace.bot_user_id}> {question}")
                workspace.wait_for_message(channel, thread_ts=ts, timeout=PATIENCE)
                model = embedder.seconds - before
                single.append(1000 * (time.perf_counter() - start - model))
                answering.append(1000 * (column.seconds - model))
            start = time.perf_counter()
            sent = [
                workspace.post(person, channel, f"<@{workspace.bot_user_id}> {asked[i % len(asked)]}")
                for i in range(together)
            ]
            for ts in sent:
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
    """A column that says how long its answers took."""

    seconds = 0.0

    def ask(self, typed, within=None, *, seen=()):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Answer, and note how long it took."""
        start = time.perf_counter()
        found = super().ask(typed, within, seen=seen)
        self.seconds += time.perf_counter() - start
        return found


@contextmanager
def _bot(column: Column) -> Iterator[Workspace]:
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace.start(timing=Timing(post_interval=0)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pullquote-")))
        inbox = stack.enter_context(Inbox(folder / "bot.sqlite"))
        memory = stack.enter_context(Memory(folder / "bot.sqlite"))
        slack = Slack(bot_token=workspace.bot_token, app_token=workspace.app_token, api_url=workspace.api_url)
        service = Service(
            slack=slack,
            inbox=inbox,
            memory=memory,
            load=lambda: column,
            limits=Limits(rates=(), share=1.0),
            post_interval=0,
        )
        started = stack.enter_context(running(service))
        started.wait(PATIENCE)
        workspace.wait_connected()
        yield workspace
