"""Whom a question names: speakers, people who are only mentioned, strangers, the columnist."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.people import People, Standing, names_one_of, naming
from index.segment import fold

SPEAKERS = [
    "Donald Tusk",
    "Radosław Sikorski",
    "Emmanuel Macron",
    "Ursula von der Leyen",
    "Finbar O’Neill",
    "Łukasz Żak",
    "Stephen King",
    "Aaron Judge",
    "Boris Johnson",
    "Mike Johnson",
    "Johnson",
    "Trump",
    "New York Times",
    "Wall Street Journal",
    "White House",
    "the mayor",
    "a spokesman for Donald Tusk",
    "Tusk’s lawyer",
    "critics of Vladimir Putin",
]
NAMED_ONLY = ["Vladimir Putin", "Warsaw", "Kamala Harris"]
WORDS = re.findall(r"[\w’'-]+", fold(" ".join([*SPEAKERS, *NAMED_ONLY])))


def people(speakers=SPEAKERS, named_only=NAMED_ONLY, columnists=("Ines Calder",)):
    words = re.findall(r"[\w’'-]+", fold(" ".join([*speakers, *named_only])))
    return People(dict.fromkeys(speakers, 1), dict.fromkeys(words, 1), columnists)


def defect(*case, reason):
    """A case that ought to hold and does not yet."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason=reason))


def found(who, **column):
    return [(p.standing, p.speakers) for p in people(**column).find(who)]


@pytest.mark.parametrize(
    ("who", "label"),
    [
        ("Tusk", "Donald Tusk"),
        ("donald tusk", "Donald Tusk"),
        ("tusk's", "Donald Tusk"),
        ("mr tusk", "Donald Tusk"),
        ("prime minister tusk", "Donald Tusk"),
        ("sikorsky", "Radosław Sikorski"),
        ("macorn", "Emmanuel Macron"),
        ("von der leyen", "Ursula von der Leyen"),
        ("leyen", "Ursula von der Leyen"),
        ("o'neill", "Finbar O’Neill"),
        ("oneill", "Finbar O’Neill"),
        ("zak", "Łukasz Żak"),
        ("lukasz zak", "Łukasz Żak"),
        ("king", "Stephen King"),
        ("judge", "Aaron Judge"),
        ("donald trump", "Trump"),
        ("the nyt", "New York Times"),
        ("the wsj", "Wall Street Journal"),
        ("the white house", "White House"),
        ("the mayor", "the mayor"),
        ("a spokesman for donald tusk", "a spokesman for Donald Tusk"),
        ("ursula", "Ursula von der Leyen"),
    ],
)
def test_a_speaker_is_known_by_any_usual_form_of_the_name(who, label):
    assert found(who) == [(Standing.SPEAKER, (label,))]


def test_one_person_may_stand_under_several_labels():
    assert found("tusk", speakers=["Donald Tusk", "Tusk"]) == [(Standing.SPEAKER, ("Donald Tusk", "Tusk"))]


def test_two_people_of_one_surname_are_told_apart_by_their_first_names():
    assert found("boris johnson") == [(Standing.SPEAKER, ("Boris Johnson",))]
    assert found("mike johnson") == [(Standing.SPEAKER, ("Mike Johnson",))]


@pytest.mark.parametrize(
    "who",
    [
        "hillary tusk",
        "alan johnson",
    ],
)
def test_a_third_person_of_a_known_surname_has_said_nothing(who):
    assert all(not speakers for _, speakers in found(who))


@pytest.mark.parametrize("who", ["putin", "vladimir putin"])
def test_whoever_is_only_mentioned_has_no_words_not_even_their_critics(who):
    assert found(who) == [(Standing.MENTIONED, ())]


@pytest.mark.parametrize("who", ["the king", "the judge"])
def test_a_title_is_not_the_person_who_bears_it_as_a_surname(who):
    ((standing, _),) = found(who)
    assert standing is Standing.DESCRIBED


@pytest.mark.parametrize("who", ["obama", "barack obama"])
def test_a_stranger_is_unknown(who):
    assert found(who) == [(Standing.UNKNOWN, ())]


def test_a_stranger_who_resembles_somebody_brings_a_suggestion():
    (person,) = people().find("tsk")
    assert person.standing is Standing.UNKNOWN
    assert "Donald Tusk" in person.suggestions or "Tusk’s lawyer" in person.suggestions


def test_a_wrong_first_name_brings_the_right_one_as_a_suggestion():
    (person,) = people().find("radek sikorski")
    assert "Radosław Sikorski" in (*person.suggestions, *person.speakers)


@pytest.mark.parametrize("who", ["ines calder", "calder", "Ines"])
def test_the_columnist_is_known_by_name(who):
    assert found(who) == [(Standing.COLUMNIST, ())]


