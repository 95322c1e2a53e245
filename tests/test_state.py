"""The inbox: every question once, by one worker at a time, across crashes."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from conftest import Clock
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from bot.state import KEPT, Edited, Inbox, Kind, Request, State

MENTION = Request(kind=Kind.MENTION, key="Ev1", team="T1", channel="C1", user="U1", text="what?", ts="1.1")
COMMAND = Request(
    kind=Kind.COMMAND,
    key="1.2.abc",
    team="T1",
    channel="C1",
    user="U1",
    text="what?",
    response_url="http://x",
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new folder" / "bot.sqlite"


@pytest.fixture
def inbox(path, clock):
    with Inbox(path, lease=30, clock=clock) as inbox:
        yield inbox


def test_a_question_comes_out_as_it_went_in(inbox):
    assert inbox.put(MENTION) is True
    taken = inbox.take()
    assert (taken.request, taken.received_at, taken.attempts, taken.in_doubt) == (MENTION, 1000.0, 1, False)
    assert inbox.take() is None


@pytest.mark.parametrize(
    "again",
    [
        MENTION,
        replace(MENTION, key="Ev2"),  # the message that comes beside the mention; a mention that was edited
        replace(MENTION, key="Ev2", kind=Kind.DM, text="other"),
        replace(MENTION, ts="2.2"),  # the same event
    ],
)
def test_the_same_event_or_the_same_message_is_not_new(inbox, again):
    inbox.put(MENTION)
    assert inbox.put(again) is False
    assert inbox.count() == {State.WAITING: 1}


@pytest.mark.parametrize(
    "other",
    [
        replace(MENTION, key="Ev2", ts="1.2"),
        replace(MENTION, key="Ev2", channel="C2"),
        replace(MENTION, key="Ev2", team="T2"),
        COMMAND,
    ],
)
def test_another_message_is_new(inbox, other):
    inbox.put(MENTION)
    assert inbox.put(other) is True


def test_two_commands_without_ts_are_two_questions(inbox):
    assert inbox.put(COMMAND) is True
    assert inbox.put(replace(COMMAND, key="1.3.abc")) is True
    assert inbox.put(COMMAND) is False


def test_an_answered_question_stays_known_for_more_than_a_day(inbox, clock):
    inbox.put(MENTION)
    inbox.finish(inbox.take(), State.DONE, reply_ts="1.5", verdict="answered", generation=3)
    clock.now += 25 * 3600
    assert inbox.forget() == 0
    assert inbox.put(MENTION) is False


def test_closed_questions_are_forgotten_after_a_month_and_open_ones_never(inbox, clock):
    inbox.put(MENTION)
    inbox.finish(inbox.take(), State.FAILED)
    inbox.put(COMMAND)
    clock.now += KEPT + 1
    assert inbox.forget() == 1
    assert inbox.count() == {State.WAITING: 1}


def test_the_oldest_comes_first_even_when_it_had_to_wait(inbox, clock):
    inbox.put(MENTION)
    inbox.defer(inbox.take(), 5)
    clock.now += 1
    inbox.put(COMMAND)
    clock.now += 5
    assert [inbox.take().request, inbox.take().request] == [MENTION, COMMAND]


def test_a_lost_lease_hands_the_question_back_and_counts_the_attempt(path, inbox, clock):
    inbox.put(MENTION)
    first = inbox.take()
    clock.now += 29.9
    assert inbox.take() is None
    clock.now += 0.2
    with Inbox(path, clock=clock) as other:
        second = other.take()
        assert (second.id, second.attempts, second.in_doubt) == (first.id, 2, False)
        assert inbox.begin_post(first) is False
        assert other.begin_post(second) is True


def test_a_holder_that_slept_past_its_lease_cannot_post_though_its_own_bot_took_over(inbox, clock):
    inbox.put(MENTION)
    slept = inbox.take()
    clock.now += 31
    awake = inbox.take()
    assert inbox.begin_post(slept) is False
    assert inbox.begin_post(awake) is True


def test_nobody_else_may_read_the_file(path, inbox):
    assert path.stat().st_mode & 0o077 == 0


def test_a_renewed_lease_is_kept(inbox, clock):
    inbox.put(MENTION)
    taken = inbox.take()
    clock.now += 29
    inbox.renew([taken])
    clock.now += 29
    assert inbox.take() is None
    assert inbox.begin_post(taken) is True


def test_only_what_is_named_is_renewed(inbox, clock):
    inbox.put(MENTION)
    dropped = inbox.take()
    clock.now += 29
    inbox.renew([])
    clock.now += 2
    assert inbox.take().id == dropped.id


def test_a_crash_during_the_post_leaves_the_question_in_doubt(path, inbox, clock):
    inbox.put(MENTION)
    assert inbox.begin_post(inbox.take()) is True
    clock.now += 31
    with Inbox(path, clock=clock) as other:
        assert other.take().in_doubt is True


def test_a_finished_question_is_never_taken_again(inbox, clock):
    inbox.put(MENTION)
    taken = inbox.take()
    inbox.begin_post(taken)
    inbox.finish(taken, State.DONE, reply_ts="1.5")
    clock.now += 1000
    assert inbox.take() is None
    assert inbox.count() == {State.DONE: 1}


@pytest.mark.parametrize("in_doubt", [True, False])
def test_a_deferred_question_waits_and_keeps_its_doubt(inbox, clock, in_doubt):
    inbox.put(MENTION)
    inbox.defer(inbox.take(), 10, in_doubt=in_doubt)
    clock.now += 9
    assert inbox.take() is None
    clock.now += 2
    taken = inbox.take()
    assert (taken.attempts, taken.in_doubt) == (1, in_doubt)


def test_handing_back_frees_what_is_ours_at_once_and_nothing_else(path, inbox, clock):
    inbox.put(MENTION)
    inbox.put(COMMAND)
    with Inbox(path, clock=clock) as other:
        held_by_other, _ours = other.take(), inbox.take()
        inbox.hand_back()
        assert inbox.take().request == COMMAND
        assert inbox.take() is None
        assert other.begin_post(held_by_other) is True


def test_of_a_copied_inbox_every_open_question_is_in_doubt_and_free_and_no_other(inbox):
    for n in range(3):
        inbox.put(replace(MENTION, key=f"Ev{n}", ts=f"{n}.1"))
    inbox.finish(inbox.take(), State.DONE)
    held = inbox.take()
    assert inbox.doubt() == 2
    assert not inbox.begin_post(held)
    assert [(t.in_doubt, t.attempts) for t in (inbox.take(), inbox.take())] == [(True, 1)] * 2
    assert inbox.take() is None


def test_many_takers_never_share_a_question(path):
    with Inbox(path) as inbox:
        for number in range(40):
            inbox.put(replace(COMMAND, key=f"k{number}"))

        def drain(_):
            with Inbox(path) as own:
                return [taken.request.key for _ in range(20) if (taken := own.take())]

        with ThreadPoolExecutor(4) as pool:
            keys = [key for part in pool.map(drain, range(4)) for key in part]
    assert sorted(keys) == sorted(f"k{number}" for number in range(40))


def test_many_writers_of_one_question_store_it_once(path):
    def put(_):
        with Inbox(path) as own:
            return own.put(MENTION)

    with Inbox(path), ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(put, range(8))) == [False] * 7 + [True]


def test_a_question_that_waits_takes_an_edit_and_an_answered_one_does_not(inbox):
    inbox.put(MENTION)
    where = (MENTION.team, MENTION.channel, MENTION.ts)
    assert inbox.edit(*where, "what?") is Edited.SAME
    assert inbox.edit(*where, "who?") is Edited.CHANGED
    taken = inbox.take()
    assert taken.request.text == "who?"
    assert inbox.edit(*where, "where?") is Edited.TOO_LATE
    inbox.begin_post(taken)
    assert inbox.edit(*where, "where?") is Edited.TOO_LATE
    inbox.finish(taken, State.DONE)
    assert inbox.edit(*where, "where?") is Edited.TOO_LATE
    assert inbox.edit(*where, "who?") is Edited.SAME
    assert inbox.edit("T1", "C1", "9.9", "where?") is Edited.UNKNOWN


def test_the_edit_of_a_question_that_failed_is_no_answered_one(inbox):
    inbox.put(MENTION)
    inbox.finish(inbox.take(), State.FAILED)
    assert inbox.edit(MENTION.team, MENTION.channel, MENTION.ts, "who?") is Edited.SAME


def test_a_question_of_a_crashed_worker_takes_an_edit_once_its_lease_is_over(inbox, clock):
    inbox.put(MENTION)
    inbox.take()
    clock.now += 31
    assert inbox.edit(MENTION.team, MENTION.channel, MENTION.ts, "who?") is Edited.CHANGED


def test_a_dropped_question_is_not_taken_not_posted_and_stays_known(inbox):
    where = (MENTION.team, MENTION.channel, MENTION.ts)
    inbox.put(MENTION)
    taken = inbox.take()
    assert [inbox.drop(*where), inbox.drop(*where)] == [True, False]
    assert inbox.begin_post(taken) is False
    assert inbox.state(taken.id) is State.DROPPED
    assert inbox.put(MENTION) is False
    assert inbox.take() is None
    assert inbox.state("nobody's") is None


def test_a_question_for_which_a_post_has_begun_is_not_dropped(inbox):
    inbox.put(MENTION)
    inbox.begin_post(inbox.take())
    assert inbox.drop(MENTION.team, MENTION.channel, MENTION.ts) is False


def test_the_next_of_a_conversation_waits_for_the_one_before_it_and_no_other_does(inbox, clock):
    thread = replace(MENTION, key="Ev2", ts="1.2", thread_ts="1.1")
    beside = replace(MENTION, key="Ev3", ts="1.3")
    for request in (MENTION, thread, beside, COMMAND):
        inbox.put(request)
        clock.now += 1
    first = inbox.take()
    assert [first.request, inbox.take().request, inbox.take().request] == [MENTION, beside, COMMAND]
    assert inbox.take() is None
    inbox.finish(first, State.DONE)
    assert inbox.take().request == thread


def test_direct_messages_of_one_person_are_taken_one_after_the_other(inbox, clock):
    dm = replace(MENTION, kind=Kind.DM, channel="D1")
    for number in range(2):
        inbox.put(replace(dm, key=f"Ev{number}", ts=f"1.{number}"))
        clock.now += 1
    inbox.put(replace(dm, channel="D2", key="Ev9"))
    taken = [inbox.take(), inbox.take(), inbox.take()]
    assert [t and t.request.key for t in taken] == ["Ev0", "Ev9", None]
    inbox.defer(taken[0], 60)  # what has to wait by itself keeps nobody else waiting
    assert inbox.take().request.key == "Ev1"


def test_those_who_wait_are_told_how_many_are_before_them(inbox, clock):
    for number in range(4):
        inbox.put(replace(COMMAND, key=str(number)))
        clock.now += 1
    inbox.finish(inbox.take(), State.DONE)
    inbox.take()
    assert [(waiting.request.key, waiting.ahead) for waiting in inbox.waiting()] == [("2", 1), ("3", 2)]
    assert [waiting.request.key for waiting in inbox.waiting(most=2)] == ["2"]


def test_a_message_leads_to_its_question(inbox):
    inbox.put(MENTION)
    assert inbox.find("C1", "1.1") == inbox.take().id
    assert inbox.find("C1", "9.9") is None


KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from bot.state import Inbox, Kind, Request
    inbox = Inbox(Path(sys.argv[1]))
    for number in range(3):
        ids = dict(key=f"Ev{number}", team="T", channel=f"D{number}", user="U", ts=f"{number}")
        assert inbox.put(Request(kind=Kind.DM, text="?", **ids))
    inbox.take()
    inbox.begin_post(inbox.take())
    os.kill(os.getpid(), signal.SIGKILL)
    """
)


