"""Answers over a real store: whose words are shown, which no is given, and what never changes."""

from __future__ import annotations

import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wordcolumn import WordCounts, column

from index import evaluate
from index.answer import Answerer, Verdict
from index.passage import Article, Manner
from index.people import People
from index.retriever import Retriever
from index.sources import read
from index.store import Store
from index.sync import sync

HERE = Path(__file__).parent
SAMPLES, ASKED = HERE.parent / "samples", HERE / "questions.jsonl"
NINETEEN = "2025-09-14-nineteen-times"

FERRY = """
Mara Quill, the harbour master, said on Monday that the ferry would sail. “The hull is sound,” she added.

A spokesman for Tom Bask said that the islanders deserved a bridge. Bask himself stayed at home.

Jo Tarn called the timetable “a work of fiction”. Pia Marsh said that fares would rise.

I think that the bridge is a fantasy. The ferry is slow, but it floats.
"""
BRIDGE = """
Donald Marsh said that the bridge would cost nine million crowns. Vera Lind was in the room.

Nobody asked Vera Lind about the bridge. “It will be built,” Marsh promised.

According to the Skerry Herald, Olaf Brandt said that the pylons were crooked.
"""


@pytest.fixture(scope="module")
def skerry(tmp_path_factory):
    return column(tmp_path_factory.mktemp("skerry"), {"ferry": FERRY, "bridge": BRIDGE})


