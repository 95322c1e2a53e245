"""Question sets in, figures out: how often answers are found, shown clean, or rightly refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from index.answer import Answer, Answerer, Verdict
from index.segment import fold

# A reply of more characters than this is a page to read and no answer.
USABLE = 700
RESAMPLES = 2_000  # of the questions, for the intervals


class QuestionsError(Exception):
    """A question file that cannot be used: one sentence that names the line and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A paragraph: the article's short name and the ¶."""

    article: str
    paragraph: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    A question with what is known of its answer.

    *gold* are the right paragraphs, *accepted* are neither right nor wrong. Of the strings *needed* one
    must be shown, or all of them (*all_needed*); of those *forbidden* none may be.
    """

    id: str
    question: str
    kind: str
    answerable: bool
    within: str | None
    gold: frozenset[Place]
    accepted: frozenset[Place]
    needed: tuple[str, ...]
    all_needed: bool
    forbidden: tuple[str, ...]
    speaker: str | None
    subtype: str | None = None

    @property
    def who_said(self) -> bool:
        """Whether the speaker is what is asked for."""
        return self.subtype == "who_said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How one question fared. None where a measure does not apply: rank and words of an unanswerable one."""

    case: Case
    answer: Answer
    rank: int | None  # of the first right paragraph, from 1; 0 when none is among the first ten
    holds: bool | None
    usable: bool | None
    shown: int  # characters
    right: bool | None  # what a reader would call right: answered and usable, or rightly refused