def test_kill_minus_nine_loses_no_question_and_marks_the_one_in_doubt(path, clock):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, path], env={**os.environ, "PYTHONPATH": "."}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    clock.now = 4e9
    with Inbox(path, clock=clock) as inbox:
        taken = {inbox.take() for _ in range(3)}
        assert inbox.take() is None
    assert {(t.request.key, t.attempts, t.in_doubt) for t in taken} == {
        ("Ev0", 2, False),
        ("Ev1", 2, True),
        ("Ev2", 1, False),
    }


class OneInbox(RuleBasedStateMachine):
    """Two bots share a file and crash at will; the sets say what must hold."""

    held = Bundle("held")

    def __init__(self):
        super().__init__()
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        path = Path(self.folder.name) / "bot.sqlite"
        self.bots = [Inbox(path, clock=self.clock) for _ in range(2)]
        self.known, self.closed, self.began = set(), set(), set()

    @rule(key=st.integers(0, 5), bot=st.integers(0, 1))
    def put(self, key, bot):
        new = self.bots[bot].put(replace(COMMAND, key=str(key)))
        assert new == (str(key) not in self.known)
        self.known.add(str(key))

    @rule(target=held, bot=st.integers(0, 1))
    def take(self, bot):
        taken = self.bots[bot].take()
        if taken:
            assert taken.request.key not in self.closed
            assert taken.in_doubt == (taken.request.key in self.began)
        return bot, taken

    @rule(held=held)
    def begin(self, held):
        bot, taken = held
        if taken and self.bots[bot].begin_post(taken):
            assert taken.request.key not in self.closed
            self.began.add(taken.request.key)

    @rule(held=consumes(held))
    def finish(self, held):
        bot, taken = held
        if taken and self.bots[bot].begin_post(taken):
            self.bots[bot].finish(taken, State.DONE)
            self.closed.add(taken.request.key)

    @rule(seconds=st.sampled_from([1, 31]))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule(held=held)
    def renew(self, held):
        bot, taken = held
        self.bots[bot].renew([taken] if taken else [])

    @rule(bot=st.integers(0, 1))
    def hand_back(self, bot):
        self.bots[bot].hand_back()

    @invariant()
    def every_question_is_open_or_closed(self):
        count = self.bots[0].count()
        assert count.get(State.DONE, 0) == len(self.closed)
        assert sum(count.values()) == len(self.known)

    def teardown(self):
        for bot in self.bots:
            bot.close()
        self.folder.cleanup()


OneInbox.TestCase.settings = settings(max_examples=15, stateful_step_count=25)
TestOneInbox = OneInbox.TestCase
