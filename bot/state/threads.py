"""What people decided in a thread: that the bot is to be silent there, and whom a name means."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import Prepared, asked, metadata

muted = sa.Table(
    "thread_muted",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("thread_ts", sa.String, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
)
choices = sa.Table(
    "thread_choice",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("thread_ts", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
CHOSEN = Prepared(
    sa.select(choices.c.name, choices.c.person).where(
        choices.c.channel == asked("here"), choices.c.thread_ts == asked("thread")
    )
)


class Threads:
    """The threads of one bot. *thread_ts* "" stands for the top of a conversation."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float], keep: float) -> None:
        self._engine, self._clock, self._keep = engine, clock, keep

    def mute(self, channel: str, thread_ts: str) -> None:
        """Be silent in a thread until somebody mentions the bot there."""
        row = {"channel": channel, "thread_ts": thread_ts, "at": self._clock()}
        with self._engine.begin() as connection:
            connection.execute(sqlite.insert(muted).values(row).on_conflict_do_nothing())

    def unmute(self, channel: str, thread_ts: str) -> None:
        """Be silent no longer."""
        here = (muted.c.channel == channel, muted.c.thread_ts == thread_ts)
        with self._engine.begin() as connection:
            connection.execute(muted.delete().where(*here))

    def is_muted(self, channel: str, thread_ts: str) -> bool:
        """Tell whether the bot was told to be silent."""
        here = (muted.c.channel == channel, muted.c.thread_ts == thread_ts)
        with self._engine.connect() as connection:
            return connection.execute(sa.select(muted.c.at).where(*here)).first() is not None

    def choose(self, channel: str, thread_ts: str, name: str, person: str) -> None:
        """Let *name* mean *person* in a thread, whatever it meant before."""
        names = {"channel": channel, "thread_ts": thread_ts, "name": name.casefold(), "person": person}
        row = {**names, "at": self._clock()}
        insert = sqlite.insert(choices).values(row)
        with self._engine.begin() as connection:
            keys = ["channel", "thread_ts", "name"]
            connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=row))

    def chosen(self, channel: str, thread_ts: str) -> dict[str, str]:
        """Return whom names mean in a thread, by the casefolded names."""
        with self._engine.connect() as connection:
            return dict(CHOSEN.run(connection, {"here": channel, "thread": thread_ts}).fetchall())

    def forget(self) -> None:
        """Delete choices that are too old. A silence that was asked for stays."""
        with self._engine.begin() as connection:
            connection.execute(choices.delete().where(choices.c.at < self._clock() - self._keep))
