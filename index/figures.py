"""Scores in, figures out: means, ratios and areas, each with its 95 % bootstrap interval over questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.answer import Verdict
from index.confidence import EVIDENCE
from index.evaluate import Score

RESAMPLES = 2_000  # of the questions, for the intervals
RESAMPLES_AUROC = 500  # each is sorted anew

_AGAINST = [EVIDENCE.index(name) for name in ("contrary", "other number", "other country")]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value over *n* questions with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    n: int


def _answered(s: Score) -> bool:
    return s.answer.verdict is Verdict.ANSWERED


def _contrary(s: Score) -> bool:
    return bool(s.answer.evidence) and any(s.answer.evidence[i] for i in _AGAINST)


# Means over the questions; for characters the median. None where a measure does not apply.
MEASURES: dict[str, Callable[[Score], float | None]] = {
    "hit@1": lambda s: None if s.rank is None else float(s.rank == 1),
    "hit@3": lambda s: None if s.rank is None else float(1 <= s.rank <= 3),
    "MRR": lambda s: None if s.rank is None else (1 / s.rank if s.rank else 0.0),
    "holds the words": lambda s: None if s.holds is None else float(s.holds),
    "usable": lambda s: None if s.usable is None else float(s.usable),
    "characters": lambda s: float(s.shown) if s.case.answerable else None,
    "e2e": lambda s: None if s.right is None else float(s.right),
    "abstention": lambda s: float(_answered(s) == s.case.answerable),
    "false answers": lambda s: None if s.case.answerable else float(_answered(s)),
    "false refusals": lambda s: float(not _answered(s)) if s.case.answerable else None,
    "contrary": lambda s: float(_contrary(s)),
    "speaker": lambda s: None if s.named is None else float(s.named),
}


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _precision(sums: Floats) -> Floats:
    return _ratio(sums[..., 0], sums[..., 1])


def _recall(sums: Floats) -> Floats:
    return _ratio(sums[..., 2], sums[..., 3])


def _f1(sums: Floats) -> Floats:
    precision, recall = _precision(sums), _recall(sums)
    return _ratio(2 * precision * recall, precision + recall)


# Ratios of sums over the questions, in the order of `_counts`.
RATIOS: dict[str, Callable[[Floats], Floats]] = {
    "statement precision": _precision,
    "statement recall": _recall,
    "statement F1": _f1,
    "another's words": lambda sums: _ratio(sums[..., 4], sums[..., 1]),
}


def _counts(scores: Sequence[Score]) -> list[tuple[int, ...]]:
    found = [a for s in scores if (a := s.attribution) is not None]
    return [(a.right, a.shown, a.found, a.statements, a.anothers) for a in found]


def by_kind(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """Return all scores as "all", then those of each kind of question, in order of first appearance."""
    kinds = dict.fromkeys(s.case.kind for s in scores)
    return {"all": list(scores)} | {kind: [s for s in scores if s.case.kind == kind] for kind in kinds}


def figures_by_kind(scores: Sequence[Score]) -> dict[str, dict[str, Figure]]:
    """Return the figures of all questions as "all", then those of each kind."""
    return {kind: figures(some, scores) for kind, some in by_kind(scores).items()}


def figures(scores: Sequence[Score], everything: Sequence[Score] | None = None) -> dict[str, Figure]:
    """
    Return every figure that applies to *scores*.

    AUROC sets their unanswerable questions against the answerable ones of *everything* (by default of
    *scores*), so that a kind without an answer has one of its own.
    """
    found = {name: [v for s in scores if (v := measure(s)) is not None] for name, measure in MEASURES.items()}
    if any(s.case.answerable and s.right is None for s in scores):
        found["e2e"] = []  # it would speak of the unanswerable questions only
    means = {name: _mean(values, name) for name, values in found.items() if values}
    counts = _counts(scores)
    ratios = {name: _summed(counts, ratio) for name, ratio in RATIOS.items() if counts}
    sure = [s.answer.confidence for s in everything or scores if s.case.answerable]
    unsure = [s.answer.confidence for s in scores if not s.case.answerable]
    return means | ({"AUROC": _area(sure, unsure)} if sure and unsure else {}) | ratios


def _mean(values: Sequence[float], name: str) -> Figure:
    middle = np.median if name == "characters" else np.mean
    return _bootstrapped(values, lambda drawn: np.asarray(middle(drawn, axis=1)))


def _summed(counts: Sequence[tuple[int, ...]], ratio: Callable[[Floats], Floats]) -> Figure:
    return _bootstrapped(counts, lambda drawn: ratio(drawn.sum(axis=1)))


def _bootstrapped(rows: Sequence[float | tuple[int, ...]], statistic: Callable[[Floats], Floats]) -> Figure:
    """Return *statistic*, which takes samples (of questions) and returns a value for each."""
    data = np.asarray(rows, float)
    drawn = data[np.random.default_rng(0).integers(0, len(data), (RESAMPLES, len(data)))]
    return _figure(float(statistic(data[np.newaxis])[0]), statistic(drawn), len(data))


def _figure(value: float, drawn: Floats | list[float], n: int) -> Figure:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(value=value, low=float(low), high=float(high), n=n)


def _area(positive: Sequence[float], negative: Sequence[float]) -> Figure:
    sure, unsure = np.asarray(positive, float), np.asarray(negative, float)
    rng = np.random.default_rng(0)
    drawn = [
        auroc(rng.choice(sure, len(sure)), rng.choice(unsure, len(unsure))) for _ in range(RESAMPLES_AUROC)
    ]
    return _figure(auroc(sure, unsure), drawn, len(sure) + len(unsure))


def auroc(positive: Floats, negative: Floats) -> float:
    """Return how often one of *positive* is above one of *negative*; a tie counts one half."""
    ordered = np.sort(negative)
    below, upto = (np.searchsorted(ordered, positive, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(negative)))
