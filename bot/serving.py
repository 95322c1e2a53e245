"""The bot as a process: its memory, its health and its service, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from bot.config import Config, Slack
from bot.health import listening
from bot.metrics import Metrics
from bot.service import Loaded, Service
from bot.state import Inbox, Memory
from bot.state.disk import DAY
from bot.syncing import Rhythm


async def run(config: Config, slack: Slack, memory_file: Path, load: Callable[[], Loaded]) -> None:
    """Answer in Slack until SIGTERM or SIGINT; *load* gives the column."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics, keep = Metrics(), config.keep_days * DAY
    with Inbox(memory_file, keep=keep) as inbox, Memory(memory_file, keep=keep) as memory:
        service = Service(
            slack=slack,
            inbox=inbox,
            memory=memory,
            load=load,
            limits=config.limits,
            admins=config.admins,
            vitals=metrics,
            rhythm=Rhythm(every=config.sync_every),
            digest_alarm_after=config.digest_alarm_after,
        )
        async with listening(config.health, metrics):
            await service.run(stop)
