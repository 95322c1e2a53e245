"""Which passages hold a word, and how often, in memory: a question scores them all in a millisecond."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from index.store.driver import driver
from index.store.layout import Layout
from index.store.packed import Growing, as_numbers, places_of
from index.store.terms import Terms, read_terms

K1, B, LEAST_FREQUENCY = 1.2, 0.75, 1e-6  # of FTS5's BM25
KEPT_BYTES = 96 * 2**20  # of postings: all those of 100,000 passages take about a quarter

# A row for each place where a term stands; made for one connection, and kept nowhere.
PLACES = "create virtual table if not exists temp.place using fts5vocab(main, full_text, instance)"
# As one text: a row for each of ten thousand places would take longer than finding them.
HOLDING = "select group_concat(doc) from temp.place where term = :term"
STANDING = """
select group_concat((doc << 32) + ((col = 'text') << 31) + offset) from temp.place where term = :term
"""
LENGTHS = text("select group_concat(id), group_concat(hex(sz), '') from full_text_docsize")
NEWER = text("""
select group_concat(id), group_concat(hex(sz), '') from full_text_docsize where id > :last
""")
WRITTEN = text("select id, c0, c1 from full_text_content where id > :last order by id")

Numbers = NDArray[np.int64]
Standing = Mapping[str, Numbers]  # where each term stands, packed as STANDING does

_NOWHERE = np.zeros(0, dtype=np.int64)


class Posting(NamedTuple):
    """The passages that hold a word, by their places in a `Layout`, and how often each does."""

    places: NDArray[np.int32]
    counts: NDArray[np.uint8]  # of one passage's words; one in 255 is as good as one in more

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return self.places.nbytes + self.counts.nbytes


class Kept:
    """
    Postings that were read, for as long as there is room: those of the passages before *places*.

    Each bears the generation that it was read at. A later state has the same but for what is gone; an
    earlier one may have more.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._known: OrderedDict[Terms, tuple[Posting, int]] = OrderedDict()
        self._bytes = 0
        self._turn = threading.Lock()

    def get(self, terms: Terms, generation: int) -> Posting | None:
        """Return the posting of *terms* where it serves the state *generation*."""
        with self._turn:
            found = self._known.get(terms)
            if found is None or found[1] > generation:
                return None
            self._known.move_to_end(terms)
            return found[0]

    def put(self, terms: Terms, generation: int, posting: Posting) -> None:
        """Keep the posting of *terms* as it is read in the state *generation*."""
        before = int(np.searchsorted(posting.places, self.places))
        kept = Posting(posting.places[:before], posting.counts[:before])
        with self._turn:
            if terms not in self._known:
                self._known[terms] = kept, generation
                self._bytes += kept.nbytes
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._known.popitem(last=False)[1][0].nbytes


