"""The commands of admins over the real app: what each brings, and that nobody else gives them."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from conftest import bot_running
from feedtext import Item, paragraphs, rss
from hypothesis import given, settings
from hypothesis import strategies as st
from inert import assert_inert, hostile
from keptcolumn import kept_column, until
from test_syncing import command
from web import serving

from bot.commands import Commands
from bot.failures import KEPT, Failed, noting
from bot.lookups import LOOKUPS
from bot.message import BLOCKS_LIMIT, TEXT_LIMIT, size
from bot.operations import TAKEN_DOWN, Operator, address, called, operations
from bot.reports import Health, Source, holds_message, listed, log_message, status_message
from bot.state import Stage, State, SyncRun, Tally
from bot.syncing import Rhythm
from index.passage import Article
from index.store import Summary
from index.trial import Found

PIER = "Mara Quill said that the pier would float for ever. Tom Bask said that it would sink."
GULLS = "Gulls are honest critics, Jane Roe said."
SECRET = "http://ada:pw@127.0.0.1:9/feed?token=s3cret"  # nobody listens there


@pytest.fixture
def kept(tmp_path):
    return kept_column(tmp_path / "pier", {"pier": PIER, "gulls": GULLS})


@pytest.fixture
def scene(build_scene, kept):
    """A scene over a real store, whose admin is Ada, with a person who is none: Bob."""
    scene = build_scene(load=lambda: kept.column)
    listed = replace(scene.service.admins, people=(scene.ada,))
    service = replace(scene.service, admins=listed, rhythm=Rhythm(poll=0.02, edit_every=0.02))
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        yield scene


def asked(scene, person, text):
    posted = scene.workspace.slash(person, scene.general, "/column", text)
    scene.workspace.wait_for(lambda: posted.messages)
    return posted.messages[-1]


def clicked(scene, message, number=0):
    """Click a button, whose answer takes the message's place; return what it says then."""
    before = message.text
    scene.workspace.click(scene.ada, message, f"command_again_{number}")
    scene.workspace.wait_for(lambda: message.text != before)
    return message.text


def synced(scene, count=1):
    """Wait until a message in the channel shows the end of the sync number *count*."""

    def over():
        found = scene.workspace.answers(scene.general)
        return len(found) >= count and "is synced" in found[-1].text

    scene.workspace.wait_for(over)


# ---- which words are one


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("sync", "sync", ""),
        (" Sources  add  https://example.org/feed ", "sources add", "https://example.org/feed"),
        ("sources list", "sources list", ""),
        ("sources 2", "sources", "2"),
        ("remove The pier", "remove", "The pier"),
        ("remove 3", "remove", "3"),
        ("LOG", "log", ""),
    ],
)
def test_words_name_a_command(text, word, rest):
    commands = {**LOOKUPS, **operations(Operator(**dict.fromkeys(_needed())))}
    assert Commands(commands).find(text) == (commands[word], rest)


@pytest.mark.parametrize(
    "text",
    [
        "sync or swim, what did Quill say?",
        "status quo of the pier",
        "remove the pier?",
        "remove",
        "sources add up to what?",
        "log books of the port",
    ],
)
def test_other_words_are_a_question(text):
    assert Commands(LOOKUPS, operations(Operator(**dict.fromkeys(_needed())))).find(text) is None


def _needed():
    return ("upkeep", "keeper", "admins", "inbox", "memory", "failures", "corrector")


# ---- who may


def test_nobody_but_admins_gives_them_and_others_learn_who_can(scene, kept):
    bob = scene.workspace.user("Bob")
    for text in ("sync", "status", "sources list", f"sources add {SECRET}", "remove 1", "admins", "log"):
        assert f"<@{scene.ada}>" in asked(scene, bob, text).text
    assert "sources add" not in asked(scene, bob, "help").text
    assert "sources add" in asked(scene, scene.ada, "help").text
    assert (kept.column.upkeep.added, len(kept.column.articles())) == ([], 2)
    assert scene.memory.syncs.opened() is None


# ---- status, admins, log


def test_status_tells_how_the_column_and_the_bot_fare(scene):
    command(scene, "sync")
    synced(scene)
    until(lambda: scene.service.vitals.socket.age is not None)
    text = command(scene, "status").text
    for told in (
        "The column: 2 articles, 2 paragraphs, at generation 2.",
        "Model: words@1.",
        ": done.",
        "Next sync: only when asked for.",
        "Queue: ",
        "Socket: open for",
        "Version: 0.1.0.",
    ):
        assert told in text


def test_admins_are_named_with_the_way_to_change_them(scene):
    text = command(scene, "admins").text
    assert f"<@{scene.ada}>" in text
    assert "ADMINS" in text


