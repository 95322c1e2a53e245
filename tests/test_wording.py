"""Phrases that the command line and Slack share."""

import pytest

from index import wording


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, ""),
        ({"int8 graph 3f2a": 1}, "1 sentence by int8 graph 3f2a"),
        (
            {"sentence-transformers": 40, "int8 graph 3f2a": 12_000, "": 3},
            "12,000 sentences by int8 graph 3f2a, 40 by sentence-transformers, 3 by an unknown encoder",
        ),
    ],
)
def test_what_made_vectors_is_told_the_most_first(counts, told):
    assert wording.makers(counts) == told
