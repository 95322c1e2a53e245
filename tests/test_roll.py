"""Which labels of a column are one person, and which are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.roll import Roll, head, is_described, key, spelled


def one(*labels, aliases=None, offices=None, statements=None):
    """Return the groups of *labels* that stand for one, each sorted."""
    speakers = dict.fromkeys(labels, 1) | (statements or {})
    roll = Roll(speakers, aliases or {}, lambda phrase: (offices or {}).get(key(phrase), []))
    return sorted(sorted(entry.labels) for entry in roll.entries)


@pytest.mark.parametrize(
    "labels",
    [
        ("Dana Morrow", "Morrow"),
        ("Dana Morrow", "D. Morrow", "Dana K. Morrow"),
        ("J.D. Harrow", "JD Harrow", "J. D. Harrow"),
        ("Oscar de la Vega", "De la Vega", "Vega"),
        ("Petro Halynskyy", "Petro Halynsky", "Halynskiy"),
        ("Łukasz Żak", "Lukasz Zak"),
        ("Finbar O’Shea", "O'Shea"),
        ("Wen Zhaolin", "Wen"),
        ("Tom Bask Jr.", "Bask"),
        ("Skerry Herald", "Herald"),
        ("Skerry Herald", "SH"),
        ("Northern Alliance", "NA"),
    ],
)
def test_the_forms_of_one_name_are_one(labels):
    assert one(*labels) == [sorted(labels)]


@pytest.mark.parametrize(
    "labels",
    [
        ("Dana Morrow", "Ruth Morrow"),
        ("Dana A. Morrow", "Dana B. Morrow"),
        ("Dana W. Morrow", "Dana H. W. Morrow"),
        ("Tom Bask", "Tom Bask Jr."),
        ("John Hansen", "John Hanson"),
        ("Bask", "Bask County"),
        ("House", "Skerry House"),
        ("Skerry Herald", "Fenwick Herald"),
        ("Jordan", "Jordan Pike"),
        ("May Lind", "Ann Marsh", "Lind Foundation"),
    ],
)
def test_two_who_share_part_of_a_name_are_two(labels):
    assert one(*labels) == sorted([label] for label in labels)


def test_a_bare_surname_that_two_bear_is_neithers():
    assert one("Dana Morrow", "Ruth Morrow", "Morrow") == [["Dana Morrow"], ["Morrow"], ["Ruth Morrow"]]


def test_a_bare_surname_is_whose_it_nearly_always_is():
    found = one("Dana Morrow", "Ruth Morrow", "Morrow", statements={"Dana Morrow": 8})
    assert found == [["Dana Morrow", "Morrow"], ["Ruth Morrow"]]


def test_a_name_that_fits_two_middle_initials_is_neithers():
    found = one("Dana A. Morrow", "Dana B. Morrow", "Dana Morrow")
    assert found == [["Dana A. Morrow"], ["Dana B. Morrow"], ["Dana Morrow"]]


def test_a_name_that_a_heading_has_run_into_is_still_the_name():
    statements = {"Dana Morrow": 9, "Banker Dana Morrow": 2}
    found = one("Banker Dana Morrow", "Dana K. Morrow", "Dana Morrow", "Morrow", statements=statements)
    assert found == [["Banker Dana Morrow", "Dana K. Morrow", "Dana Morrow", "Morrow"]]


def test_a_first_name_that_two_bear_is_neithers():
    assert one("Wen Zhaolin", "Wen Haoyu", "Wen") == [["Wen"], ["Wen Haoyu"], ["Wen Zhaolin"]]


def test_an_office_of_a_country_is_whoever_alone_holds_it():
    offices = {"polish pm": ["Dana Morrow"], "poland's premier": ["Dana Morrow"]}
    found = one("Dana Morrow", "the Polish PM", "Poland’s premier", offices=offices)
    assert found == [["Dana Morrow", "Poland’s premier", "the Polish PM"]]


def test_an_office_that_two_held_and_one_of_no_country_are_nobodys_label():
    offices = {"polish pm": ["Dana Morrow", "Tom Bask"], "president": ["Dana Morrow"]}
    assert one("Dana Morrow", "the Polish PM", "the president", offices=offices) == [["Dana Morrow"]]


def test_aliases_join_what_the_text_calls_so_and_take_it_from_others():
    aliases = {"Dana Morrow": ["Dee", "the Admiral"]}
    assert one("Morrow", "Dee", "the Admiral", aliases=aliases) == [["Dee", "Morrow", "the Admiral"]]
    found = one("Dana Morrow", "Ruth Dee", "Dee", aliases=aliases)
    assert found == [["Dana Morrow", "Dee"], ["Ruth Dee"]]


@pytest.mark.parametrize(
    "label",
    ["the mayor", "a spokesman for Jane Roe", "Roe’s lawyer", "two officials", "Poland’s prime minister"],
)
def test_a_description_is_no_name(label):
    assert is_described(label)


@pytest.mark.parametrize("label", ["Jane Roe", "the US", "NATO", "Ludwig van Dahl", "Roe"])
def test_a_name_is_no_description(label):
    assert not is_described(label)


@pytest.mark.parametrize(
    ("label", "noun"),
    [
        ("two officials in Oslo", "official"),
        ("a senior official familiar with the talks", "official"),
        ("a spokesman for Jane Roe", "spokesman"),
        ("the boss", "boss"),
    ],
)
def test_a_description_is_found_by_its_noun(label, noun):
    assert head(label) == noun


@pytest.mark.parametrize("short", ["Lind", "Linnd"])
def test_a_short_surname_has_one_spelling(short):
    assert spelled(short.lower()) == short.lower()


WORDS = st.sampled_from(["Dana", "Ruth", "Tom", "A.", "Morrow", "Bask", "Skerry", "Herald", "County", "Jr."])
LABELS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@given(st.dictionaries(LABELS, st.integers(1, 20), max_size=12))
def test_every_name_stands_for_exactly_one(speakers):
    roll = Roll(speakers, {}, lambda phrase: [])
    labels = [label for entry in roll.entries for label in entry.labels]
    assert sorted(labels) == sorted(s for s in speakers if not is_described(s))
    assert all(entry.statements == sum(speakers[s] for s in entry.labels) for entry in roll.entries)
