"""Full text over folded passages: what a reader types reaches FTS5 as quoted words, never as its syntax."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from math import log
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from index.passage import Passage
from index.segment import fold

SPARED = 4  # for each passage asked for: so many must hold the rarest words, that it is tried with these
WORTH_SPARING = 2  # times as many passages hold any of the words
K1, LEAST_FREQUENCY = 1.2, 1e-6  # of FTS5's BM25

# For searching only; rowid is the passage's id.
TABLE = text(
    "create virtual table full_text using fts5("
    "text, section, tokenize = 'porter unicode61 remove_diacritics 2')"
)
ADD = text("insert into full_text (rowid, text, section) values (:id, :text, :section)")
REMOVE = text("delete from full_text where rowid in (select id from passage where article = :article)")
CLEAR = text("delete from full_text")
CHECK = text("insert into full_text (full_text, rank) values ('integrity-check', 0)")
UNPAIRED = text("""
select exists (select id from full_text_docsize except select id from passage)
    or exists (select id from passage except select id from full_text_docsize)
""")
HOLDING = text("select count(*) from full_text where full_text match :match")

SCORED = "select rowid, -rank from full_text where full_text match :match"
# The plus keeps SQLite from looking up the words anew for each of these passages.
HOLDING_ONE_OF = " and +rowid in (select rowid from full_text where full_text match :rare)"
FOUND = """
select passage.id
from full_text
join passage on passage.id = full_text.rowid
join article on article.key = passage.article
where full_text match :match
"""
WITHIN = " and article.id in (select value from json_each(:within)) "
SCORED_WITHIN = """
 and +rowid in (select passage.id from passage join article on article.key = passage.article
    where article.id in (select value from json_each(:within)))
"""
SPOKEN_IN = """
 and +rowid in (select passage from utterance where speaker in (select value from json_each(:speakers)))
"""
BEST = " order by rank, rowid limit :k"
NEWEST = " order by article.date desc nulls last, article.name, article.id, passage.number limit :k"


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
    words: Mapping[str, int],
    passages: int,
    k: int,
    within: str | None,
    speakers: str | None,
) -> list[tuple[int, float]]:
    """
    Return the *k* best passages that hold any of *words*, as (id, BM25), higher for better.

    Passages that hold only common words are scored where they may be among the best, and else spared: a
    score takes ten times as long as a look-up.

    Args:
        within, speakers: JSON lists of article ids and of speakers, or None for all.

        words: Each with the number of passages that hold it, out of all *passages*.

    Source:
        MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations" (1995).
    """
    match = " OR ".join(dict.fromkeys(map(_quoted, words)))
    if not match:
        return []
    parameters = {"match": match, "k": k, "within": within, "speakers": speakers}
    query = SCORED + ("" if within is None else SCORED_WITHIN) + ("" if speakers is None else SPOKEN_IN)
    least = 0.0  # that the last of the best is sure to have
    for tier in _tiers(words, passages, SPARED * k):
        if not least or tier.bound < least:
            found = _scored(connection, query + HOLDING_ONE_OF, {**parameters, "rare": tier.match})
            least = found[-1][1] if len(found) == k else 0.0
            if least > tier.bound:
                return found
    return _scored(connection, query, parameters)


class _Tier(NamedTuple):
    """The rarest of some words as FTS5 takes them, and the score that no passage without them exceeds."""

    match: str
    bound: float


def _tiers(words: Mapping[str, int], passages: int, fewest: int) -> Iterator[_Tier]:
    """
    Yield the rarest words that *fewest* passages hold together, then one more each time.

    The last are those beyond which too little would be spared.
    """
    rising = sorted(words, key=lambda w: words[w])
    held = list(accumulate(words[w] for w in rising))
    for i in range(1, len(rising)):
        if fewest <= held[i - 1] <= held[-1] / WORTH_SPARING:
            yield _Tier(
                " OR ".join(map(_quoted, rising[:i])), sum(_most(words[w], passages) for w in rising[i:])
            )


def _most(holding: int, passages: int) -> float:
    """
    Return what one word adds to a score at the most, however often it stands in however short a passage.

    Source:
        SQLite, "The bm25() function": k1 = 1.2, and no inverse document frequency below a millionth.
    """
    frequency = log((passages - holding + 0.5) / (holding + 0.5))
    return (K1 + 1) * max(frequency, LEAST_FREQUENCY)


def _scored(connection: Connection, query: str, parameters: Mapping[str, Any]) -> list[tuple[int, float]]:
    return [(rowid, score) for rowid, score in connection.execute(text(query + BEST), parameters)]


def phrase(connection: Connection, words: str, k: int, within: str | None) -> list[int]:
    """Return up to *k* passages whose text holds *words* in this order, of the newest article first."""
    rows = _found(connection, "text : " + _quoted(words), k, within)
    return [passage_id for (passage_id,) in rows]


def holding(connection: Connection, word: str) -> int:
    """Return how many passages hold *word* in any of its forms."""
    return int(connection.execute(HOLDING, {"match": _quoted(word)}).scalar_one())


def agrees(connection: Connection) -> bool:
    """
    Say whether exactly the passages are findable.

    FTS5 also compares its inverted lists with its text; a difference there it reports as a malformed file.
    """
    connection.execute(CHECK)
    return not connection.execute(UNPAIRED).scalar_one()


def _found(connection: Connection, match: str, k: int, within: str | None) -> list[Any]:
    """Run a search; *within* is a JSON list of article ids, or None for the whole column."""
    query = FOUND + ("" if within is None else WITHIN) + NEWEST
    parameters = {"match": match, "k": k} | ({} if within is None else {"within": within})
    return list(connection.execute(text(query), parameters))


def _quoted(words: str) -> str:
    """
    Return an FTS5 string: inside it only the quotation mark means anything, and is doubled.

    One without a letter or digit holds no words, and matches nothing.
    """
    return '"' + _plain(words).replace('"', '""') + '"'


def _plain(text: str) -> str:
    """Fold, and leave out what ends a string early (NUL) or is no character (half a surrogate pair)."""
    return fold(text).replace("\0", " ").encode(errors="ignore").decode()
