"""Once a slot: a crash at every step of claim, post and confirm; and a fortnight of misfortune."""

import random
import re
from datetime import date

import pytest
import sqlalchemy as sa
from newsroom import ADMIN, CHANNEL, Fault, Newsroom, passages_shown, piece, seconds, texts, titles

from bot.poster import DoubtError, LaterError


class Crash(BaseException):
    """The process dies here: nothing of ours runs any more."""


class Steps:
    """Counts every write to the disk and every call to Slack, and crashes at the one that is wanted."""

    def __init__(self, at):
        self.at, self.count, self.crashed = at, 0, False

    def __call__(self, *_):
        if not self.crashed:
            if self.count == self.at:
                self.crashed = True
                raise Crash
            self.count += 1


def crash_at(step, path, clock, *, follow=False, readable=True):
    """Run two days with a crash at *step*; return the newsroom, or None where there are fewer steps."""
    clock.now = seconds("2026-03-02T12:00")
    room = Newsroom(path, clock)
    room.slack.readable = readable
    if follow:
        room.memory.follows.begin(CHANNEL, "Mara Quill", ADMIN, at_once=True)
    else:
        room.digest()
    for number in range(8):
        room.column.put(piece(number))
    room.until("2026-03-03T07:50", step=1e6) if not follow else None
    steps = Steps(step)
    sa.event.listen(room.memory._engine, "commit", steps)
    room.slack.step = steps
    clock.now = seconds("2026-03-03T08:00")
    try:
        for _ in range(6):  # the parts in the thread, too
            room.keeper.tick()
            clock.now += 20
    except Crash:
        room.slack.step = lambda name: None
        room.restart()
        room.until("2026-03-03T12:00", step=400)
    room.close()
    return room if steps.crashed else None


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("readable", [True, False])
def test_a_crash_at_any_step_posts_nothing_twice_and_loses_nothing(tmp_path, clock, follow, readable):
    ids, step = [f"Piece {n}" for n in range(8)], 0
    while room := crash_at(step, tmp_path / f"{step}.sqlite", clock, follow=follow, readable=readable):
        posts = room.slack.of()
        assert len({post.id for post in posts}) == len(posts), f"crash at step {step}"
        alarmed = bool(room.slack.of(ADMIN))
        if readable:
            assert not alarmed
        if follow:
            told = sorted(n for p in posts for n in re.findall(r"Crane number (\d)", p.message.text))
            assert len(posts) == (0 if alarmed and not posts else 1)
            assert len(told) == len(set(told))
        else:
            named = [title for post in posts for title in titles(post.message)]
            assert len(named) == len(set(named))
            # Where nobody may look, what was in doubt may be missing, and somebody is told so.
            assert sorted(named) == ids or alarmed
        step += 1
    assert step > 6


def test_a_fortnight_of_misfortune_tells_everything_once(tmp_path, clock):
    """Fourteen daily digests over the change of the clocks: edits, returns, repeats, outages, crashes."""
    clock.now = seconds("2026-03-20T12:00")
    chance = random.Random(5)
    room = Newsroom(tmp_path / "bot.sqlite", clock)
    room.column.ever = {}
    room.digest()

    def put(article):
        room.column.ever[article.id, article.passages] = article
        room.column.put(article)

    number = 0
    for day in range(14):
        for _ in range((0, 2, 1, 12, 3)[day % 5]):
            number += 1
            again = texts(number - 1)[1:3] if chance.random() < 0.4 else ()  # repeated in another article
            put(piece(number, *texts(number), *again, on=date(2026, 3, 20)))
        if number > 3:
            known = room.column.there.get(f"a{chance.randrange(1, number)}")
            if known and chance.random() < 0.5:
                room.column.remove(known.id)
            elif known:
                put(piece(int(known.id[1:]), *texts(int(known.id[1:])), f"Added on day {day}."))
        chance.choice(
            [
                lambda: room.slack.faults.append(Fault(DoubtError("x"), accept=True)),
                lambda: room.slack.faults.append(Fault(DoubtError("x"))),
                lambda: room.slack.faults.append(Fault(LaterError(40))),
                lambda: None,
            ]
        )()
        steps = Steps(chance.randrange(0, 30))
        sa.event.listen(room.memory._engine, "commit", steps)
        room.slack.step = steps
        end = clock.now + 24 * 3600
        while clock.now < end:
            clock.now += 3 * 24 * 3600 if day == 7 else 900  # once, the machine sleeps for three days
            try:
                room.keeper.tick()
            except Crash:
                room.slack.step = lambda name: None
                room.restart()
        for id, article in [(a.id, a) for a in room.column.ever.values()]:  # what was gone comes back
            if id not in room.column.there:
                room.column.put(article)
    while clock.now < seconds("2026-04-12T12:00"):
        clock.now += 900
        room.keeper.tick()
    posts = room.slack.of()
    shown = [mark for post in posts for mark in passages_shown(room.column, post.message)]
    named = [title for post in posts for title in titles(post.message)]
    assert len(shown) == len(set(shown))
    assert sorted(named) == sorted(f"Piece {n}" for n in range(1, number + 1))
    assert len({post.id for post in posts}) == len(posts)
    room.close()
