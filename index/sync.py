"""Sources into the store: what changed is embedded, what is gone is removed, what failed is named."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index import identity, segment, speech
from index.batch import Batch, Encoding, Pending
from index.batch import EncodesDocuments as EncodesDocuments
from index.intake import Intake, Verdict
from index.passage import Article, Passage
from index.report import Change as Change
from index.report import Outcome as Outcome
from index.report import Progress, Step
from index.report import Report as Report
from index.segment import Span, fold, sentences, windows
from index.sources import Failure, SourceError, Unchanged, is_export, is_live, read
from index.speech.names import names
from index.store import Made, Store

if TYPE_CHECKING:
    from index.sources.fetch import Fetcher
    from index.sources.visit import Visit

# What is stored of a text depends on the code that reads it: when that changes, articles are read again.
RULES = hashlib.sha256(
    b"".join(
        path.read_bytes()
        for path in [
            Path(segment.__file__),
            Path(identity.__file__),
            *sorted(Path(speech.__file__).parent.glob("*.py")),
        ]
    )
).hexdigest()
STAMP = RULES[:16]  # what the fingerprint of an article that these rules read begins with
NOTHING = "It holds no text, Markdown or HTML file; name a folder that does."
NOTHING_LIVE = "It lists no article; name the address of a feed, a sitemap or a page."
BATCH = 256  # chunks that are encoded together, of as many articles as it takes


def sync(
    store: Store,
    embedder: EncodesDocuments,
    sources: Sequence[str],
    *,
    whole: bool = True,
    prune: bool = False,
    fetcher: Fetcher | None = None,
    progress: Progress = lambda step: None,
) -> Report:
    """
    Make the store hold what *sources* hold.

    Each article is written in one transaction, so a sync that is cut off leaves whole articles behind.

    Args:
        whole: *sources* are the whole column: articles of any other source are gone too.

        prune: Also remove the articles of a source that turned out empty or unreadable. Without it they
            are kept: an unmounted disk must not empty the store.

        fetcher: Fetches what lives on the web; None for one with its defaults.

        progress: Hears of each step in this thread, and may raise to end the sync.

    Raises:
        StoreError: If the store cannot be written; what was done before is kept.
    """
    distinct = list(dict.fromkeys(sources))
    with (
        store.write_lock(),
        _visiting(store, distinct, fetcher) as visit,
        Encoding(embedder) as encoding,
    ):
        run = _Run(store, embedder, encoding, progress, distinct, visit, prune=prune)
        for source in sorted(distinct, key=lambda s: not is_live(s)):
            run.read(source)
        run.take_previews()
        run.flush()
        run.renew(sources)
        run.settle()
        run.remove_gone(sources, whole=whole)
        store.record_sync(run.now(), run.failures)
        store.save()
    return Report(outcomes=tuple(run.outcomes), embedded=run.embedded)


class _Run:
    """The state of one sync."""

    def __init__(
        self,
        store: Store,
        embedder: EncodesDocuments,
        encoding: Encoding,
        progress: Progress,
        sources: Sequence[str],
        visit: Visit | None,
        *,
        prune: bool,
    ) -> None:
        self.store, self.embedder, self.progress, self.prune = store, embedder, progress, prune
        self.encoding, self.visit = encoding, visit
        self.known = store.fingerprints()
        self.intake = Intake(store, sources)
        self.outcomes: list[Outcome] = []
        self.failures: dict[str, str] = {}
        self.kept: set[str] = set()  # ids that were read, or could not be read just now
        self.empty: set[str] = set()  # sources without a single readable article
        self.unsure = False  # a folder could not be read: nothing says what was in it
        self.stands: set[str] = set()  # of these, those whose stored text stands, whatever was read
        self.previews: dict[str, Article] = {}  # of which another source may have the whole
        self.gathered: list[Pending] = []  # articles that are not encoded yet
        self.batch: Batch | None = None  # those that are being encoded
        held = Counter(article.source for article in store.articles())
        self.expected = {source: held[source] for source in sources}  # about how many articles each has
        self.embedded = 0

    def now(self) -> datetime:
        """Return the time, by the clock of whoever fetches."""
        return self.visit.fetcher.now() if self.visit else datetime.now(UTC)

    def read(self, source: str) -> None:
        """Take in all articles of *source*, but for those that a source before it held too."""
        counts: Counter[type] = Counter()
        later: list[Article] = []
        self.intake.begin()
        try:
            for item in read(source, self.visit, partial(self.expected.__setitem__, source)):
                counts[type(item)] += 1
                if isinstance(item, Article):
                    self._judge(item, later)
                elif isinstance(item, Failure):
                    self._take_in(source, item)
            self.store.record_read(source, self.now())
        except SourceError as e:
            self._fail(source, str(e))
            counts[Failure] += 1
        for article in later:
            self._judge(article, None)
        if not self.previews:
            self.settle()
        if not counts[Article] and not counts[Unchanged]:
            self.empty.add(source)
        if not counts.total() and not self.prune:
            self._fail(source, NOTHING_LIVE if is_live(source) else NOTHING)

    def _judge(self, incoming: Article, later: list[Article] | None) -> None:
        """Take an article in as the one that it is; put off what can only be told when all has been seen."""
        judged = self.intake.judge(incoming, last=later is None)
        if judged.verdict is Verdict.LATER and later is not None:
            later.append(incoming)
        elif judged.article.id in self.kept:
            return
        elif judged.verdict is Verdict.TAKE and judged.article.truncated:
            self.previews.setdefault(judged.article.id, judged.article)
        elif judged.verdict is Verdict.TAKE:
            self._take(judged.article)
        else:
            self.kept.add(judged.article.id)
            if judged.verdict is Verdict.TAKEN_DOWN:
                self.store.remove(judged.article.id)  # a copy of it, from another source
            else:
                self.stands.add(judged.article.id)
            change = Change.TAKEN_DOWN if judged.verdict is Verdict.TAKEN_DOWN else Change.UNCHANGED
            self._note(Outcome(name=judged.article.name, change=change, why=judged.why))

    def take_previews(self) -> None:
        """Take in what no source has whole."""
        for id, preview in self.previews.items():
            if id not in self.kept:
                self._take(preview)

    def settle(self) -> None:
        """Remember of what was fetched that it need not be fetched again, now that its articles are kept."""
        if self.visit and self.visit.notes:
            self.flush()
            for url, fetched in self.visit.notes.items():
                self.store.record_fetched(url, fetched)
            self.visit.notes.clear()

    def _take_in(self, source: str, item: Failure) -> None:
        if item.id in self.kept:
            return
        if item.id is None:
            self.unsure = True
        else:
            self.kept.add(item.id)
        kept = " Until then its last text is kept." if item.id in self.known else ""
        self._fail(_place(source, item), f"{item.reason}{kept}")

    def _fail(self, name: str, reason: str) -> None:
        self.failures[name] = reason
        self._note(Outcome(name=name, change=Change.FAILED, why=reason))

    def _take(self, article: Article) -> None:
        self.kept.add(article.id)
        fingerprint = fingerprint_of(article)
        if self.known.get(article.id) == fingerprint:
            self._note(Outcome(name=article.name, change=Change.UNCHANGED))
            return
        spans = [(p, s) for p in article.passages for s in chunk_spans(p.text, self.embedder)]
        self.gathered.append(Pending(speech.attribute(article), fingerprint, spans))
        if sum(len(p.spans) for p in self.gathered) >= BATCH:
            self._begin()

    def flush(self) -> None:
        """Embed what is new in the gathered articles and write them, one transaction each."""
        self._begin()
        self._write()

    def _begin(self) -> None:
        """Have what was gathered encoded; meanwhile write what was encoded before."""
        if not self.gathered:
            return
        texts = {t for p in self.gathered for t in p.texts}
        made = self.store.vectors(texts)
        before = texts.intersection(self.batch.new) if self.batch else set()
        batch = Batch(self.gathered, made, before)
        self.encoding.begin(batch)
        self.gathered = []
        self._write(batch)

    def _write(self, following: Batch | None = None) -> None:
        """Write the batch that is being encoded, once it is; *following* is in its place from then on."""
        batch, self.batch = self.batch, following
        if batch is None:
            return
        for count in batch.finish():
            self.embedded += count
            self._tell()
        if following:
            batch.hand_on(following)
        for pending in batch.pending:
            self._put(pending, batch.made)

    def _put(self, pending: Pending, made: Mapping[str, Made]) -> None:
        article = pending.article
        chunks = pending.chunks(made)
        self.store.put(article, pending.fingerprint, chunks, name_words(article.passages), self.now())
        change = Change.CHANGED if article.id in self.known else Change.ADDED
        self._note(Outcome(name=article.name, change=change))

    def renew(self, sources: Sequence[str]) -> None:
        """
        Account for what live sources no longer list: it stays, and is read anew from the store.

        That is needed only where the rules changed that read it, or its vectors are gone.
        """
        for article in self.store.articles():
            stands = article.id in self.stands
            stays = is_live(article.source) and article.source in sources and article.id not in self.kept
            if not stands and not stays:
                continue
            if self.known[article.id].startswith(STAMP):
                self.kept.add(article.id)
                if stays:
                    self._note(Outcome(name=article.name, change=Change.UNCHANGED))
            else:
                self._take(_as_read(self.store.article(article.id)))
        self.flush()

    def remove_gone(self, sources: Sequence[str], *, whole: bool) -> None:
        """Remove the articles that their sources no longer hold."""
        for article in self.store.articles():
            listed = article.source in sources
            if article.id in self.kept or not (listed or whole):
                continue
            doubt = "" if self.prune else self._doubt(article.source, listed=listed)
            if doubt:
                why = f"kept, though it is gone: {doubt}; --prune removes it"
                self._note(Outcome(name=article.name, change=Change.UNCHANGED, why=why))
                continue
            self.store.remove(article.id)
            if is_live(article.source):
                self.store.forget_fetched()  # should its source be named again, all of it is to be fetched
            self._note(Outcome(name=article.name, change=Change.REMOVED))

    def _doubt(self, source: str, *, listed: bool) -> str:
        """Say why an article that was not found may still be there; "" where it is surely gone."""
        if source in self.empty:
            return "nothing of its source could be read"
        if self.unsure:
            return "a folder could not be read"
        if self.empty and not listed:
            return "nothing of another source could be read"
        return ""

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._tell(outcome)

    def _tell(self, outcome: Outcome | None = None) -> None:
        done = len(self.outcomes)
        expected = max(sum(self.expected.values()), done)
        self.progress(Step(done=done, expected=expected, embedded=self.embedded, outcome=outcome))


def _place(source: str, failure: Failure) -> str:
    """Name a failed file as its owner finds it: the source, and the place below it."""
    if is_live(source) or is_export(source):
        return failure.source
    folder = Path(source).expanduser().is_dir()
    return str(Path(source) / failure.source) if folder else source


def fingerprint_of(article: Article) -> str:
    """Return a fingerprint of everything that is stored of *article*, and of the rules that read it."""
    content = json.dumps([RULES, asdict(article)], sort_keys=True, default=str, ensure_ascii=True)
    return STAMP + hashlib.sha256(content.encode()).hexdigest()


def _as_read(article: Article) -> Article:
    """Return a stored article as its source gave it, before anybody was found to speak in it."""
    return replace(article, passages=tuple(replace(p, utterances=()) for p in article.passages), roles=())


@contextmanager
def _visiting(store: Store, sources: Sequence[str], fetcher: Fetcher | None) -> Iterator[Visit | None]:
    """Make ready to fetch, where anything is to be fetched."""
    if fetcher is None and not any(map(is_live, sources)):
        yield None
        return
    # Their libraries take a while to load, and whoever only has files needs none of them.
    from index.sources.fetch import Fetcher
    from index.sources.live import RULES as READING
    from index.sources.visit import Visit

    with fetcher or Fetcher() as opened:
        yield Visit(fetcher=opened, memory=store, rules=f"{STAMP}{READING[:16]} ")


def chunk_spans(text: str, embedder: EncodesDocuments) -> list[Span]:
    """Return the sentences of a passage, each within the model's limit."""
    return windows(text, sentences(text), embedder.length, embedder.limit)


def name_words(passages: Iterable[Passage]) -> Counter[str]:
    """Return how often each word of a name, folded, stands in *passages*."""
    return Counter(fold(word) for p in passages for word in _words_of_names(p.text))


def _words_of_names(text: str) -> Iterator[str]:
    for name in names(text):
        yield from name.words
