"""Questions as people type them: in which sense, of whom, about what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.question import (
    Sense,
    clean,
    content_words,
    on_whom,
    parts,
    topic_words,
    understand,
)


def defect(*case, reason):
    """A case that ought to hold and does not yet."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason=reason))


def asked(question):
    """The sense, whom it is asked of, and the words that carry the topic."""
    q = understand(question)
    return q.sense, q.who, content_words(q.topic)


WORDS_OF_TUSK = """
what did Tusk say?
WHAT DID TUSK SAY
what did tusk say????
What exactly did Tusk say?
what did tusk really say
so what did tusk actually say about that
what has Tusk said?
what does Tusk think?
what did Tusk promise?
Can you tell me what Tusk said?
can u pls tell me what tusk said
I want to know what Tusk said
hey @pullquote what did tusk say thanks!
<@U123ABC> what did tusk say?
*what did tusk say*
what did _Tusk_ say
what did "Tusk" say
what did tusk say? :thinking_face:
tusk quotes
quotes from tusk
any comment from tusk?
did Tusk say anything?
has tusk said anything
""".strip().splitlines()


@pytest.mark.parametrize(
    "question",
    [
        *WORDS_OF_TUSK,
        "give me everything tusk said",
        "what'd tusk say",
        "whatd tusk say",
        "wat did tusk say",
    ],
)
def test_questions_for_somebodys_words_on_anything(question):
    assert asked(question) == (Sense.SAID, "tusk", [])


@pytest.mark.parametrize(
    ("question", "who", "topic"),
    [
        ("What did Tusk say about drones?", "tusk", ["drones"]),
        ("what did tusk say about the drones over poland", "tusk", ["drones", "over", "poland"]),
        ("what has Rubio argued about the strike", "rubio", ["strike"]),
        ("how did tusk respond to trump", "tusk", ["trump"]),
        ("did putin comment on the drones", "putin", ["drones"]),
        ("Tusk's reaction to Trump?", "tusk", ["trump"]),
        ("what happened, according to Rutte", "rutte", ["happened"]),
        ("how long did it take, according to Macron?", "macron", ["long", "take"]),
        ("what did ursula von der leyen say about energy", "ursula von der leyen", ["energy"]),
        ("what did O’Neill say about fares?", "o'neill", ["fares"]),
        ("what did King say about the bridge", "king", ["bridge"]),
        ("what did Trump and Tusk say about drones", "trump and tusk", ["drones"]),
        ("what did the Polish prime minister say about it", "the polish prime minister", []),
        ("what did a spokesman for Tusk say?", "a spokesman for tusk", []),
        ("what did the Guardian report about Sikorski", "the guardian", ["sikorski"]),
        ("what did May say about fares?", "may", ["fares"]),
        ("give me a quote by Tusk on drones", "tusk", ["drones"]),
        ("any word from Rutte on drones?", "rutte", ["drones"]),
        ("what did tusk say about war, please?", "tusk", ["war"]),
        ("how many drones did Tusk say there were?", "tusk", ["drones"]),
    ],
)
def test_questions_for_somebodys_words_on_a_topic(question, who, topic):
    sense, named, words = asked(question)
    assert (sense, named) == (Sense.SAID, who)
    assert set(topic) - set(words) <= {"over"} and set(words) <= {*topic, "many"}


def test_a_second_question_is_not_the_first_ones_topic():
    assert asked("what did Tusk say, and what does the author make of it?")[1:] == ("tusk", [])


@pytest.mark.parametrize(
    "question",
    [
        "what does the author think of Tusk?",
        "What does the columnist make of Tusk's speech?",
        "what's the author's view on drones",
        "what did the writer say about the bridge",
    ],
)
def test_questions_for_the_columnists_own_view(question):
    assert understand(question).sense is Sense.THINKS


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("who said the thing was reckless?", "the thing was reckless"),
        ("Who said “absolutely reckless”?", "absolutely reckless"),
        ("who first said it was a mistake", "it was a mistake"),
        ("who claimed that the ferry would sail", "the ferry would sail"),
        ('whose words are "every inch"?', "every inch"),
        ("who called it “absolutely reckless”?", "absolutely reckless"),
    ],
)
def test_questions_for_the_speaker_of_some_words(question, quoted):
    q = understand(question)
    assert q.sense is Sense.WHO_SAID
    assert q.quoted.endswith(quoted)


@pytest.mark.parametrize(
    "question",
    [
        "what's our PTO policy?",
        "how many drones were there?",
        "what happened in Wyryki?",
        "who is Tusk?",
        "what does the column say about drones",
        "what did it say about that",
        "why is the sky blue",
        "Tell me about Tusk",
        "tusk??",
        "tusk drones",
        "?",
        "",
        "who wrote this column?",
    ],
)
def test_questions_that_ask_nobody_in_particular(question):
    q = understand(question)
    assert (q.sense, q.who) == (Sense.ANY, "")