def load(path: Path) -> list[Case]:
    """
    Read a file of questions, one JSON object a line.

    Raises:
        QuestionsError: If the file cannot be read, or a line is no question.
    """
    try:
        # Not at "\u2028" and its like, which JSON lets stand inside a string.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise QuestionsError(f"{path} cannot be read as UTF-8 text: name a file of questions.") from e
    cases = [_case(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not cases:
        raise QuestionsError(f"{path} holds no question; write one JSON object a line.")
    if len({c.id for c in cases}) < len(cases):
        raise QuestionsError(f"{path} has two questions with one id; give each its own.")
    return cases


def _case(path: Path, number: int, line: str) -> Case:
    try:
        q: dict[str, Any] = json.loads(line)
        case = Case(
            id=str(q["id"]),
            question=str(q["question"]),
            kind=str(q["kind"]),
            answerable=q["answerable"],
            within=q.get("within"),
            gold=_places(q.get("gold") or ()),
            accepted=_places(q.get("accept") or ()),
            needed=_strings(q.get("answers")),
            all_needed=q.get("match") == "all",
            forbidden=_strings(q.get("forbidden")),
            speaker=q.get("speaker"),
            subtype=q.get("subtype"),
        )
        if not isinstance(case.answerable, bool) or (case.answerable and not case.gold):
            raise ValueError("answerable without a right paragraph")
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise QuestionsError(
            f"{path}, line {number}: no question. A line is a JSON object with id, question, kind and "
            "answerable (true or false), and for an answerable one gold and a list of answers."
        ) from e
    return case


def _strings(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list | None) or not all(isinstance(x, str) for x in found or ()):
        raise ValueError("no list of strings")
    return tuple(found or ())


def _places(found: Iterable[Mapping[str, Any]]) -> frozenset[Place]:
    return frozenset(Place(article=str(g["article"]), paragraph=int(g["paragraph"])) for g in found)


def run(
    answerer: Answerer, cases: Sequence[Case], asked: Callable[[int], None] = lambda done: None
) -> list[Score]:
    """
    Ask every question and score its answer; *asked* hears how many are done.

    Raises:
        QuestionsError: If a question is about an article that the store does not hold.
    """
    ids = answerer.article_ids()
    scores: list[Score] = []
    for case in cases:
        _check_articles(case, ids)
    for case in cases:
        answer = answerer.ask(case.question, None if case.within is None else [ids[case.within]])
        scores.append(score(case, answer))
        asked(len(scores))
    return scores


def _check_articles(case: Case, ids: Collection[str]) -> None:
    asked = {place.article for place in case.gold} | ({case.within} if case.within is not None else set())
    for name in sorted(asked):
        if name not in ids:
            raise QuestionsError(
                f"Question {case.id} is about article '{name}', which the store does not hold: "
                "name the folder that holds it with --articles."
            )


def score(case: Case, answer: Answer) -> Score:
    """Compare one answer with what is known."""
    texts = [e.text for e in answer.excerpts]
    shown = sum(map(len, texts))
    answered = answer.verdict is Verdict.ANSWERED
    if not case.answerable:
        return Score(
            case=case, answer=answer, rank=None, holds=None, usable=None, shown=shown, right=not answered
        )
    holds = _holds(case, answer) if case.needed else None
    clean = not any(f in t for f in case.forbidden for t in texts)
    usable = None if holds is None else holds and clean and shown <= USABLE
    return Score(
        case=case,
        answer=answer,
        rank=_rank(case, answer),
        holds=holds,
        usable=usable,
        shown=shown,
        right=None if usable is None else answered and usable,
    )


def _holds(case: Case, answer: Answer) -> bool:
    first = next(iter(answer.excerpts), None)
    label = first.speaker if first and case.who_said else None
    if label and case.speaker and _last_name(case.speaker) == _last_name(label) != "":
        return True  # "who said …?": the label is what was asked for
    need = all if case.all_needed else any
    return need(any(words in e.text for e in answer.excerpts) for words in case.needed)


def _last_name(name: str) -> str:
    words = re.sub(r"[^\w\s]", "", fold(name)).split()
    return words[-1] if words else ""


def _rank(case: Case, answer: Answer) -> int:
    places = [Place(article=name, paragraph=number) for name, number in answer.ranked[:10]]
    counted = [p for p in places if p in case.gold or p not in case.accepted]
    return next((i for i, p in enumerate(counted, 1) if p in case.gold), 0)


def prediction(s: Score) -> dict[str, Any]:
    """Return what was answered, in the prediction format: one JSON object a question."""
    a = s.answer
    return {
        "id": s.case.id,
        "verdict": a.verdict.value,
        "answered": a.verdict is Verdict.ANSWERED,
        "confidence": round(a.confidence, 6),
        "ranked": [{"article": name, "paragraph": number} for name, number in a.ranked[:10]],
        "excerpts": [
            {
                "article": e.article.name,
                "paragraph": e.number,
                "start": e.start,
                "end": e.end,
                "text": e.text,
                "speaker": e.speaker,
                "voice": e.passage.voice.value,
            }
            for e in a.excerpts
        ],
    }


def misses(scores: Iterable[Score]) -> list[Score]:
    """
    Return what a reader would call wrong, worst first: the surer the system was, the worse.

    Where nothing is known of the words, wrong is a refusal, or another paragraph than the right one.
    """
    return sorted(filter(_is_miss, scores), key=_surely, reverse=True)


def _is_miss(s: Score) -> bool:
    if s.right is not None:
        return not s.right
    return s.answer.verdict is not Verdict.ANSWERED or s.rank != 1


def _surely(s: Score) -> float:
    answered = s.answer.verdict is Verdict.ANSWERED
    return s.answer.confidence if answered else 1 - s.answer.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A mean over *n* questions with its 95 % bootstrap interval; for lengths a median."""

    value: float
    low: float
    high: float
    n: int


MEASURES: dict[str, Callable[[Score], float | None]] = {
    "hit@1": lambda s: None if s.rank is None else float(s.rank == 1),
    "hit@3": lambda s: None if s.rank is None else float(1 <= s.rank <= 3),
    "MRR": lambda s: None if s.rank is None else (1 / s.rank if s.rank else 0.0),
    "holds the words": lambda s: None if s.holds is None else float(s.holds),
    "usable": lambda s: None if s.usable is None else float(s.usable),
    "characters": lambda s: float(s.shown) if s.case.answerable else None,
    "abstention": lambda s: float((s.answer.verdict is Verdict.ANSWERED) == s.case.answerable),
    "e2e": lambda s: None if s.right is None else float(s.right),
}


def by_kind(scores: Sequence[Score]) -> Iterator[tuple[str, list[Score]]]:
    """Yield all scores as "all", then those of each kind of question, in order of first appearance."""
    yield "all", list(scores)
    for kind in dict.fromkeys(s.case.kind for s in scores):
        yield kind, [s for s in scores if s.case.kind == kind]


def figures(scores: Sequence[Score]) -> dict[str, Figure]:
    """Return every measure that applies to *scores*."""
    found = {name: [v for s in scores if (v := measure(s)) is not None] for name, measure in MEASURES.items()}
    if any(s.case.answerable and s.right is None for s in scores):
        found["e2e"] = []  # it would speak of the unanswerable questions only
    return {name: _figure(values, name) for name, values in found.items() if values}


def _figure(values: Sequence[float], name: str) -> Figure:
    data = np.asarray(values, float)
    middle = np.median if name == "characters" else np.mean
    drawn = data[np.random.default_rng(0).integers(0, len(data), (RESAMPLES, len(data)))]
    low, high = np.percentile(middle(drawn, axis=1), [2.5, 97.5])
    value = median(values) if name == "characters" else float(data.mean())
    return Figure(value=float(value), low=float(low), high=float(high), n=len(values))
