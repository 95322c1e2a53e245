"""The README is executed: its commands, its transcript, its settings. ``make readme`` renews it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import SETTINGS, Config
from bot.metrics import Metrics

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TRANSCRIPT = re.compile(
    r"(?<=<!-- transcript: written by `make readme` -->\n).*(?=<!-- end of transcript)", re.S
)
# What would install, or run this suite inside of itself, is only asked what it would do.
LONG = ("make test", "make bench", "make constraints", "make readme")
LEFT = (".git", ".env", ".venv", ".*_cache", ".hypothesis", "data", "*.egg-info", "__pycache__")


def blocks(text):
    """Return the commands that the README shows, block by block."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```", text, re.M | re.S)
    return [re.sub(f"^{indent}", "", block, flags=re.M) for indent, block in found]


def clone(folder):
    """Copy the repository, with an installed environment of its own that is this one."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT))
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (folder / ".venv" / part.name).symlink_to(part)
    stamp = folder / ".venv/.installed"
    stamp.unlink(missing_ok=True)
    stamp.touch()
    return folder


def run(block, folder):
    """Run *block* as a newcomer would who has set nothing."""
    for goal in LONG:
        block = block.replace(goal, f"make --dry-run {goal.split()[1]}")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "ENCODER_DIR")}
    return subprocess.run(
        ["sh", "-eu", "-c", block],
        cwd=folder,
        env={**kept, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def fenced(output):
    """Return what a command printed as the README shows it."""
    lines = "\n".join(line.rstrip() for line in output.splitlines()).strip()
    return f"\n```text\n{lines}\n```\n\n"


def rows(text, heading):
    """Return the cells of the first table below *heading*, its head left out."""
    table = re.search(rf"^{heading}\n(?:[^|\n].*\n|\n)*((?:\|.*\n)+)", text, re.M)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


@pytest.mark.model
def test_every_command_works_and_the_transcript_is_what_make_run_prints(tmp_path):
    text = README.read_text("utf-8")
    folder = clone(tmp_path / "clone")
    outputs = {}
    for block in blocks(text):
        ended = run(block, folder)
        assert ended.returncode == 0, f"{block}\n{ended.stdout}\n{ended.stderr}"
        outputs[block.strip()] = ended.stdout
    assert TRANSCRIPT.search(text)[0] == fenced(outputs["make run"]), "`make readme` renews the transcript"


def test_the_settings_of_the_readme_are_those_of_the_example_file_and_of_the_code():
    read = set()

    class Recorded(dict):
        def get(self, name, default=None):
            read.add(name)
            return super().get(name, default)

    Config.from_environ(Recorded())
    told = [row[0].strip("`") for row in rows(README.read_text("utf-8"), "## Settings")]
    example = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M)
    assert told == example
    assert set(told) == SETTINGS == read


def test_the_defaults_of_the_readme_are_those_of_the_code():
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    told = {
        name.strip("`"): default[1]
        for name, cell, _ in rows(README.read_text("utf-8"), "## Settings")
        if (default := re.match(r"`([^`]+)`", cell))
    }
    assert told.keys() == {
        "SLACK_API_URL",
        "DATA_DIR",
        "RATE_LIMIT",
        "EXCERPT_SHARE",
        "SYNC_EVERY",
        "KEEP_DAYS",
        "DIGEST_ALARM_AFTER",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "HEALTH_ADDRESS",
    }
    assert Config.from_environ({**tokens, **told}) == Config.from_environ(tokens)
    assert Config.from_environ({"LOG_LEVEL": "WARNING"}) == Config.from_environ({})


def test_the_commands_of_the_readme_are_those_of_the_command_line():
    told = [row[0].strip("`").split()[0] for row in rows(README.read_text("utf-8"), "## The command line")]
    helped = subprocess.run(
        [sys.executable, "-m", "index", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told == re.findall(r"^    (\w+)", helped.stdout, re.M)


def test_the_metrics_of_the_readme_are_those_that_are_shown():
    metrics = Metrics()
    metrics.socket.seen("one")
    metrics.socket.heard()
    shown = re.findall(r"^# HELP (pullquote_\w+)", metrics.exposition()[0].decode(), re.M)
    told = re.findall(r"`(pullquote_\w+)`", README.read_text("utf-8"))
    assert sorted(told) == sorted(name for name in shown if not name.endswith("_created"))


def test_every_file_that_the_readme_names_is_there():
    text = README.read_text("utf-8")
    named = {
        *re.findall(r"`((?:index|bot|tests|samples|\.ci)/[\w./-]*)`", text),
        "manifest.json",
        ".env.example",
    }
    named |= set(re.findall(r"^    ((?:index|bot|tests|samples)/\S*)", text, re.M))
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_block_inside_a_list_is_found_without_its_indent():
    assert blocks("1. So:\n\n   ```sh\n   cp a b\n   ```\n\n```sh\nls\n```\n") == ["cp a b\n", "ls\n"]


def renew(folder):
    """Write what ``make run`` prints now into the README."""
    ended = run("make run", clone(folder / "clone"))
    if ended.returncode:
        sys.exit(ended.stderr)
    text = README.read_text("utf-8")
    README.write_text(TRANSCRIPT.sub(lambda _: fenced(ended.stdout), text), "utf-8")


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        renew(Path(folder))
