"""Conversation as people have it: the real Bolt app and a real column of two articles, over the loopback."""

import threading
import time
from dataclasses import replace

import pytest
from conftest import bot_running
from wordcolumn import column as written

from bot.message import edited_message, exhausted_message, silent_message
from bot.playground import faults as F
from bot.playground.team import SCOPES
from bot.poster import posting_client
from bot.state import ChannelSettings, Kind, Request, State
from bot.status import LASTING, LOADING, MOMENT, WORKING, Statuses, queued

FERRY = """
Mara Quill, the harbour master, said on Monday that the ferry would sail. “The hull is sound,” she added.

Tom Bask said that the ferry was a relic. “The gulls will have it before long,” Bask warned.

“Nobody feeds the gulls on my ferry,” Quill insisted.

According to the Skerry Herald, Jo Tarn said that the ferry would be late all summer.

I think that the bridge is a fantasy. The ferry is slow, but it floats.
"""
BRIDGE = """
Donald Marsh said that the bridge would cost nine million crowns. Vera Lind was in the room.

Pia Marsh said that the bridge would never pay for itself. “Fares will rise,” she added.

“It will be built by spring,” Donald Marsh promised.
"""
SAILS = "Mara Quill, the harbour master, said on Monday that the ferry would sail."
RELIC = "Tom Bask said that the ferry was a relic."
FEEDS = "“Nobody feeds the gulls on my ferry,” Quill insisted."
ABOUT_THE_FERRY = "what did Mara Quill say about the ferry?"


@pytest.fixture(scope="module")
def skerry(tmp_path_factory):
    return written(tmp_path_factory.mktemp("skerry"), {"ferry": FERRY, "bridge": BRIDGE})


class Slow:
    """The column behind a door: questions wait until it is opened; *asked* holds what got through."""

    upkeep = None

    def __init__(self, column):
        self.column, self.free, self.asked = column, threading.Event(), []
        self.free.set()

    def find(self, who):
        return self.column.find(who)

    def ask(self, question, *, seen=()):
        self.free.wait(60)
        self.asked.append(question)
        return self.column.ask(question, seen=seen)


@pytest.fixture
def door(skerry):
    door = Slow(skerry)
    yield door
    door.free.set()


@pytest.fixture
def talk(build_scene, door):
    """A scene in which the bot answers from the column of the ferry and the bridge."""
    scene = build_scene(lambda: door)
    with bot_running(scene) as started:
        assert started.wait(60)
        yield Talk(scene)


class Talk:
    """One person's conversation with the bot."""

    def __init__(self, scene):
        self.scene, self.workspace, self.ada = scene, scene.workspace, scene.ada
        self.general, self.memory, self.inbox = scene.general, scene.memory, scene.inbox

    def open(self, question):
        """Mention the bot in the channel; return the thread and the answer."""
        thread = self.scene.mention(question)
        return thread, self.workspace.wait_for_answers(self.general, thread_ts=thread)[-1]

    def then(self, thread, text, *, mention=True, who=None, channel=None):
        """Write in a thread, and return the answer that follows."""
        channel = channel or self.general
        count = len(self.workspace.answers(channel, thread_ts=thread))
        self.write(thread, text, mention=mention, who=who, channel=channel)
        return self.workspace.wait_for_answers(channel, thread_ts=thread, count=count + 1)[-1]

    def write(self, thread, text, *, mention=False, who=None, channel=None):
        called = f"<@{self.workspace.bot_user_id}> " if mention else ""
        return self.workspace.post(who or self.ada, channel or self.general, called + text, thread_ts=thread)

    def settled(self):
        settle(self.scene)

    def answers(self, thread, channel=None):
        return self.workspace.answers(channel or self.general, thread_ts=thread)

    def told(self):
        return self.workspace.ephemerals(self.ada, self.general)


def settle(scene):
    """Wait until all events are taken in and no question is open."""
    scene.workspace.wait_until_delivered()
    for _ in range(500):
        if not {State.WAITING, State.POSTING} & set(scene.inbox.count()):
            return
        time.sleep(0.02)
    raise TimeoutError(f"still open: {scene.inbox.count()}")


