"""The export of what people judged: each line is a question that the evaluation reads."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import HARBOUR, TIDE
from hypothesis import given as drawn
from hypothesis import strategies as st

from bot.export import FILL_IN, RIGHT, RIGHTLY_REFUSED, WRONG, export
from bot.state import Judged, Kind, Memory, Opinion, Request, given
from index.answer import Answer, Searched, Verdict
from index.evaluate import Place, load
from index.passage import Excerpt

ROOT = Path(__file__).parent.parent
ASKED = Request(kind=Kind.COMMAND, key="1", team="T1", channel="C1", user="UADA", text="and the tide?")
SEARCHED = Searched(articles=1, passages=2, first=date(2025, 9, 10), last=date(2025, 9, 10), generation=3)


def record(id="bcdfghjk", verdict=Verdict.ANSWERED, **changes):
    excerpt = Excerpt(article=HARBOUR, number=1, start=0, end=len(TIDE), score=1.0, speaker="Jane Roe")
    answer = Answer(
        question="What did Roe say about the tide?",
        verdict=verdict,
        excerpts=(excerpt,),
        searched=SEARCHED,
        confidence=0.9,
        subject="Jane Roe",
    )
    return replace(given(id, ASKED, answer), **changes)


def judged(opinion, user="UADA", at=1.0, reason="", answer="bcdfghjk"):
    return Judged(answer=answer, user=user, opinion=opinion, reason=reason, at=at)


def exported(record, *opinions):
    return [json.loads(line) for line in export(opinions, {record.id: record}.get)]


def test_a_thumbs_up_makes_an_answerable_question_with_the_places_and_words_that_were_shown():
    assert exported(record(), judged(Opinion.UP)) == [
        {
            "id": "bcdfghjk",
            "question": "What did Roe say about the tide?",
            "kind": RIGHT,
            "answerable": True,
            "speaker": "Jane Roe",
            "gold": [{"article": "harbour", "paragraph": 1}],
            "answers": [TIDE],
        }
    ]


def test_a_thumbs_down_forbids_the_words_that_were_shown_and_keeps_the_reason():
    [line] = exported(record(), judged(Opinion.DOWN, reason="Another tide."))
    assert (line["kind"], line["answerable"], line["gold"], line["answers"]) == (WRONG, False, [], [])
    assert (line["forbidden"], line["reason"]) == ([TIDE], "Another tide.")


@pytest.mark.parametrize(("opinion", "kind"), [(Opinion.UP, RIGHTLY_REFUSED), (Opinion.DOWN, FILL_IN)])
def test_a_refusal_is_right_or_to_be_filled_in(opinion, kind):
    [line] = exported(record(verdict=Verdict.SILENT), judged(opinion))
    assert (line["kind"], line["answerable"], line["gold"], line["answers"]) == (kind, False, [], [])
    assert "forbidden" not in line


@pytest.mark.parametrize(
    ("opinions", "kind"),
    [
        ([judged(Opinion.UP), judged(Opinion.DOWN, "UBOB", 2.0)], RIGHT),
        ([judged(Opinion.UP, "UBOB", 2.0), judged(Opinion.DOWN, "UEVE", 1.0)], RIGHT),
        ([judged(Opinion.UP, "UBOB", 1.0), judged(Opinion.DOWN, "UEVE", 2.0)], WRONG),
    ],
)
def test_the_asker_counts_before_others_and_the_latest_before_the_earlier(opinions, kind):
    assert [line["kind"] for line in exported(record(), *opinions)] == [kind]


def test_answers_that_are_forgotten_or_go_on_where_another_ended_are_left_out():
    assert list(export([judged(Opinion.UP)], {}.get)) == []
    assert exported(record(offset=3), judged(Opinion.UP)) == []


@drawn(
    st.lists(
        st.tuples(st.sampled_from(Opinion), st.sampled_from(Verdict), st.text(), st.text()),
        min_size=1,
        max_size=5,
    )
)
def test_every_line_is_a_question_that_the_evaluation_reads(tmp_path_factory, cases):
    records = {
        f"id{n}": record(f"id{n}", verdict, question=question)
        for n, (_, verdict, question, _) in enumerate(cases)
    }
    opinions = [
        judged(opinion, reason=reason, answer=f"id{n}") for n, (opinion, _, _, reason) in enumerate(cases)
    ]
    path = tmp_path_factory.mktemp("export") / "judged.jsonl"
    text = "".join(f"{line}\n" for line in export(opinions, records.get))
    path.write_text(text, "utf-8", newline="\n")
    read = load(path)
    assert [case.question for case in read] == [r.question for r in records.values()]
    for case, (opinion, verdict, _, _) in zip(read, cases, strict=True):
        right = (opinion, verdict) == (Opinion.UP, Verdict.ANSWERED)
        assert case.answerable is right
        assert case.gold == (frozenset({Place(article="harbour", paragraph=1)}) if right else frozenset())


def run(tmp_path, *arguments):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "LOG_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path / "data")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_writes_a_file_or_to_the_terminal(tmp_path):
    with Memory(tmp_path / "data" / "bot.sqlite") as memory:
        memory.answers.save(record())
        memory.feedback.save(judged(Opinion.UP))
    ended = run(tmp_path, "feedback", "export", "judged.jsonl")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "1 judged question written to judged.jsonl.\n"
    [case] = load(tmp_path / "judged.jsonl")
    assert (case.id, case.needed) == ("bcdfghjk", (TIDE,))
    shown = run(tmp_path, "feedback", "export")
    assert shown.stdout == (tmp_path / "judged.jsonl").read_text("utf-8")


def test_the_command_says_when_nothing_was_judged_and_when_it_cannot_write(tmp_path):
    nothing = run(tmp_path, "feedback", "export", "judged.jsonl")
    assert (nothing.returncode, nothing.stdout) == (0, "0 judged questions written to judged.jsonl.\n")
    refused = run(tmp_path, "feedback", "export", "nowhere/judged.jsonl")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("pullquote: nowhere/judged.jsonl cannot be written")
    assert run(tmp_path, "feedback", "eat").returncode == 2
