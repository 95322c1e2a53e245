"""Many values as one: a parameter that lists them, a text of numbers that SQLite returns."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, func, select


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
