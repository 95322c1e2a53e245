"""The text that may be shown for a question: whole statements and sentences, with how well they fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from numpy import float32
from numpy.typing import NDArray

from index.passage import Manner, Passage, Utterance, Voice
from index.people import Person
from index.retriever import Ranked, Retriever, Words, stem
from index.segment import Span, fold, sentences
from index.speech.cues import is_cue
from index.speech.names import same_person
from index.speech.tokens import quotations

LONGEST = 600  # characters: statements that follow each other are joined up to here
# A statement that names its speaker in full stands by itself; "he said" leans on what is before it.
SURNAME, UNNAMED = 0.85, 0.7
SHARED = 0.8  # a sentence that reports somebody else's words as well
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

    @property
    def text(self) -> str:
        """Its words."""
        return self.passage.text[self.start : self.end]

    @property
    def neighbourhood(self) -> str:
        """Its words with those of the sentence before it and of the one behind it."""
        text = self.passage.text
        spans = sentences(text)
        start = max((s.start for s in spans if s.end <= self.start), default=0)
        end = min((s.end for s in spans if s.start >= self.end), default=len(text))
        return text[start:end]

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
    said = by_passage(retriever.said([p.speakers for p in people], words, query, within))
    ranked = {r.passage_id: r for r in retriever.rank(query, words, list(said), {})}
    found = [
        _spoken(ranked[passage_id], u, words)
        for passage_id, utterances in said.items()
        for u in joined(utterances, ranked[passage_id].passage.text)
    ]
    return sorted(found, key=lambda s: -s.fit)


def by_passage(said: Iterable[tuple[int, Utterance]]) -> dict[int, list[Utterance]]:
    """Group (passage id, utterance) by passage, each in the order in which it comes."""
    grouped: dict[int, list[Utterance]] = {}
    for passage_id, utterance in said:
        grouped.setdefault(passage_id, []).append(utterance)
    return grouped


def joined(utterances: Iterable[Utterance], text: str) -> list[Utterance]:
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
    fit = PROMINENCE[u.manner] * standing(u, ranked.passage)
    if words.weights:
        around = words.coverage(text[_sentence_before(text, u.start) : u.end])
        fit = 0.5 * max(held, 0.8 * around) + 0.5 * cosine
    why = f"{u.speaker}, {u.cue}"
    return Statement(
        ranked=ranked, start=u.start, end=u.end, fit=fit, cosine=cosine, held=held, utterance=u, why=why
    )


def standing(u: Utterance, passage: Passage) -> float:
    """Return how well a statement stands by itself, in (0, 1]: by whom it names, and whether it is shared."""
    name, words = fold(u.speaker or ""), fold(passage.text[u.start : u.end])
    last = name.split()[-1:]
    named = 1.0 if " " in name and name in words else SURNAME if last and last[0] in words else UNNAMED
    others = (x for x in passage.utterances if x.speaker != u.speaker)
    shared = any(x.start < u.end and u.start < x.end for x in others)
    return named * (SHARED if shared else 1.0)


def _sentence_before(text: str, at: int) -> int:
    return max((s.start for s in sentences(text) if s.end <= at), default=at)


def _cosine(r: Ranked, start: int, end: int) -> float:
    return max((c.score for c in r.sentences if c.start < end and start < c.end and c.score > 0), default=0.0)


def about(ranked: Sequence[Ranked], called: Collection[str], words: Words) -> list[Statement]:
    """Return what others are reported as saying in which one of the names *called* stands, best first."""
    wanted = {fold(name).split()[-1] for name in called}
    found = [
        _spoken(r, u, words)
        for r in ranked
        for u in r.passage.utterances
        if wanted & set(re.findall(r"\w+", _besides(r.passage.text[u.start : u.end], u)))
        and not wanted & set(fold(u.speaker or "").split())
    ]
    return sorted(found, key=lambda s: -s.fit)


def _besides(text: str, u: Utterance) -> str:
    """Return *text* folded, without its speaker's own name: “Roe's aide said” is nothing about Roe."""
    return fold(text).replace(fold(u.speaker or "\0"), " ")


def quoting(ranked: Sequence[Ranked], quotation: str) -> list[Statement]:
    """Return the statements and sentences in which the words of *quotation* stand in a row."""
    words = re.findall(r"\w+", fold(quotation))
    found: list[Statement] = []
    for r in ranked:
        text = r.passage.text
        tokens = [(m.start(), m.end()) for m in re.finditer(r"\w+", text)]
        folded = [fold(text[a:b]) for a, b in tokens]
        at = next((i for i in range(len(folded)) if folded[i : i + len(words)] == words), None)
        if at is None or not words:
            continue
        start, end = tokens[at][0], tokens[at + len(words) - 1][1]
        around = [u for u in r.passage.utterances if u.start < end and start < u.end]
        # The person rather than the outlet, and the statement that holds most of it.
        u = max(around, key=lambda u: (min(u.end, end) - max(u.start, start), len(u.via)), default=None)
        spans = [s for s in sentences(text) if s.start < end and start < s.end]
        begin, stop = (u.start, u.end) if u else (spans[0].start, spans[-1].end)
        found.append(
            Statement(
                ranked=r,
                start=min(begin, start),
                end=max(stop, end),
                fit=1.0,
                cosine=1.0,
                held=1.0,
                utterance=u,
                why="holds the quotation",
            )
        )
    return found


def topics(found: Sequence[Statement], words: Words, people: Collection[str], most: int = 4) -> list[str]:
    """
    Return up to *most* words of the statements that say what they are about, as printed.

    Args:
        words: The words of the statements with what each weighs in this column.

        people: Labels of the speakers, whose names are no topic.
    """
    own = {part for label in people for part in fold(label).split()}
    counted: Counter[str] = Counter()
    printed: dict[str, str] = {}
    for s in found:
        text = _told(s)
        for word in re.findall(r"[^\W\d_][\w’'-]{3,}", text):
            plain = fold(re.sub(r"[’']\w*$", "", word))
            if plain not in own and not is_cue(plain) and (key := stem(plain)) in words.weights:
                counted[key] += 1
                printed.setdefault(key, re.sub(r"[’']s?$", "", word))
    telling = sorted(counted, key=lambda k: (-counted[k] * words.weights[k], list(printed).index(k)))
    return [printed[k] for k in telling[:most]]


def _told(s: Statement) -> str:
    """Return what a statement says, without the clause that says whose it is."""
    text = s.text
    if quoted := quotations(text):
        return " ".join(text[q.start : q.end] for q in quoted)
    at = text.find(s.utterance.cue) if s.utterance else -1
    if at < 0:
        return text
    before, behind = text[:at], text[at:]
    return behind if len(behind) > len(before) else before


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
        if len(parted := _parted(r.passage, span)) > 1:
            yield from (_nearest(r, Span(u.start, u.end), u, words, spoken=spoken) for u in parted)
            continue
        found = _nearest(r, span, _utterance_at(r.passage, span), words, spoken=spoken)
        before = spans[i - 1] if i and not text[spans[i - 1].end : span.start].strip() else None
        leans = before and found.held < WHOLE and POINTING.match(text, span.start)
        if before and leans and span.end - before.start <= LONGEST:
            found = replace(found, start=before.start)
        yield found


def _nearest(r: Ranked, span: Span, u: Utterance | None, words: Words, *, spoken: bool) -> Statement:
    held, cosine = words.coverage(r.passage.text[span.start : span.end]), _cosine(r, span.start, span.end)
    # Sentence and passage, meaning and words: measured on the development questions.
    fit = 0.3 * cosine + 0.3 * held + 0.4 * r.score + (SPOKEN if spoken and u else 0.0)
    return Statement(
        ranked=r,
        start=span.start,
        end=span.end,
        fit=fit,
        cosine=cosine,
        held=held,
        utterance=u,
        why="nearest",
    )


def _parted(passage: Passage, span: Span) -> list[Utterance]:
    """Return the statements that share a sentence without overlapping: each is somebody else's."""
    inside = sorted((u for u in passage.utterances if span.start < u.end and u.start < span.end), key=_place)
    apart: list[Utterance] = []
    for u in inside:
        if not apart or u.start >= apart[-1].end:
            apart.append(u)
    return apart if len({u.speaker for u in apart}) > 1 else []


def _place(u: Utterance) -> tuple[int, int, int]:
    return u.start, -len(u.via), -u.end


def _is_own(passage: Passage, span: Span) -> bool:
    return passage.voice is Voice.COLUMNIST and _utterance_at(passage, span) is None


def _utterance_at(passage: Passage, span: Span) -> Utterance | None:
    """Return the speech that most of the sentence is: the person's rather than the outlet's."""
    over = [u for u in passage.utterances if u.start < span.end and span.start < u.end]
    return max(
        over, key=lambda u: (len(u.via), min(u.end, span.end) - max(u.start, span.start)), default=None
    )
