"""
What a sync takes in: which article an incoming one is, whether it was taken down, which of two texts stands.

The policy for sources that move: nothing is new twice, nothing that was whole becomes a preview, and what was
taken down stays away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from index.identity import Known, Trace, canonical, id_of, trace_of
from index.passage import Article
from index.sources import is_export, is_live
from index.store import Store


class Verdict(Enum):
    """What becomes of an incoming article."""

    TAKE = "take"
    KEEP = "keep"  # what the store holds stands
    TAKEN_DOWN = "taken down"
    LATER = "later"  # to be judged when all of its source has been seen


@dataclass(frozen=True, slots=True)
class Judged:
    """An incoming article as the one that it is, what becomes of it, and why where that is not plain."""

    article: Article
    verdict: Verdict
    why: str = ""


class Intake:
    """The articles that the store holds and those that were taken down, as one sync meets them."""

    def __init__(self, store: Store, sources: Sequence[str]) -> None:
        self._held = {article.id: article for article in store.articles()}
        self._buried = Known(store.tombstones())
        # Where there are only files, and none was ever taken down, all that they hold is taken as it is.
        self._plain = not self._buried.traces and not any(map(_is_known_by_words, sources))
        self._known = Known() if self._plain else Known(store.traces())
        # What moves takes precedence: an export is a day old when it is made.
        self._rank = {source: n for n, source in enumerate(sorted(sources, key=lambda s: not is_live(s)))}
        self._moving: dict[str, Article] = {}  # those of this sync that are known by link and words
        self._listed: set[str] = set()

    def begin(self) -> None:
        """Begin with a new source: its list of links is empty."""
        self._listed = set()

    def judge(self, incoming: Article, *, last: bool = False) -> Judged:
        """
        Say which article *incoming* is, and what becomes of it.

        *last* says that all of its source has been seen; before that, a likeness proves nothing.
        """
        if self._plain:
            return Judged(incoming, Verdict.TAKE)
        trace = trace_of(incoming)
        if trace.link:
            self._listed.add(trace.link)
        if incoming.id in self._buried.traces or self._buried.exact(trace):
            return Judged(incoming, Verdict.TAKEN_DOWN)
        if self._buried.near(trace, self._listed):
            return Judged(incoming, Verdict.TAKEN_DOWN if last else Verdict.LATER)
        if not _is_known_by_words(incoming.source):
            return self._filed(incoming, trace)
        found = self._known.exact(trace)
        if found is None and (found := self._known.near(trace, self._listed)) and not last:
            return Judged(incoming, Verdict.LATER)
        id = found or id_of(trace, self._known.traces)
        self._known.add(id, trace)
        known = replace(incoming, id=id)
        self._moving.setdefault(id, known)
        return self._preferred(known)

    def _filed(self, incoming: Article, trace: Trace) -> Judged:
        """Judge an article that is known by its file; where what moves has it too, it is that one."""
        same = self._known.exact(trace)
        standing = None if same is None else self._moving.get(same) or self._held.get(same)
        if same is None or standing is None or same == incoming.id or standing.source not in self._rank:
            return self._preferred(incoming)
        if not _is_known_by_words(standing.source):
            return self._preferred(incoming)
        known = replace(incoming, id=same, source=standing.source)
        better = standing.truncated and not incoming.truncated
        return Judged(known, Verdict.TAKE if better else Verdict.KEEP)

    def _preferred(self, incoming: Article) -> Judged:
        held = self._held.get(incoming.id)
        if held is None:
            return Judged(incoming, Verdict.TAKE)
        if incoming.truncated and not held.truncated:
            why = (
                ""
                if held.source != incoming.source
                else "its source shows a preview now; the whole text stays"
            )
            return Judged(incoming, Verdict.KEEP, why)
        better = held.truncated and not incoming.truncated
        if is_live(held.source) and not better and self._precedes(held.source, incoming.source):
            return Judged(incoming, Verdict.KEEP)
        return Judged(_merged(held, incoming), Verdict.TAKE)

    def _precedes(self, one: str, other: str) -> bool:
        return one in self._rank and self._rank[one] < self._rank.get(other, len(self._rank))


def _is_known_by_words(source: str) -> bool:
    return is_live(source) or is_export(source)


def _merged(held: Article, incoming: Article) -> Article:
    """Keep what a moving source must not move: the first date, and how a link to the same page is spelt."""
    if not _is_known_by_words(incoming.source):
        return incoming
    dates = [day for day in (held.date, incoming.date) if day]
    same = held.url and incoming.url and canonical(held.url) == canonical(incoming.url)
    return replace(
        incoming,
        name=held.name if same else incoming.name,
        author=incoming.author or held.author,
        date=min(dates, default=None),
        url=held.url if same else incoming.url or held.url,
    )
