"""A column whose news a test writes, a Slack that keeps what is posted and fails on demand, a keeper."""

from collections import deque
from datetime import UTC, date, datetime
from functools import cache
from typing import NamedTuple

from inert import assert_escaped

from bot.playground.blocks import check_message
from bot.poster import UnreadableError
from bot.press import Press
from bot.state import Memory
from index.passage import Article, Passage
from index.pullquotes import fingerprint
from index.speech import attribute
from index.statements import joined
from index.store.reader import Summary

CHANNEL, ADMIN = "C0GENERAL", "U0ADMIN"
PEOPLE = ("Mara Quill", "Tom Bask", "Ilse Vann", "Otto Brandt")


def seconds(text):
    """Return a time in UTC as seconds since the epoch."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def texts(number):
    """Return paragraphs that stand in no other article of this number."""
    return (
        f"The ferry number {number} was late again, and the queue reached the old customs house by noon.",
        *(
            f"“Crane number {number} is a promise in steel to all of us here,” {who} said."
            for who in PEOPLE[:3]
        ),
        f"Otto Brandt said that pier number {number} would be painted before the summer, whatever it cost.",
    )


@cache
def piece(number, *paragraphs, title=None, on=date(2026, 3, 1)):
    """Return an article, its statements read out of its paragraphs."""
    passages = tuple(Passage(number=n, text=text) for n, text in enumerate(paragraphs or texts(number), 1))
    bare = Article(
        id=f"a{number}",
        name=f"piece-{number}",
        title=title or f"Piece {number}",
        author="Ines Calder",
        date=on,
        url=f"https://margin-notes.example.org/{number}",
        passages=passages,
    )
    return attribute(bare)


class Column:
    """What the digests need of a column: articles come, change, go and come back; each is first seen once."""

    def __init__(self, clock):
        self._clock = clock
        self.there, self.seen, self.generation = {}, {}, 1

    def put(self, article, at=None):
        self.there[article.id] = article
        self.seen.setdefault(article.id, datetime.fromtimestamp(at or self._clock(), UTC))
        self.generation += 1

    def remove(self, id):
        del self.there[id]
        self.generation += 1

    def articles(self):
        return sorted(self.there.values(), key=lambda a: a.date, reverse=True)

    def first_seen(self):
        return {id: self.seen[id] for id in self.there}

    def article(self, id):
        return self.there.get(id)

    def quoted(self, name, articles):
        told = [a for a in self.articles() if a.id in set(articles)]
        return [
            excerpt(a, p, u)
            for a in told
            for p in a.passages
            for u in joined((u for u in p.utterances if u.speaker == name), p.text)
        ]

    def summary(self):
        return Summary(
            articles=len(self.there),
            passages=0,
            chunks=0,
            utterances=0,
            first=None,
            last=None,
            generation=self.generation,
            model="none",
            last_sync=None,
            failed={},
        )


def excerpt(article, passage, u):
    from index.passage import Excerpt

    return Excerpt.reported(article, passage.number, u.start, u.end, u, score=1.0, why="said")


class Post(NamedTuple):
    id: str
    channel: str
    message: object
    thread_ts: str | None
    ts: str


class Slack:
    """
    Keeps what is posted, by its own clock. *faults* are taken one a post: each may raise, and returns whether
    the message is kept. *refuses* maps channels to error codes; *readable* is whether history may be read.
    """

    def __init__(self, clock):
        self._clock, self._count = clock, 0
        self.posts, self.faults, self.refuses, self.readable = [], deque(), {}, True
        self.step = lambda name: None

    def publish(self, id, channel, message, thread_ts=None):
        self.step("before the post")
        fault = self.faults.popleft() if self.faults else None
        if channel in self.refuses:
            raise self.refuses[channel]
        if fault and not fault.accept:
            raise fault.error
        assert_sound(message)
        self._count += 1
        ts = f"{self._clock() + 1:.0f}.{self._count:06d}"
        self.posts.append(Post(id, channel, message, thread_ts, ts))
        if fault:
            raise fault.error
        self.step("after the post")
        return ts

    def search(self, id, channel, oldest, thread_ts=None):
        self.step("before the search")
        if not self.readable:
            raise UnreadableError("missing_scope")
        found = [p for p in self.posts if (p.id, p.channel, p.thread_ts) == (id, channel, thread_ts)]
        return next((p.ts for p in found if float(p.ts) >= float(oldest)), None)

    def of(self, channel=CHANNEL):
        return [post for post in self.posts if post.channel == channel]


class Fault(NamedTuple):
    """A post that fails with *error*, with *accept* after it was kept."""

    error: Exception
    accept: bool = False


def assert_sound(message):
    check_message({"text": message.text, "blocks": list(message.blocks)}, split=False)
    if message.blocks:
        assert_escaped(message.text)
    assert len(message.text) <= 3_900


def quotes(message):
    """Return the words of each quotation in a message."""
    parts = [b["elements"][0] for b in message.blocks if b["type"] == "rich_text"]
    return ["".join(e["text"] for e in p["elements"]) for p in parts if p["type"] == "rich_text_quote"]


def titles(message):
    """Return the titles of the articles in a message."""
    parts = [b["elements"][0] for b in message.blocks if b["type"] == "rich_text"]
    heads = [p["elements"][0]["text"] for p in parts if p["type"] == "rich_text_section"]
    return [head[1 : head.index("”")] for head in heads]


def passages_shown(column, message):
    """Return the fingerprints of the passages whose words a message quotes."""
    everything = [p.text for a in column.ever.values() for p in a.passages]
    return [fingerprint(next(t for t in everything if words in t)) for words in quotes(message)]


class Newsroom:
    """One data folder with any number of keepers, one after the other or side by side."""

    def __init__(self, path, clock, **options):
        self.path, self.clock, self.options = path, clock, options
        self.slack, self.column, self.endings = Slack(clock), Column(clock), []
        self.memory = Memory(path, clock=clock)
        self.keeper = self.hire()

    def hire(self, memory=None):
        return Press(
            memory or self.memory,
            self.slack,
            self.column,
            (ADMIN,),
            self.clock,
            outcome=self.endings.append,
            **self.options,
        )

    def restart(self):
        """Start over on what is on the disk, as after a crash."""
        self.memory.close()
        self.memory = Memory(self.path, clock=self.clock)
        self.keeper = self.hire()

    def digest(self, cron="0 9 * * *", zone="Europe/Amsterdam", channel=CHANNEL, **holds):
        holds = {"quotes": True, "asked": False, "silent": True, **holds}
        return self.memory.digests.begin(channel, cron, zone, ADMIN, **holds)

    def until(self, text, step=1800.0):
        """Let time pass to *text* (UTC), looking every *step* seconds."""
        end = seconds(text)
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + step)
            self.keeper.tick()

    def close(self):
        self.memory.close()
