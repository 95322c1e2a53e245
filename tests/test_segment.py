"""Segmenting: nothing is left out, sentences end where people end them, and every window fits the model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.segment import Span, breaks_off, fold, sentences, split_paragraphs, stripped, windows
from index.sync import chunk_spans

pieces = st.sampled_from(
    [
        *"ab  .…?!,;:()[]–—'\"“”‘’«»\n\r\t",
        "\xa0",
        "''",
        "Mr.",
        "U.S.",
        "The",
        "said",
        "Tusk",
        "1.5",
        "é",
        "각",
        "\ud800",
    ]
)
prose = st.lists(pieces, max_size=60).map("".join)


def cut(text, spans):
    return [text[span.start : span.end] for span in spans]


def read(text):
    return cut(text, sentences(text))


def solid(text):
    return "".join(text.split())


def covers(text, spans):
    """Tell whether the spans stand in order, apart, and leave out nothing but white space."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return edges == sorted(edges) and not any(map(solid, gaps))


# Folding


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Łukasz MÜLLER", "lukasz muller"),
        ("‘O’Neill’ — “Straße”", "'o'neill' - \"strasse\""),
        ("Acme™", "acmetm"),
        ("e\u0301 ﬁ", "e fi"),
    ],
)
def test_folding_leaves_what_a_plain_keyboard_types(typed, folded):
    assert fold(typed) == folded


# Paragraphs


def test_paragraphs_are_split_at_blank_lines_of_every_system():
    text = "One\r\nstill one.\r\n\r\nTwo.\n \t\nThree.\r\rFour.\u2029Five.\n"
    assert cut(text, split_paragraphs(text)) == ["One\r\nstill one.", "Two.", "Three.", "Four.", "Five."]


@given(prose)
def test_paragraphs_leave_out_nothing(text):
    spans = split_paragraphs(text)
    assert covers(text, spans)
    assert all(span == stripped(text, *span) and span.start < span.end for span in spans)


# Sentences


@given(prose | st.text(st.characters(exclude_categories=["Cs"])))
def test_sentences_leave_out_nothing_and_have_no_space_at_their_ends(text):
    spans = sentences(text)
    assert covers(text, spans)
    assert all(span == stripped(text, *span) and span.start < span.end for span in spans)


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. Senate met on the quay.| Then it rained.",
        "He had Mr. Trump and Gen. Roe to dinner.| Nobody ate.",
        "They moved the goals….| The rest stayed where it was.",
        "The pump failed… and nobody came.| The water rose.",
        "It rose by 1.5 metres at 5 p.m. on Monday.| It fell again.",
        "Dr.\xa0Roe came at noon.|\xa0Everyone rose.",
        "One line ends here.|\r\nAnother goes\r\non.",
        "“Will it hold?” Marlow asked.| Nobody knew.",
        "“Run!” the keeper of the gate shouted.| They ran.",
        "“Will it hold?”| The mayor had left by then.",
        "She said: “It holds. It has always held.”| Then she left.",
        "Then she left.| She said “it holds. It has.” …",
        'The mayor said "It holds. It is fine."| Then he left.',
        "''It holds,'' she said.| ''It will go on holding.''| Then she left.",
        "“It holds.| It will go on, and nobody closes the mark.",
    ],
)
def test_sentences_end_where_people_end_them(text):
    expected = [part.strip() for part in text.split("|")]
    assert read(text.replace("|", "")) == expected


def test_a_text_without_words_is_one_sentence_or_none():
    assert read(" \n\xa0 ") == []
    assert read("* * *") == ["* * *"]


# Windows


def letters(text):
    return len(solid(text))


@given(prose, st.integers(1, 9))
def test_windows_fit_and_leave_out_nothing(text, limit):
    found = windows(text, sentences(text), letters, limit)
    assert covers(text, found)
    assert all(letters(text[w.start : w.end]) <= limit for w in found)


def test_a_long_sentence_is_cut_at_the_last_space_that_fits():
    text = "ab cd ef ghijk. Lm."
    assert cut(text, windows(text, [Span(0, 15), Span(16, 19)], letters, 4)) == [
        *("ab cd", "ef", "ghij", "k.", "Lm.")
    ]


def test_what_fits_is_not_cut():
    assert windows("One. Two.", [Span(0, 4), Span(5, 9)], letters, 4) == [Span(0, 4), Span(5, 9)]


# The real tokenizer

CARGO = ", ".join(
    f"{count} crates of {what} from {place}"
    for place in ("Gdynia", "Bergen", "Tromsø", "Rotterdam", "Porto", "Valletta", "Split", "Hull")
    for count, what in (
        (12, "smoked herring"),
        (7, "copper wire"),
        (40, "seed potatoes"),
        (3, "church bells"),
    )
)
LEDGER = (
    f"The harbour master opened the ledger. In the order of their coming he wrote down {CARGO}. "
    "“That is all,” he told the clerk. The clerk, who had stopped listening at the bells, signed. "
    f"A week later the second ledger said {CARGO}, and nobody was surprised. They closed the book."
)


@pytest.mark.model
def test_a_paragraph_over_the_models_limit_is_read_to_its_end_in_windows_that_fit(embedder):
    assert embedder.length(LEDGER) > 2 * embedder.limit
    spans = chunk_spans(LEDGER, embedder)
    assert covers(LEDGER, spans)
    assert all(embedder.length(text) <= embedder.limit for text in cut(LEDGER, spans))
    assert cut(LEDGER, spans)[0] == "The harbour master opened the ledger."
    assert cut(LEDGER, spans)[-1] == "They closed the book."
    assert len(spans) == 8  # six sentences, of which the two lists are cut in two


@pytest.mark.model
def test_letters_of_several_tokens_each_are_counted_as_the_model_counts_them(embedder):
    text = "각각 " * 80  # 240 characters, 480 tokens: the model takes Korean syllables apart
    assert embedder.length(text) > embedder.limit > len(text)
    assert all(embedder.length(part) <= embedder.limit for part in cut(text, chunk_spans(text, embedder)))


@pytest.mark.parametrize(
    ("part", "left_out"),
    [
        ("The ferry sails; the port waits.", (False, False)),
        ("the port waits.", (True, False)),
        ("The ferry sails", (False, True)),
        ("port", (True, True)),
        ("Gulls cry.", (False, False)),
        ("“Gulls cry.”", (False, False)),
        ("The ferry sails; the port waits. “Gulls cry.”", (False, False)),
    ],
)
def test_what_a_stretch_leaves_out_of_its_sentences(part, left_out):
    text = "The ferry sails; the port waits. “Gulls cry.” Nobody minds."
    start = text.index(part)
    assert breaks_off(text, start, start + len(part)) == left_out
