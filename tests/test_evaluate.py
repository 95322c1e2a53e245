"""The evaluation: a handful of answers judged by hand, and questions checked at the door."""

import json
from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from index import evaluate, terminal
from index.answer import Answer, Searched, Verdict
from index.attribution import Annotation, Attribution, Place
from index.evaluate import Case, QuestionsError
from index.passage import Article, Excerpt, Passage
from index.segment import Span

TEXTS = (
    "Mara Quill said the hull was sound.",
    "Jon Teal said the hull was rotten.",
    "The ferry sails at nine, " + "and at nine, " * 60 + "every day.",
)
FERRY = Article(
    id="f",
    name="ferry",
    title="The ferry",
    passages=tuple(Passage(number=n, text=text) for n, text in enumerate(TEXTS, 1)),
)
SEARCHED = Searched(articles=1, passages=3, first=date(2025, 9, 1), last=date(2025, 9, 1), generation=1)


def place(paragraph, article="ferry"):
    return Place(article=article, paragraph=paragraph)


def case(name, gold=(), needed=(), **more):
    given = {
        "id": name,
        "question": f"{name}?",
        "kind": "fact" if gold else "off-topic",
        "answerable": bool(gold),
        "within": None,
        "gold": frozenset(map(place, gold)),
        "accepted": frozenset(),
        "needed": needed,
        "all_needed": False,
        "forbidden": (),
        "speaker": None,
        "subtype": None,
    }
    return Case(**(given | more))


def answer(*numbers, ranked=(), verdict=Verdict.ANSWERED, confidence=0.9, speaker=None):
    """Return an answer that shows the whole paragraphs *numbers*."""
    return Answer(
        question="?",
        verdict=verdict,
        excerpts=tuple(
            Excerpt(article=FERRY, number=n, start=0, end=len(TEXTS[n - 1]), score=1.0, speaker=speaker)
            for n in numbers
        ),
        searched=SEARCHED,
        confidence=confidence,
        ranked=tuple(("ferry", n) for n in ranked or numbers),
    )


def no(*numbers, confidence=0.2, **more):
    return answer(*numbers, verdict=Verdict.SILENT, confidence=confidence, **more)


SOUND = case("sound", [1], ("hull was sound",))


# One question


@pytest.mark.parametrize(
    ("asked", "answered", "expected"),  # (rank, holds, usable, right)
    [
        (SOUND, answer(1), (1, True, True, True)),
        (SOUND, no(1), (1, True, True, False)),
        (SOUND, answer(2, ranked=(2, 3, 1)), (3, False, False, False)),
        (SOUND, answer(2, ranked=(2, 3)), (0, False, False, False)),
        (case("off"), no(), (None, None, None, True)),
        (case("off"), answer(1), (None, None, None, False)),
    ],
)
def test_an_answer_is_right_when_it_is_given_and_usable_or_rightly_refused(asked, answered, expected):
    s = evaluate.score(asked, answered)
    assert (s.rank, s.holds, s.usable, s.right) == expected


def test_another_speakers_words_make_a_reply_unusable():
    s = evaluate.score(case("sound", [1], ("sound",), forbidden=("rotten",)), answer(1, 2))
    assert (s.holds, s.usable, s.shown) == (True, False, len(TEXTS[0]) + len(TEXTS[1]))


def test_a_reply_of_more_than_700_characters_is_unusable():
    s = evaluate.score(case("when", [3], ("at nine",)), answer(3))
    assert (s.shown, s.holds, s.usable) == (815, True, False)


def test_one_needed_string_suffices_unless_all_are_needed():
    needed = ("sound", "rotten")
    assert evaluate.score(case("any", [1], needed), answer(1)).holds is True
    assert evaluate.score(case("all", [1], needed, all_needed=True), answer(1)).holds is False
    assert evaluate.score(case("all", [1], needed, all_needed=True), answer(1, 2)).holds is True


@pytest.mark.parametrize(
    ("label", "holds"),
    [("Mara Quill", True), ("QUILL,", True), ("Jon Teal", False), (None, False), (" ", False)],
)
def test_who_said_it_is_answered_by_the_right_label_on_the_first_excerpt(label, holds):
    asked = case("who", [1], ("not there",), speaker="M. Quíll", subtype="who_said")
    assert evaluate.score(asked, answer(1, speaker=label)).holds is holds


def test_labels_without_a_letter_are_nobodys_name():
    asked = case("who", [1], ("not there",), speaker="?!", subtype="who_said")
    assert evaluate.score(asked, answer(1, speaker="…")).holds is False


@pytest.mark.parametrize(
    ("asked", "label", "named"),
    [
        ("Mara Quill", "Quill", True),
        ("Mara Quill", "Jon Teal", False),
        ("Mara Quill", None, None),
        (None, "Mara Quill", None),
    ],
)
def test_a_label_is_right_when_it_has_the_speakers_last_name(asked, label, named):
    given = case("sound", [1], ("sound",), speaker=asked)
    assert evaluate.score(given, answer(1, 2, speaker=label)).named is named
    assert evaluate.score(given, no()).named is None
    assert evaluate.score(case("off", speaker=asked), no(1, speaker=label)).named is None


