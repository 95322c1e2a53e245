"""The keeper of the column: when it syncs, what is shown of it, and what becomes of it in a crash."""

import threading
from dataclasses import replace

import pytest
from conftest import bot_running
from hypothesis import given
from hypothesis import strategies as st
from inert import assert_inert, hostile
from keptcolumn import kept_column

from bot.message import BLOCKS_LIMIT, TEXT_LIMIT, size
from bot.playground.faults import SERVER_ERROR
from bot.poster import Poster, posting_client
from bot.progress import (
    CUT_OFF,
    LISTED,
    WAITING,
    outcome_message,
    progress_message,
    recovery_message,
    trouble_message,
)
from bot.state import Memory, Stage, SyncRun, Tally, Trouble
from bot.syncing import FAULT, MOST_ATTEMPTS, REPEATED, Keeper, Rhythm
from bot.upkeep import public

PIER = "Mara Quill said that the pier would float for ever. Tom Bask said that it would sink."
HOUR = 3600.0


@pytest.fixture
def kept(tmp_path):
    return kept_column(tmp_path / "pier", {"pier": PIER, "gulls": "Gulls are honest critics."})


@pytest.fixture
def quick(build_scene, kept):
    """Build scenes over *kept* whose admin is Ada, and whose keeper looks all the time."""

    def build(**rhythm):
        scene = build_scene(load=lambda: kept.column)
        ada = scene.ada
        service = replace(
            scene.service,
            admins=replace(scene.service.admins, people=(ada,)),
            rhythm=Rhythm(**{"poll": 0.02, "edit_every": 0.02, **rhythm}),
        )
        return scene._replace(service=service)

    return build


@pytest.fixture
def keeping(build_scene, kept, clock, tmp_path):
    """Build keepers over *kept* that are driven by hand, all of one data folder; with Ada as admin."""
    scene = build_scene()
    workspace = scene.workspace
    poster = Poster(posting_client(workspace.bot_token, workspace.api_url, direct=True))
    memory = Memory(tmp_path / "bot.sqlite", clock=clock)
    clock.now = 2_000_000_000.0  # after the column was first synced

    def keep(column=None, every=HOUR, admins=(scene.ada,), **more):
        upkeep = (column or kept).column.upkeep
        rhythm = Rhythm(every=every, clock=clock, edit_every=0.02)
        return Keeper(upkeep, memory, poster, admins, rhythm, **more)

    keep.scene, keep.memory, keep.dm = scene, memory, lambda: workspace.dm(scene.ada)
    yield keep
    memory.close()


def command(scene, text, channel=None):
    posted = scene.workspace.slash(scene.ada, channel or scene.general, "/column", text)
    scene.workspace.wait_for(lambda: posted.messages)
    return posted.messages[-1]


def begun(keep):
    return keep.memory.syncs.last() and keep.memory.syncs.last().id


# ---- when


def test_a_start_syncs_and_then_the_schedule_does(keeping, clock):
    keeper = keeping()
    keeper.tick()
    assert begun(keeping) == 1
    clock.now += HOUR - 1
    keeper.tick()
    assert begun(keeping) == 1
    assert keeper.next_due() == clock.now + 1
    clock.now += 1
    keeper.tick()
    keeper.tick()
    assert begun(keeping) == 2


def test_a_start_right_after_a_sync_waits_for_the_schedule(keeping, clock):
    keeping().tick()
    clock.now += 60
    keeping().tick()
    assert begun(keeping) == 1
    clock.now += HOUR
    keeping().tick()
    assert begun(keeping) == 2


def test_without_a_schedule_nothing_is_synced_of_its_own_accord(keeping, clock):
    keeper = keeping(every=None)
    keeper.tick()
    clock.now += 100 * HOUR
    keeper.tick()
    assert begun(keeping) is None
    assert keeper.next_due() is None


