"""Prompts: of whom the newest article quotes, and on what; each is a question that the column answers."""

import pytest
from columns import DIMENSION, Counting, write

from index.answer import Answerer, Verdict
from index.retriever import Retriever
from index.store import Store
from index.sync import sync

OLD = """---
title: Old bells
date: 2024-03-01
---

“The bells will ring again,” said Otto Brand, the sexton.
"""
NEW = """---
title: The ferry
date: 2025-06-02
---

“The ferry needs a new engine before winter,” said Mara Quill, the captain. “No engine, no ferry.”

“The council has no money for an engine,” said Ivo Stern, the treasurer.

Quill said that the old engine had been mended twice.
"""
QUIET = """---
title: A walk
date: 2025-07-01
---

I walked along the quay and met nobody.
"""


@pytest.fixture
def answerer(tmp_path):
    def build(**texts):
        embedder = Counting()
        store = Store.open(tmp_path / "data", "counting", DIMENSION)
        sync(store, embedder, [write(tmp_path / "column", **texts)])

        class Queries:
            def encode_query(self, text):
                return embedder.encode_document([text])[0]

        return Answerer(Retriever(store, Queries()))

    return build


def test_prompts_are_of_the_newest_article_s_own_speakers_and_topics(answerer):
    column = answerer(old=OLD, new=NEW)
    found = column.prompts()
    assert all(("Quill" in q) or ("Stern" in q) for q in found)
    assert any("about" in q for q in found)
    assert len(found) == len(set(found)) <= 4
    assert [column.ask(q).verdict for q in found] == [Verdict.ANSWERED] * len(found)


def test_where_the_newest_article_quotes_nobody_there_are_examples(answerer):
    column = answerer(new=NEW, quiet=QUIET)
    assert column.prompts() == column.examples(4) != []


def test_nobody_is_asked_about_by_a_surname_that_two_people_share(answerer):
    column = answerer(new=NEW + "\n“The pier is sound,” said Ada Quill, the engineer.\n")
    assert column.prompts() == ["What did Stern say about the council?", "What did Stern say?"]


def test_an_empty_column_has_no_prompts(answerer):
    assert answerer().prompts() == []
