"""Which statements an answer shows, in which turn, and how several answers become one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from index.passage import Excerpt
from index.people import Person, names_one_of
from index.segment import fold
from index.speech.names import parts as name_parts
from index.speech.names import surname
from index.statements import Statement
from index.verdict import Answer, Verdict

MOST = 3  # excerpts in an answer
BUDGET = 700  # characters of the column that an answer shows, where its first excerpt leaves room
# Whoever asks what somebody said, on whatever topic, wants it all: as much of it as a reply can hold.
MOST_SAID, BUDGET_SAID = 5, 1_000
RANKED = 10  # places that an answer names, shown or not
CLOSE = 0.8  # a further excerpt is shown when it fits at least so well as the best, relatively
CLOSE_SAID = 0.7  # the same for one speaker's statements: the next one is whose words were asked for, too


def together(question: str, answers: Sequence[Answer]) -> Answer:
    """Return one answer to a question of several parts: the excerpts of each answered part, in turn."""
    answered = [a for a in answers if a.verdict is Verdict.ANSWERED]
    first = (answered or answers)[0]
    turns = zip_longest(*(a.excerpts for a in answered or answers[:1]))
    excerpts = {(e.article.id, e.number, e.start): e for turn in turns for e in turn if e}
    chosen: list[Excerpt] = []
    for e in excerpts.values():
        due = len(chosen) < len(answered)  # each answered part shows something
        if due or (sum(len(c.text) for c in [*chosen, e]) <= BUDGET and len(chosen) < MOST):
            chosen.append(e)
    return replace(
        first,
        question=question,
        excerpts=tuple(chosen[:MOST_SAID]),
        confidence=max(a.confidence for a in answers),
        ranked=tuple(dict.fromkeys(place for a in answers for place in a.ranked))[:RANKED],
        unanswered=tuple(a.question for a in answers if answered and a.verdict is not Verdict.ANSWERED),
    )


def without(text: str, people: Sequence[Person]) -> str:
    """Return *text* without the words that name *people*."""
    return " ".join(w for w in text.split() if not names_one_of(w, people))


def listed(names: Iterable[str], joint: str = "and") -> str:
    """Write one name, or several as people list them."""
    *others, last = names
    return f"{', '.join(others)} {joint} {last}" if others else last


def namesakes(people: Sequence[Person], text: str) -> tuple[str, ...]:
    """Return the names of *people* where all bear one surname and *text* has no first name of theirs."""
    typed = set(re.findall(r"[\w'-]+", fold(text)))
    alike = len({surname(p.name) for p in people}) == 1 and len(people) > 1
    told = any(typed & set(name_parts(p.name).given) for p in people)
    return tuple(dict.fromkeys(p.name for p in people)) if alike and not told else ()


def in_turn(found: Sequence[Statement], speakers: Sequence[Person], least: float = CLOSE) -> list[Statement]:
    """Return what fits *least* as well as its speaker's best; each speaker has a turn before a second."""
    if len(speakers) < 2:
        return close(found, least)
    own = [
        close([s for s in found if s.utterance and s.utterance.speaker in p.speakers], least)
        for p in speakers
    ]
    return [s for turn in zip_longest(*own) for s in turn if s]


def close(found: Sequence[Statement], least: float = CLOSE) -> list[Statement]:
    """Return those that fit at least *least* times as well as the best."""
    return [s for s in found if s.fit >= least * found[0].fit]


def shown(found: Sequence[Statement], most: int = MOST, budget: int = BUDGET) -> list[Statement]:
    """Return the statements that an answer shows: a few, short together, none twice or inside another."""
    chosen: list[Statement] = []
    for s in found:
        length = sum(c.end - c.start for c in [*chosen, s])
        fits = len(chosen) < most and length <= budget
        if not chosen or (fits and not any(s.overlaps(c) or s.text == c.text for c in chosen)):
            chosen.append(s)
    return chosen
