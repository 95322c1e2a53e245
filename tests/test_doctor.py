"""The doctor: each thing it looks at, well and ill, against real parts; no token in what it says."""

import asyncio
import http.server
import io
import json
import os
import shutil
import socket
import threading
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from rich.console import Console
from web import HOST, serving
from wordcolumn import column

from bot.config import Address, Slack
from bot.credentials import clock_findings, scope_findings, slack_findings
from bot.doctor import (
    diagnose,
    disk_findings,
    examine,
    memory_findings,
    model_finding,
    port_findings,
    source_findings,
    store_findings,
    zone_findings,
)
from bot.finding import Finding, State
from bot.health import listening
from bot.metrics import Metrics
from bot.playground import faults as F
from bot.playground.workspace import Workspace
from bot.state import Inbox
from index.config import Config as IndexConfig
from index.store import Store

MANIFEST = Path(__file__).parent.parent / "manifest.json"
NEEDED = json.loads(MANIFEST.read_text("utf-8"))["oauth_config"]["scopes"]["bot"]
BOT, APP = "xoxb-loopback-secret", "xapp-loopback-secret"
OK, WARN, WRONG = State.OK, State.WARN, State.WRONG


@pytest.fixture
def workspace():
    with Workspace.start(scopes=NEEDED) as workspace:
        yield workspace


def slack(workspace, **others):
    tokens = {"bot_token": workspace.bot_token, "app_token": workspace.app_token}
    return Slack(**{**tokens, "api_url": workspace.api_url, **others})


def states(findings):
    return {finding.about: finding.state for finding in findings}


def only(findings):
    [finding] = findings
    return finding


def test_tokens_that_slack_knows_are_found_to_be_well(workspace):
    found = list(slack_findings(slack(workspace), time.time))
    assert {f.about: f.state for f in found} == dict.fromkeys(
        ("tokens", "bot token", "scopes", "clock", "app token"), OK
    )
    assert found[1].what == f"it is {workspace.bot_user_id} of the workspace {workspace.team_id}"
    assert workspace.connections == 0


def test_without_tokens_it_says_where_the_bot_plays():
    assert only(slack_findings(None, time.time)) == Finding(
        "tokens", OK, "none is set: the bot plays in a workspace on this machine"
    )


@pytest.mark.parametrize(
    ("wrong", "about", "what", "do"),
    [
        ({"bot_token": BOT}, "bot token", "(invalid_auth)", "copy SLACK_BOT_TOKEN again"),
        ({"app_token": APP}, "app token", "(invalid_auth)", "copy SLACK_APP_TOKEN again"),
    ],
)
def test_a_token_that_slack_refuses_is_named_and_the_other_is_looked_at_all_the_same(
    workspace, wrong, about, what, do
):
    found = {f.about: f for f in slack_findings(slack(workspace, **wrong), time.time)}
    assert (found[about].state, found[about].what) == (WRONG, f"Slack refuses it {what}")
    assert found[about].do.startswith(do)
    assert [f.state for name, f in found.items() if name not in (about, "scopes")] == [OK, OK, OK]


def test_a_token_of_the_other_kind_is_told_from_one_that_is_wrong(workspace):
    found = slack_findings(slack(workspace, app_token=workspace.bot_token), time.time)
    told = next(f for f in found if f.about == "app token")
    assert (told.state, told.what) == (WRONG, "Slack refuses it (not_allowed_token_type)")
    assert "connections:write" in told.do


@pytest.mark.parametrize("fault", [F.SERVER_ERROR, F.failing("internal_error")])
def test_a_fault_inside_slack_is_no_fault_of_the_token(workspace, fault):
    workspace.faults.add("auth.test", fault)
    found = states(slack_findings(slack(workspace), time.time))
    assert (found["Slack"], found["app token"], "bot token" in found) == (WARN, OK, False)


def test_a_reason_of_slacks_is_shown_only_if_it_is_a_code(workspace):
    workspace.faults.add("auth.test", F.failing("<script> xoxb-1-secret"))
    told = [f.what for f in slack_findings(slack(workspace), time.time) if f.about == "bot token"]
    assert told == ["Slack refuses it (no reason given)"]


