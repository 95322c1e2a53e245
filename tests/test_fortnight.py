"""A fortnight of daily digests over a real feed that misbehaves in every way: all is told, nothing twice."""

from datetime import UTC, datetime

import pytest
from feedtext import Item, atom, rss
from newsroom import quotes, seconds, texts, titles
from web import HOST, serving
from wordcolumn import DIMENSION, WordCounts

from bot.column import Column
from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.poster import Poster, posting_client
from bot.press import Press
from bot.state import Memory
from index.retriever import Retriever
from index.sources.fetch import Fetcher
from index.store import Store
from index.sync import Change, sync

XML = "application/rss+xml; charset=utf-8"
DAY = 24 * 3600
HOLDS = {"quotes": True, "asked": False, "silent": False}  # also where nothing is new: one post a slot
ASLEEP = 11  # the day on which the machine sleeps: neither a sync nor a look
REPEATS = {6: 1, 9: 4}  # articles that begin with words of another, which were shown before
CRASH = 9  # the day on which the process dies once its post is there


class Crash(BaseException):
    """The process dies here."""


class Deadly(Poster):
    """A poster whose process can die right after a post, before anything is written down."""

    dies = False

    def publish(self, *arguments):
        ts = super().publish(*arguments)
        if self.dies:
            raise Crash
        return ts


class Desk:
    """The real parts of one data folder, all by one clock: store, feed, digests and their state."""

    def __init__(self, folder, site, workspace, clock):
        self.folder, self.site, self.workspace, self.clock = folder, site, workspace, clock
        self.channel, self.admin = workspace.channel("general"), workspace.user("Ada")
        self.open()

    def open(self):
        self.store = Store.open(self.folder / "store", "words@1", DIMENSION)
        self.memory = Memory(self.folder / "bot.sqlite", clock=self.clock)
        self.column = Column(Retriever(self.store, WordCounts()), None)
        where = self.workspace.bot_token, self.workspace.api_url
        self.poster = Deadly(posting_client(*where, direct=True, patient=False))
        self.press = Press(self.memory, self.poster, self.column, (self.admin,), self.clock)

    def close(self):
        self.memory.close()
        self.store.close()

    def sync(self, patience):
        fetcher = Fetcher(
            allow_hosts=[HOST],
            pause=0,
            seconds=patience,
            now=lambda: datetime.fromtimestamp(self.clock(), UTC),
            sleep=lambda seconds: None,
        )
        return sync(self.store, WordCounts(), [f"{self.site.url}/feed"], fetcher=fetcher)

    def look(self):
        """Look until all is done that is due, over the leases of whoever died."""
        for _ in range(4):
            try:
                self.press.tick()
            except Crash:
                self.close()
                self.open()
            self.clock.now += 400

    def passages(self):
        return [p.text for a in self.store.articles() for p in self.store.article(a.id).passages]


def item(site, number, day, *, edited=False, tracking=""):
    """Return an article as the feed lists it on a day: its date and GUID are others on each."""
    said = [*texts(number)]
    if edited:
        said[1] = said[1].replace("in steel", "in rusty steel")
    if number in REPEATS:
        said[:0] = texts(REPEATS[number])[1:4]
    return Item(
        f"Piece {number}",
        f"{site.url}/p/piece-{number}{tracking}",
        "".join(f"<p>{text}</p>" for text in said),
        date=f"{day:02} Mar 2026 06:00:00 GMT",
        guid=f"{day}-{number}",
    )


def feed_of(site, day):
    """Return what the feed answers on each day but for those on which it answers nothing that can be read."""

    def some(*numbers, **more):
        return [item(site, number, day, **more) for number in numbers]

    match day:
        case 1:
            return rss(*some(1, 2, 3))
        case 2:  # other dates and GUIDs
            return rss(*some(4, 3, 2, 1))
        case 5 | 6:  # some fall out of the window, the links are tracked
            return rss(*some(6, 5, 4, 3, tracking="?utm_source=feed&utm_id=7"))
        case 7:  # one is edited and nobody says so
            return rss(*some(7, 6, 5), *some(4, edited=True))
        case 9:  # some come back
            return rss(*some(8, 7), *some(2, 1, tracking="?fbclid=1"))
        case 12:
            return rss(*some(10, 9, 8), *some(4, edited=True))
        case 13:
            return rss()
        case 14:  # everything, in another dialect, one more edited
            dated = [i._replace(date="2026-03-14T06:00:00Z") for i in some(*range(11, 4, -1), 2, 1)]
            return atom(*dated, *(i._replace(date="") for i in some(3, 4, edited=True)))
    return None


def put(site, day):
    """Let the feed misbehave; return how long it is waited for."""
    match day:
        case 3:
            site.put("/feed", "", status=500)
        case 4:
            site.put("/feed", "<rss><channel><item><title>&", XML)
        case 8:
            site.put("/feed", rss(top='<!DOCTYPE x [<!ENTITY a "a">]>'), XML)
        case 10:
            site.replies["/feed"] = lambda handler: site.over.wait()
            return 0.3
        case _:
            etag = '"5"' if day in (5, 6) else f'"{day}"'  # on the sixth day nothing has changed
            site.put("/feed", feed_of(site, day), XML, etag=etag)
    return 30


@pytest.fixture
def desk(tmp_path, clock):
    clock.now = seconds("2026-03-01T05:00")
    with serving() as site, Workspace.start(timing=Timing(post_interval=0)) as workspace:
        desk = Desk(tmp_path, site, workspace, clock)
        yield desk
        desk.close()


def test_a_fortnight_over_a_feed_that_misbehaves_tells_everything_once(desk):
    desk.memory.digests.begin(desk.channel, "0 9 * * *", "UTC", desk.admin, **HOLDS)
    start, told, shown, words, failed = desk.clock(), [], [], [], []
    for day in range(1, 15):
        if day == ASLEEP:
            continue
        desk.clock.now = start + (day - 1) * DAY + 3 * 3600  # 08:00
        report = desk.sync(put(desk.site, day))
        failed += [day] if report.count(Change.FAILED) else []
        if day == 6:  # within a day, it is only asked whether anything changed
            assert desk.sync(30).count(Change.FAILED) == 0
        known = desk.workspace.answers(desk.channel)
        if day != ASLEEP + 1:  # then it sleeps on until after nine
            desk.look()
        assert len(desk.workspace.answers(desk.channel)) == len(known)  # before its time
        desk.clock.now = start + (day - 1) * DAY + 4 * 3600 + 60  # 09:01
        desk.poster.dies = day == CRASH
        desk.look()
        posted = desk.workspace.answers(desk.channel)[len(known) :]
        assert len(posted) == 1, f"day {day}"
        held = desk.passages()
        for post in posted:
            told += titles(post)
            words += quotes(post)
            shown += [next(text for text in held if quote in text) for quote in quotes(post)]
        # Also what fell out of the feed's window, or was in it before the feed broke.
        assert sorted(told) == sorted(article.title for article in desk.store.articles()), f"day {day}"
    assert sorted(told) == sorted(f"Piece {number}" for number in range(1, 12))
    assert len(words) >= 2 * len(told)
    assert len(words) == len(set(words))
    assert len(shown) == len(set(shown))
    assert {3, 4, 8, 10} <= set(failed)
    assert sum("in rusty steel" in text for text in desk.passages()) >= 2
    asked = [a for a in desk.site.asked if a.path == "/feed"]
    assert [a.headers["If-None-Match"] for a in asked if "If-None-Match" in a.headers] == ['"5"']
