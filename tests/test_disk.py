"""What a power cut takes: nothing that Slack was told, or has told."""

import shutil
import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from conftest import SmallColumn

from bot.state import Inbox, Kind, Memory, Request, State, given
from bot.state.disk import open_file, unflushed

FULL = 2  # as SQLite numbers what it does at a commit: the log is flushed
ASKED = Request(
    kind=Kind.MENTION, key="Ev1", team="T1", channel="C1", user="U1", text="what of the tide?", ts="1.0"
)


@contextmanager
def commits():
    """Yield a list that gets, for each transaction that wrote, its thread and whether it is flushed."""
    seen = []

    def look(connection):
        own = connection.connection.driver_connection
        if own.in_transaction:
            [(level,)] = own.execute("pragma synchronous")
            seen.append((threading.current_thread().name, level == FULL))

    sa.event.listen(sa.Engine, "commit", look)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "commit", look)


class Life:
    """One question from its arrival to its answer, step by step, on a file whose power may be cut."""

    def __init__(self, folder):
        self.path = folder / "bot.sqlite"
        self.inbox, self.memory = Inbox(self.path), Memory(self.path)
        self.flushed = self.log.stat().st_size

    @property
    def log(self):
        return self.path.with_name("bot.sqlite-wal")

    def put(self):
        self.inbox.put(ASKED)

    def take(self):
        self.taken = self.inbox.take()

    def note(self):
        self.memory.people.note_request("U1", self.taken.id, 1.0)
        self.memory.people.note_shown(self.taken.id, "U1", [("a1", 1, 0, 10)])

    def save(self):
        self.memory.answers.save(given(self.taken.id, ASKED, SmallColumn().ask("tide")))

    def begin(self):
        self.inbox.begin_post(self.taken)

    def posted(self):
        self.memory.answers.posted(self.taken.id, "2.0", flush=False)

    def finish(self):
        self.inbox.finish(self.taken, State.DONE, reply_ts="2.0")

    def do(self, step):
        """Take one step, and know how much of the log is on the disk after it."""
        with commits() as seen:
            getattr(self, step)()
        if any(flushed for _, flushed in seen):
            self.flushed = self.log.stat().st_size

    def cut(self, folder):
        """Return what a machine finds that starts anew: the log up to its last flush."""
        folder.mkdir()
        found = folder / self.path.name
        shutil.copy(self.path, found)
        found.with_name(self.log.name).write_bytes(self.log.read_bytes()[: self.flushed])
        return Inbox(found), Memory(found)


STEPS = ("put", "take", "note", "save", "begin", "posted", "finish")
LEFT = {
    "put": State.WAITING,
    "take": State.WAITING,
    "note": State.WAITING,
    "save": State.WAITING,
    "begin": State.POSTING,
    "posted": State.POSTING,
    "finish": State.DONE,
}


@pytest.mark.parametrize("last", STEPS)
def test_after_a_power_cut_a_question_waits_is_in_doubt_or_is_done(tmp_path, last):
    life = Life(tmp_path)
    with life.inbox, life.memory:
        for step in STEPS[: STEPS.index(last) + 1]:
            life.do(step)
        inbox, memory = life.cut(tmp_path / "after")
    with inbox, memory:
        assert inbox.count() == {LEFT[last]: 1}
        if LEFT[last] is State.WAITING:
            return
        # Whoever clicks on the answer is known, and what it counted for stays counted.
        assert memory.answers.load(life.taken.id).question == "tide"
        assert memory.people.requests_since("U1", 0.0) == [1.0]
        assert memory.people.shown_today("U1", ["a1"]) == [("a1", 1, 0, 10)]
        assert (memory.answers.at("C1", "2.0") is not None) == (LEFT[last] is State.DONE)


def test_a_bot_flushes_before_it_acknowledges_before_it_posts_and_after_it_and_never_else(scene):
    with commits() as seen:
        ts = scene.mention("what of the tide?")
        scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
        scene.workspace.wait_until_delivered()
        scene.workspace.wait_for(lambda: scene.inbox.count() == {State.DONE: 1})
    listening = [flushed for thread, flushed in seen if not thread.startswith("worker")]
    assert listening[:1] == [True]
    working = [flushed for thread, flushed in seen if thread.startswith("worker")]
    post = working.index(True)
    assert working[post:] == [True, False, True]  # it begins; which message it is; it is done
    assert set(working[:post]) == {False}  # who holds it, what it counts for, the answer


def test_each_transaction_says_for_itself_whether_it_is_flushed(tmp_path):
    engine = open_file(tmp_path / "bot.sqlite")
    with commits() as seen:
        for one in (engine, unflushed(engine), engine):  # on one connection, which the pool hands on
            with one.begin() as connection:
                connection.exec_driver_sql("delete from question")
    engine.dispose()
    assert [flushed for _, flushed in seen] == [True, False, True]
