"""What each person was shown, and when they asked: what the bot's manners are measured by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import DAY, Prepared, asked, metadata, unflushed
from index.answer import Place

shown = sa.Table(
    "shown_span",
    metadata,
    # The answer is part of the key: a question that is taken up again is counted once.
    sa.Column("answer", sa.String, primary_key=True),
    sa.Column("user", sa.String, primary_key=True),
    sa.Column("article", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("start", sa.Integer, primary_key=True),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("shown_span_user", "user", "at"),
)
requests = sa.Table(
    "request_time",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("request_user", "user", "at"),
)

_insert = sqlite.insert(shown)
NOTE_SHOWN = Prepared(
    _insert.on_conflict_do_update(
        index_elements=[column.name for column in shown.primary_key],
        set_={"end": sa.func.max(shown.c.end, _insert.excluded.end)},
    ),
    shown.c.keys(),
)
UNNOTE_SHOWN = Prepared(
    shown.delete().where(shown.c.answer == asked("of_answer"), shown.c.user == asked("to_user"))
)
_articles = sa.func.json_each(asked("articles")).table_valued("value")
SHOWN_SINCE = Prepared(
    sa.select(shown.c.article, shown.c.number, shown.c.start, shown.c.end)
    .distinct()
    .where(
        shown.c.user == asked("to_user"),
        shown.c.at > asked("since"),
        shown.c.answer != asked("but"),
        shown.c.article.in_(sa.select(_articles.c.value)),
    )
)
NOTE_REQUEST = Prepared(sqlite.insert(requests).on_conflict_do_nothing(), requests.c.keys())
REQUESTS_SINCE = Prepared(
    sa.select(requests.c.at)
    .where(
        requests.c.user == asked("by_user"),
        requests.c.at > asked("since"),
        requests.c.key != asked("but"),
    )
    .order_by(requests.c.at)
)


class People:
    """What is known of the people who ask: how often, and where they were shown something; never what."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine, self.clock = engine, clock
        # The post that a note stands for is flushed after it; what a click shows, a power cut may forgive.
        self._unflushed = unflushed(engine)

    def note_shown(self, answer: str, user: str, places: Iterable[Place]) -> None:
        """Write down where the words stand that *answer* shows *user*, instead of what was written before."""
        at = self.clock()
        keys = ("article", "number", "start", "end")
        rows = [
            dict(zip(keys, place, strict=True), answer=answer, user=user, at=at)
            for place in dict.fromkeys(places)
        ]
        with self._unflushed.begin() as connection:
            UNNOTE_SHOWN.run(connection, {"of_answer": answer, "to_user": user})
            NOTE_SHOWN.run_each(connection, rows)

    def shown_today(self, user: str, articles: Iterable[str], *, but: str = "") -> list[Place]:
        """
        Return where the words stand that somebody was shown in the last 24 hours, *but* by one answer.

        Only those of *articles*, by their ids: of all that was shown to somebody in a day, few are needed.
        """
        given = {"to_user": user, "since": self.clock() - DAY, "but": but}
        given["articles"] = json.dumps(list(articles))
        with self._engine.connect() as connection:
            return SHOWN_SINCE.run(connection, given).fetchall()

    def note_request(self, user: str, key: str, at: float) -> None:
        """Write down that somebody asked at that time; *key* is the question's, which counts once."""
        with self._unflushed.begin() as connection:
            NOTE_REQUEST.run(connection, {"key": key, "user": user, "at": at})

    def requests_since(self, user: str, at: float, *, but: str = "") -> list[float]:
        """Return when somebody asked after *at*, *but* for one question, the earliest first."""
        given = {"by_user": user, "since": at, "but": but}
        with self._engine.connect() as connection:
            return [when for (when,) in REQUESTS_SINCE.run(connection, given)]

    def forget(self) -> None:
        """Delete what is older than a day."""
        with self._engine.begin() as connection:
            for table in (shown, requests):
                connection.execute(table.delete().where(table.c.at < self.clock() - DAY))
