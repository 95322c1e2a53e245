"""The benchmark: its figures are right, its prose is what the rules read in it, and it runs, small."""

from __future__ import annotations

import re

import pytest

from benchmark import __main__ as benchmark
from benchmark import curve, encoder, figures, service
from benchmark.prose import Prose
from benchmark.size import MODEL, Column, nearest
from index.speech import attribute
from index.store import Store


def test_a_median_is_given_with_what_lies_around_it():
    assert figures.Spread.of([5, 1, 3, 2, 4]) == pytest.approx((3, 1.4, 4.6))
    assert str(figures.Spread.of([5, 1, 3, 2, 4])) == "3.00 (1.40–4.60)"
    assert str(figures.Spread.of([7])) == "7.00 (7.00–7.00)"


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (0.034, "0.03"), (3.14159, "3.14"), (31.4, "31.4"), (31415.9, "31,416")]
)
def test_a_figure_is_written_with_the_digits_that_tell_something(value, written):
    assert figures.number(value) == written


def test_a_ratio_is_ours_in_theirs():
    assert (figures.ratio(2, 8), figures.ratio(12, 4), figures.ratio(1, 0)) == ("0.25 ×", "3.00 ×", "–")


def test_recall_is_the_share_of_what_there_was_to_find():
    assert figures.recall([[1, 2], [5, 6]], [[2, 3], [5, 6]]) == 3 / 4
    assert figures.recall([], []) == 0


def test_a_question_hits_where_its_best_paragraph_is_one_of_the_right_ones():
    assert figures.hits([1, 2, 3], [{1, 9}, {3}, {3}]) == pytest.approx(2 / 3)


def test_what_was_measured_is_compared_row_by_row():
    compared = encoder.Compared(
        {
            "one question, ms": {"reference": [8, 10, 12], "ours": [2, 2, 2]},
            "hit@1": {"reference": [0.6], "ours": [0.61]},
        }
    )
    assert list(compared.rows()) == [
        ["one question, ms", "10.0 (8.40–11.6)", "2.00 (2.00–2.00)", "0.20 ×"],
        ["hit@1", "0.600", "0.610", "+0.010"],
    ]


def test_our_own_questions_are_asked_of_paragraphs_that_are_there():
    material = encoder.Material.read()
    assert len(material.questions) == len(material.right) > 300
    assert all(right and max(right) < len(material.texts) for right in material.right)


def test_the_nearest_of_all_vectors_are_those_of_a_search_in_a_small_store(tmp_path):
    column = Column(30, tmp_path)
    assert column.measured["recall@10 against all vectors"] == [1.0]
    query = column.embedder.encode_query("the old harbour")
    ((scores, _),) = nearest(column.folder, query[None])
    with Store.open_existing(column.folder, MODEL) as store:
        assert [n.score for n in store.search(query, 10)] == pytest.approx(scores.tolist(), abs=1e-5)


def test_the_command_prints_a_figure_for_everything_it_measures(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # looked up anew
    picture = tmp_path / "curve.svg"
    benchmark.main(["--no-encoder", "--passages", "20", "--rounds", "2", "--curve", str(picture)])
    printed = capsys.readouterr().out
    for row in (
        "attribution of a paragraph, ms",
        "opening the store, ms",
        "first question after a change, ms",
        "who said …, ms",
        "an unknown name, ms",
        "from an event to its message, ms",
    ):
        assert re.search(rf"\| {row} \| [\d.,]+ \([\d.,]+–[\d.,]+\) \|", printed), row
    assert re.search(r"Measured on .*\d+ cores, .*Python 3.*faiss-cpu \d", printed)
    assert picture.read_text("utf-8").lstrip().startswith("<?xml")
    assert list(tmp_path.iterdir()) == [picture]  # it cleans up


def test_the_curve_of_the_same_figures_is_the_same(tmp_path):
    for name in ("one", "two"):
        curve.draw(tmp_path / name, [10, 100], {"a question": [1.0, 2.0], "opening": [3.0, 4.0]})
    drawn = (tmp_path / "one").read_text("utf-8")
    assert drawn == (tmp_path / "two").read_text("utf-8")
    assert "a question" in drawn


def test_the_readme_has_a_place_for_the_figures_and_the_curve():
    text = benchmark.README.read_text("utf-8")
    assert len(benchmark.MARKED.findall(text)) == 1
    assert f"({benchmark.CURVE.relative_to(benchmark.ROOT)})" in text
    assert benchmark.CURVE.exists()


@pytest.mark.model
def test_both_encoders_are_measured_in_processes_of_their_own(tmp_path):
    compared = encoder.compare(tmp_path, rounds=1, most=3, articles=encoder.ARTICLES[:1])
    rows = {name: cells for name, *cells in compared.rows()}
    assert len(rows) == 7
    assert all(len(cells) == 3 for cells in rows.values())
    assert all(min(m) >= 0 for found in compared.measured.values() for m in found.values())
    asked = "What did Tusk say?"  # of the column that was made for it, by the bot itself, twice over
    assert all(service.start(tmp_path / "data", asked, encoder.ARTICLES[:1]) > 0 for _ in range(2))


def test_a_column_is_the_same_each_time_and_as_long_as_asked():
    once, again = ([a for a, _, _ in Prose(40).articles()] for _ in range(2))
    assert once == again
    assert [len(a.passages) for a in once] == [14, 14, 12]


def test_large_columns_have_thousands_of_speakers():
    prose = Prose(100_000)
    assert len({prose.person(rank) for rank in range(prose.people)}) == prose.people == 5000


@pytest.mark.parametrize("number", range(5))
def test_the_rules_read_in_the_prose_who_it_says_speaks(number):
    record, chunks, _ = Prose(14 * (number + 1)).article(number)
    read = attribute(record)
    for made, found in zip(record.passages, read.passages, strict=True):
        assert {u.speaker for u in made.utterances} == {u.speaker for u in found.utterances}
    spans = {(c.number, c.start, c.end) for c in chunks}
    assert {(p.number, u.start, u.end) for p in record.passages for u in p.utterances} <= spans