SAID = Annotation(place=place(1), spans=(Span(16, 34),), speaker="Mara Quill")  # "the hull was sound"


def test_statements_are_counted_where_it_is_known_what_everybody_says():
    given = case("sound", [1], speaker="Mara Quill", statements=(SAID,))
    counted = Attribution(right=1, anothers=0, shown=1, found=1, statements=1)
    assert evaluate.score(given, answer(1), {place(1): [SAID]}).attribution == counted
    assert evaluate.score(given, answer(1)).attribution is None
    assert evaluate.score(SOUND, answer(1), {place(1): [SAID]}).attribution is None
    off = case("off", speaker="Mara Quill", statements=(SAID,))
    assert evaluate.score(off, answer(1), {place(1): [SAID]}).attribution is None


def test_a_paragraph_that_is_neither_right_nor_wrong_is_taken_out_of_the_ranking():
    asked = case("sound", [1], ("sound",), accepted=frozenset([place(2), place(1)]))
    assert evaluate.score(asked, answer(2, ranked=(2, 3, 1))).rank == 2


def test_only_the_first_ten_ranked_paragraphs_count():
    assert evaluate.score(SOUND, answer(1, ranked=(*range(2, 11), 1))).rank == 10
    assert evaluate.score(SOUND, answer(1, ranked=(*range(2, 12), 1))).rank == 0


# All of them

ASKED = [
    (SOUND, answer(1)),  # right
    (case("rotten", [2], ("rotten",)), answer(1, 2)),  # right paragraph second, usable
    (case("nine", [3], ("at nine",)), answer(3)),  # too long
    (case("lost", [3], ("at nine",)), no(ranked=(1, 2), confidence=0.4)),  # refused, not ranked
    (case("pto"), no()),
    (case("war"), answer(1, confidence=0.95)),  # should have been refused
]
SCORES = [evaluate.score(asked, answered) for asked, answered in ASKED]


def test_misses_come_worst_first():
    assert [s.case.id for s in evaluate.misses(SCORES)] == ["war", "nine", "lost"]  # 0.95, 0.9, 1 − 0.4


def test_without_needed_words_a_miss_is_a_refusal_or_another_paragraph():
    asked = case("said", [1])
    scores = [evaluate.score(asked, given) for given in (answer(1), answer(2, confidence=0.7), no(1))]
    assert evaluate.misses(scores) == [scores[2], scores[1]]


def test_a_prediction_holds_all_that_another_scorer_needs():
    assert evaluate.prediction(evaluate.score(SOUND, answer(1, ranked=(1, 2), speaker="Mara Quill"))) == {
        "id": "sound",
        "verdict": "answered",
        "answered": True,
        "confidence": 0.9,
        "ranked": [{"article": "ferry", "paragraph": 1}, {"article": "ferry", "paragraph": 2}],
        "excerpts": [
            {
                "article": "ferry",
                "paragraph": 1,
                "start": 0,
                "end": 35,
                "text": TEXTS[0],
                "speaker": "Mara Quill",
                "voice": "columnist",
            }
        ],
    }


# Question files

GOOD = {
    "id": 7,
    "question": "Is the\u2028hull sound?",
    "kind": "fact",
    "answerable": True,
    "gold": [{"article": "ferry", "paragraph": 1, "spans": [[0, 5]]}],
    "answers": ["sound"],
    "accept": None,
}


def load(tmp_path, *lines):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in lines))
    return evaluate.load(path)


def test_a_question_file_is_read_line_by_line_and_blank_lines_do_not_count(tmp_path):
    off = {"id": "off", "question": "PTO?", "kind": "off-topic", "answerable": False}
    expected = case("7", [1], ("sound",), question="Is the\u2028hull sound?")
    assert load(tmp_path, "\ufeff" + json.dumps(GOOD), "", off, " \r") == [
        expected,
        case("off", question="PTO?"),
    ]
    assert load(tmp_path, GOOD) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1]",
        "null",
        {k: v for k, v in GOOD.items() if k != "kind"},
        GOOD | {"answerable": "false"},
        GOOD | {"gold": []},
        GOOD | {"gold": [{"article": "ferry"}]},
        GOOD | {"answers": "sound"},
        GOOD | {"forbidden": [1]},
        GOOD | {"speaker": "Mara Quill", "statements": [{"article": "ferry", "paragraph": 1}]},
        GOOD | {"statements": [{"article": "ferry", "paragraph": 1, "spans": [[0, 5]]}]},
    ],
)
def test_a_line_that_is_no_question_is_named(tmp_path, line):
    with pytest.raises(
        QuestionsError, match=r"questions\.jsonl, line 2: no question\. A line is a JSON object"
    ):
        load(tmp_path, GOOD | {"id": "first"}, line)


