"""Plain text, Markdown and HTML to passages: the words stay letter for letter, each in its own voice."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.passage import Passage, Voice
from index.sources.markup import html_runs, markdown_blocks, parse_html, text_blocks
from index.sources.quotation import passages
from index.sources.webpage import read_page

PROSE = "This sentence is about as long as those of a column, so that any reader would count it as prose."


def from_text(text: str) -> tuple[Passage, ...]:
    return passages(text_blocks(text), plain=True)


def from_markdown(text: str) -> tuple[Passage, ...]:
    return passages(markdown_blocks(text))


def from_page(body: str) -> tuple[Passage, ...]:
    return passages(read_page(f"<html><body><article>{body}</article></body></html>").blocks)


def voices(found: tuple[Passage, ...]) -> list[tuple[str, str | None]]:
    """Each passage's text and its outlet, "" for a block quotation from nobody knows where."""
    return [(p.text, p.outlet or "" if p.voice is Voice.BLOCK_QUOTATION else None) for p in found]


# Plain text


def test_wrapped_lines_are_joined_by_one_space():
    assert [p.text for p in from_text("One\n  two \nthree.\n\n\nFour\x0cfive.")] == [
        "One two three.",
        "Four five.",
    ]


def test_lines_too_long_to_be_wrapped_are_paragraphs_of_their_own():
    first, second = PROSE * 2, PROSE * 3
    assert [p.text for p in from_text(f"{first}\n{second}")] == [first, second]


def test_a_line_of_ornaments_is_no_passage():
    assert [(p.number, p.text) for p in from_text("One.\n\n* * *\n\n---\n\nTwo.")] == [
        (1, "One."),
        (2, "Two."),
    ]


def test_a_paragraph_that_is_introduced_as_an_outlets_is_its_block_quotation():
    text = "Even the New York Times’ Jane Roe sounds tired on this:\n\nThe ice is thin.\n\nIt is not thin."
    assert voices(from_text(text)) == [
        ("Even the New York Times’ Jane Roe sounds tired on this:", None),
        ("The ice is thin.", "New York Times"),
        ("It is not thin.", None),
    ]


@pytest.mark.parametrize("follows", ["“The ice is thin,” she wrote.", "1. Ice.", "- Ice.", '"Ice."'])
def test_a_paragraph_in_quotation_marks_or_of_a_list_stays_the_columnists(follows):
    assert voices(from_text(f"As Jane Roe writes in the Gazette:\n\n{follows}"))[1] == (follows, None)


def test_a_surname_at_the_start_is_known_from_the_paragraphs_before():
    known = from_text("I have read Ruth Okafor again.\n\nOkafor writes:\n\nThe ice is thin.")
    unknown = from_text("I have read her again.\n\nOfficials wrote:\n\nThe ice is thin.")
    assert (known[2].outlet, unknown[2].voice) == ("Okafor", Voice.COLUMNIST)


def test_a_quotation_never_introduces_another():
    found = from_text("Says Reuters:\n\nIt rained, according to Jane Roe:\n\nThe ice is thin.")
    assert [p.outlet for p in found] == [None, "Reuters", None]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("ab.: \t\n\r\u2028\x0c\u00a0“”’—"), st.characters(codec="utf-8"))
    )
)
def test_nothing_of_a_plain_text_is_lost_and_nothing_added(text):
    blocks = text_blocks(text)
    assert "".join(squeezed(b.text) for b in blocks) == squeezed(text)
    joined = re.sub(r"[ \t]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028])[ \t]*", " ", text)
    for passage in passages(blocks, plain=True):
        assert squeezed(passage.text) in squeezed(joined)
        assert passage.text == passage.text.strip()


@given(st.lists(st.text(alphabet="abc“”’—… \u00a0\u0301", min_size=1).map(str.strip).filter(len), max_size=5))
def test_paragraphs_between_blank_lines_come_out_letter_for_letter(paragraphs):
    kept = [p for p in paragraphs if re.search(r"[^\s—]", p)]
    assert [p.text for p in from_text("\n\n".join(paragraphs))] == kept


# Markdown


