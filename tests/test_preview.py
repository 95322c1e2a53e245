"""Previews are told from whole articles by their last lines and by what their pages declare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.markup import Block, parse_html
from index.sources.preview import Told, falls_short, told, without_end

PROSE = "The tide came in at nine, and nobody on the quay had thought of moving the chairs before it did so."


def split(*lines, title=None):
    kept, truncated = without_end([Block(text=line) for line in (PROSE, *lines)], title)
    return len(kept) - 1, truncated


@pytest.mark.parametrize(
    "line",
    [
        "Read more",
        "\n Read more\n",
        "Continue reading →",
        "Keep reading…",
        "Read the full story",
        "Read the rest on The Quay.",
        "This post is for paid subscribers",
        "This article is only available to members.",
        "Subscribe to The Quay to keep reading this post and get 7 days of free access.",
        "Subscribe to read more",
        "Sign in to continue reading",
        "Become a paid subscriber to read the rest.",
        "Keep reading with a 7-day free trial",
        "Start your free trial",
        "Already a paid subscriber? Sign in",
        "Unlock this post",
        "The rest of this essay is behind the paywall.",
        "For paid subscribers only",
    ],
)
def test_a_line_that_asks_for_more_ends_a_preview_and_is_none_of_its_words(line):
    assert split(line) == (0, True)


@pytest.mark.parametrize(
    "line",
    [
        "Read more about eels in my column of last week.",
        "I read on until the lamp went out.",
        "The paper made its last page free, and nobody came.",
        "She continued reading as if nothing had happened, and so did we all.",
        "Members of the club may keep their boats until the spring.",
        "Next week: who pays for the quay?",
    ],
)
def test_a_line_of_the_column_stays_and_tells_nothing(line):
    assert split(line) == (1, False)


def test_what_stands_below_an_article_goes_and_tells_nothing():
    assert split("The post Tide appeared first on The Quay.") == (0, False)
    assert split("Subscribe now", "Share this post", "Leave a comment") == (0, False)
    assert split("Thanks for reading The Quay! Subscribe for free to receive new posts.") == (0, False)


def test_short_lines_below_a_paywall_go_with_it_and_long_ones_do_not():
    assert split("This post is for paid subscribers", "Log in", "Terms") == (0, True)
    assert split("This post is for paid subscribers", PROSE) == (2, False)


def test_continue_reading_with_the_articles_own_title_is_a_link_to_it():
    line = "Continue reading “The chairs on the quay”"
    assert split(line, title="The chairs on the quay") == (0, True)
    assert split(line, title="Eels") == (1, False)


def test_a_text_that_is_cut_off_in_brackets_keeps_its_words():
    assert split("And then the […]") == (1, True)
    assert split("And then the [...]") == (1, True)
    assert split("“I left […] and came back,” she said.") == (1, False)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), max_size=12))
def test_what_is_kept_is_always_the_beginning(lines):
    blocks = [Block(text=line) for line in lines]
    kept, _ = without_end(blocks)
    assert kept == blocks[: len(kept)]


def test_far_fewer_words_than_declared_are_a_preview():
    text = [Block(text=PROSE)] * 5  # 100 words
    assert falls_short(text, 300)
    assert not falls_short(text, 150)
    assert falls_short([Block(text="(2,300 words)"), *text])
    assert falls_short([Block(text="12 min read"), *text])
    assert not falls_short([Block(text="1 min read"), *text])
    assert not falls_short(
        [Block(text="It was 12 min to nine, and 2,300 words were too many to read in them."), *text]
    )


def page(data, kind="application/ld+json"):
    return parse_html(f'<html><head><script type="{kind}">{data}</script></head><body><p>x</p></body></html>')


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"@type": "NewsArticle", "isAccessibleForFree": false, "wordCount": 900}', Told(True, False, 900)),
        (
            '{"@type": "https://schema.org/BlogPosting", "isAccessibleForFree": "http://schema.org/False"}',
            Told(True, False),
        ),
        (
            '[{"@type": "WebSite"}, {"@type": ["Thing", "Article"], "isAccessibleForFree": "True"}]',
            Told(True),
        ),
        ('{"@graph": [{"@type": "Article", "isAccessibleForFree": "false"}, 7]}', Told(True, False)),
        ('{"@type": "Organization", "isAccessibleForFree": true}', Told()),
        ('{"@type": 7, "wordCount": "many"}', Told()),
        ("[[[[", Told()),
        ("null", Told()),
        ("[" * 100_000, Told()),
    ],
)
def test_what_a_page_declares_of_itself_is_read(data, expected):
    assert told(page(data)) == expected


def test_other_scripts_declare_nothing():
    assert told(page('{"@type": "Article"}', "text/javascript")) == Told()
