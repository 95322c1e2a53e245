"""
All that is known of one person is deleted at their wish, in one transaction; what they wait for, afterwards.

Promises: nothing of a person is left in any table that names people in a column *user*, also of tables that
come later; a question that Slack brings again within a day is still known, without words and without a name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.answers import answer_article, answers
from bot.state.channels import settings
from bot.state.corrections import corrections
from bot.state.disk import DAY, Prepared, metadata, one_of
from bot.state.feedback import feedback
from bot.state.people import requests, shown
from bot.state.question import OPEN, questions

# Questions of people who asked to be forgotten, which were still open then.
leaving = sa.Table("forget_later", metadata, sa.Column("question", sa.String, primary_key=True))
OVER = Prepared(
    sa.select(leaving.c.question).where(
        leaving.c.question.not_in(sa.select(questions.c.id).where(one_of(questions.c.state, OPEN)))
    )
)

NOBODY = ""
DIRECT = "D"  # what the ids of direct conversations begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """How much is kept of one person; *listed* counts the channels that list them among those who may ask."""

    answers: int
    opinions: int
    follows: int
    waiting: int
    listed: int


class Erasure:
    """Forgets people. Safe to share among threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def known(self, user: str, *, but: str = "") -> Known:
        """Return how much is kept of *user*, *but* for the question of this key, which asks it."""
        with self._engine.connect() as connection:
            return _known(connection, user, but)

    def forget(self, user: str, *, but: str = "") -> Known:
        """Delete all that is kept of *user*; return how much it was. What waits goes when it is answered."""
        with self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            known = _known(connection, user, but)
            is_open = questions.c.state.in_(OPEN)
            waits = sa.select(questions.c.id).where(questions.c.user == user, is_open)
            later = sqlite.insert(leaving).from_select(["question"], waits)
            connection.execute(later.on_conflict_do_nothing())
            direct = [str(row.channel) for row in connection.execute(_direct(user))]
            _forget_answers(connection, sa.and_(answers.c.user == user, answers.c.id.not_in(waits)))
            _forget_questions(connection, sa.and_(questions.c.user == user, ~is_open))
            for table in metadata.sorted_tables:
                if table not in (answers, questions):
                    _forget_rows(connection, table, user, direct)
        return known

    def sweep(self) -> None:
        """Delete what people who asked to be forgotten still waited for, now that they have it."""
        with self._engine.connect() as connection:
            over = [id for (id,) in OVER.run(connection, {})]
        if not over:
            return
        with self._engine.begin() as connection:
            _forget_answers(connection, answers.c.id.in_(over))
            _forget_questions(connection, questions.c.id.in_(over))
            connection.execute(shown.delete().where(shown.c.answer.in_(over)))
            connection.execute(requests.delete().where(requests.c.key.in_(over)))
            connection.execute(leaving.delete().where(leaving.c.question.in_(over)))

    def expire(self) -> None:
        """Delete what was kept of forgotten people's questions, which Slack brings no more after a day."""
        old = (questions.c.user == NOBODY, questions.c.received_at < self._clock() - 2 * DAY)
        with self._engine.begin() as connection:
            connection.execute(questions.delete().where(*old))


def _known(connection: sa.Connection, user: str, but: str) -> Known:
    def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        return connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()

    waits = (questions.c.user == user, questions.c.state.in_(OPEN))
    given = answers.c.id.not_in(sa.select(questions.c.id).where(*waits))
    follows = metadata.tables.get("follow")
    return Known(
        answers=count(answers, answers.c.user == user, given),
        opinions=count(feedback, feedback.c.user == user),
        follows=0 if follows is None else count(follows, follows.c.created_by == user),
        waiting=count(questions, *waits, questions.c.key != but),
        listed=count(settings, settings.c.may_ask.contains(f'"{user}"', autoescape=True)),
    )


def _direct(user: str) -> sa.Select[tuple[str]]:
    """Select the direct conversations in which *user* asked."""
    asked = sa.select(questions.c.channel).where(questions.c.user == user)
    answered = sa.select(answers.c.channel).where(answers.c.user == user)
    both = asked.union(answered).subquery()
    return sa.select(both.c.channel).where(both.c.channel.startswith(DIRECT))


def _forget_answers(connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
    """Delete answers, and all that hangs on them: also what others thought of them."""
    ids = list(connection.execute(sa.select(answers.c.id).where(where)).scalars())
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        for column in (answer_article.c.answer, corrections.c.answer, feedback.c.answer, answers.c.id):
            connection.execute(sa.delete(column.table).where(column.in_(some)))


def _forget_rows(connection: sa.Connection, table: sa.Table, user: str, direct: list[str]) -> None:
    """Delete what a table has of *user* or a *direct* conversation; what others use names nobody then."""
    if "user" in table.c:
        connection.execute(table.delete().where(table.c.user == user))
    if "place" in table.c:
        connection.execute(table.delete().where(table.c.place.in_(direct)))
    if "thread_ts" in table.c:
        connection.execute(table.delete().where(table.c.channel.in_(direct)))
    if "created_by" in table.c:
        connection.execute(table.update().where(table.c.created_by == user).values(created_by=NOBODY))


def _forget_questions(connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
    """Leave of questions only what Slack would bring them again by."""
    # A mention comes as two events, which have the message in common; a direct message comes as one.
    alone = sa.and_(where, questions.c.channel.startswith(DIRECT))
    connection.execute(questions.update().where(alone).values(channel=NOBODY, ts=None))
    nothing = {"user": NOBODY, "text": "", "response_url": None, "thread_ts": None}
    connection.execute(questions.update().where(where).values(**nothing))
