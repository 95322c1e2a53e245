"""Where the passages of one state stand: in memory, so that very many are put in order without being read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from index.store.rows import columns, newest_first
from index.store.tables import article, chunk, passage


class Layout:
    """The order of all passages, and which chunks are theirs, in the state that a connection sees."""

    def __init__(self, connection: Connection) -> None:
        """Read them out of the indices of the tables, never the texts."""
        ids, keys, numbers = columns(connection, select(passage.c.id, passage.c.article, passage.c.number))
        newest = np.fromiter(connection.scalars(newest_first(select(article.c.key))), dtype=np.int64)
        age = np.empty(newest.max(initial=-1) + 1, dtype=np.int64)
        age[newest] = np.arange(len(newest))
        printed = np.lexsort((numbers, age[keys]))
        self._rank = np.zeros(ids.max(initial=-1) + 1, dtype=np.int32)
        self._rank[ids[printed]] = np.arange(len(ids))
        self._passages, self._labels = columns(connection, select(chunk.c.passage, chunk.c.label))

    def ranks(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the place of each of these passages: that of the newest article first, then as printed."""
        return self._rank[passage_ids]

    def first(self, passage_ids: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Return up to *k* of these passages, of the newest article first."""
        return passage_ids[np.argsort(self.ranks(passage_ids))[:k]]

    def labels(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the labels of all chunks of these passages, in no order."""
        chosen = np.zeros(len(self._rank), dtype=np.bool_)
        chosen[passage_ids] = True
        return self._labels[chosen[self._passages]]
