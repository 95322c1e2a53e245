"""What is found of one thing that the bot stands on: whether it is well, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    WARN = "warn"  # the bot runs, and lacks something
    WRONG = "wrong"  # it does not run, or not as it should


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing, and what to *do* about it unless all is well."""

    about: str
    state: State
    what: str
    do: str = ""


Findings = Iterator[Finding]