# ---- threads


def test_another_speaker_is_asked_about_the_topic_of_the_thread(talk, door):
    thread, first = talk.open(ABOUT_THE_FERRY)
    assert SAILS in first.text
    answer = talk.then(thread, "and Bask?")
    assert RELIC in answer.text
    assert door.asked[-1] == "What did Bask say about the ferry?"


def test_another_topic_is_asked_of_the_speaker_of_the_thread(talk):
    thread, _ = talk.open("what did Mara Quill say about the hull?")
    answer = talk.then(thread, "what about gulls?")
    assert FEEDS in answer.text
    assert RELIC not in answer.text


@pytest.mark.parametrize(
    "text", ["what did she say about the gulls?", "And did she say anything about gulls"]
)
def test_a_pronoun_means_whoever_was_asked_about(talk, text):
    thread, _ = talk.open("what did Mara Quill say about the hull?")
    answer = talk.then(thread, text)
    assert FEEDS in answer.text
    assert "before long" not in answer.text


def test_the_one_in_another_paper_keeps_the_topic(talk, door):
    thread, _ = talk.open("who said that the ferry was a relic?")
    answer = talk.then(thread, "what about the Herald one")
    assert "late all summer" in answer.text


@pytest.mark.parametrize("doubt", ["are you sure?", "Really??", "you sure"])
def test_a_doubt_gets_the_same_verdict_and_the_same_words(talk, doubt):
    thread, first = talk.open(ABOUT_THE_FERRY)
    again = talk.then(thread, doubt)
    assert again.text == first.text
    given = talk.memory.answers.of_thread(talk.general, thread)
    assert len({(g.question, g.verdict) for g in given}) == 1


def test_why_stays_with_the_speaker_and_the_topic(talk, door):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    answer = talk.then(thread, "why?")
    assert door.asked[-1] == "Why did Mara Quill say that about the ferry?"
    assert RELIC not in answer.text


def test_more_shows_what_was_not_shown_and_then_says_that_it_was_all(talk):
    thread, _ = talk.open("what did Mara Quill say?")
    seen = [r.place for g in talk.memory.answers.of_thread(talk.general, thread) for r in g.excerpts]
    texts = []
    for _ in range(5):
        texts.append(talk.then(thread, "more").text)
        if texts[-1] == exhausted_message("Mara Quill").text:
            break
    assert texts[-1] == exhausted_message("Mara Quill").text
    given = talk.memory.answers.of_thread(talk.general, thread)
    places = [r.place for g in given for r in g.excerpts]
    assert len(places) == len(set(places)) >= len(seen)
    assert [g.offset for g in given] == [sum(len(x.excerpts) for x in given[:n]) for n in range(len(given))]


def test_a_whole_question_in_a_thread_is_put_as_it_stands(talk, door):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.then(thread, "what did Tom Bask say about gulls?")
    assert door.asked[-1] == "what did Tom Bask say about gulls?"


def test_a_thread_keeps_its_topic_over_a_restart(build_scene, door):
    scene = build_scene(lambda: door)
    with bot_running(scene):
        talk = Talk(scene)
        thread, _ = talk.open(ABOUT_THE_FERRY)
    with bot_running(scene):
        assert RELIC in talk.then(thread, "and Bask?").text


def test_two_threads_do_not_get_into_each_other(talk, door):
    ferry, _ = talk.open(ABOUT_THE_FERRY)
    bridge, _ = talk.open("what did Donald Marsh say about the bridge?")
    talk.then(ferry, "and Pia Marsh?")
    assert door.asked[-1] == "What did Pia Marsh say about the ferry?"
    talk.then(bridge, "and Pia Marsh?")
    assert door.asked[-1] == "What did Pia Marsh say about the bridge?"


def test_a_follow_up_that_comes_at_once_waits_for_the_answer_that_it_leans_on(talk, door):
    door.free.clear()
    thread = talk.scene.mention(ABOUT_THE_FERRY)
    talk.write(thread, "and Bask?", mention=True)
    talk.workspace.wait_until_delivered()
    door.free.set()
    talk.workspace.wait_for_answers(talk.general, thread_ts=thread, count=2)
    assert door.asked == [ABOUT_THE_FERRY, "What did Bask say about the ferry?"]


