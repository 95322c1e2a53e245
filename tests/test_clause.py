"""One sentence read for its speech: its quotations, tokens and cues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.segment import Span
from index.speech.clause import Clause
from index.speech.tokens import quotations, tokens


def defect(*case, reason):
    """A case that ought to hold and does not yet."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason=reason))


def quoted(text):
    return [text[q.start : q.end] for q in quotations(text)]


def cues(text):
    """Every cue with its speakers, and whether it reports anything."""
    clause = Clause(text, Span(0, len(text)), quotations(text))
    return [(c.word, c.speakers, c.silent) for c in clause.cues]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No quotation, though it’s got an apostrophe.", []),
        ("He said “yes” and “no”.", ["“yes”", "“no”"]),
        ('He said "yes" and "no".', ['"yes"', '"no"']),
        ("He said ''yes'' and ``no''.", ["''yes''", "``no''"]),
        ("He said «oui».", ["«oui»"]),
        ("He said „ja“ and „nein”.", ["„ja“", "„nein”"]),
        ("“She said ‘no’ to me,” he said.", ["“She said ‘no’ to me,”"]),
        ("‘It sails,’ he said. It’s late. ‘It’s hers.’", ["‘It sails,’", "‘It’s hers.’"]),
        ("He began: “It is never closed.", ["“It is never closed."]),
        ("A closing mark” without an opening one.", []),
        ("the ’90s and the boys’ ferry", []),
        ("", []),
    ],
)
def test_quotations_are_found_with_their_marks(text, found):
    assert quoted(text) == found


MARKED = st.text(st.sampled_from("aB “”„«»\"'‘’`.,") | st.characters(exclude_categories=["Cs"]), max_size=80)


@given(MARKED)
def test_quotations_lie_in_the_text_in_order_and_apart(text):
    at = 0
    for q in quotations(text):
        assert at <= q.start < q.end <= len(text)
        at = q.end


@given(MARKED)
def test_tokens_lie_in_the_text_in_order_and_leave_no_letter_out(text):
    at = 0
    for token in tokens(text, Span(0, len(text)), quotations(text)):
        assert at <= token.start < token.end <= len(text)
        # Only white space and combining leftovers stand between tokens.
        assert not any(c.isalnum() for c in text[at : token.start])
        at = token.end
    assert not any(c.isalnum() for c in text[at:])


def test_a_name_is_one_token_and_so_is_a_quotation():
    text = "“It sails, Tom,” said Mayor Ursula von der Leyen."
    found = [(t.text, t.kind) for t in tokens(text, Span(0, len(text)), quotations(text))]
    assert found[0] == ("“It sails, Tom,”", "quote")
    assert found[-2:] == [("Ursula von der Leyen", "name"), (".", "mark")]


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Mara Quill said that it sails.", ("said", ("Mara Quill",), False)),
        ("She said that it sails.", ("said", ("she",), False)),
        ("“It sails,” said Mara Quill.", ("said", ("Mara Quill",), False)),
        ("According to Mara Quill, it sails.", ("according to", ("Mara Quill",), False)),
        ("Mara Quill was blunt: “It sails.”", (":", ("Mara Quill",), False)),
        ("Mara Quill and Tom Bask said that it sails.", ("said", ("Mara Quill", "Tom Bask"), False)),
        ("Mara Quill has not said that it sails.", ("said", ("Mara Quill",), True)),
        ("Mara Quill would say that it sails.", ("say", ("Mara Quill",), True)),
        ("If Mara Quill says that it sails, fine.", ("says", ("Mara Quill",), True)),
        ("Mara Quill declined to say that it sails.", ("say", ("Mara Quill",), True)),
    ],
)
def test_a_cue_tells_speaker_and_word_and_whether_anything_is_said(text, cue):
    assert cues(text) == [cue]


@pytest.mark.parametrize(
    "text",
    [
        "The ferry sails on Monday.",
        "The report on the ferry is long.",
        "Her claim to the pier is old.",
        "Mara Quill was told nothing.",
        "The tweet by Mara Quill is old.",
        "A demand for ferries rose.",
    ],
)
def test_nouns_and_passives_are_no_cues(text):
    assert cues(text) == []


@given(
    st.lists(
        st.sampled_from("Mara Quill said that “it sails” : , who told according to if not by".split()),
        max_size=15,
    )
)
def test_every_cue_stands_in_its_sentence_and_every_speaker_is_named(words):
    text = " ".join(words)
    for cue in Clause(text, Span(0, len(text)), quotations(text)).cues:
        assert 0 <= cue.start < len(text) and 0 <= cue.at < len(text)
        assert cue.speakers and all(cue.speakers)
