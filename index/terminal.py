"""What the command line prints: a sync, a status, an answer, an evaluation; whole words at any width."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from index import evaluate, wording
from index.check import Outcome, QuoteCheck, context
from index.evaluate import Score
from index.figures import Figure, by_kind, figures_by_kind
from index.passage import Excerpt
from index.report import Change, Report, Step
from index.store import Summary
from index.verdict import Answer

UNBROKEN = 100_000  # columns of a file or a pipe, which have no edge to break lines at
STYLES = {Change.FAILED: "red", Change.REMOVED: "yellow", Change.TAKEN_DOWN: "yellow"}
# The tables of an evaluation: which figures each has, and what they mean.
SECTIONS: dict[str, dict[tuple[str, ...], str]] = {
    "Found and shown": {
        ("hit@1", "hit@3", "MRR"): "where the right paragraph ranks",
        ("holds the words",): "the reply holds the needed words",
        ("usable",): f"and nobody else's, in at most {evaluate.USABLE} characters",
        ("characters",): "the median shown",
        ("e2e",): "right for the reader, answered and usable or rightly refused",
    },
    "Answered or refused": {
        ("abstention",): "answers where there is an answer, and only there",
        ("false answers",): "of the questions without an answer, those answered",
        ("false refusals",): "of those with one, those refused",
        ("contrary",): "the text is seen to say another thing than the question",
        ("AUROC",): "how often a question with an answer has more confidence than one without "
        "(by chance 0.50), or than one of that kind",
    },
    "Whose words": {
        ("speaker",): "the right name stands under the first excerpt, where a name does",
        ("statement precision",): "excerpts that are the speaker's statements",
        ("statement recall",): "the speaker's statements that are shown",
        ("statement F1",): "the harmonic mean of these two",
        ("another's words",): "excerpts that are mostly somebody else's statement",
    },
}
# Short enough that each table stands in 80 columns.
HEADINGS = {
    "holds the words": "words",
    "characters": "chars",
    "abstention": "abstains",
    "statement precision": "precision",
    "statement recall": "recall",
    "statement F1": "F1",
}


def open_console(*, stderr: bool = False) -> Console:
    """Return a console that breaks lines at the edge of a terminal, and nowhere in a file or a pipe."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=UNBROKEN)


def visible(text: str) -> str:
    """Return *text* with every control character that a terminal may obey replaced by "�"."""
    lines = text.replace("\r\n", "\n")
    return "".join("�" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in lines)


@contextmanager
def asking(total: int) -> Iterator[Callable[[int], None]]:
    """Show on standard error how many of *total* questions are done; what it gives hears how many."""
    bar = _bar(Console(stderr=True), TimeElapsedColumn(), TimeRemainingColumn())
    with bar:
        task = bar.add_task("Asking", total=total)
        yield lambda done: bar.update(task, completed=done)


def _bar(console: Console, *more: ProgressColumn, **options: Any) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn())
    off = not console.is_terminal
    return Progress(*columns, *more, console=console, transient=True, disable=off, **options)


# ---- sync and status


def prepare(make: Callable[[Callable[[str], object]], str]) -> None:
    """
    Let *make* prepare the model, which takes a while the first time; say why where it could not.

    *make* is given whom to tell what it is doing.
    """
    console = Console(stderr=True, highlight=False)
    opening = "Preparing the model, once: some twenty seconds …"
    with console.status(opening) as shown:
        why = make(lambda doing: shown.update(f"{opening} {escape(visible(doing))}"))
    if why:
        console.print(f"The model runs without a graph of its own, and slower: {why}.", markup=False)


@contextmanager
def syncing() -> Iterator[Callable[[Step], None]]:
    """Show on standard error how far a sync is, how fast, and what time it may take; a file sees nothing."""
    bar = SyncBar(Console(stderr=True))
    with bar.progress:
        yield bar.heard


class SyncBar:
    """What a sync looks like on a terminal: articles by number, sentences by their rate."""

    def __init__(self, console: Console, **options: Any) -> None:
        rate = _Rate()
        self.progress = _bar(console, rate, TimeElapsedColumn(), TimeRemainingColumn(), **options)
        self._articles = self.progress.add_task("Reading", total=None)
        self._sentences = self.progress.add_task("", total=None, visible=False)
        rate.counted = self.progress.tasks[-1]
        self._room = min(40, max(8, console.width - 72))  # what the rest leaves for a name

    def heard(self, step: Step) -> None:
        """Show how far it is now, and the name of what was done last."""
        if step.outcome:
            name = wording.cut(" ".join(visible(step.outcome.name).split()), self._room)
            self.progress.update(self._articles, description=escape(name))
        self.progress.update(self._articles, completed=step.done, total=step.expected or None)
        self.progress.update(self._sentences, completed=step.embedded)


