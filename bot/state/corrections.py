"""
Which answers have to be changed because the column did: each is found once and worked on by one at a time.

Promises: what was found is on disk until it is done; an answer's record and the note that its message is yet
to be changed are written in one transaction, so that a crash between the two leaves nothing out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.answers import Given, answer_article, rewrite
from bot.state.disk import metadata

LEASE = 120.0  # seconds after which an answer whose worker died is taken up again

# The text of each article as it was when the answers that quote it were last looked at.
checked = sa.Table(
    "article_checked",
    metadata,
    sa.Column("article", sa.String, primary_key=True),
    sa.Column("fingerprint", sa.String, nullable=False),
)
corrections = sa.Table(
    "correction",
    metadata,
    sa.Column("answer", sa.String, primary_key=True),
    # How often it was found: another change may come while it is worked on.
    sa.Column("found", sa.Integer, nullable=False),
    # Its record is as it should be, and its message is not yet.
    sa.Column("written", sa.Boolean, nullable=False),
    sa.Column("due_at", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """An answer to be looked at; where its record is *written*, its message is left to be changed."""

    answer: str
    found: int
    written: bool


class Corrections:
    """The corrections of one bot. Safe to share among threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine, self.clock = engine, clock

    def find(self, fingerprints: Mapping[str, str]) -> list[str]:
        """
        Put those answers in line that quote an article whose text is another than when this was last called.

        *fingerprints* are those of all articles there are. Return the ids of the articles that changed; one
        that was never seen before did not.
        """
        with self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # of two that look at once, one finds
            known = {row.article: row.fingerprint for row in connection.execute(sa.select(checked))}
            changed = [id for id, before in known.items() if fingerprints.get(id) != before]
            new = {id: text for id, text in fingerprints.items() if known.get(id) != text}
            self._put_in_line(connection, changed)
            gone = [id for id in changed if id not in fingerprints]
            connection.execute(checked.delete().where(checked.c.article.in_(_listed(gone))))
            if new:
                insert = sqlite.insert(checked)
                written = {"fingerprint": insert.excluded.fingerprint}
                insert = insert.on_conflict_do_update(index_elements=["article"], set_=written)
                connection.execute(insert, [{"article": a, "fingerprint": f} for a, f in new.items()])
        return changed

    def put_in_line(self, articles: Collection[str]) -> None:
        """Put all answers in line that quote one of *articles*."""
        with self._engine.begin() as connection:
            self._put_in_line(connection, articles)

    def take(self) -> Correction | None:
        """Take an answer to look at, the one that is due first; None where none is."""
        now = self.clock()
        due = corrections.c.due_at <= now
        first = sa.select(corrections.c.answer).where(due).order_by(corrections.c.due_at).limit(1)
        take = corrections.update().where(corrections.c.answer == first.scalar_subquery(), due)
        taking = take.values(due_at=now + LEASE).returning(corrections)
        with self._engine.begin() as connection:
            row = connection.execute(taking).first()
        return None if row is None else Correction(answer=row.answer, found=row.found, written=row.written)

    def write(self, given: Given) -> None:
        """Keep *given* as it is to be shown from now on; its message is left to be changed."""
        mark = corrections.update().where(corrections.c.answer == given.id)
        with self._engine.begin() as connection:
            rewrite(connection, given)
            connection.execute(mark.values(written=True))

    def done(self, correction: Correction) -> None:
        """Write down that nothing is left to be done with an answer, unless it was found anew meanwhile."""
        here = corrections.c.answer == correction.answer
        with self._engine.begin() as connection:
            connection.execute(corrections.delete().where(here, corrections.c.found == correction.found))
            connection.execute(corrections.update().where(here).values(written=False, due_at=self.clock()))

    def later(self, correction: Correction, seconds: float) -> None:
        """Put an answer back for *seconds*."""
        change = corrections.update().where(corrections.c.answer == correction.answer)
        with self._engine.begin() as connection:
            connection.execute(change.values(due_at=self.clock() + seconds))

    def _put_in_line(self, connection: sa.Connection, articles: Collection[str]) -> None:
        quoting = answer_article.c.article.in_(_listed(articles))
        now, one, no = sa.literal(self.clock()), sa.literal(1), sa.literal(value=False)
        found = sa.select(answer_article.c.answer, one, no, now).where(quoting).distinct()
        insert = sqlite.insert(corrections).from_select(["answer", "found", "written", "due_at"], found)
        again = {"found": corrections.c.found + 1}
        connection.execute(insert.on_conflict_do_update(index_elements=["answer"], set_=again))


def _listed(values: Collection[str]) -> sa.Select[Any]:
    """Return a subquery of *values*, which are one parameter, however many they are."""
    return sa.select(sa.func.json_each(json.dumps(list(values))).table_valued("value").c.value)
