"""Which passages hold a word, and how often, in memory: a question scores them all in a millisecond."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import closing
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

TOKENIZER = "porter unicode61 remove_diacritics 2"
K1, B, LEAST_FREQUENCY = 1.2, 0.75, 1e-6  # of FTS5's BM25
KEPT_BYTES = 64 * 2**20  # of postings: all those of 100,000 passages take about half
KEPT_TERMS = 20_000

# A row for each place where a term stands; made for one connection, and kept nowhere.
PLACES = text("create virtual table if not exists temp.place using fts5vocab(main, full_text, instance)")
# As one text: a row for each of ten thousand places would take longer than finding them.
HOLDING = text("select group_concat(doc) from temp.place where term = :term")
STANDING = text("""
select group_concat((doc << 32) + ((col = 'text') << 31) + offset) from temp.place where term = :term
""")
LENGTHS = text("select group_concat(id), group_concat(hex(sz), '') from full_text_docsize")

Terms = tuple[str, ...]


class Posting(NamedTuple):
    """The passages that hold a word, by their places in `Postings.ids`, and how often each does."""

    places: NDArray[np.int32]
    counts: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return self.places.nbytes + self.counts.nbytes


class Postings:
    """The words of one state of the full text: each is read when it is first asked for, and then kept."""

    def __init__(self, connection: Connection) -> None:
        """Read how long the passages are in the state that *connection* sees."""
        self.ids, lengths = _lengths(connection)
        average = lengths.sum() / max(1, len(lengths))
        self._norms: NDArray[np.float64] = K1 * (1 - B + B * lengths / max(average, LEAST_FREQUENCY))
        self._kept: OrderedDict[Terms, Posting] = OrderedDict()
        self._bytes = 0
        self._turn = threading.Lock()

    def scores(self, connection: Connection, words: Iterable[Terms]) -> NDArray[np.float64]:
        """
        Return the BM25 of each passage for *words*, in the order of `ids`; 0 where it holds none.

        Args:
            connection: Sees the state that these are the postings of.

            words: The terms of each, which stand in a row; none of what is no word.

        Source:
            SQLite, "The bm25() function"; it is added and multiplied in the same order, so that both agree.
        """
        scores = np.zeros(len(self.ids))
        for terms in words:
            places, counts = self._posting(connection, terms)
            frequency = log((len(scores) - len(places) + 0.5) / (len(places) + 0.5))
            often = counts.astype(np.float64)
            scores[places] += max(frequency, LEAST_FREQUENCY) * (
                often * (K1 + 1) / (often + self._norms[places])
            )
        return scores

    def _posting(self, connection: Connection, terms: Terms) -> Posting:
        with self._turn:
            found = self._kept.get(terms)
            if found is not None:
                self._kept.move_to_end(terms)
                return found
        found = self._read(connection, terms)
        with self._turn:
            if terms not in self._kept:
                self._kept[terms] = found
                self._bytes += found.nbytes
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return found

    def _read(self, connection: Connection, terms: Terms) -> Posting:
        connection.execute(PLACES)
        ids, counts = np.unique(_holding(connection, terms), return_counts=True)
        return Posting(np.searchsorted(self.ids, ids).astype(np.int32), counts.astype(np.int32))


def _holding(connection: Connection, terms: Terms) -> NDArray[np.int64]:
    """Return the id of the passage for each place where *terms* stand in a row."""
    if len(terms) == 1:
        return as_numbers(connection.execute(HOLDING, {"term": terms[0]}).scalar_one())
    starts: NDArray[np.int64] | None = None
    for i, term in enumerate(terms):
        begun = as_numbers(connection.execute(STANDING, {"term": term}).scalar_one()) - i
        starts = begun if starts is None else np.intersect1d(starts, begun)
    return np.zeros(0, dtype=np.int64) if starts is None else starts >> 32


class Tokenizer:
    """What FTS5 makes of words: asked of itself, and remembered."""

    def __init__(self) -> None:
        self._known: dict[str, Terms] = {}

    def terms(self, words: Sequence[str]) -> list[Terms]:
        """Return the terms of each of *words*: one as a rule, two of “u.s.”, none of a dash."""
        known = self._known
        if any(w not in known for w in words):
            if len(known) > KEPT_TERMS:
                known = self._known = {}
            known.update(_tokenized(words))
        return [known[w] for w in words]


def _tokenized(words: Sequence[str]) -> dict[str, Terms]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"create virtual table word using fts5(text, tokenize = '{TOKENIZER}')")
        connection.execute("create virtual table place using fts5vocab(word, instance)")
        connection.executemany("insert into word (rowid, text) values (?, ?)", enumerate(words))
        found: list[list[str]] = [[] for _ in words]
        for doc, term in connection.execute("select doc, term from place order by doc, offset"):
            found[doc].append(term)
    return {word: tuple(terms) for word, terms in zip(words, found, strict=True)}


def _lengths(connection: Connection) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """
    Return the ids of all passages, rising, and how many words each holds, its heading counted.

    Source:
        SQLite, "FTS5 data structures": a docsize is a varint for each column, of seven bits in a byte, the
        high ones first; the last byte of each is below 128.
    """
    ids, sizes = connection.execute(LENGTHS).one()
    octets = np.frombuffer(bytes.fromhex(sizes or ""), dtype=np.uint8).astype(np.int64)
    ends = np.flatnonzero(octets < 128)
    starts = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
    exponents = np.repeat(ends, ends - starts + 1) - np.arange(len(octets))
    values = np.add.reduceat((octets & 127) << 7 * exponents, starts) if ends.size else octets
    known = as_numbers(ids)
    lengths = values.reshape(len(known), -1).sum(axis=1).astype(np.float64) if known.size else np.zeros(0)
    rising = np.argsort(known)
    return known[rising], lengths[rising]


def as_numbers(listed: str | None) -> NDArray[np.int64]:
    """Read what SQLite's group_concat wrote of whole numbers."""
    return np.fromstring(listed or "", dtype=np.int64, sep=",")
