"""Where the passages of one state stand: in memory, so that very many are put in order without being read."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, select

from index.store.packed import columns, listed
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

    ids: Numbers
    articles: Numbers  # the key of each passage's article
    numbers: Numbers  # the ¶ number of each
    alive: NDArray[np.bool_]
    labels: Numbers  # of all chunks, rising
    owners: NDArray[np.int32]  # the place of each chunk's passage
    order: Sequence[Printed]

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """Read it out of the indices of the tables, never the texts."""
        ids, keys, numbers = _passages_from(connection, 0)
        labels, owned = _chunks_from(connection, 0)
        every = connection.execute(select(article.c.key, article.c.date, article.c.name, article.c.id))
        return cls(
            ids=ids,
            articles=keys,
            numbers=numbers,
            alive=np.ones(len(ids), dtype=np.bool_),
            labels=labels,
            owners=np.searchsorted(ids, owned).astype(np.int32),
            order=sorted(_printed(*row) for row in every),
        )

    def patched(self, connection: Connection, removed: Sequence[int]) -> Layout:
        """Return the layout that *connection* sees, in which the chunks *removed* are no more."""
        gone = self._gone(connection, np.asarray(removed, dtype=np.int64))
        ids, keys, numbers = _passages_from(connection, int(self.ids[-1]) if len(self.ids) else 0)
        labels, owned = _chunks_from(connection, int(self.labels[-1]) if len(self.labels) else 0)
        known = np.concatenate([self.ids, ids])
        alive = np.concatenate([self.alive, np.ones(len(ids), dtype=np.bool_)])
        alive[gone] = False
        return replace(
            self,
            ids=known,
            articles=np.concatenate([self.articles, keys]),
            numbers=np.concatenate([self.numbers, numbers]),
            alive=alive,
            labels=np.concatenate([self.labels, labels]),
            owners=np.concatenate([self.owners, np.searchsorted(known, owned).astype(np.int32)]),
            order=self._order(connection, set(self.articles[gone].tolist()), set(keys.tolist())),
        )

    def _gone(self, connection: Connection, removed: Numbers) -> NDArray[np.int32]:
        """Return the places of the passages of the chunks *removed*, and of those without one that went."""
        owners = self.owners[np.isin(self.labels, removed)]
        bare = np.ones(len(self.ids), dtype=np.bool_)
        bare[self.owners] = False
        if not (bare & self.alive).any():
            return owners
        places = np.flatnonzero(bare & self.alive).astype(np.int32)
        there = select(passage.c.id).where(passage.c.id.in_(listed(self.ids[places].tolist())))
        return np.concatenate([owners, places[~np.isin(self.ids[places], list(connection.scalars(there)))]])

    def _order(self, connection: Connection, gone: set[int], new: set[int]) -> list[Printed]:
        """Return the order of the articles without the keys *gone* and with *new*; some may be both."""
        order = [x for x in self.order if x.key not in gone] if gone else list(self.order)
        found = select(article.c.key, article.c.date, article.c.name, article.c.id)
        for row in connection.execute(found.where(article.c.key.in_(listed(new)))):
            bisect.insort(order, _printed(*row))
        return order

    @property
    def changes(self) -> int:
        """How many passages are no more."""
        return len(self.alive) - int(np.count_nonzero(self.alive))

    def places(self, passage_ids: Numbers) -> Numbers:
        """Return at which places these passages stand, which are all there."""
        return np.searchsorted(self.ids, passage_ids)

    def ranks(self, passage_ids: Numbers) -> Numbers:
        """Return keys that rise from the newest article's passages to the oldest one's, then as printed."""
        places = self.places(passage_ids)
        return self._ages[self.articles[places]] << 32 | self.numbers[places]

    def first(self, passage_ids: Numbers, k: int) -> Numbers:
        """Return up to *k* of these passages, of the newest article first."""
        return passage_ids[np.argsort(self.ranks(passage_ids), kind="stable")[:k]]

    def chunks_of(self, passage_ids: Numbers) -> Numbers:
        """Return the labels of all chunks of these passages, rising."""
        chosen = np.zeros(len(self.ids), dtype=np.bool_)
        chosen[self.places(passage_ids)] = True
        return self.labels[chosen[self.owners]]

    @cached_property
    def _ages(self) -> Numbers:
        """Return the place of each article in the order, by its key."""
        keys = np.fromiter((x.key for x in self.order), dtype=np.int64, count=len(self.order))
        ages = np.zeros(int(keys.max(initial=-1)) + 1, dtype=np.int64)
        ages[keys] = np.arange(len(keys))
        return ages


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
