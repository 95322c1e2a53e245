"""The check of a quotation as a message: each outcome in plain words, with its citation."""

import random
from datetime import date

import pytest
from hostile import check_inert, check_literal, strings
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from wordcolumn import column

from bot.column import Column
from bot.message import TEXT_LIMIT, NotVerbatimError, size
from bot.playground.blocks import check_message as check_blocks
from bot.playground.blocks import check_view
from bot.quotation import (
    MISSING,
    asked,
    check_message,
    checked_in,
    checks_message,
    claim,
    unmarked,
)
from bot.views import message_view
from index.answer import Searched
from index.check import Outcome, QuoteCheck
from index.passage import Article, Excerpt, Passage

SAILS = "Mara Quill, the harbour master, said on Monday that the ferry would sail."
RELIC = "Tom Bask said that the ferry was a relic."
OPINION = "I think that the bridge is a fantasy."
FERRY = f"{SAILS} “The hull is sound,” she added.\n\n{RELIC}\n\n{OPINION} The ferry is slow, but it floats.\n"


@pytest.fixture(scope="module")
def ferry(tmp_path_factory):
    return column(tmp_path_factory.mktemp("ferry"), {"ferry": FERRY}, kind=Column)


def styled(built, style):
    parts = [p for b in built.blocks if b["type"] == "rich_text" for p in b["elements"]]
    leaves = [leaf for p in parts for leaf in p["elements"]]
    return [leaf["text"] for leaf in leaves if leaf.get("style", {}).get(style)]


def quotes(built):
    parts = [p for b in built.blocks if b["type"] == "rich_text" for p in b["elements"]]
    return ["".join(leaf["text"] for leaf in p["elements"]) for p in parts if p["type"] == "rich_text_quote"]


def test_a_verbatim_quotation_as_a_whole(ferry):
    built = asked(f"“{RELIC}”", ferry.check)
    assert built.text == (
        "Verbatim: these very words stand in the column. "
        "The column has them as words of Tom Bask, but not all in quotation marks: it may be a paraphrase.\n"
        "Searched 1 article, 28 September 2025.\n\n"
        f"Tom Bask, paraphrased:\n{RELIC}\n— “Ferry”, by Ines Calder, 28 September 2025, paragraph 2"
    )
    assert quotes(built) == [RELIC]
    assert styled(built, "strike") == styled(built, "bold") == []


@pytest.mark.parametrize(
    ("typed", "begins", "struck", "bold", "shown"),
    [
        (SAILS.replace("Monday", "Tuesday"), "Altered", ["Tuesday"], ["Monday"], [SAILS]),
        (SAILS.replace("on Monday ", ""), "Altered", [], ["on Monday"], [SAILS]),
        (RELIC.replace("a relic", "a dear old relic"), "Altered", ["dear old"], [], [RELIC]),
        (
            "“The hull is weak,” she added.",
            "Altered",
            ["weak"],
            ["sound"],
            ["“The hull is sound,” she added."],
        ),
        (f"“{RELIC}” by Mara Quill", "Said by somebody else: these are not words of", [], [], [RELIC]),
        (f"{SAILS} {OPINION}", "Spliced", [], [], [SAILS, OPINION]),
        ("The moon is made of cheese and wishes.", "Not in the column", [], [], []),
        ("the", "Too short", [], [], []),
    ],
)
def test_each_outcome_has_its_words_marks_and_places(ferry, typed, begins, struck, bold, shown):
    built = asked(typed, ferry.check)
    assert built.text.startswith(begins)
    assert built.blocks[0]["text"]["text"].startswith(begins)
    assert (styled(built, "strike"), styled(built, "bold"), quotes(built)) == (struck, bold, shown)


def test_what_differs_is_also_said_in_words(ferry):
    built = asked(SAILS.replace("Monday", "Tuesday"), ferry.check)
    assert "• quotation: “Tuesday”; column: “Monday”" in built.text


def test_a_difference_that_would_ping_is_said_without_pinging(ferry):
    built = asked(RELIC.replace("a relic", "a <!here> <@U1> relic"), ferry.check)
    assert "&lt;@U1" in built.text
    check_inert(built.text)


def test_the_name_of_who_said_it_is_asked_for_too(ferry):
    assert "words of Tom Bask" in asked(f"“{RELIC}” by Tom Bask", ferry.check).text
    assert asked("  “” ", ferry.check).text == MISSING


