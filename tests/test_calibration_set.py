"""The calibration set is well-formed: what a question needs stands in the articles, once, to the letter."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.answer import Answerer
from index.evaluate import load, run
from index.figures import figures
from index.passage import Article
from index.retriever import Retriever
from index.segment import fold
from index.sources import read
from index.store import Store
from index.sync import sync

FOLDER = Path(__file__).parent.parent / "calibration"
QUESTIONS = FOLDER / "questions.jsonl"
FIELDS = [
    "id", "question", "kind", "subtype", "answerable", "within", "gold", "answers",
    "match", "forbidden", "speaker", "accept", "statements",
]  # fmt: skip
Subtypes = dict[str, set[str | None]]
ANSWERABLE: Subtypes = {
    "speaker_quote": {None, "who_said"},
    "fact": {None},
    "paraphrase": {None},
    "columnist_opinion": {None},
    "multi": {None},
    "typo_nickname": {None},
}
UNANSWERABLE: Subtypes = {
    "negative_unanswerable": {None},
    "near_miss_unanswerable": {
        "absent_speaker", "present_but_silent", "wrong_topic", "misattribution", "missing_detail",
        "false_premise",
    },
}  # fmt: skip

Asked = dict[str, Any]


@pytest.fixture(scope="module")
def questions() -> list[Asked]:
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    found = list(read(str(FOLDER / "articles")))
    read_ones = {a.name: a for a in found if isinstance(a, Article)}
    assert len(read_ones) == len(found)
    return read_ones


@pytest.fixture(scope="module")
def everything(articles: dict[str, Article]) -> str:
    """All words of all articles and the names of their authors, folded."""
    return fold("\n".join(f"{a.author or ''}\n{text(a)}" for a in articles.values()))


def text(article: Article) -> str:
    return "\n".join(p.text for p in article.passages)


def spans(q: Asked, articles: dict[str, Article]) -> Iterator[str]:
    """Yield the words that a question's gold marks."""
    for g in q["gold"]:
        passage = articles[g["article"]].passages[g["paragraph"] - 1]
        for start, end in g["spans"]:
            assert 0 <= start < end <= len(passage.text), q["id"]
            yield passage.text[start:end]


def surname(q: Asked) -> str:
    return fold(q["speaker"]).split()[-1]


def test_every_article_is_read_and_of_the_length_of_an_article(articles: dict[str, Article]) -> None:
    lengths = {name: len(text(a).split()) for name, a in articles.items()}
    assert 16 <= len(lengths) <= 20
    assert {name: n for name, n in lengths.items() if not 350 <= n <= 900} == {}


def test_every_article_has_a_title_and_a_date(articles: dict[str, Article]) -> None:
    assert [a.name for a in articles.values() if not a.title or a.date is None] == []


def test_every_question_has_all_fields_in_order(questions: list[Asked]) -> None:
    assert [q["id"] for q in questions if list(q) != FIELDS] == []


def test_no_id_and_no_question_comes_twice(questions: list[Asked]) -> None:
    for key in ("id", "question"):
        seen = Counter((q[key].casefold(), q["within"] if key == "question" else None) for q in questions)
        assert [value for value, times in seen.items() if times > 1] == []


def test_kind_and_subtype_agree_with_whether_there_is_an_answer(questions: list[Asked]) -> None:
    for q in questions:
        kinds = ANSWERABLE if q["answerable"] else UNANSWERABLE
        assert q["subtype"] in kinds[q["kind"]], q["id"]


def test_every_kind_is_there_in_numbers_and_a_little_more_than_half_has_an_answer(
    questions: list[Asked],
) -> None:
    kinds = Counter((q["kind"], q["subtype"]) for q in questions)
    every = [
        (k, s) for group in (ANSWERABLE, UNANSWERABLE) for k, subtypes in group.items() for s in subtypes
    ]
    assert len(questions) >= 240
    assert [kind for kind in every if kinds[kind] < 10] == []
    assert 0.53 <= sum(q["answerable"] for q in questions) / len(questions) <= 0.57


