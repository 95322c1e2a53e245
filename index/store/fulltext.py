"""Full text over folded passages: what a reader types reaches FTS5 as quoted words, never as its syntax."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from index.passage import Passage
from index.segment import STOPWORDS, fold
from index.store.driver import driver
from index.store.packed import as_json, as_numbers
from index.store.terms import TOKENIZER, Terms, Tokenizer, matching

if TYPE_CHECKING:  # they are read out of tables that stand beside this one
    from index.store.layout import Layout
    from index.store.postings import Postings

# For searching only; rowid is the passage's id.
TABLE = text(f"create virtual table full_text using fts5(text, section, tokenize = '{TOKENIZER}')")
ADD = text("insert into full_text (rowid, text, section) values (:id, :text, :section)")
REMOVE = text("delete from full_text where rowid in (select id from passage where article = :article)")
CLEAR = text("delete from full_text")
CHECK = text("insert into full_text (full_text, rank) values ('integrity-check', 0)")
UNPAIRED = text("""
select exists (select id from full_text_docsize except select id from passage)
    or exists (select id from passage except select id from full_text_docsize)
""")
HOLDING = "select count(*) from full_text where full_text match :match"
# As one text: a row for each of ten thousand would take longer than finding them.
FOUND = "select group_concat(rowid) from full_text where full_text match :match"
WRITTEN = """
select id, c0, c1 from full_text_content where id in (select value from json_each(:ids)) order by id
"""

FEW = 64  # passages that are looked through by themselves
BLOCK = 512  # passages of which only the best score is looked at first

tokenizer = Tokenizer()


def build(connection: Connection) -> None:
    """Make the table, empty."""
    connection.execute(TABLE)


def add(connection: Connection, passage_id: int, passage: Passage) -> None:
    """Make *passage* findable."""
    folded = {"text": _plain(passage.text), "section": _plain(passage.section or "")}
    connection.execute(ADD, {"id": passage_id, **folded})


def remove(connection: Connection, article: int) -> None:
    """Forget the passages of the article with this key, while they are still in their table."""
    connection.execute(REMOVE, {"article": article})


def clear(connection: Connection) -> None:
    """Forget all."""
    connection.execute(CLEAR)


def lexical(
    connection: Connection,
    postings: Postings,
    layout: Layout,
    words: Iterable[str],
    k: int,
    among: NDArray[np.int64] | None,
) -> list[tuple[int, float]]:
    """
    Return the *k* best passages that hold any of *words*, as (id, BM25), higher for better.

    Args:
        postings: Of the state that *connection* sees, as is *layout*.

        among: Ids of the passages to look at; None for all.
    """
    scores = postings.scores(connection, filter(None, terms(words)))
    if among is None:
        found = _high(scores, k)
    else:
        looked = np.unique(layout.places(among))
        found = looked[scores[looked] > 0]
    best = found[np.argsort(-scores[found], kind="stable")[:k]]
    return list(zip(layout.ids.values[best].tolist(), scores[best].tolist(), strict=True))


def _high(scores: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the places of the *k* highest scores above 0, and of few others, rising."""
    starts = np.arange(0, len(scores), BLOCK)
    best = np.maximum.reduceat(scores, starts) if len(scores) else scores
    # As many blocks reach this as are asked for, so as many scores do.
    least = np.partition(best, -k)[-k] if len(best) > k else 0.0
    return np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores)


def terms(words: Iterable[str]) -> list[Terms]:
    """Return what the full text makes of each of *words*, each once."""
    return tokenizer.terms(list(dict.fromkeys(map(_plain, words))))


def phrase(connection: Connection, words: str, postings: Postings, layout: Layout) -> NDArray[np.int64]:
    """
    Return the ids of all passages whose text holds *words* in this order.

    Args:
        postings: Of the state that *connection* sees, as is *layout*.
    """
    match = {"match": "text : " + _quoted(words)}
    telling = list(filter(None, terms(w for w in _plain(words).split() if w not in STOPWORDS)))
    if len(telling) > 1:
        # FTS5 reads where each word stands in the whole column: mostly, few passages hold all of them.
        holding = layout.ids.values[postings.holding(connection, telling)]
        if len(holding) <= FEW:
            written = driver(connection).execute(WRITTEN, {"ids": as_json(holding.tolist())})
            return matching(written.fetchall(), match["match"])
    ((found,),) = driver(connection).execute(FOUND, match)
    return as_numbers(found)


def holding(connection: Connection, word: str, postings: Postings) -> int:
    """Return how many passages hold *word* in any of its forms; *postings* may know it already."""
    (asked,) = terms([word])
    known = postings.frequency(asked) if asked else 0
    if known is not None:
        return known
    ((count,),) = driver(connection).execute(HOLDING, {"match": _quoted(word)})
    return int(count)


def agrees(connection: Connection) -> bool:
    """
    Say whether exactly the passages are findable.

    FTS5 also compares its inverted lists with its text; a difference there it reports as a malformed file.
    """
    connection.execute(CHECK)
    return not connection.execute(UNPAIRED).scalar_one()


def _quoted(words: str) -> str:
    """
    Return an FTS5 string: inside it only the quotation mark means anything, and is doubled.

    One without a letter or digit holds no words, and matches nothing.
    """
    return '"' + _plain(words).replace('"', '""') + '"'


def _plain(text: str) -> str:
    """Fold, and leave out what ends a string early (NUL) or is no character (half a surrogate pair)."""
    return fold(text).replace("\0", " ").encode(errors="ignore").decode()
