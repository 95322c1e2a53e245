"""The memory: answers, threads, channels, feedback and people come back as they were, across restarts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from conftest import HARBOUR, TIDE, Clock, SmallColumn
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.message import message
from bot.state import (
    KEPT,
    ChannelSettings,
    Given,
    Inbox,
    Judged,
    Kind,
    Memory,
    Opinion,
    Reference,
    Request,
    new_id,
    read_id,
)
from bot.state import given as record
from bot.state.disk import DAY
from index.answer import Searched, Verdict
from index.passage import Manner, Voice

MENTION = Request(
    kind=Kind.MENTION, key="Ev1", team="T1", channel="C1", user="U1", text="the tide?", ts="1.1"
)
DM = replace(MENTION, kind=Kind.DM, channel="D1")

ARTICLES = ("a1", "a2")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bot.sqlite"


@pytest.fixture
def memory(path, clock):
    with Memory(path, clock=clock) as memory:
        yield memory


@pytest.fixture
def reopened(path, clock):
    """Open the memory anew, as after a restart."""
    opened = []

    def reopen():
        opened.append(Memory(path, clock=clock))
        return opened[-1]

    yield reopen
    for memory in opened:
        memory.close()


def tide(id="abc", request=MENTION, **changes):
    answer = SmallColumn().ask("the tide")
    return replace(record(id, request, answer, topic="tide"), **changes)


def test_an_answer_comes_back_equal_after_a_restart(memory, reopened, clock):
    memory.answers.save(tide())
    assert reopened().answers.load("abc") == tide(created_at=clock.now)
    assert reopened().answers.load("unknown") is None


def test_the_message_of_an_answer_can_be_built_again_letter_for_letter(memory, reopened):
    answer = SmallColumn().ask("the tide and gulls")
    memory.answers.save(record("abc", MENTION, answer))
    again = reopened().answers.load("abc")
    assert message(again.answer) == message(answer)
    assert [r.text for r in again.excerpts] == [e.text for e in answer.excerpts]


def test_the_record_says_where_and_how_an_answer_was_given():
    kept = tide()
    assert (kept.thread_ts, kept.asked, kept.question, kept.topic) == ("1.1", "the tide?", "the tide", "tide")
    [reference] = kept.excerpts
    assert reference.text == reference.passage == TIDE
    assert (reference.place, reference.name) == (("a1", 1, 0, len(TIDE)), HARBOUR.name)


texts = st.text(max_size=20)
dates = st.none() | st.dates()


@st.composite
def references(draw):
    passage = draw(st.text(min_size=1, max_size=60))
    start = draw(st.integers(0, len(passage) - 1))
    return Reference(
        article=draw(texts),
        name=draw(texts),
        title=draw(texts),
        author=draw(st.none() | texts),
        date=draw(dates),
        url=draw(st.none() | texts),
        number=draw(st.integers(1, 50)),
        start=start,
        end=draw(st.integers(start + 1, len(passage))),
        passage=passage,
        voice=draw(st.sampled_from(Voice)),
        outlet=draw(st.none() | texts),
        speaker=draw(st.none() | texts),
        manner=draw(st.none() | st.sampled_from(Manner)),
        via=tuple(draw(st.lists(texts, max_size=3))),
        score=draw(st.floats(-1, 1)),
        why=draw(texts),
        truncated=draw(st.booleans()),
    )


givens = st.builds(
    Given,
    id=st.just("abc"),
    team=texts,
    channel=texts,
    thread_ts=st.none() | texts,
    user=texts,
    kind=st.sampled_from(Kind),
    asked=texts,
    question=texts,
    verdict=st.sampled_from(Verdict),
    subject=st.none() | texts,
    topic=texts,
    excerpts=st.lists(references(), max_size=3).map(tuple),
    confidence=st.floats(0, 1),
    searched=st.builds(
        Searched,
        articles=st.integers(0, 99),
        passages=st.integers(0, 99),
        first=dates,
        last=dates,
        generation=st.integers(0, 99),
    ),
    suggestions=st.lists(texts, max_size=2).map(tuple),
    topics=st.lists(texts, max_size=2).map(tuple),
    unanswered=st.lists(texts, max_size=2).map(tuple),
    candidates=st.lists(texts, max_size=2).map(tuple),
    offset=st.integers(0, 50),
    created_at=st.just(Clock.now),
    reply_ts=st.none() | texts,
    shared_at=st.none() | st.floats(0, 2e9),
    removed_at=st.none() | st.floats(0, 2e9),
)


@pytest.fixture(scope="module")
def one_memory(tmp_path_factory):
    with Memory(tmp_path_factory.mktemp("memory") / "bot.sqlite", clock=Clock()) as memory:
        yield memory


@given(kept=givens)
@settings(max_examples=60)
def test_whatever_was_answered_comes_back_equal(one_memory, kept):
    one_memory.answers.save(kept)
    loaded = one_memory.answers.load("abc")
    assert (loaded, repr(loaded)) == (kept, repr(kept))  # an enum equals its text; its repr does not
    for reference in kept.excerpts:
        assert Reference.from_excerpt(reference.excerpt()) == reference


def test_saving_again_replaces_and_never_doubles(memory):
    memory.answers.save(tide(topic="old"))
    memory.answers.save(tide(topic="new"))
    assert [kept.topic for kept in memory.answers.of_thread("C1", "1.1")] == ["new"]


def test_a_thread_gives_its_last_answers_newest_last_and_no_others(memory, clock):
    for id in "abcd":
        clock.now += 1
        memory.answers.save(tide(id))
    memory.answers.save(tide("other", replace(MENTION, ts="2.2")))
    memory.answers.save(tide("elsewhere", replace(MENTION, channel="C2")))
    assert [kept.id for kept in memory.answers.of_thread("C1", "1.1", most=3)] == ["b", "c", "d"]


def test_the_top_of_a_direct_message_remembers_for_half_an_hour(memory, clock):
    memory.answers.save(tide("old", DM))
    clock.now += 1200
    memory.answers.save(tide("new", DM))
    memory.answers.save(tide("threaded", replace(DM, thread_ts="1.0")))
    assert [kept.id for kept in memory.answers.lately("D1", "U1")] == ["old", "new"]
    clock.now += 700
    assert [kept.id for kept in memory.answers.lately("D1", "U1")] == ["new"]
    clock.now += 1200
    assert memory.answers.lately("D1", "U1") == []


def test_a_person_finds_their_own_questions_newest_first(memory, clock):
    for id in "abc":
        clock.now += 1
        memory.answers.save(tide(id))
    memory.answers.save(tide("other", replace(MENTION, user="U2")))
    assert [kept.id for kept in memory.answers.of_person("U1", most=2)] == ["c", "b"]


def test_posting_sharing_and_removing_are_written_down_and_each_counts_once(memory, reopened, clock):
    memory.answers.save(tide())
    memory.answers.posted("abc", "5.5")
    assert [memory.answers.share("abc"), memory.answers.share("abc")] == [True, False]
    assert [memory.answers.remove("abc"), memory.answers.remove("abc")] == [True, False]
    kept = reopened().answers.load("abc")
    assert (kept.reply_ts, kept.shared_at, kept.removed_at) == ("5.5", clock.now, clock.now)
    assert reopened().answers.at("C1", "5.5") == kept
    memory.answers.unshare("abc")
    assert memory.answers.share("abc") is True


def test_many_who_share_at_once_share_once(path, memory):
    memory.answers.save(tide())

    def share(_):
        with Memory(path) as own:
            return own.answers.share("abc")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(share, range(8))) == [False] * 7 + [True]


def test_two_threads_that_save_and_read_lose_nothing(memory):
    def save(start):
        for number in range(start, start + 20):
            memory.answers.save(tide(str(number)))
            memory.people.note_shown(str(number), "U1", [("a1", number, 0, 10)])
            assert memory.answers.load(str(number)).id == str(number)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, (0, 20)))
    assert len(memory.answers.of_person("U1", most=100)) == 40
    assert len(memory.people.shown_today("U1", ARTICLES)) == 40


@pytest.mark.parametrize("days", [90, 7])
def test_answers_are_forgotten_after_the_days_that_are_set_with_what_people_thought_of_them(
    tmp_path, clock, days
):
    with Memory(tmp_path / "bot.sqlite", clock=clock, keep=days * DAY) as memory:
        for id in ("old", "new"):
            memory.answers.save(tide(id))
            memory.feedback.save(Judged(answer=id, user="U1", opinion=Opinion.UP))
            clock.now += days * DAY - 1
        memory.forget()
        assert memory.answers.load("old") is None
        assert memory.answers.load("new") is not None
        assert [judged.answer for judged in memory.feedback.all()] == ["new"]


def test_a_silenced_thread_stays_silent_until_it_is_lifted(memory, reopened, clock):
    memory.threads.mute("C1", "1.1")
    memory.threads.mute("C1", "1.1")
    clock.now += 10 * KEPT
    memory.forget()
    after = reopened().threads
    assert [after.is_muted("C1", "1.1"), after.is_muted("C1", "2.2"), after.is_muted("C2", "1.1")] == [
        True,
        False,
        False,
    ]
    after.unmute("C1", "1.1")
    assert memory.threads.is_muted("C1", "1.1") is False


def test_a_name_means_in_its_thread_whom_somebody_chose_last(memory, reopened):
    memory.threads.choose("C1", "1.1", "Marsh", "Edith Marsh")
    memory.threads.choose("C1", "1.1", "marsh", "Owen Marsh")
    memory.threads.choose("C1", "1.1", "Roe", "Jane Roe")
    assert reopened().threads.chosen("C1", "1.1") == {"marsh": "Owen Marsh", "roe": "Jane Roe"}
    assert memory.threads.chosen("C1", "2.2") == {}


def test_a_channel_that_nobody_set_has_the_defaults(memory):
    assert memory.channels.load("C1") == ChannelSettings(
        channel="C1", answer_without_mention=False, may_ask=(), answer_shared=False, most_excerpts=5
    )


def test_a_channels_settings_are_kept_and_replaced_as_a_whole(memory, reopened):
    first = ChannelSettings(channel="C1", answer_without_mention=True, may_ask=("S1", "S2"), most_excerpts=1)
    memory.channels.save(first)
    assert reopened().channels.load("C1") == first
    second = ChannelSettings(channel="C1", answer_shared=True)
    memory.channels.save(second)
    assert reopened().channels.load("C1") == second
    assert memory.channels.load("C2") == ChannelSettings(channel="C2")


@pytest.mark.parametrize("number", [0, 6])
def test_a_number_of_excerpts_that_no_message_holds_is_refused(number):
    with pytest.raises(ValueError, match=f"{number} excerpts, of 1 to 5"):
        ChannelSettings(channel="C1", most_excerpts=number)


def test_of_two_opinions_of_one_person_the_latest_counts(memory, reopened, clock):
    memory.feedback.save(Judged(answer="abc", user="U1", opinion=Opinion.UP))
    clock.now += 1
    memory.feedback.save(Judged(answer="abc", user="U2", opinion=Opinion.UP))
    clock.now += 1
    memory.feedback.save(Judged(answer="abc", user="U1", opinion=Opinion.DOWN, reason="another person"))
    memory.feedback.save(Judged(answer="other", user="U1", opinion=Opinion.UP))
    first = Judged(answer="abc", user="U2", opinion=Opinion.UP, at=clock.now - 1)
    second = Judged(answer="abc", user="U1", opinion=Opinion.DOWN, reason="another person", at=clock.now)
    assert reopened().feedback.of("abc") == [first, second]
    assert [judged.answer for judged in memory.feedback.all()] == ["abc", "abc", "other"]


def test_what_was_shown_is_known_for_a_day_and_counts_once_an_answer(memory, clock):
    memory.people.note_shown("one", "U1", [("a1", 1, 0, 90)])
    memory.people.note_shown("one", "U1", [("a1", 1, 0, 100), ("a1", 1, 0, 40), ("a2", 3, 5, 7)])
    memory.people.note_shown("one", "U2", [("a1", 1, 0, 1000)])
    clock.now += 3600
    memory.people.note_shown("two", "U1", [("a1", 2, 0, 50)])
    assert sorted(memory.people.shown_today("U1", ARTICLES)) == [
        ("a1", 1, 0, 100),
        ("a1", 2, 0, 50),
        ("a2", 3, 5, 7),
    ]
    assert memory.people.shown_today("U1", ["a2"]) == [("a2", 3, 5, 7)]
    assert memory.people.shown_today("U1", ARTICLES, but="one") == [("a1", 2, 0, 50)]
    clock.now += 24 * 3600 - 1
    assert memory.people.shown_today("U1", ARTICLES) == [("a1", 2, 0, 50)]


def test_requests_are_counted_a_person_and_once_a_question(memory, clock):
    for key, at in (("k1", 10.0), ("k1", 11.0), ("k2", 20.0)):
        memory.people.note_request("U1", key, at)
    memory.people.note_request("U2", "k3", 15.0)
    assert memory.people.requests_since("U1", 5) == [10.0, 20.0]
    assert memory.people.requests_since("U1", 10) == [20.0]
    assert memory.people.requests_since("U1", 5, but="k1") == [20.0]


def test_what_nobody_measures_any_more_is_deleted(memory, clock):
    memory.people.note_request("U1", "k1", clock.now)
    memory.people.note_shown("one", "U1", [("a1", 1, 0, 90)])
    clock.now += 25 * 3600
    memory.forget()
    clock.now -= 25 * 3600
    assert memory.people.requests_since("U1", 0) == memory.people.shown_today("U1", ARTICLES) == []


def test_an_older_file_gets_the_missing_tables_and_keeps_its_questions(path):
    with Inbox(path) as inbox:
        inbox.put(MENTION)
        with Memory(path) as memory:
            memory.answers.save(tide())
        assert inbox.take().request == MENTION


def test_many_that_open_a_new_file_at_once_all_succeed(path):
    def open_and_save(number):
        with Memory(path) as memory:
            memory.answers.save(tide(str(number)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_save, range(8)))
    with Memory(path) as memory:
        assert len(memory.answers.of_person("U1", most=100)) == 8


def test_ids_are_short_and_read_however_they_are_written():
    id = new_id()
    assert len(id) == 8
    spaced = f" {id[:4].upper()}-{id[4:]} "
    assert [read_id(spaced), read_id(f"`{id}`"), read_id(f"#{id}"), read_id(id)] == [id] * 4
    assert [read_id(""), read_id("tides"), read_id(id + "2")] == [""] * 3