@pytest.mark.parametrize("who", ["the israeli leader", "the", ""])
def test_words_that_name_nobody_are_a_description(who):
    assert found(who) == [(Standing.DESCRIBED, ())]


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        ("trump and tusk", [("Trump",), ("Donald Tusk",)]),
        ("tusk, king and zak", [("Donald Tusk",), ("Stephen King",), ("Łukasz Żak",)]),
        ("tusk & trump", [("Donald Tusk",), ("Trump",)]),
        ("tusk and putin", [("Donald Tusk",), ()]),
        ("boris johnson and tusk", [("Boris Johnson",), ("Donald Tusk",)]),
    ],
)
def test_several_people_are_told_apart(who, labels):
    assert [speakers for _, speakers in found(who)] == labels


def test_whom_a_spokesman_speaks_for_does_not_answer_for_him():
    ((_, speakers),) = found("a spokesman for Donald Tusk")
    assert "Donald Tusk" not in speakers


def test_an_office_means_whoever_holds_it_and_the_newest_holder_first():
    column = People({"Donald Tusk": 1}, {"donald": 1, "tusk": 1}, (), lambda phrase: ["Donald Tusk"])
    assert [p.speakers for p in column.find("the Polish premier")] == [("Donald Tusk",)]
    column = People({"A Roe": 1, "B Poe": 1}, {}, (), lambda phrase: ["B Poe", "A Roe"])
    assert [p.name for p in column.find("the Polish premier")] == ["B Poe", "A Roe"]


def test_speakers_are_found_in_a_question_that_is_hardly_more_than_names():
    assert [p.name for p in people().named_in("sikorsky or trump on drones")] == [
        "Radosław Sikorski",
        "Trump",
    ]


def test_words_of_a_name_are_known_with_their_typing_errors():
    tusk = people().find("tusk")
    assert [names_one_of(word, tusk) for word in ("Tusk", "tusk's", "donald", "drones")] == [
        True,
        True,
        True,
        False,
    ]


@given(st.sampled_from([s for s in SPEAKERS if s[0].isupper() and "’s" not in s]))
def test_every_speaker_is_found_by_the_full_name_in_any_case(name):
    for who in (name, name.lower(), name.upper()):
        assert name in {label for _, speakers in found(who) for label in speakers}


@given(st.text(max_size=60))
def test_whatever_stands_for_a_name_nobody_else_is_made_up(who):
    for person in people().find(who):
        assert set(person.speakers) <= set(SPEAKERS)
        assert set(person.suggestions) <= {*SPEAKERS, *(w.capitalize() for w in WORDS)}
        assert bool(person.speakers) == (person.standing is Standing.SPEAKER)


def test_a_columnists_first_name_is_a_speakers_where_one_bears_it():
    column = people(speakers=["Ines Marsh"])
    assert [p.name for p in column.find("ines")] == ["Ines Marsh"]
    assert [p.standing for p in column.find("ines calder")] == [Standing.COLUMNIST]
    assert [p.standing for p in column.find("calder")] == [Standing.COLUMNIST]


def test_an_office_of_a_country_that_nobody_holds_is_not_the_country():
    (person,) = people().find("the emir of Warsaw")
    assert (person.standing, person.speakers) == (Standing.UNKNOWN, ())


def test_a_speaker_and_a_topic_are_not_the_name_of_whatever_the_topic_is():
    (person,) = people().find("tusk warsaw")
    assert person.standing is not Standing.MENTIONED
    assert [p.name for p in people().named_in("tusk warsaw")] == ["Donald Tusk"]


LETTERS = {
    1: "Vera Lind was in the room.",
    2: "Lind was silent. So was Tom Lind.",
    3: "The Lind Foundation paid.",
    4: "Nobody had heard of lind.",
}


@pytest.mark.parametrize(
    ("called", "texts", "found"),
    [
        (["Vera Lind"], (1, 3), [1]),
        (["Vera Lind"], (1, 2, 3, 4), [1]),  # "Lind" may be Tom
        (["Tom Lind"], (1, 2), [2]),
        (["Lind"], (1, 2, 3), [1, 2]),
        (["Vera Lind"], (3,), []),
        (["lind"], (3, 4), [4]),
        (["Vera Lind", "Tom Lind"], (1, 2, 3), [1, 2]),
    ],
)
def test_a_text_names_somebody_and_not_a_namesake_or_a_foundation(called, texts, found):
    assert naming({n: LETTERS[n] for n in texts}, called) == found


@pytest.mark.parametrize("word", ["mab", "queen"])
def test_the_words_of_a_nickname_are_part_of_the_name(word):
    (person,) = People({"Mara Quill": 1}, {}, aliases={"Mara Quill": ["Queen Mab"]}).find("queen mab")
    assert names_one_of(word, [person])
    assert not names_one_of("hull", [person])
