"""The figures of an evaluation, worked out by hand, with their intervals; and how they are printed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_evaluate import SCORES, SOUND, answer, case, no, printed

from index import evaluate, terminal
from index.attribution import Attribution
from index.confidence import EVIDENCE
from index.figures import auroc, by_kind, figures, figures_by_kind


def values(scores):
    return {name: (round(f.value, 4), f.n) for name, f in figures(scores).items()}


def test_figures_are_means_over_the_questions_that_they_apply_to():
    assert values(SCORES) == {
        "hit@1": (0.5, 4),
        "hit@3": (0.75, 4),
        "MRR": (0.625, 4),  # (1 + 1/2 + 1 + 0) / 4
        "holds the words": (0.75, 4),
        "usable": (0.5, 4),
        "characters": (52.0, 4),  # the median of 35, 69, 815 and 0
        "e2e": (0.5, 6),
        "abstention": (0.6667, 6),
        "false answers": (0.5, 2),
        "false refusals": (0.25, 4),
        "contrary": (0, 6),
        "AUROC": (0.5, 6),  # all of 0.9, 0.9, 0.9 and 0.4 are above 0.2, none above 0.95
    }


def test_figures_of_a_kind_are_those_of_its_questions():
    assert [(kind, len(some)) for kind, some in by_kind(SCORES).items()] == [
        ("all", 6),
        ("fact", 4),
        ("off-topic", 2),
    ]
    asked = {"abstention": (0.5, 2), "e2e": (0.5, 2), "false answers": (0.5, 2), "contrary": (0, 2)}
    assert values(SCORES[4:]) == asked


def test_without_needed_words_there_is_no_end_to_end_figure():
    scores = [evaluate.score(case("said", [1]), answer(1)), SCORES[4]]
    assert values(scores) == {
        "hit@1": (1, 1),
        "hit@3": (1, 1),
        "MRR": (1, 1),
        "characters": (35, 1),
        "abstention": (1, 2),
        "false answers": (0, 1),
        "false refusals": (0, 1),
        "contrary": (0, 2),
        "AUROC": (1, 2),
    }


def test_an_interval_holds_its_figure_and_is_the_same_each_time():
    first, again = figures(SCORES), figures(SCORES)
    assert first == again
    assert all(f.low <= f.value <= f.high for f in first.values())
    assert (first["e2e"].low, first["e2e"].high) == pytest.approx((1 / 6, 5 / 6))  # 1 to 5 of 6 drawn right
    sure = figures(SCORES[:2])["usable"]
    assert (sure.low, sure.value, sure.high) == (1, 1, 1)


def test_the_interval_of_a_length_is_that_of_the_median():
    scores = [SCORES[0]] * 19 + [SCORES[2]]  # nineteen of 35 characters and one of 815
    length = figures(scores)["characters"]
    assert (length.value, length.low, length.high, length.n) == (35, 35, 35, 20)


def test_a_kind_without_answers_is_set_against_all_questions_with_one():
    near = evaluate.score(case("near", kind="near"), no(confidence=0.4))
    found = figures_by_kind([*SCORES, near])
    area = {kind: (some["AUROC"].value, some["AUROC"].n) for kind, some in found.items() if "AUROC" in some}
    assert area == {
        "all": (pytest.approx(7.5 / 12), 7),
        "off-topic": (0.5, 6),
        "near": (3.5 / 4, 5),  # three above, one the same
    }


def test_the_interval_of_an_area_is_that_of_questions_drawn_from_either_side():
    found = figures(SCORES)["AUROC"]
    assert (found.low, found.high) == (0, 1)  # of two questions without an answer both may be the same
    sure = figures([SCORES[0], SCORES[1], SCORES[4]])["AUROC"]
    assert (sure.low, sure.value, sure.high) == (1, 1, 1)


CONFIDENCES = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), min_size=1, max_size=12)


@given(CONFIDENCES, CONFIDENCES)
def test_the_area_is_the_share_of_pairs_in_the_right_order(sure, unsure):
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in sure for b in unsure]
    assert auroc(np.array(sure), np.array(unsure)) == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.parametrize("against", ["contrary", "other number", "other country"])
def test_an_answer_is_contrary_when_something_speaks_against_it(against):
    seen = tuple(float(name == against) for name in EVIDENCE)
    scores = [
        evaluate.score(SOUND, replace(answer(1), evidence=e)) for e in (seen, (), (1.0,) * 4 + (0.0,) * 3)
    ]
    assert figures(scores)["contrary"].value == pytest.approx(1 / 3)


def test_a_speaker_is_right_or_wrong_only_where_there_is_a_label():
    asked = case("sound", [1], ("sound",), speaker="Mara Quill")
    labels = ("Mara Quill", "Quill", "Jon Teal", None)
    found = figures([evaluate.score(asked, answer(1, speaker=label)) for label in labels])["speaker"]
    assert (round(found.value, 4), found.n) == (0.6667, 3)


def attributed(right, anothers, shown, found, statements):
    a = Attribution(right=right, anothers=anothers, shown=shown, found=found, statements=statements)
    return replace(SCORES[0], attribution=a)


def test_statements_are_counted_over_all_questions_together():
    found = figures([attributed(1, 1, 2, 1, 3), attributed(2, 0, 2, 1, 1), SCORES[1]])
    figure = {name: (f.value, f.low, f.high, f.n) for name, f in found.items()}
    # Of two questions drawn, one sample in four has the first twice, and one the second.
    assert figure["statement precision"] == (3 / 4, 1 / 2, 1, 2)
    assert figure["statement recall"] == (2 / 4, pytest.approx(1 / 3), 1, 2)
    assert figure["statement F1"] == (pytest.approx(0.6), pytest.approx(0.4), 1, 2)
    assert figure["another's words"] == (1 / 4, 0, 1 / 2, 2)


def test_where_nothing_is_shown_nothing_is_right_and_nothing_wrong():
    found = figures([attributed(0, 0, 0, 0, 2)])
    names = ("statement precision", "statement recall", "statement F1", "another's words")
    assert [found[name].value for name in names] == [0, 0, 0, 0]


# What is printed


def table(lines, title):
    """Return the cells below *title*, up to the note."""
    start = lines.index(title) + 1
    end = next(i for i, line in enumerate(lines) if i > start and ": " in line)
    return [line.split() for line in lines[start:end]]


KIND = "near_miss_unanswerable"


def test_the_figures_are_tables_in_eighty_columns_with_kinds_in_full_and_intervals_below():
    near = evaluate.score(case("near", kind=KIND), no(confidence=0.4))
    said = replace(attributed(1, 1, 2, 1, 3), named=True)
    lines = printed(lambda console: terminal.print_figures([*SCORES, near, said], console), 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert table(lines, "Found and shown") == [
        ["questions", "n", "hit@1", "hit@3", "MRR", "words", "usable", "chars", "e2e"],
        ["all", "8", "0.60", "0.80", "0.70", "0.80", "0.60", "35", "0.62"],
        ["fact", "5", "0.60", "0.80", "0.70", "0.80", "0.60", "35", "0.60"],
        ["off-topic", "2", "–", "–", "–", "–", "–", "–", "0.50"],
        [KIND, "1", "–", "–", "–", "–", "–", "–", "1.00"],
    ]
    assert table(lines, "Answered or refused")[1:] == [
        ["all", "8", "0.75", "0.33", "0.20", "0.00", "0.63"],
        ["fact", "5", "0.80", "–", "0.20", "0.00", "–"],
        ["off-topic", "2", "0.50", "0.50", "–", "0.00", "0.50"],
        [KIND, "1", "1.00", "0.00", "–", "0.00", "0.90"],
    ]
    assert table(lines, "Whose words") == [
        ["questions", "n", "speaker", "precision", "recall", "F1", "another's", "words"],
        ["all", "8", "1.00", "0.50", "0.33", "0.40", "0.50"],
        ["fact", "5", "1.00", "0.50", "0.33", "0.40", "0.50"],
    ]
    text = " ".join(" ".join(lines).split())
    assert f"{KIND}: e2e 1.00 (1.00–1.00, n 1), abstains 1.00 (1.00–1.00, n 1), false answers 0.00" in text
    assert "…" not in text


def test_what_a_set_of_questions_does_not_tell_is_not_spoken_of():
    text = printed(lambda console: terminal.print_figures(SCORES, console), 80)
    assert "AUROC: how often" in " ".join(text.split())
    assert not [word for word in ("Whose words", "speaker", "precision", "F1") if word in text]
    refused = printed(lambda console: terminal.print_figures(SCORES[4:], console), 80)
    assert not [word for word in ("hit@1", "false refusals", "AUROC") if word in refused]


@pytest.mark.parametrize("terminal_like", [False, True])
def test_on_a_narrow_screen_the_figures_are_a_list_with_nothing_cut_off(terminal_like):
    text = printed(lambda console: terminal.print_figures(SCORES, console), 34, terminal_like)
    words = " ".join(text.split())
    assert "…" not in text
    assert "questions n hit@1" not in words
    assert "MRR 0.62 (" in words
    assert "off-topic:" in words
