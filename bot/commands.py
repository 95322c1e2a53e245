"""
What ``/column`` does besides answering: a first word that names a command, and what it brings.

Unknown words are a question, never an error; so is a command's word that goes on like a question. Pure but
for what the commands look up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot import quotation, replay
from bot.column import Consulted
from bot.message import BLOCKS_LIMIT, HELP, TEXT_LIMIT, Block, Message, escape, plain_text, size
from bot.state import Kind, Memory, Request, read_id
from index import wording
from index.passage import Article

LISTED = 15  # articles on one page of sources
FEW = 6  # words after "check": so few without quotation marks are a question ("check the tide tables")
_QUOTED = re.compile(r"[“”\"«»„]")
_PAGE = re.compile(r"(?:page\s+)?(\d{1,4})?")


class Looks(Consulted, Protocol):
    """What the commands need of the column."""

    def articles(self) -> Sequence[Article]:
        """Return all articles without their passages, newest first."""

    def examples(self, most: int = 3) -> list[str]:
        """Return questions that this column answers."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what it does in a line, and the function that does it."""

    usage: str
    does: str
    run: Callable[[str, Request, Looks, Memory], Message]


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
    return bool(_PAGE.fullmatch(rest))


def run(text: str, request: Request, column: Looks, memory: Memory) -> Message | None:
    """Do what a command asks for; None where *text* is a question."""
    found = dispatch(text)
    return found[0].run(found[1], request, column, memory) if found else None


def _check(rest: str, request: Request, column: Looks, memory: Memory) -> Message:
    return quotation.asked(rest, column.check)


def _why(rest: str, request: Request, column: Looks, memory: Memory) -> Message:
    """Show an answer's record to whoever could see the answer: those of its channel, or its asker alone."""
    given = memory.answers.load(read_id(rest))
    private = given is not None and given.kind in (Kind.COMMAND, Kind.DM)
    seen = given is not None and (
        given.user == request.user or (given.channel == request.channel and not private)
    )
    if given is None or given.team != request.team or not seen:
        return replay.unknown_message()
    return replay.replay(rest, memory.answers, column.article)


def _sources(rest: str, request: Request, column: Looks, memory: Memory) -> Message:
    page = _PAGE.fullmatch(rest)
    return sources_message(column.articles(), int((page and page[1]) or 1))


def _help(rest: str, request: Request, column: Looks, memory: Memory) -> Message:
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
    asked = "\n".join(f"• _{escape(wording.clip(question))}_" for question in examples)
    return Message(
        text="\n".join(filter(None, [HELP, usages, "This column can be asked:" if asked else "", asked]))
    )


COMMANDS = {
    "help": Command("help", "this page.", _help),
    "check": Command(
        "check “the words” by NAME", "says whether a quotation is verbatim, and whose it is.", _check
    ),
    "why": Command("why ID", "shows how an answer came about.", _why),
    "sources": Command("sources", "lists the articles, newest first.", _sources),
}
