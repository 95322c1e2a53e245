"""Corrections: what becomes of posted answers when the column changes, in any order and through crashes."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from conftest import bot_running
from hypothesis import given
from hypothesis import strategies as st
from inert import assert_inert, hostile
from keptcolumn import kept_column, until
from test_memory import MENTION, tide

from bot import actions, buttons
from bot.corrections import LATECOMERS, Corrector, corrected_message, withdrawing
from bot.message import BLOCKS_LIMIT, TEXT_LIMIT, message, size
from bot.playground.faults import SERVER_ERROR
from bot.poster import Poster, posting_client
from bot.state import Changed, Memory, Withdrawn
from bot.state import given as record
from bot.state.corrections import LEASE
from bot.syncing import Rhythm
from index.store import TakenDown
from index.sync import sync

PIER = "Mara Quill said that the pier would float for ever.\n\nNobody asked the gulls."
QUAY = "Tom Bask said that the quay would sink."


@pytest.fixture
def kept(tmp_path):
    return kept_column(tmp_path / "pier", {"pier": PIER, "quay": QUAY})


@contextmanager
def operated(build_scene, kept):
    """Run a bot over *kept* whose admin is Ada."""
    scene = build_scene(load=lambda: kept.column)
    service = replace(
        scene.service,
        admins=replace(scene.service.admins, people=(scene.ada,)),
        rhythm=Rhythm(poll=0.02, edit_every=0.02),
    )
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        yield scene


def answered(scene, question):
    ts = scene.mention(question)
    return scene.workspace.wait_for_message(scene.general, thread_ts=ts)


def commanded(scene, text):
    posted = scene.workspace.slash(scene.ada, scene.general, "/column", text)
    scene.workspace.wait_for(lambda: posted.messages)
    return posted.messages[-1]


def edited(scene, message):
    scene.workspace.wait_for(lambda: message.edited_ts)
    return message


# ---- over the real app


def test_an_answer_that_shows_a_changed_passage_says_so_once_and_others_stay(build_scene, kept):
    with operated(build_scene, kept) as scene:
        pier, quay = answered(scene, "what did Quill say?"), answered(scene, "what did Bask say?")
        private = commanded(scene, "what did Mara Quill say?")
        before = pier.text
        kept.write("pier", PIER.replace("for ever", "for a year"), 28)
        commanded(scene, "sync")
        edited(scene, pier)
        assert pier.text.startswith("Corrected: ¶ 1 of “Pier” changed in the column (seen on ")
        assert pier.text.endswith(before)
        assert pier.earlier[0][1][-1]["type"] == pier.blocks[-1]["type"] == "context_actions"
        assert_inert(pier.blocks, pier.text)
        kept.write("other", "Something new.", 1)
        commanded(scene, "sync")
        commanded(scene, "sync")
        scene.workspace.wait_for(
            lambda: all("is synced" in m.text for m in scene.workspace.answers(scene.general))
        )
        assert [len(m.earlier) for m in (pier, quay, private)] == [1, 0, 0]


def test_an_answer_whose_passage_only_moved_is_left_alone(build_scene, kept):
    with operated(build_scene, kept) as scene:
        pier, quay = answered(scene, "what did Quill say?"), answered(scene, "what did Bask say?")
        kept.write("pier", f"A new beginning.\n\n{PIER}", 28)
        kept.delete("quay")
        commanded(scene, "sync")
        assert edited(scene, quay).text.startswith("Corrected: “Quay” is no longer in the column")
        assert pier.earlier == []


def test_the_words_of_what_is_taken_down_are_gone_from_messages_memory_and_why(build_scene, kept):
    with operated(build_scene, kept) as scene:
        pier = answered(scene, "what did Quill say?")
        asked = commanded(scene, "what did Mara Quill say?")
        (id,) = (given.id for given in scene.memory.answers.of_person(scene.ada, 9) if given.reply_ts)
        scene.workspace.click(scene.ada, commanded(scene, "remove pier"), "command_again_0")
        edited(scene, pier)
        assert pier.text.startswith("Corrected: “Pier” was taken down on ")
        assert "float" not in repr((pier.text, pier.blocks))
        assert_inert(pier.blocks, pier.text)
        why = commanded(scene, f"why {id}").text
        assert "It quoted “Pier”, which was taken down on" in why
        assert "float" not in why
        until(lambda: not any(given.excerpts for given in scene.memory.answers.of_person(scene.ada, 9)))
        shown = scene.workspace.click(scene.ada, asked, buttons.CONTEXT)
        scene.workspace.wait_for(lambda: shown.messages)
        assert shown.messages[0].text == actions.WITHDRAWN.text


def test_what_is_shared_after_a_correction_says_so_too(build_scene, kept):
    with operated(build_scene, kept) as scene:
        private = commanded(scene, "what did Mara Quill say?")
        kept.write("pier", PIER.replace("for ever", "for a year"), 28)
        commanded(scene, "sync")
        (given,) = scene.memory.answers.of_person(scene.ada, 9)
        until(lambda: scene.memory.answers.load(given.id).changed)
        scene.workspace.click(scene.ada, private, buttons.SHARE)

        def shared():
            return [m for m in scene.workspace.answers(scene.general) if "Shared by" in m.text]

        scene.workspace.wait_for(shared)
        assert shared()[0].text.startswith("Corrected: ¶ 1 of “Pier”")


def test_a_shared_answer_is_corrected_under_its_askers_name(build_scene, kept):
    with operated(build_scene, kept) as scene:
        private = commanded(scene, "what did Mara Quill say?")
        scene.workspace.click(scene.ada, private, buttons.SHARE)
        (shared,) = scene.workspace.wait_for_answers(scene.general)
        until(lambda: scene.memory.answers.of_person(scene.ada)[0].reply_ts)
        kept.write("pier", PIER.replace("for ever", "for a year"), 28)
        commanded(scene, "sync")
        edited(scene, shared)
        assert shared.text.startswith("Corrected: ¶ 1")
        assert {"type": "user", "user_id": scene.ada} in shared.blocks[1]["elements"][0]["elements"]


# ---- by hand: crashes, replicas, messages on their way


@pytest.fixture
def desk(build_scene, kept, clock, tmp_path):
    """A posted answer to what Quill said, and correctors on its data folder that are driven by hand."""
    clock.now = 2_000_000_000.0
    scene = build_scene()
    poster = Poster(posting_client(scene.workspace.bot_token, scene.workspace.api_url, direct=True))
    with Memory(tmp_path / "bot.sqlite", clock=clock) as memory:

        class Desk:
            workspace = scene.workspace
            message = None

            def corrector(self):
                return Corrector(memory, poster, kept.column.upkeep, interval=0, poll=0.02)

            def answer(self, id="a", *, posted=True):
                answer = kept.column.ask("what did Quill say?")
                given = record(id, replace(MENTION, channel=scene.general), answer)
                memory.answers.save(given)
                if posted:
                    ts = poster.publish(id, scene.general, corrected_text(given))
                    memory.answers.posted(id, ts)
                    self.message = scene.workspace.message(scene.general, ts)
                return given

            def change(self, words="for a year"):
                kept.write("pier", PIER.replace("for ever", words), 28)
                sync(kept.store, kept.embedder, [str(kept.texts)])

            @property
            def updates(self):
                return len(scene.workspace.calls("chat.update"))

        Desk.memory, Desk.clock = memory, clock
        desk = Desk()
        desk.corrector().tick()  # it sees the column as it is
        yield desk


def corrected_text(given):
    return buttons.carrying(message(given.answer, spare=buttons.ROOM), given)


def test_a_change_is_noted_once_however_often_and_by_however_many_it_is_looked_for(desk):
    desk.answer()
    desk.change()
    for corrector in (desk.corrector(), desk.corrector(), desk.corrector()):
        corrector.tick()
        corrector.tick()
    assert desk.updates == 1
    desk.change("for a day")  # the same paragraph again: the answer says already that it changed
    desk.corrector().tick()
    assert desk.updates == 1


def test_a_change_that_came_while_nobody_looked_is_found_at_the_next_start(desk):
    desk.answer()
    desk.change()
    desk.corrector().tick()
    assert "Corrected" in desk.message.text


def test_a_crash_between_record_and_message_is_made_good(desk, kept):
    desk.answer()
    desk.change()
    corrector = desk.corrector()
    corrector.find()
    desk.memory.corrections.write(
        corrector._renewed(desk.memory.answers.load("a"))
    )  # and then the power is cut
    desk.corrector().tick()
    assert "Corrected" in desk.message.text
    desk.corrector().tick()
    assert desk.updates == 1


def test_a_crash_while_an_answer_is_held_hands_it_back(desk):
    desk.answer()
    desk.change()
    corrector = desk.corrector()
    corrector.find()
    assert desk.memory.corrections.take()  # and then the power is cut
    desk.corrector().tick()
    assert desk.updates == 0
    desk.clock.now += LEASE
    desk.corrector().tick()
    assert "Corrected" in desk.message.text


def test_a_message_that_slack_does_not_take_is_corrected_later(desk):
    desk.answer()
    desk.change()
    desk.workspace.faults.add("chat.update", SERVER_ERROR)
    corrector = desk.corrector()
    corrector.tick()
    assert "Corrected" not in desk.message.text
    desk.clock.now += 60
    corrector.tick()
    assert "Corrected" in desk.message.text


def test_a_deleted_message_is_not_asked_for_again(desk):
    desk.answer()
    desk.workspace.delete(desk.message.channel, desk.message.ts)
    desk.change()
    corrector = desk.corrector()
    for _ in range(3):
        corrector.tick()
        desk.clock.now += LEASE
    assert desk.updates == 1


def test_an_answer_that_is_on_its_way_is_corrected_when_it_is_there(desk):
    given = desk.answer(posted=False)
    desk.change()
    corrector = desk.corrector()
    corrector.tick()
    ts = Poster(posting_client(desk.workspace.bot_token, desk.workspace.api_url, direct=True)).publish(
        "a", given.channel, corrected_text(given)
    )
    desk.memory.answers.posted("a", ts)
    desk.clock.now += 1
    corrector.tick()
    assert "Corrected" in desk.workspace.message(given.channel, ts).text


def test_an_answer_that_was_saved_just_after_the_change_was_seen_is_found_too(desk, kept):
    given = desk.answer(posted=False)  # it is looked up …
    with desk.memory._engine.begin() as connection:
        connection.exec_driver_sql("delete from answer")
        connection.exec_driver_sql("delete from answer_article")
    desk.change()
    corrector = desk.corrector()
    corrector.tick()
    desk.memory.answers.save(given)  # … and written down only now
    ts = Poster(posting_client(desk.workspace.bot_token, desk.workspace.api_url, direct=True)).publish(
        "a", given.channel, corrected_text(given)
    )
    desk.memory.answers.posted("a", ts)
    corrector.tick()
    assert desk.updates == 0
    desk.clock.now += LATECOMERS
    corrector.tick()
    assert "Corrected" in desk.workspace.message(given.channel, ts).text


def test_a_memory_of_an_older_version_knows_what_its_answers_quote(desk, tmp_path):
    given = desk.answer()
    with desk.memory._engine.begin() as connection:
        connection.exec_driver_sql("delete from answer_article")
    with Memory(tmp_path / "bot.sqlite", clock=desk.clock) as memory:
        memory.corrections.put_in_line([given.excerpts[0].article])
        assert memory.corrections.take().answer == "a"


def test_nothing_of_what_was_taken_down_is_kept_and_all_else_is():
    answer = replace(tide("a"), topics=("gulls",), withheld=tide("a").excerpts)
    gone = {
        answer.excerpts[0].article: TakenDown(title="The harbour opens", at=datetime(2026, 1, 1, tzinfo=UTC))
    }
    kept = withdrawing(answer, gone)
    assert (kept.excerpts, kept.withheld, kept.topics) == ((), (), ())
    assert [withdrawn.title for withdrawn in kept.withdrawn] == ["The harbour opens"]
    assert withdrawing(kept, gone) == kept
    assert withdrawing(answer, {"another": gone[answer.excerpts[0].article]}) == answer


@given(title=hostile, many=st.integers(1, 12), shared=st.booleans())
def test_a_corrected_answer_fits_and_is_inert_whatever_changed(title, many, shared):
    answer = replace(tide("a"), shared_at=1.0 if shared else None)
    changed = tuple(Changed(article="a1", title=title, number=n, at=1.0) for n in range(many))
    withdrawn = tuple(Withdrawn(title=title, at=1.0) for _ in range(many % 3))
    built = corrected_message(replace(answer, changed=changed, withdrawn=withdrawn))
    assert len(built.text) <= TEXT_LIMIT
    assert size(built.blocks) <= BLOCKS_LIMIT
    if not shared:  # the asker's own name is a mention, which pings nobody who is quoted so
        assert_inert(built.blocks, built.text)
