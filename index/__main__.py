"""The command line of the index: sync, status, ask, eval. Speaks; the rest of the package is silent."""

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

from dotenv import dotenv_values
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from index import evaluate, wording
from index.answer import Answer, Answerer
from index.config import Config, ConfigError
from index.embedder import Embedder, ModelError
from index.passage import Excerpt
from index.retriever import Retriever
from index.store import Store, StoreError, WrongModelError
from index.sync import Change, Report, sync

EVALUATED = "eval"  # the folder in the data folder that keeps the stores of evaluated articles


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """
    Run one command and return its exit code.

    0: done. 1: done in part; what failed is listed. 2: nothing was done; what to do is said.
    """
    given = _parser().parse_args(arguments)
    console, errors = Console(soft_wrap=False), Console(stderr=True)
    try:
        config = Config.from_environ(environ if environ is not None else environment())
        return int(given.run(given, config, console))
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
    command.add_argument("sources", nargs="*", metavar="SOURCE", help="files or folders (default: COLUMN)")
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
    command = commands.add_parser("eval", help="score the answers to a file of questions")
    command.add_argument("questions", type=Path, metavar="QUESTIONS.jsonl")
    command.add_argument("--articles", type=Path, metavar="DIR", help="ask this folder instead of the column")
    command.add_argument("--predictions", type=Path, metavar="OUT.jsonl", help="write every answer here")
    command.add_argument("--json", action="store_true", help="print the figures as JSON")
    command.set_defaults(run=_eval)
    return parser


# ---- sync and status


def _sync(given: argparse.Namespace, config: Config, console: Console) -> int:
    embedder = Embedder(config.embedding_model)
    with _opened(config.data_dir, embedder, rebuild=given.rebuild) as store, _progress() as progress:
        task = progress.add_task("Reading", total=None)
        report = sync(
            store,
            embedder,
            given.sources or config.column,
            whole=not given.sources,
            prune=given.prune,
            progress=lambda name, done: progress.update(task, completed=done, description=_short(name)),
        )
        summary = store.summary()
    console.print(_table(report))
    console.print(
        f"{summary.articles:,} articles, {summary.passages:,} passages; "
        f"{report.embedded:,} sentences embedded."
    )
    failed = report.count(Change.FAILED)
    done = len(report.outcomes) - failed
    return 0 if not failed else 1 if done else 2


@contextmanager
def _opened(folder: Path, embedder: Embedder, *, rebuild: bool = False) -> Iterator[Store]:
    try:
        store = Store.open(folder, embedder.model_id, embedder.dimension)
    except WrongModelError as e:
        if not rebuild:
            raise StoreError(f"{e} `python -m index sync --rebuild` starts over.") from e
        store = Store.open_existing(folder)
        store.clear(embedder.model_id, embedder.dimension)
    with store:
        yield store


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _short(name: str) -> str:
    return escape(name if len(name) <= 40 else f"{name[:39]}…")


def _table(report: Report) -> Table:
    table = Table("article", "", "why", box=None, header_style="dim", pad_edge=False)
    told = [o for o in report.outcomes if o.change is not Change.UNCHANGED or o.why]
    for o in told:
        style = {Change.FAILED: "red", Change.REMOVED: "yellow"}.get(o.change, "green")
        table.add_row(Text(o.name), Text(o.change.value, style=style), Text(o.why))
    counts = ", ".join(f"{report.count(change)} {change.value}" for change in Change)
    table.add_row(Text(counts, style="bold"), "", "")
    return table


def _status(given: argparse.Namespace, config: Config, console: Console) -> int:
    with Store.open_existing(config.data_dir) as store:
        s = store.summary()
    table = Table(box=None, show_header=False, pad_edge=False)
    rows = {
        "articles": f"{s.articles:,}",
        "passages": f"{s.passages:,}",
        "sentences": f"{s.chunks:,}",
        "statements": f"{s.utterances:,}",
        "dates": wording.days(s.first, s.last) if s.first and s.last else "none",
        "model": s.model,
        "generation": f"{s.generation}",
        "last sync": s.last_sync.isoformat(" ", "seconds") if s.last_sync else "never",
    }
    for name, value in (rows | {f"failed: {k}": v for k, v in s.failed.items()}).items():
        table.add_row(Text(name, style="dim"), Text(value))
    console.print(table)
    return 0


