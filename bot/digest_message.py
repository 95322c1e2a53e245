"""
What a digest and a follow look like. Pure: no network, no clock.

Promises, as of every message: what is quoted is proved letter for letter, nothing from the column or from
people pings, links or formats, and no message is larger than Slack takes: articles that have no room go on in
the next one, and citations are never what is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.message import (
    BLOCKS_LIMIT,
    EXCERPT_LIMITS,
    OPEN,
    TEXT_LIMIT,
    Block,
    Message,
    all_spoken,
    bullets,
    citation,
    cited,
    escape,
    fitting,
    linkable,
    plain_text,
    prove_excerpts,
    quotation,
    section,
    size,
    spoken,
)
from index import wording
from index.passage import Article, Excerpt

MOST_BLOCKS = 50
# Pull quotes are cut to so many characters until all articles fit; else some of these go on below.
SHORTENED = (700, 500, 350)
SUBJECTS = 5  # people, and questions, that are named of what was asked
QUESTION_LIMIT = 150
FOLLOWED = 5  # statements in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article of a digest with its quotes; *followed* are those followed here, and how often quoted."""

    article: Article
    quotes: tuple[Excerpt, ...] = ()
    followed: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What was asked in a channel, and how much of it had no answer, as counts.

    *about* names people of the column, *repeated* questions that several people asked, each with how often.
    """

    questions: int
    about: tuple[tuple[str, int], ...] = ()
    repeated: tuple[tuple[str, int], ...] = ()
    unanswered: int = 0
    missed: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    What a digest holds, or what is left of it as part number *part*.

    It covers from *since* to *until*, which are in the zone of that name, and stands for so many *slots*.
    *entries* are the first of *articles* that are new.
    """

    since: datetime
    until: datetime
    zone: str
    articles: int
    entries: tuple[Entry, ...] = ()
    asked: Asked | None = None
    part: int = 1
    last: bool = False
    slots: int = 1


def digest_message(held: Held) -> tuple[Message, int]:
    """
    Build the message of what is *held*; return it with how many entries it shows.

    Raises:
        NotVerbatimError: If a quotation is not in it letter for letter.
    """
    if not held.entries:
        return Message(text=escape(_text_of(_opening(held), held)), blocks=tuple(_blocks(held, 0, 0))), 0
    tries = [(len(held.entries), limit) for limit in SHORTENED]
    tries += [(count, SHORTENED[-1]) for count in range(len(held.entries) - 1, 0, -1)]
    tries += [(1, limit) for limit in EXCERPT_LIMITS if limit < SHORTENED[-1]]
    for count, limit in tries:
        blocks, text = list(_blocks(held, count, limit)), _text(held, count, limit)
        if len(blocks) <= MOST_BLOCKS and size(blocks) <= BLOCKS_LIMIT and len(text) <= TEXT_LIMIT:
            prove_excerpts(blocks, [quote for e in held.entries[:count] for quote in e.quotes])
            return Message(text=text, blocks=tuple(blocks)), count
    raise AssertionError("one article with its shortest quotations always fits")


def _blocks(held: Held, count: int, limit: int) -> Iterator[Block]:
    first, *more = _opening(held)
    yield section(first)
    if more:
        yield {"type": "context", "elements": [plain_text(" ".join(more))]}
    for entry in held.entries[:count]:
        yield _named(entry.article)
        for quote in entry.quotes:
            yield quotation(quote, limit)
            yield citation(quote)
        if entry.followed:
            yield {"type": "context", "elements": [plain_text(_followed(entry))]}
    if left := _left(held, count):
        yield section(left)
    if held.asked:
        head, *lines = _asked(held.asked)
        yield section(head)
        if lines:
            yield bullets(lines)


def _text(held: Held, count: int, limit: int) -> str:
    parts = [escape(" ".join(_opening(held)))]
    for entry in held.entries[:count]:
        told = [escape(_line(entry.article)), *(spoken(quote, limit) for quote in entry.quotes)]
        parts.append("\n".join([*told, escape(_followed(entry))] if entry.followed else told))
    if left := _left(held, count):
        parts.append(escape(left))
    if held.asked:
        parts.append(escape("\n".join(_asked(held.asked))))
    return "\n\n".join(parts)


