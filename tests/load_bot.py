"""A bot in a process of its own, for tests that kill it: the real service, on a column of two passages."""

import asyncio
import sys
from pathlib import Path

from conftest import SmallColumn

from bot.config import Limits, Slack
from bot.log import start_log
from bot.service import Service
from bot.state import Inbox, Memory


async def serve(folder, slack):
    path = Path(folder) / "bot.sqlite"
    # A short lease: what a killed bot held is soon free again.
    with Inbox(path, lease=1.5) as inbox, Memory(path) as memory:
        service = Service(
            slack=slack,
            inbox=inbox,
            memory=memory,
            load=SmallColumn,
            recheck=0.5,
            limits=Limits(rates=()),
        )
        await service.run(asyncio.Event())


if __name__ == "__main__":
    start_log("json", "DEBUG")
    folder, bot_token, app_token, api_url = sys.argv[1:]
    asyncio.run(serve(folder, Slack(bot_token=bot_token, app_token=app_token, api_url=api_url)))
