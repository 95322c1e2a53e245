"""
Vectors with a byte for each number, a quarter of their size: for columns too large to hold them as they are.

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

BLOCK = 4_096  # vectors looked at together: some megabytes, which stay near the processor
CANDIDATES, LEAST = 4, 256  # for each neighbour asked for, and in all: rounding moves none so far down
BITS_FROM = 600_000  # vectors: more are first looked through by the signs of their numbers alone
BY_BITS = 32  # times as many candidates as are wanted: signs tell less than bytes

Labelled = Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]]


@dataclass(frozen=True, eq=False)
class Quantised:
    """
    Vectors under rising *labels*, rounded to whole multiples of *step*. It never changes.

    The index may lie in a file that is mapped into memory; *memory* keeps it there.
    """

    labels: NDArray[np.int64]
    index: Any
    step: float
    memory: Any = None

    @classmethod
    def of(cls, blocks: Labelled, dimension: int) -> Quantised:
        """Hold the vectors of *blocks*, each with its labels; the largest number of the first sets *step*."""
        index, labels, step = _scalars(dimension), [np.zeros(0, np.int64)], 0.0
        for some, vectors in blocks:
            step = step or float(np.abs(vectors).max(initial=0.0)) / 127
            index.add(_whole(vectors, step))
            labels.append(some)
        return cls(np.concatenate(labels), index, step)

    def __len__(self) -> int:
        return len(self.labels)

    def patched(
        self, removed: NDArray[np.int64], labels: NDArray[np.int64], vectors: NDArray[np.float32]
    ) -> Quantised:
        """Return a copy without *removed*, and with *vectors* under *labels*: as long as all of it takes."""
        copy, kept = _scalars(self.index.d), ~np.isin(self.labels, removed)
        for i in range(0, len(self), BLOCK):
            copy.add_sa_codes(self._codes[i : i + BLOCK][kept[i : i + BLOCK]])
        if len(vectors):
            copy.add(_whole(vectors, self.step))
        return Quantised(np.concatenate([self.labels[kept], labels]), copy, self.step)

    def candidates(
        self, query: NDArray[np.float32], k: int, removed: int, labels: NDArray[np.int64] | None
    ) -> NDArray[np.int64]:
        """
        Return the labels of enough vectors to hold the *k* nearest to *query*, in no order.

        Args:
            removed: How many of all will be left out of what is returned.

            labels: Those to look among, rising; None for all.
        """
        faiss.omp_set_num_threads(1)  # see `Exact.nearest`
        most = min(max(CANDIDATES * k, LEAST) + removed, len(self))
        only = None
        if labels is not None:
            among = self._places(labels)
            if len(among) <= most:
                return self.labels[among]
            mask = np.zeros(len(self), dtype=np.bool_)
            mask[among] = True
            selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))  # type: ignore[call-arg, arg-type]
            only = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        # FAISS rounds the query, too, where it has a faster way for whole numbers; so it gets whole ones.
        whole = np.rint(query / (float(np.abs(query).max()) / 127))
        if self._bits is None:
            _, found = self.index.search(whole[np.newaxis], most, params=only)
            return np.asarray(self.labels[found[0][found[0] >= 0]])
        signs = np.packbits(whole >= 0)[np.newaxis]
        _, found = self._bits.search(signs, min(BY_BITS * most, len(self)), params=only)
        near = found[0][found[0] >= 0]
        if len(near) > most:
            scores = self._codes[near].astype(np.float32) @ whole - 128 * whole.sum()
            near = near[np.argpartition(-scores, most)[:most]]
        return np.asarray(self.labels[near])

    def warm(self) -> None:
        """Make now what the first search would wait for."""
        _ = self._bits

    def _places(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return at which places those of the rising *labels* are that are there."""
        places = np.searchsorted(self.labels, labels)
        there = places < len(self)
        places = places[there]
        return np.asarray(places[self.labels[places] == labels[there]])

    @cached_property
    def _bits(self) -> Any:
        """The signs of all numbers, where they are needed: an eighth of the bytes."""
        if len(self) < BITS_FROM:
            return None
        bits = faiss.IndexBinaryFlat(-(-self.index.d // 8) * 8)
        for i in range(0, len(self), BLOCK):
            bits.add(np.packbits(self._codes[i : i + BLOCK] >= 128, axis=1))
        return bits

    @cached_property
    def _codes(self) -> NDArray[np.uint8]:
        """The rounded numbers, each with 128 added, shape (n, d)."""
        n, d = len(self), self.index.d
        return np.asarray(faiss.rev_swig_ptr(self.index.codes.data(), n * d), dtype=np.uint8).reshape(n, d)


def blocks(labels: NDArray[np.int64], vectors: NDArray[np.float32]) -> Iterator[tuple[Any, Any]]:
    """Yield *vectors* with their *labels*, some at a time."""
    for i in range(0, len(labels), BLOCK):
        yield labels[i : i + BLOCK], vectors[i : i + BLOCK]


def _scalars(dimension: int) -> Any:
    kind = faiss.ScalarQuantizer.QT_8bit_direct_signed  # whole numbers from -128 to 127
    return faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)


def _whole(vectors: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    whole = vectors / np.float32(step)
    np.rint(whole, out=whole)
    return np.clip(whole, -128, 127, out=whole)  # the largest number of all may come later than the step
