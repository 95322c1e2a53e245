"""
Fetching only what may have changed: what is remembered of each address, and what is to be remembered.

Whoever reads writes down the notes of a visit once its articles are kept, and no sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from index.fetched import Fetched
from index.sources.fetch import BUSY, Fetcher, FetchError, Page, back_off

MOST_PAGES = 500  # fetched for one source in one sync: at one a second, some ten minutes


class Remembers(Protocol):
    """What is known of addresses that were read before."""

    def fetched(self, url: str) -> Fetched | None:
        """Return what is known of *url*."""
        ...


@dataclass(kw_only=True)
class Visit:
    """
    One reading of one or more sources.

    *rules* is a fingerprint of what reads: what was read by other rules is read anew. *notes* is what is to
    be remembered of the addresses that were read, once their articles are kept.
    """

    fetcher: Fetcher
    memory: Remembers
    rules: str
    notes: dict[str, Fetched] = field(default_factory=dict)
    most_pages: int = MOST_PAGES
    fetched_pages: int = 0
    site: str = ""  # the address that the list of articles under way came from
    listed: Callable[[int], object] = lambda count: None  # hears how many articles a source lists

    @property
    def exhausted(self) -> bool:
        """Whether as many pages were fetched for this source as may be in one visit."""
        return self.fetched_pages >= self.most_pages

    def may_go_on(self) -> bool:
        """Count one page more; tell whether it may be fetched."""
        if self.exhausted:
            return False
        self.fetched_pages += 1
        return True

    def known(self, url: str) -> Fetched | None:
        """Return what is known of an address."""
        return self.notes.get(url) or self.memory.fetched(url)

    def get(self, url: str, *, conditional: bool = True) -> Page:
        """
        Fetch *url*; where it is known and *conditional*, only if it changed.

        Raises:
            FetchError: If it cannot be fetched, or its server asked to be left alone for now.
        """
        now, known = self.fetcher.now(), self.known(url)
        if known and known.wait_until and known.wait_until > now:
            raise FetchError(
                f"Its server asked to be left alone until {known.wait_until:%Y-%m-%d %H:%M} UTC; "
                "a later sync tries again."
            )
        asks = known if known and conditional and known.of.startswith(self.rules) else None
        try:
            return self.fetcher.get(
                url, etag=asks.etag if asks else None, modified=asks.modified if asks else None
            )
        except FetchError as e:
            if e.status in BUSY:
                past = known or Fetched(at=now)
                until = e.wait_until or now + back_off(past.failures)
                self.notes[url] = replace(past, failures=past.failures + 1, wait_until=until)
            raise

    def read_lately(self, url: str, of: str, age: timedelta) -> bool:
        """Tell whether *url* was read for the same text *of*, by the same rules, within *age*."""
        known = self.known(url)
        return known is not None and known.of == self.rules + of and self.fetcher.now() - known.at < age

    def note(self, url: str, page: Page, of: str = "") -> None:
        """Remember that *url* was read."""
        self.notes[url] = Fetched(
            at=self.fetcher.now(), etag=page.etag, modified=page.modified, of=self.rules + of
        )

    def forget(self, url: str) -> None:
        """Read *url* whole the next time: not all that it names could be read."""
        self.notes[url] = Fetched(at=self.fetcher.now())
