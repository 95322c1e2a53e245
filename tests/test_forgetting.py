"""“Forget me”: what is deleted, what stays, and what becomes of a question that still waits."""

import sqlite3
from dataclasses import replace

import pytest
from conftest import bot_running
from keptcolumn import until
from test_memory import DM, MENTION, tide

from bot import actions, buttons
from bot.state import ChannelSettings, Inbox, Judged, Memory, Opinion, State
from bot.state.disk import DAY
from bot.state.erasure import NOBODY

ADA, BOB = "U0ADA", "U0BOB"


@pytest.fixture
def memory(tmp_path, clock):
    with Memory(tmp_path / "bot.sqlite", clock=clock) as memory:
        yield memory


@pytest.fixture
def inbox(tmp_path, clock):
    with Inbox(tmp_path / "bot.sqlite", clock=clock) as inbox:
        yield inbox


def everything(path):
    """Return all that stands in any table, as one text."""
    with sqlite3.connect(path) as file:
        tables = [name for (name,) in file.execute("select name from sqlite_master where type = 'table'")]
        return "\n".join(repr(row) for name in tables for row in file.execute(f'select * from "{name}"'))


def asked(inbox, memory, user, number):
    """Let *user* ask and be answered, everywhere that a person leaves something."""
    for n, request in enumerate((MENTION, DM)):
        id = f"Ev{number}{n}"
        channel = f"D{user}" if request is DM else "C1"
        request = replace(
            request, key=id, ts=f"{number}.{n}", user=user, channel=channel, text=f"words of {user}"
        )
        inbox.put(request)
        taken = inbox.take()
        given = replace(tide(taken.id, request), user=user, asked=f"words of {user}")
        memory.answers.save(given)
        memory.answers.posted(taken.id, f"9.{number}{n}")
        memory.people.note_shown(taken.id, user, [("a1", 1, 0, 5)])
        memory.people.note_request(user, taken.id, 1.0)
        if request.kind is DM.kind:
            memory.threads.choose(channel, "", f"name of {user}", "Jane Roe")
        inbox.finish(taken, State.DONE, reply_ts=f"9.{number}{n}")
    return taken.id


def test_nothing_of_a_person_is_left_and_all_of_others_stays(inbox, memory, tmp_path):
    mine, others = asked(inbox, memory, ADA, 1), asked(inbox, memory, BOB, 2)
    for answer, user in ((mine, ADA), (mine, BOB), (others, ADA), (others, BOB)):
        memory.feedback.save(Judged(answer=answer, user=user, opinion=Opinion.UP, reason=f"said by {user}"))
    known = memory.erasure.forget(ADA)
    assert (known.answers, known.opinions, known.waiting) == (2, 2, 0)
    left = everything(tmp_path / "bot.sqlite")
    assert ADA not in left
    assert f"words of {ADA}" not in left
    assert [(judged.answer, judged.user) for judged in memory.feedback.all()] == [(others, BOB)]
    assert len(memory.answers.of_person(BOB)) == 2
    assert memory.people.shown_today(BOB, ["a1"]) == [("a1", 1, 0, 5)]
    assert memory.erasure.known(ADA).answers == 0


def test_what_slack_brings_again_is_still_known_for_a_day_and_then_nothing_is(inbox, memory, tmp_path, clock):
    asked(inbox, memory, ADA, 1)
    memory.erasure.forget(ADA)
    again = replace(MENTION, key="another", ts="1.0", user=ADA)
    assert inbox.put(again) is False
    clock.now += 2 * DAY + 1
    memory.forget()
    assert inbox.count() == {}
    assert ADA not in everything(tmp_path / "bot.sqlite")


