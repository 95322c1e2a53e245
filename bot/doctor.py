"""
``python -m bot doctor``: looks at all that the bot stands on, and says of each what is wrong and what to do.

Promises: it changes nothing, shows no token, and looks at the rest when one thing is wrong.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import urllib.request
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from urllib.error import HTTPError, URLError

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.config import Address, Config
from bot.credentials import slack_findings
from bot.finding import Finding, Findings, State
from bot.state.disk import damage
from index.config import Config as IndexConfig
from index.config import ConfigError
from index.embedder import Embedder, ModelError
from index.passage import Article
from index.sources import Failure, SourceError, Unchanged, is_live, read
from index.sources.fetch import Fetcher
from index.sources.visit import Visit
from index.store import BusyStoreError, Store, StoreError

ADMIN_SCOPES = frozenset({"users:read"})  # where ADMINS names the workspace's own
LITTLE, TOO_LITTLE = 1_000_000_000, 100_000_000  # bytes free
ZONE = "Europe/London"  # one that has changes of the clock
MOST_FETCHED = 3  # articles of one source on the web
BUSY = 1.0  # seconds that a sync is waited for
PATIENCE = 5.0  # seconds for the bot's own port


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
    embedder, found = model_finding(config.index.embedding_model, config.index.graphs)
    yield found
    yield from store_findings(config.index.data_dir, embedder)
    yield from memory_findings(config.index.data_dir / "bot.sqlite")
    yield from source_findings(config.index)
    yield from port_findings(config.health)


def _printable(text: str) -> Text:
    """Return *text* without what a terminal would obey: names of files and reasons hold anything."""
    return Text("".join(c if c.isprintable() else "�" for c in text))


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


def model_finding(name: str | None, graphs: Path) -> tuple[Embedder | None, Finding]:
    """Load the model and let it embed a word; return it too, unless it cannot be used."""
    try:
        embedder = Embedder.kept_in(graphs, name)
        model, vector = embedder.model_id, embedder.encode_query("harbour")
    except ModelError as error:
        return None, Finding("model", State.WRONG, str(error), "see EMBEDDING_MODEL")
    length = float(np.linalg.norm(vector))
    if vector.shape != (embedder.dimension,) or abs(length - 1) > 1e-3:
        what = f"{model} gives vectors of shape {vector.shape} and length {length:.3f}"
        return None, Finding("model", State.WRONG, what, "choose another EMBEDDING_MODEL")
    return embedder, Finding(
        "model", State.OK, f"{model}, {embedder.dimension} numbers a vector, by {embedder.maker}"
    )


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
    """Read each source, and keep nothing; of what is on the web, a few articles only."""
    with Fetcher.configured(config) as fetcher:
        for source in _sources(config):
            visit = Visit(fetcher=fetcher, memory=_Unread(), rules="")
            most = MOST_FETCHED if is_live(source) else None
            try:
                yield _source_finding(source, list(islice(read(source, visit), most)))
            except SourceError as error:
                yield Finding("source", State.WRONG, f"{source}: it cannot be read", str(error))


def _sources(config: IndexConfig) -> list[str]:
    """Return what COLUMN names, and behind it what was added from Slack."""
    try:
        with Store.open_existing(config.data_dir) as store:
            return [*config.column, *store.sources()]
    except StoreError:  # none yet, or one of which another finding tells
        return [*config.column]


def _source_finding(source: str, found: Sequence[Article | Failure | Unchanged]) -> Finding:
    """Say what became of one source of which *found* was read."""
    articles = sum(isinstance(item, Article) for item in found)
    failures = [item for item in found if isinstance(item, Failure)]
    what = f"{source}: {articles:,} articles{' looked at' if is_live(source) else ''}"
    if failures:
        what += f"; {len(failures):,} cannot be read, as {failures[0].source}"
    do = failures[0].reason if failures else ""
    if not articles:
        return Finding("source", State.WRONG, what, do or "let COLUMN name where the articles are")
    return Finding("source", State.WARN if failures else State.OK, what, do)


class _Unread:
    """A memory of nothing: everything is fetched whole."""

    def fetched(self, url: str) -> None:
        """Know nothing of *url*."""


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