def test_a_machine_that_slept_for_days_syncs_once(keeping, clock):
    keeper = keeping()
    keeper.tick()
    clock.now += 72 * HOUR
    for _ in range(3):
        keeper.tick()
    assert begun(keeping) == 2


def test_replicas_keep_one_schedule_and_never_sync_at_once(keeping, kept, clock):
    kept.write("quay", "The quay is new.")
    kept.embedder.hold()
    keepers = [keeping(), keeping(kept.again()), keeping(kept.again())]
    first = threading.Thread(target=keepers[0].tick)
    first.start()
    assert kept.embedder.waits.wait(30)
    for other in keepers[1:]:
        other.tick()  # it comes back at once: the first is at it
    assert begun(keeping) == 1
    kept.embedder.gate.set()
    first.join(30)
    for keeper in keepers:
        keeper.tick()
    last = keeping.memory.syncs.last()
    assert (last.id, last.attempts, last.tally.added) == (1, 1, 1)


def test_a_replica_that_was_late_by_a_whole_sync_does_not_repeat_it(keeping, kept):
    first, other = keeping(), kept.again()
    alone = other.column.upkeep.alone

    def after_the_first():
        first.tick()  # between the second's look at the schedule and its turn
        return alone()

    other.column.upkeep.alone = after_the_first
    keeping(other).tick()
    assert begun(keeping) == 1


def test_questions_see_what_a_sync_brought_and_the_column_is_warm(keeping, kept):
    warmed = []
    kept.write("quay", "The quay is new, Jane Roe said.")
    keeping(warm=lambda: warmed.append(len(kept.column.articles()))).tick()
    assert warmed == [3]
    assert "The quay is new" in kept.column.ask("What did Roe say?").excerpts[0].text


def test_each_sync_tells_how_it_went(keeping, kept, clock):
    heard = []
    keeper = keeping(synced=lambda ok, seconds: heard.append((ok, seconds >= 0)))
    keeper.tick()
    kept.write("quay", "The quay is new.")
    kept.embedder.fault = RuntimeError("boom: the quay")
    clock.now += HOUR
    keeper.tick()
    assert heard == [(True, True), (False, True)]
    assert keeping.memory.syncs.last().reason == FAULT


def test_a_schedule_that_is_not_kept_is_noticed(keeping, clock):
    keeper = keeping()
    keeper.tick()
    clock.now += 2 * HOUR - 1
    assert keeper.why_not() is None
    clock.now += 1
    assert keeper.why_not() == "the last one is more than 7200 s ago"
    keeper.tick()
    assert keeper.why_not() is None
    assert keeping(every=None).why_not() is None


# ---- what is shown


def test_an_admin_sees_one_message_go_from_a_bar_to_a_table(quick, kept):
    kept.write("quay", "The quay is new.\n\nIt is long.")
    (kept.texts / "bad.md").write_bytes(b"\xff\xfe\x00\xd8\x00")
    kept.embedder.hold()
    with bot_running(scene := quick()) as started:
        assert started.wait(60)
        workspace = scene.workspace
        assert "here shows how the sync goes" in command(scene, "sync").text
        (message,) = workspace.wait_for_answers(scene.general)
        workspace.wait_for(lambda: "I am syncing the column." in message.text and "░" in message.text)
        kept.embedder.gate.set()
        workspace.wait_for(lambda: "The column is synced" in message.text)
        assert "4 articles read, 1 added, 1 failed; 2 sentences embedded" in message.text
        table = next(block for block in message.blocks if block["type"] == "table")
        assert table["rows"][1][0]["text"].endswith("bad.md")
        assert workspace.answers(scene.general) == [message]
        assert_inert(message.blocks, message.text)


def test_a_second_sync_is_shown_the_first(quick, kept):
    kept.write("quay", "The quay is new.")
    kept.embedder.hold()
    with bot_running(scene := quick()) as started:
        assert started.wait(60)
        command(scene, "sync")
        assert kept.embedder.waits.wait(30)
        again = command(scene, "sync").text
        assert "A sync was begun already" in again
        other = scene.workspace.channel("other")
        command(scene, "sync", other)
        kept.embedder.gate.set()
        for channel in (scene.general, other):
            scene.workspace.wait_for(lambda c=channel: "synced" in scene.workspace.answers(c)[0].text)
            assert len(scene.workspace.answers(channel)) == 1
        assert scene.memory.syncs.last().id == 1


