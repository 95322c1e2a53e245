"""
``python -m bot``: connects to Slack, or, with no tokens set, plays in a workspace on this machine.

``python -m bot feedback export [FILE]`` writes what people judged; ``backup FILE`` and ``restore FILE`` save
the data folder and put it back; ``doctor`` says what is wrong and what to do;
``digest --dry-run`` shows what the next digests would hold.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import html
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Config, Slack
from bot.log import start_log
from index.config import Config as IndexConfig
from index.embedder import Embedder, ModelError

if TYPE_CHECKING:
    from bot.backup import Contents
    from bot.column import Column
    from index.store import Store

log = logging.getLogger("bot")

ENV_FILE = Path(".env")
MEMORY = "bot.sqlite"


class OutputError(Exception):
    """A file that cannot be written; the text says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, or run until stopped; return the exit code."""
    given = _parser().parse_args(arguments)
    if given.command == "doctor":
        from rich.console import Console

        from bot.doctor import diagnose

        return diagnose(os.environ, ENV_FILE, Console(highlight=False))
    try:
        config = Config.load(os.environ, ENV_FILE)
        start_log(config.log_format, config.log_level)
        settle_environment()
        if given.command == "feedback":
            export_feedback(config.index.data_dir / MEMORY, given.file)
        elif given.command == "backup":
            from bot.backup import backup

            report_backup(backup(config.index.data_dir, given.file), given.file)
        elif given.command == "restore":
            from bot.backup import restore

            report_backup(restore(given.file, config.index.data_dir), config.index.data_dir)
        elif given.command == "digest":
            rehearse(config)
        elif config.slack:
            serve(config, config.slack)
        else:
            demonstrate(config)
    except Exception as error:
        if not isinstance(error, mendable()):
            raise
        print(*(f"pullquote: {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def mendable() -> tuple[type[Exception], ...]:
    """Return what the bot's owner can mend: a sentence, exit code 2. Anything else is a fault: a trace, 1."""
    from bot.backup import BackupError
    from bot.health import AddressError
    from bot.playground.workspace import LoopbackError
    from bot.service import StartError
    from index.config import ConfigError
    from index.sources import SourceError
    from index.store import StoreError

    ours = (StartError, AddressError, LoopbackError, OutputError, BackupError)
    return (*ours, ConfigError, ModelError, StoreError, SourceError)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Answer in Slack; with no tokens set, play on this machine."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    feedback = commands.add_parser("feedback", help="what people thought of the answers")
    deeds = feedback.add_subparsers(dest="deed", metavar="DEED", required=True)
    writing = deeds.add_parser("export", help="write what was judged as questions for `python -m index eval`")
    writing.add_argument("file", metavar="FILE", nargs="?", type=Path, help="default: the terminal")
    backing_up = commands.add_parser("backup", help="write the data folder to one file, while the bot runs")
    backing_up.add_argument("file", metavar="FILE", type=Path, help="a new file")
    restoring = commands.add_parser("restore", help="put a backup into an empty data folder")
    restoring.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
    commands.add_parser(
        "doctor", help="say what is wrong with settings, tokens, store, model, disk and sources"
    )
    digest = commands.add_parser("digest", help="show what the next digests would hold, and post nothing")
    digest.add_argument("--dry-run", action="store_true", required=True, help="the only way so far")
    return parser


def export_feedback(memory_file: Path, out: Path | None) -> None:
    """Write what people judged to *out*, or show it."""
    from bot import export
    from bot.state import Memory

    with Memory(memory_file) as memory:
        lines = list(export.export(memory.feedback.all(), memory.answers.load))
    text = "".join(f"{line}\n" for line in lines)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror}): name another file.") from error
    questions = "question" if len(lines) == 1 else "questions"
    print(f"{len(lines):,} judged {questions} written to {out}.")