# ---- ask


def _ask(given: argparse.Namespace, config: Config, console: Console) -> int:
    embedder = Embedder(config.embedding_model)
    with Store.open_existing(config.data_dir, embedder.model_id) as store:
        answer = Answerer(Retriever(store, embedder)).ask(" ".join(given.question))
    show(answer, console)
    return 0


def show(answer: Answer, console: Console) -> None:
    """Print *answer* as a person reads it: verdict, excerpts letter for letter, citations."""
    console.print(Text(wording.lead(answer, answer.excerpts), style="bold"))
    console.print(Text(wording.searched(answer.searched), style="dim"))
    if answer.excerpts and not wording.is_answer(answer):
        console.print(Text(wording.NEAREST))
    for excerpt in answer.excerpts:
        console.print()
        console.print(Padding(Text(excerpt.text), (0, 0, 0, 4)))
        console.print(Padding(_citation(excerpt), (0, 0, 0, 2)))


def _citation(excerpt: Excerpt) -> Text:
    parts = (wording.voice(excerpt), wording.work(excerpt), wording.dated(excerpt), f"¶ {excerpt.number}")
    line = Text("— " + " · ".join(parts), style="dim")
    if excerpt.citation.link:
        line.append(f"\n{excerpt.citation.link}")
    return line


# ---- eval


def _eval(given: argparse.Namespace, config: Config, console: Console) -> int:
    cases = evaluate.load(given.questions)
    embedder = Embedder(config.embedding_model)
    with _judged(given, config, embedder) as store, _progress() as progress:
        task = progress.add_task("Asking", total=len(cases))
        scores = evaluate.run(
            Answerer(Retriever(store, embedder)), cases, lambda done: progress.update(task, completed=done)
        )
    if given.predictions:
        lines = (json.dumps(evaluate.prediction(s), ensure_ascii=False) for s in scores)
        given.predictions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    groups = {kind: evaluate.figures(some) for kind, some in evaluate.by_kind(scores)}
    if given.json:
        print(
            json.dumps({k: {m: asdict(f) for m, f in found.items()} for k, found in groups.items()}, indent=1)
        )
    else:
        console.print(_figures(groups, scores))
    return 0


@contextmanager
def _judged(given: argparse.Namespace, config: Config, embedder: Embedder) -> Iterator[Store]:
    """Open the store to be asked: the live one, or one of the folder's own, kept for the next run."""
    if given.articles is None:
        with Store.open_existing(config.data_dir, embedder.model_id) as store:
            yield store
        return
    place = hashlib.sha256(str(given.articles.resolve()).encode()).hexdigest()[:12]
    with _opened(config.data_dir / EVALUATED / place, embedder, rebuild=True) as store:
        with _progress() as progress:
            task = progress.add_task("Reading", total=None)
            report = sync(
                store,
                embedder,
                [str(given.articles)],
                progress=lambda name, done: progress.update(task, completed=done, description=_short(name)),
            )
        if not store.summary().articles:
            raise StoreError(
                next((o.why for o in report.outcomes if o.why), f"{given.articles} holds no article.")
            )
        yield store


def _figures(groups: Mapping[str, Mapping[str, evaluate.Figure]], scores: Sequence[evaluate.Score]) -> Table:
    table = Table("questions", "n", *evaluate.MEASURES, box=None, header_style="dim", pad_edge=False)
    sizes = {kind: len(some) for kind, some in evaluate.by_kind(scores)}
    for kind, found in groups.items():
        cells = [_cell(found.get(name), name) for name in evaluate.MEASURES]
        table.add_row(Text(kind), str(sizes[kind]), *cells)
    return table


def _cell(figure: evaluate.Figure | None, name: str) -> str:
    if figure is None:
        return "–"
    if name == "characters":
        return f"{figure.value:.0f}"
    return f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
