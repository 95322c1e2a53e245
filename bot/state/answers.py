"""
The answers that were given, with all that it takes to show each again, word for word.

Promises: an answer that was saved comes back equal, after any restart; saving it again under the same id
replaces it, so a question that is taken up twice still has one answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.state.disk import Prepared, asked, metadata, unflushed
from bot.state.feedback import feedback
from bot.state.question import COMMANDED, Kind, Request
from index.answer import Answer, Searched, Verdict
from index.passage import Article, Excerpt, Manner, Passage, Voice

CONTEXT = 1_800.0  # in a direct message, for this long the last answer is what a follow-up is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """
    One excerpt of an answer as it was shown; ``text == passage[start:end]``.

    *article* is the article's id, *name* its short name. *passage* is the whole paragraph as it was.
    """

    article: str
    name: str
    title: str
    author: str | None
    date: date | None
    url: str | None
    number: int
    start: int
    end: int
    passage: str
    voice: Voice
    outlet: str | None
    speaker: str | None
    manner: Manner | None
    via: tuple[str, ...]
    score: float
    why: str
    truncated: bool = False

    @classmethod
    def from_excerpt(cls, excerpt: Excerpt) -> Reference:
        """Keep *excerpt* so that it outlives the article's next change."""
        a, p = excerpt.article, excerpt.passage
        return cls(
            article=a.id,
            name=a.name,
            title=a.title,
            author=a.author,
            date=a.date,
            url=a.url,
            number=excerpt.number,
            start=excerpt.start,
            end=excerpt.end,
            passage=p.text,
            voice=p.voice,
            outlet=p.outlet,
            speaker=excerpt.speaker,
            manner=excerpt.manner,
            via=excerpt.via,
            score=excerpt.score,
            why=excerpt.why,
            truncated=a.truncated,
        )

    @property
    def text(self) -> str:
        """The words that were shown, letter for letter."""
        return self.passage[self.start : self.end]

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Where the words stand: article id, ¶, and the span in it."""
        return self.article, self.number, self.start, self.end

    def excerpt(self) -> Excerpt:
        """Return the excerpt again, of an article of which only this paragraph is known."""
        known = Passage(number=self.number, text=self.passage, voice=self.voice, outlet=self.outlet)
        unknown = (Passage(number=n, text="") for n in range(1, self.number))
        article = Article(
            id=self.article,
            name=self.name,
            title=self.title,
            author=self.author,
            date=self.date,
            url=self.url,
            passages=(*unknown, known),
            truncated=self.truncated,
        )
        return Excerpt(
            article=article,
            number=self.number,
            start=self.start,
            end=self.end,
            score=self.score,
            speaker=self.speaker,
            manner=self.manner,
            via=self.via,
            why=self.why,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """
    That a paragraph which was shown changed in the column since; with *number* 0, that its article is gone.

    *at* is when that was seen, in seconds since the epoch.
    """

    article: str
    title: str
    number: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """That an article of this *title* was taken down, and *at* what time: its words are not kept either."""

    title: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """
    An answer that was given. *id* is the question's in the inbox; people may ask why by it.

    *asked* is what was typed, *question* what was put to the index. *topic* is what the question was about,
    the speaker left out. *offset* counts the excerpts of the same question that earlier answers showed.
    *thread_ts* is the thread that the answer stands in, None at the top of a conversation. *reply_ts* is
    the message that shows it, None for what only the asker sees. Of the articles that it quoted, *changed*
    says which changed since and *withdrawn* which were taken down. Times are seconds since the epoch.
    """

    id: str
    team: str
    channel: str
    thread_ts: str | None
    user: str
    kind: Kind
    asked: str
    question: str
    verdict: Verdict
    subject: str | None
    topic: str
    excerpts: tuple[Reference, ...]
    confidence: float
    searched: Searched
    suggestions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    withheld: tuple[Reference, ...] = ()
    unanswered: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()
    offset: int = 0
    created_at: float = 0.0
    reply_ts: str | None = None
    shared_at: float | None = None
    removed_at: float | None = None

    @property
    def commanded(self) -> bool:
        """Whether only its asker saw it, and may share it."""
        return self.kind in COMMANDED

    @property
    def answer(self) -> Answer:
        """The answer again, as it was: the same message can be built from it."""
        return Answer(
            question=self.question,
            verdict=self.verdict,
            excerpts=tuple(reference.excerpt() for reference in self.excerpts),
            searched=self.searched,
            confidence=self.confidence,
            subject=self.subject,
            suggestions=self.suggestions,
            topics=self.topics,
            unanswered=self.unanswered,
            candidates=self.candidates,
            withheld=tuple(reference.excerpt() for reference in self.withheld),
        )


def given(id: str, request: Request, answer: Answer, *, topic: str = "", offset: int = 0) -> Given:
    """Return the record of *answer* to *request*."""
    return Given(
        id=id,
        team=request.team,
        channel=request.channel,
        thread_ts=request.reply_thread,
        user=request.user,
        kind=request.kind,
        asked=request.text,
        question=answer.question,
        verdict=answer.verdict,
        subject=answer.subject,
        topic=topic,
        excerpts=tuple(Reference.from_excerpt(e) for e in answer.excerpts),
        confidence=answer.confidence,
        searched=answer.searched,
        suggestions=answer.suggestions,
        topics=answer.topics,
        unanswered=answer.unanswered,
        candidates=answer.candidates,
        withheld=tuple(Reference.from_excerpt(e) for e in answer.withheld),
        offset=offset,
    )


answers = sa.Table(
    "answer",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("team", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("thread_ts", sa.String),
    sa.Column("user", sa.String, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("reply_ts", sa.String),
    sa.Column("shared_at", sa.Float),
    sa.Column("removed_at", sa.Float),
    # All else, which nobody searches by, as JSON.
    sa.Column("record", sa.String, nullable=False),
    sa.Index("answer_place", "channel", "thread_ts", "created_at"),
    sa.Index("answer_user", "user", "created_at"),
)
# Which articles an answer quotes: what to look at when one of them changes.
answer_article = sa.Table(
    "answer_article",
    metadata,
    sa.Column("answer", sa.String, primary_key=True),
    sa.Column("article", sa.String, primary_key=True),
    sa.Index("answer_of_article", "article"),
)
WORDS = ("suggestions", "topics", "unanswered", "candidates")
COLUMNS = tuple(c.name for c in answers.columns if c.name != "record")

_insert = sqlite.insert(answers)
SAVE = Prepared(
    _insert.on_conflict_do_update(
        index_elements=["id"],
        set_={c.name: _insert.excluded[c.name] for c in answers.columns if not c.primary_key},
    ),
    answers.c.keys(),
)
UNNOTE_ARTICLES = Prepared(answer_article.delete().where(answer_article.c.answer == asked("this")))
NOTE_ARTICLE = Prepared(answer_article.insert(), answer_article.c.keys())
POSTED = Prepared(answers.update().where(answers.c.id == asked("this")), ["reply_ts"])


class Answers:
    """The answers of one bot. Safe to share among threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float], keep: float) -> None:
        self._engine, self._clock, self._keep = engine, clock, keep
        self._unflushed = unflushed(engine)

    def save(self, given: Given) -> None:
        """
        Keep *given*, instead of what was kept under its id; the time is now.

        It is flushed with the beginning of its post, which comes after it.
        """
        row = {name: getattr(given, name) for name in COLUMNS} | {
            "record": _packed(given),
            "created_at": self._clock(),
        }
        with self._unflushed.begin() as connection:
            SAVE.run(connection, row)
            _note_articles(connection, given)

    def load(self, id: str) -> Given | None:
        """Return the answer of that id, or None."""
        found = self._find(answers.c.id == id, most=1)
        return found[0] if found else None

    def of_thread(self, channel: str, thread_ts: str, most: int = 10) -> list[Given]:
        """Return the last *most* answers in a thread, the newest last."""
        return self._find(answers.c.channel == channel, answers.c.thread_ts == thread_ts, most=most)[::-1]

    def lately(self, channel: str, user: str, most: int = 10, within: float = CONTEXT) -> list[Given]:
        """Return somebody's answers of the last *within* seconds outside any thread, the newest last."""
        recent = answers.c.created_at >= self._clock() - within
        here = (answers.c.channel == channel, answers.c.user == user, answers.c.thread_ts.is_(None))
        return self._find(*here, recent, most=most)[::-1]

    def since(self, channel: str, when: float, most: int = 1_000) -> list[Given]:
        """Return the last *most* answers that were given in *channel* since *when*, the newest first."""
        return self._find(answers.c.channel == channel, answers.c.created_at >= when, most=most)

    def of_person(self, user: str, most: int = 5) -> list[Given]:
        """Return somebody's last *most* answers, the newest first."""
        return self._find(answers.c.user == user, most=most)

    def at(self, channel: str, reply_ts: str) -> Given | None:
        """Return the answer that a message shows, or None."""
        found = self._find(answers.c.channel == channel, answers.c.reply_ts == reply_ts, most=1)
        return found[0] if found else None

    def posted(self, id: str, reply_ts: str | None, *, flush: bool = True) -> None:
        """Write down which message shows it; not to *flush* it is for what is flushed with what follows."""
        with (self._engine if flush else self._unflushed).begin() as connection:
            POSTED.run(connection, {"this": id, "reply_ts": reply_ts})

    def share(self, id: str) -> bool:
        """Write down that it is shared; False when it was before, so that nothing may be shared again."""
        return self._mark(id, answers.c.shared_at.is_(None), shared_at=self._clock())

    def unshare(self, id: str) -> None:
        """Take that back: the sharing went wrong."""
        self._mark(id, shared_at=None)

    def remove(self, id: str) -> bool:
        """Write down that it was removed from sight; False when it was before."""
        return self._mark(id, answers.c.removed_at.is_(None), removed_at=self._clock())

    def forget(self) -> int:
        """Delete answers that are too old, and what people thought of them; return how many answers."""
        end = self._clock() - self._keep
        old = answers.c.created_at < end
        ids = sa.select(answers.c.id).where(old)
        with self._engine.begin() as connection:
            connection.execute(answer_article.delete().where(answer_article.c.answer.in_(ids)))
            connection.execute(feedback.delete().where(feedback.c.answer.in_(ids) | (feedback.c.at < end)))
            return connection.execute(answers.delete().where(old)).rowcount

    def _mark(self, id: str, *where: sa.ColumnElement[bool], **values: Any) -> bool:
        with self._engine.begin() as connection:
            change = answers.update().where(answers.c.id == id, *where).values(**values)
            return bool(connection.execute(change).rowcount)

    def _find(self, *where: sa.ColumnElement[bool], most: int) -> list[Given]:
        query = sa.select(answers).where(*where).limit(most)
        query = query.order_by(answers.c.created_at.desc(), sa.text("rowid desc"))
        with self._engine.connect() as connection:
            return [_unpacked(row) for row in connection.execute(query).mappings()]