class _Rate(ProgressColumn):
    """How many sentences are embedded a second, by the task that counts them."""

    counted: Task | None = None

    def render(self, task: Task) -> Text:
        speed = self.counted.speed if self.counted else None
        return Text(f"{speed:,.0f} sentences/s" if speed else "", style="progress.data.speed")


def print_report(report: Report, summary: Summary, console: Console) -> None:
    """Print what a sync did: a line for each article that is not simply unchanged, then the counts."""
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for o in report.outcomes:
        if o.change is not Change.UNCHANGED or o.why:
            change = Text(o.change.value, style=STYLES.get(o.change, "green"))
            table.add_row(_line(o.name), change, _line(o.why))
    if table.row_count:
        _print(console, table)
    told = [change for change in Change if change is not Change.TAKEN_DOWN or report.count(change)]
    counts = ", ".join(f"{report.count(change):,} {change.value}" for change in told)
    console.print(Text(counts, style="bold"))
    console.print(
        f"The store holds {_number(summary.articles, 'article')} and {_number(summary.passages, 'passage')}; "
        f"{_number(report.embedded, 'sentence')} embedded."
    )


def print_status(s: Summary, console: Console) -> None:
    """Print what the store holds, and what the last sync could not read."""
    rows = {
        "articles": f"{s.articles:,}",
        "passages": f"{s.passages:,}",
        "sentences": f"{s.chunks:,}",
        "statements": f"{s.utterances:,}",
        "dates": wording.days(s.first, s.last) if s.first and s.last else "none",
        "model": s.model,
        "vectors": wording.makers(s.makers) or "none",
        "generation": f"{s.generation:,}",
        "last sync": f"{s.last_sync:%Y-%m-%d %H:%M:%S} UTC" if s.last_sync else "never finished",
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, _line(value))
    for source, reason in s.failed.items():
        table.add_row(Text("failed", style="red"), _line(f"{source}: {reason}"))
    _print(console, table)


def _line(text: str) -> Text:
    return Text(_one_line(text))


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _print(console: Console, what: RenderableType) -> None:
    """Print *what*; in a file or a pipe without the spaces that fill a table's lines."""
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as held:
        console.print(what)
    for line in held.get().splitlines():
        console.print(Text(line.rstrip()), soft_wrap=True)


# ---- ask


def print_answer(answer: Answer, console: Console) -> None:
    """Print *answer* as a person reads it: verdict, excerpts letter for letter, citations."""
    console.print(Text(wording.lead(answer, answer.excerpts), style="bold"))
    console.print(Text(wording.searched(answer.searched), style="dim"))
    if answer.excerpts and not wording.is_answer(answer):
        console.print(Text(wording.NEAREST[answer.verdict]))
    for excerpt in answer.excerpts:
        _print_excerpt(excerpt, console)


def _print_excerpt(excerpt: Excerpt, console: Console) -> None:
    console.print()
    _indented(console, Text(visible(excerpt.text)), 4)
    _indented(console, _citation(excerpt), 2)


def _citation(excerpt: Excerpt) -> Text:
    parts = (wording.voice(excerpt), wording.work(excerpt), wording.dated(excerpt), f"¶ {excerpt.number}")
    line = Text("— " + " · ".join(parts), style="dim")
    if excerpt.citation.link:
        line.append(f"\n{visible(excerpt.citation.link)}")
    return line


# ---- check

SHOWN = 5  # parts and differences of a quotation that are printed


def print_check(check: QuoteCheck, console: Console) -> None:
    """Print what the column has of a quotation: the outcome, what differs, the sentences where it stands."""
    good = check.outcome in (Outcome.VERBATIM, Outcome.ELIDED)
    console.print(Text(wording.compared(check), style="bold green" if good else "bold"))
    for line in filter(None, (wording.said_by(check), wording.partial(check))):
        console.print(Text(line))
    console.print(Text(wording.searched(check.searched), style="dim"))
    for d in check.differences[:SHOWN]:
        _indented(console, Text(f"• {_one_line(wording.difference(check, d))}"), 2)
    _more(len(check.differences) - SHOWN, "difference", console)
    if check.wording is Outcome.ABSENT and check.excerpts:
        console.print(Text(wording.NEAREST_WORDS))
    whole = {(e.article.id, e.number, e.start): e for e in map(context, check.excerpts)}
    for excerpt in [*whole.values()][:SHOWN]:
        _print_excerpt(excerpt, console)
    _more(len(whole) - SHOWN, "place", console)
    if check.others:
        console.print(Text("\nThe same words also stand here:"))
        for excerpt in check.others:
            _print_excerpt(context(excerpt), console)


