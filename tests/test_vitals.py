"""Vitals: checks by name, and the socket as it was last seen."""

from hypothesis import given
from hypothesis import strategies as st

from bot.state import Kind
from bot.vitals import FRESH, LOST, CallOutcome, DigestOutcome, Ending, Socket, Stage, Vitals


def broken():
    raise OSError("/data/column.sqlite of xoxb-1-secret")


def test_each_check_says_why_not_and_one_that_breaks_hides_no_other_and_quotes_nothing():
    vitals = Vitals()
    vitals.check("sync", lambda: "it is an hour late")
    vitals.check("store", broken)
    vitals.check("socket", lambda: None)
    assert vitals.examine() == {
        "socket": None,
        "store": "it cannot be told (OSError)",
        "sync": "it is an hour late",
    }


def test_only_vital_checks_are_looked_at_where_life_is_asked_after():
    vitals = Vitals()
    vitals.check("workers", lambda: "worker-1 died", vital=True)
    vitals.check("sync", broken)
    assert vitals.examine(vital=True) == {"workers": "worker-1 died"}


def test_a_check_of_the_same_name_takes_the_place_of_the_other():
    vitals = Vitals()
    vitals.check("workers", lambda: "worker-1 died", vital=True)
    vitals.check("workers", lambda: None)
    assert (vitals.examine(vital=True), vitals.examine()) == ({}, {"workers": None})


def test_whoever_measures_nothing_may_be_told_everything():
    vitals = Vitals()
    vitals.ended(Kind.DM, Ending.TOLD)
    vitals.called("chat.postMessage", CallOutcome.OK)
    vitals.rate_limited("chat.postMessage")
    vitals.synced(True, 1.0)
    vitals.digest(DigestOutcome.POSTED)
    with vitals.timing(Stage.ASKING):
        pass


def test_a_block_is_timed_however_it_ends(clock):
    class Noting(Vitals):
        took_ = ()

        def took(self, stage, seconds):
            self.took_ += ((stage, seconds),)

    vitals = Noting(clock)
    try:
        with vitals.timing(Stage.POSTING):
            clock.now += 2.5
            raise OSError
    except OSError:
        pass
    assert vitals.took_ == ((Stage.POSTING, 2.5),)


def test_a_socket_is_as_old_as_its_connection(clock):
    socket = Socket(clock)
    clock.now += 4
    assert (socket.age, socket.closed_for) == (None, 4)
    for _ in range(5):
        socket.seen("one")
        clock.now += 1
    assert (socket.age, socket.closed_for, socket.why_not()) == (5, 0, None)
    socket.seen("two")
    clock.now += 2
    assert socket.age == 2
    socket.seen(None)
    clock.now += 3
    assert (socket.age, socket.closed_for) == (None, 3)
    assert socket.why_not() == "it is not open, for 3 s now"


def test_a_socket_that_nobody_looked_at_for_long_is_not_called_open(clock):
    socket = Socket(clock)
    socket.seen("one")
    clock.now += FRESH
    assert socket.age == FRESH
    clock.now += 1
    assert (socket.age, socket.closed_for) == (None, FRESH + 1)


def test_silence_is_counted_from_the_last_event(clock):
    socket = Socket(clock)
    assert socket.silent_for is None
    socket.heard()
    clock.now += 7
    assert socket.silent_for == 7


@given(st.lists(st.tuples(st.floats(0, 2 * LOST), st.sampled_from([None, "one", "two"])), max_size=20))
def test_a_socket_is_open_or_closed_and_lost_only_after_very_long(steps):
    now = [0.0]
    socket = Socket(lambda: now[0])
    for seconds, session in steps:
        now[0] += seconds
        socket.seen(session)
        assert (socket.age is None) == (session is None) == (socket.why_not() is not None)
        assert (socket.lost() is not None) == (socket.closed_for > LOST)
