"""The bot's manners as people meet them: the real Bolt app over the loopback workspace, and under load."""

import logging
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import GULLS, HARBOUR, SmallColumn, bot_running
from inert import PIECES, assert_inert
from test_bot_scenarios import settled

from bot import buttons
from bot.actions import CHECK
from bot.config import Limits, Rate
from bot.listeners import plain
from bot.log import start_log
from bot.manners import LONGEST_QUESTION
from bot.message import HELP, foreign_message, wordless_message
from bot.playground import faults as F
from bot.playground.team import Timing
from bot.playground.workspace import Workspace
from bot.quotation import unmarked
from bot.state import Inbox, State
from bot.views import LEFT_OUT
from index.passage import Passage

ABOUT_THE_TIDE = "what did the harbour master say about the tide?"
SECRETS = ("gulls", "tide", "waits for nobody", "honest critics", "harbour", "zebra", "xoxb-", "xapp-")


@pytest.fixture(autouse=True)
def log():
    """Keep a log of all at DEBUG beside each scenario, and find no token, question or excerpt in it."""
    root, written = logging.getLogger(), StringIO()
    levels = {name: logging.getLogger(name).level for name in ("", "bot", "index")}
    handler = start_log("json", "DEBUG", written)
    yield written
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    assert [secret for secret in SECRETS if secret in written.getvalue().lower()] == []


@contextmanager
def limited(build_scene, limits, load=None):
    """Run a bot with *limits*."""
    scene = build_scene(load) if load else build_scene()
    with bot_running(scene._replace(service=replace(scene.service, limits=limits))) as started:
        assert started.wait(60)
        yield scene


def answers_of(scene, questions, **where):
    """Return the texts of the answers to mentions of *questions*, asked one after the other."""
    texts = []
    for question in questions:
        ts = scene.mention(question, **where)
        [answer] = scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
        assert_inert(answer.blocks, answer.text)
        texts.append(answer.text)
    return texts


# ---- how often


def test_whoever_asks_too_often_gets_a_polite_word_and_nobody_else_does(build_scene):
    with limited(build_scene, Limits(rates=(Rate(2, "hour"),))) as scene:
        first, second, third = answers_of(scene, ["gulls?", "gulls?", "gulls?"])
        assert (GULLS in first, GULLS in second) == (True, True)
        assert third == (
            "I answer 2 questions of one person an hour, and you have asked as many. "
            "Please ask this one again in 60 minutes."
        )
        dm = scene.workspace.dm(scene.ada)
        scene.workspace.post(scene.ada, dm, "gulls?")
        assert scene.workspace.wait_for_message(dm).text.startswith("I answer 2 questions")
        shown = scene.workspace.slash(scene.ada, scene.general, "/column", "gulls?")
        scene.workspace.wait_for(lambda: shown.messages)
        assert [message.text[:21] for message in shown.messages] == ["I answer 2 questions "]
        bob = scene.workspace.user("Bob")
        ts = scene.workspace.post(bob, scene.general, f"<@{scene.workspace.bot_user_id}> gulls?")
        assert GULLS in scene.workspace.wait_for_message(scene.general, thread_ts=ts).text
        assert settled(scene) == {State.DONE: 6}


def test_help_is_always_to_be_had_and_does_not_count(build_scene):
    with limited(build_scene, Limits(rates=(Rate(1, "hour"),))) as scene:
        texts = answers_of(scene, ["help", "", "help", "gulls?", "gulls?", "help"])
        assert [texts[n] for n in (0, 1, 2, 5)] == [HELP] * 4
        assert (GULLS in texts[3], GULLS in texts[4]) == (True, False)


def test_a_limit_is_kept_over_a_restart_and_a_redelivery_counts_once(build_scene):
    limits = Limits(rates=(Rate(2, "hour"),))
    with limited(build_scene, limits) as scene:
        scene.workspace.faults.add("app_mention", F.DUPLICATE)
        assert GULLS in answers_of(scene, ["gulls?"])[0]
    with bot_running(scene._replace(service=replace(scene.service, limits=limits))):
        texts = answers_of(scene, ["gulls?", "gulls?"])
    assert [GULLS in text for text in texts] == [True, False]


