"""Whose words are shown: every threshold worked out by hand on one sentence of two speakers."""

from dataclasses import replace

import pytest

from index.attribution import Annotation, Attribution, Place, attribute
from index.passage import Article, Excerpt, Passage
from index.segment import Span

TEXT = "Mara Quill said the hull was sound; Jon Teal said the keel was rotten."
HULL = Article(id="h", name="hull", title="The hull", passages=(Passage(number=1, text=TEXT),))
HERE = Place(article="hull", paragraph=1)


def span(words):
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def marked(words, speaker, *, source=None, **more):
    by = (span(source),) if source else ()
    return Annotation(place=HERE, spans=(span(words),), source=by, speaker=speaker, **more)


def shown(*texts):
    spans = map(span, texts)
    return [Excerpt(article=HULL, number=1, start=s.start, end=s.end, score=1.0) for s in spans]


SOUND = marked("the hull was sound", "Mara Quill", source="Mara Quill")
ROTTEN = marked("the keel was rotten", "Jon Teal", source="Jon Teal")


def counts(*texts, own=(SOUND,), others=(ROTTEN,)):
    """Return (right, anothers, shown, found, statements) of what was shown when Quill was asked about."""
    a = attribute("Mara Quill", own, {HERE: [*own, *others]}, shown(*texts))
    return a.right, a.anothers, a.shown, a.found, a.statements


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Mara Quill said the hull was sound"], (1, 0, 1, 1, 1)),
        ([TEXT], (1, 0, 1, 1, 1)),  # it is less than half of the text, but all of it is there
        (["Jon Teal said the keel was rotten."], (0, 1, 1, 0, 1)),  # 19 of 34 characters are his
        (["sound; Jon Teal said"], (0, 0, 1, 0, 1)),  # 5 of 20 are hers, none are his statement
        (["Mara Quill said"], (1, 0, 1, 0, 1)),  # her name, 10 of 15
        (["the hull was s"], (1, 0, 1, 0, 1)),  # 14 of the statement's 18
        (["the hull was so"], (1, 0, 1, 1, 1)),  # 15 of 18 are more than 80 %
        (["the hull", " was sound"], (2, 0, 2, 1, 1)),  # two halves are a whole
        ([], (0, 0, 0, 0, 1)),
    ],
)
def test_excerpts_are_the_speakers_or_anothers_by_their_characters(texts, expected):
    assert counts(*texts) == expected


def test_a_statement_of_a_pronoun_counts_neither_way():
    unclear = replace(ROTTEN, pronoun=True)
    assert counts("Jon Teal said the keel was rotten.", others=[unclear]) == (0, 0, 0, 0, 1)
    assert counts("Jon Teal said the keel", others=[unclear]) == (0, 0, 0, 0, 1)  # 8 of 22 characters
    assert counts("; Jon Teal said the keel", others=[unclear]) == (0, 0, 0, 0, 1)  # 8 of 24
    assert counts("sound; Jon Teal said the keel", others=[unclear]) == (0, 0, 1, 0, 1)  # 8 of 29
    assert counts(TEXT, others=[unclear]) == (1, 0, 1, 1, 1)  # whose it is does not matter: hers is there


def test_a_soft_statement_need_not_be_shown_and_is_right_when_it_is():
    soft = replace(SOUND, soft=True)
    assert counts("the hull was sound", own=[soft]) == (1, 0, 1, 0, 0)
    assert counts(TEXT, own=[soft]) == (0, 0, 1, 0, 0)  # 28 of 70; of a soft one the whole does not suffice


def test_what_both_said_is_no_words_of_anothers():
    both = replace(marked("the keel w", "Mara Quill"), soft=True)
    assert counts("said the keel was rotten", own=[both]) == (0, 0, 1, 0, 0)  # his alone are 9 of 24
    same = replace(ROTTEN, speaker="Mara Quill")  # hers, though not among those that answer
    assert counts("the keel was rotten", others=[same]) == (0, 0, 1, 0, 1)


def test_statements_of_another_paragraph_are_not_looked_at():
    elsewhere = Place(article="raft", paragraph=1)
    own, his = replace(SOUND, place=elsewhere), replace(ROTTEN, place=elsewhere)
    found = attribute("Mara Quill", [own], {elsewhere: [his]}, shown(TEXT))
    assert found == Attribution(right=0, anothers=0, shown=1, found=0, statements=1)