def defect(*case, reason):
    """A case that ought to hold and does not yet."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason=reason))


def shown(answer):
    return [(e.speaker, e.text) for e in answer.excerpts]


QUILL = (
    "Mara Quill",
    "Mara Quill, the harbour master, said on Monday that the ferry would sail. "
    "“The hull is sound,” she added.",
)


@pytest.mark.parametrize(
    ("question", "excerpts"),
    [
        ("What did Mara Quill say?", [QUILL]),
        ("quill??", [QUILL]),
        ("quill ferry", [QUILL]),
        ("what did quill say about the ferry, please", [QUILL]),
        ("what did pia marsh say", [("Pia Marsh", "Pia Marsh said that fares would rise.")]),
        (
            "what did Donald Marsh say?",
            [
                ("Donald Marsh", "“It will be built,” Marsh promised."),
                ("Donald Marsh", "Donald Marsh said that the bridge would cost nine million crowns."),
            ],
        ),
        (
            "what did donald marsh say about the cost of the bridge",
            [("Donald Marsh", "Donald Marsh said that the bridge would cost nine million crowns.")],
        ),
        (
            "what did Olaf Brandt say?",
            [
                (
                    "Olaf Brandt",
                    "According to the Skerry Herald, Olaf Brandt said that the pylons were crooked.",
                )
            ],
        ),
        (
            "what did tarn and quill say",
            [("Jo Tarn", "Jo Tarn called the timetable “a work of fiction”."), QUILL],
        ),
        ("give me everything quill said", [QUILL]),
    ],
)
def test_somebodys_words_are_shown_whole_and_nobody_elses(skerry, question, excerpts):
    answer = skerry.ask(question)
    assert answer.verdict is Verdict.ANSWERED
    assert sorted(shown(answer)) == sorted(excerpts)


def test_what_was_seen_is_not_shown_again_and_when_all_was_nothing_is(skerry):
    question = "what did Donald Marsh say?"
    first, second = skerry.ask(question).excerpts
    places = [(e.article.id, e.number, e.start, e.end) for e in (first, second)]
    assert skerry.ask(question, seen=places[:1]).excerpts == (second,)
    rest = skerry.ask(question, seen=places)
    assert (rest.verdict, rest.excerpts) == (Verdict.ANSWERED, ())


@pytest.mark.parametrize(
    ("question", "candidates"),
    [
        ("what did Marsh say?", {"Donald Marsh", "Pia Marsh"}),
        ("marsh on the bridge", {"Donald Marsh", "Pia Marsh"}),
        ("what did Donald Marsh say?", set()),
        ("what did Quill and Tarn say?", set()),
        ("what did Quill say?", set()),
        ("how much does the bridge cost?", set()),
    ],
)
def test_of_people_of_one_name_the_asker_may_choose(skerry, question, candidates):
    assert set(skerry.ask(question).candidates) == candidates


def test_those_who_are_asked_for_are_found_by_what_they_are_called(skerry):
    assert [p.name for p in skerry.find("marsh")] == ["Donald Marsh", "Pia Marsh"]
    assert [p.name for p in skerry.find("quill")] == ["Mara Quill"]


def test_the_chain_and_the_manner_stand_on_the_excerpt(skerry):
    (brandt,) = skerry.ask("what did Olaf Brandt say?").excerpts
    assert (brandt.via, brandt.manner) == (("Skerry Herald",), Manner.INDIRECT)
    assert (brandt.article.name, brandt.number) == ("bridge", 3)
    (tarn,) = skerry.ask("what did Jo Tarn say?").excerpts
    assert (tarn.via, tarn.manner) in [((), Manner.FRAGMENT), ((), Manner.MIXED)]


@pytest.mark.parametrize(
    ("question", "speaker", "words"),
    [
        ("who said the hull is sound?", "Mara Quill", "“The hull is sound,” she added."),
        (
            "who called the timetable a work of fiction",
            "Jo Tarn",
            "Jo Tarn called the timetable “a work of fiction”.",
        ),
        ("Who said “fares would rise”?", "Pia Marsh", "Pia Marsh said that fares would rise."),
    ],
)
def test_who_said_something_is_told_by_the_label(skerry, question, speaker, words):
    answer = skerry.ask(question)
    assert answer.verdict is Verdict.ANSWERED
    first = answer.excerpts[0]
    assert first.speaker == speaker
    assert words in first.text


def test_a_fact_is_answered_by_its_sentence(skerry):
    answer = skerry.ask("how much will the bridge cost?")
    assert answer.verdict is Verdict.ANSWERED
    assert answer.excerpts[0].text == "Donald Marsh said that the bridge would cost nine million crowns."


@pytest.mark.parametrize(
    "question",
    [
        "what does the author think of the bridge?",
        "what does the columnist think about the bridge",
        "what does ines calder think of the bridge",
    ],
)
def test_the_columnists_view_is_the_columnists_own_sentence(skerry, question):
    answer = skerry.ask(question)
    assert answer.verdict is Verdict.ANSWERED
    assert shown(answer) == [(None, "I think that the bridge is a fantasy.")]


@pytest.mark.parametrize(
    "question",
    [
        "what does the author think of the ferry?",
        "what does the author think of fares",
        "what does the author say about the pylons?",
        "what does ines calder think of the hull",
        "the author's opinion on the timetable",
    ],
)
def test_the_columnists_view_is_never_a_quotation(skerry, question):
    for excerpt in skerry.ask(question).excerpts:
        assert excerpt.speaker is None
        assert not any(u.start < excerpt.end and excerpt.start < u.end for u in excerpt.passage.utterances)


def test_whoever_is_quoted_on_something_else_is_quoted_but_not_on_this(skerry):
    answer = skerry.ask("what did Mara Quill say about crooked pylons?")
    assert (answer.verdict, answer.subject) == (Verdict.NOT_ON_THIS, "Mara Quill")
    assert shown(answer) == [QUILL]


@pytest.mark.parametrize("question", ["what did Vera Lind say?", "did lind say anything about the bridge"])
def test_whoever_is_only_mentioned_is_shown_where_and_never_as_a_speaker(skerry, question):
    answer = skerry.ask(question)
    assert answer.verdict is Verdict.NEVER_QUOTED
    assert {e.text for e in answer.excerpts} == {
        "Vera Lind was in the room.",
        "Nobody asked Vera Lind about the bridge.",
    }
    assert all(e.speaker is None for e in answer.excerpts)


@pytest.mark.parametrize("question", ["what did Tom Bask say?", "what did bask say about a bridge"])
def test_a_spokesmans_words_are_not_his_masters(skerry, question):
    answer = skerry.ask(question)
    assert answer.verdict is not Verdict.ANSWERED
    assert "Tom Bask" not in [e.speaker for e in answer.excerpts]


def test_a_stranger_is_never_mentioned(skerry):
    answer = skerry.ask("what did Obama say about the ferry?")
    assert (answer.verdict, answer.subject, answer.excerpts) == (Verdict.NEVER_MENTIONED, "obama", ())


def test_a_stranger_of_a_long_name_is_never_mentioned(tmp_path):
    late = column(tmp_path, {"late": "Mara Quill said that the ferry was late."})
    assert late.ask("what did Ursula von der Leyen say?").verdict is Verdict.NEVER_MENTIONED


def test_a_near_name_is_suggested(skerry):
    answer = skerry.ask("what did quil say?")
    assert answer.verdict is Verdict.ANSWERED or answer.suggestions == ("Mara Quill",)


@pytest.mark.parametrize(
    "question",
    [
        "what is our PTO policy?",
        "how do I reset my password",
        "who won the world cup in 1998",
        "???",
        "",
    ],
)
def test_what_is_not_in_the_column_is_not_said(skerry, question):
    answer = skerry.ask(question)
    assert answer.verdict is Verdict.SILENT
    assert answer.confidence < 0.5


def test_whoever_is_quoted_on_something_else_is_said_to_be_quoted_on_what(skerry):
    answer = skerry.ask("what did Pia Marsh say about crooked pylons?")
    assert (answer.verdict, answer.topics) == (Verdict.NOT_ON_THIS, ("fares", "rise"))


def test_where_somebody_is_mentioned_is_an_answer(skerry):
    answer = skerry.ask("where is Vera Lind mentioned?")
    assert answer.verdict is Verdict.ANSWERED
    assert {e.number for e in answer.excerpts} == {1, 2}
    assert skerry.ask("where is Obama mentioned?").verdict is Verdict.NEVER_MENTIONED


def test_what_is_said_about_somebody_is_said_by_others(tmp_path):
    texts = {"pier": "Mara Quill said that Tom Bask had lied. Tom Bask said that Quill was late."}
    answer = column(tmp_path, texts).ask("what is said about Tom Bask?")
    assert shown(answer) == [("Mara Quill", "Mara Quill said that Tom Bask had lied.")]


def test_words_that_are_pasted_in_are_answered_only_by_whoever_said_them(skerry):
    words = "“It will be built”"
    assert skerry.ask(f"what did Marsh mean by {words}?").verdict is Verdict.ANSWERED
    other = skerry.ask(f"what did Quill mean by {words}?")
    assert other.verdict is Verdict.NOT_ON_THIS
    assert {e.speaker for e in other.excerpts} == {"Mara Quill"}
    (quoted,) = skerry.ask(f"{words} whose words are these?").excerpts
    assert quoted.speaker == "Donald Marsh"


@pytest.mark.parametrize("who", ["the islanders", "vera lind's office", "the harbour pilots"])
def test_whoever_is_only_described_is_never_answered_with_somebody_elses_words(skerry, who):
    answer = skerry.ask(f"what did {who} say about the bridge?")
    assert answer.verdict is not Verdict.ANSWERED


def test_a_part_without_an_answer_is_named(skerry):
    answer = skerry.ask("what did Quill say about the hull and what did Obama say about tea?")
    assert answer.verdict is Verdict.ANSWERED
    assert answer.unanswered == ("what did Obama say about tea?",)
    assert {e.speaker for e in answer.excerpts} == {"Mara Quill"}


def test_the_columnist_and_another_are_both_asked(tmp_path):
    texts = {"a": "Mara Quill said that the ferry was late. The late ferry is, I think, a ferry of fools."}
    answer = column(tmp_path, texts).ask("what do Ines Calder and Mara Quill each say about the late ferry?")
    assert {e.speaker for e in answer.excerpts} == {None, "Mara Quill"}


def test_a_slip_in_a_name_is_mended_in_a_topic_too(tmp_path):
    texts = {"north": "Mara Quill said that Spitsbergen was cold. The ferry was warm."}
    answer = column(tmp_path, texts).ask("what did quill say about spitsbergn")
    assert shown(answer) == [("Mara Quill", "Mara Quill said that Spitsbergen was cold.")]


def test_the_same_words_are_shown_once(tmp_path):
    twice = column(tmp_path, {"a": "Mara Quill said it would rain.\n\nMara Quill said it would rain."})
    assert len(twice.ask("what did Quill say?").excerpts) == 1


def test_of_two_in_one_sentence_each_has_the_own_part(tmp_path):
    texts = {"a": "Mara Quill said that the ferry was late; Tom Bask said that the bridge was crooked."}
    answer = column(tmp_path, texts).ask("who said that the bridge was crooked?")
    assert shown(answer) == [("Tom Bask", "Tom Bask said that the bridge was crooked.")]


def test_a_statement_that_names_its_speaker_in_full_comes_first(tmp_path):
    texts = {"a": "“It floats,” she said.\n\n“It sinks,” Quill said.\n\nMara Quill, a pilot, said it leaked."}
    first = column(tmp_path, texts).ask("what did Mara Quill say?").excerpts[0]
    assert first.text == "Mara Quill, a pilot, said it leaked."


def test_anyone_is_never_said_to_be_unmentioned(skerry):
    assert skerry.ask("what did anyone say about the bridge?").verdict is Verdict.ANSWERED


def test_words_of_two_people_asked_for_together_stay_apart(tmp_path):
    text = "Mara Quill said that the ferry was late. Tom Bask said that it was early."
    answer = column(tmp_path, {"late": text}).ask("what did Quill and Bask say?")
    assert sorted(shown(answer)) == [
        ("Mara Quill", "Mara Quill said that the ferry was late."),
        ("Tom Bask", "Tom Bask said that it was early."),
    ]


def test_whoever_is_described_and_silent_is_not_answered_by_what_they_do(tmp_path):
    text = "The archbishop knocked on the doors of the chapel. Mara Quill said that the ferry was late."
    answer = column(tmp_path, {"doors": text}).ask("what did the archbishop say?")
    assert answer.verdict is not Verdict.ANSWERED


@pytest.mark.parametrize(
    "question",
    [
        "what did she say about it?",
        "what else did he say",
    ],
)
def test_a_bare_pronoun_names_nobody(skerry, question):
    answer = skerry.ask(question)
    assert (answer.verdict, answer.subject) == (Verdict.SILENT, None)


def test_two_people_of_one_surname_keep_their_labels(skerry):
    found = shown(skerry.ask("what did marsh say?"))
    assert ("Pia Marsh", "Pia Marsh said that fares would rise.") in found
    assert {speaker for speaker, _ in found} == {"Donald Marsh", "Pia Marsh"}


def test_an_answer_tells_what_was_searched(skerry):
    searched = skerry.ask("what did quill say?").searched
    assert (searched.articles, searched.passages) == (2, 7)
    assert (str(searched.first), str(searched.last)) == ("2025-09-27", "2025-09-28")


def test_a_question_of_one_article_is_not_answered_from_another(skerry):
    bridge = skerry.article_ids()["bridge"]
    answer = skerry.ask("what did Mara Quill say?", within=[bridge])
    assert answer.verdict is not Verdict.ANSWERED
    assert {e.article.name for e in answer.excerpts} <= {"bridge"}
    assert {name for name, _ in answer.ranked} <= {"bridge"}
    assert skerry.ask("what did Donald Marsh say?", within=[bridge]).verdict is Verdict.ANSWERED


@pytest.mark.parametrize(
    ("question", "most"), [("what did Quill say?", 5), ("what did Quill say about when we sail?", 3)]
)
def test_an_answer_shows_five_statements_of_a_person_and_three_on_a_topic(tmp_path, question, most):
    paragraphs = [f"“We sail at {hour},” Mara Quill said. Gulls cried." for hour in range(1, 8)]
    answer = column(tmp_path, {"hours": "\n\n".join(paragraphs)}).ask(question)
    assert [e.text for e in answer.excerpts] == [
        f"“We sail at {n},” Mara Quill said." for n in range(1, most + 1)
    ]


def test_a_column_of_nothing_does_not_say(tmp_path):
    empty = column(tmp_path, {})
    assert empty.ask("what did Quill say?").verdict is Verdict.NEVER_MENTIONED
    assert empty.ask("what is the weather?").verdict is Verdict.SILENT


# ---- always

QUESTIONS = [
    "what did Mara Quill say",
    "what did Donald Marsh say about the bridge",
    "what did Vera Lind say",
    "what did Tom Bask say",
    "what did Obama say",
    "who said the hull is sound",
    "what does the author think of the bridge",
    "how much will the bridge cost",
    "what is our PTO policy",
    "quill ferry",
    "marsh",
]
ENDINGS = ["", "?", "??", ".", "!", " ?", "?!"]


@settings(max_examples=60)
@given(
    question=st.sampled_from(QUESTIONS),
    case=st.sampled_from([str, str.lower, str.upper, str.title]),
    ending=st.sampled_from(ENDINGS),
)
def test_the_answer_is_the_same_however_it_is_typed_and_asked_again(skerry, question, case, ending):
    first, again = skerry.ask(question), skerry.ask(case(question) + ending)
    assert (again.verdict, again.excerpts, again.confidence) == (
        first.verdict,
        first.excerpts,
        first.confidence,
    )


SPEAKERS = ["Mara Quill", "Tom Bask", "Łukasz Żak", "Ludwig van Dahl", "Finbar O’Neill"]
TOPICS = ["the ferry was late", "fares would rise", "the pier “needed paint”", "nobody had been hurt"]
FRAMES = [
    "{who} said that {what}.",
    "{who} told {other} that {what}.",
    "“I know that this is so,” said {who}. “And {other} knows it.”",
    "A spokesman for {who} said that {what}.",
    "According to the Skerry Herald, {who} warned that {what}.",
    "{other} asked {who} whether {what}.",
    "{who} has not said whether {what}.",
    "I think that {what}, whatever {who} does.",
    "{who} said that {what}, but {other} said that it was not so.",
]
frames = st.tuples(
    st.sampled_from(FRAMES), st.sampled_from(SPEAKERS), st.sampled_from(SPEAKERS), st.sampled_from(TOPICS)
)


@settings(max_examples=20)
@given(st.lists(st.lists(frames, min_size=1, max_size=3), min_size=1, max_size=4), st.sampled_from(SPEAKERS))
def test_whoever_is_asked_about_only_their_own_reported_words_are_shown(report, asked):
    paragraphs = [
        " ".join(frame.format(who=who, other=other, what=what) for frame, who, other, what in paragraph)
        for paragraph in report
    ]
    with tempfile.TemporaryDirectory() as folder:
        answerer = column(Path(folder), {"report": "\n\n".join(paragraphs)})
        for question in (f"what did {asked} say?", f"what did {asked} say about the ferry?"):
            answer = answerer.ask(question)
            assert len(answer.excerpts) <= 5
            for e in answer.excerpts:
                assert e.text == e.passage.text[e.start : e.end]
                assert e.text.count("“") == e.text.count("”")
                if answer.verdict in (Verdict.ANSWERED, Verdict.NOT_ON_THIS):
                    assert e.speaker == asked
                    assert asked in e.text
                    own = [u for u in e.passage.utterances if u.speaker == asked]
                    assert any(u.start <= e.start < u.end for u in own)
                    assert any(u.start < e.end <= u.end for u in own)
                else:
                    assert e.speaker is None or answer.verdict is Verdict.SILENT


# ---- the real model, on the sample articles


@pytest.fixture(scope="module")
def samples(tmp_path_factory, embedder):
    store = Store.open(tmp_path_factory.mktemp("samples"), embedder.model_id, embedder.dimension)
    sync(store, embedder, [str(SAMPLES)])
    return Answerer(Retriever(store, embedder))


@pytest.mark.model
def test_what_did_tusk_say_brings_tusks_words_and_their_place(samples):
    answer = samples.ask("what did Tusk say?")
    assert (answer.verdict, answer.subject) == (Verdict.ANSWERED, "Donald Tusk")
    assert {(e.speaker, e.article.name) for e in answer.excerpts} == {("Donald Tusk", NINETEEN)}
    assert {e.number for e in answer.excerpts} <= {2, 4}
    assert any("“open conflict” since the Second World War" in e.text for e in answer.excerpts)


@pytest.mark.model
@pytest.mark.parametrize("question", ["what's our PTO policy?", "How do I reset my password?"])
def test_what_the_samples_are_not_about_they_do_not_say(samples, question):
    assert samples.ask(question).verdict is Verdict.SILENT


@pytest.mark.model
def test_whoever_is_silent_in_the_samples_is_mentioned_but_never_quoted(samples):
    answer = samples.ask("what did Putin say?")
    assert answer.verdict is Verdict.NEVER_QUOTED
    assert answer.subject in ("Putin", "Vladimir Putin")
    (excerpt,) = answer.excerpts
    assert (excerpt.speaker, excerpt.number) == (None, 7)
    assert "Vladimir Putin" in excerpt.text


@pytest.mark.model
def test_a_speaker_of_the_samples_on_another_topic_is_quoted_but_not_on_this(samples):
    answer = samples.ask("What did Kaja Kallas say about Notre-Dame?")
    assert (answer.verdict, answer.subject) == (Verdict.NOT_ON_THIS, "Kaja Kallas")


def test_the_gold_spans_of_the_questions_are_the_needed_words():
    articles = {a.name: a for a in read(str(SAMPLES)) if isinstance(a, Article)}
    for question in map(json.loads, ASKED.read_text().splitlines()):
        assert question["answerable"] == bool(question["gold"]) == bool(question["answers"])
        words = []
        for gold in question["gold"]:
            text = articles[gold["article"]].passages[gold["paragraph"] - 1].text
            words += [text[start:end] for start, end in gold["spans"]]
        assert sorted(words) == sorted(question["answers"]), question["id"]


@pytest.fixture(scope="module")
def scores(samples):
    return evaluate.run(samples, evaluate.load(ASKED))


@pytest.mark.model
def test_the_questions_about_the_samples_are_answered_as_well_as_before(scores):
    ranks = [s.rank for s in scores if s.case.answerable]
    assert (len(scores), len(ranks)) == (51, 36)
    assert sum(r == 1 for r in ranks) / len(ranks) >= 0.86
    assert sum(s.right for s in scores) / len(scores) >= 0.68
    assert all(s.right for s in scores if s.case.kind == "negative_unanswerable")


@pytest.mark.model
def test_whoever_is_asked_for_nobody_elses_words_are_the_answer(scores):
    asked = [s for s in scores if s.case.speaker and not s.case.who_said]
    for s in (s for s in asked if s.answer.verdict is Verdict.ANSWERED):
        assert {e.speaker for e in s.answer.excerpts} == {s.case.speaker}, s.case.question


@pytest.mark.model
def test_every_excerpt_is_verbatim_and_well_cut(scores):
    assert all(len(s.answer.excerpts) <= 3 for s in scores)
    for e in (e for s in scores for e in s.answer.excerpts):
        assert e.text == e.passage.text[e.start : e.end] == e.text.strip()
        assert e.text.count("“") == e.text.count("”"), e.text


@pytest.mark.model
def test_why_people_want_something_asks_for_no_words(samples):
    answer = samples.ask("why do astronomers want the telescope renamed?")
    assert answer.verdict in (Verdict.ANSWERED, Verdict.SILENT)


def test_after_warming_nobody_waits_until_it_is_known_who_is_who(tmp_path: Path) -> None:
    class Noting(Store):
        asked = 0

        def names(self):
            self.asked += 1
            return super().names()

    column(tmp_path, {"ferry": FERRY})
    with Noting.open_existing(tmp_path / "store") as store:
        answerer = Answerer(Retriever(store, WordCounts()))
        answerer.warm()
        assert store.asked == 1
        assert answerer.ask("What did Quill say?").verdict is Verdict.ANSWERED
        assert store.asked == 1


def test_who_is_who_is_told_once_however_many_ask_at_once(skerry, monkeypatch):
    made, second = [], threading.Event()

    def slowly(*given, **more):
        made.append(given)
        if len(made) == 1:
            second.wait(0.3)  # for another that does the same meanwhile
        else:
            second.set()
        return People(*given, **more)

    monkeypatch.setattr("index.answer.People", slowly)
    fresh = Answerer(skerry._retriever)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(fresh.ask, ["What did Quill say?"] * 3))
    assert len(made) == 1
    assert shown(answers[0]) == shown(answers[1]) == shown(answers[2]) != []
