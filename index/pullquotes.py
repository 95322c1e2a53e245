"""
The two or three quotations that stand for an article in a digest, out of its statements and its own words.

Pure. Promises: whole statements and sentences; from a passage one at most; the same article and the same
wishes always give the same ones, in printed order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from index.passage import Article, Excerpt, Passage, Utterance, Voice
from index.segment import fold, sentences
from index.speech.names import same_person
from index.statements import PROMINENCE, joined, standing

MOST = 3
FEWEST = 2  # so many there are, with the columnist's own words where nobody else is quoted
# A quotation shorter than a line says little, a longer one than four is no pull quote: in characters.
SHORT, LONG = 60, 320
OPENING_COUNTS = 0.1  # what an article begins with is worth so much more than its end
CALLED_FOR = 10.0  # whoever is followed comes before all others


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of a passage that may be shown, and how well it does by itself."""

    passage: Passage
    start: int
    end: int
    fit: float
    utterance: Utterance | None

    @property
    def speaker(self) -> str | None:
        """Whose words they are, None for the columnist's own."""
        return self.utterance.speaker if self.utterance else None


def pull_quotes(
    article: Article,
    *,
    most: int = MOST,
    shown: Collection[str] = (),
    wanted: Callable[[str], bool] = lambda speaker: False,
) -> list[Excerpt]:
    """
    Choose up to *most* quotations: different speakers first, direct quotations before paraphrases.

    Args:
        shown: Fingerprints of passages that were shown before and are left out.

        wanted: Tells of whom a quotation is wanted before anybody else's.
    """
    fresh, seen = [], set(shown)
    for passage in article.passages:
        if (mark := fingerprint(passage.text)) not in seen:
            seen.add(mark)
            fresh.append(passage)
    last = len(article.passages)
    said = sorted((c for p in fresh for c in _said(p, last, wanted)), key=lambda c: -c.fit)
    chosen = _spread(said, most)
    if (wanting := min(FEWEST, most) - len(chosen)) > 0:
        taken = {c.passage.number for c in chosen}
        own = (c for p in fresh if p.number not in taken for c in _own(p, last))
        chosen += _spread(sorted(own, key=lambda c: -c.fit), wanting)
    return [_excerpt(article, c) for c in sorted(chosen, key=lambda c: c.passage.number)]


def fingerprint(text: str) -> str:
    """Return what a text is known by, whatever its typography and its spaces."""
    return hashlib.sha256(" ".join(fold(text).split()).encode("utf-8", "replace")).hexdigest()[:32]


def _spread(best: Sequence[Candidate], most: int) -> list[Candidate]:
    """Return up to *most* of different passages: always the best of whom the fewest are chosen."""
    chosen: list[Candidate] = []
    left = list(best)
    while left and len(chosen) < most:
        pick = min(left, key=lambda c: sum(_alike(c, other) for other in chosen))
        chosen.append(pick)
        left = [c for c in left if c.passage.number != pick.passage.number]
    return chosen


def _alike(one: Candidate, other: Candidate) -> bool:
    a, b = one.speaker or "", other.speaker or ""
    return a == b or same_person(a, b)


def _said(passage: Passage, last: int, wanted: Callable[[str], bool]) -> Iterator[Candidate]:
    """Yield what somebody is reported as saying in *passage*."""
    named = (u for u in passage.utterances if u.speaker)
    for u in joined(named, passage.text):
        called_for = CALLED_FOR if wanted(u.speaker or "") else 0.0
        fit = PROMINENCE[u.manner] * standing(u, passage) * _length(u.end - u.start)
        yield Candidate(passage, u.start, u.end, called_for + fit + _opening(passage, last), u)


def _own(passage: Passage, last: int) -> Iterator[Candidate]:
    """Yield the columnist's own sentences in *passage*, or what it quotes as a block."""
    for span in sentences(passage.text):
        if not any(u.start < span.end and span.start < u.end for u in passage.utterances):
            own = 1.0 if passage.voice is Voice.COLUMNIST else 0.5
            fit = own * _length(span.end - span.start) + _opening(passage, last)
            yield Candidate(passage, span.start, span.end, fit, None)


def _length(characters: int) -> float:
    """Return what a length is worth, in (0, 1]."""
    if characters < SHORT:
        return max(0.1, characters / SHORT)
    return min(1.0, LONG / characters)


def _opening(passage: Passage, last: int) -> float:
    return OPENING_COUNTS * (1 - passage.number / max(last, 1))


def _excerpt(article: Article, c: Candidate) -> Excerpt:
    why = f"{c.speaker}, {c.utterance.cue}" if c.utterance else "the column’s own words"
    return Excerpt.reported(article, c.passage.number, c.start, c.end, c.utterance, score=c.fit, why=why)