class Postings:
    """The words of one state of the full text: each is read when it is first asked for, and then kept."""

    def __init__(
        self,
        generation: int,
        layout: Layout,
        lengths: Growing[np.float64],
        total: float,
        kept: Kept,
        newer: Sequence[Standing] = (),
    ) -> None:
        """
        Args:
            lengths: How many words each passage holds, its heading counted, by place.

            total: The sum of the lengths of all passages that are not gone.

            newer: Where terms stand in the passages that *kept* does not know.
        """
        self._generation, self._layout, self._lengths, self._total = generation, layout, lengths, total
        self._kept, self._newer = kept, newer
        self._count = int(np.count_nonzero(layout.alive))
        self._all_alive = self._count == len(layout.alive)
        self._average = max(total / max(1, self._count), LEAST_FREQUENCY)

    @classmethod
    def read(cls, connection: Connection, generation: int, layout: Layout) -> Postings:
        """Read how long the passages are in the state that *connection* sees."""
        ids, lengths = _lengths(*connection.execute(LENGTHS).one())
        by_place = np.zeros(len(layout.ids))
        by_place[layout.places(ids)] = lengths
        return cls(generation, layout, Growing(by_place), float(lengths.sum()), Kept(len(layout.ids)))

    def patched(self, connection: Connection, generation: int, layout: Layout) -> Postings:
        """Return those of a later state, with this *layout*: only what is new in it is read."""
        before = len(self._layout.ids)
        last = self._layout.last
        ids, lengths = _lengths(*connection.execute(NEWER, {"last": last}).one())
        by_place = np.zeros(len(layout.ids) - before)
        by_place[layout.places(ids) - before] = lengths
        went = np.flatnonzero(self._layout.alive & ~layout.alive[:before])
        total = self._total + float(lengths.sum()) - float(self._lengths.values[went].sum())
        written = [tuple(row) for row in connection.execute(WRITTEN, {"last": last})]
        newer = _merged([*self._newer, read_terms(written)])
        return Postings(generation, layout, self._lengths.appended(by_place), total, self._kept, newer)

    def scores(self, connection: Connection, words: Iterable[Terms]) -> NDArray[np.float64]:
        """
        Return the BM25 of each passage for *words*, by place; 0 where it holds none.

        Args:
            connection: Sees the state that these are the postings of.

            words: The terms of each, which stand in a row; none of what is no word.

        Source:
            SQLite, "The bm25() function"; it is added and multiplied in the same order, so that both agree.
        """
        scores = np.zeros(len(self._lengths))
        for terms in words:
            places, counts = self._posting(connection, terms)
            frequency = log((self._count - len(places) + 0.5) / (len(places) + 0.5))
            often = counts.astype(np.float64)
            norms = K1 * (1 - B + B * self._lengths.values[places] / self._average)
            scores[places] += max(frequency, LEAST_FREQUENCY) * (often * (K1 + 1) / (often + norms))
        return scores

    def holding(self, connection: Connection, words: Iterable[Terms]) -> NDArray[np.int32]:
        """Return the places of the passages that hold all of *words*, rising; *connection* as in `scores`."""
        held = sorted((self._posting(connection, terms).places for terms in words), key=len)
        found = held[0] if held else np.zeros(0, np.int32)
        for places in held[1:]:
            found = places[places_of(places, found)]
        return found

    def frequency(self, terms: Terms) -> int | None:
        """Return how many passages hold *terms* in a row, None where it would have to be read."""
        known = self._known(terms)
        return None if known is None else len(known.places)

    def _posting(self, connection: Connection, terms: Terms) -> Posting:
        if (known := self._known(terms)) is not None:
            return known
        found = self._at_places(_holding([_standing(connection, term, len(terms)) for term in terms]))
        self._kept.put(terms, self._generation, found)
        return found

    def _known(self, terms: Terms) -> Posting | None:
        """Return the posting of *terms* out of what is kept: without what is gone, and with what is newer."""
        kept = self._kept.get(terms, self._generation)
        if kept is None:
            return None
        if not self._all_alive:
            there = self._layout.alive[kept.places]
            kept = Posting(kept.places[there], kept.counts[there])
        standing = [
            np.concatenate([_NOWHERE, *(n[term] for n in self._newer if term in n)]) for term in terms
        ]
        if not all(len(places) for places in standing):
            return kept
        new = self._at_places(_holding([x if len(terms) > 1 else x >> 32 for x in standing]))
        return Posting(np.concatenate([kept.places, new.places]), np.concatenate([kept.counts, new.counts]))

    def _at_places(self, holding: Numbers) -> Posting:
        ids, counts = np.unique(holding, return_counts=True)
        places = self._layout.places(ids)
        there = self._layout.alive[places]
        return Posting(places[there].astype(np.int32), np.minimum(counts[there], 255).astype(np.uint8))


def _merged(newer: Sequence[Standing]) -> Sequence[Standing]:
    """Return the same as few: each has more terms than all behind it, so that most stay as they are."""
    *before, last = newer
    while before and len(before[-1]) <= 2 * len(last):
        one = before.pop()
        last = {
            term: np.concatenate([some[term] for some in (one, last) if term in some])
            for term in one.keys() | last.keys()
        }
    return [*before, last]


def _standing(connection: Connection, term: str, of: int) -> Numbers:
    """Return the passage of each place where *term* stands, or of a term in a row *of* several, the place."""
    driver(connection).execute(PLACES)
    query = HOLDING if of == 1 else STANDING
    ((found,),) = driver(connection).execute(query, {"term": term})
    return as_numbers(found)


def _holding(standing: Sequence[Numbers]) -> Numbers:
    """Return the id of the passage for each place where terms that stand so stand in a row."""
    if len(standing) == 1:
        return standing[0]
    starts = standing[0]
    for i, places in enumerate(standing):
        starts = np.intersect1d(starts, places - i)
    return starts >> 32


def _lengths(ids: str | None, sizes: str | None) -> tuple[Numbers, NDArray[np.float64]]:
    """
    Return the *ids* of passages, and how many words each holds, its heading counted.

    Source:
        SQLite, "FTS5 data structures": a docsize is a varint for each column, of seven bits in a byte, the
        high ones first; the last byte of each is below 128.
    """
    octets = np.frombuffer(bytes.fromhex(sizes or ""), dtype=np.uint8).astype(np.int64)
    ends = np.flatnonzero(octets < 128)
    starts = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
    exponents = np.repeat(ends, ends - starts + 1) - np.arange(len(octets))
    values = np.add.reduceat((octets & 127) << 7 * exponents, starts) if ends.size else octets
    known = as_numbers(ids)
    lengths = values.reshape(len(known), -1).sum(axis=1).astype(np.float64) if known.size else np.zeros(0)
    return known, lengths
