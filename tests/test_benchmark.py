"""The benchmark: its prose is what the rules read in it, and the command prints what it measured."""

from __future__ import annotations

import re

import pytest

from benchmark import __main__ as benchmark
from index.speech import attribute


def test_the_command_prints_a_figure_for_everything_it_measures(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # looked up anew
    benchmark.main(["--passages", "20", "--rounds", "1"])
    printed = capsys.readouterr().out
    for row in (
        "attribution, a paragraph",
        "warming, after opening",
        "first, after a sync",
        "who said …",
        "an unknown name",
        "off topic",
    ):
        assert re.search(rf"{row}\s+│\s+\d+\.\d │\s+\d+\.\d", printed), row
    assert re.search(r"\d+ cores, .*Python 3", printed)
    assert list(tmp_path.iterdir()) == []  # it cleans up


def test_a_column_is_the_same_each_time_and_as_long_as_asked():
    once, again = ([a for a, _, _ in benchmark.Prose(40).articles()] for _ in range(2))
    assert once == again
    assert [len(a.passages) for a in once] == [14, 14, 12]


def test_large_columns_have_thousands_of_speakers():
    prose = benchmark.Prose(100_000)
    assert len({prose.person(rank) for rank in range(prose.people)}) == prose.people == 5000


@pytest.mark.parametrize("number", range(5))
def test_the_rules_read_in_the_prose_who_it_says_speaks(number):
    record, chunks, _ = benchmark.Prose(14 * (number + 1)).article(number)
    read = attribute(record)
    for made, found in zip(record.passages, read.passages, strict=True):
        assert {u.speaker for u in made.utterances} == {u.speaker for u in found.utterances}
    spans = {(c.number, c.start, c.end) for c in chunks}
    assert {(p.number, u.start, u.end) for p in record.passages for u in p.utterances} <= spans
