"""The column as the bot consults it: asked, opened at an article, and held against a pasted quotation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.upkeep import Upkeep
from index.answer import Answerer
from index.check import QuoteCheck, QuoteChecker
from index.passage import Article, Excerpt
from index.said import Said, said, said_in
from index.store.reader import Summary


class Consulted(Protocol):
    """What is looked up in the column when somebody clicks: safe to call from several threads."""

    def article(self, id: str) -> Article | None:
        """Return an article as it is now, whole; None where it is gone."""

    def check(self, quotation: str, by: str | None = None) -> QuoteCheck:
        """Say what the column has of *quotation*, and whether it is the words of *by*."""

    def summary(self) -> Summary:
        """Return what is indexed."""

    def examples(self, most: int = 3) -> list[str]:
        """Return questions that this column answers."""

    def prompts(self, most: int = 4) -> list[str]:
        """Return questions that its newest article answers."""


class Column(Answerer):
    """An answerer that also opens articles and checks quotations; *upkeep* keeps it, if anybody does."""

    upkeep: Upkeep | None = None

    def article(self, id: str) -> Article | None:
        """Return an article as it is now, whole; None where it is gone."""
        try:
            return self._store.article(id)
        except KeyError:
            return None

    def summary(self) -> Summary:
        """Return what is indexed."""
        return self._store.summary()

    def said(self, name: str, first: int, most: int) -> Said:
        """Return a page of what *name* is reported as saying, from statement number *first* on."""
        with self._store.reading() as generation:
            return said(self._store, self.people(generation).find(name), first, most)

    def articles(self) -> Sequence[Article]:
        """Return all articles without their passages, newest first."""
        return self._store.articles()

    def first_seen(self) -> Mapping[str, datetime]:
        """Return when each article was first held, by its id: an edit changes nothing about that."""
        return self._store.first_seen()

    def quoted(self, name: str, articles: Collection[str]) -> list[Excerpt]:
        """Return what *articles*, by their ids, report *name* as saying, newest first."""
        with self._store.reading() as generation:
            return said_in(self._store, self.people(generation).find(name), articles)

    def check(self, quotation: str, by: str | None = None) -> QuoteCheck:
        """Say what the column has of *quotation*, and whether it is the words of *by*."""
        return QuoteChecker(self._store, self.people).check(quotation, by)
