"""Articles on their way into the store: one batch is encoded while the next one is read and attributed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index.passage import Article, Passage
from index.segment import Span
from index.store import Chunk, Made

SLICE = 64  # texts that are encoded at a stretch: after each, a sync may show how far it is, or be ended


class EncodesDocuments(Protocol):
    """What a sync needs of an embedder. *length* is asked for while another thread encodes."""

    @property
    def limit(self) -> int:
        """The most tokens that the model reads."""
        ...

    @property
    def maker(self) -> str:
        """What makes the vectors, by name."""
        ...

    def length(self, text: str) -> int:
        """Return the number of the model's tokens in *text*."""
        ...

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of *texts*, shape (n, d)."""
        ...


@dataclass(frozen=True, slots=True)
class Pending:
    """An article that is to be written: its fingerprint, and the spans that become its chunks."""

    article: Article
    fingerprint: str
    spans: list[tuple[Passage, Span]]

    @property
    def texts(self) -> list[str]:
        """The text of each span."""
        return [p.text[s.start : s.end] for p, s in self.spans]

    def chunks(self, made: Mapping[str, Made]) -> list[Chunk]:
        """Return its chunks, with the vectors that were *made* of their texts."""
        found = [made[text] for text in self.texts]
        return [
            Chunk(number=p.number, start=s.start, end=s.end, vector=m.vector, maker=m.maker)
            for (p, s), m in zip(self.spans, found, strict=True)
        ]


@dataclass(slots=True)
class Batch:
    """
    Articles that wait for their vectors.

    *made* are those that are there, *new* are the texts that are being encoded, a slice for each of *slices*;
    *before* are the texts that the batch before this one encodes.
    """

    pending: list[Pending]
    made: dict[str, Made]
    before: set[str]
    new: list[str] = field(default_factory=list)
    slices: list[Future[list[Made]]] = field(default_factory=list)

    def finish(self) -> Iterator[int]:
        """
        Wait until all vectors are there; yield how many more there are, slice by slice.

        Raises:
            Exception: Whatever the embedder raised.
        """
        done = 0
        for encoded in self.slices:
            some = encoded.result()
            self.made.update(zip(self.new[done : done + len(some)], some, strict=True))
            done += len(some)
            yield len(some)

    def hand_on(self, later: Batch) -> None:
        """Give *later* the vectors that it counts on."""
        later.made.update((text, self.made[text]) for text in later.before)


class Encoding:
    """
    A thread that encodes one batch after the other, while its owner gathers and writes others.

    What is not yet encoded when the block ends stays so; an embedding under way is waited for.
    """

    def __init__(self, embedder: EncodesDocuments) -> None:
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(1, "encoding")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def begin(self, batch: Batch) -> None:
        """Have encoded what of *batch* is in no vector yet."""
        texts = dict.fromkeys(t for p in batch.pending for t in p.texts)
        # Texts of like length share a slice, so that little of it is padding.
        batch.new = sorted((t for t in texts if t not in batch.made and t not in batch.before), key=len)
        for start in range(0, len(batch.new), SLICE):
            batch.slices.append(self._thread.submit(self._encode, batch.new[start : start + SLICE]))

    def _encode(self, texts: Sequence[str]) -> list[Made]:
        maker = self._embedder.maker
        return [Made(vector, maker) for vector in self._embedder.encode_document(texts)]
