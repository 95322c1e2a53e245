"""Three real processes on one data folder, and one of them killed: each slot is posted once."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from conftest import Clock
from newsroom import ADMIN, seconds, titles

from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.state import Memory

WORKER = Path(__file__).parent / "press_worker.py"
SLOTS = 6


def start(stack, *arguments):
    process = subprocess.Popen(
        [sys.executable, str(WORKER), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(WORKER.parent.parent)},
    )
    stack.enter_context(process)  # closes its pipes
    stack.callback(process.kill)
    return process


def test_three_processes_post_each_slot_once_whichever_of_them_dies(tmp_path):
    clock = Clock()
    clock.now = seconds("2026-03-02T12:00")
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace.start(timing=Timing(post_interval=0)))
        memory = stack.enter_context(Memory(tmp_path / "bot.sqlite", clock=clock))
        general = workspace.channel("general")
        memory.digests.begin(general, "0 * * * *", "UTC", ADMIN, quotes=True, asked=True, silent=True)
        arguments = (str(tmp_path / "bot.sqlite"), workspace.bot_token, workspace.api_url)
        processes = [start(stack, *arguments) for _ in range(3)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"

        def tick(number, *, kill=False):
            for process in processes:
                process.stdin.write(f"{clock.now} {number}\n")
                process.stdin.flush()
            if kill:
                processes.pop().kill()  # wherever it is
            for process in processes:
                assert process.stdout.readline() == "done\n"

        for number in range(SLOTS):
            clock.now += 3_600
            tick(number, kill=number == SLOTS // 2)
            for _ in range(3):  # long enough for what was left to be taken up
                clock.now += 400
                tick(number)
            clock.now -= 1_200
        posts = workspace.answers(general)
        assert len(posts) == SLOTS
        assert sorted(title for post in posts for title in titles(post)) == [
            f"Piece {n}" for n in range(SLOTS)
        ]
