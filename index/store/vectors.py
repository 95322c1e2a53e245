"""The vectors of one state of the store: few are held as they are, many quantised, and compared exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.store.exact import Exact, Found
from index.store.packed import places_of
from index.store.quantised import SAMPLE, Labelled, Quantised, blocks
from index.store.stamp import Stamp

# Vectors: fewer are looked through in a millisecond or two as they are. Of all-MiniLM-L6-v2, they take 30 MB.
QUANTISED_FROM = 20_000
CANDIDATES, LEAST = 4, 256  # compared exactly, for each neighbour asked for, and in all
# Changes stand beside what is held until they are more than so many, and than one in so many, or very many.
FEW, SHARE, MANY = 512, 20, 8_192

Labels = Sequence[int] | NDArray[np.int64]
Sample = Callable[[int], NDArray[np.float32]]
Stored = Callable[[NDArray[np.int64]], NDArray[np.float32]]  # labels to their vectors in the database


def _none() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Vectors:
    """
    One state of the vectors. It never changes, so that any number of threads may search it.

    Most are *held* as they once were; what changed since then, *removed* and *added*, stands beside them,
    so that a change costs what it changes.
    """

    stamp: Stamp
    held: Exact | Quantised
    added: Exact
    removed: NDArray[np.int64] = field(default_factory=_none)

    @classmethod
    def of(cls, stamp: Stamp, count: int, labelled: Labelled, sample: Sample) -> Self:
        """
        Hold these *count* vectors, of rising labels.

        Args:
            sample: Gives some of them, from all over, at most as many as it is asked for.
        """
        none = Exact.empty(stamp.dimension)
        if count >= QUANTISED_FROM:
            return cls(stamp, Quantised.of(sample(SAMPLE), labelled), none)
        parts = [(none.labels, none.matrix), *labelled]
        labels, vectors = (np.concatenate(part) for part in zip(*parts, strict=True))
        return cls(stamp, Exact.of(labels, vectors, stamp.dimension), none)

    @classmethod
    def empty(cls, stamp: Stamp) -> Self:
        """Start with no vectors, at generation 0."""
        none = Exact.empty(stamp.dimension)
        return cls(stamp._replace(generation=0, token=""), none, none)

    def __len__(self) -> int:
        return len(self.held) + len(self.added) - len(self.removed)

    @property
    def changes(self) -> int:
        """How many vectors stand beside those that are held, or no longer count."""
        return len(self.added) + len(self.removed)

    def patched(
        self, stamp: Stamp, removed: Sequence[int], labels: Sequence[int], vectors: NDArray[np.float32]
    ) -> Vectors:
        """Return a copy moved on to *stamp*: without *removed*, and with *vectors* under *labels*."""
        gone, new = np.asarray(removed, dtype=np.int64), np.asarray(labels, dtype=np.int64)
        ours = self.held.labels[places_of(self.held.labels, np.unique(gone))]
        added = self.added.patched(gone, new, vectors)
        after = Vectors(stamp, self.held, added, np.union1d(self.removed, ours))
        most = min(max(FEW, len(self.held) // SHARE), MANY)
        return after.settled() if after.changes > most else after

    def settled(self) -> Vectors:
        """Return the same with all changes worked in."""
        if not self.changes:
            return self
        held = self.held.patched(self.removed, self.added.labels, self.added.matrix)
        if isinstance(held, Exact) and len(held) >= QUANTISED_FROM:
            labels, matrix = held.labels, held.matrix
            labelled = blocks(labels, matrix)
            return self.of(self.stamp, len(held), labelled, lambda most: matrix[:: -(-len(labels) // most)])
        return Vectors(self.stamp, held, Exact.empty(self.stamp.dimension))

    def warm(self) -> None:
        """Make now what the first search would wait for."""
        if isinstance(self.held, Quantised):
            self.held.warm()

    def nearest(
        self, query: NDArray[np.float32], k: int, stored: Stored, labels: Labels | None = None
    ) -> Found:
        """
        Return up to *k* (label, cosine) of the vectors nearest to *query*, best first.

        Args:
            query: Of shape (d,) and unit length.

            stored: Gives the vectors of candidates, with which the query is compared exactly.

            labels: Those to look among, rising if they are an array; None for all.
        """
        among = np.unique(labels) if isinstance(labels, Sequence) else labels
        if isinstance(self.held, Exact):
            nearest = self.held.nearest(query, k + len(self.removed), among)
            gone = set(self.removed.tolist())
            found = [one for one in nearest if one[0] not in gone]
        else:
            most = max(CANDIDATES * k, LEAST)
            near = self.held.candidates(query, most + len(self.removed), among)
            near = near[~np.isin(near, self.removed)][:most]
            found = list(zip(near.tolist(), (stored(near) @ query).tolist(), strict=True))
        found += self.added.nearest(query, k, among)
        return sorted(found, key=lambda one: (-one[1], one[0]))[:k]

    @property
    def as_they_are(self) -> bool:
        """Whether all are in memory, and none as a code."""
        return isinstance(self.held, Exact)

    def cosines(self, query: NDArray[np.float32], labels: Sequence[int]) -> NDArray[np.float32]:
        """Return the cosine to *query* of each of *labels*, which are there, where all are `as_they_are`."""
        assert isinstance(self.held, Exact)
        wanted = np.asarray(labels, dtype=np.int64)
        new = np.isin(wanted, self.added.labels)
        found = np.zeros(len(wanted), np.float32)
        found[new] = self.added.vectors(wanted[new]) @ query
        found[~new] = self.held.vectors(wanted[~new]) @ query
        return found