def test_gold_marks_exactly_the_needed_words(questions: list[Asked], articles: dict[str, Article]) -> None:
    for q in questions:
        assert sorted(spans(q, articles)) == sorted(q["answers"]), q["id"]
        assert q["answers"] or not q["answerable"], q["id"]


def test_the_needed_words_stand_in_one_place_of_the_articles_asked(
    questions: list[Asked], articles: dict[str, Article]
) -> None:
    for q in questions:
        for words in q["answers"]:
            holders = [a for a in {g["article"] for g in q["gold"]} if words in text(articles[a])]
            assert sum(text(articles[a]).count(words) for a in holders) == 1, (q["id"], words)


def test_only_a_question_with_several_answers_needs_them_all(questions: list[Asked]) -> None:
    for q in questions:
        assert q["match"] in ("any", "all"), q["id"]
        assert (q["match"] == "all") == (q["kind"] == "multi"), q["id"]
        assert q["match"] == "any" or len(q["answers"]) > 1, q["id"]


def test_forbidden_words_stand_beside_the_needed_ones_and_never_inside_them(
    questions: list[Asked], articles: dict[str, Article]
) -> None:
    for q in questions:
        near = [text(articles[g["article"]]) for g in q["gold"]]
        for words in q["forbidden"]:
            assert any(words in t for t in near), (q["id"], words)
            assert not any(words in a or a in words for a in q["answers"]), (q["id"], words)


def test_an_unanswerable_question_has_no_gold_and_nothing_to_accept(questions: list[Asked]) -> None:
    for q in questions:
        if not q["answerable"]:
            assert [q[f] for f in ("gold", "answers", "forbidden", "accept")] == [[], [], [], []], q["id"]


def test_what_a_question_names_exists(questions: list[Asked], articles: dict[str, Article]) -> None:
    for q in questions:
        assert q["within"] is None or q["within"] in articles, q["id"]
        assert all(q["within"] in (None, g["article"]) for g in q["gold"]), q["id"]
        for place in q["accept"]:
            assert 1 <= place["paragraph"] <= len(articles[place["article"]].passages), q["id"]
            assert place not in [{k: g[k] for k in ("article", "paragraph")} for g in q["gold"]], q["id"]


def test_the_speaker_of_an_answer_is_named_in_its_article(
    questions: list[Asked], articles: dict[str, Article]
) -> None:
    for q in questions:
        if q["answerable"] and q["speaker"]:
            assert all(surname(q) in fold(text(articles[g["article"]])) for g in q["gold"]), q["id"]


def test_who_said_asks_for_a_speaker(questions: list[Asked]) -> None:
    assert [q["id"] for q in questions if q["subtype"] == "who_said" and not q["speaker"]] == []


def test_an_absent_speaker_is_named_nowhere_and_every_other_one_somewhere(
    questions: list[Asked], everything: str
) -> None:
    for q in questions:
        if q["subtype"] == "absent_speaker":  # a namesake may be there
            assert fold(q["speaker"]) not in everything, q["id"]
        elif q["speaker"]:
            assert surname(q) in everything, q["id"]
        elif q["kind"] == "near_miss_unanswerable":
            assert q["subtype"] in ("missing_detail", "false_premise"), q["id"]


def test_the_evaluation_reads_every_question(questions: list[Asked]) -> None:
    assert [c.id for c in load(QUESTIONS)] == [q["id"] for q in questions]


@pytest.mark.model
def test_the_questions_of_the_set_are_answered_as_well_as_before(embedder, tmp_path):
    asked = load(QUESTIONS)[::2]
    with Store.open(tmp_path, embedder.model_id, embedder.dimension) as store:
        sync(store, embedder, [str(FOLDER / "articles")])
        found = figures(run(Answerer(Retriever(store, embedder)), asked))
    assert len(asked) >= 200
    assert found["hit@1"].value >= 0.8
    assert found["speaker"].value >= 0.92
    assert found["e2e"].value >= 0.58
