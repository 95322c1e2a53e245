"""What /column does besides answering: which words are a command, and what each brings over the real app."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from conftest import GULLS, bot_running
from hypothesis import example, given
from hypothesis import strategies as st
from inert import assert_inert, hostile
from wordcolumn import column as word_column

from bot.column import Column
from bot.commands import Commands
from bot.config import Limits, Rate
from bot.lookups import LISTED, LOOKUPS, said_message, sources_message
from bot.message import BLOCKS_LIMIT, HELP, TEXT_LIMIT, WITHHELD, size
from bot.settings import SETTINGS
from index.passage import Article, Excerpt, Passage
from index.said import Said

COMMANDS = Commands(LOOKUPS, SETTINGS)
PIER = "Mara Quill said that the pier would float for ever. Tom Bask said that it would sink."
LONG_URL = f"https://margin-notes.example.org/{'pier' * 115}"
ARTICLE = Article(id="a", name="a", title="The pier", author="Ines Calder", date=date(2025, 9, 28))


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("SOURCES", "sources", ""),
        (" Settings ", "settings", ""),
        ("why bcdfghj2", "why", "bcdfghj2"),
        ("why bcdfgh12", "why", "bcdfgh12"),
        ("sources", "sources", ""),
        ("sources 2", "sources", "2"),
        ("sources page 2", "sources", "page 2"),
        ("check “the pier would float”", "check", "“the pier would float”"),
        ('check "it floats" by Quill', "check", '"it floats" by Quill'),
        ("check", "check", ""),
        ("said Mara Quill", "said", "Mara Quill"),
        ("said Apollo 11", "said", "Apollo 11"),
        ("said Maria van der Berg Olsen page 2", "said", "Maria van der Berg Olsen page 2"),
        (
            "check that the pier would float for ever and ever",
            "check",
            "that the pier would float for ever and ever",
        ),
    ],
)
def test_a_first_word_names_a_command(text, command, rest):
    assert COMMANDS.find(text) == ({**LOOKUPS, **SETTINGS}[command], rest)


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
        "settings of the port?",
        "said quill anything about the pier, or the gulls?",
    ],
)
def test_unknown_words_are_a_question(text):
    assert COMMANDS.find(text) is None


@given(st.text(max_size=60))
def test_anything_may_be_typed(text):
    found = COMMANDS.find(text)
    assert found is None or text.strip().casefold().startswith(found[0].usage.split()[0])


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
        assert started.wait(60)
        yield scene


def test_help_tells_of_the_commands_and_of_this_column(real):
    text = shown(real, "help").text
    assert text.startswith(HELP)
    assert all(f"/column {word}" in text for word in ["help", *LOOKUPS, *SETTINGS])
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
        assert started.wait(60)
        first, second = shown(scene, "said quill"), shown(scene, "said quill page 2")
        assert first.text.startswith("Mara Quill: 7 statements, newest first; page 1 of 2.")
        assert "The next: /column said quill page 2" in first.text
        order = [first.text.index(f"“Boat {n} is sound,” Mara Quill said.") for n in range(5)]
        assert order == sorted(order)
        assert [f"Boat {n}" in second.text for n in range(7)] == [False] * 5 + [True] * 2
        assert shown(scene, "said quill page 9").text == second.text
        assert "never quotes" in shown(scene, "said tom bask").text
        assert "never mentions" in shown(scene, "said nobody known").text


def turned(scene, message, label):
    """Click on the button of that label; return the message that takes the place of the one clicked on."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    [button] = [button for row in rows for button in row if button["text"]["text"] == label]
    before = message.text
    clicked = scene.workspace.click(scene.ada, message, button["action_id"], button["value"])
    assert clicked.error is None
    scene.workspace.wait_for(lambda: message.text != before)
    return message


def test_pages_turn_by_a_click_in_their_place(build_scene, tmp_path):
    told = {f"day{n:02}": f"“Boat {n} is sound,” Mara Quill said." for n in range(16)}
    column = word_column(tmp_path / "boats", told, kind=Column)
    with bot_running(scene := build_scene(load=lambda: column)) as started:
        assert started.wait(60)
        message = shown(scene, "said quill")
        assert turned(scene, message, "Next page").text.startswith("Mara Quill: 16 statements")
        assert "page 2 of 4" in message.text
        assert "page 1 of 4" in turned(scene, message, "Previous page").text
        assert_inert(message.blocks, message.text)
        listed = shown(scene, "sources")
        assert "page 2 of 2" in turned(scene, listed, "Next page").text
        assert_inert(listed.blocks, listed.text)
        assert scene.workspace.messages(scene.general) == []


def test_a_name_that_two_people_bear_asks_for_one_of_them(build_scene, tmp_path):
    told = "Mara Quill said that the pier would float.\n\nTom Quill said that the pier would sink."
    column = word_column(tmp_path / "quills", {"pier": told}, kind=Column)
    with bot_running(scene := build_scene(load=lambda: column)) as started:
        assert started.wait(60)
        message = shown(scene, "said quill")
        assert "More than one person in the column is called “quill”" in message.text
        assert "the pier would" not in message.text
        assert_inert(message.blocks, message.text)
        assert turned(scene, message, "Tom Quill").text.startswith("Tom Quill: 1 statement")
        assert "the pier would float" not in message.text


