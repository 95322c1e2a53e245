"""
What ``/column`` does besides answering: a first word that names a command, and what it brings.

Unknown words are a question, never an error; so is a command's word that goes on like a question. Pure but
for what the commands look up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot import quotation, replay
from bot.column import Consulted
from bot.message import (
    BLOCKS_LIMIT,
    EXCERPT_LIMITS,
    HELP,
    TEXT_LIMIT,
    Block,
    Message,
    all_spoken,
    cited,
    escape,
    fitting,
    message,
    plain_text,
    prove,
    prove_excerpts,
    size,
)
from bot.settings import WORD
from bot.state import Given, Kind, Memory, Request, read_id
from index import wording
from index.passage import Article, Excerpt
from index.said import Said
from index.verdict import Answer

LISTED = 15  # articles on one page of sources
FEW = 6  # words after "check": so few without quotation marks are a question ("check the tide tables")
STATEMENTS = 5  # on one page of what somebody said
NAMED = 5  # words of a name
_NUMBERED = re.compile(r"(?P<name>.+?)(?:\s+(?:page\s+)?(?P<page>\d{1,4}))?")
_QUOTED = re.compile(r"[“”\"«»„]")
_PAGE = re.compile(r"(?:page\s+)?(\d{1,4})?")

# What of excerpts somebody may still see today, and what is withheld.
Ration = Callable[[Sequence[Excerpt]], tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]]


class Looks(Consulted, Protocol):
    """What the commands need of the column."""

    def articles(self) -> Sequence[Article]:
        """Return all articles without their passages, newest first."""

    def said(self, name: str, first: int, most: int) -> Said:
        """Return a page of what *name* is reported as saying."""

    def ask(self, question: str) -> Answer:
        """Return what the column says to *question*."""

    def examples(self, most: int = 3) -> list[str]:
        """Return questions that this column answers."""


@dataclass(frozen=True, slots=True)
class Command:
    """
    One command: how it is written, what it does in a line, and the function that does it.

    One that *counts* is a question to the column, of which nobody may ask too many.
    """

    usage: str
    does: str
    run: Callable[[str, Request, Looks, Memory, Ration], Message]
    counts: bool = False


def dispatch(text: str) -> tuple[Command, str] | None:
    """Return the command that *text* begins with, and the rest; None where it is a question."""
    word, _, rest = text.strip().partition(" ")
    command, rest = COMMANDS.get(word.casefold()), rest.strip()
    if command is None or not _is_meant(word.casefold(), rest):
        return None
    return command, rest


def _is_meant(word: str, rest: str) -> bool:
    """Tell a command from a question that begins with its word: “why did the ferry sink?”."""
    if word == "check":
        return bool(_QUOTED.search(rest)) or len(rest.split()) > FEW or not rest
    if word == "why":
        return len(rest.split()) == 1 and bool(read_id(rest))
    if word == "said":
        return 0 < len(_numbered(rest)[0].split()) <= NAMED and "?" not in rest
    return bool(_PAGE.fullmatch(rest))


def _numbered(rest: str) -> tuple[str, int]:
    """Return the name and the page in what follows "said"."""
    found = _NUMBERED.fullmatch(rest)
    return (found["name"], max(1, int(found["page"] or 1))) if found else (rest, 1)


def _check(rest: str, request: Request, column: Looks, memory: Memory, ration: Ration) -> Message:
    return quotation.asked(rest, column.check)


def _why(rest: str, request: Request, column: Looks, memory: Memory, ration: Ration) -> Message:
    """Show an answer's record to whoever could see the answer: those of its channel, or its asker alone."""

    def may_see(given: Given) -> bool:
        private = given.kind in (Kind.COMMAND, Kind.DM)
        shown_here = given.channel == request.channel and not private
        return given.team == request.team and (given.user == request.user or shown_here)

    return replay.replay(rest, memory.answers, column.article, may_see)


