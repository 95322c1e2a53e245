"""Articles to rows: what belongs to one is written, and goes, together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    CursorResult,
    Insert,
    delete,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.sqlite import insert as insert_or

from index.passage import Article, Passage, Role, Utterance
from index.store import fulltext
from index.store.packed import listed
from index.store.tables import article, chunk, maker, name, passage, removed, role, utterance

UNIT_TOLERANCE = 1e-3  # of a vector's length; a model that calculates in float16 stays within it


class Made(NamedTuple):
    """A vector that some chunk has, shape (d,), and the name of its *maker*, "" where that is not known."""

    vector: NDArray[np.float32]
    maker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """
    A window of passage *number*, ``text[start:end]``, and its *vector*, shape (d,), of unit length.

    *maker* is the name of what made the vector, "" where that is not known.
    """

    number: int
    start: int
    end: int
    vector: NDArray[np.float32]
    maker: str = ""


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
    chunks: Sequence[Chunk],
    names: Mapping[str, int],
    generation: int,
) -> int:
    """Write an article that is not there, with all that belongs to it; return its key."""
    stored = ("id", "name", "title", "author", "date", "url", "source", "truncated")
    fields = {f: getattr(record, f) for f in stored}
    key = _key(connection.execute(insert(article).values(**fields, fingerprint=fingerprint)))
    ids = {p.number: _add_passage(connection, key, p) for p in record.passages}
    texts = {p.number: p.text for p in record.passages}
    makers = _maker_keys(connection, {c.maker for c in chunks})
    _add_all(connection, insert(chunk), (_chunk_row(c, ids, texts, generation, makers) for c in chunks))
    _add_all(connection, insert(name), ({"article": key, "word": w, "count": n} for w, n in names.items()))
    _add_all(connection, insert(role), (_role_row(key, r) for r in record.roles))
    return key


def remove(connection: Connection, key: int, generation: int) -> None:
    """Delete the article with this key and all that belongs to it, and note which labels went with it."""
    labels = select(literal(generation), chunk.c.label).join_from(chunk, passage)
    connection.execute(
        insert(removed).from_select(["generation", "label"], labels.where(passage.c.article == key))
    )
    fulltext.remove(connection, key)
    connection.execute(delete(article).where(article.c.key == key))


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


def _maker_keys(connection: Connection, makers: set[str]) -> dict[str, int]:
    """Return the keys of these makers, which are added where they are new; none for ""."""
    wanted = sorted(makers - {""})
    new = insert_or(maker).on_conflict_do_nothing()
    _add_all(connection, new, ({"name": one} for one in wanted))
    query = select(maker.c.name, maker.c.key).where(maker.c.name.in_(listed(wanted)))
    return {row.name: row.key for row in connection.execute(query)}


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


def _chunk_row(
    c: Chunk, ids: dict[int, int], texts: dict[int, str], generation: int, makers: dict[str, int]
) -> dict[str, Any]:
    return {
        "passage": ids[c.number],
        "start": c.start,
        "end": c.end,
        "fingerprint": text_fingerprint(texts[c.number][c.start : c.end]),
        "generation": generation,
        "vector": c.vector.astype("<f4").tobytes(),
        "maker": makers.get(c.maker),
    }
