"""How sure an answer is: evidence weighed by a logistic model that `python -m index calibrate` makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp
from pathlib import Path

from index.contrary import contrary, numbers
from index.question import Question, Sense
from index.retriever import Words
from index.segment import fold
from index.speech.names import names
from index.speech.roles import countries
from index.statements import Statement

FILE = Path(__file__).with_suffix(".json")
EVIDENCE = (
    "cosine",  # of the question and the nearest sentence shown
    "held",  # share of the question's words in what is shown, rare words weighing more
    "around",  # the same for its whole paragraph; of somebody's words, for the sentences beside them
    "type unmet",  # a number, time, person or place is asked for, and none stands there that was not asked
    "contrary",  # the question denies what the text does not, or the text has the opposite of its words
    "other number",  # a number that the question names does not stand there
    "other country",  # a country that the question names does not stand in the whole paragraph
)

_NUMBER = re.compile(
    r"\d[\d,.]*\d|\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|"
    r"million|billion|half|quarter|third|dozen|twice|once|none|nobody|no)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:1\d{3}|20\d\d|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|"
    r"may|june|july|august|september|october|november|december|spring|summer|autumn|winter|yesterday|today|"
    r"tonight|morning|evening|night|noon|midnight|century|week|month|year|day|ago|hour|o'clock)s?\b",
    re.IGNORECASE,
)
_WANTS_NUMBER = re.compile(
    r"\bhow\s+(?:many|much|long|old|far|big|large|tall|high|often|deep|wide)\b|\bpercent"
)
_WANTS_TIME = re.compile(r"\bwhen\b|\b(?:what|which)\s+(?:year|day|date|month|time|century|decade)\b")
_WANTS_NAME = re.compile(
    r"^(?:who|whom|whose|where|which\s+(?:country|city|person|man|woman|paper|outlet))\b"
)
_PRONOUN = re.compile(r"\bus\b", re.IGNORECASE)  # in a question hardly ever the country


def evidence(question: Question, words: Words, best: Statement) -> tuple[float, ...]:
    """Return what speaks for *best* as the answer, each in [0, 1], in the order of EVIDENCE."""
    asked, text, shown = question.text, best.passage.text, best.text
    speaks_against = (
        _type_met(question, shown) is False,
        contrary(asked, shown),
        not numbers(asked) <= numbers(shown),
        not countries(_PRONOUN.sub(" ", asked)) <= countries(text),
    )
    around = best.neighbourhood if question.sense is Sense.SAID else text
    return best.cosine, best.held, words.coverage(around), *map(float, speaks_against)


def _type_met(question: Question, text: str) -> bool | None:
    """Tell whether the kind of thing asked for stands in *text*; None where no kind is asked for."""
    asked = fold(question.text)
    known = set(re.findall(r"\w+", asked)) | numbers(asked)
    if _WANTS_NUMBER.search(asked):
        return any(m[0].casefold() not in known for m in _NUMBER.finditer(text))
    if _WANTS_TIME.search(asked):
        return any(m[0].casefold() not in known for m in _TIME.finditer(text))
    if _WANTS_NAME.match(asked) and question.sense is not Sense.WHO_SAID:
        return any(not set(fold(n.full).split()) <= known for n in names(text))
    return None


def sure(found: Sequence[float]) -> float:
    """Return the probability, in (0, 1), that what bears this evidence answers the question."""
    weights = _weights()  # a kind of evidence that is not weighed yet counts for nothing
    told = sum(weights.get(name, 0.0) * x for name, x in zip(EVIDENCE, found, strict=True))
    return 1 / (1 + exp(-weights["intercept"] - told))


@cache
def _weights() -> Mapping[str, float]:
    found: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
