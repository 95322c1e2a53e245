"""``python -m bot`` as its owner meets it: real processes, exit codes, signals."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import until
from test_health import checks

from bot.config import Address
from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.state import Inbox, Kind, Request, State

ROOT = Path(__file__).parent.parent
ARTICLE = "Jane Roe, the harbour master, said: “The tide waits for nobody.”\n\nGulls are honest critics.\n"


@pytest.fixture
def environ(tmp_path):
    column = tmp_path / "column"
    column.mkdir()
    (column / "harbour.txt").write_text(ARTICLE, "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "LOG_"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "COLUMN": str(column),
        "DATA_DIR": str(tmp_path / "data"),
        "HEALTH_ADDRESS": "off",
    }


def run(environ, tmp_path, typed=""):
    return subprocess.run(
        [sys.executable, "-m", "bot"],
        env=environ,
        cwd=tmp_path,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def started(environ, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "bot"], env=environ, cwd=tmp_path, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def workspace():
    with Workspace.start(timing=Timing(post_interval=0)) as workspace:
        yield workspace


def tokens(workspace):
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
    }


def test_every_wrong_setting_is_named_and_the_exit_code_is_2(environ, tmp_path):
    ended = run({**environ, "SLACK_BOT_TOKEN": "xoxp-secret", "LOG_LEVEL": "LOUD"}, tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["pullquote:", "SLACK_BOT_TOKEN"],
        ["pullquote:", "SLACK_APP_TOKEN"],
        ["pullquote:", "LOG_LEVEL"],
    ]
    assert "secret" not in ended.stderr


def test_a_port_that_is_taken_is_named_and_the_exit_code_is_2(environ, tmp_path, workspace):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        ended = run({**environ, **tokens(workspace), "HEALTH_ADDRESS": taken}, tmp_path)
    assert ended.returncode == 2
    assert f"pullquote: HEALTH_ADDRESS is {taken}, where the bot cannot listen" in ended.stderr


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_that_slack_refuses_is_named_and_the_exit_code_is_2(environ, tmp_path, workspace, name):
    wrong = {**tokens(workspace), name: tokens(workspace)[name] + "x"}
    ended = run({**environ, **wrong}, tmp_path)
    assert ended.returncode == 2
    assert f"pullquote: Slack refuses {name} (invalid_auth)" in ended.stderr


def test_whoever_waits_for_the_bot_to_start_waits_for_nothing_that_only_others_need():
    read = (
        "import sys, bot.__main__, bot.serving, bot.column, bot.upkeep, index.retriever; print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True, cwd=ROOT)
    needless = {"torch", "sentence_transformers", "trafilatura", "feedparser", "markdown_it", "rich"}
    needless |= {"charset_normalizer", "onnx", "bot.playground", "bot.backup", "index.sources.outlet"}
    assert needless & set(shown.stdout.split()) == set()


@pytest.mark.model
def test_a_column_without_articles_is_named_and_the_exit_code_is_2(environ, tmp_path):
    ended = run({**environ, "COLUMN": "nowhere"}, tmp_path)
    assert ended.returncode == 2
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.model
def test_without_tokens_it_shows_a_conversation_and_ends(environ, tmp_path):
    ended = run(environ, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("Pullquote") >= 3
    for seen in (
        "@Pullquote",
        "/column",
        "│ ",
        "¶ 1",
        "The tide waits for nobody.",
        "The column does not say.",
    ):
        assert seen in ended.stdout


@pytest.mark.model
def test_kill_minus_nine_and_sigterm_lose_no_question_and_answer_none_twice(environ, tmp_path, workspace):
    general, ada = workspace.channel("general"), workspace.user("Ada")
    question = f"<@{workspace.bot_user_id}> What did Jane Roe say?"
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = Address(*free.getsockname())
    settings = {**environ, **tokens(workspace), "LOG_FORMAT": "json", "HEALTH_ADDRESS": str(address)}
    with started(settings, tmp_path) as process:
        workspace.wait_connected(60)
        first = workspace.post(ada, general, question)
        workspace.wait_until_delivered()
        process.send_signal(signal.SIGKILL)  # most likely while the model is still loading
        process.wait(60)
    with started(settings, tmp_path) as process:
        [answer] = workspace.wait_for_answers(general, thread_ts=first, timeout=90)
        assert "The tide waits for nobody." in answer.text
        assert until(lambda: checks(address)[0] == 200)
        second = workspace.post(ada, general, question)
        workspace.wait_for_answers(general, thread_ts=second, timeout=30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert len(workspace.answers(general, thread_ts=first)) == 1
    with Inbox(tmp_path / "data" / "bot.sqlite") as inbox:
        assert inbox.count() == {State.DONE: 2}


@pytest.mark.model
def test_sigterm_while_the_column_is_being_loaded_ends_at_once_and_keeps_the_question(
    environ, tmp_path, workspace
):
    inbox_path = tmp_path / "data" / "bot.sqlite"
    with Inbox(inbox_path) as inbox:
        asked = {"team": "T1", "channel": "C1", "user": "U1", "text": "?", "ts": "1.1"}
        inbox.put(Request(kind=Kind.MENTION, key="Ev1", **asked))
    with started({**environ, **tokens(workspace)}, tmp_path) as process:
        workspace.wait_connected(60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    with Inbox(inbox_path) as inbox:
        assert sum(inbox.count().values()) == 1
