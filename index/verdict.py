"""What comes back for a question: the verdict, the excerpts, and what was searched. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from index.passage import Excerpt

Place = tuple[str, int, int, int]  # article id, ¶, and the span in it


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

    When *verdict* is ANSWERED, *excerpts* are the answer, best first. Otherwise they are the nearest
    passages and are no answer. *subject* is the person asked about, as the column names them. *confidence*
    is in [0, 1]. *ranked* holds up to ten (article name, ¶) that were found, best first. *suggestions* are
    names in the column that resemble an unknown one ("did you mean …?"). *topics* are words of what *subject*
    is quoted on, where that is something else. *unanswered* are the parts of the question that have no
    answer, where others have. *candidates* are the people of one name of whom the question may mean any.
    *withheld* are excerpts of which whoever asks may see the place, not the words: they saw much of the
    article before.
    *evidence* is what *confidence* was weighed from, in the order of `index.confidence.EVIDENCE`; empty where
    the verdict needed no weighing.
    """

    question: str
    verdict: Verdict
    excerpts: tuple[Excerpt, ...]
    searched: Searched
    confidence: float
    subject: str | None = None
    suggestions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    withheld: tuple[Excerpt, ...] = ()
    ranked: tuple[tuple[str, int], ...] = ()
    evidence: tuple[float, ...] = ()
