"""
What outlasts the articles: when each was first seen, what was taken down, and where articles come from.

None of it goes when an article is put again, dropped and brought back, or when the store starts over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as insert_or

from index.fetched import Fetched
from index.identity import TELLING, Trace
from index.passage import Article
from index.store.tables import article, metadata, state

first_seen = Table(
    "first_seen",
    metadata,
    Column("article", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("link", Text, index=True),
    Column("text", Text, index=True),
)

source = Table(
    "source",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
)

last_read = Table(
    "last_read",
    metadata,
    Column("source", Text, primary_key=True),
    Column("at", Text, nullable=False),
)


def _trace_columns() -> list[Column[Any]]:
    return [
        Column("link", Text),
        Column("name", Text, nullable=False),
        Column("title", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("parts", Text, nullable=False),  # JSON
        Column("truncated", Boolean, nullable=False),
    ]


trace = Table(
    "trace",
    metadata,
    Column("article", ForeignKey(article.c.key, ondelete="CASCADE"), primary_key=True, nullable=False),
    *_trace_columns(),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("article", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("shown", Text, nullable=False),
    *_trace_columns(),
)

# What a server said of what was fetched: what to ask it with the next time, and when.
fetched = Table(
    "fetched",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("modified", Text),
    Column("at", Text, nullable=False),
    Column("of", Text, nullable=False),
    Column("wait_until", Text),
    Column("failures", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """An article that was taken down for good: its title, and when."""

    title: str
    at: datetime


def note_seen(connection: Connection, article_id: str, looks: Trace, at: datetime) -> None:
    """
    Remember when an article was first held; a later time changes nothing.

    Nor is what comes back under another id new: a file that was renamed has the words that it had.
    """
    text = looks.text if looks.words >= TELLING else None
    before = connection.scalar(select(func.min(first_seen.c.at)).where(_same(first_seen, looks)))
    row = {
        "article": article_id,
        "at": min(filter(None, (before, _stamp(at)))),
        "link": looks.link,
        "text": text,
    }
    now = insert_or(first_seen).values(row)
    known = now.on_conflict_do_update(index_elements=["article"], set_={"link": looks.link, "text": text})
    connection.execute(known)


def load_first_seen(connection: Connection) -> dict[str, datetime]:
    """Return when each article that is there was first held."""
    query = select(first_seen).join(article, article.c.id == first_seen.c.article)
    return {row.article: datetime.fromisoformat(row.at) for row in connection.execute(query)}


def add_source(connection: Connection, url: str) -> None:
    """Remember a source, behind those that are there."""
    connection.execute(insert_or(source).values(url=url).on_conflict_do_nothing())


def remove_source(connection: Connection, url: str) -> bool:
    """Forget a source, and say whether it was there."""
    return connection.execute(delete(source).where(source.c.url == url)).rowcount > 0


def load_sources(connection: Connection) -> list[str]:
    """Return the sources in the order in which they were added."""
    return list(connection.scalars(select(source.c.url).order_by(source.c.key)))


def note_read(connection: Connection, where: str, at: datetime) -> None:
    """Remember when a source was last read."""
    _replace(connection, last_read, {"source": where, "at": _stamp(at)})


def load_last_read(connection: Connection) -> dict[str, datetime]:
    """Return when each source was last read."""
    rows = connection.execute(select(last_read))
    return {row.source: datetime.fromisoformat(row.at) for row in rows}


def add_trace(connection: Connection, key: int, looks: Trace) -> None:
    """Write what the article with this key is recognised by."""
    connection.execute(insert(trace).values(article=key, **_trace_fields(looks)))


def load_traces(connection: Connection) -> dict[str, Trace]:
    """Return what the articles are recognised by, by their ids."""
    rows = connection.execute(select(article.c.id, trace).join_from(article, trace))
    return {row.id: _trace(row) for row in rows}


def copies(connection: Connection, looks: Trace) -> list[int]:
    """Return the keys of the articles that are there under that link, or with all of those words."""
    return list(connection.scalars(select(trace.c.article).where(_same(trace, looks))))


def bury(connection: Connection, record: Article, looks: Trace, at: datetime) -> None:
    """Remember that an article was taken down, and what it is recognised by."""
    taken = {"article": record.id, "at": _stamp(at), "shown": record.title}
    _replace(connection, tombstone, taken | _trace_fields(looks))


def is_buried(connection: Connection, article_id: str) -> bool:
    """Tell whether the article with this id was taken down."""
    return (
        connection.execute(select(tombstone.c.at).where(tombstone.c.article == article_id)).first()
        is not None
    )


def load_taken_down(connection: Connection) -> dict[str, TakenDown]:
    """Return what was taken down, by id, the latest first."""
    rows = connection.execute(select(tombstone).order_by(tombstone.c.at.desc(), tombstone.c.article))
    return {r.article: TakenDown(title=r.shown, at=datetime.fromisoformat(r.at)) for r in rows}


def load_tombstones(connection: Connection) -> dict[str, Trace]:
    """Return what the articles that were taken down are recognised by, by their ids."""
    return {row.article: _trace(row) for row in connection.execute(select(tombstone))}


def note_fetched(connection: Connection, url: str, what: Fetched) -> None:
    """Remember what is known of an address, in place of what was."""
    values = asdict(what) | {
        "at": _stamp(what.at),
        "wait_until": what.wait_until and _stamp(what.wait_until),
        "url": url,
    }
    _replace(connection, fetched, values)


def load_fetched(connection: Connection, url: str) -> Fetched | None:
    """Return what is known of an address."""
    row = connection.execute(select(fetched).where(fetched.c.url == url)).first()
    if row is None:
        return None
    return Fetched(
        at=datetime.fromisoformat(row.at),
        etag=row.etag,
        modified=row.modified,
        of=row.of,
        wait_until=row.wait_until and datetime.fromisoformat(row.wait_until),
        failures=row.failures,
    )


def forget_fetched(connection: Connection) -> None:
    """Forget all that servers said, but for who is to be left alone: everything is asked for whole again."""
    connection.execute(delete(fetched).where(fetched.c.wait_until.is_(None)))
    connection.execute(update(fetched).values(of="", etag=None, modified=None))


def begin(connection: Connection, now: datetime) -> None:
    """Take over the articles of a store that kept no ledger: seen at the latest when it was last synced."""
    synced = func.coalesce(select(state.c.last_sync).scalar_subquery(), _stamp(now))
    connection.execute(insert(first_seen).from_select(["article", "at"], select(article.c.id, synced)))


def _same(table: Table, looks: Trace) -> ColumnElement[bool]:
    """Select the rows that have the link of *looks*, or all of its words where these tell."""
    told = {"link": looks.link, "text": looks.text if looks.words >= TELLING else None}
    return or_(false(), *(table.c[name] == value for name, value in told.items() if value))


def _replace(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    connection.execute(insert(table).prefix_with("or replace").values(**values))


def _trace_fields(t: Trace) -> dict[str, Any]:
    return asdict(t) | {"parts": json.dumps(t.parts)}


def _trace(row: Row[Any]) -> Trace:
    values = {f.name: getattr(row, f.name) for f in fields(Trace)}
    return Trace(**values | {"parts": json.loads(row.parts)})


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
