"""The text that may be shown for a question: whole statements and sentences, with how well they fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from numpy import float32
from numpy.typing import NDArray

from index.passage import Manner, Passage, Utterance, Voice
from index.people import Person
from index.retriever import Ranked, Retriever, Words
from index.segment import Span, fold, sentences

LONGEST = 600  # characters: statements that follow each other are joined up to here
PROMINENCE = {Manner.DIRECT: 1.0, Manner.MIXED: 0.95, Manner.INDIRECT: 0.9, Manner.FRAGMENT: 0.85}
# Words that point at the sentence before.
POINTING = re.compile(
    r"(?:he|she|they|it|this|that|these|those|his|her|their|its|but|and|so|both)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A stretch of one passage that may be shown, and how well it fits the question, in [0, 1]."""

    passage_id: int
    article_id: str
    passage: Passage
    start: int
    end: int
    fit: float
    utterance: Utterance | None = None
    why: str = ""


def said_by(
    retriever: Retriever,
    people: Sequence[Person],
    words: Words,
    query: NDArray[float32],
    within: Collection[str] | None,
) -> list[Statement]:
    """
    Return the statements of *people*, best first, and nobody else's.

    Without *words* (no topic was asked for) direct speech comes first, then newer articles.
    """
    labels = [label for person in people for label in person.speakers]
    said = retriever.store.said(labels, within) if labels else []
    order = {x: i for i, x in enumerate(dict.fromkeys(passage_id for passage_id, _ in said))}
    ranked = {r.passage_id: r for r in retriever.rank(query, words, list(order), {})}
    joined = [
        _fitted(ranked[x], u, words)
        for x in order
        for u in _joined([u for y, u in said if y == x], ranked[x])
    ]
    if words.weights:
        return sorted(joined, key=lambda s: -s.fit)
    return sorted(joined, key=lambda s: (-s.fit, order[s.passage_id], s.start))


def _joined(utterances: Iterable[Utterance], ranked: Ranked) -> list[Utterance]:
    """Join statements of one speaker that follow each other directly."""
    joined: list[Utterance] = []
    for u in sorted(utterances, key=lambda u: (u.start, -u.end)):
        last = joined[-1] if joined else None
        if last and u.start < last.end:
            joined[-1] = replace(last, end=max(last.end, u.end))
        elif last and not ranked.passage.text[last.end : u.start].strip() and u.end - last.start <= LONGEST:
            manner = last.manner if last.manner == u.manner else Manner.MIXED
            joined[-1] = replace(last, end=u.end, manner=manner)
        else:
            joined.append(u)
    return joined


def _fitted(ranked: Ranked, u: Utterance, words: Words) -> Statement:
    fit = PROMINENCE[u.manner]
    if words.weights:
        text = ranked.passage.text
        held = words.coverage(text[u.start : u.end])
        around = words.coverage(text[_sentence_before(text, u.start) : u.end])
        cosine = max((c.score for c in ranked.sentences if c.start < u.end and u.start < c.end), default=0.0)
        fit = 0.5 * max(held, 0.8 * around) + 0.5 * max(0.0, cosine)
    return _statement(ranked, u.start, u.end, fit, u, why=f"{u.speaker} {u.cue}")


def _sentence_before(text: str, at: int) -> int:
    return max((s.start for s in sentences(text) if s.end <= at), default=at)


def _statement(ranked: Ranked, start: int, end: int, fit: float, u: Utterance | None, why: str) -> Statement:
    return Statement(
        passage_id=ranked.passage_id,
        article_id=ranked.article_id,
        passage=ranked.passage,
        start=start,
        end=end,
        fit=fit,
        utterance=u,
        why=why,
    )


def sentence_with(ranked: Ranked, name: str) -> Statement:
    """Return the first sentence of the passage that holds *name*."""
    text, wanted = ranked.passage.text, fold(name).split()[-1]
    spans = sentences(text)
    span = next((s for s in spans if wanted in fold(text[s.start : s.end])), spans[0])
    return _statement(ranked, span.start, span.end, 0.1, None, why="mentions the name")


def sentences_of(
    ranked: Sequence[Ranked], words: Words, *, own: bool = False, spoken: bool = False
) -> list[Statement]:
    """
    Return the sentences of *ranked* passages that fit best, best first.

    Args:
        own: Only the columnist's own sentences.

        spoken: Only sentences that report speech.
    """
    found = [s for r in ranked for s in _sentences(r, words, own=own, spoken=spoken)]
    return sorted(found, key=lambda s: -s.fit)


def _sentences(r: Ranked, words: Words, *, own: bool, spoken: bool) -> Iterator[Statement]:
    text = r.passage.text
    spans = sentences(text)
    for i, span in enumerate(spans):
        u = _utterance_at(r.passage, span)
        if (own and (u or r.passage.voice is not Voice.COLUMNIST)) or (spoken and u is None):
            continue
        cosine = max((c.score for c in r.sentences if c.start < span.end and span.start < c.end), default=0.0)
        held = words.coverage(text[span.start : span.end])
        fit = 0.5 * max(0.0, cosine) + 0.3 * held + 0.2 * r.score
        start = (
            spans[i - 1].start
            if i and POINTING.match(text[span.start : span.end]) and held < 0.99
            else span.start
        )
        yield _statement(
            r, start if span.end - start <= LONGEST else span.start, span.end, fit, u, why="nearest"
        )


def _utterance_at(passage: Passage, span: Span) -> Utterance | None:
    """Return the speech that most of the sentence is: the person's rather than the outlet's."""
    over = [u for u in passage.utterances if u.start < span.end and span.start < u.end]
    return max(
        over, key=lambda u: (len(u.via), min(u.end, span.end) - max(u.start, span.start)), default=None
    )
