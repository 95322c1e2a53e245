"""The vectors in memory and their FAISS file: stamped with the state they come from, never half-written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

import faiss
import numpy as np
from numpy.typing import NDArray

Labels = Sequence[int] | NDArray[np.int64]
FORMAT = 1
DIGEST = hashlib.sha256().digest_size
COARSE_FROM = 60_000  # vectors: fewer are looked through in a millisecond or two as they are
BLOCK = 4_096  # vectors looked at together: some megabytes, which stay near the processor
AT_ONCE = 2**20  # bytes read together
CANDIDATES = (16, 128)  # for each neighbour asked for: how many are tried, first and again


class Stamp(NamedTuple):
    """
    Which state of which store some vectors were taken from.

    *token* is drawn anew with each generation: a store that was put back from a copy and then went on has
    the same generations but not the same tokens.
    """

    generation: int
    token: str
    model: str
    dimension: int


class Coarse:
    """
    The same vectors with a byte for each number: a quarter to look through, and not quite exact.

    *error* is the length of the longest difference between a vector and what stands for it: no score of a
    query of unit length is further from the exact one (Cauchy and Schwarz).
    """

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        dimension = vectors.shape[1]
        largest = max(float(vectors.max()), -float(vectors.min()))
        self.step, self.error = largest / 127, 0.0
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed  # whole numbers from -128 to 127
        self._index: Any = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
        self._add(vectors)

    def patched(self, removed: NDArray[np.int64], added: NDArray[np.float32]) -> Coarse | None:
        """Return a copy without the positions *removed*, and with *added*; None if a byte is too small."""
        if added.size and float(np.abs(added).max()) > 127 * self.step:
            return None
        copy = Coarse.__new__(Coarse)
        copy.step, copy.error, copy._index = self.step, self.error, faiss.clone_index(self._index)
        if removed.size:
            copy._index.remove_ids(faiss.IDSelectorBatch(removed))
        copy._add(added)
        return copy

    def _add(self, vectors: NDArray[np.float32]) -> None:
        for i in range(0, len(vectors), BLOCK):
            block = vectors[i : i + BLOCK]
            whole = block / self.step
            np.rint(whole, out=whole)
            self._index.add(whole)
            whole *= self.step
            whole -= block
            off = float(np.sqrt(np.einsum("ij,ij->i", whole, whole).max()))
            self.error = max(self.error, off + 1e-5)  # rounding of the sums

    def among_the_best(self, query: NDArray[np.float32], most: int) -> tuple[NDArray[np.int64], float]:
        """Return *most* positions, and the most that any other's exact score can be."""
        # FAISS rounds the query, too, where it has a faster way for whole numbers; so it gets whole ones.
        step = float(np.abs(query).max()) / 127
        whole = np.rint(query / step)
        off = float(np.linalg.norm(whole * step - query))
        scores, found = self._index.search(whole[np.newaxis], most)
        bound = float(scores[0, -1]) * self.step * step + self.error + off * (1 + self.error)
        return found[0], bound