def test_markdown_loses_its_marks_and_keeps_its_words():
    text = (
        "It’s *very* **bold**, a [link](https://x.example.org), `code`, ~~gone~~ &amp; 2 \\* 3"
        ' --- "so"[^1].\n'
        "Wrapped ![image](a.png)here<br>and <span>there</span>. https://a.example.org/x_y_z"
    )
    words = 'It’s very bold, a link, code, gone & 2 * 3 --- "so"[^1]. Wrapped here and there. https://a.example.org/x_y_z'
    assert [p.text for p in from_markdown(text)] == [words]


def test_headings_become_sections_and_the_first_one_is_the_title():
    found = from_markdown(
        "# Title\n\nOne.\n\n## Part *one*\n\nTwo.\n\nThree.\n\nPart two\n---\n\nFour.\n\n# Late\n\nFive."
    )
    assert [(p.number, p.text, p.section) for p in found] == [
        (1, "One.", None),
        (2, "Two.", "Part one"),
        (3, "Three.", "Part one"),
        (4, "Four.", "Part two"),
        (5, "Five.", "Late"),
    ]


def test_each_item_of_a_list_is_a_passage():
    found = from_markdown("- One\n  more\n- Two\n\n  and its second\n  1. Inner\n\n```\na\nb\n```")
    assert [p.text for p in found] == ["One more", "Two", "and its second", "Inner", "a b"]


@pytest.mark.parametrize(
    "signature", ["> — The Harbour Gazette", ">\n> -- Harbour Gazette", ">\n> – *Harbour Gazette*"]
)
def test_the_line_below_a_quotation_says_where_it_is_from_and_is_no_passage(signature):
    found = from_markdown(f"Before.\n\n> Ice is\n> cold.\n>\n> Fire is hot.\n{signature}\n\nAfter.")
    assert voices(found) == [
        ("Before.", None),
        ("Ice is cold.", "Harbour Gazette"),
        ("Fire is hot.", "Harbour Gazette"),
        ("After.", None),
    ]


def test_an_unsigned_quotation_is_from_the_outlet_that_introduces_it_or_from_nobody():
    found = from_markdown("Says Reuters:\n\n> Ice.\n\nConsider this.\n\n> Fire.")
    assert voices(found) == [
        ("Says Reuters:", None),
        ("Ice.", "Reuters"),
        ("Consider this.", None),
        ("Fire.", ""),
    ]


def test_two_quotations_on_end_keep_their_own_outlets():
    found = from_markdown("> Ice.\n>\n> — A Post\n\n<!-- -->\n\n> Fire.\n>\n> — B Post")
    assert voices(found) == [("Ice.", "A Post"), ("Fire.", "B Post")]


def test_quotations_in_html_inside_markdown_stay_apart():
    quotation = "<blockquote><p>{}</p><footer>— {}</footer></blockquote>\n\n"
    found = from_markdown(
        quotation.format("Ice.", "A Post") + quotation.format("Fire.", "B Post") + "<!-- no -->\n\nEnd."
    )
    assert voices(found) == [("Ice.", "A Post"), ("Fire.", "B Post"), ("End.", None)]


def test_a_pull_quote_of_the_articles_own_words_stays_the_columnists():
    found = from_markdown("Ice is cold, and fire is hot.\n\n> “fire is hot”\n\nMore.")
    assert voices(found)[1] == ("“fire is hot”", None)


# HTML


def test_a_page_gives_the_words_that_stand_in_it():
    body = (
        f"<h1>Title</h1><p>{PROSE}</p>"
        "<p>It’s <b>bo</b>ld,\n   NBSP&nbsp;here, <q>so</q><sup>1</sup> &amp; e\u0301 &lt;b&gt;.</p>"
        f"<p>Same.</p><p>Same.</p><p>{PROSE}</p><p>One<br>line<br><br>Another.</p><p>A<!-- x -->B</p>"
    )
    assert [p.text for p in from_page(body)] == [
        PROSE,
        "It’s bold, NBSP\u00a0here, “so”1 & e\u0301 <b>.",
        "Same.",
        "Same.",
        PROSE,
        "One line",
        "Another.",
        "AB",
    ]


