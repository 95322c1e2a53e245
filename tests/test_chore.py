"""A chore goes on whatever goes wrong, ends when it is told to, and is named when it died."""

import threading

import pytest

from bot.chore import Chore


class Counting(Chore):
    """Counts its ticks; the first fails as it is told to."""

    def __init__(self, failure=None, **options):
        super().__init__("counting", "count stumbled", grace=30, **{"every": 0.01, **options})
        self.failure, self.ticks, self.enough = failure, 0, threading.Event()

    def tick(self):
        self.ticks += 1
        if self.ticks == 1 and self.failure:
            raise self.failure
        if self.ticks >= 3:
            self.enough.set()


def test_a_tick_that_fails_is_logged_and_the_next_one_comes(caplog):
    chore = Counting(RuntimeError("boom"))
    chore.start()
    assert chore.enough.wait(30)
    assert chore.died() is None
    chore.stop()
    assert [record.message for record in caplog.records] == ["count stumbled"]
    assert chore.died() is None


def test_whoever_is_woken_looks_before_its_time_and_a_stop_ends_the_wait():
    chore = Counting(every=3_600)
    chore.start()
    while not chore.enough.wait(0.01):
        chore.wake()
    chore.stop()
    assert not chore._thread.is_alive()


def test_the_first_tick_waits_where_it_is_not_at_once():
    chore = Counting(every=3_600, at_once=False)
    chore.start()
    chore.stop()
    assert chore.ticks == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is the point
def test_a_thread_that_ended_by_itself_is_named():
    chore = Counting(SystemExit())
    assert chore.died() is None
    chore.start()
    chore._thread.join(30)
    assert chore.died() == "counting died"


def test_one_that_was_never_started_stops():
    Counting().stop()