def test_a_mention_in_the_middle_of_somebody_elses_thread_is_answered_there(talk):
    bea = talk.workspace.user("Bea")
    thread = talk.workspace.post(bea, talk.general, "the ferry was late again")
    talk.write(thread, "as ever", who=talk.ada)
    answer = talk.then(thread, "what did Bask say about it? I mean the ferry")
    assert RELIC in answer.text
    assert "Sikorski" not in answer.text
    assert RELIC not in talk.then(thread, "and Quill?", who=bea).text


# ---- direct messages


def test_a_follow_up_in_a_direct_message_needs_no_mention(talk):
    dm = talk.workspace.dm(talk.ada)
    talk.workspace.post(talk.ada, dm, ABOUT_THE_FERRY)
    talk.workspace.wait_for_answers(dm)
    talk.workspace.post(talk.ada, dm, "and Bask?")
    assert RELIC in talk.workspace.wait_for_answers(dm, count=2)[-1].text


@pytest.mark.parametrize("below", ["question", "answer"])
def test_a_thread_below_a_direct_message_goes_on_from_it(talk, door, below):
    dm = talk.workspace.dm(talk.ada)
    asked = talk.workspace.post(talk.ada, dm, ABOUT_THE_FERRY)
    [first] = talk.workspace.wait_for_answers(dm)
    talk.settled()
    thread = asked if below == "question" else first.ts
    assert RELIC in talk.then(thread, "and Bask?", mention=False, channel=dm).text
    assert door.asked[-1] == "What did Bask say about the ferry?"


def test_an_answer_of_an_hour_ago_is_no_context_at_the_top_of_a_direct_message(talk, door):
    dm = talk.workspace.dm(talk.ada)
    talk.workspace.post(talk.ada, dm, ABOUT_THE_FERRY)
    talk.workspace.wait_for_answers(dm)
    talk.settled()
    clock = talk.memory.answers._clock
    talk.memory.answers._clock = lambda: clock() + 3600
    talk.workspace.post(talk.ada, dm, "and Bask?")
    talk.workspace.wait_for_answers(dm, count=2)
    assert door.asked[-1] == "and Bask?"


# ---- channels, without a mention


def answering_without_mention(talk):
    talk.memory.channels.save(ChannelSettings(channel=talk.general, answer_without_mention=True))


def test_without_a_mention_nothing_is_answered_in_a_channel_unless_it_is_switched_on(talk):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.write(thread, "and Bask?")
    talk.settled()
    assert len(talk.answers(thread)) == 1
    answering_without_mention(talk)
    assert RELIC in talk.then(thread, "and Bask?", mention=False).text


@pytest.mark.parametrize(
    "text",
    [
        "thanks!",
        "I knew it",
        "Bask is a fool, that much is clear to everybody here",
        "are you coming to lunch?",
        "<@{bea}> what did Bask say about gulls?",
        "<!here> what did Bask say?",
        "",
    ],
)
def test_with_the_switch_on_it_is_silent_on_talk_among_people(talk, text):
    answering_without_mention(talk)
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.write(thread, text.format(bea=talk.workspace.user("Bea")))
    talk.settled()
    assert len(talk.answers(thread)) == 1
    assert talk.inbox.count() == {State.DONE: 1}


def test_with_the_switch_on_threads_in_which_it_never_answered_are_left_alone(talk):
    answering_without_mention(talk)
    thread = talk.workspace.post(talk.ada, talk.general, "the ferry")
    talk.write(thread, "what did Bask say about the ferry?")
    talk.workspace.post(talk.ada, talk.general, "what did Bask say about the ferry?")
    talk.settled()
    assert talk.inbox.count() == {}


def test_another_bot_in_the_thread_is_not_answered(talk):
    answering_without_mention(talk)
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.workspace.bot_post(talk.general, "what did Bask say?", thread_ts=thread)
    talk.settled()
    assert len(talk.answers(thread)) == 1


