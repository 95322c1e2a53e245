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
from index.speech.names import same_person

LONGEST = 600  # characters: statements that follow each other are joined up to here
PROMINENCE = {Manner.DIRECT: 1.0, Manner.MIXED: 0.95, Manner.INDIRECT: 0.9, Manner.FRAGMENT: 0.85}
WHOLE = 0.99  # a sentence that holds all words asked for needs no other
SPOKEN = 0.1  # what reported speech is worth where it is asked who said something
# Words that point at the sentence before.
POINTING = re.compile(r"(?:he|she|they|it|this|that|these|those|his|her|their|its|but|and|so|both)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """
    A stretch of one passage that may be shown.

    *fit* says how well it fits the question, in [0, 1]; it compares statements of one question. *cosine*
    is that of its nearest chunk, 0 at the least; *held* the share of the question's words that stand in
    it, rare words weighing more.
    """

    ranked: Ranked
    start: int
    end: int
    fit: float
    cosine: float = 0.0
    held: float = 0.0
    utterance: Utterance | None = None
    why: str = ""

    @property
    def passage(self) -> Passage:
        """The passage that it stands in."""
        return self.ranked.passage

    def overlaps(self, other: Statement) -> bool:
        """Tell whether the two share text."""
        same = self.ranked.passage_id == other.ranked.passage_id
        return same and self.start < other.end and other.start < self.end


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
    said: dict[int, list[Utterance]] = {}
    for passage_id, utterance in retriever.said([p.speakers for p in people], words, query, within):
        said.setdefault(passage_id, []).append(utterance)
    ranked = {r.passage_id: r for r in retriever.rank(query, words, list(said), {})}
    found = [
        _spoken(ranked[passage_id], u, words)
        for passage_id, utterances in said.items()
        for u in _joined(utterances, ranked[passage_id].passage.text)
    ]
    return sorted(found, key=lambda s: -s.fit)


def _joined(utterances: Iterable[Utterance], text: str) -> list[Utterance]:
    """Join statements of one speaker that follow each other directly."""
    joined: list[Utterance] = []
    for u in sorted(utterances, key=lambda u: (u.start, -u.end)):
        last = joined[-1] if joined else None
        alike = last and (last.speaker == u.speaker or same_person(last.speaker or "", u.speaker or ""))
        if last and alike and u.start < last.end:
            joined[-1] = replace(last, end=max(last.end, u.end))
        elif last and alike and not text[last.end : u.start].strip() and u.end - last.start <= LONGEST:
            manner = last.manner if last.manner == u.manner else Manner.MIXED
            joined[-1] = replace(last, end=u.end, manner=manner)
        else:
            joined.append(u)
    return joined


def _spoken(ranked: Ranked, u: Utterance, words: Words) -> Statement:
    text = ranked.passage.text
    held, cosine = words.coverage(text[u.start : u.end]), _cosine(ranked, u.start, u.end)
    fit = PROMINENCE[u.manner]
    if words.weights:
        around = words.coverage(text[_sentence_before(text, u.start) : u.end])
        fit = 0.5 * max(held, 0.8 * around) + 0.5 * cosine
    why = f"{u.speaker}, {u.cue}"
    return Statement(
        ranked=ranked, start=u.start, end=u.end, fit=fit, cosine=cosine, held=held, utterance=u, why=why
    )


def _sentence_before(text: str, at: int) -> int:
    return max((s.start for s in sentences(text) if s.end <= at), default=at)


def _cosine(r: Ranked, start: int, end: int) -> float:
    return max((c.score for c in r.sentences if c.start < end and start < c.end and c.score > 0), default=0.0)


def naming(ranked: Ranked, name: str) -> Statement:
    """Return the first sentence of the passage that holds the last word of *name*."""
    text, wanted = ranked.passage.text, fold(name).split()[-1]
    spans = sentences(text)
    span = next((s for s in spans if wanted in fold(text[s.start : s.end])), spans[0])
    return Statement(ranked=ranked, start=span.start, end=span.end, fit=0.1, why="mentions the name")


def sentences_for(
    ranked: Sequence[Ranked], words: Words, *, own: bool = False, spoken: bool = False
) -> list[Statement]:
    """
    Return the sentences of *ranked* passages that fit best, best first.

    Args:
        own: Only the columnist's own sentences.

        spoken: Sentences that report speech are preferred.
    """
    found = [s for r in ranked for s in _sentences(r, words, own=own, spoken=spoken)]
    return sorted(found, key=lambda s: -s.fit)


def _sentences(r: Ranked, words: Words, *, own: bool, spoken: bool) -> Iterator[Statement]:
    text = r.passage.text
    spans = [s for s in sentences(text) if not own or _is_own(r.passage, s)]
    for i, span in enumerate(spans):
        u = _utterance_at(r.passage, span)
        held, cosine = words.coverage(text[span.start : span.end]), _cosine(r, span.start, span.end)
        # Sentence and passage, meaning and words: measured on the development questions.
        fit = 0.3 * cosine + 0.3 * held + 0.4 * r.score + (SPOKEN if spoken and u else 0.0)
        before = spans[i - 1] if i and not text[spans[i - 1].end : span.start].strip() else None
        start = span.start
        if (
            before
            and held < WHOLE
            and POINTING.match(text, span.start)
            and span.end - before.start <= LONGEST
        ):
            start = before.start
        yield Statement(
            ranked=r, start=start, end=span.end, fit=fit, cosine=cosine, held=held, utterance=u, why="nearest"
        )


def _is_own(passage: Passage, span: Span) -> bool:
    return passage.voice is Voice.COLUMNIST and _utterance_at(passage, span) is None


def _utterance_at(passage: Passage, span: Span) -> Utterance | None:
    """Return the speech that most of the sentence is: the person's rather than the outlet's."""
    over = [u for u in passage.utterances if u.start < span.end and span.start < u.end]
    return max(
        over, key=lambda u: (len(u.via), min(u.end, span.end) - max(u.start, span.start)), default=None
    )
