"""Modals, replays and buttons: whole examples by hand, and what must hold whatever the column contains."""

from dataclasses import replace

import pytest
from conftest import GULLS, HARBOUR, TIDE
from hostile import ASKED, SEARCHED, check_inert, check_literal, records
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from inert import assert_inert

from bot import buttons, views
from bot.message import TEXT_LIMIT, NotVerbatimError, message, size
from bot.playground.blocks import check_message, check_view
from bot.replay import UNREAD, Fate, Now, now, places, unknown_message, why
from bot.state import Reference, given
from index.answer import Answer, Verdict
from index.passage import Excerpt, Passage

ALL = range(1, 100)  # paragraphs that may be shown
EXCERPT = Excerpt(article=HARBOUR, number=1, start=0, end=9, score=0.5, speaker="Jane Roe", why="Roe, said")
REFERENCE = Reference.from_excerpt(EXCERPT)
HERE = Now(Fate.SAME, HARBOUR, 1)


def record(*excerpts, **changes):
    answer = Answer(
        question="what did Roe say?",
        verdict=Verdict.ANSWERED if excerpts else Verdict.SILENT,
        excerpts=excerpts,
        searched=SEARCHED,
        confidence=0.875,
        subject="Jane Roe",
    )
    return replace(given("bcdfghjk", replace(ASKED, text="and Roe?"), answer), **changes)


def with_passages(*texts):
    passages = tuple(Passage(number=n, text=text) for n, text in enumerate(texts, 1))
    return replace(HARBOUR, passages=passages)


# ---- where it stands now


@pytest.mark.parametrize(
    ("article", "fate", "number"),
    [
        (HARBOUR, Fate.SAME, 1),
        (with_passages("New.", TIDE), Fate.MOVED, 2),
        (with_passages(TIDE, TIDE), Fate.SAME, 1),
        (with_passages("New.", TIDE, GULLS, TIDE), Fate.MOVED, 2),
        (with_passages(TIDE + " More."), Fate.CHANGED, None),
        (None, Fate.GONE, None),
    ],
)
def test_what_became_of_a_paragraph(article, fate, number):
    found = now(REFERENCE, article)
    assert (found.fate, found.number) == (fate, number)


def test_all_places_of_an_answer_are_compared_unless_the_column_cannot_be_opened():
    one = record(EXCERPT)
    assert places(one, {"a1": HARBOUR}.get) == {("a1", 1, 0, 9): HERE}
    assert places(one, None) == {}


# ---- more context


def test_the_context_of_an_excerpt_as_a_whole():
    inner = replace(EXCERPT, start=5, end=8)
    view = views.context_view(record(inner), 0, HERE, ALL)
    assert [view[name] for name in ("type", "private_metadata")] == ["modal", "bcdfghjk"]
    assert view["blocks"][:5] == [
        small("The article begins here."),
        small("¶ 1, with the excerpt set off as a quotation:"),
        rich("rich_text_section", TIDE[:5]),
        rich("rich_text_quote", TIDE[5:8]),
        rich("rich_text_section", TIDE[8:]),
    ]
    assert view["blocks"][5:7] == [small("The paragraph after:"), rich("rich_text_section", GULLS)]
    assert view["blocks"][7]["elements"][0]["text"].startswith("Jane Roe · “The harbour opens”")
    assert len(view["blocks"]) == 8


def small(text):
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def rich(kind, text):
    return {"type": "rich_text", "elements": [{"type": kind, "elements": [{"type": "text", "text": text}]}]}


def test_what_is_cut_is_far_from_the_excerpt_and_marked():
    text = "alpha " * 700 + "HERE" + " omega" * 700
    article = with_passages("before " * 700, text, "after " * 700)
    start = text.index("HERE")
    long = replace(EXCERPT, article=article, number=2, start=start, end=start + 4)
    view = views.context_view(record(long), 0, Now(Fate.SAME, article, 2), ALL)
    texts = [b["elements"][0]["elements"][0]["text"] for b in view["blocks"] if b["type"] == "rich_text"]
    before, head, quote, tail, after = texts
    assert quote == "HERE"
    assert before.startswith("… before") and before.endswith("before ")
    assert head.startswith("… alpha") and head.endswith("alpha ")
    assert tail.startswith(" omega omega") and tail.endswith("omega …")
    assert after.startswith("after after") and after.endswith("after …")