def test_stop_ends_it_until_somebody_mentions_the_bot(talk):
    answering_without_mention(talk)
    thread, _ = talk.open(ABOUT_THE_FERRY)
    assert talk.then(thread, "Stop!", mention=False).text == silent_message().text
    talk.write(thread, "and Bask?")
    talk.write(thread, "stop")
    talk.settled()
    assert len(talk.answers(thread)) == 2
    assert RELIC in talk.then(thread, "and Bask?").text
    assert "late all summer" in talk.then(thread, "and Jo Tarn?", mention=False).text


def test_a_mention_below_an_answer_comes_as_one_question_only(talk):
    answering_without_mention(talk)
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.then(thread, "and Bask?")
    talk.settled()
    assert len(talk.answers(thread)) == 2


# ---- edits and deletes


def test_an_edit_of_an_answered_question_gets_no_answer_and_one_soft_word(talk, door):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.settled()
    for text in ("what did Bask say?", "what did Jo Tarn say?"):
        talk.workspace.edit(talk.general, thread, f"<@{talk.workspace.bot_user_id}> {text}")
        talk.settled()
    assert [message.text for message in talk.told()] == [edited_message().text]
    assert talk.told()[0].thread_ts == thread
    assert len(talk.answers(thread)) == 1
    assert door.asked == [ABOUT_THE_FERRY]


def test_an_edited_direct_message_gets_one_soft_word_too(talk):
    dm = talk.workspace.dm(talk.ada)
    ts = talk.workspace.post(talk.ada, dm, ABOUT_THE_FERRY)
    talk.workspace.wait_for_answers(dm)
    talk.settled()
    for text in ("what did Bask say?", "what did Jo Tarn say?"):
        talk.workspace.edit(dm, ts, text)
        talk.settled()
    assert [m.text for m in talk.workspace.ephemerals(talk.ada, dm)] == [edited_message().text]
    assert len(talk.workspace.answers(dm)) == 1


def test_an_edit_that_changes_no_word_is_no_edit(talk):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.settled()
    talk.workspace.edit(talk.general, thread, f"<@{talk.workspace.bot_user_id}>  {ABOUT_THE_FERRY}")
    talk.settled()
    assert talk.told() == []


def commanded(talk, who, text):
    shown = talk.workspace.slash(who, talk.general, "/column", text)
    talk.workspace.wait_for(lambda: shown.messages)
    return shown.messages[-1].text


def test_a_command_keeps_the_topic_of_ones_own_last_command_in_the_channel(talk, door):
    bob = talk.workspace.user("Bob")
    commanded(talk, talk.ada, ABOUT_THE_FERRY)
    assert RELIC in commanded(talk, talk.ada, "and Bask?")
    commanded(talk, bob, "and Bask?")
    assert door.asked[-1] == "and Bask?"


def test_a_status_is_shown_again_before_slack_takes_it_down(build_scene, clock):
    scene = build_scene()
    client = posting_client(scene.workspace.bot_token, scene.workspace.api_url, direct=True)
    ts = scene.mention(ABOUT_THE_FERRY)
    request = Request(
        kind=Kind.MENTION, key="1", team="T", channel=scene.general, user=scene.ada, text="?", ts=ts
    )
    statuses = Statuses(client, clock)

    def texts(count):
        calls = scene.workspace.wait_for(
            lambda: (
                len(scene.workspace.calls("assistant.threads.setStatus")) >= count
                and scene.workspace.calls("assistant.threads.setStatus")
            )
        )
        return [call.args["status"] for call in calls]

    statuses.show("q", request, WORKING)
    assert texts(1) == [WORKING]
    statuses.arrived("q")
    statuses.renew()
    clock.now += LASTING
    statuses.renew()
    assert texts(2) == [WORKING, WORKING]
    statuses.settle("q")
    statuses.renew()
    statuses.close()
    assert texts(3) == [WORKING, WORKING, ""]


def test_a_question_that_waits_is_asked_as_it_was_edited(build_scene, door):
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return door

    scene = build_scene(load)
    with bot_running(scene):
        ts = scene.mention(ABOUT_THE_FERRY)
        scene.workspace.wait_until_delivered()
        scene.workspace.edit(scene.general, ts, f"<@{scene.workspace.bot_user_id}> what did Bask say?")
        scene.workspace.wait_until_delivered()
        loaded.set()
        scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
        settle(scene)
    assert door.asked == ["what did Bask say?"]
    assert scene.workspace.ephemerals(scene.ada, scene.general) == []


