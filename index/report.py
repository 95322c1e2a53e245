"""What a sync tells: what became of each article, how far it is meanwhile, and what it did. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """What a sync did with an article or a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    TAKEN_DOWN = "taken down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one article, file or source, and why where it failed or was kept."""

    name: str
    change: Change
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a sync did: its outcomes, and how many new chunks were embedded."""

    outcomes: tuple[Outcome, ...]
    embedded: int

    def count(self, change: Change) -> int:
        """Return how many articles or files had this change."""
        return sum(o.change is change for o in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    How far a sync is: *done* outcomes of about *expected*, 0 where nobody knows, and chunks *embedded*.

    *outcome* is what was done just now; None where only chunks were embedded.
    """

    done: int
    expected: int
    embedded: int
    outcome: Outcome | None = None


Progress = Callable[[Step], None]
