"""Offices: what a phrase is an office of, and who holds it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.passage import Role
from index.speech.names import Roster
from index.speech.roles import Offices, holders, parse, roles_in


def roles(text):
    return [(r.speaker, r.office, r.of) for r in roles_in([text], Roster([text]))]


def of(roles: list[Role]) -> Callable[[str], list[Role]]:
    """Stand where the store stands, which gives the roles of one office."""
    return lambda office: [r for r in roles if r.office == office]


@pytest.mark.parametrize(
    ("phrase", "office"),
    [
        ("the Polish PM", ("prime minister", ("poland",))),
        ("Poland’s premier", ("prime minister", ("poland",))),
        ("the prime minister of Poland", ("prime minister", ("poland",))),
        ("the Indian prime minister", ("prime minister", ("india",))),
        ("the American president", ("president", ("united states",))),
        ("the president of the United States", ("president", ("united states",))),
        ("Kremlin spokesman", ("spokesman", ("russia",))),
        ("White House press secretary", ("spokesman", ("united states",))),
        ("NATO's secretary general", ("secretary general", ("nato",))),
        ("the South Korean president", ("president", ("south korea",))),
        ("the chief economist", ("economist", ("chief",))),
        ("the house speaker", ("speaker", ("house",))),
        ("the ferry", ("", ())),
    ],
)
def test_an_office_is_of_a_country_or_a_body(phrase, office):
    assert parse(phrase) == office


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Polish PM Dana Morrow smiled.", ("Dana Morrow", "prime minister", ("poland",))),
        ("Dana Morrow, Poland’s premier, smiled.", ("Dana Morrow", "prime minister", ("poland",))),
        ("The NATO chief, Dana Morrow, smiled.", ("Dana Morrow", "chief", ("nato",))),
        ("UN Secretary-General Dana Morrow smiled.", ("Dana Morrow", "secretary general", ("un",))),
        (
            "European Central Bank President Dana Morrow smiled.",
            ("Dana Morrow", "president", ("european", "central", "bank")),
        ),
        ("Gov. Dana Morrow smiled.", ("Dana Morrow", "governor", ())),
        ("White House press secretary Dana Morrow smiled.", ("Dana Morrow", "spokesman", ("united states",))),
        ("House Speaker Dana Morrow smiled.", ("Dana Morrow", "speaker", ("house",))),
    ],
)
def test_the_text_gives_its_people_their_offices(text, role):
    assert roles(text) == [role]


@pytest.mark.parametrize(
    "text",
    [
        "Former Polish Prime Minister Dana Morrow smiled.",
        "Deputy Prime Minister Dana Morrow smiled.",
        "The Polish PM smiled.",
        "The Foreign Minister smiled.",
    ],
)
def test_whoever_is_not_in_office_has_none(text):
    assert roles(text) == []


def role(speaker, office, *of):
    return Role(speaker=speaker, office=office, of=of)


EUROPE = [
    role("Ann Lind", "president", "european", "commission"),
    role("Bo Marsh", "president", "european", "central", "bank"),
    role("Cy Pike", "president", "poland"),
    role("Di Quill", "chairman", "federal", "reserve"),
    role("Ed Roe", "secretary general", "nato"),
    role("Flo Bask", "secretary", "treasury"),
]


@pytest.mark.parametrize(
    ("phrase", "held"),
    [
        ("the European Commission president", ["Ann Lind"]),
        ("the president of the European Central Bank", ["Bo Marsh"]),
        ("the Polish president", ["Cy Pike"]),
        ("the Polish leader", ["Cy Pike"]),
        ("the French president", []),
        ("the fed chair", ["Di Quill"]),
        ("the nato chief", ["Ed Roe"]),
        ("the us treasury secretary", ["Flo Bask"]),
        ("the treasury secretary", ["Flo Bask"]),
    ],
)
def test_an_office_means_whom_it_fits_best(phrase, held):
    assert holders(phrase, EUROPE) == held


def test_of_those_who_followed_each_other_the_newest_comes_first():
    both = [role("Ann Lind", "prime minister", "poland"), role("Bo Marsh", "prime minister", "poland")]
    assert Offices(of(both)).holders("the Polish PM") == ["Ann Lind", "Bo Marsh"]


@pytest.mark.parametrize("phrase", ["the prime minister", "the Polish senator"])
def test_an_office_of_nothing_and_one_that_many_share_say_too_little(phrase):
    known = [role(who, office, "poland") for who in ("A", "B") for office in ("prime minister", "senator")]
    assert Offices(of(known)).holders(phrase) == []
    assert Offices(of(known[:2])).holders(phrase) == ["A"]


def test_an_office_of_another_country_is_another_office():
    known = [role("Flo Bask", "secretary", "united states", "treasury")]
    assert holders("the American treasury secretary", known) == ["Flo Bask"]
    assert holders("the French treasury secretary", known) == []
