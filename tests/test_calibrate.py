"""Weights from scored questions, whatever weights were there before."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from test_evaluate import SOUND, answer, case, no
from wordcolumn import column

from index import calibrate, evaluate
from index.answer import Answerer, Verdict
from index.confidence import EVIDENCE, FILE

EVEN = tuple(0.5 for _ in EVIDENCE)


def scored(answerable, **evidence):
    """An answerable question rightly answered, or one that should have been refused."""
    seen = tuple(evidence.get(name, 0.5) for name in EVIDENCE)
    return evaluate.score(SOUND if answerable else case("war"), replace(answer(1), evidence=seen))


def test_evidence_weighs_as_it_tells_right_answers_from_none():
    scores = [
        *(scored(True, cosine=x, contrary=0.0) for x in (0.6, 0.7, 0.8)),
        *(scored(False, cosine=x, contrary=1.0) for x in (0.3, 0.4, 0.5)),
    ]
    weights = calibrate.fit(scores)
    assert list(weights) == ["intercept", *EVIDENCE]
    assert weights["cosine"] > 0 > weights["contrary"]


def test_two_of_three_questions_count_as_answerable_however_many_there_are():
    weights = calibrate.fit([scored(True), *(scored(False) for _ in range(9))])
    told = weights["intercept"] + sum(0.5 * weights[name] for name in EVIDENCE)
    assert told == pytest.approx(0.693, abs=0.005)  # of what tells nothing: the odds, ln 2


@pytest.mark.parametrize(
    "useless",
    [
        evaluate.score(SOUND, replace(answer(2), evidence=EVEN)),  # the answer misses the words
        evaluate.score(SOUND, answer(1)),  # nothing was weighed
        scored(False),
    ],
)
def test_a_wrong_answer_and_one_that_needed_no_weighing_teach_nothing(useless):
    with pytest.raises(ValueError, match="unanswerable"):
        calibrate.fit([useless, scored(False), evaluate.score(case("peace"), no())])


def test_weights_are_written_as_confidence_reads_them(tmp_path):
    weights = calibrate.fit([scored(True, held=0.9), scored(False, held=0.1)])
    calibrate.save(weights, tmp_path / "weights.json")
    written = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))
    assert written == weights
    assert list(written) == list(json.loads(FILE.read_text(encoding="utf-8")))


def test_a_willing_answerer_shows_what_another_refuses(tmp_path):
    skerry = column(tmp_path, {"ferry": "The ferry sails on Monday. The pier is of stone."})
    question = "When does the circus come?"
    willing = Answerer(skerry._retriever, sure=calibrate.willing).ask(question)
    refusing = Answerer(skerry._retriever, sure=lambda seen: 0.0).ask(question)
    assert (willing.verdict, willing.confidence) == (Verdict.ANSWERED, 1.0)
    assert (refusing.verdict, refusing.confidence) == (Verdict.SILENT, 0.0)
    assert willing.evidence == refusing.evidence != ()
    assert willing.excerpts
