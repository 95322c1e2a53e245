"""
Which slot of a digest is due, and what a digest holds: the articles that are new, and what was asked.

Promises: what is new is decided by what the channel was told and never by the clock alone, so that no article
is lost between two digests, and none is told twice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.digest_message import SUBJECTS, Asked, Entry, Held, digest_message
from bot.message import Message
from bot.schedule import Schedule
from bot.state import Digest, Follow, Given, Kind, Memory, Plan
from index.passage import Article, Excerpt
from index.pullquotes import MOST, fingerprint, pull_quotes
from index.segment import fold
from index.store.reader import Summary
from index.verdict import Verdict

ROOM = 7  # articles that one message may hold, at two blocks each and their quotations
MOST_PARTS = 5  # messages of one digest; what has no room in them is counted
FEW = 3  # of more articles than these, each has a pull quote less
PUBLIC = (Kind.MENTION, Kind.FOLLOW_UP)  # what was asked before everybody's eyes


class News(Protocol):
    """What the digests need of the column: safe to call from several threads."""

    def articles(self) -> Sequence[Article]:
        """Return all articles without their passages, newest first."""

    def first_seen(self) -> Mapping[str, datetime]:
        """Return when each article was first held, by its id: an edit changes nothing about that."""

    def article(self, id: str) -> Article | None:
        """Return an article as it is now, whole; None where it is gone."""

    def quoted(self, name: str, articles: Collection[str]) -> list[Excerpt]:
        """Return what *articles*, by their ids, report *name* as saying, newest first."""

    def summary(self) -> Summary:
        """Return what is indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A digest as it would be posted: its message, and what is written down once it is there."""

    message: Message
    plan: Plan
    is_empty: bool


def due_slot(digest: Digest, schedule: Schedule, now: float) -> datetime | None:
    """Return the slot that is to be posted now, the latest only: it stands for those that were missed."""
    latest = schedule.latest(moment(now))
    if latest is None or digest.paused_at is not None:
        return None
    return latest if latest.timestamp() > max(digest.active_since, digest.handled_until) else None


def moment(seconds: float) -> datetime:
    """Return seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class Editor:
    """Puts digests together out of the column and the memory; changes nothing in either."""

    def __init__(self, memory: Memory, news: News) -> None:
        self._memory, self._news = memory, news

    def issue(self, digest: Digest, until: float, slots: int = 1) -> Issue:
        """Return the digest of all that is new *until* now."""
        covered = self._memory.digests.covered(digest.channel)
        ids = self.new_to(digest.channel)
        asked = self._asked(digest.channel, covered.until) if digest.asked else None
        zone = ZoneInfo(digest.zone)
        held = Held(
            since=moment(covered.until).astimezone(zone),
            until=moment(until).astimezone(zone),
            zone=digest.zone,
            articles=len(ids),
            asked=asked,
            slots=slots,
        )
        return self._issue(digest, ids, held, Plan(since=covered.until, until=until))

    def going_on(self, digest: Digest, plan: Plan) -> Issue:
        """Return the next part of a digest, whose *plan* names the articles that are left."""
        there = {article.id for article in self._news.articles()}
        # Where this part was begun before and is not there, its own articles are left, too.
        left = self._memory.digests.untold(digest.channel, [*plan.articles, *plan.rest])
        ids = [id for id in left if id in there]
        zone = ZoneInfo(digest.zone)
        held = Held(
            since=moment(plan.since).astimezone(zone),
            until=moment(plan.until).astimezone(zone),
            zone=digest.zone,
            articles=len(ids),
            part=plan.part,
            last=plan.part >= MOST_PARTS,
        )
        return self._issue(digest, ids, held, Plan(since=plan.since, until=plan.until, part=plan.part))

    def new_to(self, channel: str) -> list[str]:
        """Return the ids of the articles that the channel's digests have not told of, newest first."""
        begun = self._memory.digests.covered(channel).begun_at
        seen = self._news.first_seen()
        new = [a.id for a in self._news.articles() if a.id in seen and seen[a.id].timestamp() >= begun]
        return self._memory.digests.untold(channel, new)

    def _issue(self, digest: Digest, ids: Sequence[str], held: Held, plan: Plan) -> Issue:
        follows = [f for f in self._memory.follows.of(digest.channel) if not f.at_once]
        entries = self._entries(digest, ids, follows)
        gone = set(ids[:ROOM]) - {entry.article.id for entry in entries}
        held = replace(held, articles=len(ids) - len(gone), entries=tuple(entries))
        message, count = digest_message(held)
        shown = entries[:count]
        told = [entry.article.id for entry in shown]
        rest = [id for id in ids if id not in gone and id not in told]
        statements = {mark(e) for f in follows for e in self._news.quoted(f.name, told)}
        plan = Plan(
            articles=(*told, *(rest if held.last else ())),
            passages=tuple(fingerprint(quote.passage.text) for entry in shown for quote in entry.quotes),
            follows=tuple(f.id for f in follows),
            statements=tuple(sorted(statements)),
            since=plan.since,
            until=plan.until,
            rest=() if held.last else tuple(rest),
            part=plan.part,
        )
        return Issue(message=message, plan=plan, is_empty=not entries)

    def _entries(self, digest: Digest, ids: Sequence[str], follows: Sequence[Follow]) -> list[Entry]:
        shown = self._memory.digests.shown(digest.channel)
        first = ids[:ROOM]
        said: dict[str, dict[str, list[Excerpt]]] = defaultdict(dict)
        for f in follows:
            for excerpt in self._news.quoted(f.name, first):
                said[excerpt.article.id].setdefault(f.name, []).append(excerpt)
        most = MOST if len(ids) <= FEW else MOST - 1
        entries = []
        for article in filter(None, map(self._news.article, first)):
            wanted = {e.speaker for told in said[article.id].values() for e in told}
            chosen = pull_quotes(article, most=most, shown=shown, wanted=wanted.__contains__)
            quotes = tuple(q for q in chosen if digest.quotes or q.speaker in wanted)
            shown |= {fingerprint(quote.passage.text) for quote in quotes}
            followed = tuple((name, len(told)) for name, told in said[article.id].items())
            entries.append(Entry(article=article, quotes=quotes, followed=followed))
        return entries

    def _asked(self, channel: str, since: float) -> Asked | None:
        answers = self._memory.answers.since(channel, since)
        return asked(g for g in answers if g.kind in PUBLIC and not g.removed_at and not g.offset)


