"""What /column does besides answering: which words are a command, and what each brings over the real app."""

from dataclasses import replace
from datetime import date

import pytest
from conftest import GULLS, bot_running
from hypothesis import given
from hypothesis import strategies as st
from inert import assert_inert
from wordcolumn import column as word_column

from bot.column import Column
from bot.commands import COMMANDS, LISTED, dispatch, sources_message, usage_message
from bot.message import BLOCKS_LIMIT, HELP, size
from index.passage import Article

PIER = "Mara Quill said that the pier would float for ever. Tom Bask said that it would sink."
ARTICLE = Article(id="a", name="a", title="The pier", author="Ines Calder", date=date(2025, 9, 28))


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("help", "help", ""),
        ("HELP", "help", ""),
        ("sources", "sources", ""),
        ("sources 2", "sources", "2"),
        ("sources page 2", "sources", "page 2"),
        ("check “the pier would float”", "check", "“the pier would float”"),
        ('check "it floats" by Quill', "check", '"it floats" by Quill'),
        ("check", "check", ""),
        ("said Mara Quill", "said", "Mara Quill"),
        ("said quill 2", "said", "quill 2"),
        (
            "check that the pier would float for ever and ever",
            "check",
            "that the pier would float for ever and ever",
        ),
    ],
)
def test_a_first_word_names_a_command(text, command, rest):
    assert dispatch(text) == (COMMANDS[command], rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "what did Quill say?",
        "check the tide tables",
        "why did the ferry sink?",
        "why?",
        "sources say that the pier sank",
        "help me find the pier",
        "said",
        "helpless",
        "said quill anything about the pier, or the gulls?",
    ],
)
def test_unknown_words_are_a_question(text):
    assert dispatch(text) is None


@given(st.text(max_size=60))
def test_anything_may_be_typed(text):
    found = dispatch(text)
    assert found is None or found[0] in COMMANDS.values()


def shown(scene, text):
    posted = scene.workspace.slash(scene.ada, scene.general, "/column", text)
    scene.workspace.wait_for(lambda: posted.messages)
    (message,) = posted.messages
    return message


@pytest.fixture
def real(build_scene, tmp_path):
    """A scene over a real store."""
    pier = word_column(tmp_path / "pier", {"pier": PIER, "gulls": GULLS}, kind=Column)
    scene = build_scene(load=lambda: pier)
    with bot_running(scene) as started:
        assert started.wait(10)
        yield scene


def test_help_tells_of_the_commands_and_of_this_column(real):
    text = shown(real, "help").text
    assert text.startswith(HELP)
    assert all(f"/column {word}" in text for word in [*COMMANDS, "settings"])
    assert "What did Quill say?" in text
    assert real.workspace.messages(real.general) == []


def test_a_pasted_quotation_is_checked(real):
    altered = shown(real, "check “the pier would sink for ever” by Mara Quill").text
    verbatim = shown(real, "check “the pier would float for ever” by Mara Quill").text
    assert altered.split("\n")[0] != verbatim.split("\n")[0]
    assert "Mara Quill said that the pier would float for ever." in verbatim


def test_somebodys_statements_come_in_order_of_date_a_page_at_a_time(build_scene, tmp_path):
    told = {f"day{n}": f"“Boat {n} is sound,” Mara Quill said.\n\nTom Bask sighed." for n in range(7)}
    told["again"] = "“Boat 0 is sound,” Mara Quill said."
    boats = word_column(tmp_path / "boats", told, kind=Column)
    with bot_running(scene := build_scene(load=lambda: boats)) as started:
        assert started.wait(10)
        first, second = shown(scene, "said quill"), shown(scene, "said quill 2")
        assert first.text.startswith("Mara Quill: 7 statements, newest first; page 1 of 2.")
        assert "The next: /column said quill 2" in first.text
        order = [first.text.index(f"“Boat {n} is sound,” Mara Quill said.") for n in range(5)]
        assert order == sorted(order)
        assert [f"Boat {n}" in second.text for n in range(7)] == [False] * 5 + [True] * 2
        assert shown(scene, "said quill page 9").text == second.text
        assert "never quotes" in shown(scene, "said tom bask").text
        assert "never mentions" in shown(scene, "said nobody known").text


def test_the_articles_are_listed_newest_first(real):
    text = shown(real, "sources").text
    assert "2 articles" in text
    assert text.index("“Pier”") < text.index("“Gulls”")


def test_an_answer_tells_why_to_its_asker_and_to_nobody_who_could_not_see_it(real):
    shown(real, "what did Mara Quill say?")
    (id,) = [given.id for given in real.memory.answers.of_person(real.ada, 1)]
    assert f"Answer {id}" in shown(real, f"why {id}").text
    bob = real.workspace.user("Bob")
    other = real.workspace.slash(bob, real.general, "/column", f"why {id}")
    real.workspace.wait_for(lambda: other.messages)
    assert "I know no answer with this id" in other.messages[0].text
    assert "I know no answer with this id" in shown(real, "why bcdfghjk").text


def test_pages_hold_all_articles_once_and_fit():
    many = [replace(ARTICLE, id=str(n), title=f"Pier {n} & <!channel> " + "x" * 300) for n in range(40)]
    pages = [sources_message(many, page) for page in (1, 2, 3)]
    lines = [b["text"]["text"] for built in pages for b in built.blocks[1:]]
    assert len(lines) == len(set(lines)) == 40
    assert all(size(built.blocks) <= BLOCKS_LIMIT for built in pages)
    assert [len(built.blocks) - 1 for built in pages] == [LISTED, LISTED, 10]
    assert sources_message(many, 99) == pages[2]
    for built in pages:
        assert_inert(built.blocks, built.text)


def test_examples_ping_nobody():
    built = usage_message(["What did <!channel> & <@U1> say?"])
    assert_inert(built.blocks, built.text)
