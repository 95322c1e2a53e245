"""Follow-ups: the whole question that each means, after which answers; what is left as it was typed."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from bot.conversation import Turn, follow, is_meant, naming, says_stop, topic, with_choices
from bot.state import Kind, Reference, Request, given
from index.answer import Answer, Searched, Verdict
from index.passage import Article, Excerpt, Manner, Passage
from index.people import Person, Standing
from index.question import clean

REQUEST = Request(kind=Kind.MENTION, key="k", team="T", channel="C", user="U", text="", ts="1.1")
SEARCHED = Searched(articles=1, passages=1, first=date(2025, 9, 1), last=date(2025, 9, 1), generation=1)
WORDS = "“The hull is sound,” said Quill."
ARTICLE = Article(id="a1", name="ferry", title="Ferry", passages=(Passage(number=1, text=WORDS),))
SHOWN = Excerpt(
    article=ARTICLE, number=1, start=0, end=20, score=1.0, speaker="Mara Quill", manner=Manner.DIRECT
)

STANDING = {
    "bask": Standing.SPEAKER,
    "tom bask": Standing.SPEAKER,
    "herald": Standing.SPEAKER,
    "the herald": Standing.SPEAKER,
    "lind": Standing.MENTIONED,
    "skerry": Standing.MENTIONED,
    "ines calder": Standing.COLUMNIST,
    "zelig": Standing.UNKNOWN,
}


class Known:
    """Knows a few people; Vera Lind is mentioned in full, Skerry by that word alone."""

    def find(self, who):
        name = {"lind": "Vera Lind"}.get(who.casefold(), who)
        return [Person(name=name, standing=STANDING.get(who.casefold(), Standing.DESCRIBED))]


def after(question, subject=None, excerpts=(), id="one"):
    answer = Answer(
        question=question,
        verdict=Verdict.ANSWERED,
        excerpts=tuple(excerpts),
        searched=SEARCHED,
        confidence=1.0,
        subject=subject,
    )
    return given(id, REQUEST, answer, topic=topic(question, subject))


FERRY = after("What did Mara Quill say about the ferry?", "Mara Quill", [SHOWN])


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("and Bask?", "What did Bask say about the ferry?"),
        ("and bask", "What did bask say about the ferry?"),
        ("But what about Tom Bask??", "What did Tom Bask say about the ferry?"),
        ("ok and Bask, please", "What did Bask say about the ferry?"),
        ("and Zelig?", "What did Zelig say about the ferry?"),
        ("and Lind?", "What did Lind say about the ferry?"),
        ("and Skerry?", "What did Skerry say about the ferry?"),
        ("what about Skerry?", "What did Mara Quill say about Skerry?"),
        ("and Bask on gulls?", "What did Bask say about gulls?"),
        ("and the author?", "What does the author think about the ferry?"),
        ("what about the Herald one", "What did Mara Quill say about the ferry the Herald?"),
        ("what about the bridge?", "What did Mara Quill say about the bridge?"),
        ("and zelig?", "What did Mara Quill say about zelig?"),
        ("and the fares", "What did Mara Quill say about the fares?"),
        ("and about fares?", "What did Mara Quill say about fares?"),
        ("and in September?", "What did Mara Quill say in September?"),
        ("what did she say about gulls?", "what did Mara Quill say about gulls?"),
        ("and what did she say about Bask?", "and what did Mara Quill say about Bask?"),
        ("her words please", "Mara Quill's words please"),
        ("what is said about her?", "what is said about Mara Quill?"),
        ("what did people say about her on Monday?", "what did people say about Mara Quill on Monday?"),
        ("what did Bask say about it?", "what did Bask say about the ferry?"),
        ("why?", "Why did Mara Quill say that about the ferry?"),
        ("Are you sure?", FERRY.question),
        ("really?!", FERRY.question),
    ],
)
def test_a_follow_up_means_a_whole_question(typed, means):
    assert follow([FERRY], typed, Known()) == Turn(means)


@pytest.mark.parametrize(
    "whole",
    [
        "What did Tom Bask say about gulls?",
        "what did Bask say when he left?",
        "is Tom Bask sure that he was right?",
        "who said that the hull is sound?",
        "how slow is the ferry?",
        "gulls?",
        "thanks!",
        "",
    ],
)
def test_what_is_whole_by_itself_is_left_as_it_is(whole):
    assert follow([FERRY], whole, Known()) == Turn(whole)


@pytest.mark.parametrize(
    ("before", "typed", "means"),
    [
        (after("what did Quill say?", "Mara Quill"), "and Bask?", "What did Bask say?"),
        (after("what did Quill say?", "Mara Quill"), "why?", "Why did Mara Quill say that?"),
        (after("what is said about Quill?", "Mara Quill"), "and Bask?", "What is said about Bask?"),
        (after("where is Quill mentioned?", "Mara Quill"), "and Bask?", "Where is Bask mentioned?"),
        (after("who said that the hull is sound?"), "and the bridge?", "Who said anything about the bridge?"),
        (
            after("what does the author think about gulls?"),
            "and ferries?",
            "What does the columnist think about ferries?",
        ),
        (after("is the ferry slow?"), "what about the bridge?", "the bridge?"),
        (after("is the ferry slow?"), "why?", "is the ferry slow?"),
        (after("Quill on the ferry", "Mara Quill"), "and Bask?", "What did Bask say about the ferry?"),
        (after("quill ferry", "Mara Quill"), "and Bask?", "What did Bask say about ferry?"),
        (
            after("who said that the hull is sound?", None, [SHOWN]),
            "what did she say about gulls?",
            "what did Mara Quill say about gulls?",
        ),
    ],
)
def test_the_sense_of_the_earlier_question_is_kept(before, typed, means):
    assert follow([before], typed, Known()).question == means


@pytest.mark.parametrize(
    "typed", ["more", "More!", "any more?", "what else?", "go on", "show me more quotes", "and more"]
)
def test_more_asks_the_same_and_says_what_was_seen(typed):
    again = after(FERRY.question, "Mara Quill", [replace(SHOWN, start=21, end=32)], id="two")
    other = after("what did Bask say?", "Tom Bask", [replace(SHOWN, start=5, end=9)], id="three")
    seen = (("a1", 1, 0, 20), ("a1", 1, 21, 32))
    assert follow([other, FERRY, again], typed, Known()) == Turn(FERRY.question, seen)


def test_she_is_whoever_was_last_asked_about():
    bask = after("what did Bask say?", "Tom Bask")
    nobody = after("is the ferry slow?")
    assert (
        follow([FERRY, bask, nobody], "what did he say about gulls?").question
        == "what did Tom Bask say about gulls?"
    )


def test_without_anybody_who_knows_the_people_a_written_name_is_one():
    assert follow([FERRY], "and Bask?").question == "What did Bask say about the ferry?"
    assert follow([FERRY], "and bask?").question == "What did Mara Quill say about bask?"


def test_what_is_very_long_is_whole_by_itself_and_nobody_is_looked_up_for_it():
    class Nobody:
        def find(self, who):
            raise AssertionError(who)

    long = "And Bask said that he was late. " * 1_000
    assert follow([FERRY], long, Nobody()) == Turn(clean(long))
    assert is_meant(long) is False
    assert topic(long) == ""
    assert with_choices(long, {"bask": "Tom Bask"}) == long


@drawn(st.text(max_size=60) | st.sampled_from(["more", "and Bask?", "why?", "what did she say?"]))
def test_where_nothing_came_before_nothing_is_added(typed):
    assert follow([], typed, Known()) == Turn(clean(typed))


@drawn(st.text(max_size=80))
def test_whatever_is_typed_means_something_and_always_the_same(typed):
    assert follow([FERRY], typed, Known()) == follow([FERRY], typed, Known())
    assert is_meant(typed) in (True, False)


@drawn(
    st.sampled_from(["Bask", "Zelig", "gulls", "the bridge", "Vera Lind", "fares"]),
    st.sampled_from(["and {}?", "what about {}?"]),
)
def test_a_follow_up_that_was_spelled_out_is_left_as_it_is(about, form):
    once = follow([FERRY], form.format(about), Known()).question
    assert follow([FERRY], once, Known()) == Turn(once)


@pytest.mark.parametrize("meant", [
    "and Bask?", "more", "really?", "what about the bridge", "what did Bask say?", "how slow is the ferry?",
    "can you tell me what Bask said about gulls?", "are you sure?", "why?", "anything else?",
])  # fmt: skip
def test_questions_of_the_column_are_meant_for_the_bot(meant):
    assert is_meant(meant) is True


@pytest.mark.parametrize("talk", [
    "thanks!", "I think the ferry is late", "are you coming to lunch?", "no, that was Bask", "lol", "",
    "and then he fell over", "did you see that?", "shall we ask Bask?", ":wave:",
])  # fmt: skip
def test_talk_among_people_is_not(talk):
    assert is_meant(talk) is False


@pytest.mark.parametrize(("typed", "stop"), [
    ("stop", True), ("Stop!", True), ("please stop", True), ("be quiet now", True), ("stop it please", True),
    ("what did Bask say about the bus stop?", False), ("stop the ferry", False), ("", False),
])  # fmt: skip
def test_stop_is_the_whole_message(typed, stop):
    assert says_stop(typed) is stop


@pytest.mark.parametrize(
    ("asked", "settled"),
    [
        ("what did Marsh say?", "what did Pia Marsh say?"),
        ("What was Mr Marsh's reply?", "What was Mr Pia Marsh's reply?"),
        ("marsh??", "Pia Marsh??"),
        ("Marsh on fares", "Pia Marsh on fares"),
        ("what did Donald Marsh say?", "what did Donald Marsh say?"),
        ("what did Bask say about Marsh?", "what did Bask say about Marsh?"),
    ],
)
def test_a_choice_settles_a_bare_name_and_no_other(asked, settled):
    assert with_choices(asked, {"marsh": "Pia Marsh"}) == settled


def test_a_persons_name_is_put_in_letter_for_letter():
    assert naming("what did Roe say?", "roe", r"Jane \1 Roe") == r"what did Jane \1 Roe say?"


@pytest.mark.parametrize(
    ("question", "subject", "about"),
    [
        ("What did Quill say about the ferry?", "Mara Quill", "about the ferry"),
        ("what did quill say in september", "Mara Quill", "in september"),
        ("what did Quill say?", "Mara Quill", ""),
        ("Quill on the gulls", "Mara Quill", "about the gulls"),
        ("who said that the hull is sound?", None, "about the hull is sound"),
        ("what is said about Quill?", "Mara Quill", ""),
        ("is the ferry slow?", None, "about ferry slow"),
        ("Why did Mara Quill say that about the ferry?", "Mara Quill", "about the ferry"),
    ],
)
def test_the_topic_of_a_question(question, subject, about):
    assert topic(question, subject) == about


def test_a_reference_is_where_it_was_seen():
    assert Reference.from_excerpt(SHOWN).place == ("a1", 1, 0, 20)