def test_a_file_without_questions_or_with_an_id_twice_is_refused(tmp_path):
    with pytest.raises(QuestionsError, match="holds no question"):
        load(tmp_path, "")
    with pytest.raises(QuestionsError, match="two questions with one id"):
        load(tmp_path, GOOD, GOOD | {"id": "7"})
    with pytest.raises(QuestionsError, match="cannot be read as UTF-8 text"):
        evaluate.load(tmp_path / "none.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QuestionsError, match="cannot be read as UTF-8 text"):
        evaluate.load(tmp_path / "binary")


MARKED = {"article": "ferry", "paragraph": 1, "spans": [[16, 34]], "source": [[0, 10]]}


def test_the_statements_of_a_question_are_those_of_its_speaker(tmp_path):
    roles = [MARKED | {"role": "gold"}, MARKED | {"role": "soft", "source": []}]
    (found,) = load(tmp_path, GOOD | {"speaker": "Mara Quill", "statements": roles})
    named = replace(SAID, source=(Span(0, 10),))
    assert found.statements == (named, replace(SAID, soft=True))


def test_statements_are_read_by_paragraph(tmp_path):
    path = tmp_path / "statements.jsonl"
    hers = MARKED | {"speaker": "Mara Quill", "pronoun": False}
    his = {"article": "ferry", "paragraph": 2, "spans": [[0, 3], [5, 9]], "speaker": None, "pronoun": True}
    path.write_text("\n".join(map(json.dumps, (hers, his, hers))) + "\n")
    named = replace(SAID, source=(Span(0, 10),))
    assert evaluate.load_statements(path) == {
        place(1): [named, named],
        place(2): [Annotation(place=place(2), spans=(Span(0, 3), Span(5, 9)), pronoun=True)],
    }


@pytest.mark.parametrize("line", ["[1]", MARKED, MARKED | {"speaker": None, "pronoun": True, "spans": [1]}])
def test_a_line_that_is_no_statement_is_named(tmp_path, line):
    path = tmp_path / "statements.jsonl"
    path.write_text(line if isinstance(line, str) else json.dumps(line))
    with pytest.raises(QuestionsError, match=r"statements\.jsonl, line 1: no statement\. A line is a JSON"):
        evaluate.load_statements(path)
    with pytest.raises(QuestionsError, match="name a file of statements"):
        evaluate.load_statements(tmp_path / "none.jsonl")


class Ferry:
    """Answers every question with the first paragraph, and remembers where it was to look."""

    def __init__(self):
        self.asked = []

    def article_ids(self):
        return {"ferry": "f"}

    def ask(self, question, within=None, *, rank):
        assert rank
        self.asked.append((question, within))
        return answer(1)


def test_a_question_of_one_article_is_asked_of_that_article():
    ferry, heard = Ferry(), []
    scores = evaluate.run(ferry, [SOUND, case("off", within="ferry")], heard.append)
    assert ferry.asked == [("sound?", None), ("off?", ["f"])]
    assert ([s.right for s in scores], heard) == ([True, False], [1, 2])


def test_a_run_knows_what_everybody_says():
    given = case("sound", [1], speaker="Mara Quill", statements=(SAID,))
    (found,) = evaluate.run(Ferry(), [given], everybody={place(1): [SAID]})
    assert found.attribution == evaluate.score(given, answer(1), {place(1): [SAID]}).attribution


@pytest.mark.parametrize(
    "wrong", [case("off", within="raft"), replace(SOUND, id="raft", gold=frozenset([place(1, "raft")]))]
)
def test_a_question_about_an_article_that_is_not_there_is_named_before_any_is_asked(wrong):
    ferry = Ferry()
    with pytest.raises(
        QuestionsError, match=r"Question .* is about article 'raft', which the store does not"
    ):
        evaluate.run(ferry, [SOUND, wrong])
    assert ferry.asked == []


# What is printed


def printed(show, width, terminal_like=False):
    file = StringIO()
    show(Console(file=file, width=width, force_terminal=terminal_like, no_color=True, highlight=False))
    return file.getvalue()


def test_misses_are_printed_with_what_was_needed_and_what_was_shown():
    forbidden = case("sound", [1], ("sound", "whole"), forbidden=("rotten", "sunk"))
    scores = [*SCORES, evaluate.score(forbidden, answer(2, 1, confidence=0.97))]
    text = printed(lambda console: terminal.print_misses(scores, 2, console), 500)
    assert [line.rstrip() for line in text.splitlines()] == [
        "",
        "The worst 2 of 4 misses",
        "",
        "sound? (sound, fact)",
        "  verdict: answered, confidence 0.97",
        "  needed: “sound” or “whole”, without “rotten” [ferry ¶ 1]",
        f"  shown: {TEXTS[1]} [ferry ¶ 2, the columnist]",
        f"  shown: {TEXTS[0]} [ferry ¶ 1, the columnist]",
        "",
        "war? (war, off-topic)",
        "  verdict: answered, confidence 0.95",
        "  needed: a no",
        f"  shown: {TEXTS[0]} [ferry ¶ 1, the columnist]",
    ]
    assert printed(lambda console: terminal.print_misses(scores, 0, console), 500) == ""
    assert printed(lambda console: terminal.print_misses(scores[:1], 5, console), 500) == ""
