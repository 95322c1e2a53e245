"""What a source gives besides articles: what failed, and what did not change. Pure."""

from __future__ import annotations

from dataclasses import dataclass


class SourceError(Exception):
    """A source that cannot be read at all: one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    A file, folder or page of a source that could not be read: *reason* is a sentence that says what to do.

    *id* is the id that its article has when it can be read; None for a folder, which may hold any articles.
    """

    source: str
    reason: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """What did not change since it was last read: the page at *url*; None for all of the source."""

    url: str | None = None
