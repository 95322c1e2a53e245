"""Questions with known answers to the weights of `index.confidence`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from index.confidence import EVIDENCE
from index.evaluate import Score

# People ask a column mostly what it answers; each kind of unanswerable question counts the same.
ANSWERABLE = 2 / 3
RIDGE = 10.0  # the inverse strength of the penalty on the weights


def willing(found: Sequence[float]) -> float:
    """Return 1: what is refused shows less, so weights must not depend on what earlier weights refused."""
    return 1.0


def fit(scores: Sequence[Score]) -> dict[str, float]:
    """
    Return the weights with which confidence tells right answers from questions without one.

    *scores* are of answers that were all given (`willing`). An answerable question whose excerpts miss the
    answer is wrong answered or refused, so it teaches nothing; nor does a question whose verdict needs no
    weighing ("never mentioned").

    Raises:
        ValueError: If only one of the two is there.
    """
    taught = [s for s in scores if s.answer.evidence and (s.usable or not s.case.answerable)]
    right = [s.case.answerable for s in taught]
    if len(set(right)) < 2:
        raise ValueError(
            "Calibration needs answerable questions that are answered rightly, and unanswerable ones."
        )
    model = LogisticRegression(C=RIDGE, max_iter=1_000)
    model.fit(np.array([s.answer.evidence for s in taught]), right, sample_weight=_shares(scores, taught))
    weights = {name: round(float(w), 3) for name, w in zip(EVIDENCE, model.coef_[0], strict=True)}
    return {"intercept": round(float(model.intercept_[0]), 3), **weights}


def _shares(scores: Sequence[Score], taught: Sequence[Score]) -> NDArray[np.float64]:
    """Return how much each question counts, so that the mix of *scores* is that of real use."""
    sizes = Counter(_group(s) for s in scores)
    refused = max(1, len(sizes) - 1)
    share = {group: ANSWERABLE if group is None else (1 - ANSWERABLE) / refused for group in sizes}
    return np.array([share[_group(s)] / sizes[_group(s)] for s in taught]) * len(taught)


def _group(s: Score) -> str | None:
    return None if s.case.answerable else s.case.subtype or s.case.kind


def save(weights: dict[str, float], path: Path) -> None:
    """Write *weights* where `index.confidence` reads them."""
    path.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