@dataclass(frozen=True, eq=False)
class Vectors:
    """One state of the vectors. It never changes, so that any number of threads may search it."""

    stamp: Stamp
    faiss_index: Any

    @classmethod
    def empty(cls, stamp: Stamp) -> Self:
        """Start with no vectors, at generation 0."""
        flat = faiss.IndexFlatIP(stamp.dimension)
        return cls(stamp._replace(generation=0, token=""), faiss.IndexIDMap(flat))

    def patched(
        self, stamp: Stamp, removed: Sequence[int], labels: Sequence[int], vectors: NDArray[np.float32]
    ) -> Vectors:
        """
        Return a copy that has moved on to *stamp*: without *removed*, and with *vectors* under *labels*.

        Labels only ever grow and removal keeps the order, so that a patched copy and one that is built anew
        are the same, ties included.
        """
        copy = faiss.clone_index(self.faiss_index)
        if removed:
            copy.remove_ids(faiss.IDSelectorBatch(np.asarray(removed, dtype=np.int64)))
        if labels:
            copy.add_with_ids(vectors, np.asarray(labels, dtype=np.int64))
        after = Vectors(stamp, copy)
        if coarse := self.__dict__.get("_coarse"):  # made at the first search; to make it anew takes longer
            gone = np.flatnonzero(np.isin(self._labels, np.asarray(removed, dtype=np.int64)))
            if copied := coarse.patched(gone, vectors):
                after.__dict__["_coarse"] = copied
        return after

    def warm(self) -> None:
        """Make now what the first search would wait for."""
        _ = self._labels, self._coarse

    def nearest(
        self, query: NDArray[np.float32], k: int, labels: Labels | None = None
    ) -> list[tuple[int, float]]:
        """
        Return up to *k* (label, cosine) of the vectors nearest to *query*, shape (d,) and unit length.

        Source:
            Inner product of unit vectors is cosine similarity: FAISS wiki, "MetricType and distances".
            A missing neighbour has label -1.
        """
        k = min(k, self.faiss_index.ntotal)  # FAISS makes room for k, whatever there is to find
        if k == 0:
            return []
        # One query is no work for several threads, which only wait for each other on a busy machine.
        faiss.omp_set_num_threads(1)
        if labels is not None:
            return self._exact(query, k, self._places(labels))
        return self._by_candidates(query, k) or self._exact(query, k, None)

    def _by_candidates(self, query: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """Return what an exact search finds, where few vectors are proved to hold it; else nothing."""
        if self._coarse is None:
            return []
        ids = self._labels
        for share in CANDIDATES:
            most = min(share * k, len(ids))
            positions, bound = self._coarse.among_the_best(query, most)
            found = self._exact(query, k, positions)
            if most == len(ids) or found[-1][1] > bound:
                return found
        return []

    def _exact(
        self, query: NDArray[np.float32], k: int, among: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """Compare *query* with the vectors at the positions *among*, each once, or with all."""
        only = None
        if among is not None:
            # Other selectors are asked about every vector there is; an array names those to look at.
            only = faiss.SearchParameters(sel=faiss.IDSelectorArray(among))  # type: ignore[call-arg]
        scores, found = self._flat.search(query[np.newaxis], k, params=only)
        there = found[0] >= 0
        return list(zip(self._labels[found[0][there]].tolist(), scores[0][there].tolist(), strict=True))

    def of(self, labels: Labels) -> NDArray[np.float32]:
        """Return the vectors of *labels*, which are all there, shape (n, d)."""
        return self._matrix[np.searchsorted(self._labels, np.asarray(labels, dtype=np.int64))]

    def _places(self, labels: Labels) -> NDArray[np.int64]:
        """Return at which positions those of *labels* are that are there."""
        return np.flatnonzero(np.isin(self._labels, np.asarray(labels, dtype=np.int64)))

    @cached_property
    def _coarse(self) -> Coarse | None:
        return Coarse(self._matrix) if self.faiss_index.ntotal >= COARSE_FROM else None

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        n, d = self.faiss_index.ntotal, self.stamp.dimension
        return np.asarray(faiss.rev_swig_ptr(self._flat.get_xb(), n * d), dtype=np.float32).reshape(n, d)

    @cached_property
    def _flat(self) -> Any:
        return faiss.downcast_index(self.faiss_index.index)

    @cached_property
    def _labels(self) -> NDArray[np.int64]:
        return np.asarray(faiss.vector_to_array(self.faiss_index.id_map), dtype=np.int64)

    def save(self, path: Path) -> None:
        """
        Write the file in one step: whoever opens *path* finds the old one whole or the new one whole.

        Raises:
            OSError: If there is no room, or no permission; the old file is then still there.
        """
        header = json.dumps({"format": FORMAT, **self.stamp._asdict()}).encode() + b"\n"
        body = faiss.serialize_index(self.faiss_index).data
        digest = hashlib.sha256(header)
        digest.update(body)
        new = path.with_name(path.name + ".new")
        try:
            _write(new, digest.digest(), header, body)
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read the file, or return None when it is missing, damaged, or written by another version."""
        try:
            with path.open("rb") as file:
                if not _is_whole(file):
                    return None
                header = json.loads(file.readline())
                if header.pop("format") != FORMAT:
                    return None
                # Part by part, so that it is not held in memory twice; the stub lacks the reader.
                reader = faiss.PyCallbackIOReader(file.read, AT_ONCE)  # type: ignore[attr-defined]
                return cls(Stamp(**header), faiss.read_index(reader))
        except OSError:
            return None


def _is_whole(file: BinaryIO) -> bool:
    """Tell whether what follows the digest at the start of *file* has it, and leave off behind the digest."""
    digest = hashlib.sha256()
    expected = file.read(DIGEST)
    while part := file.read(AT_ONCE):
        digest.update(part)
    file.seek(DIGEST)
    return digest.digest() == expected


def _write(path: Path, *parts: bytes | memoryview) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut; Windows neither needs nor allows it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
