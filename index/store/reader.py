"""What may be asked of the store, by any thread of any process: whole articles, all of one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from index.passage import Article, Passage, Role, Utterance
from index.store import fulltext, loading
from index.store.driver import driver
from index.store.packed import as_json, listed
from index.store.reading import Reading
from index.store.rows import Made, as_vector, text_fingerprint
from index.store.snapshot import Counts, pairs
from index.store.tables import article, chunk, failure, maker, passage, spoken, state

# In SQL as it is, as in `loading`.
STORED = """
select label, vector from json_each(?) join chunk on label = value
"""
LABELLED = """
select label, passage, start, "end" from json_each(?) join chunk on label = value
"""
OF_PASSAGES = """
select label, passage, start, "end", {vector} from json_each(?) join chunk on passage = value
"""
NAMES = "select id, name from article where id in (select value from json_each(?))"


class Near(NamedTuple):
    """A chunk near a query: its passage and span. *score* is cosine similarity, in [-1, 1]."""

    passage_id: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """
    What the store holds, for its owner.

    *first* and *last* are the earliest and latest date of an article. *failed* gives the reason for each
    source that the last sync could not read. *makers* counts the chunks by what made their vectors, "" where
    that is not known; none by whom there is nothing.
    """

    articles: int
    passages: int
    chunks: int
    utterances: int
    first: date | None
    last: date | None
    generation: int
    model: str
    last_sync: datetime | None
    failed: Mapping[str, str]
    makers: Mapping[str, int] = field(default_factory=dict)


class Reader(Reading):
    """
    The reading half of a `Store`.

    Each method sees whole articles, as they are at that moment; inside `reading`, all see the same moment.
    *within* restricts a search to the articles with these ids; None means the whole column.
    """

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        within: Collection[str] | None = None,
        speakers: Collection[str] | None = None,
    ) -> list[Near]:
        """
        Return up to *k* chunks nearest to *query*, best first.

        Args:
            query: One embedding, shape (d,). Need not be unit length.

            speakers: Look only in passages in which one of these speaks; None for all.

        Raises:
            ValueError: If *query* is not of shape (d,), or is all zeros, or *k* is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}, must be at least 1")
        unit = self._unit(query)
        with self._viewing() as (connection, snapshot):
            among = _passages(connection, within, speakers)
            labels = None if among is None else snapshot.text(connection).layout.chunks_of(among)
            scores = dict(
                snapshot.vectors.nearest(unit, k, partial(_stored, connection, self.dimension), labels)
            )
            found = driver(connection).execute(LABELLED, [as_json(scores)]).fetchall()
            return _best_first(_near(row, scores[row[0]]) for row in found)

    def similarity(self, query: NDArray[np.float32], passage_ids: Collection[int]) -> list[Near]:
        """
        Return all chunks of these passages with their similarity to *query*, best first.

        Raises:
            ValueError: If *query* is not of shape (d,), or is all zeros.
        """
        unit = self._unit(query)
        with self._viewing() as (connection, snapshot):
            held = snapshot.vectors.as_they_are
            query_of = OF_PASSAGES.format(vector="null" if held else "vector")
            found = driver(connection).execute(query_of, [as_json(sorted(passage_ids))]).fetchall()
            if held:
                scores = snapshot.vectors.cosines(unit, [row[0] for row in found])
            else:
                scores = as_vector(b"".join(row[4] for row in found)).reshape(-1, self.dimension) @ unit
        return _best_first(map(_near, found, scores.tolist()))

    def lexical(
        self,
        words: Collection[str],
        k: int,
        within: Collection[str] | None = None,
        speakers: Collection[str] | None = None,
    ) -> list[tuple[int, float]]:
        """
        Return up to *k* passages that hold any of *words* in any form, as (passage id, BM25), best first.

        The heading above a passage counts as part of it. Higher is better; there is no upper bound. With
        *speakers*, only passages in which one of these speaks are looked at.
        """
        with self._viewing() as (connection, snapshot):
            text, among = snapshot.text(connection), _passages(connection, within, speakers)
            return fulltext.lexical(connection, text.postings, text.layout, words, k, among)

    def phrase(self, words: str, k: int, within: Collection[str] | None = None) -> list[int]:
        """Return up to *k* passages that hold *words* in this order, of the newest article first."""
        with self._viewing() as (connection, snapshot):
            text, among = snapshot.text(connection), _passages(connection, within, None)
            found = fulltext.phrase(connection, words, text.postings, text.layout)
            there = found if among is None else np.intersect1d(found, among)
            return list(map(int, text.layout.first(there, k)))

    def document_frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many passages hold each word, in any form, in their text or heading."""
        with self._viewing() as (connection, snapshot):
            return {word: snapshot.frequency(connection, word) for word in words}

    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprint that each article was put with, by article id."""
        with self._read() as connection:
            return pairs(connection, select(article.c.id, article.c.fingerprint))

    def vectors(self, texts: Iterable[str]) -> dict[str, Made]:
        """Return the vectors of those *texts* that some chunk already has: they need no embedding."""
        wanted = {text_fingerprint(t): t for t in texts}
        query = select(chunk.c.fingerprint, chunk.c.vector, func.coalesce(maker.c.name, ""))
        found = query.outerjoin_from(chunk, maker, chunk.c.maker == maker.c.key).where(
            chunk.c.fingerprint.in_(listed(wanted))
        )
        with self._read() as connection:
            return {wanted[f]: Made(as_vector(blob), by) for f, blob, by in connection.execute(found)}

    def passages(self, ids: Collection[int]) -> dict[int, tuple[str, Passage]]:
        """Return (article id, passage) for those of *ids* that are there."""
        with self._read() as connection:
            return loading.load_passages(connection, ids)

    def passage_ids(self, article_id: str) -> list[int]:
        """Return the ids of an article's passages as printed: ¶ 1 first."""
        query = select(passage.c.id).join_from(passage, article).where(article.c.id == article_id)
        with self._read() as connection:
            return list(connection.scalars(query.order_by(passage.c.number)))

    def article(self, article_id: str) -> Article:
        """
        Return an article, whole.

        Raises:
            KeyError: If there is none with this id.
        """
        with self._read() as connection:
            found = loading.load_article(connection, article_id)
        if found is None:
            raise KeyError(article_id)
        return found

    def articles(self) -> list[Article]:
        """Return all articles without their passages, newest first, the undated last."""
        with self._read() as connection:
            return loading.load_articles(connection)

    def authors(self) -> list[str]:
        """Return who wrote articles, of the newest first."""
        with self._read() as connection:
            return loading.load_authors(connection)

    def unsigned(self) -> list[str]:
        """Return the titles of the articles that nobody signed, of the newest first."""
        with self._read() as connection:
            return loading.load_unsigned(connection)

    def article_names(self, ids: Collection[str]) -> dict[str, str]:
        """Return the short names of the articles with these ids."""
        with self._read() as connection:
            return dict(driver(connection).execute(NAMES, [as_json(ids)]).fetchall())

    def said(
        self,
        speakers: Collection[str],
        within: Collection[str] | None = None,
        passages: Collection[int] | None = None,
    ) -> list[tuple[int, Utterance]]:
        """
        Return (passage id, utterance) of these speakers, named as stored; of all *passages*, or of these.

        Those of the newest article come first, the undated last; in an article, they come as printed.
        """
        with self._read() as connection:
            return loading.load_said(connection, speakers, within, passages)

    def quoting(self, speakers: Collection[str], k: int, within: Collection[str] | None = None) -> list[int]:
        """Return up to *k* passages in which any of these speaks, in no order."""
        with self._read() as connection:
            return loading.load_quoting(connection, speakers, within, k)

    def most_directly_quoting(
        self, speakers: Collection[str], k: int, within: Collection[str] | None = None
    ) -> list[int]:
        """
        Return up to *k* passages in which any of these speaks: the most direct manner first, then the newest.

        A passage counts by the most direct manner in it; several manners in one are a mixed one.
        """
        with self._viewing() as (connection, snapshot):
            found, directness = loading.load_directness(connection, speakers, within)
            ranks = snapshot.text(connection).layout.ranks(found)
            return list(map(int, found[np.lexsort((ranks, directness))[:k]]))

    def speakers(self) -> dict[str, int]:
        """Return how many utterances each speaker has."""
        query = select(spoken.c.speaker, spoken.c.utterances).where(spoken.c.speaker != "")
        with self._read() as connection:
            return pairs(connection, query)

    def names(self) -> Mapping[str, int]:
        """Return how often each name word occurs; read once for each generation."""
        with self._viewing() as (connection, snapshot):
            return snapshot.names(connection)

    def roles(self, offices: Collection[str]) -> list[Role]:
        """Return who holds one of *offices*, by the newest article first."""
        with self._read() as connection:
            return loading.load_roles(connection, offices)

    def counts(self) -> Counts:
        """Return how much there is; counted once for each generation."""
        with self._viewing() as (connection, snapshot):
            return snapshot.counts(connection)

    def summary(self) -> Summary:
        """Return what the store holds."""
        with self._viewing() as (connection, snapshot):
            last_sync = connection.scalar(select(state.c.last_sync))
            failed = pairs(connection, select(failure.c.source, failure.c.reason))
            counts = snapshot.counts(connection)
            makers = pairs(connection, select(maker.c.name, maker.c.chunks).where(maker.c.chunks > 0))
            if unknown := counts.chunks - sum(makers.values()):
                makers[""] = unknown
            return Summary(
                **counts._asdict(),
                makers=makers,
                model=snapshot.stamp.model,
                last_sync=last_sync and datetime.fromisoformat(last_sync),
                failed=failed,
            )

    def _unit(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        if query.shape != (self.dimension,):
            raise ValueError(f"a query of shape {query.shape} for a store of dimension {self.dimension}")
        length = float(np.linalg.norm(query))
        if not 0 < length < np.inf:
            raise ValueError(f"a query of length {length} has no direction")
        return (query / length).astype(np.float32)


def _passages(
    connection: Connection, within: Collection[str] | None, speakers: Collection[str] | None
) -> NDArray[np.int64] | None:
    """Return the ids of these articles' passages in which these speak; None for all there are."""
    if speakers is not None:
        return loading.load_all_quoting(connection, speakers, within)
    return None if within is None else loading.load_within(connection, within)


def _stored(connection: Connection, dimension: int, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the vectors of *labels*, which are all there, shape (n, *dimension*)."""
    # In their order, since those that are near each other in the file are read together.
    found = dict(driver(connection).execute(STORED, [as_json(np.sort(labels).tolist())]).fetchall())
    return as_vector(b"".join(found[label] for label in labels.tolist())).reshape(-1, dimension)


def _near(row: Sequence[int], score: float) -> Near:
    _, passage_id, start, end = row[:4]
    return Near(passage_id, start, end, min(max(score, -1.0), 1.0))  # rounding may lead a hair beyond


def _best_first(near: Iterable[Near]) -> list[Near]:
    return sorted(near, key=lambda n: (-n.score, n.passage_id, n.start))