def test_a_changed_paragraph_has_no_neighbours():
    view = views.context_view(record(EXCERPT), 0, Now(Fate.CHANGED, with_passages("Other.", "Words.")), ALL)
    assert view["blocks"][0]["text"]["text"] == Fate.CHANGED.value
    assert all("Words." not in str(block) for block in view["blocks"])


class Altered(Reference):
    """A reference whose excerpt is not what it shows."""

    def excerpt(self):
        return Forged(article=HARBOUR, number=1, start=0, end=9, score=0.5)


class Forged(Excerpt):
    text = "Some ones"


def test_a_view_that_is_not_verbatim_is_not_shown():
    forged = record(EXCERPT, excerpts=(Altered(**{n: getattr(REFERENCE, n) for n in Reference.__slots__}),))
    with pytest.raises(NotVerbatimError):
        views.context_view(forged, 0, HERE, ALL)
    with pytest.raises(NotVerbatimError):
        why(forged, {})
    with pytest.raises(NotVerbatimError):
        buttons.shared(forged, "ada")


@settings(max_examples=60)
@drawn(records(least=1), st.sampled_from(Fate), st.data())
def test_every_context_is_verbatim_and_within_the_limits(case, fate, data):
    one, article = case
    index = data.draw(st.integers(0, len(one.excerpts) - 1))
    there = {Fate.SAME, Fate.MOVED}
    number = one.excerpts[index].number if fate in there else None
    found = Now(fate, article if number else None, number)
    allowed = data.draw(st.sets(st.integers(1, 5)))
    view = views.context_view(one, index, found, allowed)
    check_view(view)
    assert_inert(view["blocks"], None)
    left_out = {p.number for p in views.paragraphs(one.excerpts[index], found)} - allowed
    assert bool(left_out) is (views.LEFT_OUT in str(view["blocks"]))
    check_literal(view["blocks"])
    assert size(view["blocks"]) <= 9_000
    parts = [p for b in view["blocks"] if b["type"] == "rich_text" for p in b["elements"]]
    shown = "".join(leaf["text"] for p in parts for leaf in p["elements"])
    around = "".join(p.text for p in article.passages[max(0, (number or 9) - 2) : (number or -9) + 1])
    if "…" not in shown and not left_out:
        assert shown == (around if number else one.excerpts[index].passage)


def test_what_a_person_may_not_see_is_left_out_of_the_context_and_said_to_be():
    article = with_passages("The one before.", "It begins. HERE it goes on.", "The one after.")
    start = article.passages[1].text.index("HERE")
    inner = replace(EXCERPT, article=article, number=2, start=start, end=start + 4)
    view = views.context_view(record(inner), 0, Now(Fate.SAME, article, 2), {1})
    shown = str(view["blocks"])
    assert "The one before." in shown
    assert "It begins." not in shown
    assert "The one after." not in shown
    assert views.LEFT_OUT in shown
    assert "The article ends here." not in shown


# ---- cite


def test_a_citation_as_a_whole():
    assert views.cited(replace(EXCERPT, end=len(TIDE))) == (
        f"{TIDE}\n— Jane Roe\nInes Calder, “The harbour opens”, 10 September 2025, ¶ 1.\n"
        "https://margin-notes.example.org/harbour#:~:text="
        "Jane%20Roe%2C%20the%20harbour%20master%2C,and%20neither%20does%20the%20port.%E2%80%9D"
    )
    assert views.cited(replace(EXCERPT, start=5, end=8)).startswith("[…] Roe […]\n")
    bare = replace(HARBOUR, author=None, date=None, url=None)
    assert views.cited(replace(EXCERPT, article=bare), 5) == (
        "Jane […]\n— Jane Roe\n“The harbour opens”, undated, ¶ 1."
    )


@settings(max_examples=60)
@drawn(records(least=1))
def test_every_citation_is_within_the_limits_and_begins_with_the_words(case):
    one, _ = case
    view = views.cite_view(one, [UNREAD] * len(one.excerpts))
    check_view(view)
    check_literal(view["blocks"])
    ready = [p for b in view["blocks"] if b["type"] == "rich_text" for p in b["elements"]]
    assert len(ready) == len(one.excerpts)
    for part, reference in zip(ready, one.excerpts, strict=True):
        words = part["elements"][0]["text"]
        words = words.removeprefix("[…] ")
        assert words.startswith(reference.text) or reference.text.startswith(words.split(" […]\n")[0])


