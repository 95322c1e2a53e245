"""What each person was shown, and when they asked: what the bot's manners are measured by."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import metadata

DAY = 24 * 3600.0

shown = sa.Table(
    "shown",
    metadata,
    # The answer is part of the key: a question that is taken up again is counted once.
    sa.Column("answer", sa.String, primary_key=True),
    sa.Column("user", sa.String, primary_key=True),
    sa.Column("article", sa.String, primary_key=True),
    sa.Column("characters", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("shown_user", "user", "at"),
)
requests = sa.Table(
    "request_time",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("request_user", "user", "at"),
)


class People:
    """What is known of the people who ask: how much and how often, never what."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def note_shown(self, answer: str, user: str, article: str, characters: int) -> None:
        """Write down that *answer* shows *user* so many *characters* of an article."""
        keys = {"answer": answer, "user": user, "article": article}
        row = {**keys, "characters": characters, "at": self._clock()}
        insert = sqlite.insert(shown).values(row)
        with self._engine.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=row))

    def shown_today(self, user: str) -> dict[str, int]:
        """Return how many characters of each article somebody was shown in the last 24 hours."""
        total = sa.func.sum(shown.c.characters)
        query = sa.select(shown.c.article, total).group_by(shown.c.article)
        with self._engine.connect() as connection:
            recent = query.where(shown.c.user == user, shown.c.at > self._clock() - DAY)
            return {article: int(characters) for article, characters in connection.execute(recent)}

    def note_request(self, user: str, key: str) -> bool:
        """Write down that somebody asks; *key* is the delivery's, which counts once. Return if it is new."""
        row = {"key": key, "user": user, "at": self._clock()}
        with self._engine.begin() as connection:
            insert = sqlite.insert(requests).values(row).on_conflict_do_nothing()
            return bool(connection.execute(insert).rowcount)

    def requests_since(self, user: str, seconds: float) -> int:
        """Return how often somebody asked in the last *seconds*."""
        query = sa.select(sa.func.count()).where(
            requests.c.user == user, requests.c.at > self._clock() - seconds
        )
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def forget(self) -> None:
        """Delete what is older than a day."""
        with self._engine.begin() as connection:
            for table in (shown, requests):
                connection.execute(table.delete().where(table.c.at < self._clock() - DAY))
