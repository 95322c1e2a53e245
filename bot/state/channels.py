"""What each channel wants of the bot. Kept by the channel's id, so that a renamed channel keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import Prepared, asked, metadata

MOST_EXCERPTS = 5

# Tells whether somebody is in one of some user groups, all by their ids.
HoldsUser = Callable[[Collection[str], str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """
    The settings of one channel; the defaults are those of a channel that nobody has set.

    *may_ask* holds ids of people, *groups* those of user groups who may ask too; both empty: everybody may.
    *answer_shared* lets the bot answer where people of other organisations read along.
    """

    channel: str
    answer_without_mention: bool = False
    may_ask: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    answer_shared: bool = False
    most_excerpts: int = MOST_EXCERPTS

    def __post_init__(self) -> None:
        if not 1 <= self.most_excerpts <= MOST_EXCERPTS:
            raise ValueError(f"{self.most_excerpts} excerpts, of 1 to {MOST_EXCERPTS}")

    def lets_ask(self, user: str, hold: HoldsUser) -> bool:
        """Tell whether *user* may ask in this channel; *hold* looks into user groups."""
        if not self.may_ask and not self.groups:
            return True
        return user in self.may_ask or (bool(self.groups) and hold(self.groups, user))


settings = sa.Table(
    "channel_settings",
    metadata,
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("answer_without_mention", sa.Boolean, nullable=False),
    sa.Column("may_ask", sa.String, nullable=False),
    sa.Column("groups", sa.String, nullable=False),
    sa.Column("answer_shared", sa.Boolean, nullable=False),
    sa.Column("most_excerpts", sa.Integer, nullable=False),
)
LISTS = ("may_ask", "groups")
SWITCHES = ("answer_without_mention", "answer_shared")

# Channels that people of other organisations read along in, as the last event there said.
shared_channels = sa.Table("shared_channel", metadata, sa.Column("channel", sa.String, primary_key=True))

SETTINGS = Prepared(sa.select(settings).where(settings.c.channel == asked("here")))
SHARED = Prepared(sa.select(shared_channels).where(shared_channels.c.channel == asked("here")))


class Channels:
    """The settings of all channels."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def load(self, channel: str) -> ChannelSettings:
        """Return what is set, or the defaults."""
        with self._engine.connect() as connection:
            found = SETTINGS.run(connection, {"here": channel}).fetchone()
        if found is None:
            return ChannelSettings(channel=channel)
        row = dict(zip(settings.c.keys(), found, strict=True))
        row |= {name: tuple(json.loads(row[name])) for name in LISTS}
        return ChannelSettings(**row | {name: bool(row[name]) for name in SWITCHES})

    def save(self, chosen: ChannelSettings) -> None:
        """Keep *chosen* for its channel."""
        row = {c.name: getattr(chosen, c.name) for c in settings.columns}
        row |= {name: json.dumps(row[name]) for name in LISTS}
        insert = sqlite.insert(settings).values(row)
        with self._engine.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["channel"], set_=row))

    def is_shared(self, channel: str) -> bool:
        """Tell whether people of other organisations are in it, as far as is known."""
        with self._engine.connect() as connection:
            return SHARED.run(connection, {"here": channel}).fetchone() is not None

    def note_shared(self, channel: str, *, shared: bool) -> None:
        """Write down whether people of other organisations are in it; writes only what is new."""
        if shared == self.is_shared(channel):
            return
        insert = sqlite.insert(shared_channels).values(channel=channel).on_conflict_do_nothing()
        delete = shared_channels.delete().where(shared_channels.c.channel == channel)
        with self._engine.begin() as connection:
            connection.execute(insert if shared else delete)

    def refuses_shared(self, channel: str) -> bool:
        """Tell whether nothing is shown there because people of other organisations read along."""
        return self.is_shared(channel) and not self.load(channel).answer_shared
