"""
``python -m bot doctor``: looks at all that the bot stands on, and says of each what is wrong and what to do.

Promises: it changes nothing, shows no token, and looks at the rest when one thing is wrong.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
import urllib.request
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from urllib.error import HTTPError, URLError

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.config import Address, Config, Slack
from bot.poster import posting_client
from bot.service import REFUSALS, is_loopback
from bot.state.disk import damage
from index.config import Config as IndexConfig
from index.config import ConfigError
from index.embedder import Embedder, ModelError
from index.passage import Article
from index.sources import SourceError, read
from index.store import BusyStoreError, Store, StoreError

MANIFEST = Path(__file__).parent.parent / "manifest.json"
# Whoever does not want follow-ups without a mention strikes these from the manifest.
OPTIONAL = frozenset({"channels:history", "groups:history"})
ADMIN_SCOPES = frozenset({"users:read"})  # where ADMINS names the workspace's own
OFF, FAR_OFF = 5.0, 60.0  # seconds between this clock and Slack's; its header has whole seconds
LITTLE, TOO_LITTLE = 1_000_000_000, 100_000_000  # bytes free
ZONE = "Europe/London"  # one that has changes of the clock
BUSY = 1.0  # seconds that a sync is waited for
PATIENCE = 5.0  # seconds for the bot's own port


class State(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    WARN = "warn"  # the bot runs, and lacks something
    WRONG = "wrong"  # it does not run, or not as it should


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing, and what to *do* about it unless all is well."""

    about: str
    state: State
    what: str
    do: str = ""


Findings = Iterator[Finding]


def diagnose(environ: Mapping[str, str], env_file: Path, console: Console) -> int:
    """Look at everything, show it on *console*, and return 0, or 1 where something is wrong."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("", "", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    wrong = False
    with console.status("Looking …"):
        for finding in examine(environ, env_file):
            wrong |= finding.state is State.WRONG
            style = {State.OK: "green", State.WARN: "yellow", State.WRONG: "bold red"}[finding.state]
            what, do = _printable(finding.what), _printable(finding.do)
            table.add_row(finding.about, Text(finding.state, style), what, do)
    console.print(table)
    return int(wrong)


def examine(environ: Mapping[str, str], env_file: Path) -> Findings:
    """Yield what is found, one thing after the other."""
    try:
        config = Config.load(environ, env_file)
    except ConfigError as error:
        for problem in error.problems:
            yield Finding("settings", State.WRONG, problem, "correct it, then run this again")
        return
    yield Finding("settings", State.OK, "every one can be used")
    extra = ADMIN_SCOPES if config.admins.workspace else frozenset()
    yield from slack_findings(config.slack, time.time, extra)
    yield from zone_findings()
    yield from disk_findings(config.index.data_dir, lambda path: shutil.disk_usage(path).free)
    embedder, found = model_finding(config.index.embedding_model)
    yield found
    yield from store_findings(config.index.data_dir, embedder)
    yield from memory_findings(config.index.data_dir / "bot.sqlite")
    yield from source_findings(config.index)
    yield from port_findings(config.health)


def _printable(text: str) -> Text:
    """Return *text* without what a terminal would obey: names of files and reasons hold anything."""
    return Text("".join(c if c.isprintable() else "�" for c in text))


def slack_findings(
    slack: Slack | None, clock: Callable[[], float], extra: frozenset[str] = frozenset()
) -> Findings:
    """Ask Slack who the tokens are, and what they may do; settings want the *extra* scopes."""
    if slack is None:
        yield Finding("tokens", State.OK, "none is set: the bot plays in a workspace on this machine")
        return
    yield Finding("tokens", State.OK, "both have the right form")
    client = posting_client(slack.bot_token, slack.api_url, direct=is_loopback(slack.api_url))
    try:
        who = client.auth_test()
    except SlackApiError as error:
        yield _refused("SLACK_BOT_TOKEN", error)
        yield from clock_findings(_header(error.response, "date"), clock())
    except (OSError, ValueError) as error:
        why = type(error.reason if isinstance(error, URLError) else error).__name__
        do = "check the network, the proxy and SLACK_API_URL; status.slack.com tells of outages"
        yield Finding("Slack", State.WRONG, f"it cannot be reached ({why})", do)
        return
    else:
        yield Finding("bot token", State.OK, f"it is {who['user_id']} of the workspace {who['team_id']}")
        yield from scope_findings(_header(who, "x-oauth-scopes"), MANIFEST, extra)
        yield from clock_findings(_header(who, "date"), clock())
    yield app_token_finding(client, slack.app_token)


def app_token_finding(client: WebClient, app_token: str) -> Finding:
    """Ask for the address of a socket, and open none."""
    try:
        client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        return _refused("SLACK_APP_TOKEN", error)
    except (OSError, ValueError) as error:
        return Finding("app token", State.WARN, f"Slack did not say ({type(error).__name__})", "try again")
    return Finding("app token", State.OK, "it opens sockets")


def scope_findings(granted: str, manifest: Path, extra: frozenset[str] = frozenset()) -> Findings:
    """Compare the scopes in *granted*, separated by commas, with the manifest's and the *extra* ones."""
    try:
        asked = {*json.loads(manifest.read_text("utf-8"))["oauth_config"]["scopes"]["bot"], *extra}
    except (OSError, ValueError, KeyError, TypeError):
        yield Finding("scopes", State.WARN, f"{manifest} cannot be read", "compare the scopes by hand")
        return
    has = {scope for part in granted.split(",") if (scope := part.strip())}
    missing, optional, more = asked - has - OPTIONAL, (asked - has) & OPTIONAL, has - asked
    again = "give the app the manifest.json of this version, and install it again"
    if missing:
        do = f"add {_listed(extra)} for ADMINS; {again}" if missing & extra else again
        yield Finding("scopes", State.WRONG, f"missing: {_listed(missing)}", do)
    if optional:
        what = f"missing: {_listed(optional)}; follow-ups without a mention, and looking for posts in doubt"
        yield Finding("scopes", State.WARN, what, f"if you want these, {again}")
    if more:
        do = "strike them from the app's settings: the bot has no use for them"
        yield Finding("scopes", State.WARN, f"granted and not needed: {_listed(more)}", do)
    if not asked ^ has:
        yield Finding("scopes", State.OK, "those of the manifest")


