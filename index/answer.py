"""Question to answer: cited excerpts, or which kind of no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from index.passage import Excerpt


class Verdict(StrEnum):
    """What the column has to say to a question."""

    ANSWERED = "answered"
    NOT_ON_THIS = "quoted, but not on this"
    NEVER_QUOTED = "mentioned, but never quoted"
    NEVER_MENTIONED = "never mentioned"
    SILENT = "the column does not say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was looked through: how many articles and passages, of which dates, at which generation."""

    articles: int
    passages: int
    first: date | None
    last: date | None
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What the column says to *question*.

    When *verdict* is ANSWERED, *excerpts* are the answer, best first, at most three. Otherwise they
    are the nearest passages and are no answer. *subject* is the person asked about, as the column
    names them. *confidence* is in [0, 1]. *ranked* holds up to ten (article name, ¶), best first.
    *suggestions* are names in the column that resemble an unknown one ("did you mean …?").
    """

    question: str
    verdict: Verdict
    excerpts: tuple[Excerpt, ...]
    searched: Searched
    confidence: float
    subject: str | None = None
    suggestions: tuple[str, ...] = ()
    ranked: tuple[tuple[str, int], ...] = ()
