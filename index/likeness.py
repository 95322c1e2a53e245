"""How near a graph's vectors are to those of the reference, and how near they must be. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from index.encoder import DOCUMENT, FAITHFUL, QUERY

# What a graph must reach against the reference, over real sentences. Each of the two encoders may be asked
# with a question while the store holds the other's vectors, so that the last counts mixed pairs: the share
# of a sentence's 10 nearest in the reference's order that stay. Eight bits for each output of a layer come
# to 0.993, 0.984 and 0.94, and find the same paragraphs; eight bits for a whole layer come to 0.957, 0.88
# and 0.88, and lose some.
MEAN, WORST, NEIGHBOURS = 0.985, FAITHFUL, 0.90
NEAREST = 10


def compare(
    encode: Callable[[Sequence[str], str], NDArray[np.float32]],
    texts: Sequence[str],
    expected: dict[str, NDArray[np.float32]],
) -> dict[str, float]:
    """
    Return how well *encode* agrees with the reference's vectors of *texts*, by role.

    Returns:
        *mean* and *worst* cosine of a text's two vectors, in either role; *neighbours*, the share of the
        NEAREST documents of each query that are the same when the query is the one's and the documents
        the other's, whichever way round is worse.
    """
    found = {role: encode(texts, role) for role in expected}
    cosines = np.concatenate([np.sum(found[role] * expected[role], axis=1) for role in expected])
    order = _nearest(expected[QUERY], expected[DOCUMENT])
    mixed = _nearest(found[QUERY], expected[DOCUMENT]), _nearest(expected[QUERY], found[DOCUMENT])
    return {
        "mean": round(float(cosines.mean()), 4),
        "worst": round(float(cosines.min()), 4),
        "neighbours": round(min(_shared(order, other) for other in mixed), 4),
    }


def passes(reached: dict[str, float]) -> bool:
    """Say whether these figures are enough."""
    return reached["mean"] >= MEAN and reached["worst"] >= WORST and reached["neighbours"] >= NEIGHBOURS


def _nearest(queries: NDArray[np.float32], documents: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the NEAREST other documents of each query, itself left out."""
    cosines = queries @ documents.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1)[:, :NEAREST]


def _shared(left: NDArray[np.intp], right: NDArray[np.intp]) -> float:
    shared = sum(len(set(a) & set(b)) for a, b in zip(left.tolist(), right.tolist(), strict=True))
    return float(shared / left.size)