def _text_of(opening: Sequence[str], held: Held) -> str:
    asked = ["\n".join(_asked(held.asked))] if held.asked else []
    return "\n\n".join([" ".join(opening), *asked])


def _opening(held: Held) -> list[str]:
    """Say what this is, then the window that it covers, and what it stands for."""
    if held.part > 1:
        return ["The digest goes on."]
    noun = "article" if held.articles == 1 else "articles"
    lines = [
        f"New in the column: {held.articles:,} {noun}." if held.articles else "Nothing is new in the column."
    ]
    lines.append(f"From {_moment(held.since)} to {_moment(held.until)} ({held.zone}).")
    if held.slots > 1:
        lines.append(f"{held.slots:,} digests were due in that time; this one stands for all of them.")
    return lines


def _moment(when: datetime) -> str:
    return f"{wording.day(when.date())}, {when:%H:%M}"


def _left(held: Held, count: int) -> str:
    """Say where the articles are that have no room here."""
    left = held.articles - count
    if left <= 0 or not held.entries:
        return ""
    noun = "article" if left == 1 else "articles"
    return (
        f"And {left:,} more {noun}: /column sources"
        if held.last
        else f"{left:,} more {noun} in the thread below."
    )


def _line(article: Article) -> str:
    title = wording.clip(article.title) or "untitled"
    by = f", by {wording.clip(article.author)}" if article.author else ""
    when = wording.day(article.date) if article.date else "undated"
    cut_off = " · the beginning only" if article.truncated else ""
    return f"“{title}”{by} · {when}{cut_off}"


def _named(article: Article) -> Block:
    """Return the article's title, author and date, and where it can be opened."""
    leaves: list[Block] = [{"type": "text", "text": _line(article), "style": {"bold": True}}]
    if article.url and linkable(article.url):
        leaves += [{"type": "text", "text": " · "}, {"type": "link", "url": article.url, "text": OPEN}]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}


def _followed(entry: Entry) -> str:
    times = [f"{wording.clip(name)} ({count:,})" for name, count in entry.followed[:SUBJECTS]]
    return f"Followed here, and how often quoted: {', '.join(times)}."


def _asked(asked: Asked) -> list[str]:
    """Say what was asked here: a line in all, then lines for what is counted."""
    noun = "question" if asked.questions == 1 else "questions"
    without = (
        f"{asked.unanswered:,} of them had no answer in the column"
        if asked.unanswered
        else "all had an answer"
    )
    lines = [f"Asked here in that time: {asked.questions:,} {noun}; {without}."]
    if asked.about:
        lines.append(f"Most about: {_counted(asked.about)}.")
    if asked.missed:
        lines.append(f"Without an answer, about: {_counted(asked.missed)}.")
    cut = (wording.cut(" ".join(wording.clip(text).split()), QUESTION_LIMIT) for text, _ in asked.repeated)
    lines += [
        f"“{text}” ({times:,} times)"
        for text, (_, times) in zip(cut, asked.repeated[:SUBJECTS], strict=False)
    ]
    return lines


def _counted(named: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{wording.clip(name)} ({count:,})" for name, count in list(named)[:SUBJECTS])


# ---- follow


def follow_message(name: str, excerpts: Sequence[Excerpt]) -> Message:
    """
    Say that the column quotes *name*, with the first FOLLOWED of *excerpts*.

    Raises:
        NotVerbatimError: If a quotation is not in it letter for letter.
    """
    shown, called = excerpts[:FOLLOWED], wording.clip(name)
    times = "once" if len(excerpts) == 1 else f"{len(excerpts):,} times"
    head = f"{called}, followed here, is quoted {times} in what is new in the column."
    left = len(excerpts) - len(shown)
    tail = f"And {left:,} more: /column said {called}" if left else ""
    closing: list[Block] = [section(tail)] if tail else []
    opening: Block = section(head)
    blocks = ([opening, *cited(shown, (), limit), *closing] for limit in EXCERPT_LIMITS)
    texts = (
        "\n\n".join(filter(None, [escape(head), *all_spoken(shown, (), limit), escape(tail)]))
        for limit in EXCERPT_LIMITS
    )
    built = fitting(texts, blocks)
    prove_excerpts(built.blocks, shown)
    return built
