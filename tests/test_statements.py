"""The text that may be shown: statements whole and in one piece, sentences with what they point at."""

from __future__ import annotations

import pytest
from wordcolumn import WordCounts, column

from index.passage import Manner
from index.people import Person, Standing
from index.retriever import Retriever
from index.statements import LONGEST, naming, said_by, sentences_for
from index.store import Store

NOTES = """
The pier was closed. “Fares will rise,” Mara Quill said. “They must.” She added that the ferry was sound.
Gulls cried.

Tom Bask said that fares would fall. The ferry was painted red. It has been red since.
Mara Quill called it “a beauty”.
"""


@pytest.fixture(scope="module")
def retriever(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notes")
    column(folder, {"notes": NOTES})
    embedder = WordCounts()
    return Retriever(Store.open_existing(folder / "store"), embedder)


def said(retriever, *speakers, topic="", within=None):
    people = [Person(name=s, standing=Standing.SPEAKER, speakers=(s,)) for s in speakers]
    words = retriever.words(topic)
    return said_by(retriever, people, words, retriever.query(topic or "say"), within)


def texts(statements):
    return [s.passage.text[s.start : s.end] for s in statements]


def fitting(retriever, question, **how):
    ranked = retriever.retrieve(question)
    return sentences_for(ranked, retriever.words(question), **how)


def test_statements_that_follow_each_other_are_one(retriever):
    found = said(retriever, "Mara Quill")
    assert sorted(texts(found)) == [
        "Mara Quill called it “a beauty”.",
        "“Fares will rise,” Mara Quill said. “They must.” She added that the ferry was sound.",
    ]
    assert {s.utterance.speaker for s in found} == {"Mara Quill"}


def test_statements_of_several_people_stay_apart(retriever):
    found = said(retriever, "Mara Quill", "Tom Bask")
    assert len(found) == 3
    assert "Tom Bask said that fares would fall." in texts(found)


def test_the_statement_on_the_topic_comes_first(retriever):
    assert texts(said(retriever, "Mara Quill", topic="fares"))[0].startswith("“Fares will rise,”")
    assert texts(said(retriever, "Mara Quill", topic="a beauty"))[0] == "Mara Quill called it “a beauty”."


def test_without_a_topic_direct_speech_comes_first(retriever):
    first = said(retriever, "Mara Quill")[0]
    assert first.utterance.manner in (Manner.DIRECT, Manner.MIXED)
    assert texts([first])[0].startswith("“Fares will rise,”")


def test_nobody_has_no_statements(retriever):
    assert said(retriever) == []
    assert said(retriever, "Jo Tarn") == []
    assert said(retriever, "Mara Quill", within=[]) == []


def test_fit_is_a_share(retriever):
    for topic in ("", "fares", "nothing of that kind"):
        assert all(0 <= s.fit <= 1 for s in said(retriever, "Mara Quill", "Tom Bask", topic=topic))


def test_the_columnists_own_sentences_hold_no_speech(retriever):
    found = set(texts(fitting(retriever, "ferry red fares pier gulls", own=True)))
    assert found and found <= {
        "The pier was closed.",
        "Gulls cried.",
        "The ferry was painted red.",
        "The ferry was painted red. It has been red since.",
        "It has been red since.",
    }


def test_a_sentence_that_points_back_brings_what_it_points_at(retriever):
    shown = texts(fitting(retriever, "since when has the ferry been so red"))
    assert "The ferry was painted red. It has been red since." in shown


def test_a_mention_is_shown_as_the_sentence_that_holds_it(retriever):
    (ranked,) = [r for r in retriever.retrieve("Tom Bask fares") if r.passage.number == 2]
    assert texts([naming(ranked, "tom bask")]) == ["Tom Bask said that fares would fall."]


def test_statements_of_a_long_speech_are_joined_up_to_a_limit(tmp_path):
    sentences = [f"Mara Quill said that boat number {n} of the old fleet was sound." for n in range(30)]
    long = column(tmp_path, {"long": " ".join(sentences)})
    excerpts = long.ask("what did Mara Quill say?").excerpts
    assert excerpts
    assert sum(len(e.text) for e in excerpts) <= 1_000
    assert all(len(e.text) <= LONGEST and e.text.endswith("was sound.") for e in excerpts)
