"""What those who run the bot are shown: how it fares, its sources, its failures, what one holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from bot.again import again
from bot.failures import Failed
from bot.message import Block, Message, bullets, escape, fitting, section
from bot.state import Stage, State, SyncRun
from index import wording
from index.passage import Article
from index.store import Summary

if TYPE_CHECKING:
    from index.trial import Found

SHOWN = 40  # lines of one list
# Lengths to which lines are cut, and how many of a list are shown, until the message fits.
LIMITS = ((300, SHOWN), (150, SHOWN), (60, SHOWN), (60, 15), (40, 5))
LOGGED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source: when it was last read (since the epoch), and why it could not be; *added* in Slack."""

    name: str
    read_at: float | None = None
    problem: str = ""
    added: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the bot fares. Times are in seconds since the epoch, *socket_age* in seconds."""

    summary: Summary
    sources: Sequence[Source]
    last: SyncRun | None
    running: bool
    next_sync: float | None
    queue: Mapping[State, int]
    socket_age: float | None
    version: str
    digests: Sequence[str] = field(default=())


def status_message(health: Health) -> Message:
    """Say how the bot fares."""
    s = health.summary
    articles = "article" if s.articles == 1 else "articles"
    paragraphs = "paragraph" if s.passages == 1 else "paragraphs"
    age = health.socket_age
    lines = [
        f"The column: {s.articles:,} {articles}, {s.passages:,} {paragraphs}, at generation {s.generation}.",
        f"Model: {s.model}.",
        *([f"Vectors: {wording.makers(s.makers)}."] if s.makers else []),
        f"Last sync: {_last(health)}",
        f"Next sync: {_next(health)}.",
        *([f"Next digests: {'; '.join(health.digests)}."] if health.digests else []),
        f"Queue: {health.queue.get(State.WAITING, 0):,} waiting, "
        f"{health.queue.get(State.POSTING, 0):,} being posted.",
        f"Socket: {'not open' if age is None else f'open for {wording.span(age)}'}.",
        f"Version: {health.version}.",
    ]
    return listed([*lines, "Sources:"], [_source(source) for source in health.sources])


def _last(health: Health) -> str:
    last = health.last
    if last is not None and last.begun_at is not None and last.stage is not Stage.ASKED:
        how = {Stage.RUNNING: "it still runs", Stage.DONE: "done", Stage.GIVEN_UP: "given up"}
        stage = how.get(last.stage, last.reason or "it broke off")
        failed = f", {last.tally.failed:,} could not be read" if last.tally.failed else ""
        return f"{moment(last.begun_at)}: {stage.rstrip('.')}{failed}."
    if at := health.summary.last_sync:
        return f"{moment(at.timestamp())}."
    return "none yet."


def _next(health: Health) -> str:
    if health.running:
        return "one is under way"
    return "only when asked for" if health.next_sync is None else moment(health.next_sync)


def _source(source: Source) -> str:
    added = ", added in Slack" if source.added else ""
    when = f", last read on {moment(source.read_at)}" if source.read_at else ""
    problem = f". Not read the last time: {source.problem}" if source.problem else ""
    return f"{source.name}{added}{when}{problem}"


def sources_list_message(sources: Sequence[Source]) -> Message:
    """List the sources, numbered, so that one can be named by its number."""
    lines = [f"{number}. {_source(source)}" for number, source in enumerate(sources, 1)]
    return listed(["The column comes from these sources:"], lines)


def holds_message(name: str, articles: Sequence[Found], failures: Sequence[str]) -> Message:
    """Say what of a source would be indexed; nothing was changed."""
    new = sum(not (found.known or found.taken_down) for found in articles)
    noun = "article" if len(articles) == 1 else "articles"
    failed = f"; not all of it could be read, see below ({len(failures):,})" if failures else ""
    head = f"{wording.clip(name)} holds {len(articles):,} {noun}, {new:,} of them new to the column{failed}."
    lines = [*map(_found, articles), *(f"Not read: {failure}" for failure in failures)]
    return listed([head, "Nothing was changed."], lines)


def _found(found: Found) -> str:
    notes = [
        (found.truncated, "a preview only"),
        (found.known, "in the column already"),
        (found.taken_down, "taken down, so it stays away"),
    ]
    line = _titled(found.title, found.author, found.date, found.passages)
    return "; ".join([line, *(note for is_so, note in notes if is_so)])


def article_line(article: Article) -> str:
    """Name an article in a line: title, author, date."""
    return _titled(article.title, article.author, article.date, len(article.passages))


def _titled(title: str, author: str | None, date: date | None, passages: int) -> str:
    by = f", by {wording.clip(author)}" if author else ""
    when = wording.day(date) if date else "undated"
    paragraphs = f", {passages:,} {'paragraph' if passages == 1 else 'paragraphs'}" if passages else ""
    return f"“{wording.clip(title) or 'untitled'}”{by} · {when}{paragraphs}"


def log_message(failures: Sequence[Failed]) -> Message:
    """List the last failures, the latest first."""
    if not failures:
        return Message(text="Nothing failed since I was started.")
    lines = [
        " · ".join(filter(None, (moment(f.at, seconds=True), f.event, f.code, f.request)))
        for f in failures[:LOGGED]
    ]
    return listed(["The last failures since I was started, the latest first:"], lines)


def listed(head: Sequence[str], lines: Sequence[str], choices: Sequence[tuple[str, str]] = ()) -> Message:
    """Return a message of *head*, a list of *lines*, and buttons that give commands; all literal."""
    head = [shortened(line, LIMITS[0][0]) for line in head]
    opening: list[Block] = [section("\n".join(head))]
    texts = ("\n".join(map(escape, [*head, *(f"• {line}" for line in _fewer(lines, *n))])) for n in LIMITS)
    blocks = ([*opening, *([bullets(_fewer(lines, *n))] if lines else []), *again(choices)] for n in LIMITS)
    return fitting(texts, blocks)


def _fewer(lines: Sequence[str], limit: int, most: int) -> list[str]:
    shown = [shortened(line, limit) for line in lines[:most]]
    return [*shown, *([f"And {len(lines) - most:,} more."] if len(lines) > most else [])]


def shortened(text: str, limit: int) -> str:
    """Return *text* as one line, at most *limit* wide, with a mark where it is cut; never nothing."""
    line = wording.one_line(text)
    short = wording.cut(line, limit, wording.width)
    return (short if short == line else f"{short}…") or "–"


def moment(at: float, *, seconds: bool = False) -> str:
    """Write a time, given in seconds since the epoch."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{wording.day(when.date())} at {when:{'%H:%M:%S' if seconds else '%H:%M'}} UTC"