def rewrite(connection: sa.Connection, given: Given) -> None:
    """Keep *given* instead of what was kept under its id; when and where it was given stays."""
    change = answers.update().where(answers.c.id == given.id)
    connection.execute(change.values(record=_packed(given)))


def _note_articles(connection: sa.Connection, given: Given) -> None:
    quoted = dict.fromkeys(reference.article for reference in (*given.excerpts, *given.withheld))
    UNNOTE_ARTICLES.run(connection, {"this": given.id})
    NOTE_ARTICLE.run_each(connection, ({"answer": given.id, "article": article} for article in quoted))


def index_articles(connection: sa.Connection) -> None:
    """Note which articles the answers of an older file quote."""
    if connection.execute(sa.select(answer_article).limit(1)).first() is None:
        connection.exec_driver_sql(
            "insert or ignore into answer_article (answer, article) "
            "select answer.id, json_extract(one.value, '$.article') from answer, json_each("
            "json_extract(answer.record, '$.excerpts')) as one"
        )


def _packed(given: Given) -> str:
    others = [f.name for f in fields(Given) if f.name not in COLUMNS]
    whole = asdict(given)
    return json.dumps({name: whole[name] for name in others}, default=date.isoformat)


def _unpacked(row: sa.RowMapping) -> Given:
    record = json.loads(row["record"])
    searched = record["searched"]
    for name in ("first", "last"):
        searched[name] = _date(searched[name])
    record |= {
        "kind": Kind(record["kind"]),
        "verdict": Verdict(record["verdict"]),
        "searched": Searched(**searched),
        "excerpts": tuple(_reference(packed) for packed in record["excerpts"]),
        "withheld": tuple(_reference(packed) for packed in record.get("withheld", ())),
        "changed": tuple(Changed(**packed) for packed in record.get("changed", ())),
        "withdrawn": tuple(Withdrawn(**packed) for packed in record.get("withdrawn", ())),
        **{name: tuple(record.get(name, ())) for name in WORDS},
    }
    return Given(**record, **{name: row[name] for name in COLUMNS})


def _reference(packed: dict[str, Any]) -> Reference:
    manner = packed["manner"]
    return Reference(
        **packed
        | {
            "date": _date(packed["date"]),
            "voice": Voice(packed["voice"]),
            "manner": Manner(manner) if manner else None,
            "via": tuple(packed["via"]),
        }
    )


def _date(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