def test_a_line_that_is_cut_and_a_slack_that_is_not_there_are_named(workspace):
    workspace.faults.add("auth.test", F.RESET)
    *_, cut = slack_findings(slack(workspace), time.time)
    assert (cut.about, cut.state) == ("Slack", WRONG)
    with socket.create_server(("127.0.0.1", 0)) as once:
        nobody = f"http://127.0.0.1:{once.getsockname()[1]}/api/"
    *_, gone = slack_findings(slack(workspace, api_url=nobody), time.time)
    assert (gone.state, gone.what) == (WRONG, "it cannot be reached (ConnectionRefusedError)")


def test_a_clock_that_is_off_is_measured_against_slacks(workspace):
    found = {f.about: f for f in slack_findings(slack(workspace), lambda: time.time() + 3600)}
    assert found["clock"].state is WRONG


@pytest.mark.parametrize(
    ("off", "state", "what"),
    [
        (0, OK, "right"),
        (-5, OK, "right"),
        (30, WARN, "30 s off Slack's"),
        (-7200, WRONG, "7,200 s off Slack's"),
    ],
)
def test_the_further_off_the_clock_the_worse(off, state, what):
    found = only(clock_findings(formatdate(1_000_000, usegmt=True), 1_000_000 + off))
    assert (found.state, found.what) == (state, what)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2025 00:00:00 GMT"])
def test_a_date_that_is_none_leaves_the_clock_open(date):
    assert only(clock_findings(date, 0)).state is WARN


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (NEEDED, [(OK, "those of the manifest")]),
        ([*NEEDED, "usergroups:read"], [(OK, "those of the manifest")]),
        (set(NEEDED) - {"commands", "chat:write"}, [(WRONG, "missing: chat:write, commands")]),
        (
            set(NEEDED) - {"groups:history"},
            [(WARN, "missing: groups:history; follow-ups without a mention, and looking for posts in doubt")],
        ),
        ({*NEEDED, "users:read"}, [(WARN, "granted and not needed: users:read")]),
        ({"files:read"}, [WRONG, WARN, WARN]),
        ((), [WRONG, WARN]),
    ],
)
def test_scopes_are_compared_with_the_manifest(granted, expected):
    found = [(f.state, f.what) for f in scope_findings(", ".join(granted), MANIFEST)]
    assert [f if isinstance(e, tuple) else f[0] for f, e in zip(found, expected, strict=True)] == expected


def test_a_scope_that_a_setting_wants_is_missed_and_is_then_not_too_much():
    wanted = frozenset({"users:read"})
    missed = only(scope_findings(",".join(NEEDED), MANIFEST, wanted))
    assert (missed.state, missed.what) == (WRONG, "missing: users:read")
    assert missed.do.startswith("add users:read for ADMINS; ")
    assert only(scope_findings(",".join((*NEEDED, *wanted)), MANIFEST, wanted)).state is OK


def test_without_a_manifest_at_hand_scopes_are_left_open(tmp_path):
    (tmp_path / "broken.json").write_text("[]")
    for manifest in (tmp_path / "nowhere.json", tmp_path / "broken.json"):
        assert only(scope_findings("commands", manifest)).state is WARN


def test_time_zones_are_known():
    assert only(zone_findings()).state is OK


@pytest.mark.parametrize(
    ("free", "state"), [(10**12, OK), (999_999_999, WARN), (99_999_999, WRONG), (0, WRONG)]
)
def test_the_less_room_the_worse(tmp_path, free, state):
    found = states(disk_findings(tmp_path / "data" / "new", lambda path: free))
    assert found == {"data folder": OK, "disk": state}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_named():
    folder = Path("/proc/self/task")
    found = {f.about: f for f in disk_findings(folder, lambda path: 10**12)}
    assert found["data folder"].state is WRONG
    assert found["data folder"].what.startswith(f"{folder} cannot be written to (")


class Words:
    """What the doctor asks of a model, for the store of `wordcolumn`."""

    model_id, dimension = "words@1", 64


class Others(Words):
    model_id = "others@1"


