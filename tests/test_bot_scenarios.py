"""What people see: the real Bolt app over real Socket Mode in the loopback workspace."""

import json
import logging
import threading
import time
from dataclasses import replace
from io import StringIO

import pytest
from conftest import GULLS, TIDE, bot_running

from bot.log import start_log
from bot.message import HELP, help_message
from bot.playground import faults as F
from bot.playground.team import SCOPES
from bot.poster import Poster, posting_client
from bot.state import Inbox, Kind, Request, State
from bot.worker import LAST_ATTEMPT, MOST_ATTEMPTS

TIDE_CITATION = "Jane Roe · “The harbour opens”, by Ines Calder · 10 September 2025 · ¶ 1"
NO = "The column does not say.\nSearched 1 article, 10 September 2025."
ABOUT_THE_TIDE = "what did the harbour master say about the tide?"


def settled(scene):
    """Wait until nothing is left to do, and return how many questions ended how."""
    scene.workspace.wait_until_delivered()
    for _ in range(500):
        if not {State.WAITING, State.POSTING} & set(scene.inbox.count()):
            return scene.inbox.count()
        time.sleep(0.02)
    raise TimeoutError(f"still open: {scene.inbox.count()}")


def retried(scene):
    return [delivery for delivery in scene.workspace.deliveries() if delivery.retry_attempt]


def test_a_mention_is_answered_in_its_thread_with_quotation_and_citation(scene):
    ts = scene.mention(ABOUT_THE_TIDE)
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert answer.blocks[2]["elements"][0]["elements"] == [{"type": "text", "text": TIDE}]
    assert answer.blocks[3]["elements"][0]["text"] == TIDE_CITATION
    assert TIDE in answer.text
    assert scene.workspace.answers(scene.general) == []
    assert settled(scene) == {State.DONE: 1}


def test_a_mention_inside_a_thread_is_answered_in_that_thread(scene):
    parent = scene.workspace.post(scene.ada, scene.general, "about the harbour")
    scene.mention("gulls?", thread_ts=parent)
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=parent)
    assert GULLS in answer.text


def test_a_direct_message_is_answered_where_it_stands(scene):
    dm = scene.workspace.dm(scene.ada)
    scene.workspace.post(scene.ada, dm, "what is our PTO policy?")
    [answer] = scene.workspace.wait_for_answers(dm)
    assert (answer.text, answer.thread_ts) == (NO, None)
    ts = scene.workspace.post(scene.ada, dm, "a thread")
    scene.workspace.wait_for_answers(dm, count=2)
    scene.workspace.post(scene.ada, dm, "gulls?", thread_ts=ts)
    [answer] = scene.workspace.wait_for_answers(dm, thread_ts=ts)
    assert GULLS in answer.text


def test_a_command_is_answered_for_the_asker_alone(scene):
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
    assert shown.error is None
    scene.workspace.wait_for(lambda: shown.messages)
    assert [GULLS in message.text for message in shown.messages] == [True]
    assert settled(scene) == {State.DONE: 1}
    assert scene.workspace.ephemerals(scene.ada, scene.general) == list(shown.messages)
    assert scene.workspace.calls("chat.postEphemeral") == []
    assert scene.workspace.messages(scene.general) == []


@pytest.mark.parametrize("text", ["", "  "])
def test_a_command_without_a_question_shows_how_to_ask(scene, text):
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", text)
    scene.workspace.wait_for(lambda: shown.messages)
    assert [message.text for message in shown.messages] == [HELP]


def test_a_bare_mention_and_a_cry_for_help_show_how_to_ask(scene):
    ts = scene.mention("")
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    dm = scene.workspace.dm(scene.ada)
    scene.workspace.post(scene.ada, dm, "Help")
    [other] = scene.workspace.wait_for_answers(dm)
    assert answer.text == other.text == HELP


def test_the_column_is_asked_what_the_person_typed(scene, column):
    scene.mention("tide & <gulls>?")
    assert settled(scene) == {State.DONE: 1}
    assert column.asked == ["tide & <gulls>?"]