def _more(count: int, noun: str, console: Console) -> None:
    if count > 0:
        console.print(Text(f"  … and {_number(count, f'more {noun}')}."))


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _indented(console: Console, text: Text, by: int) -> None:
    _print(console, Padding(text, (0, 0, 0, by), expand=False))


# ---- eval


def print_figures(scores: Sequence[Score], console: Console) -> None:
    """Print the figures by kind of question: in tables where they fit, then all with intervals."""
    groups = figures_by_kind(scores)
    sizes = {kind: len(some) for kind, some in by_kind(scores).items()}
    for title, notes in SECTIONS.items():
        names = [name for together in notes for name in together if name in groups["all"]]
        if names:
            console.print(Text(title, style="bold"))
            _print_where_it_fits(_table_of(names, groups, sizes), console)
            console.print(Text(_legend(notes, names), style="dim"))
            console.print()
    console.print("With 95 % intervals, n the number of questions:")
    order = [name for notes in SECTIONS.values() for together in notes for name in together]
    for kind, found in groups.items():
        listed = ", ".join(_figure(name, found[name]) for name in order if name in found)
        _indented(console, Text.assemble((f"{visible(kind)}: ", "bold"), listed), 2)


def _print_where_it_fits(table: Table, console: Console) -> None:
    unbounded = console.options.update(max_width=UNBROKEN)
    if Measurement.get(console, unbounded, table).maximum <= console.width:
        _print(console, table)


def _table_of(
    names: Sequence[str], groups: Mapping[str, Mapping[str, Figure]], sizes: Mapping[str, int]
) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("questions", no_wrap=True)
    for heading in ("n", *map(_heading, names)):
        table.add_column(heading, no_wrap=True, justify="right")
    for kind, found in groups.items():
        if not found.keys().isdisjoint(names):
            cells = [_value(name, found[name].value) if name in found else "–" for name in names]
            table.add_row(_line(kind), str(sizes[kind]), *cells)
    return table


def _legend(notes: Mapping[tuple[str, ...], str], names: Sequence[str]) -> str:
    told = (f"{', '.join(map(_heading, some))}: {note}" for some, note in notes.items() if some[0] in names)
    return "; ".join(told) + "."


def _heading(name: str) -> str:
    return HEADINGS.get(name, name)


def _figure(name: str, f: Figure) -> str:
    low, high = _value(name, f.low), _value(name, f.high)
    return f"{_heading(name)} {_value(name, f.value)} ({low}–{high}, n {f.n})"


def _value(name: str, value: float) -> str:
    return f"{value:.0f}" if name == "characters" else f"{value:.2f}"


def print_misses(scores: Sequence[Score], most: int, console: Console) -> None:
    """Print the *most* worst misses: what was asked, what was needed, what was shown."""
    missed = evaluate.misses(scores)
    if not missed or most < 1:
        return
    console.print(Text(f"\nThe worst {min(most, len(missed))} of {len(missed)} misses", style="bold"))
    for s in missed[:most]:
        sure = f"{s.answer.verdict.value}, confidence {s.answer.confidence:.2f}"
        console.print()
        console.print(Text.assemble((visible(s.case.question), "bold"), f" ({s.case.id}, {s.case.kind})"))
        _indented(console, Text(f"verdict: {sure}"), 2)
        _indented(console, Text(f"needed: {visible(_needed(s))}"), 2)
        for excerpt in s.answer.excerpts:
            place = f"{excerpt.article.name} ¶ {excerpt.number}, {wording.whose(excerpt)}"
            _indented(console, Text(f"shown: {visible(excerpt.text)} [{place}]"), 2)


def _needed(s: Score) -> str:
    case = s.case
    if not case.answerable:
        return "a no"
    places = ", ".join(f"{p.article} ¶ {p.paragraph}" for p in sorted(case.gold))
    words = (" and " if case.all_needed else " or ").join(f"“{words}”" for words in case.needed)
    wrong = [f for f in case.forbidden if any(f in e.text for e in s.answer.excerpts)]
    without = "".join(f", without “{words}”" for words in wrong)
    return f"{words or 'the passage'}{without} [{places}]"
