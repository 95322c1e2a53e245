"""Question sets in, scores out: which answers are found, shown clean, or rightly refused."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.answer import Answer, Answerer, Verdict
from index.attribution import Annotation, Attribution, Place, attribute
from index.segment import Span, fold

# A reply of more characters than this is a page to read and no answer.
USABLE = 700
STATEMENTS = "statements.jsonl"  # beside the questions: what anybody says in the articles

Statements = Mapping[Place, Sequence[Annotation]]


class QuestionsError(Exception):
    """A question file that cannot be used: one sentence that names the line and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    A question with what is known of its answer.

    *gold* are the right paragraphs, *accepted* are neither right nor wrong. Of the strings *needed* one
    must be shown, or all of them (*all_needed*); of those *forbidden* none may be. *statements* are all
    that the *speaker* says, where people have marked it.
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
    statements: tuple[Annotation, ...] = ()

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
    named: bool | None = None  # the first excerpt's label is the speaker's name
    attribution: Attribution | None = None


def load(path: Path) -> list[Case]:
    """
    Read a file of questions, one JSON object a line.

    Raises:
        QuestionsError: If the file cannot be read, or a line is no question.
    """
    cases = [_case(path, number, line) for number, line in _lines(path, "questions")]
    if not cases:
        raise QuestionsError(f"{path} holds no question; write one JSON object a line.")
    if len({c.id for c in cases}) < len(cases):
        raise QuestionsError(f"{path} has two questions with one id; give each its own.")
    return cases


def load_statements(path: Path) -> Statements:
    """
    Read a file of the statements that people marked in the articles, one JSON object a line.

    Raises:
        QuestionsError: If the file cannot be read, or a line is no statement.
    """
    found: dict[Place, list[Annotation]] = defaultdict(list)
    for number, line in _lines(path, "statements"):
        try:
            s: dict[str, Any] = json.loads(line)
            statement = _annotation(s, s["speaker"], pronoun=s["pronoun"])
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            raise QuestionsError(
                f"{path}, line {number}: no statement. A line is a JSON object with article, paragraph, "
                "spans (lists of a start and an end), speaker (or null) and pronoun (true or false)."
            ) from e
        found[statement.place].append(statement)
    return found


def _lines(path: Path, of: str) -> Iterator[tuple[int, str]]:
    try:
        # Not at "\u2028" and its like, which JSON lets stand inside a string.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise QuestionsError(f"{path} cannot be read as UTF-8 text: name a file of {of}.") from e
    yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


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
            statements=tuple(_annotation(s, q["speaker"]) for s in q.get("statements") or ()),
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
    return frozenset(map(_place, found))


def _place(found: Mapping[str, Any]) -> Place:
    return Place(article=str(found["article"]), paragraph=int(found["paragraph"]))


def _annotation(s: Mapping[str, Any], speaker: str | None, *, pronoun: bool = False) -> Annotation:
    return Annotation(
        place=_place(s),
        spans=_spans(s["spans"]),
        source=_spans(s.get("source") or ()),
        speaker=speaker,
        pronoun=pronoun,
        soft=s.get("role") == "soft",
    )


def _spans(found: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    return tuple(Span(int(start), int(end)) for start, end in found)


def run(
    answerer: Answerer,
    cases: Sequence[Case],
    asked: Callable[[int], None] = lambda done: None,
    everybody: Statements | None = None,
) -> list[Score]:
    """
    Ask every question and score its answer; *asked* hears how many are done.

    *everybody* is what anybody says in the articles; without it nobody's statements are counted.

    Raises:
        QuestionsError: If a question is about an article that the store does not hold.
    """
    ids = answerer.article_ids()
    scores: list[Score] = []
    for case in cases:
        _check_articles(case, ids)
    for case in cases:
        within = None if case.within is None else [ids[case.within]]
        answer = answerer.ask(case.question, within, rank=True)
        scores.append(score(case, answer, everybody))
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


def score(case: Case, answer: Answer, everybody: Statements | None = None) -> Score:
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
    attribution = (
        attribute(case.speaker, case.statements, everybody, answer.excerpts)
        if case.statements and everybody is not None
        else None
    )
    return Score(
        case=case,
        answer=answer,
        rank=_rank(case, answer),
        holds=holds,
        usable=usable,
        shown=shown,
        right=None if usable is None else answered and usable,
        named=_named(case, answer),
        attribution=attribution,
    )


def _holds(case: Case, answer: Answer) -> bool:
    if case.who_said and _named(case, answer):
        return True  # the label is what was asked for
    need = all if case.all_needed else any
    return need(any(words in e.text for e in answer.excerpts) for words in case.needed)


def _named(case: Case, answer: Answer) -> bool | None:
    first = next(iter(answer.excerpts), None)
    if first is None or not first.speaker or not case.speaker:
        return None
    return _last_name(case.speaker) == _last_name(first.speaker) != ""


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
