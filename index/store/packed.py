"""Many values as one: a parameter that lists them, a text of numbers from SQLite, an array that grows."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, func, select

ROOM = 8  # one in so many is left free behind an array that grows

N = TypeVar("N", bound=np.generic)


class Growing(Generic[N]):
    """
    Numbers to which more are appended. Those before share the memory of those after, and stay as they are.

    So a change costs what it adds, however much was there.
    """

    def __init__(self, values: NDArray[N], room: _Room | None = None) -> None:
        self._room = room or _Room(values)
        self.values: NDArray[N] = self._room.array[: len(values)]

    def __len__(self) -> int:
        return len(self.values)

    def appended(self, more: NDArray[N]) -> Growing[N]:
        """Return these with *more* behind them."""
        if self._room.take(len(self), more):
            return Growing(self._room.array[: len(self) + len(more)], self._room)
        return Growing(np.concatenate([self.values, more]))


class _Room:
    """An array that is full up to a point; only who stands at that point may go on in it."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._used, self._turn = len(values), threading.Lock()
        self.array = np.empty(self._used + self._used // ROOM, dtype=values.dtype)
        self.array[: self._used] = values

    def take(self, at: int, more: NDArray[Any]) -> bool:
        """Write *more* from the place *at* on, and say whether that was free."""
        with self._turn:
            if at != self._used or at + len(more) > len(self.array):
                return False
            self._used = at + len(more)
            self.array[at : self._used] = more
            return True


def places_of(rising: NDArray[N], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Return at which places of the *rising* numbers those of *wanted* stand that are among them."""
    found = np.searchsorted(rising, wanted)
    there = found < len(rising)
    found = found[there]
    return np.asarray(found[rising[found] == wanted[there]])


def listed(values: Collection[Any]) -> Select[Any]:
    """Return a subquery of *values*, which are one parameter, however many they are."""
    return select(func.json_each(as_json(values)).table_valued("value").c.value)


def columns(connection: Connection, query: Select[Any]) -> list[NDArray[np.int64]]:
    """Return each column of a query of whole numbers, all in the same order of rows."""
    # As one text: a row for each of some ten thousand would take longer than finding them.
    packed = select(*(func.group_concat(c) for c in query.subquery().c))
    return [as_numbers(column) for column in connection.execute(packed).one()]


def as_json(values: Iterable[Any]) -> str:
    """Return *values* as SQLite's json_each reads them."""
    return json.dumps(list(values))


def as_numbers(listed: str | None) -> NDArray[np.int64]:
    """Read what SQLite's group_concat wrote of whole numbers."""
    return np.fromstring(listed or "", dtype=np.int64, sep=",")