@pytest.fixture
def data(tmp_path):
    answerer = column(tmp_path, {"harbour": "Jane Roe said: “The tide waits for nobody.”"})
    answerer._store.save()
    answerer._store.close()
    return tmp_path / "store"


def test_a_store_that_is_whole_and_its_faiss_file(data):
    store, vectors = store_findings(data, Words())
    assert (store.state, store.what) == (OK, "whole; 1 articles, generation 1")
    assert vectors == Finding("FAISS file", OK, "in step with the store")


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_faiss_file_that_is_missing_or_damaged_is_a_small_thing(data, spoil):
    spoil(data / "column.faiss")
    assert states(store_findings(data, Words())) == {"store": OK, "FAISS file": WARN}


def test_a_faiss_file_that_is_behind_is_seen(data):
    with Store.open_existing(data) as store:
        store.remove(store.articles()[0].id)
    assert states(store_findings(data, Words())) == {"store": WARN, "FAISS file": WARN}


def test_no_store_is_no_fault_of_anybodys(tmp_path):
    assert only(store_findings(tmp_path, Words())).state is WARN


def test_another_models_store_and_a_damaged_one_are_named(data):
    other = only(store_findings(data, Others()))
    assert (other.state, "words@1" in other.what) == (WRONG, True)
    file = data / "column.sqlite"
    content = bytearray(file.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    file.write_bytes(content)
    assert only(store_findings(data, None)).state is WRONG


def test_a_store_that_a_sync_writes_to_is_left_for_later(data):
    with Store.open_existing(data) as store, store.write_lock():
        assert states(store_findings(data, Words())) == {"store": WARN}


def test_the_memory_is_read_whole(tmp_path):
    file = tmp_path / "bot.sqlite"
    assert only(memory_findings(file)).state is OK
    assert not file.exists()
    Inbox(file).close()
    assert only(memory_findings(file)) == Finding("memory", OK, "whole")
    file.write_bytes(b"no database at all" * 100)
    assert only(memory_findings(file)).state is WRONG


def test_each_source_is_read_and_what_cannot_be_is_named(tmp_path):
    good, bad, empty = (tmp_path / name for name in ("good", "bad", "empty"))
    for folder in (good, bad, empty):
        folder.mkdir()
    (good / "one.md").write_text("The tide waits.")
    shutil.copy(good / "one.md", bad)
    (bad / "two.txt").write_text("")
    sources = (str(good), str(bad), str(empty), str(tmp_path / "nowhere"))
    found = list(source_findings(IndexConfig(column=sources, data_dir=tmp_path, embedding_model=None)))
    assert [f.state for f in found] == [OK, WARN, WRONG, WRONG]
    assert [f.what for f in found[:3]] == [
        f"{good}: 1 articles",
        f"{bad}: 1 articles; 1 cannot be read, as two.txt",
        f"{empty}: 0 articles",
    ]
    assert found[3].what == f"{tmp_path}/nowhere: it cannot be read"
    assert "does not exist" in found[3].do


@pytest.fixture
def site():
    with serving() as site:
        yield site


def looked_at(site, tmp_path, *sources):
    config = IndexConfig(
        column=sources, data_dir=tmp_path / "data", embedding_model=None, allow_hosts=(HOST,)
    )
    return list(source_findings(config))


def test_of_a_feed_a_few_articles_are_looked_at_and_what_cannot_be_fetched_is_named(site, tmp_path):
    entries = "".join(
        f"<item><title>No. {n}</title><link>{site.url}/{n}</link><description>Soon.</description></item>"
        for n in range(9)
    )
    feed = site.put("/feed", f"<rss version='2.0'><channel>{entries}</channel></rss>", "application/rss+xml")
    for number in range(3):
        site.put(f"/{number}", f"<article><h1>No. {number}</h1><p>{'The tide waits. ' * 30}</p></article>")
    found = looked_at(site, tmp_path, feed, site.url + "/nowhere")
    assert [f.state for f in found] == [OK, WRONG]
    assert found[0].what == f"{feed}: 3 articles looked at"
    assert site.paths() == ["/feed", "/0", "/1", "/2", "/nowhere"]


def test_a_host_that_is_not_public_is_named_and_not_asked(site, tmp_path):
    feed = site.put("/feed", "<rss version='2.0'><channel></channel></rss>", "application/rss+xml")
    config = IndexConfig(column=(feed,), data_dir=tmp_path / "data", embedding_model=None)
    assert only(source_findings(config)).state is WRONG
    assert site.asked == []


def test_sources_that_were_added_from_slack_are_read_too(data, tmp_path):
    with Store.open_existing(data) as store:
        store.add_source("http://127.0.0.1:9/feed")
    config = IndexConfig(column=(str(tmp_path / "texts"),), data_dir=data, embedding_model=None)
    found = list(source_findings(config))
    assert [f.state for f in found] == [OK, WRONG]
    assert found[1].what == "http://127.0.0.1:9/feed: it cannot be read"


def test_a_bot_that_runs_is_asked_how_it_fares():
    async def look(metrics):
        async with listening(Address("127.0.0.1", 0), metrics) as address:
            return only(await asyncio.to_thread(lambda: list(port_findings(address))))

    well, ill = Metrics(), Metrics()
    well.check("socket", lambda: None)
    ill.check("socket", lambda: None)
    ill.check("sync", lambda: "the last one is 3 h ago")
    assert asyncio.run(look(well)) == Finding("health", OK, "a bot runs and is ready")
    told = asyncio.run(look(ill))
    assert (told.state, told.what) == (WARN, "a bot runs and is not ready: sync: the last one is 3 h ago")


def test_a_port_at_which_nobody_or_somebody_else_answers():
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'["checks"]')

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        address = Address("127.0.0.1", other.server_port)
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        told = only(port_findings(address))
        thread.join()
    assert (told.state, told.what) == (WRONG, f"another program answers at {address}")
    assert only(port_findings(address)) == Finding("health", OK, f"no bot runs at {address}")
    assert only(port_findings(None)).state is OK


