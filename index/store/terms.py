"""What FTS5 makes of words: asked of itself, in memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np
from numpy.typing import NDArray

TOKENIZER = "porter unicode61 remove_diacritics 2"
KEPT_TERMS = 20_000

Terms = tuple[str, ...]

_turn = threading.Lock()


class Tokenizer:
    """Words to terms, remembered."""

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
    found: list[list[str]] = [[] for _ in words]
    for doc, term, _ in _instances((i, word, "") for i, word in enumerate(words)):
        found[doc].append(term)
    return {word: tuple(terms) for word, terms in zip(words, found, strict=True)}


def read_terms(written: Iterable[Sequence[object]]) -> dict[str, NDArray[np.int64]]:
    """
    Return where each term stands in passages, *written* as (id, text, heading).

    A place is the passage's id, whether it is in the text, and how many terms stand before it there: in 32
    bits, one, and 31.
    """
    found: dict[str, list[int]] = {}
    for doc, term, place in _instances(written):
        found.setdefault(term, []).append((doc << 32) + place)
    return {term: np.asarray(places, dtype=np.int64) for term, places in found.items()}


def matching(written: Sequence[Sequence[object]], match: str) -> NDArray[np.int64]:
    """Return the ids, rising, of the passages, *written* as (id, text, heading), that *match* finds."""
    if not written:
        return np.zeros(0, dtype=np.int64)
    with _full_text(written) as connection:
        found = connection.execute("select rowid from full_text where full_text match ? order by 1", [match])
        return np.asarray([id for (id,) in found], dtype=np.int64)


def _instances(written: Iterable[Sequence[object]]) -> list[tuple[int, str, int]]:
    """Return (id, term, place) in the order in which they stand."""
    with _full_text(written) as connection:
        standing = "select doc, term, ((col = 'text') << 31) + offset from place order by doc, col, offset"
        return connection.execute(standing).fetchall()


@contextmanager
def _full_text(written: Iterable[Sequence[object]]) -> Iterator[sqlite3.Connection]:
    """Give a full text in memory that holds what is *written*, and nothing else."""
    with _turn:
        connection = _empty()
        connection.execute("begin")
        try:
            connection.executemany("insert into full_text (rowid, text, section) values (?, ?, ?)", written)
            yield connection
        finally:
            connection.execute("rollback")


@cache
def _empty() -> sqlite3.Connection:
    """Return the one that holds nothing between its uses: to make it takes ten times as long as to ask it."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute(f"create virtual table full_text using fts5(text, section, tokenize = '{TOKENIZER}')")
    connection.execute("create virtual table place using fts5vocab(full_text, instance)")
    return connection