@pytest.mark.parametrize(
    "question", ["what did anyone say about drones?", "what did people say about drones?"]
)
def test_anyone_is_nobodys_name(question):
    assert understand(question).who == ""


@pytest.mark.parametrize(
    "question", ["what didn't Tusk say?", "what did Tusk not say?", "what should Tusk say"]
)
def test_helping_verbs_are_no_part_of_a_name(question):
    assert understand(question).who in ("", "tusk")


def test_slacks_trimmings_are_taken_off():
    typed = "<@U1>  what did <https://example.org/t|Tusk> say :wave: in *bold* and `code`?"
    assert clean(typed) == "what did Tusk say in bold and code?"


def test_content_words_are_folded_and_each_comes_once():
    assert content_words("Did the Drones’ drones, Łódź’s own DRONES, reach Łódź?") == [
        "drones",
        "lodz",
        "own",
        "reach",
    ]


ENDINGS = st.sampled_from(["", "?", "??", "!", ".", " ?", "?!", "…?"])
CASES = st.sampled_from([str, str.lower, str.upper, str.title])


@given(
    st.sampled_from(
        [
            *(q for q in WORDS_OF_TUSK if "thanks" not in q and ":" not in q),
            "who said it was over",
            "what does the author think of war",
            "tusk war",
        ]
    ),
    CASES,
    ENDINGS,
)
def test_case_and_ending_make_no_difference(question, case, ending):
    bare = question.rstrip("?!. ")
    first, second = understand(bare), understand(case(bare) + ending.replace("…", ""))
    assert (second.sense, second.who, content_words(second.topic)) == (
        first.sense,
        first.who,
        content_words(first.topic),
    )


@pytest.mark.parametrize(
    "question",
    [
        "Please tell me about the war",
        "Hey, tell me about the war",
    ],
)
def test_politeness_is_no_topic_in_any_case(question):
    assert asked(question) == asked(question.lower()) == (Sense.ANY, "", ["war"])


@given(st.text(max_size=200))
def test_anything_at_all_can_be_typed(typed):
    q = understand(typed)
    assert q == understand(typed)
    assert q.text == clean(typed)


@pytest.mark.parametrize(
    ("question", "sense", "who"),
    [
        ("where is Quill mentioned?", Sense.MENTIONED, "quill"),
        ("which articles mention Mara Quill", Sense.MENTIONED, "mara quill"),
        ("does the column ever mention quill?", Sense.MENTIONED, "quill"),
        ("is Quill mentioned anywhere?", Sense.MENTIONED, "quill"),
        ("mentions of quill", Sense.MENTIONED, "quill"),
        ("what is said about Quill?", Sense.ABOUT, "quill"),
        ("what's been written about quill", Sense.ABOUT, "quill"),
        ("on what grounds did Quill reject the bridge?", Sense.SAID, "quill"),
        ("who won, in Quill's opinion?", Sense.SAID, "quill"),
        ("in quill's view, who won", Sense.SAID, "quill"),
        ("what did the Secretary of State say?", Sense.SAID, "the secretary of state"),
        ("what did Quill and Bask each say about tea", Sense.SAID, "quill and bask"),
    ],
)
def test_what_is_asked_of_whom(question, sense, who):
    found = understand(question)
    assert (found.sense, found.who) == (sense, who)


@pytest.mark.parametrize(
    "question",
    [
        "“The pier will float for ever.” whose words are these?",
        'who said it: "The pier will float for ever."',
        "‘The pier will float for ever’ - who said this",
    ],
)
def test_a_pasted_quotation_asks_for_its_speaker(question):
    found = understand(question)
    assert (found.sense, found.quoted) == (Sense.WHO_SAID, "the pier will float for ever")


def test_a_name_on_a_topic_asks_for_that_persons_words():
    assert on_whom(understand("quill on the ferry")) == ("quill", "the ferry")
    assert on_whom(understand("mara quill re: ferries")) == ("mara quill", "ferries")


@pytest.mark.parametrize(
    ("typed", "parts_of_it"),
    [
        ("what did Quill say and what did he ask?", ["what did Quill say", "what did quill ask"]),
        (
            "what did Quill say about tea? and about coffee?",
            ["what did Quill say about tea", "what did quill say about coffee"],
        ),
        ("quill on tea AND bask on coffee", ["quill on tea", "bask on coffee"]),
        (
            "which two islands lost ferries, and which town bought pontoons?",
            ["which two islands lost ferries", "which town bought pontoons?"],
        ),
        (
            "does Quill buy the story? need the exact quote",
            ["does Quill buy the story? need the exact quote"],
        ),
        ("bread and butter", ["bread and butter"]),
    ],
)
def test_questions_in_one_breath_are_told_apart(typed, parts_of_it):
    assert [x.rstrip("?") for x in parts(typed)] == [x.rstrip("?") for x in parts_of_it]


def test_what_asks_for_words_is_no_topic():
    assert content_words(topic_words("the exact quote about tea, please")) == ["tea"]
