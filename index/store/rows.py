"""Articles to rows and back: what is read is what was written, character for character."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Insert,
    Row,
    Select,
    case,
    delete,
    func,
    insert,
    literal,
    select,
)

from index.passage import Article, Manner, Passage, Role, Utterance, Voice
from index.store import fulltext
from index.store.packed import columns, listed
from index.store.tables import article, chunk, name, passage, removed, role, utterance

UNIT_TOLERANCE = 1e-3  # of a vector's length; a model that calculates in float16 stays within it


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A window of passage *number*, ``text[start:end]``, and its *vector*, shape (d,), of unit length."""

    number: int
    start: int
    end: int
    vector: NDArray[np.float32]


def check(record: Article, chunks: Sequence[Chunk], dimension: int) -> None:
    """
    Refuse at the door what could not be cited or searched.

    Raises:
        ValueError: If passages are not numbered 1, 2, 3, …, a span is outside its passage, or a vector is
            not of shape (*dimension*,) and of unit length.
    """
    texts = {p.number: p.text for p in record.passages}
    if list(texts) != list(range(1, len(record.passages) + 1)):
        raise ValueError(f"passages of {record.name} are numbered {[p.number for p in record.passages]}")
    spans = [(p.number, u.start, u.end) for p in record.passages for u in p.utterances]
    for number, start, end in spans + [(c.number, c.start, c.end) for c in chunks]:
        if not 0 <= start < end <= len(texts.get(number, "")):
            raise ValueError(f"[{start}, {end}) is not inside ¶ {number} of {record.name}")
    for c in chunks:
        if c.vector.shape != (dimension,):
            raise ValueError(f"a vector of shape {c.vector.shape} for a store of dimension {dimension}")
        if not abs(float(np.linalg.norm(c.vector)) - 1) <= UNIT_TOLERANCE:
            raise ValueError(f"a vector of length {np.linalg.norm(c.vector)}, not 1, in {record.name}")


def add(
    connection: Connection,
    record: Article,
    fingerprint: str,
    chunks: Iterable[Chunk],
    names: Mapping[str, int],
    generation: int,
) -> None:
    """Write an article that is not there, with all that belongs to it."""
    fields = {f: getattr(record, f) for f in ("id", "name", "title", "author", "date", "url", "source")}
    key = _key(connection.execute(insert(article).values(**fields, fingerprint=fingerprint)))
    ids = {p.number: _add_passage(connection, key, p) for p in record.passages}
    texts = {p.number: p.text for p in record.passages}
    _add_all(connection, insert(chunk), (_chunk_row(c, ids, texts, generation) for c in chunks))
    _add_all(connection, insert(name), ({"article": key, "word": w, "count": n} for w, n in names.items()))
    _add_all(connection, insert(role), (_role_row(key, r) for r in record.roles))


def remove(connection: Connection, key: int, generation: int) -> None:
    """Delete the article with this key and all that belongs to it, and note which labels went with it."""
    labels = select(literal(generation), chunk.c.label).join_from(chunk, passage)
    connection.execute(
        insert(removed).from_select(["generation", "label"], labels.where(passage.c.article == key))
    )
    fulltext.remove(connection, key)
    connection.execute(delete(article).where(article.c.key == key))


def load_articles(connection: Connection, *conditions: ColumnElement[bool]) -> list[Article]:
    """Return articles without their passages, newest first, the undated last."""
    return [_article(row) for row in connection.execute(newest_first(select(article).where(*conditions)))]


def load_article(connection: Connection, article_id: str) -> Article | None:
    """Return the article with this id, whole, or None."""
    for record in load_articles(connection, article.c.id == article_id):
        found = load_passages(connection, article.c.id == article_id)
        roles = load_roles(connection, article.c.id == article_id)
        return replace(record, passages=tuple(p for _, p in found.values()), roles=tuple(roles))
    return None


def load_passages(connection: Connection, *conditions: ColumnElement[bool]) -> dict[int, tuple[str, Passage]]:
    """Return passages with their utterances, by id, each with the id of its article, as printed."""
    query = select(article.c.id.label("article_id"), passage).join_from(article, passage).where(*conditions)
    rows = connection.execute(query.order_by(passage.c.id)).all()
    spoken = load_utterances(connection, utterance.c.passage.in_(listed([r.id for r in rows])))
    reported = defaultdict(list)
    for passage_id, u in spoken:
        reported[passage_id].append(u)
    return {r.id: (r.article_id, _passage(r, tuple(reported[r.id]))) for r in rows}


def load_utterances(connection: Connection, *conditions: ColumnElement[bool]) -> list[tuple[int, Utterance]]:
    """Return utterances, each with the id of its passage: of the newest article first, then as printed."""
    query = newest_first(select(utterance).join_from(utterance, passage).join(article).where(*conditions))
    rows = connection.execute(query.order_by(passage.c.number, utterance.c.id))
    return [(row.passage, _utterance(row)) for row in rows]


