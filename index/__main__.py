"""The command line of the index: sync, status, ask, check, eval. Speaks; the rest is silent."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from rich.console import Console
from rich.text import Text

from index import confidence, evaluate, figures, terminal
from index.answer import Answerer
from index.check import QuoteChecker
from index.config import Config, ConfigError
from index.embedder import Embedder, ModelError
from index.retriever import Retriever
from index.sources import is_live
from index.store import Store, StoreError, WrongModelError
from index.sync import Change, Outcome, sync

if TYPE_CHECKING:
    from index.sources.fetch import Fetcher

EVALUATED = "eval"  # the folder in the data folder that keeps the stores of evaluated articles


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """
    Run one command and return its exit code.

    0: done. 1: done in part; what failed is listed. 2: nothing was done; what to do is said.
    """
    given = _parser().parse_args(arguments)
    console, errors = terminal.open_console(), terminal.open_console(stderr=True)
    try:
        config = Config.from_environ(environ if environ is not None else environment())
        return int(given.run(given, config, console))
    except WrongModelError as e:
        errors.print(Text(f"{e} `python -m index sync --rebuild` starts over."), style="red")
        return 2
    except (ConfigError, StoreError, ModelError, evaluate.QuestionsError) as e:
        errors.print(Text(str(e)), style="red")
        return 2
    except KeyboardInterrupt:
        errors.print("Stopped. What was done before is kept.")
        return 130


def environment() -> dict[str, str]:
    """Return the environment over what `.env` says."""
    from_file = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    return {**from_file, **os.environ}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m index", description="Read, search and judge a column.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("sync", help="read the column; only what changed is embedded")
    command.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="files, folders, exports or addresses (default: COLUMN)"
    )
    command.add_argument(
        "--prune", action="store_true", help="also drop what an empty or unreadable source held"
    )
    command.add_argument("--rebuild", action="store_true", help="start over, for another EMBEDDING_MODEL")
    command.set_defaults(run=_sync)
    command = commands.add_parser("status", help="say what the store holds")
    command.set_defaults(run=_status)
    command = commands.add_parser("ask", help="answer a question")
    command.add_argument("question", nargs="+")
    command.set_defaults(run=_ask)
    command = commands.add_parser("check", help="compare a quotation with the column, word by word")
    command.add_argument("quotation", nargs="+")
    command.add_argument("--by", metavar="NAME", help="who is supposed to have said it")
    command.set_defaults(run=_check)
    command = commands.add_parser("eval", help="score the answers to a file of questions")
    command.add_argument("questions", type=Path, metavar="QUESTIONS.jsonl")
    command.add_argument("--articles", type=Path, metavar="DIR", help="ask this folder instead of the column")
    command.add_argument(
        "--statements",
        type=Path,
        metavar="FILE",
        help=f"what is marked as said by anybody (default: {evaluate.STATEMENTS} beside the questions)",
    )
    command.add_argument("--predictions", type=Path, metavar="OUT.jsonl", help="write every answer here")
    command.add_argument(
        "--misses", type=int, default=5, metavar="N", help="print the N worst misses (default: 5)"
    )
    command.add_argument("--json", action="store_true", help="print the figures as JSON")
    command.set_defaults(run=_eval)
    command = commands.add_parser("calibrate", help="weigh confidence anew from questions with answers")
    command.add_argument("questions", type=Path, metavar="QUESTIONS.jsonl")
    command.add_argument("--articles", type=Path, metavar="DIR", help="ask this folder instead of the column")
    command.set_defaults(run=_calibrate)
    return parser


# ---- sync and status


def _sync(given: argparse.Namespace, config: Config, console: Console) -> int:
    embedder = Embedder.kept_in(config.graphs, config.embedding_model)
    with _opened(config.data_dir, embedder, rebuild=given.rebuild) as store:
        terminal.prepare(embedder.prepare)
        with terminal.syncing() as heard:
            report = sync(
                store,
                embedder,
                given.sources or config.sources(store.sources()),
                whole=not given.sources,
                prune=given.prune,
                fetcher=_fetcher(config),
                progress=heard,
            )
        summary = store.summary()
    terminal.print_report(report, summary, console)
    failed = report.count(Change.FAILED)
    if not failed:
        return 0
    return 1 if len(report.outcomes) > failed else 2


def _fetcher(config: Config) -> Fetcher:
    from index.sources.fetch import Fetcher  # its libraries take a while to load, and to ask needs none

    return Fetcher.configured(config)


@contextmanager
def _opened(folder: Path, embedder: Embedder, *, rebuild: bool = False) -> Iterator[Store]:
    try:
        store = Store.open(folder, embedder.model_id, embedder.dimension)
    except WrongModelError:
        if not rebuild:
            raise
        embedder.load()  # a model that does not load must not cost the old vectors
        store = Store.open_existing(folder)
        # What live sources gave stays, for they may no longer have it: it is embedded from what is stored.
        live = {a.source for a in store.articles() if is_live(a.source)}
        store.clear(embedder.model_id, embedder.dimension, keep=live)
    with store:
        yield store


def _status(given: argparse.Namespace, config: Config, console: Console) -> int:
    with Store.open_existing(config.data_dir) as store:
        terminal.print_status(store.summary(), console)
    return 0


# ---- ask, check and eval


def _ask(given: argparse.Namespace, config: Config, console: Console) -> int:
    embedder = Embedder.kept_in(config.graphs, config.embedding_model)
    with Store.open_existing(config.data_dir, embedder.model_id) as store:
        answer = Answerer(Retriever(store, embedder), config.aliases).ask(" ".join(given.question))
    terminal.print_answer(answer, console)
    return 0


def _check(given: argparse.Namespace, config: Config, console: Console) -> int:
    with Store.open_existing(config.data_dir) as store:
        embedder = Embedder.kept_in(config.graphs, config.embedding_model)  # which is not loaded
        answerer = Answerer(Retriever(store, embedder))
        checked = QuoteChecker(store, answerer.people).check(" ".join(given.quotation), given.by)
    terminal.print_check(checked, console)
    return 0


def _eval(given: argparse.Namespace, config: Config, console: Console) -> int:
    cases = evaluate.load(given.questions)
    everybody = _marked(given)
    embedder = Embedder.kept_in(config.graphs, config.embedding_model)
    with _judged(given, config, embedder) as store, terminal.asking(len(cases)) as counted:
        answerer = Answerer(Retriever(store, embedder), config.aliases)
        scores = evaluate.run(answerer, cases, counted, everybody)
    if given.predictions:
        _write(given.predictions, scores)
    if given.json:
        groups = figures.figures_by_kind(scores)
        plain = {k: {m: asdict(f) for m, f in found.items()} for k, found in groups.items()}
        print(json.dumps(plain, indent=1, ensure_ascii=False))
    else:
        terminal.print_figures(scores, console)
        terminal.print_misses(scores, given.misses, console)
    return 0


def _marked(given: argparse.Namespace) -> evaluate.Statements | None:
    beside: Path = given.questions.with_name(evaluate.STATEMENTS)
    path = given.statements or (beside if beside.exists() else None)
    return None if path is None else evaluate.load_statements(path)


def _calibrate(given: argparse.Namespace, config: Config, console: Console) -> int:
    from index import calibrate  # scikit-learn: for whoever develops, not for whoever asks

    cases = evaluate.load(given.questions)
    embedder = Embedder.kept_in(config.graphs, config.embedding_model)
    with _judged(given, config, embedder) as store, terminal.asking(len(cases)) as counted:
        willing = Answerer(Retriever(store, embedder), config.aliases, sure=calibrate.willing)
        scores = evaluate.run(willing, cases, counted)
    try:
        weights = calibrate.fit(scores)
    except ValueError as e:
        raise evaluate.QuestionsError(str(e)) from e
    calibrate.save(weights, confidence.FILE)
    console.print_json(data=weights)
    return 0


def _write(path: Path, scores: Sequence[evaluate.Score]) -> None:
    lines = (json.dumps(evaluate.prediction(s), ensure_ascii=False) for s in scores)
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as e:
        raise evaluate.QuestionsError(f"{path} cannot be written ({e.strerror}); name another file.") from e


@contextmanager
def _judged(given: argparse.Namespace, config: Config, embedder: Embedder) -> Iterator[Store]:
    """Open the store to be asked: the live one, or one of the folder's own, kept for the next run."""
    if given.articles is None:
        with Store.open_existing(config.data_dir, embedder.model_id) as store:
            yield store
        return
    place = hashlib.sha256(str(given.articles.resolve()).encode()).hexdigest()[:12]
    with _opened(config.data_dir / EVALUATED / place, embedder, rebuild=True) as store:
        with terminal.syncing() as heard:
            report = sync(store, embedder, [str(given.articles)], progress=heard)
        if all(o.change is Change.FAILED or o.why for o in report.outcomes):
            raise StoreError("\n".join(map(_reason, report.outcomes)) or f"{given.articles} is empty.")
        yield store


def _reason(outcome: Outcome) -> str:
    return f"{outcome.name}: {outcome.why}"


if __name__ == "__main__":
    sys.exit(main())