def test_a_deleted_question_that_waits_is_dropped_with_its_status(build_scene, door):
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return door

    scene = build_scene(load)
    with bot_running(scene) as started:
        dm = scene.workspace.dm(scene.ada)
        ts = scene.workspace.post(scene.ada, dm, ABOUT_THE_FERRY)
        scene.workspace.wait_for(lambda: scene.workspace.status(dm, ts) == LOADING)
        scene.workspace.delete(dm, ts)
        scene.workspace.wait_for(lambda: len(scene.workspace.calls("assistant.threads.setStatus")) == 2)
        assert scene.workspace.calls("assistant.threads.setStatus")[-1].args["status"] == ""
        loaded.set()
        assert started.wait(60)
        settle(scene)
    assert door.asked == []
    assert scene.inbox.count() == {State.DROPPED: 1}
    assert scene.workspace.answers(dm) == []


def test_a_question_that_is_deleted_while_it_is_worked_on_is_not_answered(talk, door):
    door.free.clear()
    thread = talk.scene.mention(ABOUT_THE_FERRY)
    talk.workspace.wait_for(lambda: talk.workspace.status(talk.general, thread))
    talk.workspace.delete(talk.general, thread)
    talk.workspace.wait_until_delivered()
    door.free.set()
    talk.settled()
    assert talk.answers(thread) == []
    assert talk.inbox.count() == {State.DROPPED: 1}


def test_an_answered_question_that_is_deleted_is_passed_over(talk, door):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.settled()
    talk.workspace.delete(talk.general, thread)
    talk.settled()
    assert (talk.told(), len(talk.answers(thread)), len(door.asked)) == ([], 1, 1)
    assert talk.inbox.count() == {State.DONE: 1}


# ---- status


def calls(workspace):
    return [call.method for call in workspace.calls() if call.method.startswith(("chat.", "assistant."))]


STATUS = "assistant.threads.setStatus"


def open_late(talk, door, channel=None, seen=None):
    """Ask, and let the answer come once its status is on its way, or *seen*; return the message's ts."""
    door.free.clear()
    channel = channel or talk.general
    ts = talk.workspace.post(talk.ada, channel, f"<@{talk.workspace.bot_user_id}> {ABOUT_THE_FERRY}")
    talk.workspace.wait_for(seen or (lambda: talk.workspace.status(channel, ts) == WORKING))
    door.free.set()
    return ts


def test_an_answer_that_comes_at_once_takes_one_post_and_no_status(build_scene, door):
    scene = build_scene(lambda: door)
    with bot_running(scene._replace(service=replace(scene.service, moment=float("inf")))):
        talk = Talk(scene)
        talk.open(ABOUT_THE_FERRY)
        talk.settled()
    assert calls(scene.workspace) == ["chat.postMessage"]


def test_a_status_is_for_an_answer_that_does_not_come_within_a_moment(build_scene, clock):
    scene = build_scene()
    client = posting_client(scene.workspace.bot_token, scene.workspace.api_url, direct=True)
    asked = [scene.mention(ABOUT_THE_FERRY) for _ in range(3)]
    here = {"team": "T", "channel": scene.general, "user": scene.ada, "text": "?"}
    requests = [Request(kind=Kind.MENTION, key=ts, ts=ts, **here) for ts in asked]
    statuses = Statuses(client, clock)
    for request in requests:
        statuses.expect(request.key, request)
    statuses.renew()
    statuses.arrived(asked[0])  # its answer comes now
    statuses.settle(asked[1])  # it is put back
    clock.now += MOMENT
    statuses.renew()
    statuses.arrived(asked[2])
    assert [call.args["thread_ts"] for call in scene.workspace.calls(STATUS)] == [asked[2]]
    statuses.close()


