"""What confidence is weighed from, and how it is weighed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import confidence
from index.confidence import EVIDENCE, evidence, sure
from index.passage import Passage
from index.question import understand
from index.retriever import Ranked, Words
from index.statements import Statement

FIRST = "1,200 ships left Denmark in 1204."
TEXT = f"{FIRST} Their captain wrote home from Kenya."


def weighed(question: str) -> dict[str, float]:
    words = Words({"captain": 3.0, "pay": 1.0})
    ranked = Ranked(
        passage_id=1,
        article_id="a",
        passage=Passage(number=1, text=TEXT),
        score=1.0,
        cosine=0.7,
        words=words,
        sentences=(),
    )
    best = Statement(ranked=ranked, start=0, end=len(FIRST), fit=0.6, cosine=0.7, held=0.25)
    return dict(zip(EVIDENCE, evidence(understand(question), words, best), strict=True))


def test_nearness_and_words_are_those_of_the_statement_and_of_its_paragraph() -> None:
    found = weighed("Which ships left?")
    assert (found["cosine"], found["held"], found["around"]) == (0.7, 0.25, 0.75)


@pytest.mark.parametrize(
    ("question", "speaking_against"),
    [
        ("Which ships left Denmark in 1204?", set()),
        ("how many ships left denmark", set()),
        ("Which ships arrived in 1204?", {"contrary"}),
        ("Which ships never sailed?", {"contrary"}),
        ("Which ships sailed in 1304?", {"other number"}),
        ("How many of the 1,200 captains sailed in 1204?", {"type unmet"}),
        ("Which ships left Norway?", {"other country"}),
        ("Which Norwegian ships sailed?", {"other country"}),
        ("Which Danish ships left?", set()),
        ("Who wrote home from Nairobi?", set()),  # Kenya's capital; the country stands beside the sentence
        ("Tell us which ships left", set()),  # and not the United States
        ("Which ships came in 1304 from Peru?", {"other number", "other country"}),
    ],
)
def test_what_speaks_against_an_answer_is_seen(question: str, speaking_against: set[str]) -> None:
    found = weighed(question)
    assert {name for name in EVIDENCE[3:] if found[name]} == speaking_against


def test_what_is_shipped_weighs_each_kind_of_evidence_the_right_way() -> None:
    weights = json.loads(confidence.FILE.read_text(encoding="utf-8"))
    assert list(weights) == ["intercept", *EVIDENCE]
    assert [n for n in EVIDENCE if weights[n] > 0] == ["cosine", "held", "around"]


@given(st.tuples(*[st.floats(0, 1)] * 3), st.lists(st.booleans(), min_size=4, max_size=4), st.integers(3, 6))
def test_nothing_that_speaks_against_an_answer_makes_it_surer(
    near: tuple[float, ...], against: list[bool], turned_on: int
) -> None:
    found = [*near, *map(float, against)]
    worse = [*found[:turned_on], 1.0, *found[turned_on + 1 :]]
    assert 0 < sure(worse) <= sure(found) < 1


def test_evidence_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        sure((0.5,))