def load_quoting(
    connection: Connection, speakers: Collection[str], within: Collection[str] | None, k: int
) -> list[int]:
    """Return up to *k* passages in which *speakers* speak."""
    return list(connection.scalars(quoting(speakers, within).distinct().limit(k)))


def load_directness(
    connection: Connection, speakers: Collection[str], within: Collection[str] | None
) -> list[NDArray[np.int64]]:
    """Return the passages in which *speakers* speak, and how directly: from 0, the most, to 3."""
    manners = func.count(utterance.c.manner.distinct())
    directness = case(
        (func.max(utterance.c.manner == Manner.DIRECT.value) == 1, 0),
        ((manners > 1) | (func.max(utterance.c.manner == Manner.MIXED.value) == 1), 1),
        (func.max(utterance.c.manner == Manner.INDIRECT.value) == 1, 2),
        else_=3,
    )
    query = quoting(speakers, within).group_by(utterance.c.passage)
    return columns(connection, query.add_columns(directness.label("directness")))


def quoting(speakers: Collection[str], within: Collection[str] | None) -> Select[Any]:
    """Select the passages in which *speakers* speak, once for each time that they do."""
    query = select(utterance.c.passage).where(utterance.c.speaker.in_(listed(speakers)))
    if within is None:
        return query
    return query.join_from(utterance, passage).join(article).where(article.c.id.in_(listed(within)))


def load_roles(connection: Connection, *conditions: ColumnElement[bool]) -> list[Role]:
    """Return what articles call their people, the newest article first."""
    called = select(role.c.speaker, role.c.office, role.c.of).join_from(role, article).where(*conditions)
    rows = connection.execute(newest_first(called).order_by(role.c.id))
    return [Role(speaker=speaker, office=office, of=tuple(of)) for speaker, office, of in rows]


def newest_first(query: Select[Any]) -> Select[Any]:
    """Order by the articles' dates, the undated last; those of one date by name."""
    return query.order_by(article.c.date.desc().nulls_last(), article.c.name, article.c.id)


def text_fingerprint(text: str) -> str:
    """Return what two chunks of the same text share."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def as_vector(blob: bytes) -> NDArray[np.float32]:
    """Read one stored vector, or several end to end."""
    return np.frombuffer(blob, dtype="<f4")


def _add_passage(connection: Connection, key: int, p: Passage) -> int:
    fields = {f: getattr(p, f) for f in ("number", "text", "outlet", "section")}
    passage_id = _key(connection.execute(insert(passage).values(article=key, voice=p.voice.value, **fields)))
    fulltext.add(connection, passage_id, p)
    _add_all(connection, insert(utterance), (_utterance_row(passage_id, u) for u in p.utterances))
    return passage_id


def _add_all(connection: Connection, statement: Insert, rows: Iterable[dict[str, Any]]) -> None:
    # SQLAlchemy takes an empty list for one row of defaults.
    if batch := list(rows):
        connection.execute(statement, batch)


def _key(result: CursorResult[Any]) -> int:
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _utterance_row(passage_id: int, u: Utterance) -> dict[str, Any]:
    fields = {f: getattr(u, f) for f in ("start", "end", "speaker", "cue")}
    return fields | {"passage": passage_id, "manner": u.manner.value, "via": list(u.via)}


def _role_row(key: int, r: Role) -> dict[str, Any]:
    return {"article": key, "speaker": r.speaker, "office": r.office, "of": list(r.of)}


def _chunk_row(c: Chunk, ids: dict[int, int], texts: dict[int, str], generation: int) -> dict[str, Any]:
    return {
        "passage": ids[c.number],
        "start": c.start,
        "end": c.end,
        "fingerprint": text_fingerprint(texts[c.number][c.start : c.end]),
        "generation": generation,
        "vector": c.vector.astype("<f4").tobytes(),
    }


def _article(row: Row[Any]) -> Article:
    return Article(
        id=row.id,
        name=row.name,
        title=row.title,
        author=row.author,
        date=row.date,
        url=row.url,
        source=row.source,
    )


def _passage(row: Row[Any], utterances: tuple[Utterance, ...]) -> Passage:
    return Passage(
        number=row.number,
        text=row.text,
        voice=Voice(row.voice),
        outlet=row.outlet,
        section=row.section,
        utterances=utterances,
    )


def _utterance(row: Row[Any]) -> Utterance:
    return Utterance(
        start=row.start,
        end=row.end,
        speaker=row.speaker,
        cue=row.cue,
        manner=Manner(row.manner),
        via=tuple(row.via),
    )