def test_a_late_answer_in_a_thread_takes_one_status_and_one_post(talk, door):
    thread = open_late(talk, door)
    talk.workspace.wait_for_answers(talk.general, thread_ts=thread)
    talk.settled()
    assert calls(talk.workspace) == [STATUS, "chat.postMessage"]
    assert [s["status"] for s in talk.workspace.statuses] == [WORKING]
    assert talk.workspace.status(talk.general, thread) == ""


def test_a_status_beside_the_thread_of_the_answer_is_taken_down_aloud(talk, door):
    dm = talk.workspace.dm(talk.ada)
    ts = open_late(talk, door, dm)
    talk.workspace.wait_for(lambda: len(talk.workspace.statuses) == 2)
    assert calls(talk.workspace) == [STATUS, "chat.postMessage", STATUS]
    assert talk.workspace.status(dm, ts) == ""


def test_a_command_has_no_status(talk):
    shown = talk.workspace.slash(talk.ada, talk.general, "/column", ABOUT_THE_FERRY)
    talk.workspace.wait_for(lambda: shown.messages)
    assert talk.workspace.statuses == []


def test_the_status_stands_while_the_column_is_asked(talk, door):
    door.free.clear()
    thread = talk.scene.mention(ABOUT_THE_FERRY)
    talk.workspace.wait_for(lambda: talk.workspace.status(talk.general, thread) == WORKING)
    assert talk.answers(thread) == []
    door.free.set()
    talk.workspace.wait_for_answers(talk.general, thread_ts=thread)


def test_the_status_is_taken_down_when_slack_refuses_the_answer(talk, door):
    talk.workspace.faults.add("chat.postMessage", F.failing("restricted_action"))
    thread = open_late(talk, door)
    talk.workspace.wait_for(lambda: len(talk.workspace.statuses) == 2)
    assert talk.workspace.status(talk.general, thread) == ""
    talk.settled()
    assert [message.text.split(",")[0] for message in talk.told()] == ["Something went wrong on my side"]


def test_a_slow_status_does_not_outlast_the_answer(build_scene, door):
    scene = build_scene(lambda: door)
    scene.workspace.faults.add(STATUS, F.Fault(delay=0.5))
    with bot_running(scene):
        talk = Talk(scene)
        thread = open_late(talk, door, seen=lambda: not scene.workspace.faults.waiting(STATUS))
        scene.workspace.wait_for_answers(scene.general, thread_ts=thread)
        talk.settled()
        assert calls(scene.workspace) == [STATUS, "chat.postMessage"]
        assert scene.workspace.status(scene.general, thread) == ""


def test_an_answer_comes_though_the_status_is_refused(build_scene, door):
    scene = build_scene(lambda: door)
    scene.workspace.faults.add(STATUS, F.failing("internal_error"))
    with bot_running(scene):
        talk = Talk(scene)
        thread = open_late(talk, door, seen=lambda: scene.workspace.calls(STATUS))
        [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=thread)
        assert SAILS in answer.text


