"""Sources into the store: what changed is embedded, what is gone is removed, what failed is named."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.names import names
from index.passage import Article, Passage
from index.segment import Span, fold, sentences, windows
from index.sources import Failure, SourceError, read
from index.speech import attribute
from index.store import Chunk, Store

# Raise it when reading, cutting or attribution changes what is stored for the same text.
RULES = 1
BATCH = 256  # chunks encoded at once, of as many articles as it takes


class EncodesDocuments(Protocol):
    """What a sync needs of an embedder."""

    @property
    def limit(self) -> int:
        """The most tokens that the model reads."""
        ...

    def length(self, text: str) -> int:
        """Return the number of the model's tokens in *text*."""
        ...

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of *texts*, shape (n, d)."""
        ...


class Change(StrEnum):
    """What a sync did with an article or a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


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


Progress = Callable[[str, int], None]  # the name of what was just done, and the articles done so far


@dataclass(frozen=True, slots=True)
class _Pending:
    article: Article
    fingerprint: str
    spans: list[tuple[Passage, Span]]

    @property
    def texts(self) -> list[str]:
        return [p.text[s.start : s.end] for p, s in self.spans]


def sync(
    store: Store,
    embedder: EncodesDocuments,
    sources: Sequence[str],
    *,
    whole: bool = True,
    prune: bool = False,
    progress: Progress = lambda name, done: None,
) -> Report:
    """
    Make the store hold what *sources* hold.

    Each article is written in one transaction, so a sync that is cut off leaves whole articles behind.

    Args:
        whole: *sources* are the whole column: articles of any other source are gone too.

        prune: Also remove the articles of a source that turned out empty or unreadable. Without it they
            are kept: an unmounted disk must not empty the store.

    Raises:
        StoreError: If the store cannot be written; what was done before is kept.
    """
    with store.write_lock():
        run = _Run(store, embedder, progress)
        for source in sources:
            run.read(source)
        run.flush()
        run.remove_gone(sources, whole=whole, prune=prune)
        store.record_sync(datetime.now(UTC), run.failures)
        store.save()
    return Report(outcomes=tuple(run.outcomes), embedded=run.embedded)


class _Run:
    """The state of one sync."""

    def __init__(self, store: Store, embedder: EncodesDocuments, progress: Progress) -> None:
        self.store, self.embedder, self.progress = store, embedder, progress
        self.known = store.fingerprints()
        self.outcomes: list[Outcome] = []
        self.failures: dict[str, str] = {}
        self.kept: set[str] = set()  # ids that were read, or could not be read just now
        self.empty: set[str] = set()  # sources without a single readable article
        self.unsure = False  # a folder could not be read: nothing says what was in it
        self.pending: list[_Pending] = []
        self.embedded = 0

    def read(self, source: str) -> None:
        """Take in all articles of *source*."""
        found = 0
        try:
            for item in read(source):
                if isinstance(item, Failure):
                    self._failed(item)
                elif item.id not in self.kept:
                    self._take(item)
                    found += 1
        except SourceError as e:
            self._note(Outcome(name=source, change=Change.FAILED, why=str(e)))
            self.failures[source] = str(e)
        if not found:
            self.empty.add(source)
            if source not in self.failures:
                self.failures.setdefault(source, "It holds no article that could be read.")

    def _failed(self, failure: Failure) -> None:
        if failure.id is None:
            self.unsure = True
        else:
            self.kept.add(failure.id)
        self.failures[failure.source] = failure.reason
        self._note(Outcome(name=failure.source, change=Change.FAILED, why=failure.reason))

    def _take(self, article: Article) -> None:
        self.kept.add(article.id)
        fingerprint = fingerprint_of(article)
        if self.known.get(article.id) == fingerprint:
            self._note(Outcome(name=article.name, change=Change.UNCHANGED))
            return
        spans = [(p, s) for p in article.passages for s in chunk_spans(p.text, self.embedder)]
        self.pending.append(_Pending(attribute(article), fingerprint, spans))
        if sum(len(p.spans) for p in self.pending) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Embed what is new in the pending articles and write them, one transaction each."""
        texts = list(dict.fromkeys(t for p in self.pending for t in p.texts))
        vectors = dict(self.store.vectors(texts))
        # Texts of like length share a batch, so that little of it is padding.
        new = sorted((t for t in texts if t not in vectors), key=len)
        vectors.update(zip(new, self.embedder.encode_document(new), strict=True))
        self.embedded += len(new)
        for pending in self.pending:
            self._put(pending, vectors)
        self.pending = []

    def _put(self, pending: _Pending, vectors: dict[str, NDArray[np.float32]]) -> None:
        article = pending.article
        chunks = [
            Chunk(number=p.number, start=s.start, end=s.end, vector=vectors[text])
            for (p, s), text in zip(pending.spans, pending.texts, strict=True)
        ]
        self.store.put(article, pending.fingerprint, chunks, name_words(article.passages))
        change = Change.CHANGED if article.id in self.known else Change.ADDED
        self._note(Outcome(name=article.name, change=change))

    def remove_gone(self, sources: Sequence[str], *, whole: bool, prune: bool) -> None:
        """Remove the articles that their sources no longer hold."""
        for article in self.store.articles():
            listed = article.source in sources
            if article.id in self.kept or not (listed or whole):
                continue
            doubtful = self.unsure or (article.source in self.empty if listed else bool(self.empty))
            if doubtful and not prune:
                why = "kept: its source is empty or unreadable (--prune removes it)"
                self._note(Outcome(name=article.name, change=Change.UNCHANGED, why=why))
                continue
            self.store.remove(article.id)
            self._note(Outcome(name=article.name, change=Change.REMOVED))

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.progress(outcome.name, len(self.outcomes))


def fingerprint_of(article: Article) -> str:
    """Return a fingerprint of everything that is stored of *article*, and of the rules that read it."""
    content = json.dumps([RULES, asdict(article)], sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


def chunk_spans(text: str, embedder: EncodesDocuments) -> list[Span]:
    """Return the sentences of a passage, each within the model's limit."""
    # A token is a character or more, so what is this short fits without counting.
    if len(text) <= embedder.limit:
        return sentences(text)
    return windows(text, sentences(text), _counted(embedder), embedder.limit)


def _counted(embedder: EncodesDocuments) -> Callable[[str], int]:
    return lambda text: len(text) if len(text) <= embedder.limit else embedder.length(text)


def name_words(passages: Iterable[Passage]) -> Counter[str]:
    """Return how often each word of a name, folded, stands in *passages*."""
    return Counter(fold(word) for p in passages for word in _words_of_names(p.text))


def _words_of_names(text: str) -> Iterator[str]:
    for name in names(text):
        yield from name.words
