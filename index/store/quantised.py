"""
Vectors with four bits for every two numbers, a sixteenth of their size: for all but small columns.

What is found in them are candidates, which are then compared exactly, by the vectors in the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.store.packed import places_of

BLOCK = 4_096  # vectors looked at together: some megabytes, which stay near the processor
SAMPLE = 8_192  # vectors that the codes are learnt from: more, and more rounds, find no more
LEARNING = 10  # rounds of it
BITS = 4  # of each code: FAISS looks up 32 of them at once

Labelled = Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]]


@dataclass(frozen=True, eq=False)
class Quantised:
    """
    Vectors under rising *labels*, product-quantised. It never changes.

    The codes may lie in a file that is mapped into memory; *memory* keeps it there.

    Source:
        Jégou et al., “Product quantization for nearest neighbor search”, 2011; its fast form: FAISS wiki,
        “Fast accumulation of PQ and AQ codes (FastScan)”.
    """

    labels: NDArray[np.int64]
    index: Any
    memory: Any = None

    @classmethod
    def of(cls, sample: NDArray[np.float32], blocks: Labelled) -> Quantised:
        """Hold the vectors of *blocks*, each with its labels; the codes are learnt from *sample*, (n, d)."""
        faiss.omp_set_num_threads(1)  # the same codes on every machine, and see `Exact.nearest`
        dimension = sample.shape[1]
        pairs = dimension // 2 if dimension % 2 == 0 else dimension
        index = faiss.IndexPQ(dimension, pairs, BITS, faiss.METRIC_INNER_PRODUCT)
        index.pq.cp.min_points_per_centroid = 1  # no warning where the sample is small
        index.pq.cp.niter = LEARNING
        index.train(np.resize(sample, (max(len(sample), 2**BITS), dimension)))
        labels = [np.zeros(0, np.int64)]
        for some, vectors in blocks:
            index.add(vectors)
            labels.append(some)
        return cls(np.concatenate(labels), index)

    def __len__(self) -> int:
        return len(self.labels)

    def patched(
        self, removed: NDArray[np.int64], labels: NDArray[np.int64], vectors: NDArray[np.float32]
    ) -> Quantised:
        """Return a copy without *removed*, and with *vectors* under *labels*: as long as all of it takes."""
        kept = ~np.isin(self.labels, removed)
        copy = self._of(np.flatnonzero(kept))
        if len(vectors):
            copy.add(vectors)
        return Quantised(np.concatenate([self.labels[kept], labels]), copy)

    def candidates(
        self, query: NDArray[np.float32], most: int, labels: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """
        Return the labels of the *most* vectors that seem nearest to *query*, the nearest first.

        Args:
            labels: Those to look among, rising; None for all.
        """
        faiss.omp_set_num_threads(1)  # see `Exact.nearest`
        if labels is None:
            return self.labels[_search(self._packed, query, most)]
        among = places_of(self.labels, labels)
        if len(among) > most:
            among = among[_search(faiss.IndexPQFastScan(self._of(among)), query, most)]
        return self.labels[among]

    def warm(self) -> None:
        """Make now what the first search would wait for."""
        _ = self._packed

    @cached_property
    def _packed(self) -> Any:
        """The codes as they are looked through: of 32 vectors each together."""
        return faiss.IndexPQFastScan(self.index)

    def _of(self, among: NDArray[np.int64]) -> Any:
        """Return an index of the vectors at these places."""
        n, size = len(self), self.index.code_size
        codes = np.asarray(faiss.rev_swig_ptr(self.index.codes.data(), n * size), np.uint8).reshape(n, size)
        some = faiss.IndexPQ(self.index.d, self.index.pq.M, BITS, faiss.METRIC_INNER_PRODUCT)
        some.pq, some.is_trained = self.index.pq, True
        for i in range(0, len(among), BLOCK):
            some.add_sa_codes(codes[among[i : i + BLOCK]])
        return some


def blocks(labels: NDArray[np.int64], vectors: NDArray[np.float32]) -> Iterator[tuple[Any, Any]]:
    """Yield *vectors* with their *labels*, some at a time."""
    for i in range(0, len(labels), BLOCK):
        yield labels[i : i + BLOCK], vectors[i : i + BLOCK]


def _search(index: Any, query: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    """Return the places of the nearest, the nearest first."""
    _, found = index.search(query[np.newaxis], max(1, min(most, index.ntotal)))
    return np.asarray(found[0][found[0] >= 0])