def test_a_question_before_the_column_is_read_has_a_status_that_says_so(build_scene, door):
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return door

    scene = build_scene(load)
    with bot_running(scene):
        ts = scene.mention(ABOUT_THE_FERRY)
        scene.workspace.wait_for(lambda: scene.workspace.status(scene.general, ts) == LOADING)
        loaded.set()
        [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
        settle(scene)
    assert SAILS in answer.text
    assert calls(scene.workspace) == ["assistant.threads.setStatus", "chat.postMessage"]


def test_whoever_has_many_before_them_sees_how_many(talk, door):
    door.free.clear()
    threads = []
    for number in range(6):
        threads.append(talk.scene.mention(f"what did Bask say about the ferry? {number}"))
        talk.workspace.wait_until_delivered()
    for number in (4, 5):
        thread = threads[number]
        talk.workspace.wait_for(
            lambda thread=thread, number=number: talk.workspace.status(talk.general, thread) == queued(number)
        )
    assert talk.workspace.status(talk.general, threads[3]) == ""
    door.free.set()
    for thread in threads:
        talk.workspace.wait_for_answers(talk.general, thread_ts=thread)
    talk.settled()
    assert len(talk.workspace.statuses) <= 6
    assert [talk.workspace.status(talk.general, thread) for thread in threads] == [""] * 6


def test_a_bot_that_stops_leaves_no_status_standing(build_scene, door):
    loaded = threading.Event()

    def load():
        loaded.wait(60)
        return door

    scene = build_scene(load)
    with bot_running(scene):
        ts = scene.mention(ABOUT_THE_FERRY)
        scene.workspace.wait_for(lambda: scene.workspace.status(scene.general, ts) == LOADING)
    loaded.set()
    assert scene.workspace.status(scene.general, ts) == ""
    assert scene.inbox.count() == {State.WAITING: 1}


# ---- a name that two people bear


def buttons(message):
    """The names to choose from."""
    every = [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]
    return [e["text"]["text"] for e in every if e["action_id"].startswith("choose_person")]


def test_a_name_of_two_people_is_offered_and_a_click_answers_for_the_chosen_one(talk):
    thread, first = talk.open("what did Marsh say about the bridge?")
    names = buttons(first)
    assert sorted(names) == ["Donald Marsh", "Pia Marsh"]
    assert f"Whom do you mean: {names[0]} or {names[1]}?" in first.text
    number = names.index("Pia Marsh")
    for _ in range(2):
        assert talk.workspace.click(talk.ada, first, f"choose_person_{number}").error is None
        talk.settled()
    _, answer = talk.answers(thread)
    assert "never pay for itself" in answer.text
    assert "nine million" not in answer.text
    assert buttons(answer) == []


def test_the_choice_is_kept_for_the_thread_and_for_no_other(talk, door):
    thread, first = talk.open("what did Marsh say about the bridge?")
    talk.workspace.click(talk.ada, first, f"choose_person_{buttons(first).index('Pia Marsh')}")
    talk.workspace.wait_for_answers(talk.general, thread_ts=thread, count=2)
    answer = talk.then(thread, "what did Marsh say about fares?")
    assert door.asked[-1] == "what did Pia Marsh say about fares?"
    assert buttons(answer) == []
    talk.then(thread, "what did Donald Marsh say?")
    assert door.asked[-1] == "what did Donald Marsh say?"
    assert len(buttons(talk.open("what did Marsh say about the bridge?")[1])) == 2


def test_a_name_in_full_needs_no_buttons(talk):
    assert buttons(talk.open("what did Donald Marsh say?")[1]) == []


def test_a_choice_after_a_command_is_shown_to_the_asker_alone(talk):
    shown = talk.workspace.slash(talk.ada, talk.general, "/column", "what did Marsh say about the bridge?")
    [first] = talk.workspace.wait_for(lambda: shown.messages)
    talk.settled()
    talk.workspace.click(talk.ada, first, f"choose_person_{buttons(first).index('Pia Marsh')}")
    talk.workspace.wait_for(lambda: len(talk.told()) == 2)
    assert "never pay for itself" in talk.told()[-1].text
    assert talk.workspace.messages(talk.general) == []


def test_a_button_of_a_forgotten_answer_is_acknowledged(talk):
    _, first = talk.open("what did Marsh say about the bridge?")
    talk.settled()
    clock = talk.memory.answers._clock
    talk.memory.answers._clock = lambda: clock() + 90 * 24 * 3600
    talk.memory.answers.forget()
    assert talk.workspace.click(talk.ada, first, "choose_person_0").error is None
    talk.settled()
    assert talk.inbox.count() == {State.DONE: 1}


def test_where_messages_may_not_be_read_mentions_still_make_a_conversation(build_scene, door):
    scene = build_scene(lambda: door, scopes=SCOPES - {"channels:history", "groups:history"})
    with bot_running(scene):
        talk = Talk(scene)
        thread, _ = talk.open(ABOUT_THE_FERRY)
        assert RELIC in talk.then(thread, "and Bask?").text


def test_a_second_delivery_of_an_edit_says_nothing_twice(talk):
    thread, _ = talk.open(ABOUT_THE_FERRY)
    talk.settled()
    talk.workspace.faults.add("app_mention", F.DUPLICATE)
    talk.workspace.edit(talk.general, thread, f"<@{talk.workspace.bot_user_id}> what did Bask say?")
    talk.settled()
    assert len(talk.told()) == 1