@pytest.fixture
def boats(build_scene, tmp_path):
    """Start a bot with limits over one long article, which reports twenty statements of one person."""
    sound = " and ".join(f"boat number {n} of the harbour is as sound as ever" for n in range(6))
    told = "\n\n".join(f"“In year {year}, {sound},” Mara Quill said." for year in range(20))
    column = word_column(tmp_path / "boats", {"boats": told}, kind=Column)

    @contextmanager
    def limited(limits):
        scene = build_scene(load=lambda: column)
        with bot_running(scene._replace(service=replace(scene.service, limits=limits))) as started:
            assert started.wait(60)
            yield scene

    return limited


def years_in(*messages):
    return [year for year in range(20) if any(f"In year {year}," in message.text for message in messages)]


def test_statements_are_shown_up_to_the_share_of_an_article_and_then_their_places(boats):
    with boats(Limits(rates=(), share=0.25)) as scene:
        pages = [shown(scene, f"said quill page {page}") for page in (1, 2, 3, 4)]
        seen = years_in(*pages)
        assert seen == list(range(len(seen)))
        assert 3 <= len(seen) <= 5
        assert [WITHHELD in page.text for page in pages] == [len(seen) < 5, True, True, True]
        assert "Mara Quill: “Boats”" in pages[3].text
        assert "paragraph 20" in pages[3].text
        for page in pages:
            assert_inert(page.blocks, page.text)
        assert years_in(shown(scene, "said quill")) == seen  # what was seen may be seen again
        bob = scene.workspace.slash(
            scene.workspace.user("Bob"), scene.general, "/column", "said quill page 4"
        )
        scene.workspace.wait_for(lambda: bob.messages)
        assert years_in(*bob.messages)


@example(name="&" * 500, words="a" * 3_000, shown=5)
@given(name=hostile, words=st.text('ab .“”<&"\\', min_size=1, max_size=3_000), shown=st.integers(0, 5))
def test_a_page_of_statements_fits_and_is_inert_whatever_is_shown_or_withheld(name, words, shown):
    person = SimpleNamespace(name=name, speakers=("x",))
    excerpt = Excerpt(
        article=replace(
            ARTICLE, title=name, author=name, url=LONG_URL, passages=(Passage(number=1, text=words),)
        ),
        number=1,
        start=0,
        end=len(words),
        score=1.0,
        speaker=name,
        via=name,
    )
    page = Said(people=(person,), excerpts=(excerpt,) * shown, total=12)
    built = said_message(page, name, 2, (excerpt,) * 5)
    assert size(built.blocks) <= BLOCKS_LIMIT
    assert len(built.text) <= TEXT_LIMIT
    assert WITHHELD in built.text
    assert_inert(built.blocks, built.text)


def test_what_a_list_of_statements_showed_counts_for_a_question_too(boats):
    with boats(Limits(rates=(), share=0.25)) as scene:
        seen = years_in(*(shown(scene, f"said quill page {page}") for page in (1, 2)))
        answer = shown(scene, "what did Mara Quill say in year 19?")
        assert set(years_in(answer)) <= set(seen)
        assert WITHHELD in answer.text


@pytest.mark.parametrize("text", ["said quill", "check “boat number 1 of the harbour is sound”"])
def test_what_looks_into_the_column_counts_as_a_question_and_help_does_not(boats, text):
    with boats(Limits(rates=(Rate(1, "hour"),))) as scene:
        assert "I answer 1 question" not in shown(scene, text).text
        assert shown(scene, text).text.startswith("I answer 1 question of one person an hour")
        assert shown(scene, "help").text.startswith(HELP)
        assert "1 article" in shown(scene, "sources").text


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


def test_what_only_one_saw_is_told_to_others_once_it_is_shared_and_what_was_removed_no_more(real):
    bob, memory = real.workspace.user("Bob"), real.memory

    def seen_by_bob(id):
        told = real.workspace.slash(bob, real.general, "/column", f"why {id}")
        real.workspace.wait_for(lambda: told.messages)
        return f"Answer {id}" in told.messages[0].text

    shown(real, "what did Mara Quill say?")
    [whispered] = memory.answers.of_person(real.ada, 1)
    assert not seen_by_bob(whispered.id)
    memory.answers.share(whispered.id)
    assert seen_by_bob(whispered.id)
    ts = real.mention("what did Tom Bask say?")
    real.workspace.wait_for_answers(real.general, thread_ts=ts)
    [public] = memory.answers.of_person(real.ada, 1)
    assert seen_by_bob(public.id)
    memory.answers.remove(public.id)
    assert not seen_by_bob(public.id)


def test_pages_hold_all_articles_once_and_fit():
    many = [replace(ARTICLE, id=str(n), title=f"Pier {n} & <!channel> " + "x" * 300) for n in range(40)]
    pages = [sources_message(many, page) for page in (1, 2, 3)]
    entries = [entry for built in pages for entry in built.blocks[1]["elements"][0]["elements"]]
    lines = [entry["elements"][0]["text"] for entry in entries]
    assert len(lines) == len(set(lines)) == 40
    assert all(size(built.blocks) <= BLOCKS_LIMIT for built in pages)
    listed = [len(built.blocks[1]["elements"][0]["elements"]) for built in pages]
    assert listed == [LISTED, LISTED, 10]
    assert sources_message(many, 99) == pages[2]
    for built in pages:
        assert_inert(built.blocks, built.text)


def test_examples_ping_nobody():
    built = COMMANDS.help(["What did <!channel> & <@U1> say?"], admin=True)
    assert_inert(built.blocks, built.text)