def test_the_log_shows_failures_by_ids_and_never_a_text(build_scene, kept):
    scene = build_scene(load=lambda: kept.column)
    ask, kept.column.ask = kept.column.ask, None
    service = replace(scene.service, admins=replace(scene.service.admins, people=(scene.ada,)))
    with bot_running(scene._replace(service=service)) as started:
        assert started.wait(60)
        assert command(scene, "log").text == "Nothing failed since I was started."
        question = command(scene, "what did the s3cret Quill say?")
        kept.column.ask = ask
        id = question.text.rstrip(".").split()[-1]
        text = command(scene, "log").text
        assert f"no answer · TypeError · {id}" in text
        assert "s3cret" not in text


# ---- sources


def test_a_source_goes_by_its_number_and_those_of_the_settings_stay(scene, kept):
    command(scene, f"sources add {SECRET}")
    listed = command(scene, "sources list").text
    assert f"1. {kept.texts}" in listed
    assert "2. http://127.0.0.1:9/feed, added in Slack" in listed
    assert "I know no such source" in command(scene, "sources remove 3").text
    assert "named in the setting COLUMN" in command(scene, "sources remove 1").text
    assert "No source any more" in command(scene, "sources remove 2").text
    assert kept.column.upkeep.sources == [str(kept.texts)]


def test_nothing_but_a_web_address_can_be_named_as_a_source(scene, kept, tmp_path):
    for typed in (str(tmp_path), "/etc/passwd", "file:///etc/passwd", "ftp://example.org/feed"):
        for verb in ("test", "add"):
            assert "no web address" in command(scene, f"sources {verb} {typed}").text
    assert kept.column.upkeep.added == []


def test_the_password_in_an_address_is_kept_and_never_shown(scene, kept):
    added = command(scene, f"sources add {SECRET}")
    assert "Added: http://127.0.0.1:9/feed." in added.text
    assert "is a source of the column already" in command(scene, f"sources add {SECRET}").text
    synced(scene)
    shown = [command(scene, text).text for text in ("status", "sources list", f"sources test {SECRET}")]
    shown += [message.text for message in scene.workspace.answers(scene.general)]
    for text in [added.text, *shown]:
        assert "s3cret" not in text
        assert "ada:pw" not in text
    assert kept.column.upkeep.added == [SECRET]
    command(scene, "sources remove http://127.0.0.1:9/feed")
    assert kept.column.upkeep.added == []


def test_a_feed_is_looked_into_before_it_is_added_and_goes_with_its_articles(scene, kept):
    with serving() as site:
        when = "Sun, 07 Sep 2025 08:00:00 GMT"
        items = [Item(t, f"{site.url}/{t}", paragraphs(t), date=when) for t in ("lamp", "buoy")]
        url = site.put("/feed", rss(*items), kind="application/rss+xml")
        held = command(scene, f"sources test {url}")
        assert f"{url} holds 2 articles, 2 of them new to the column." in held.text
        assert "“lamp”, by Ines Calder · 7 September 2025, 5 paragraphs" in held.text
        assert_inert(held.blocks, held.text)
        assert (kept.column.upkeep.added, len(kept.column.articles())) == ([], 2)
        assert f"Added: {url}" in command(scene, f"sources add {url}").text
        synced(scene)
        assert {article.title for article in kept.column.articles()} == {"lamp", "buoy", "Pier", "Gulls"}
        assert "0 of them new" in command(scene, f"sources test {url}").text
        command(scene, f"sources remove {url}")
        synced(scene, 2)
        assert {article.title for article in kept.column.articles()} == {"Pier", "Gulls"}
        assert "could not be read" not in command(scene, "status").text


def test_what_cannot_be_read_is_tested_and_says_why(scene):
    text = command(scene, f"sources test {SECRET}").text
    assert "holds 0 articles" in text
    assert "Not read: http://127.0.0.1:9/feed: " in text


# ---- remove


def test_an_article_is_taken_down_after_a_second_click_and_never_comes_back(scene, kept):
    pier = kept.id("pier")
    sure = command(scene, "remove “pier”")
    assert "Take down “Pier”" in sure.text
    assert len(kept.column.articles()) == 2
    assert_inert(sure.blocks, sure.text)
    assert TAKEN_DOWN in clicked(scene, sure)
    assert [article.title for article in kept.column.articles()] == ["Gulls"]
    assert "never mentions" in command(scene, "what did Mara Quill say?").text
    command(scene, "sync")
    synced(scene)
    assert list(kept.column.upkeep.taken_down) == [pier]
    assert [article.title for article in kept.column.articles()] == ["Gulls"]
    assert "holds no such article" in command(scene, f"remove {pier} for good").text


