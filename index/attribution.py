"""Whose words an answer shows, where people have marked every statement and its source. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.passage import Excerpt
from index.segment import Span

# What is shown and what is marked seldom begin and end at one character; this much must agree.
MOSTLY = 0.5  # of an excerpt's characters: the excerpt is this statement
HELD = 0.8  # of a statement's characters: the statement is shown
UNCLEAR = 0.3  # of an excerpt's characters in a statement of "he" or "she": nobody can say whose it is


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A paragraph: the article's short name and the ¶."""

    article: str
    paragraph: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """
    A statement that people marked: the spans of its words, and of the words that name its *source*.

    *speaker* is None where the source is no named person, and a guess where it is a *pronoun*. A *soft* one
    (no speech, or a doubtful source) need not be shown, and is right when it is.
    """

    place: Place
    spans: tuple[Span, ...]
    source: tuple[Span, ...] = ()
    speaker: str | None = None
    pronoun: bool = False
    soft: bool = False


class Whose(StrEnum):
    """Whose statement an excerpt is."""

    SPEAKER = "the speaker's"
    ANOTHER = "another's"
    NOBODY = "nobody's"
    UNCLEAR = "unclear"  # counts neither way


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """
    How the excerpts of one answer and the statements of whoever was asked about fit.

    *right* and *anothers* are excerpts, out of those *shown* (the unclear ones left out); *found* are
    statements, out of all the speaker's *statements*.
    """

    right: int
    anothers: int
    shown: int
    found: int
    statements: int


def attribute(
    speaker: str | None,
    own: Sequence[Annotation],
    everybody: Mapping[Place, Sequence[Annotation]],
    excerpts: Sequence[Excerpt],
) -> Attribution:
    """Compare *excerpts* with the speaker's *own* statements, and with what *everybody* says there."""
    shown: dict[Place, set[int]] = defaultdict(set)
    whose: Counter[Whose] = Counter()
    for e in excerpts:
        place = Place(article=e.article.name, paragraph=e.number)
        words = set(range(e.start, e.end))
        shown[place] |= words
        others = [s for s in everybody.get(place, ()) if s.speaker != speaker]
        whose[_whose(words, [s for s in own if s.place == place], others)] += 1
    asked = [s for s in own if not s.soft]
    return Attribution(
        right=whose[Whose.SPEAKER],
        anothers=whose[Whose.ANOTHER],
        shown=len(excerpts) - whose[Whose.UNCLEAR],
        found=sum(_holds(shown[s.place], s) for s in asked),
        statements=len(asked),
    )


def _whose(shown: set[int], own: Sequence[Annotation], others: Sequence[Annotation]) -> Whose:
    mine = _characters(span for s in own for span in (*s.spans, *s.source))
    if _share(mine, shown) >= MOSTLY or any(_holds(shown, s) for s in own if not s.soft):
        return Whose.SPEAKER
    if _share(_characters(span for s in others if s.pronoun for span in s.spans), shown) >= UNCLEAR:
        return Whose.UNCLEAR
    theirs = _characters(span for s in others if not s.pronoun for span in s.spans)
    return Whose.ANOTHER if _share(theirs - mine, shown) >= MOSTLY else Whose.NOBODY


def _holds(shown: set[int], statement: Annotation) -> bool:
    words = _characters(statement.spans)
    return bool(words) and _share(shown, words) >= HELD


def _share(found: set[int], of: Collection[int]) -> float:
    return len(found.intersection(of)) / len(of)


def _characters(spans: Iterable[Span]) -> set[int]:
    return {i for start, end in spans for i in range(start, end)}