def test_wrong_settings_are_all_named_and_nothing_else_is_looked_at(tmp_path):
    environ = {"SLACK_BOT_TOKEN": "xoxp-secret", "LOG_FORMAT": "xml", "DATA_DIR": str(tmp_path)}
    shown = io.StringIO()
    assert diagnose(environ, tmp_path / ".env", Console(file=shown, width=100)) == 1
    found = list(examine(environ, tmp_path / ".env"))
    assert [f.what.split()[0] for f in found] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "LOG_FORMAT"]
    assert "secret" not in shown.getvalue()
    assert shown.getvalue().count("wrong") == 3


@pytest.mark.model
def test_a_model_that_is_not_there_is_named():
    embedder, found = model_finding("/nowhere/at/all", Path("/nowhere"))
    assert (embedder, found.state) == (None, WRONG)


def snapshot(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.model
def test_all_of_it_in_one_table_which_changes_nothing_and_shows_no_token(tmp_path, workspace):
    from bot.__main__ import embedder_of, load

    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "\x1b[31mtide.md").write_text("The tide waits.")
    (tmp_path / "texts" / "\x1b[31mgulls.txt").write_text("")
    environ = {
        "COLUMN": str(tmp_path / "texts"),
        "DATA_DIR": str(tmp_path / "data"),
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "HEALTH_ADDRESS": "off",
        "ENCODER_DIR": os.environ["ENCODER_DIR"],
    }
    config = IndexConfig.from_environ(environ)
    load(config, embedder_of(config))._store.close()  # now, and not whenever it is collected
    Inbox(tmp_path / "data" / "bot.sqlite").close()
    before = snapshot(tmp_path / "data")
    shown = io.StringIO()
    assert diagnose(environ, tmp_path / ".env", Console(file=shown, width=200)) == 0
    assert snapshot(tmp_path / "data") == before
    text = shown.getvalue()
    assert [line.split()[0] for line in text.splitlines() if " warn " in line] == ["source"]
    assert sum(" ok " in line for line in text.splitlines()) == 14
    assert [bad for bad in (workspace.bot_token, workspace.app_token, "\x1b") if bad in text] == []
    workspace.faults.add("auth.test", F.failing("token_revoked"))
    assert diagnose(environ, tmp_path / ".env", Console(file=io.StringIO())) == 1
