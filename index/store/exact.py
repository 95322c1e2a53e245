"""Vectors as they are, in memory: searched one by one, exactly. For columns of some ten thousand passages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from index.store.packed import places_of

Found = list[tuple[int, float]]  # labels with their cosines


@dataclass(frozen=True, eq=False)
class Exact:
    """Vectors under rising *labels*, in a flat FAISS index. It never changes."""

    labels: NDArray[np.int64]
    index: Any

    @classmethod
    def of(cls, labels: NDArray[np.int64], vectors: NDArray[np.float32], dimension: int) -> Self:
        """Hold *vectors*, shape (n, *dimension*)."""
        index = faiss.IndexFlatIP(dimension)
        index.add(vectors)
        return cls(labels, index)

    @classmethod
    def empty(cls, dimension: int) -> Self:
        """Hold no vectors, of shape (*dimension*,)."""
        return cls.of(np.zeros(0, np.int64), np.zeros((0, dimension), np.float32), dimension)

    def __len__(self) -> int:
        return len(self.labels)

    def patched(
        self, removed: NDArray[np.int64], labels: NDArray[np.int64], vectors: NDArray[np.float32]
    ) -> Exact:
        """Return a copy without *removed*, and with *vectors* under *labels*, which are above all before."""
        copy = faiss.clone_index(self.index)
        gone = np.isin(self.labels, removed)
        if gone.any():
            copy.remove_ids(faiss.IDSelectorBatch(np.flatnonzero(gone)))
        copy.add(vectors)
        return Exact(np.concatenate([self.labels[~gone], labels]), copy)

    def nearest(self, query: NDArray[np.float32], k: int, labels: NDArray[np.int64] | None = None) -> Found:
        """
        Return up to *k* (label, cosine) of the vectors nearest to *query*, among *labels* or among all.

        The best come first; of those that are equally near, those of the lowest labels.

        Source:
            Inner product of unit vectors is cosine similarity: FAISS wiki, "MetricType and distances".
            A missing neighbour has label -1.
        """
        most = min(k + 1, len(self))  # FAISS makes room for k, whatever there is to find
        if most == 0:
            return []
        # One query is no work for several threads, which only wait for each other on a busy machine.
        faiss.omp_set_num_threads(1)
        only = None
        if labels is not None:
            # Other selectors are asked about every vector there is; an array names those to look at.
            among = faiss.IDSelectorArray(places_of(self.labels, labels))
            only = faiss.SearchParameters(sel=among)  # type: ignore[call-arg]
        (scores,), (found,) = self.index.search(query[np.newaxis], most, params=only)
        if most > k and scores[k - 1] == scores[k] and found[k] >= 0:
            # FAISS takes any of those that are equally near.
            below = float(np.nextafter(scores[k], np.float32(-np.inf)))
            _, scores, found = self.index.range_search(query[np.newaxis], below, params=only)
        there = found >= 0
        named = zip(self.labels[found[there]].tolist(), scores[there].tolist(), strict=True)
        return sorted(named, key=lambda one: (-one[1], one[0]))[:k]

    def vectors(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of *labels*, which are all there, shape (n, d)."""
        return self.matrix[np.searchsorted(self.labels, labels)]

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """All vectors, shape (n, d)."""
        n, d = len(self), self.index.d
        return np.asarray(faiss.rev_swig_ptr(self.index.get_xb(), n * d), dtype=np.float32).reshape(n, d)