def clock_findings(date: str, now: float) -> Findings:
    """Compare *now*, in seconds since the epoch, with the Date header of an answer of Slack's."""
    try:
        off = abs(parsedate_to_datetime(date).timestamp() - now)
    except ValueError:
        yield Finding("clock", State.WARN, "Slack did not say what time it is", "compare it by hand")
        return
    state = State.OK if off <= OFF else State.WARN if off <= FAR_OFF else State.WRONG
    what = "right" if state is State.OK else f"{off:,.0f} s off Slack's"
    yield Finding("clock", state, what, "" if state is State.OK else "let this machine set its clock (NTP)")


def zone_findings() -> Findings:
    """Look for the data of time zones."""
    try:
        zoneinfo.ZoneInfo(ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        yield Finding("time zones", State.WRONG, "their data is missing", "pip install tzdata")
    else:
        yield Finding("time zones", State.OK, f"{len(zoneinfo.available_timezones())} are known")


def disk_findings(folder: Path, free: Callable[[Path], int]) -> Findings:
    """Look whether *folder*, or where it would be made, can be written to and has room: *free* bytes."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"1")
    except OSError as error:
        do = "give this user the right to write there, or let DATA_DIR name another folder"
        yield Finding("data folder", State.WRONG, f"{there} cannot be written to ({error.strerror})", do)
    else:
        yield Finding(
            "data folder", State.OK, f"{folder} {'' if there == folder else 'will be made'}".strip()
        )
    room = free(there)
    state = State.WRONG if room < TOO_LITTLE else State.WARN if room < LITTLE else State.OK
    what = f"{room / 1e9:,.1f} GB free"
    yield Finding("disk", state, what, "" if state is State.OK else "make room: questions and syncs need it")


def model_finding(name: str | None) -> tuple[Embedder | None, Finding]:
    """Load the model and let it embed a word; return it too, unless it cannot be used."""
    try:
        embedder = Embedder(name)
        model, vector = embedder.model_id, embedder.encode_query("harbour")
    except ModelError as error:
        return None, Finding("model", State.WRONG, str(error), "see EMBEDDING_MODEL")
    length = float(np.linalg.norm(vector))
    if vector.shape != (embedder.dimension,) or abs(length - 1) > 1e-3:
        what = f"{model} gives vectors of shape {vector.shape} and length {length:.3f}"
        return None, Finding("model", State.WRONG, what, "choose another EMBEDDING_MODEL")
    return embedder, Finding("model", State.OK, f"{model}, {embedder.dimension} numbers a vector")


def store_findings(folder: Path, embedder: Embedder | None) -> Findings:
    """Open the store, read it whole, and compare the FAISS file with it."""
    if not (folder / "column.sqlite").exists():
        yield Finding("store", State.WARN, "there is none yet", "start the bot, or `python -m index sync`")
        return
    model = (embedder.model_id, embedder.dimension) if embedder else ()
    try:
        with Store.open_existing(folder, *model) as store, store.write_lock(BUSY):
            store.check()
            summary, in_step = store.summary(), store.is_saved()
    except BusyStoreError as error:
        yield Finding("store", State.WARN, str(error), "run this again after the sync")
        return
    except StoreError as error:
        yield Finding("store", State.WRONG, str(error), "put back a backup, or sync anew")
        return
    what = f"whole; {summary.articles:,} articles, generation {summary.generation}"
    if not summary.articles:
        yield Finding("store", State.WARN, what, "see the sources below")
    else:
        yield Finding("store", State.OK, what)
    if in_step:
        yield Finding("FAISS file", State.OK, "in step with the store")
    else:
        what = "missing, damaged or behind: nothing is lost, and the start takes longer"
        yield Finding("FAISS file", State.WARN, what, "the next sync that finds a change writes it anew")


def memory_findings(file: Path) -> Findings:
    """Read the bot's memory whole."""
    if not file.exists():
        yield Finding("memory", State.OK, "there is none yet; the first start in Slack makes it")
    elif problem := damage(file):
        yield Finding("memory", State.WRONG, f"{file.name} is damaged ({problem})", "put back a backup")
    else:
        yield Finding("memory", State.OK, "whole")


def source_findings(config: IndexConfig) -> Findings:
    """Read each source, and keep nothing."""
    for source in config.column:
        try:
            found = list(read(source))
        except SourceError as error:
            yield Finding("source", State.WRONG, str(error), "correct COLUMN")
            continue
        articles = sum(isinstance(item, Article) for item in found)
        failures = [item for item in found if not isinstance(item, Article)]
        first = f"; {len(failures):,} cannot be read, as {failures[0].source}" if failures else ""
        state = State.WARN if failures else State.OK
        do = failures[0].reason if failures else ""
        if not articles:
            state, do = State.WRONG, do or "let COLUMN name where the articles are"
        yield Finding("source", state, f"{source}: {articles:,} articles{first}", do)


def port_findings(address: Address | None) -> Findings:
    """Ask whoever listens where the bot tells how it fares."""
    if address is None:
        yield Finding("health", State.OK, "nobody is told (HEALTH_ADDRESS is off)")
        return
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{address}/readyz", timeout=PATIENCE) as answer:
            told = _checks(answer.read(10_000))
    except HTTPError as error:
        with error:
            told = _checks(error.read(10_000))
    except OSError as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, ConnectionRefusedError):
            yield Finding("health", State.OK, f"no bot runs at {address}")
            return
        told = {}
    failing = sorted(f"{name}: {why}" for name, why in told.items() if why != "ok")
    if not told:
        do = "let HEALTH_ADDRESS name a port that is free"
        yield Finding("health", State.WRONG, f"another program answers at {address}", do)
    elif failing:
        yield Finding(
            "health", State.WARN, f"a bot runs and is not ready: {'; '.join(failing)}", "see its log"
        )
    else:
        yield Finding("health", State.OK, "a bot runs and is ready")


def _checks(body: bytes) -> dict[str, str]:
    try:
        return {str(name): str(why) for name, why in json.loads(body)["checks"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _refused(setting: str, error: SlackApiError) -> Finding:
    """Say which token Slack refuses, by Slack's code, if it is one."""
    about = {"SLACK_BOT_TOKEN": "bot token", "SLACK_APP_TOKEN": "app token"}[setting]
    code = str(error.response.get("error", ""))
    if error.response.status_code >= 500 or code in ("internal_error", "fatal_error", "ratelimited"):
        return Finding("Slack", State.WARN, f"it does not say who {setting} is", "try again in some minutes")
    shown = code if re.fullmatch(r"[a-z_]{1,40}", code) else "no reason given"
    copy = f"copy {setting} again from the app's settings"
    scope = "the app token begins with xapp- and needs the scope connections:write"
    return Finding(about, State.WRONG, f"Slack refuses it ({shown})", copy if code in REFUSALS else scope)


def _header(response: SlackResponse, name: str) -> str:
    found = {key.lower(): value for key, value in (response.headers or {}).items()}.get(name, "")
    return ",".join(found) if isinstance(found, list) else str(found)


def _listed(scopes: Set[str]) -> str:
    return ", ".join(sorted(scopes))