def test_a_crowd_of_questions_at_once_gets_an_answer_each_and_no_more_than_the_limit(build_scene):
    with limited(build_scene, Limits(rates=(Rate(5, "minute"),))) as scene:
        asked = [scene.mention(f"gulls {number}?") for number in range(20)]
        assert settled(scene) == {State.DONE: 20}
        replies = [scene.workspace.answers(scene.general, thread_ts=ts) for ts in asked]
        assert [len(reply) for reply in replies] == [1] * 20
        assert sum(GULLS in reply[0].text for reply in replies) == 5


# ---- how much


LONG = " ".join(f"{GULLS} ({number})" for number in range(12))
BOOK = replace(
    HARBOUR, id="a9", passages=(Passage(number=1, text=LONG), Passage(number=2, text=f"{LONG} Tide."))
)


class Library(SmallColumn):
    """Answers with one long passage, or with the other."""

    def ask(self, question, *, seen=()):
        answer = super().ask(question)
        number = 2 if "tide" in question else 1
        return replace(
            answer,
            excerpts=tuple(
                replace(
                    excerpt,
                    article=BOOK,
                    number=number,
                    end=len(BOOK.passages[number - 1].text),
                    speaker=None,
                )
                for excerpt in answer.excerpts[:1]
            ),
        )


def test_a_reader_is_shown_a_share_of_an_article_and_then_its_place_even_after_a_restart(build_scene):
    limits = Limits(share=0.5)
    with limited(build_scene, limits, Library) as scene:
        whole, again, rest = answers_of(scene, ["gulls?", "gulls?", "tide?"])
        assert whole == again
        assert GULLS in whole
        assert "paragraph 2" in rest
        assert rest.count(GULLS) < 2
        assert "You have been shown as much of these articles as I show one person in a day." in rest
    with bot_running(scene._replace(service=replace(scene.service, limits=limits))):
        assert answers_of(scene, ["tide?", "gulls?"]) == [rest, whole]
        bob = scene.workspace.user("Bob")
        ts = scene.workspace.post(bob, scene.general, f"<@{scene.workspace.bot_user_id}> tide?")
        other = scene.workspace.wait_for_message(scene.general, thread_ts=ts)
        assert "You have been shown" not in other.text


def test_more_context_is_shown_within_the_share_too(build_scene):
    library = Library()
    library.article = lambda id: BOOK
    with limited(build_scene, Limits(share=0.01), lambda: library) as scene:
        ts = scene.mention("gulls?")
        answer = scene.workspace.wait_for_message(scene.general, thread_ts=ts)
        clicked = scene.workspace.click(scene.ada, answer, buttons.CONTEXT)
        assert clicked.error is None
        [view] = scene.workspace.wait_for(lambda: scene.workspace.views(scene.ada))
        assert LEFT_OUT in str(view.blocks)
        assert "Tide." not in str(view.blocks)
        assert_inert(view.blocks, None)


def test_a_check_by_the_shortcut_counts_as_a_question(build_scene):
    with limited(build_scene, Limits(rates=(Rate(1, "hour"),))) as scene:
        answers_of(scene, ["gulls?"])
        ts = scene.workspace.post(scene.ada, scene.general, GULLS)
        message = scene.workspace.message(scene.general, ts)
        assert scene.workspace.shortcut(scene.ada, CHECK, message).error is None
        [view] = scene.workspace.wait_for(lambda: scene.workspace.views(scene.ada))
        [said] = [block["text"]["text"] for block in view.blocks]
        assert said.startswith("I answer 1 question of one person an hour")
        assert_inert(view.blocks, None, own=[said])


def test_the_place_without_the_words_carries_the_link(build_scene):
    with limited(build_scene, Limits(share=0.01), Library) as scene:
        answers_of(scene, ["gulls?"])
        ts = scene.mention("tide?")
        answer = scene.workspace.wait_for_message(scene.general, thread_ts=ts)
        (*_, cited) = [b for b in answer.blocks if b["type"] == "context"]
        assert cited["elements"][-1]["text"] == f"<{HARBOUR.url}|Open the article>"
        assert GULLS[:20] not in answer.text + str(answer.blocks)


# ---- questions that cannot be looked up


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("gulls " * 9_000, f"characters; I look up questions of up to {LONGEST_QUESTION:,}."),
        ("🎉🎉 :tada:", wordless_message().text),
        ("?!… — …", wordless_message().text),
        ("Was hat die Hafenmeisterin über die Flut gesagt?", foreign_message().text),
        ("Что сказала хозяйка порта?", foreign_message().text),
        ("", HELP),
    ],
)
def test_what_cannot_be_looked_up_gets_a_useful_reply_and_is_not_looked_up(scene, column, question, said):
    [text] = answers_of(scene, [question])
    dm = scene.workspace.dm(scene.ada)
    scene.workspace.post(scene.ada, dm, question)
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", question)
    scene.workspace.wait_for(lambda: shown.messages)
    texts = [text, scene.workspace.wait_for_message(dm).text, shown.messages[0].text]
    assert [said in text for text in texts] == [True] * 3
    assert column.asked == []


