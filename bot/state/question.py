"""A question: the record, how far it has come, its table, and the statements that each one runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import Prepared, asked, metadata, one_of


class Kind(StrEnum):
    """How a question reached the bot."""

    MENTION = "mention"
    DM = "dm"
    COMMAND = "command"
    CLICK = "click"  # a button that gives a command, whose answer takes the place of what was clicked on
    FOLLOW_UP = "follow-up"  # below an answer, without a mention
    EDIT = "edit"  # no question: somebody changed one that was answered


COMMANDED = (Kind.COMMAND, Kind.CLICK)
WHISPERED = (*COMMANDED, Kind.EDIT)


class State(StrEnum):
    """How far a question has come."""

    WAITING = "waiting"  # nothing has been sent
    POSTING = "posting"  # a call to Slack has begun, and its outcome is not recorded
    DONE = "done"  # a message was sent
    DROPPED = "dropped"  # its asker deleted it before it was answered
    FAILED = "failed"  # no message could be sent, or none that Slack would confirm


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    One question as it came in.

    *key* is Slack's id of the delivery (event id, or a command's trigger id). *ts* is the message's, None
    for a command; *thread_ts* the thread that it stands in. *response_url* is a command's.
    """

    kind: Kind
    key: str
    team: str
    channel: str
    user: str
    text: str
    ts: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None

    @property
    def shown_at(self) -> str | None:
        """The ts below which a status is shown while the question is worked on, if anywhere."""
        return None if self.whispered else self.thread_ts or self.ts

    @property
    def whispered(self) -> bool:
        """Whether the answer is for the asker alone."""
        return self.kind in WHISPERED

    @property
    def commanded(self) -> bool:
        """Whether it is what stands behind the slash command."""
        return self.kind in COMMANDED

    @property
    def reply_thread(self) -> str | None:
        """The thread that the answer belongs in: a mention opens one, a direct message does not."""
        return self.thread_ts or (self.ts if self.kind is Kind.MENTION else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """
    A question that a worker holds.

    *hold* tells this holding from any other. *attempts* counts the times that it was taken without
    coming to an end, this one included.
    *in_doubt* is set when a post had begun before and nobody knows whether it arrived.
    """

    id: str
    hold: str
    request: Request
    received_at: float
    attempts: int
    in_doubt: bool


questions = sa.Table(
    "question",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("team", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("ts", sa.String),
    sa.Column("thread_ts", sa.String),
    sa.Column("response_url", sa.String),
    sa.Column("received_at", sa.Float, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # Which bot works on it, and in which holding; None: nobody.
    sa.Column("owner", sa.String),
    sa.Column("hold", sa.String),
    # From this moment on anyone may take it: the end of a lease or of a wait.
    sa.Column("due_at", sa.Float, nullable=False),
    # What was answered: enough to find the message, and to answer the same again.
    sa.Column("reply_ts", sa.String),
    sa.Column("verdict", sa.String),
    sa.Column("generation", sa.Integer),
    # The mention and the message that Slack sends for one text differ in event id, not in these.
    sa.UniqueConstraint("team", "channel", "ts"),
    sa.Index("question_due", "state", "due_at"),
)
OPEN = (State.WAITING, State.POSTING)


def _place(table: sa.FromClause) -> sa.ColumnElement[str]:
    """Return where a question belongs: its thread, or "" for the top of a direct conversation."""
    opened = sa.case((table.c.kind == Kind.MENTION, table.c.ts))
    return sa.func.coalesce(table.c.thread_ts, opened, "")


def _held(now: sa.ColumnElement[float]) -> sa.ColumnElement[bool]:
    """Tell whether an earlier question of the same conversation is being worked on: its answer may matter."""
    other = questions.alias("other")
    worked_on = (one_of(other.c.state, OPEN), other.c.owner.is_not(None), other.c.due_at > now)
    talk = (~one_of(other.c.kind, COMMANDED), ~one_of(questions.c.kind, COMMANDED))
    here = (other.c.channel == questions.c.channel, _place(other) == _place(questions))
    earlier = other.c.received_at < questions.c.received_at
    return sa.exists().where(*here, *talk, *worked_on, earlier).correlate(questions)


_now: sa.BindParameter[float] = asked("now")
_resting = sa.func.json_each(asked("resting")).table_valued("value")
_awake = questions.c.channel.not_in(sa.select(_resting.c.value)) | one_of(questions.c.kind, WHISPERED)
_due = sa.and_(one_of(questions.c.state, OPEN), questions.c.due_at <= _now, _awake, ~_held(_now))
_oldest = sa.select(questions.c.id).where(_due).order_by(questions.c.received_at).limit(1)
# Of one that is held.
_this = sa.and_(
    questions.c.id == asked("this"),
    questions.c.owner == asked("me"),
    questions.c.hold == asked("holding"),
    one_of(questions.c.state, OPEN),
)
PUT = Prepared(sqlite.insert(questions).on_conflict_do_nothing(), questions.c.keys())
OLDEST = Prepared(_oldest)
TAKE = Prepared(
    questions.update()
    .where(questions.c.id == _oldest.scalar_subquery(), _due)
    .values(attempts=questions.c.attempts + 1)
    .returning(questions),
    ("owner", "hold", "due_at"),
)
BEGIN = Prepared(questions.update().where(_this), ("state", "due_at"))
FINISH = Prepared(questions.update().where(_this), ("state", "owner", "reply_ts", "verdict", "generation"))
DEFER = Prepared(questions.update().where(_this), ("state", "owner", "due_at", "attempts"))
