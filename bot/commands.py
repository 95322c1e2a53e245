"""
What ``/column`` does besides answering: which words are a command, who may give it, and what it is given.

Unknown words are a question, never an error; so is a command's word that goes on like a question. Pure but
for what the commands themselves do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.column import Consulted
from bot.message import HELP, Message, escape
from bot.state import Memory, Request
from index import wording
from index.passage import Article, Excerpt
from index.people import Person
from index.said import Said
from index.verdict import Answer

# What of excerpts somebody may still see today, and what is withheld.
Ration = Callable[[Sequence[Excerpt]], tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]]


class Looks(Consulted, Protocol):
    """What the commands need of the column."""

    def find(self, who: str) -> Sequence[Person]:
        """Return whom *who* names in this column."""

    def articles(self) -> Sequence[Article]:
        """Return all articles without their passages, newest first."""

    def said(self, name: str, first: int, most: int) -> Said:
        """Return a page of what *name* is reported as saying."""

    def ask(self, question: str) -> Answer:
        """Return what the column says to *question*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    A command that somebody gave, *rest* being what follows its word; and what it may use.

    *kept_out* is whether the channel's settings show them nothing of the column.
    """

    rest: str
    request: Request
    column: Looks
    memory: Memory
    ration: Ration
    is_admin: Callable[[], bool]
    kept_out: bool


def alone(rest: str) -> bool:
    """Tell whether nothing follows: so most commands are given."""
    return not rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    One command: how it is written, what it does in a line, and the function that does it.

    *meant* tells, by what follows the word, the command from a question that begins with it. One that
    *counts* is a question to the column, of which nobody may ask too many. One that is for *admins* is
    refused to others; one that works *anywhere* is refused by no channel's settings.
    *run* is None where what it does is done elsewhere: a modal is opened before anything is kept.
    """

    usage: str
    does: str
    run: Callable[[Call], Message] | None
    meant: Callable[[str], bool] = alone
    counts: bool = False
    admins: bool = False
    anywhere: bool = False


class Commands:
    """All commands by their words, of which *help* is one."""

    def __init__(self, *groups: Mapping[str, Command]) -> None:
        own = Command(usage="help", does="this page.", run=self._help, anywhere=True)
        self._all = {"help": own, **{word: c for group in groups for word, c in group.items()}}

    def find(self, text: str) -> tuple[Command, str] | None:
        """Return the command that *text* begins with, and the rest; None where it is a question."""
        for words in (2, 1):  # “sources add” is another command than “sources”
            parts = text.split(maxsplit=words)
            command = self._all.get(" ".join(parts[:words]).casefold())
            rest = parts[words].strip() if len(parts) > words else ""
            if command is not None and len(parts) >= words:
                return (command, rest) if command.meant(rest) else None
        return None

    def help(self, examples: Sequence[str], *, admin: bool) -> Message:
        """Say how to ask, what the commands do that one may give, and what this very column can be asked."""
        usages = "\n".join(
            f"• `/column {escape(c.usage)}`: {c.does}" for c in self._all.values() if admin or not c.admins
        )
        asked = "\n".join(f"• _{escape(wording.clip(question))}_" for question in examples)
        heading = "This column can be asked:" if asked else ""
        return Message(text="\n".join(filter(None, [HELP, usages, heading, asked])))

    def _help(self, call: Call) -> Message:
        examples = [] if call.kept_out else call.column.examples()
        return self.help(examples, admin=call.is_admin())
