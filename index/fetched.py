"""What is remembered of an address that was fetched. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """
    What is remembered of an address: the validators that its server gave, and when it was *at* last read.

    *of* says by which rules and for which text it was read; another value means: read it again. *failures*
    counts those in a row since then; before *wait_until* it is not to be asked.
    """

    at: datetime
    etag: str | None = None
    modified: str | None = None
    of: str = ""
    wait_until: datetime | None = None
    failures: int = 0