def _said(rest: str, request: Request, column: Looks, memory: Memory, ration: Ration) -> Message:
    name, page = _numbered(rest)
    page_of = column.said(name, (page - 1) * STATEMENTS, STATEMENTS)
    if not page_of.excerpts and page > 1 and page_of.total:
        page = -(-page_of.total // STATEMENTS)
        page_of = column.said(name, (page - 1) * STATEMENTS, STATEMENTS)
    if not page_of.excerpts:  # which kind of no it is
        answer = column.ask(f"what did {name} say?")
        shown, withheld = ration(answer.excerpts)
        answer = replace(answer, excerpts=shown, withheld=withheld)
        built = message(answer)
        prove(built, answer)
        return built
    shown, withheld = ration(page_of.excerpts)
    return said_message(replace(page_of, excerpts=shown), name, page, withheld)


def said_message(said: Said, name: str, page: int, withheld: Sequence[Excerpt] = ()) -> Message:
    """
    Show a page of somebody's statements, each with its voice and citation; of those *withheld* the citation.

    Raises:
        NotVerbatimError: If one is not in the message letter for letter.
    """
    people = " and ".join(dict.fromkeys(wording.clip(p.name) for p in said.people if p.speakers))
    pages = -(-said.total // STATEMENTS)
    noun = "statement" if said.total == 1 else "statements"
    head = f"{people}: {said.total:,} {noun}, newest first; page {page} of {pages}."
    if page < pages:
        head += f" The next: /column said {wording.clip(name)} {page + 1}"
    # Where even the shortest excerpts leave no room, the places of what is withheld are left out.
    tries = [(withheld, limit) for limit in EXCERPT_LIMITS]
    tries.append((withheld[:1], EXCERPT_LIMITS[-1]))
    opening: Block = {"type": "section", "text": plain_text(head)}
    blocks = ([opening, *cited(said.excerpts, *tried)] for tried in tries)
    texts = ("\n\n".join([escape(head), *all_spoken(said.excerpts, *tried)]) for tried in tries)
    built = fitting(texts, blocks)
    prove_excerpts(built.blocks, said.excerpts)
    return built


def _sources(rest: str, request: Request, column: Looks, memory: Memory, ration: Ration) -> Message:
    page = _PAGE.fullmatch(rest)
    return sources_message(column.articles(), int((page and page[1]) or 1))


def _help(rest: str, request: Request, column: Looks, memory: Memory, ration: Ration) -> Message:
    return usage_message(column.examples())


def sources_message(articles: Sequence[Article], page: int) -> Message:
    """List *articles*, newest first, a page at a time; a page that does not exist is the last."""
    pages = max(1, -(-len(articles) // LISTED))
    page = min(max(1, page), pages)
    shown = articles[(page - 1) * LISTED : page * LISTED]
    noun = "article" if len(articles) == 1 else "articles"
    head = f"The column holds {len(articles):,} {noun}, newest first; page {page} of {pages}."
    if page < pages:
        head += f" The next: /column sources {page + 1}"
    lines = [_line(article) for article in shown]
    blocks: list[Block] = [{"type": "section", "text": plain_text(head)}]
    blocks += [{"type": "section", "text": plain_text(line)} for line in lines]
    while size(blocks) > BLOCKS_LIMIT:
        blocks.pop()
    text = escape(wording.cut("\n".join([head, *lines]), TEXT_LIMIT // 2))
    return Message(text=text, blocks=tuple(blocks))


def _line(article: Article) -> str:
    title = wording.clip(article.title) or "untitled"
    by = f", by {wording.clip(article.author)}" if article.author else ""
    when = wording.day(article.date) if article.date else "undated"
    return f"“{title}”{by} · {when}"


def usage_message(examples: Sequence[str]) -> Message:
    """Say how to ask, what the commands do, and what can be asked of this very column."""
    usages = "\n".join(f"• `/column {escape(c.usage)}`: {c.does}" for c in COMMANDS.values())
    usages += f"\n• `/column {WORD}`: opens the settings of this channel."  # taken before it gets here
    asked = "\n".join(f"• _{escape(wording.clip(question))}_" for question in examples)
    return Message(
        text="\n".join(filter(None, [HELP, usages, "This column can be asked:" if asked else "", asked]))
    )


COMMANDS = {
    "help": Command("help", "this page.", _help),
    "check": Command(
        "check “the words” by NAME", "says whether a quotation is verbatim, and whose it is.", _check, True
    ),
    "why": Command("why ID", "shows how an answer came about.", _why),
    "said": Command("said NAME", "shows somebody's statements in order of date.", _said, True),
    "sources": Command("sources", "lists the articles, newest first.", _sources),
}