def test_where_the_bot_may_not_post_the_admin_gets_a_direct_message(quick):
    with bot_running(scene := quick()) as started:
        assert started.wait(60)
        away = scene.workspace.channel("away", member=False)
        assert "direct messages" in command(scene, "sync", away).text
        dm = scene.workspace.dm(scene.ada)
        scene.workspace.wait_for(lambda: "synced" in scene.workspace.wait_for_answers(dm)[0].text)


def test_others_are_refused_and_told_who_can(quick):
    with bot_running(scene := quick()) as started:
        assert started.wait(60)
        bob = scene.workspace.user("Bob")
        refused = scene.workspace.slash(bob, scene.general, "/column", "sync")
        scene.workspace.wait_for(lambda: refused.messages)
        assert f"<@{scene.ada}>" in refused.messages[0].text
        assert scene.memory.syncs.last() is None


# ---- crashes


def watched(keep, run):
    poster = Poster(posting_client(keep.scene.workspace.bot_token, keep.scene.workspace.api_url, direct=True))
    channel, ts = poster.tell(keep.scene.general, progress_message(run, 0.0))
    keep.memory.syncs.watch(run.id, channel, ts)
    return keep.scene.workspace.message(channel, ts)


def test_a_sync_whose_process_died_is_taken_up_and_its_message_says_so(keeping, kept):
    syncs = keeping.memory.syncs
    run = syncs.begin(syncs.ask().id)  # and then the power is cut
    message = watched(keeping, run)
    kept.write("quay", "The quay is new.")
    kept.embedder.hold()
    keeper = threading.Thread(target=keeping(every=None).tick)
    keeper.start()
    keeping.scene.workspace.wait_for(lambda: CUT_OFF in message.text)
    kept.embedder.gate.set()
    keeper.join(30)
    assert message.text.startswith("The column is synced")
    assert (syncs.last().id, syncs.last().attempts, syncs.opened()) == (run.id, 2, None)


def test_a_sync_that_takes_the_process_down_each_time_is_given_up(keeping):
    syncs = keeping.memory.syncs
    message = watched(keeping, syncs.ask())
    for _ in range(MOST_ATTEMPTS):
        run = syncs.begin(syncs.ask().id)
    keeping(every=None).tick()
    assert syncs.load(run.id).stage is Stage.GIVEN_UP
    assert "cut off 3 times" in message.text


def test_a_message_that_could_not_be_changed_is_changed_later(keeping):
    keep = keeping(every=None)
    message = watched(keeping, keeping.memory.syncs.ask())
    keeping.scene.workspace.faults.add("chat.update", *[SERVER_ERROR] * 99)
    keep.tick()
    assert WAITING in message.text
    keeping.scene.workspace.faults.clear()
    keep.tick()
    assert message.text.startswith("The column is synced")
    updates = len(keeping.scene.workspace.calls("chat.update"))
    keep.tick()
    assert len(keeping.scene.workspace.calls("chat.update")) == updates


def test_a_stop_lets_the_sync_wait_and_says_so(keeping, kept):
    kept.write("quay", "The quay is new.")
    kept.embedder.hold()
    keeper = keeping(every=None)
    message = watched(keeping, keeping.memory.syncs.ask())
    keeper.start()
    assert kept.embedder.waits.wait(30)
    stopper = threading.Thread(target=keeper.stop)
    stopper.start()
    assert keeper._stopping.wait(30)
    kept.embedder.gate.set()
    stopper.join(30)
    assert keeping.memory.syncs.opened().stage is Stage.ASKED
    assert message.text == WAITING
    keeping(every=None).tick()
    assert message.text.startswith("The column is synced")


