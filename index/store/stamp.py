"""The name of one state of one store."""

from __future__ import annotations

from typing import NamedTuple


class Stamp(NamedTuple):
    """
    Which state of which store something was taken from.

    *token* is drawn anew with each generation: a store that was put back from a copy and then went on has
    the same generations but not the same tokens.
    """

    generation: int
    token: str
    model: str
    dimension: int
