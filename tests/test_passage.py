"""The records: an excerpt is its passage's words, and its link opens on them."""

from datetime import date
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.passage import Article, Citation, Excerpt, Passage, text_fragment

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
URL = "https://example.org/tide"


def excerpt(text, start, end, url=None):
    passages = (Passage(number=1, text="Another."), Passage(number=2, text=text))
    article = Article(
        id="a",
        name="tide",
        title="The tide",
        author="Ines Calder",
        date=date(2025, 9, 10),
        url=url,
        passages=passages,
    )
    return Excerpt(article=article, number=2, start=start, end=end, score=0.5)


@given(texts, st.data())
def test_an_excerpt_is_its_passages_words_at_its_offsets(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert excerpt(text, start, end).text == text[start:end]


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 0), (3, 2), (0, 6), (5, 6)])
def test_an_excerpt_outside_its_passage_or_of_nothing_is_refused(start, end):
    with pytest.raises(ValueError, match=rf"excerpt \[{start}, {end}\) of a passage of 5 characters"):
        excerpt("Tide.", start, end)


def test_a_citation_finds_the_words_in_print():
    assert excerpt("The tide is out.", 0, 8, URL).citation == Citation(
        title="The tide",
        author="Ines Calder",
        date=date(2025, 9, 10),
        number=2,
        link=f"{URL}#:~:text=The%20tide",
    )
    assert excerpt("The tide is out.", 0, 8).citation.link is None


def test_why_an_excerpt_was_chosen_is_no_part_of_what_it_is():
    one = excerpt("Tide.", 0, 4)
    assert Excerpt(article=one.article, number=2, start=0, end=4, score=0.5, why="named") == one


@pytest.mark.parametrize(
    ("url", "text", "link"),
    [
        (URL, "one two three", f"{URL}#:~:text=one%20two%20three"),
        (URL, " a b c d e f g h i j ", f"{URL}#:~:text=a%20b%20c%20d%20e%20f%20g%20h%20i%20j"),
        (URL, "a b c d e f g h i j k", f"{URL}#:~:text=a%20b%20c%20d%20e,g%20h%20i%20j%20k"),
        (URL, "now-or, & never\xa0#1", f"{URL}#:~:text=now%2Dor%2C%20%26%20never%20%231"),
        (f"{URL}?p=1#part", "“Tide”", f"{URL}?p=1#part:~:text=%E2%80%9CTide%E2%80%9D"),
    ],
)
def test_a_text_fragment_names_the_words_or_their_two_ends(url, text, link):
    assert text_fragment(url, text) == link


@given(texts)
def test_a_text_fragment_is_one_directive_however_strange_the_words(text):
    base, _, directive = text_fragment(URL, text).partition("#:~:text=")
    words = text.split()
    assert base == URL
    assert not set(directive) & set("-&# \n")
    assert directive.count(",") == (1 if len(words) > 10 else 0)
    if len(words) <= 10:
        assert unquote(directive).split() == words
