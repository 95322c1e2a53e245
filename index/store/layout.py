"""Where the passages of one state stand: in memory, so that very many are put in order without being read."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, select

from index.store.packed import Growing, columns, listed, places_of
from index.store.tables import article, chunk, passage

Numbers = NDArray[np.int64]


class Printed(NamedTuple):
    """What puts an article in its place: the newest first, the undated last; those of one date by name."""

    age: int
    name: str
    id: str
    key: int


@dataclass(frozen=True, eq=False)
class Layout:
    """
    The passages of one state, each at its place: by rising id, those that are gone left in theirs.

    It never changes; `patched` returns one of a later state, in which all keep their places.
    """

    ids: Growing[np.int64]
    articles: Growing[np.int64]  # the key of each passage's article
    numbers: Growing[np.int64]  # the ¶ number of each
    alive: NDArray[np.bool_]
    labels: Growing[np.int64]  # of all chunks, rising
    owners: Growing[np.int32]  # the place of each chunk's passage
    bare: Numbers  # the places of passages without a chunk
    order: Sequence[Printed]
    keys: Numbers  # of the articles, in the order

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """Read it out of the indices of the tables, never the texts."""
        ids, keys, numbers = _passages_from(connection, 0)
        labels, owned = _chunks_from(connection, 0)
        every = connection.execute(select(article.c.key, article.c.date, article.c.name, article.c.id))
        order = sorted(_printed(*row) for row in every)
        owners = np.searchsorted(ids, owned).astype(np.int32)
        bare = np.ones(len(ids), dtype=np.bool_)
        bare[owners] = False
        return cls(
            ids=Growing(ids),
            articles=Growing(keys),
            numbers=Growing(numbers),
            alive=np.ones(len(ids), dtype=np.bool_),
            labels=Growing(labels),
            owners=Growing(owners),
            bare=np.flatnonzero(bare),
            order=order,
            keys=np.fromiter((x.key for x in order), dtype=np.int64, count=len(order)),
        )

    def patched(self, connection: Connection, removed: Sequence[int]) -> Layout:
        """Return the layout that *connection* sees, in which the chunks *removed* are no more."""
        owners, bare = self._gone(connection, np.unique(np.asarray(removed, dtype=np.int64)))
        gone = np.concatenate([owners, bare])
        ids, keys, numbers = _passages_from(connection, self.last)
        labels, owned = _chunks_from(connection, _last(self.labels))
        known = self.ids.appended(ids)
        new = np.searchsorted(known.values, owned).astype(np.int32)
        alive = np.concatenate([self.alive, np.ones(len(ids), dtype=np.bool_)])
        alive[gone] = False
        without = np.setdiff1d(np.arange(len(self.ids), len(known)), new)
        order, in_order = self._reordered(connection, self.articles.values[gone], keys)
        return Layout(
            ids=known,
            articles=self.articles.appended(keys),
            numbers=self.numbers.appended(numbers),
            alive=alive,
            labels=self.labels.appended(labels),
            owners=self.owners.appended(new),
            bare=np.concatenate([np.setdiff1d(self.bare, bare), without]),
            order=order,
            keys=in_order,
        )

    def _gone(self, connection: Connection, removed: Numbers) -> tuple[Numbers, Numbers]:
        """Return the places of the passages of the chunks *removed*, and of those without one that went."""
        owners = self.owners.values[places_of(self.labels.values, removed)].astype(np.int64)
        if not len(self.bare):
            return owners, self.bare
        ids = self.ids.values[self.bare]
        there = select(passage.c.id).where(passage.c.id.in_(listed(ids.tolist())))
        return owners, self.bare[~np.isin(ids, list(connection.scalars(there)))]

    def _reordered(
        self, connection: Connection, gone: Numbers, new: Numbers
    ) -> tuple[Sequence[Printed], Numbers]:
        """Return the order of the articles without the keys *gone* and with *new*; some may be both."""
        left, come = np.unique(gone).tolist(), np.unique(new).tolist()
        if not left and not come:
            return self.order, self.keys
        order, keys = list(self.order), self.keys
        places = np.sort(self._ages[left])[::-1]
        for place in places.tolist():
            del order[place]
        keys = np.delete(keys, places)
        found = select(article.c.key, article.c.date, article.c.name, article.c.id)
        for row in connection.execute(found.where(article.c.key.in_(listed(come)))):
            place = bisect.bisect(order, printed := _printed(*row))
            order.insert(place, printed)
            keys = np.insert(keys, place, printed.key)
        return order, keys

    @cached_property
    def _ages(self) -> Numbers:
        """The place of each article in the order, by its key."""
        ages = np.zeros(int(self.keys.max(initial=-1)) + 1, dtype=np.int64)
        ages[self.keys] = np.arange(len(self.keys))
        return ages

    @property
    def last(self) -> int:
        """The highest id of a passage, 0 for none."""
        return _last(self.ids)

    @property
    def changes(self) -> int:
        """How many passages are no more."""
        return len(self.alive) - int(np.count_nonzero(self.alive))

    def places(self, passage_ids: Numbers) -> Numbers:
        """Return at which places these passages stand, which are all there."""
        return np.searchsorted(self.ids.values, passage_ids)

    def ranks(self, passage_ids: Numbers) -> Numbers:
        """Return keys that rise from the newest article's passages to the oldest one's, then as printed."""
        at = self.places(passage_ids)
        return self._ages[self.articles.values[at]] << 32 | self.numbers.values[at]

    def first(self, passage_ids: Numbers, k: int) -> Numbers:
        """Return up to *k* of these passages, of the newest article first."""
        return passage_ids[np.argsort(self.ranks(passage_ids), kind="stable")[:k]]

    def chunks_of(self, passage_ids: Numbers) -> Numbers:
        """Return the labels of all chunks of these passages, rising."""
        chosen = np.zeros(len(self.ids), dtype=np.bool_)
        chosen[self.places(passage_ids)] = True
        return self.labels.values[chosen[self.owners.values]]


def _last(numbers: Growing[np.int64]) -> int:
    return int(numbers.values[-1]) if len(numbers) else 0


def _printed(key: int, dated: date | None, name: str, id: str) -> Printed:
    return Printed(-dated.toordinal() if dated else 0, name, id, key)


def _passages_from(connection: Connection, last: int) -> list[Numbers]:
    """Return id, article and number of the passages with ids above *last*, by rising id."""
    query = select(passage.c.id, passage.c.article, passage.c.number)
    return _rising(connection, query.where(passage.c.id > last) if last else query)


def _chunks_from(connection: Connection, last: int) -> list[Numbers]:
    """Return label and passage of the chunks with labels above *last*, by rising label."""
    query = select(chunk.c.label, chunk.c.passage)  # all of them out of an index, some out of the table
    return _rising(connection, query.where(chunk.c.label > last) if last else query)


def _rising(connection: Connection, query: Select[Any]) -> list[Numbers]:
    found = columns(connection, query)
    order = np.argsort(found[0], kind="stable")
    return [column[order] for column in found]
