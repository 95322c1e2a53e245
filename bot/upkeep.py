"""The column as its owner keeps it: its sources, a sync that tells how far it is, what is taken down."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.state import Tally
from index.config import Config
from index.passage import Article
from index.report import Change, Report, Step
from index.sources import is_live
from index.store import BusyStoreError, Store, Summary, TakenDown
from index.sync import EncodesDocuments, sync

if TYPE_CHECKING:
    from index.sources.fetch import Fetcher
    from index.trial import Trial

log = logging.getLogger(__name__)

COUNTED = {
    Change.ADDED: "added",
    Change.CHANGED: "changed",
    Change.REMOVED: "removed",
    Change.FAILED: "failed",
}
_ADDRESS = re.compile(r"(https?://)(?:[^\s/@]*@)?([^\s?#”'\"]*)(?:[?#][^\s”'\"]*)?", re.I)

Heard = Callable[[Tally], None]


def public(text: str) -> str:
    """Return *text* with its addresses bare: what stands before an @ or behind a ? may be a password."""
    return _ADDRESS.sub(r"\1\2", text)


class Upkeep:
    """One column's keeping. Safe to share among threads and processes: one writes at a time."""

    def __init__(
        self,
        store: Store,
        embedder: EncodesDocuments,
        config: Config,
        prepare: Callable[[], str] = lambda: "",
    ) -> None:
        """
        *config* names the sources of the settings; others are added and removed while it runs. *prepare*
        lets the model get ready for a sync, and returns what it must do without, if anything.
        """
        self._store, self._embedder, self._config, self._prepare = store, embedder, config, prepare

    @property
    def sources(self) -> list[str]:
        """All sources: those of the settings first."""
        return self._config.sources(self._store.sources())

    @property
    def added(self) -> list[str]:
        """The sources that were added while it ran."""
        return [source for source in self._store.sources() if source not in self._config.column]

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep all other writers out; gives False, and does not, where there is one."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._store.write_lock(wait=0))
            except BusyStoreError:
                yield False
                return
            yield True

    def sync(self, heard: Heard) -> Report:
        """
        Make the store hold what the sources hold; *heard* is told of every step, and may raise to end it.

        Raises:
            StoreError: If the store cannot be written; what was done before is kept.
        """
        if why := self._prepare():
            log.info("no graph of the model", extra={"code": why})
        counting = _Counting(heard)
        return sync(
            self._store,
            self._embedder,
            self.sources,
            fetcher=self._fetcher(self.sources),
            progress=counting.note,
        )

    def add(self, source: str) -> bool:
        """Add a source; False where it is one already."""
        if source in self.sources:
            return False
        self._store.add_source(source)
        return True

    def remove(self, source: str) -> bool:
        """Drop a source that was added, False where there is none; its articles go with the next sync."""
        return self._store.remove_source(source)

    def test(self, source: str) -> Trial:
        """Read a source and say what of it would be indexed; nothing is changed."""
        from index.trial import try_source

        return try_source(self._store, source, self._fetcher([source]))

    def take_down(self, article: str) -> None:
        """
        Remove an article for good.

        Raises:
            KeyError: If there is none with this id.
            BusyStoreError: If a sync does not come to an end.
        """
        self._store.take_down(article)

    @property
    def taken_down(self) -> dict[str, TakenDown]:
        """What was taken down, by article id."""
        return self._store.taken_down()

    @property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprints of all articles, by id: another one means another text."""
        return self._store.fingerprints()

    @property
    def generation(self) -> int:
        """The number of the store's present state: while it stays, nothing changed."""
        return self._store.summary().generation

    def article(self, id: str) -> Article | None:
        """Return an article as it is now, None where it is gone."""
        try:
            return self._store.article(id)
        except KeyError:
            return None

    @property
    def summary(self) -> Summary:
        """What the store holds."""
        return self._store.summary()

    def _fetcher(self, sources: Sequence[str]) -> Fetcher | None:
        if not any(map(is_live, sources)):
            return None
        from index.sources.fetch import Fetcher  # its libraries take a while to load

        return Fetcher.configured(self._config)

    def last_read(self, source: str) -> float | None:
        """Return when *source* was last read without failing, since the epoch, if that is known."""
        found = self._store.last_read().get(source)
        return None if found is None else found.timestamp()


class _Counting:
    """What a sync did so far: whoever listens hears of each step."""

    def __init__(self, heard: Heard) -> None:
        self._heard, self._tally = heard, Tally()

    def note(self, step: Step) -> None:
        """Count what became of an article or file, and what was embedded."""
        counts = {"expected": step.expected, "embedded": step.embedded}
        if step.outcome:
            change = step.outcome.change
            if field := COUNTED.get(change):
                counts[field] = getattr(self._tally, field) + 1
            if change is not Change.REMOVED:
                counts["read"] = self._tally.read + 1
        self._tally = replace(self._tally, **counts)
        self._heard(self._tally)