# ---- the reason


def test_the_reason_is_asked_for_and_read_back():
    view = views.reason_view("bcdfghjk")
    check_view(view)
    value = {"value": f" {'x' * 3000} "}
    sent = view | {"state": {"values": {views.REASON_BLOCK: {views.REASON: value}}}}
    assert views.reason_in(sent) == ("bcdfghjk", "x" * 2000)
    value["value"] = None
    assert views.reason_in(sent) == ("bcdfghjk", "")


# ---- why


def test_a_replay_as_a_whole():
    built = why(record(EXCERPT, created_at=1_757_500_000.0), {REFERENCE.place: HERE})
    assert built.text == (
        "Answer bcdfghjk, given on 10 September 2025 at 10:26 UTC.\n"
        "Asked: and Roe?\n"
        "Looked for: what did Roe say?\n"
        "About: Jane Roe\n"
        "Searched 4 articles, 10 September – 5 November 2025. That was 31 paragraphs, at generation 7.\n"
        "Decision: answered; confidence 0.88, where an answer needs 0.50 of 1.\n\n"
        "Jane Roe:\n"
        "Jane Roe, …\n"
        "— “The harbour opens”, by Ines Calder, 10 September 2025, paragraph 1\n"
        "Chosen for: Roe, said. Score 0.500. It stands in the column as shown."
    )
    assert built.blocks[0]["text"]["text"] == built.text.split("\n\n")[0]
    assert [b["type"] for b in built.blocks] == ["section", "rich_text", "context", "context"]


def test_a_replay_says_what_became_of_it():
    built = why(record(EXCERPT, removed_at=1.0, offset=3), {REFERENCE.place: Now(Fate.MOVED, HARBOUR, 4)})
    assert "This answer was removed." in built.text
    assert "after 3 excerpts" in built.text
    assert built.text.endswith(f"{Fate.MOVED.value} It is ¶ 4 now.")
    assert Fate.UNKNOWN.value in why(record(EXCERPT), {}).text


def test_an_unknown_id_is_said_to_be():
    assert "no answer with this id" in unknown_message(90).text


@settings(max_examples=60)
@drawn(st.one_of(records(), records(least=1)))
def test_every_replay_is_within_the_limits_and_inert(case):
    one, article = case
    built = why(one, places(one, {"a": article}.get))
    assert len(built.text) <= TEXT_LIMIT
    check_inert(built.text)
    check_literal(built.blocks)
    check_message({"text": built.text, "blocks": list(built.blocks)}, split=False)
    check_view(views.why_view(one, built))


# ---- the buttons, and sharing


def test_labels_and_what_screen_readers_say_are_within_the_limits():
    for label, spoken in (*buttons.LABELS.values(), buttons.HELPFUL, buttons.UNHELPFUL):
        assert 0 < len(label) <= 75 and 0 < len(spoken) <= 75
        assert label.isascii()


@pytest.mark.parametrize("length", range(1_300, 1_900, 25))
def test_the_text_of_a_shared_answer_has_room_for_who_shared_it(length):
    article = with_passages("x" * length)
    one = record(*[replace(EXCERPT, article=article, end=length)] * 2, asked="why " * 60)
    assert len(buttons.shared(one, "ada").text) <= TEXT_LIMIT


@settings(max_examples=60)
@drawn(st.one_of(records(), records(least=1)), st.text(max_size=30))
def test_every_answer_has_room_for_its_buttons_and_for_its_sharer(case, name):
    one, _ = case
    built = buttons.carrying(message(one.answer, spare=buttons.ROOM), one)
    shared = buttons.shared(one, name)
    for whole in (built, shared):
        assert size(whole.blocks) <= 9_000
        assert len(whole.text) <= TEXT_LIMIT
        check_inert(whole.text)
        check_literal(whole.blocks)
        check_message({"text": whole.text, "blocks": list(whole.blocks)}, split=False)
    users = [e for e in shared.blocks[0]["elements"][0]["elements"] if e["type"] != "text"]
    assert users == [{"type": "user", "user_id": "UADA"}]