def test_mention_and_message_of_one_post_make_one_answer(scene):
    ts = scene.mention(ABOUT_THE_TIDE)
    assert settled(scene) == {State.DONE: 1}
    kinds = {delivery.payload["event"]["type"] for delivery in scene.workspace.deliveries("events_api")}
    assert {"app_mention", "message"} <= kinds
    assert len(scene.workspace.answers(scene.general, thread_ts=ts)) == 1


def test_an_edited_mention_is_not_answered_again(scene, column):
    ts = scene.mention(ABOUT_THE_TIDE)
    scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    scene.workspace.edit(scene.general, ts, f"<@{scene.workspace.bot_user_id}> gulls?")
    settled(scene)
    assert column.asked == [ABOUT_THE_TIDE]
    assert len(scene.workspace.answers(scene.general, thread_ts=ts)) == 1


def test_a_forgotten_mention_that_is_added_by_editing_is_answered_once(scene):
    ts = scene.workspace.post(scene.ada, scene.general, "gulls?")
    scene.workspace.edit(scene.general, ts, f"<@{scene.workspace.bot_user_id}> gulls?")
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert GULLS in answer.text
    assert settled(scene) == {State.DONE: 1}


def test_the_same_event_delivered_again_at_once_or_later_is_answered_once(scene):
    scene.workspace.faults.add("app_mention", F.DUPLICATE)
    ts = scene.mention(ABOUT_THE_TIDE)
    scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    scene.workspace.replay(scene.workspace.deliveries("app_mention")[0])
    assert settled(scene) == {State.DONE: 1}
    assert len(scene.workspace.answers(scene.general, thread_ts=ts)) == 1


@pytest.mark.parametrize("legacy", [True, False])
def test_other_bots_are_never_answered(scene, legacy):
    scene.workspace.bot_post(scene.general, f"<@{scene.workspace.bot_user_id}> gulls?", legacy=legacy)
    assert settled(scene) == {}


def test_talk_in_the_channel_is_none_of_the_bots_business(scene):
    ts = scene.workspace.post(scene.ada, scene.general, "gulls?")
    scene.workspace.edit(scene.general, ts, "no gulls")
    scene.workspace.delete(scene.general, ts)
    assert settled(scene) == {}


def test_whatever_nobody_listens_to_is_acknowledged_and_not_sent_again(scene):
    scene.workspace.open_home(scene.ada, tab="home")
    scene.workspace.open_home(scene.ada, tab="messages")
    assert scene.workspace.shortcut(scene.ada, "unknown").error is None
    assert settled(scene) == {}
    assert retried(scene) == []


def test_an_edited_direct_message_and_the_bots_own_answer_are_left_alone(scene, column):
    dm = scene.workspace.dm(scene.ada)
    ts = scene.workspace.post(scene.ada, dm, "gulls?")
    scene.workspace.wait_for_answers(dm)
    scene.workspace.edit(dm, ts, "tide?")
    settled(scene)
    assert column.asked == ["gulls?"]
    assert len(scene.workspace.answers(dm)) == 1


def test_a_failure_is_owned_up_to_with_a_number_that_the_log_has_too(scene, caplog):
    ts = scene.mention("explode the secret harbour")
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    [record] = [record for record in caplog.records if record.message == "no answer"]
    assert record.request in answer.text
    assert "secret" not in answer.text
    assert "boom" not in answer.text


def test_a_help_that_fails_says_so_as_an_answer_does(scene, column):
    column.examples = None
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", "help")
    scene.workspace.wait_for(lambda: shown.messages)
    assert shown.messages[0].text.startswith("Something went wrong on my side")