# ---- trouble


def test_admins_hear_once_of_a_source_that_fails_again_and_again_and_once_of_its_recovery(
    keeping, kept, clock
):
    keeper = keeping()
    kept.texts.rename(kept.texts.with_name("away"))
    heard = []
    for _ in range(REPEATED + 3):
        keeper.tick()
        clock.now += HOUR
        heard.append(len(keeping.scene.workspace.answers(keeping.dm())))
    assert heard == [0, 0, 1, 1, 1, 1]
    (told,) = keeping.scene.workspace.answers(keeping.dm())
    assert "3 syncs in a row" in told.text
    assert str(kept.texts) in told.text
    assert_inert(told.blocks, told.text)
    kept.texts.with_name("away").rename(kept.texts)
    for _ in range(2):
        keeper.tick()
        clock.now += HOUR
    assert [m.text.split("\n")[0] for m in keeping.scene.workspace.answers(keeping.dm())[1:]] == [
        "I can read again what I could not:"
    ]


def test_a_sync_that_breaks_off_says_nothing_of_other_troubles(keeping, kept, clock):
    keeper = keeping()
    (kept.texts / "bad.md").write_bytes(b"\xff\xfe\x00\xd8\x00")
    for broken in (False, False, True, True, True, False):
        kept.write("quay", f"The quay is new in {clock.now}.")
        kept.embedder.fault = RuntimeError("boom") if broken else None
        keeper.tick()
        clock.now += HOUR
    first, second, third = (m.text for m in keeping.scene.workspace.answers(keeping.dm()))
    assert "The sync itself" in first
    assert "bad.md" in second
    assert "The sync itself" in third
    assert "bad.md" not in first + third


# ---- the messages


@given(names=st.lists(hostile, max_size=60), reason=hostile, read=st.integers(0, 10**6))
def test_what_is_shown_of_a_sync_fits_and_is_inert_whatever_failed(names, reason, read):
    failures = {f"{n} {name}": f"{reason} {name}" for n, name in enumerate(names)}
    tally = Tally(read=read, expected=100, failed=len(failures))
    run = SyncRun(
        id=1,
        stage=Stage.RUNNING,
        asked_at=0.0,
        begun_at=1.0,
        ended_at=9.0,
        attempts=2,
        tally=tally,
        failures=failures,
        reason=reason,
    )
    troubles = [Trouble(name=n, times=3, since=1.0, reason=r, told=True) for n, r in failures.items()]
    built = [progress_message(run, 5.0), outcome_message(replace(run, stage=Stage.FAILED))]
    built.append(outcome_message(replace(run, stage=Stage.DONE)))
    if troubles:
        built += [trouble_message(troubles, 3), recovery_message(troubles)]
    for message in built:
        assert len(message.text) <= TEXT_LIMIT
        assert size(message.blocks) <= BLOCKS_LIMIT
        assert_inert(message.blocks, message.text)
    if len(failures) > LISTED:
        assert f"And {len(failures) - LISTED} more." in built[-2].text or "more" in built[-2].text


def test_time_left_is_reckoned_from_what_is_done():
    run = SyncRun(
        id=1,
        stage=Stage.RUNNING,
        asked_at=0.0,
        begun_at=100.0,
        tally=Tally(read=10, expected=40, changed=3, embedded=57),
    )
    assert progress_message(run, 130.0).text == (
        "I am syncing the column.\n"
        "10 of about 40 articles read, 3 changed; 57 sentences embedded, 2 a second.\n"
        "█████░░░░░░░░░░░░░░░ 25%, about 2 minutes left"
    )


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://example.org/feed?token=s3cret", "https://example.org/feed"),
        ("“https://ada:pw@example.org/a#b” is gone", "“https://example.org/a” is gone"),
        ("samples/a.md", "samples/a.md"),
    ],
)
def test_addresses_are_shown_without_what_may_be_a_password(text, bare):
    assert public(text) == bare
