"""What in a text speaks against its being the answer to a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.contrary import contrary, numbers

BAKER = "The baker opened a second oven in the northern quarter, and its known customers rose to forty."
KEEPER = "Nobody but the keeper could refuse the ferry a mooring before the flood."


@pytest.mark.parametrize(
    "question",
    [
        "Who did not open an oven?",  # denied, and the text denies nothing
        "Why hasn't the baker opened an oven?",
        "Who lacked an oven?",
        "When did the baker close the oven?",  # opposites, in any form
        "Who closed the second oven?",
        "How far did the customers fall?",
        "How far had the customers fallen?",
        "What stands in the southern quarter?",
        "Which customers were unknown?",  # by a prefix
        "Who opened the third oven?",  # another of its kind
    ],
)
def test_a_question_that_the_text_turns_round_is_contrary_to_it(question: str) -> None:
    assert contrary(question, BAKER)


@pytest.mark.parametrize(
    "question",
    [
        "Who opened the second oven?",
        "Where did the baker open an oven?",
        "What rose to forty?",
        "Who runs the mill on the hill?",  # about something else altogether
        "Which customers were known?",
        "",
    ],
)
def test_a_question_in_the_sense_of_the_text_is_not_contrary(question: str) -> None:
    assert not contrary(question, BAKER)


def test_a_denial_that_the_text_shares_is_none() -> None:
    assert not contrary("Whom could nobody but the keeper refuse?", KEEPER)
    assert not contrary("Who couldn't moor?", KEEPER)


def test_an_opposite_that_stands_beside_its_word_is_none() -> None:
    both = "Prices rose in May and fell in June."
    assert not contrary("When did prices rise?", both)
    assert not contrary("When did prices fall?", both)
    assert not contrary("What rose as prices fell?", "Prices fell in June.")


def test_a_prefix_is_seen_from_either_side() -> None:
    assert contrary("Which claims were proven?", "The claims were unproven.")
    assert contrary("Which claims were unproven?", "The claims were proven.")


def test_a_short_word_inside_another_is_no_opposite() -> None:
    assert not contrary("Who put it there?", "The input stood there.")


@given(st.text(max_size=60))
def test_no_text_is_contrary_to_itself(text: str) -> None:
    assert not contrary(text, text)


@given(st.sampled_from([BAKER, KEEPER]), st.text(alphabet="abcdefghij not?'", max_size=40))
def test_case_makes_no_difference(text: str, question: str) -> None:
    assert contrary(question.upper(), text) == contrary(question.lower(), text)


def test_numbers_are_digits_and_words_as_written_and_one_is_none() -> None:
    text = "In 1,204 one of Forty ships, or 3.5 tonnes of 7 carts, sank; 12."
    assert numbers(text) == {"1,204", "forty", "3.5", "7", "12"}
