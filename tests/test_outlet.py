"""Whose text a paragraph introduces: outlets and people of many forms, and the columnist's own points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.outlet import handed_over, introduced_outlet


@pytest.mark.parametrize(
    ("paragraph", "outlet"),
    [
        (
            "Even the New York Times’ Jane Roe’s prose sounds tired of Poland’s plans on this point:",
            "New York Times",
        ),
        (
            "It rained. If the Wall Street Journal's Jane Roe and Al Ward are right, he was cross:",
            "Wall Street Journal",
        ),
        ("Here’s the BBC’s Jane Roe:", "BBC"),
        ("As Politico’s Jane Roe and John Doe report:", "Politico"),
        ("The FT’s chief economics commentator, Jane Roe, was blunt:", "FT"),
        ("As Jane Roe writes in the Atlantic:", "Atlantic"),
        ("Jane Roe in the New Yorker:", "New Yorker"),
        ("Here’s Jane Roe in Foreign Affairs:", "Foreign Affairs"),
        ("According to Reuters:", "Reuters"),
        ("This is what happened, according to the Associated Press:", "Associated Press"),
        ("From the Economist:", "Economist"),
        ("This, from Friday’s Washington Post, is worth reading whole:", "Washington Post"),
        ("On Monday Reuters reported that the minister was furious:", "Reuters"),
        ("Over at the Financial Times, Jane Roe is gloomy:", "Financial Times"),
        ("The Harbour Gazette’s Ruth Okafor, the morning after:", "Harbour Gazette"),
        ("I’ll let the Guardian’s Jane Roe explain:", "Guardian"),
        ("Axios:", "Axios"),
        ("As Jane Roe writes:", "Jane Roe"),
        ("As Roe puts it:", "Roe"),
        ("Jane Roe, who has seen a few of these, puts it well:", "Jane Roe"),
        ("The Polish foreign minister, Radosław Sikorski, put it this way:", "Radosław Sikorski"),
        ("In the words of Jane O’Brien:", "Jane O’Brien"),
        ("I cannot put it better than Jane Roe:", "Jane Roe"),
        ("Writes Jane Roe:", "Jane Roe"),
    ],
)
def test_the_outlet_is_found_and_failing_that_the_person(paragraph, outlet):
    assert handed_over(paragraph) == outlet


@pytest.mark.parametrize(
    "paragraph",
    [
        "",
        "Three things follow:",
        "Consider this:",
        "Consider Poland:",
        "He writes:",
        "Experts said:",
        "The bottom line:",
        "I disagree with the Guardian’s Jane Roe for three reasons:",
        "As I wrote in the Atlantic last year:",
        "My answer to the New York Times’ Jane Roe:",
        "There are two kinds of readers of the Economist:",
        "Which brings us to the Trump administration’s biggest mistake:",
        "The White House has a problem:",
        "Meanwhile, in Brussels:",
        "Here is the United States:",
        "The Guardian’s treatment of Poland is a disgrace:",
        "Everybody is poorer in Post-Brexit Britain:",
        "As Jane Roe writes in the Atlantic.",
        "“As Jane Roe writes in the Atlantic:",
        'And then "as Jane Roe writes in the Atlantic:',
    ],
)
def test_the_columnists_own_next_point_is_nobody_elses(paragraph):
    assert handed_over(paragraph) is None


def test_markup_needs_no_colon_where_the_outlet_is_named():
    assert introduced_outlet("The story was broken on Friday by Reuters.") == "Reuters"
    assert introduced_outlet("Reuters had it first. The rest was silence.") is None


@given(st.text(alphabet="AaBb’s :,.“”\u0301") | st.text())
def test_whatever_is_introduced_stands_in_the_paragraph(paragraph):
    outlet = introduced_outlet(paragraph)
    assert outlet is None or outlet in paragraph
