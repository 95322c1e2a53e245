"""Names in running text, and which of them are one person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.speech.names import Roster, names, parts, same_person


def defect(*case, reason):
    """A case that ought to hold and does not yet."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason=reason))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("On Friday the Polish Prime Minister Donald Tusk spoke.", ["Donald Tusk"]),
        ("President Joe Biden met Xi Jinping.", ["Joe Biden", "Xi Jinping"]),
        ("President Biden left.", ["Biden"]),
        ("Secretary of State Marco Rubio spoke.", ["Marco Rubio"]),
        ("U.S. President Jane Roe spoke.", ["Jane Roe"]),
        ("Ohio Gov. Jane Roe spoke.", ["Jane Roe"]),
        ("Dr. J. D. Varga of Skerry", ["J. D. Varga", "Skerry"]),
        ("Marine Le Pen met Charles de Gaulle.", ["Marine Le Pen", "Charles de Gaulle"]),
        ("Ursula von der Leyen and Mohammed bin Salman", ["Ursula von der Leyen", "Mohammed bin Salman"]),
        ("Abdel Fattah al-Sisi", ["Abdel Fattah al-Sisi"]),
        ("Finbar O’Neill, Jean-Luc Lamy", ["Finbar O’Neill", "Jean-Luc Lamy"]),
        ("Łukasz Żak met Nguyễn Văn An.", ["Łukasz Żak", "Nguyễn Văn An"]),
        ("Jane Roe’s mother, Tom Bask's aunt", ["Jane Roe", "Tom Bask"]),
        ("the EU and NATO", ["EU", "NATO"]),
        ("In May Theresa May left.", ["Theresa May"]),
        ("Stephen King and Aaron Judge", ["Stephen King", "Aaron Judge"]),
        ("Today Jane Roe left. Yesterday Roe came back.", ["Jane Roe", "Roe"]),
        ("Christian Lindner met Adrian Dutch.", ["Christian Lindner", "Adrian Dutch"]),
        ("The ferry sails. However, it is late. Nobody minds.", []),
        ("", []),
        ("Chancellor of the Exchequer Jane Roe", ["Jane Roe"]),
        ("Foreign Ministry", ["Foreign Ministry"]),
    ],
)
def test_names_stand_without_what_leads_up_to_them(text, found):
    assert [name.full for name in names(text)] == found


def test_a_name_is_found_where_it_stands():
    text = "“It sails,” said Prime Minister Mara Quill. Quill left."
    assert [text[n.start : n.end] for n in names(text)] == ["Mara Quill", "Quill"]


@given(
    st.text(
        st.sampled_from("aeBCdłŻ éO'’.-, \n“”0:") | st.characters(exclude_categories=["Cs"]), max_size=120
    )
)
def test_names_lie_in_the_text_in_order_and_apart(text):
    at = 0
    for name in names(text):
        assert at <= name.start < name.end <= len(text)
        assert text[name.start : name.end].split() == list(name.words)
        at = name.end


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("Tusk", "Donald Tusk"),
        ("tusk", "DONALD TUSK"),
        ("J. Roe", "Jane Roe"),
        ("Jane Roe", "Jane Ann Roe"),
        ("Zak", "Łukasz Żak"),
        ("o'neill", "Finbar O’Neill"),
        ("von der leyen", "Ursula von der Leyen"),
    ],
)
def test_names_that_can_be_one_persons(asked, label):
    assert same_person(asked, label)


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("Boris Johnson", "Mike Johnson"),
        ("Jane Roe", "James Roe"),
        ("Bill Clinton", "Hillary Clinton"),
        ("Tusk", "Trump"),
        ("Donald Trump", "Donald Trump Jr."),
        ("Donald", "Donald Tusk"),
        ("", "Tusk"),
        ("Tusk", ""),
        ("Tusk", "a spokesman for Donald Tusk"),
        ("Donald Tusk", "the wife of Donald Tusk"),
        ("Tusk", "critics of Tusk"),
    ],
)
def test_names_that_are_two_peoples(asked, label):
    assert not same_person(asked, label)


def test_a_roster_gives_a_short_name_its_full_form():
    roster = Roster(["Mara Quill runs the port. Quill is strict.", "Łukasz Żak came."])
    assert [roster.resolve(n) for n in ("Quill", "QUILL", "Zak", "Mara Quill")] == [
        "Mara Quill",
        "Mara Quill",
        "Łukasz Żak",
        "Mara Quill",
    ]


def test_a_roster_takes_the_fullest_form_of_one_person():
    assert Roster(["Ana Costa left. Ana M. Costa came back."]).resolve("Costa") == "Ana M. Costa"


def test_a_roster_leaves_a_name_that_two_people_share():
    assert Roster(["Boris Johnson met Mike Johnson. Johnson left."]).resolve("Johnson") == "Johnson"


def test_a_roster_leaves_a_name_that_it_does_not_know():
    assert Roster(["Mara Quill left."]).resolve("Bask") == "Bask"


@pytest.mark.parametrize(
    ("name", "taken_apart"),
    [
        ("J. D. Harrow", (("jd",), "harrow", "")),
        ("J.D. Harrow", (("jd",), "harrow", "")),
        ("Robert F. Conway Jr.", (("robert", "f"), "conway", "jr")),
        ("Omar bin Tarik", (("omar",), "tarik", "")),
        ("De la Vega", ((), "vega", "")),
        ("Finbar O’Shea", (("finbar",), "o'shea", "")),
        ("", ((), "", "")),
    ],
)
def test_a_name_is_taken_apart(name, taken_apart):
    assert parts(name) == taken_apart


def test_a_bare_surname_is_the_fathers_and_not_the_juniors():
    assert Roster(["Tom Bask Jr. met Tom Bask. Bask smiled."]).resolve("Bask") == "Tom Bask"
    assert Roster(["Tom Bask Jr. spoke. Bask smiled."]).resolve("Bask") == "Tom Bask Jr."


@pytest.mark.parametrize(
    "text", ["The Polish PM spoke.", "The Foreign Minister spoke.", "The Chancellor spoke."]
)
def test_an_office_with_capitals_is_no_name(text):
    assert names(text) == []