@pytest.mark.parametrize("saved", [False, True], ids=["not begun", "already looked up"])
def test_a_question_that_waits_is_answered_and_then_forgotten(inbox, memory, tmp_path, saved):
    inbox.put(replace(MENTION, user=ADA, text=f"words of {ADA}"))
    taken = inbox.take()
    answer = replace(tide(taken.id, taken.request), user=ADA)
    if saved:
        memory.answers.save(answer)
    assert memory.erasure.forget(ADA).waiting == 1
    memory.erasure.sweep()
    assert inbox.state(taken.id) is State.WAITING
    memory.answers.save(answer)
    memory.people.note_shown(taken.id, ADA, [("a1", 1, 0, 5)])
    memory.people.note_request(ADA, taken.id, 1.0)
    assert inbox.begin_post(taken)
    inbox.finish(taken, State.DONE, reply_ts="9.9")
    memory.erasure.sweep()
    assert ADA not in everything(tmp_path / "bot.sqlite")
    inbox.put(replace(MENTION, key="later", ts="7.7", user=ADA))  # who asks anew is a person like any other
    memory.erasure.sweep()
    assert inbox.take().request.user == ADA


def test_a_list_of_people_who_may_ask_stays_and_is_counted(memory):
    memory.channels.save(ChannelSettings(channel="C1", may_ask=(ADA, BOB)))
    assert memory.erasure.forget(ADA).listed == 1
    assert memory.channels.load("C1").may_ask == (ADA, BOB)
    assert memory.erasure.known("U0AD").listed == 0


# ---- over the real app


def commanded(scene, text, person=None):
    posted = scene.workspace.slash(person or scene.ada, scene.general, "/column", text)
    scene.workspace.wait_for(lambda: posted.messages)
    return posted.messages[-1]


def told(scene, message):
    """Wait until Ada alone was told *message*."""
    scene.workspace.wait_for(
        lambda: any(m.text == message.text for m in scene.workspace.ephemerals(scene.ada, scene.general))
    )


def test_a_person_sees_what_goes_confirms_and_is_forgotten(scene, tmp_path):
    ts = scene.mention("what about the tide?")
    answer = scene.workspace.wait_for_message(scene.general, thread_ts=ts)
    scene.workspace.click(
        scene.ada, answer, buttons.JUDGE, f"up {scene.memory.answers.of_person(scene.ada)[0].id}"
    )
    until(lambda: scene.memory.feedback.all() and scene.inbox.count() == {State.DONE: 1})
    sure = commanded(scene, "forget me")
    assert "1 question with its answer, 1 opinion of an answer" in sure.text
    assert "click Remove below each" in sure.text
    assert len(scene.memory.answers.of_person(scene.ada)) == 1
    scene.workspace.click(scene.ada, sure, "command_again_0")
    scene.workspace.wait_for(lambda: sure.text.startswith("Deleted: 1 question with its answer"))
    until(lambda: scene.ada not in everything(tmp_path / "bot.sqlite"))
    assert not answer.deleted
    scene.workspace.click(scene.ada, answer, buttons.WHY)
    told(scene, actions.forgotten(90))


def test_a_question_in_the_queue_is_answered_and_forgotten(scene, column, tmp_path):
    column.free.clear()
    ts = scene.mention("what about the tide?")
    until(lambda: column.asked)
    assert "1 question of yours will be answered yet" in commanded(scene, "forget me now").text
    column.free.set()
    answer = scene.workspace.wait_for_message(scene.general, thread_ts=ts)
    assert "The tide waits for nobody" in answer.text
    until(lambda: scene.ada not in everything(tmp_path / "bot.sqlite"))
    assert NOBODY == ""


def test_an_admin_can_remove_what_a_forgotten_person_asked(build_scene):
    scene = build_scene(admins=("U00000003",))
    with bot_running(scene) as started:
        assert started.wait(60)
        admin = scene.workspace.user("Bob")
        assert admin in scene.service.admins.people
        ts = scene.mention("what about the tide?")
        answer = scene.workspace.wait_for_message(scene.general, thread_ts=ts)
        until(lambda: scene.inbox.count() == {State.DONE: 1})
        commanded(scene, "forget me now")
        scene.workspace.click(scene.ada, answer, buttons.REMOVE)
        told(scene, actions.FORGOTTEN_ASKER)
        assert not answer.deleted
        scene.workspace.click(admin, answer, buttons.REMOVE)
        scene.workspace.wait_for(lambda: answer.deleted)


def test_whom_a_channel_keeps_out_is_forgotten_there_all_the_same(scene):
    scene.memory.channels.save(ChannelSettings(channel=scene.general, may_ask=(BOB,)))
    assert "I keep this about you" in commanded(scene, "forget me").text
    assert "only the people" in commanded(scene, "what about the tide?").text