def rehearse(config: Config) -> None:
    """Print what each digest would hold now, and when it comes next; nothing is posted or marked."""
    from bot.digest import Editor
    from bot.digest_modal import next_due
    from bot.state import Memory

    with Memory(config.index.data_dir / MEMORY) as memory:
        if not memory.digests.all():
            print("There is no digest yet: /column digest makes one.")
            return
        column = load(config.index, embedder_of(config.index), warm=False)
        for digest in memory.digests.all():
            paused = "paused; " if digest.paused_at is not None else ""
            print(f"{digest.channel}: {paused}next {next_due(digest, time.time())} ({digest.zone})\n")
            print(html.unescape(Editor(memory, column).issue(digest, time.time()).message.text), "\n")


def report_backup(contents: Contents, place: Path) -> None:
    """Say what was saved to, or put back into, *place*."""
    parts = ", ".join(f"{part.name} {part.size:,} bytes" for part in contents.parts)
    print(f"{place}: as of {contents.made_at}, generation {contents.generation}; {parts}.")


def settle_environment() -> None:
    """Hide Slack's variables from Bolt, which acts on some, and keep proxies out of loopback talk."""
    for name in [name for name in os.environ if name.startswith("SLACK_")]:
        del os.environ[name]
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))


def serve(config: Config, slack: Slack) -> None:
    """
    Answer in Slack until SIGTERM or SIGINT.

    Modules are imported where they are used, and the model is opened beside Slack's libraries: who asks a bot
    that starts waits for both.
    """
    embedder = embedder_of(config.index)
    threading.Thread(target=_open, args=(embedder,), name="open", daemon=True).start()
    gc.disable()  # to look for garbage in what is only being read is a tenth of the start
    from bot.serving import run

    gc.freeze()
    gc.enable()
    asyncio.run(run(config, slack, config.index.data_dir / MEMORY, lambda: load(config.index, embedder)))


def embedder_of(config: IndexConfig) -> Embedder:
    """Return the embedder of the settings; nothing is loaded yet."""
    return Embedder.kept_in(config.graphs, config.embedding_model)


def _open(embedder: Embedder) -> None:
    with suppress(ModelError):  # it is raised again where it is told
        _ = embedder.maker


def demonstrate(config: Config) -> None:
    """Play the demonstration on the column as it is now."""
    from rich.console import Console

    from bot.playground.demo import play

    console = Console(highlight=False)
    with Console(stderr=True).status("Reading the column …"):
        answerer = load(config.index, embedder_of(config.index), fresh=True)
    play(answerer, console, os.environ, interactive=sys.stdin.isatty())


def load(config: IndexConfig, embedder: Embedder, *, fresh: bool = False, warm: bool = True) -> Column:
    """Open what answers; sync first where the store is empty, or when *fresh* is asked for."""
    from bot.column import Column
    from bot.upkeep import Upkeep
    from index.retriever import Retriever
    from index.store import Store

    store = Store.open(config.data_dir, embedder.model_id, embedder.dimension)
    if fresh or not store.summary().articles:
        fill(store, embedder, config)
    column = Column(Retriever(store, embedder), config.aliases)
    column.upkeep = Upkeep(store, embedder, config, embedder.prepare)
    if warm:
        column.warm()  # so that nobody waits for it
    return column


def fill(store: Store, embedder: Embedder, config: IndexConfig) -> None:
    """
    Sync, before anybody is answered.

    Raises:
        SourceError: If there is no article in the store then.
    """
    from index.sources import SourceError
    from index.sources.fetch import Fetcher
    from index.sync import Change, sync

    log.info("reading the column")
    embedder.prepare()
    report = sync(store, embedder, config.sources(store.sources()), fetcher=Fetcher.configured(config))
    log.info("read the column", extra={"articles": store.summary().articles})
    if not store.summary().articles:
        reasons = [f"{o.name}: {o.why}" for o in report.outcomes if o.change is Change.FAILED]
        raise SourceError("\n".join(["COLUMN holds no article that could be read.", *reasons]))


if __name__ == "__main__":
    sys.exit(main())
