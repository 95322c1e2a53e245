"""
Rows to records: what is read is what was written, character for character.

In SQL as it is: a question reads some thirty times, and composing a query takes longer than running it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from index.passage import Article, Manner, Passage, Role, Utterance, Voice
from index.store.driver import driver
from index.store.file import as_tuple
from index.store.packed import as_json, as_numbers

# Each is completed with conditions of this file alone; whatever is asked for is a parameter.
ARTICLES = """
select id, name, title, author, date, url, source, truncated from article {where}
order by date desc nulls last, name, id
"""
AUTHORS = "select author from article where author <> '' group by 1 order by max(date) desc nulls last, 1"
UNSIGNED = """
select title from article where coalesce(author, '') = '' group by 1 order by max(date) desc nulls last, 1
"""
PASSAGES = """
select passage.id, article.id, number, text, voice, outlet, section
from passage join article on article.key = passage.article
where {where} order by passage.id
"""
UTTERANCES = """
select passage, start, "end", speaker, cue, manner, via from utterance
where passage in (select value from json_each(?)) order by id
"""
SAID = """
select utterance.passage, start, "end", speaker, cue, manner, via
from utterance join passage on passage.id = utterance.passage join article on article.key = passage.article
where {where} order by article.date desc nulls last, article.name, article.id, number, utterance.id
"""
ROLES = """
select speaker, office, of from role join article on article.key = role.article
where {where} order by article.date desc nulls last, article.name, article.id, role.id
"""
JOINED = "join passage on passage.id = utterance.passage join article on article.key = passage.article"

THIS = "article.id = ?"
THESE = "passage.id in (select value from json_each(?))"
SPEAKING = "utterance.speaker in (select value from json_each(?))"
WITHIN = "article.id in (select value from json_each(?))"
AMONG = "utterance.passage in (select value from json_each(?))"
CALLED = "office in (select value from json_each(?))"
DIRECT_FIRST = (Manner.DIRECT, Manner.MIXED, Manner.INDIRECT, Manner.FRAGMENT)
DIRECTNESS = "case manner {} end".format(
    " ".join(f"when '{manner.value}' then {n}" for n, manner in enumerate(DIRECT_FIRST))
)


def load_articles(connection: Connection, article_id: str | None = None) -> list[Article]:
    """Return articles without their passages, newest first, the undated last: all, or the one of this id."""
    if article_id is None:
        return [_article(row) for row in _rows(connection, ARTICLES.format(where=""))]
    return [_article(row) for row in _rows(connection, ARTICLES.format(where="where id = ?"), article_id)]


def load_authors(connection: Connection) -> list[str]:
    """Return the authors of articles, of the newest first."""
    return [row[0] for row in _rows(connection, AUTHORS)]


def load_unsigned(connection: Connection) -> list[str]:
    """Return the titles of articles without an author, of the newest first."""
    return [row[0] for row in _rows(connection, UNSIGNED)]


def load_article(connection: Connection, article_id: str) -> Article | None:
    """Return the article with this id, whole, or None."""
    for record in load_articles(connection, article_id):
        found = _passages(connection, PASSAGES.format(where=THIS), article_id)
        roles = _roles(connection, THIS, article_id)
        return replace(record, passages=tuple(p for _, p in found.values()), roles=tuple(roles))
    return None


def load_passages(connection: Connection, ids: Collection[int]) -> dict[int, tuple[str, Passage]]:
    """Return passages with their utterances, by id, each with the id of its article, as printed."""
    return _passages(connection, PASSAGES.format(where=THESE), as_json(ids))


def load_said(
    connection: Connection,
    speakers: Collection[str],
    within: Collection[str] | None,
    passages: Collection[int] | None,
) -> list[tuple[int, Utterance]]:
    """
    Return what *speakers* say, each with the id of its passage: of the newest article first, then as printed.

    Args:
        within: Ids of the articles to look in; None for all.

        passages: Ids of the passages to look at; None for all.
    """
    asked = {SPEAKING: speakers, WITHIN: within, AMONG: passages}
    given = {condition: as_json(values) for condition, values in asked.items() if values is not None}
    rows = _rows(connection, SAID.format(where=" and ".join(given)), *given.values())
    return [(row[0], _utterance(row)) for row in rows]


def load_quoting(
    connection: Connection, speakers: Collection[str], within: Collection[str] | None, k: int
) -> list[int]:
    """Return up to *k* passages in which *speakers* speak."""
    table, given = _quoting(speakers, within)
    query = f"select distinct utterance.passage from {table} limit ?"  # noqa: S608 – made of constants
    return [row[0] for row in _rows(connection, query, *given, k)]


def load_all_quoting(
    connection: Connection, speakers: Collection[str], within: Collection[str] | None
) -> NDArray[np.int64]:
    """Return all passages in which *speakers* speak, each as often as they do."""
    table, given = _quoting(speakers, within)
    # As one text: a row for each of some ten thousand would take longer than finding them.
    query = f"select group_concat(utterance.passage) from {table}"  # noqa: S608 – made of constants
    ((found,),) = _rows(connection, query, *given)
    return as_numbers(found)


def load_directness(
    connection: Connection, speakers: Collection[str], within: Collection[str] | None
) -> list[NDArray[np.int64]]:
    """
    Return the passages in which *speakers* speak, rising, and how directly, by the place in DIRECT_FIRST.

    Several manners in one passage are a mixed one, unless one of them is direct.
    """
    table, given = _quoting(speakers, within)
    query = f"select group_concat(utterance.passage), group_concat({DIRECTNESS}) from {table}"  # noqa: S608
    (row,) = _rows(connection, query, *given)
    ids, each = map(as_numbers, row)
    order = np.lexsort((each, ids))
    passages, starts = np.unique(ids[order], return_index=True)
    if not len(passages):
        return [passages, passages]
    least, most = (of.reduceat(each[order], starts) for of in (np.minimum, np.maximum))
    several = (least > 0) & (least < most)
    return [passages, np.where(several, DIRECT_FIRST.index(Manner.MIXED), least)]


def load_within(connection: Connection, within: Collection[str]) -> NDArray[np.int64]:
    """Return the ids of the passages of these articles."""
    where = f"passage join article on article.key = passage.article where {WITHIN}"
    ((found,),) = _rows(connection, f"select group_concat(passage.id) from {where}", as_json(within))  # noqa: S608
    return as_numbers(found)


def load_roles(connection: Connection, offices: Collection[str]) -> list[Role]:
    """Return whom articles call by one of *offices*, the newest article first."""
    return _roles(connection, CALLED, as_json(offices))


def _rows(connection: Connection, query: str, *given: Any) -> list[Any]:
    found: sqlite3.Cursor = driver(connection).execute(query, given)
    return found.fetchall()


def _quoting(speakers: Collection[str], within: Collection[str] | None) -> tuple[str, list[str]]:
    if within is None:
        return f"utterance where {SPEAKING}", [as_json(speakers)]
    return f"utterance {JOINED} where {SPEAKING} and {WITHIN}", [as_json(speakers), as_json(within)]


def _passages(connection: Connection, query: str, *given: Any) -> dict[int, tuple[str, Passage]]:
    rows = _rows(connection, query, *given)
    reported: dict[int, list[Utterance]] = defaultdict(list)
    for spoken in _rows(connection, UTTERANCES, as_json(row[0] for row in rows)):
        reported[spoken[0]].append(_utterance(spoken))
    return {row[0]: (row[1], _passage(row, reported.get(row[0], ()))) for row in rows}


def _roles(connection: Connection, where: str, *given: Any) -> list[Role]:
    rows = _rows(connection, ROLES.format(where=where), *given)
    return [Role(speaker=speaker, office=office, of=as_tuple(of)) for speaker, office, of in rows]


def _article(row: Any) -> Article:
    id, name, title, author, day, url, source, truncated = row
    return Article(
        id=id,
        name=name,
        title=title,
        author=author,
        date=date.fromisoformat(day) if day else None,
        url=url,
        source=source,
        truncated=bool(truncated),
    )


def _passage(row: Any, utterances: Iterable[Utterance]) -> Passage:
    _, _, number, text, voice, outlet, section = row
    return Passage(
        number=number,
        text=text,
        voice=Voice(voice),
        outlet=outlet,
        section=section,
        utterances=tuple(utterances),
    )


def _utterance(row: Any) -> Utterance:
    _, start, end, speaker, cue, manner, via = row
    return Utterance(start=start, end=end, speaker=speaker, cue=cue, manner=Manner(manner), via=as_tuple(via))