def test_words_that_are_not_the_columns_are_never_posted(scene):
    ts = scene.mention("forge the tide")
    [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert answer.text.startswith("Something went wrong on my side")
    assert all("everybody" not in str(call.args) for call in scene.workspace.calls())


def test_commands_are_acknowledged_before_the_column_is_loaded(build_scene, column):
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return column

    scene = build_scene(load)
    with bot_running(scene) as started:
        shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
        ts = scene.mention(ABOUT_THE_TIDE)
        scene.workspace.wait_until_delivered()
        assert (shown.error, list(shown.messages), started.is_set()) == (None, [], False)
        loaded.set()
        scene.workspace.wait_for(lambda: shown.messages)
        scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert scene.inbox.count() == {State.DONE: 2}


def test_a_slow_answer_delays_no_acknowledgement(scene, column):
    column.free.clear()
    for number in range(8):
        scene.mention(f"gulls {number}?")
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
    scene.workspace.wait_until_delivered()
    assert shown.error is None
    column.free.set()
    assert settled(scene) == {State.DONE: 9}
    assert retried(scene) == []


class WatchedInbox(Inbox):
    """Says when leases were renewed, and when an idle worker looked for a question."""

    def __init__(self, *args, **options):
        self.renewed, self.looked = threading.Event(), threading.Event()
        super().__init__(*args, **options)

    def renew(self, held):
        super().renew(held)
        self.renewed.set()

    def take(self, resting=()):
        taken = super().take(resting)
        self.looked.set()
        return taken


def test_a_question_that_takes_longer_than_its_lease_is_not_taken_twice(build_scene, column, clock, tmp_path):
    scene = build_scene()
    column.free.clear()
    with WatchedInbox(tmp_path / "short.sqlite", lease=0.3, clock=clock) as inbox:
        service = replace(scene.service, inbox=inbox)
        with bot_running(scene._replace(service=service)) as started:
            assert started.wait(60)
            ts = scene.mention(ABOUT_THE_TIDE)
            scene.workspace.wait_for(lambda: column.asked)
            for _ in range(12):  # four leases, in which the second worker is idle
                clock.now += 0.1
                for happened in (inbox.renewed, inbox.looked):
                    happened.clear()
                    assert happened.wait(30)
            assert column.asked == [ABOUT_THE_TIDE]
            column.free.set()
            scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
        assert inbox.count() == {State.DONE: 1}


def test_stopping_answers_what_is_waiting(build_scene, column):
    scene = build_scene()
    column.free.clear()
    with bot_running(scene) as started:
        assert started.wait(60)
        for number in range(5):
            scene.mention(f"gulls {number}?")
        scene.workspace.wait_until_delivered()
        column.free.set()
    assert scene.inbox.count() == {State.DONE: 5}


def test_questions_of_a_stopped_bot_are_answered_once_by_the_next(build_scene, column):
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return column

    scene = build_scene(load)
    with bot_running(scene):
        ts = scene.mention(ABOUT_THE_TIDE)
        scene.workspace.wait_until_delivered()
    loaded.set()
    assert scene.workspace.answers(scene.general, thread_ts=ts) == []
    with bot_running(scene):
        [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    assert TIDE in answer.text
    assert settled(scene) == {State.DONE: 1}


@pytest.mark.parametrize("fault", [F.ACCEPT_THEN_RESET, F.ACCEPT_THEN_500])
def test_a_post_that_slack_kept_but_did_not_confirm_is_found_and_not_repeated(scene, fault):
    scene.workspace.faults.add("chat.postMessage", fault)
    ts = scene.mention(ABOUT_THE_TIDE)
    assert settled(scene) == {State.DONE: 1}
    assert len(scene.workspace.answers(scene.general, thread_ts=ts)) == 1
    assert len(scene.workspace.calls("conversations.replies")) == 1


@pytest.mark.parametrize("fault", [F.RESET, F.SERVER_ERROR])
def test_a_post_that_slack_lost_is_made_again(scene, fault):
    scene.workspace.faults.add("chat.postMessage", fault)
    dm = scene.workspace.dm(scene.ada)
    scene.workspace.post(scene.ada, dm, "gulls?")
    assert settled(scene) == {State.DONE: 1}
    assert len(scene.workspace.answers(dm)) == 1
    assert len(scene.workspace.calls("conversations.history")) == 1


def test_where_history_may_not_be_read_nothing_is_posted_twice_and_the_asker_is_told(build_scene):
    scene = build_scene(scopes=SCOPES - {"channels:history"})
    scene.workspace.faults.add("chat.postMessage", F.ACCEPT_THEN_RESET)
    with bot_running(scene):
        ts = scene.mention(ABOUT_THE_TIDE)
        assert settled(scene) == {State.FAILED: 1}
        scene.workspace.wait_for(lambda: scene.workspace.ephemerals(scene.ada, scene.general))
    assert len(scene.workspace.answers(scene.general, thread_ts=ts)) == 1
    [told] = scene.workspace.ephemerals(scene.ada, scene.general)
    assert told.text.startswith("Slack did not confirm that my answer")


def test_a_command_whose_answer_is_in_doubt_is_not_answered_twice(scene):
    scene.workspace.faults.add("response_url", F.ACCEPT_THEN_RESET)
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
    assert settled(scene) == {State.FAILED: 1}
    scene.workspace.wait_for(lambda: scene.workspace.ephemerals(scene.ada, scene.general)[1:])
    texts = [message.text for message in scene.workspace.ephemerals(scene.ada, scene.general)]
    assert [GULLS in text for text in texts] == [True, False]
    assert shown.error is None


def test_a_command_whose_response_url_is_refused_is_answered_all_the_same(scene):
    scene.workspace.faults.add("response_url", F.failing("expired_url"))
    scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
    assert settled(scene) == {State.DONE: 1}
    [answer] = scene.workspace.ephemerals(scene.ada, scene.general)
    assert (GULLS in answer.text, answer.via) == (True, "chat.postEphemeral")


def test_a_rate_limit_is_obeyed_and_the_answer_comes_once(scene):
    scene.workspace.faults.add("chat.postMessage", F.rate_limited(1))
    ts = scene.mention(ABOUT_THE_TIDE)
    assert settled(scene) == {State.DONE: 1}
    first, second = scene.workspace.calls("chat.postMessage")
    assert (first.status, second.ok) == (429, True)
    assert len(scene.workspace.answers(scene.general, thread_ts=ts)) == 1


def test_a_post_that_slack_refuses_ends_with_a_word_to_the_asker(scene):
    scene.workspace.faults.add("chat.postMessage", F.failing("restricted_action"))
    scene.mention(ABOUT_THE_TIDE)
    assert settled(scene) == {State.FAILED: 1}
    scene.workspace.wait_for(lambda: scene.workspace.ephemerals(scene.ada, scene.general))
    [told] = scene.workspace.ephemerals(scene.ada, scene.general)
    assert told.text.startswith("Something went wrong on my side")


@pytest.mark.parametrize("fault", ["disconnect_sockets", "close_sockets", "abort_sockets"])
def test_a_broken_line_is_mended_and_questions_are_answered(scene, fault):
    getattr(scene.workspace, fault)()
    scene.workspace.wait_connected(20)
    ts = scene.mention("gulls?")
    scene.workspace.wait_for_answers(scene.general, thread_ts=ts)


def test_slack_being_down_at_the_start_is_waited_out(build_scene):
    scene = build_scene()
    scene.workspace.faults.add("auth.test", F.SERVER_ERROR)
    with bot_running(scene):
        ts = scene.mention("gulls?")
        scene.workspace.wait_for_answers(scene.general, thread_ts=ts)


def test_the_column_is_read_while_the_bot_connects(build_scene, column):
    def load():
        scene.workspace.faults.clear()  # not before it is being read is the socket to be had
        return column

    scene = build_scene(load)
    wanted = F.Fault()  # by the sign-in; after it, only the socket asks
    scene.workspace.faults.add("apps.connections.open", wanted, *[F.failing("internal_error")] * 100)
    with bot_running(scene):
        ts = scene.mention("what of the tide?")
        scene.workspace.wait_for_answers(scene.general, thread_ts=ts)


def test_messages_are_posted_without_previews(scene):
    scene.mention(ABOUT_THE_TIDE)
    settled(scene)
    [call] = scene.workspace.calls("chat.postMessage")
    assert [str(call.args[name]).lower() in ("0", "false") for name in ("unfurl_links", "unfurl_media")] == [
        True
    ] * 2


def test_oauth_variables_in_the_environment_change_nothing(monkeypatch, build_scene):
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "abc")
    scene = build_scene()
    with bot_running(scene):
        ts = scene.mention("gulls?")
        scene.workspace.wait_for_answers(scene.general, thread_ts=ts)


@pytest.fixture
def restored_logging():
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name in ("bot", "index"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_token_question_or_excerpt_gets_into_the_log_even_at_debug(
    build_scene, restored_logging, log_format
):
    written = StringIO()
    start_log(log_format, "DEBUG", written)
    scene = build_scene()
    scene.workspace.faults.add("chat.postMessage", F.ACCEPT_THEN_RESET)
    with bot_running(scene):
        scene.mention("gulls and zebras?")
        scene.mention("explode the zebras")
        scene.workspace.slash(scene.ada, scene.general, "/column", "zebras at the tide")
        scene.workspace.shortcut(scene.ada, "zebras")
        settled(scene)
    log = written.getvalue()
    assert log.count("received") == 3
    assert "RuntimeError" in log
    for secret in (
        "zebra",
        "boom",
        "Gulls",
        "tide waits",
        scene.workspace.bot_token,
        scene.workspace.app_token,
    ):
        assert secret not in log
    if log_format == "json":
        lines = [json.loads(line) for line in log.splitlines()]
        assert {"time", "level", "logger", "event"} <= set.intersection(*map(set, lines))


@pytest.mark.parametrize("arrived", [True, False])
def test_a_question_in_doubt_after_a_crash_is_looked_for_and_answered_once(build_scene, arrived):
    scene = build_scene()
    ts = scene.mention(ABOUT_THE_TIDE)
    scene.inbox.put(mention_of(scene, ts))
    crashed = scene.inbox.take()
    assert scene.inbox.begin_post(crashed)
    if arrived:
        client = posting_client(scene.service.slack.bot_token, scene.workspace.api_url, direct=True)
        Poster(client).post(crashed.id, crashed.request, help_message())
    scene.inbox.hand_back()
    with bot_running(scene):
        assert settled(scene) == {State.DONE: 1}
    [answer] = scene.workspace.answers(scene.general, thread_ts=ts)
    assert (answer.text == HELP) is arrived


def mention_of(scene, ts):
    return Request(
        kind=Kind.MENTION,
        key="Ev0",
        team=scene.workspace.team_id,
        channel=scene.general,
        user=scene.ada,
        text=ABOUT_THE_TIDE,
        ts=ts,
    )


def taken_and_lost(scene, times):
    for _ in range(times):
        scene.inbox.take()
        scene.inbox.hand_back()


def test_a_question_that_cannot_even_be_apologised_for_is_given_up(build_scene):
    scene = build_scene()
    ts = scene.mention(ABOUT_THE_TIDE)
    scene.inbox.put(mention_of(scene, ts))
    taken_and_lost(scene, LAST_ATTEMPT)
    with bot_running(scene):
        assert settled(scene) == {State.FAILED: 1}
    assert scene.workspace.answers(scene.general, thread_ts=ts) == []


def test_a_question_that_took_the_bot_down_many_times_gets_an_apology(build_scene, column):
    scene = build_scene()
    ts = scene.mention(ABOUT_THE_TIDE)
    scene.inbox.put(mention_of(scene, ts))
    taken_and_lost(scene, MOST_ATTEMPTS)
    with bot_running(scene):
        assert settled(scene) == {State.DONE: 1}
    [answer] = scene.workspace.answers(scene.general, thread_ts=ts)
    assert answer.text.startswith("Something went wrong on my side")
    assert column.asked == []