def asked(answers: Iterable[Given]) -> Asked | None:
    """
    Count what was asked; None where nothing was.

    Nobody learns who asked. What somebody typed, a question or a name that the column does not know, is
    shown only where several people typed it.
    """
    given = list(answers)
    people, questions = _by_asker(given, _subject), _by_asker(given, _question)
    missed = [g for g in given if g.verdict is not Verdict.ANSWERED]
    about = Counter(_subject(g) for g in given if _may_be_named(g, people))
    unanswered = Counter(_subject(g) for g in missed if _may_be_named(g, people))
    typed = {_question(g): g.question for g in given}  # as it was first typed: the newest comes first
    times = Counter(_question(g) for g in given if len(questions[_question(g)]) > 1)
    if not given:
        return None
    return Asked(
        questions=len(given),
        about=tuple(about.most_common(SUBJECTS)),
        repeated=tuple((typed[key], count) for key, count in times.most_common(SUBJECTS)),
        unanswered=len(missed),
        missed=tuple(unanswered.most_common(SUBJECTS)),
    )


def mark(excerpt: Excerpt) -> str:
    """Return what a statement is known by to those who follow its speaker."""
    return f"s {fingerprint(excerpt.text)}"


def _may_be_named(given: Given, people: Mapping[str, set[str]]) -> bool:
    if not given.subject:
        return False
    return given.verdict is not Verdict.NEVER_MENTIONED or len(people[_subject(given)]) > 1


def _by_asker(given: Iterable[Given], key: Callable[[Given], str]) -> Mapping[str, set[str]]:
    askers: dict[str, set[str]] = defaultdict(set)
    for one in given:
        askers[key(one)].add(one.user)
    return askers


def _subject(given: Given) -> str:
    return given.subject or ""


def _question(given: Given) -> str:
    return " ".join(re.findall(r"\w+", fold(given.question)))