def test_what_surrounds_an_article_is_no_text():
    page = f"""<html><head><title>T</title><style>p {{}}</style></head><body>
    <nav><p>Home</p></nav><header><p>Margin Notes</p></header><article><p>{PROSE}</p><script>var x</script>
    <p hidden>Hidden.</p><p style="display: none">Hidden.</p><p>End.</p></article>
    <aside><p>More to read</p></aside><footer><p>All rights reserved</p></footer></body></html>"""
    assert [p.text for p in passages(read_page(page).blocks)] == [PROSE, "End."]


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("Just words", ["Just words"]),
        ("<p>One.</p><p>Two.</p>", ["One.", "Two."]),
        ("<div>One.<div>Two.</div>Three.</div>", ["One.", "Two.", "Three."]),
        ("<main><p>One.</p></main><footer>No.</footer>", ["One."]),
        ("", []),
        ("<!-- nothing -->", []),
        ("<frameset><frame src=x></frameset>", []),
    ],
)
def test_short_and_odd_pages_lose_nothing(page, texts):
    assert [p.text for p in passages(read_page(page).blocks)] == texts


@pytest.mark.parametrize(
    "quotation",
    [
        "<blockquote><p>Ice.</p><footer>— <cite>The Post</cite></footer></blockquote>",
        "<blockquote><p>Ice.</p><cite>Post</cite></blockquote>",
        "<blockquote><p>Ice.</p><p><cite>Post</cite></p></blockquote>",
        "<blockquote>Ice.<br>— Post</blockquote>",
        "<blockquote><p>Ice.</p>— <a href=x>Post</a></blockquote>",
        "<figure><blockquote><p>Ice.</p></blockquote><figcaption>— Post</figcaption></figure>",
    ],
)
def test_the_markup_of_a_quotation_says_where_it_is_from(quotation):
    long = PROSE * 4  # so that trafilatura is content with what it finds
    found = from_page(f"<p>{long}</p>{quotation}<p>{long}</p>")
    assert voices(found) == [(long, None), ("Ice.", "Post"), (long, None)]


def test_a_quotation_that_only_links_its_source_is_from_that_host():
    found = from_page(
        f"<p>{PROSE}</p><blockquote cite='https://www.post.example.org/1'><p>Ice.</p></blockquote>"
    )
    assert voices(found)[1] == ("Ice.", "post.example.org")


def test_lists_headings_and_nested_quotations_keep_their_order():
    body = (
        f"<p>{PROSE}</p><h2>Part</h2><ol><li>One.</li><li>Two.<ul><li>Inner.</li></ul></li></ol>"
        f"<blockquote><p>Ice.</p><blockquote><p>Fire.</p></blockquote></blockquote><p>{PROSE}</p>"
    )
    found = from_page(body)
    assert [p.section for p in found] == [None] + ["Part"] * 6
    assert voices(found)[1:6] == [
        ("One.", None),
        ("Two.", None),
        ("Inner.", None),
        ("Ice.", ""),
        ("Fire.", ""),
    ]


def test_metadata_is_read_from_json_and_meta_tags():
    head = """<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle",
    "headline": "The title",
    "datePublished": "2024-03-05T23:00:00Z", "author": [{"@type": "Person", "name": "Ines Calder"},
    {"@type": "Person", "name": "Ruth Okafor"}]}</script>
    <link rel="canonical" href="https://margin-notes.example.org/a">"""
    page = read_page(f"<html><head>{head}</head><body><p>{PROSE} © 2019</p></body></html>")
    assert page[1:] == (
        "The title",
        "Ines Calder; Ruth Okafor",
        "2024-03-05",
        "https://margin-notes.example.org/a",
    )


TAGS = st.sampled_from(
    "p div blockquote cite footer figure figcaption q br h2 li table td em aside pre".split()
)
PIECES = st.one_of(
    TAGS.map("<{}>".format),
    TAGS.map("</{}>".format),
    st.sampled_from(
        ["word", "— Post", "&nbsp;", "&#0;", "\x0c", "<!--", "-->", "\u28ff\u2801\u28ff", PROSE, "\n"]
    ),
)


@settings(max_examples=60)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_page_however_broken_is_too_much(page):
    for passage in passages(read_page(page).blocks):
        assert passage.text.strip() == passage.text != ""


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<b>", "</b>", "<li>", "a", "b ", " c", "\u00a0", "<br>"])).map(
        "".join
    )
)
def test_every_character_that_a_page_prints_is_in_one_block(page):
    tree = parse_html(f"<body>{page}</body>")
    printed = re.sub(r"[ \n]", "", "".join(tree.itertext()))
    blocks = "".join(run.block.text for run in html_runs(tree))
    assert squeezed(blocks) == squeezed(printed)