@pytest.mark.parametrize(
    ("text", "words", "by"),
    [
        ("“The hull is sound”", "The hull is sound", None),
        ("The hull is sound", "The hull is sound", None),
        ('"The hull is sound" by Mara Quill.', "The hull is sound", "Mara Quill"),
        ("“The hull is sound,” — Quill", "The hull is sound,", "Quill"),
        ("“The hull is sound” said Mara Quill", "The hull is sound", "Mara Quill"),
        ("The hull is sound --by Quill", "The hull is sound", "Quill"),
        ("“Sound,” she said, “is the hull”", "Sound,” she said, “is the hull", None),
        ("‘The hull is sound’ by Mara Quill", "The hull is sound", "Mara Quill"),
        ("'The harbour's hull isn't sound'", "The harbour's hull isn't sound", None),
        ("‹The hull is sound›", "The hull is sound", None),
        ("the ships' hulls are sound", "the ships' hulls are sound", None),
        ("by the sea", "by the sea", None),
        ("", "", None),
    ],
)
def test_a_claim_is_a_quotation_and_perhaps_a_name(text, words, by):
    assert claim(text) == (words, by)


@pytest.mark.parametrize(
    ("marked", "bare"),
    [
        ("*The* hull is _sound_ and ~old~", "The hull is sound and old"),
        ("&gt; The hull\n&gt; is sound", "The hull\nis sound"),
        ("`The hull`", "The hull"),
        ("```The hull```", "The hull"),
        ("<@U1> <!here> A&amp;B &lt;3", "A&B <3"),
        ("see <https://x.example/a|the page> in <#C1|general>", "see the page in #general"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("*", "*"),
    ],
)
def test_a_message_is_read_without_its_markup(marked, bare):
    assert unmarked(marked) == bare


@pytest.mark.parametrize("marks", ["“{}”", '"{}"', "«{}»", "‘{}’", "'{}'", "‹{}›"])
def test_quotation_marks_of_any_kind_set_off_what_is_checked(ferry, marks):
    text = f"It wasn't the captain's fault, I read: {marks.format(RELIC)} and the ships' hulls were fine."
    assert [c.quotation for c in checked_in(text, ferry.check)] == [RELIC]


def test_quotations_inside_a_message_are_checked_where_the_message_is_no_quotation(ferry):
    text = f"Did you see this “{RELIC}” — and then this: “{OPINION}”? Quite unbelievable, all of it, my dear."
    found = checked_in(text, ferry.check)
    assert [c.outcome for c in found] == [Outcome.VERBATIM] * 2
    assert quotes(checks_message(found)) == [RELIC, OPINION]
    assert [c.quotation for c in checked_in(RELIC, ferry.check)] == [RELIC]
    assert [c.outcome for c in checked_in("Lunch at the “good place” then?", ferry.check)] == [Outcome.ABSENT]


class Forged(Excerpt):
    text = "Tom Bask said nothing."


def test_words_that_are_not_the_columns_are_not_shown():
    article = Article(id="a", name="n", title="Ferry", passages=(Passage(number=1, text=RELIC),))
    forged = Forged(article=article, number=1, start=0, end=len(RELIC), score=1.0)
    searched = Searched(articles=1, passages=1, first=date(2025, 9, 1), last=date(2025, 9, 1), generation=1)
    found = QuoteCheck(quotation=RELIC, wording=Outcome.VERBATIM, searched=searched, excerpts=(forged,))
    with pytest.raises(NotVerbatimError):
        check_message(found)


@settings(max_examples=80)
@drawn(st.lists(strings, min_size=1, max_size=3), st.integers(0, 2**32))
def test_every_check_is_within_the_limits_and_inert(ferry, typed, seed):
    luck = random.Random(seed)
    words = FERRY.split()
    for _ in range(luck.randint(0, 4)):
        words[luck.randrange(len(words))] = luck.choice(typed)
    start = luck.randrange(len(words))
    several = [*typed, " ".join(words[start : start + luck.randint(1, 40)])][-3:]
    built = checks_message([ferry.check(text) for text in several])
    assert len(built.text) <= TEXT_LIMIT
    assert size(built.blocks) <= 9_000
    check_inert(built.text)
    check_literal(built.blocks)
    check_blocks({"text": built.text, "blocks": list(built.blocks)}, split=False)
    check_view(message_view("Check this quote", built))