def test_a_command_of_bare_angle_brackets_is_acknowledged_in_time(scene):
    shown = scene.workspace.slash(scene.ada, scene.general, "/column", "<" * 20_000 + "<a|" * 5_000)
    scene.workspace.wait_for(lambda: shown.messages)
    assert shown.error is None
    assert "I look up questions of up to" in shown.messages[0].text


@pytest.mark.parametrize("read", [unmarked, lambda text: plain(text, "U1")])
def test_a_sign_that_opens_nothing_does_not_swallow_the_markup_after_it(read):
    """A pattern that reads on over the next sign also takes a minute for a message of such signs."""
    assert read("<a <b|c> <" + "<" * 5_000 + "<https://x.example|d>") == "<a c <" + "<" * 5_000 + "d"


def test_what_cannot_be_looked_up_costs_nothing(build_scene):
    with limited(build_scene, Limits(rates=(Rate(1, "hour"),))) as scene:
        texts = answers_of(scene, ["🎉", "gulls " * 500, "gulls?"])
        assert GULLS in texts[-1]


# ---- nothing pings, links or breaks


def test_nothing_that_is_asked_comes_back_as_a_ping_or_a_link(scene):
    dm = scene.workspace.dm(scene.ada)
    questions = [f"{piece} {words}" for piece in PIECES for words in ("gulls", "nothing of that kind", "")]
    for question in questions:
        scene.workspace.post(scene.ada, dm, question)
    assert sum(settled(scene).values()) == len(questions)
    answers = scene.workspace.answers(dm)
    assert len(answers) == len(questions)
    for answer in answers:
        assert_inert(answer.blocks, answer.text)


class Hostile(SmallColumn):
    """A column whose every name and paragraph is hostile; it fails on what explodes."""

    def ask(self, question, *, seen=()):
        answer = super().ask(question)
        passages = tuple(replace(p, text="".join(PIECES).replace("\ud800", "")) for p in HARBOUR.passages)
        title = "<!channel> *x* `y` :wave: <https://evil.example|Column 12>"
        article = replace(HARBOUR, title=title, author="<@U1>\u202e", passages=passages)
        end = len(passages[0].text)
        return replace(
            answer,
            subject="<!here>\n*Roe*",
            suggestions=("<@U2>", ":tada:"),
            excerpts=tuple(
                replace(e, article=article, end=end, speaker="<#C1> &amp;", via=("<!everyone>",))
                for e in answer.excerpts
            ),
        )


def test_a_hostile_column_is_shown_inert_and_letter_for_letter(build_scene):
    with limited(build_scene, Limits(), Hostile) as scene:
        for question in ("gulls?", "nothing?", "explode"):
            answers_of(scene, [question])
        words = "".join(PIECES).replace("\ud800", "")
        [first] = scene.workspace.calls("chat.postMessage")[:1]
        quotes = [
            b["elements"][0]["elements"][0]["text"] for b in first.args["blocks"] if b["type"] == "rich_text"
        ]
        assert quotes == [words]


# ---- how fast


def test_an_answer_costs_one_post_and_at_most_one_status(scene):
    before = len(scene.workspace.calls())
    ts = scene.mention(ABOUT_THE_TIDE)
    scene.workspace.wait_for_answers(scene.general, thread_ts=ts)
    settled(scene)
    methods = [call.method for call in scene.workspace.calls()[before:]]
    assert methods in (["chat.postMessage"], ["assistant.threads.setStatus", "chat.postMessage"])


def test_a_busy_channel_is_answered_once_a_second_and_does_not_hold_up_the_others(build_scene):
    scene = build_scene(timing=Timing(post_interval=0.5))
    quiet = scene.workspace.channel("quiet")
    with bot_running(scene._replace(service=replace(scene.service, post_interval=0.5))) as started:
        assert started.wait(60)
        for number in range(8):
            scene.mention(f"gulls {number}?")
        scene.workspace.post(scene.ada, quiet, f"<@{scene.workspace.bot_user_id}> gulls?")
        assert settled(scene) == {State.DONE: 9}
    posts = scene.workspace.calls("chat.postMessage")
    assert [call.status for call in posts] == [200] * 9, "nothing was refused for coming too fast"
    assert [call.args["channel"] for call in posts].index(quiet) < 8, (
        "the last asked, and not the last answered"
    )