def test_an_article_goes_by_its_number_and_where_several_are_meant_they_are_offered(scene):
    text = command(scene, "sources").text
    assert text.index("1. “Pier”") < text.index("2. “Gulls”")
    assert "Take down “Gulls”" in command(scene, "remove 2").text
    assert "I know no such article" in command(scene, "remove 3").text
    assert "Take down “Pier”" in command(scene, "remove pi").text
    assert "I know no such article" in command(scene, "remove the lighthouse").text


def titled(*titles):
    return [Article(id=f"id{n}", name=str(n), title=t) for n, t in enumerate(titles)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Gone for good", ["id1"]),
        ("“the pier”", ["id0"]),
        ("PIER", ["id0", "id2"]),
        ("2", ["id1"]),
        ("#2", ["id1"]),
        ("0", []),
        ("9", []),
        ("“”", []),
        ("https://example.org/pier", ["id2"]),
        ("example.org/pier", ["id2"]),
    ],
)
def test_what_somebody_calls_an_article(typed, found):
    articles = titled("The pier", "Gone for good", "The pier again")
    articles[2] = replace(articles[2], url="https://example.org/pier")
    assert [article.id for article in called(typed, articles)] == found


def test_several_of_one_name_are_told_apart_by_buttons(scene, kept):
    kept.write("pier2", "Another pier.", 1)
    command(scene, "sync")
    synced(scene)
    which = command(scene, "remove pie")
    assert "More than one article" in which.text
    assert "Take down “Pier2”" in clicked(scene, which, 1)
    assert len(kept.column.articles()) == 3


# ---- pure


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://example.org/feed", "https://example.org/feed"),
        ("<https://example.org/feed>", "https://example.org/feed"),
        ("example.org/feed", "https://example.org/feed"),
        ("HTTPS://Example.org/Feed", "https://Example.org/Feed"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://[::1", None),
        ("/etc/passwd", None),
        ("file:///etc/passwd", None),
        ("https:///feed", None),
        ("~/articles", None),
        ("https://example.org/<!channel>", None),
        ("", None),
    ],
)
def test_an_address_is_one_of_the_web(typed, found):
    assert address(typed) == found


@given(st.text(max_size=50))
def test_whatever_is_typed_an_address_is_one_of_the_web_or_none(typed):
    found = address(typed)
    assert found is None or found.startswith(("http://", "https://"))


@settings(max_examples=30)
@given(name=hostile, many=st.integers(0, 60))
def test_what_admins_are_shown_fits_and_is_inert_whatever_the_names(name, many):
    found = Found(
        title=name, author=name, date=date(2025, 9, 1), url=name, passages=3, known=True, truncated=True
    )
    summary = Summary(
        articles=1,
        passages=1,
        chunks=1,
        utterances=0,
        first=None,
        last=None,
        generation=1,
        model=name,
        last_sync=datetime(2025, 9, 1, tzinfo=UTC),
        failed={},
        makers={name: 2, "": 1},
    )
    sources = [Source(name=name, read_at=1.0, problem=name, added=True)] * many
    last = SyncRun(id=1, stage=Stage.FAILED, asked_at=0.0, begun_at=1.0, tally=Tally(failed=2), reason=name)
    health = Health(
        summary=summary,
        sources=sources,
        last=last,
        running=False,
        next_sync=9.0,
        queue={State.WAITING: 3},
        socket_age=5.0,
        version=name,
        digests=[name] * min(many, 20),
    )
    for message in (
        status_message(health),
        holds_message(name, [found] * many, [name] * many),
        log_message([Failed(at=1.0, event="no answer", code=name, request=name)] * many),
        listed([name], [name] * many, [(f"Pier {name}", "remove a")]),
    ):
        assert len(message.text) <= TEXT_LIMIT
        assert size(message.blocks) <= BLOCKS_LIMIT
        assert_inert(message.blocks, message.text)


def test_failures_keep_the_event_and_ids_of_a_record():
    with noting() as failures:
        log = logging.getLogger("bot.worker")
        for number in range(KEPT + 5):
            log.warning("put back", extra={"request": f"r{number}", "code": "busy", "question": "s3cret"})
        log.info("posted", extra={"request": "well"})
        logging.getLogger("slack_bolt").error("payload s3cret")
    latest = failures.latest()
    assert len(latest) == KEPT
    assert (latest[0].event, latest[0].code, latest[0].request) == ("put back", "busy", f"r{KEPT + 4}")
    assert "s3cret" not in repr(latest)