CHANNELS, QUESTIONS, SECONDS = 14, 200, 10.0
HALF = QUESTIONS // 2
TESTS = Path(__file__).parent


@contextmanager
def bot_process(workspace, folder):
    """Run the bot in a process of its own; leave none behind."""
    arguments = [folder, workspace.bot_token, workspace.app_token, workspace.api_url]
    with (folder / "bot.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, TESTS / "load_bot.py", *map(str, arguments)],
            cwd=TESTS,
            env={"PYTHONPATH": f"{TESTS.parent}:{TESTS}", "NO_PROXY": "127.0.0.1"},
            stderr=log,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def ask_in_turn(workspace, channels, number):
    """Ask the question of that *number*, each person in another channel; return its channel and ts."""
    channel = channels[number % len(channels)]
    person = workspace.user(f"Person {number % 40}")
    return channel, workspace.post(person, channel, f"<@{workspace.bot_user_id}> gulls {number}?")


def test_two_hundred_questions_in_ten_seconds_survive_a_kill_in_the_middle(tmp_path):
    timing = Timing(post_interval=1.0, ack_timeout=1.0, retry_delays=(0.0, 2.0, 4.0))
    with Workspace.start(timing=timing) as workspace:
        channels = [workspace.channel(f"channel-{number}") for number in range(CHANNELS)]
        with bot_process(workspace, tmp_path):
            workspace.wait_connected(20)
            began = time.monotonic()
            asked = ask_steadily(workspace, channels, range(HALF), began)
            answered = len([1 for place in asked if workspace.answers(place[0], thread_ts=place[1])])
            workspace.faults.add("chat.postMessage", F.slow(0.6), F.slow(0.6))
            asked += ask_steadily(workspace, channels, range(HALF, HALF + 8), began)
        # Killed, as with -9: some questions wait, and of two the answers are on their way.
        with bot_process(workspace, tmp_path):
            asked += ask_steadily(workspace, channels, range(HALF + 8, QUESTIONS), began)
            workspace.wait_for(lambda: all_answered(workspace, asked), 30)
            workspace.wait_until_delivered()
            wait_until_done(tmp_path)
    assert 0 < answered < len(asked)
    counts = Counter(len(workspace.answers(channel, thread_ts=ts)) for channel, ts in asked)
    assert counts == {1: QUESTIONS}
    posts = [call for call in workspace.calls("chat.postMessage") if call.ok]
    assert len(posts) == QUESTIONS
    assert workspace.calls("conversations.replies"), "what was on its way is looked for"
    # Whoever waited when the bot was killed may see a status of each of the two.
    statuses = Counter(status["thread_ts"] for status in workspace.statuses if status["status"])
    assert max(statuses.values()) <= 2
    assert max(statuses[ts] for _, ts in asked[HALF + 8 :]) <= 1
    assert_within_the_rate(posts)
    assert [secret for secret in SECRETS if secret in (tmp_path / "bot.log").read_text().lower()] == []


def ask_steadily(workspace, channels, numbers, began):
    """Ask the questions of these *numbers*, so that all QUESTIONS take SECONDS from *began*."""
    asked = []
    for number in numbers:
        time.sleep(max(0.0, began + number * SECONDS / QUESTIONS - time.monotonic()))
        asked.append(ask_in_turn(workspace, channels, number))
    return asked


def all_answered(workspace, asked):
    return all(workspace.answers(channel, thread_ts=ts) for channel, ts in asked)


def wait_until_done(folder):
    with Inbox(folder / "bot.sqlite") as inbox:
        for _ in range(500):
            if inbox.count() == {State.DONE: QUESTIONS}:
                return
            time.sleep(0.02)
        raise TimeoutError(f"still open: {inbox.count()}")


def assert_within_the_rate(posts):
    """Assert that no two posts in one channel came within a second: the workspace refuses them."""
    at = defaultdict(list)
    for call in posts:
        at[call.args["channel"]].append(call.at)
    gaps = [later - earlier for times in at.values() for earlier, later in pairwise(times)]
    assert min(gaps) > 0.9
