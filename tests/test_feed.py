"""Feeds of every dialect to their entries; what is hostile in them is only text."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from feedtext import Item, atom, rss
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sources.encoding import UnreadableError
from index.sources.feed import blocks_of, links_in, plain, read_feed, root_of, sane
from index.sources.markup import parse_html
from index.sources.sitemap import read_sitemap

BASE = "https://quay.example.org/feed"


def entries(text):
    return read_feed(text, BASE).entries


def test_an_entry_comes_with_what_the_feed_says_of_it():
    (entry,) = entries(rss(Item("A &amp; <b>B</b>", "/p/a?b=1&c=2", "<p>Text</p>", summary="Short.")))
    assert (entry.title, entry.link, entry.author) == (
        "A & B",
        "https://quay.example.org/p/a?b=1&c=2",
        "Ines Calder",
    )
    assert (entry.date, entry.text, entry.has_content) == (date(2031, 5, 4), "<p>Text</p>", True)


def test_a_summary_is_no_content_and_atom_has_both():
    (entry,) = entries(rss(Item("A", "/a", summary="<i>Short</i>.", date="", author="")))
    assert (entry.text, entry.has_content, entry.date, entry.author) == ("<i>Short</i>.", False, None, None)
    (entry,) = entries(atom(Item("A", "/a", "<p>x</p>", date="2031-05-04T23:00:00-07:00", guid="tag:a")))
    assert (entry.text, entry.has_content, entry.date) == ("<p>x</p>", True, date(2031, 5, 4))


def test_a_permanent_guid_is_a_link_where_there_is_no_other():
    assert entries(rss(Item("A", guid="https://quay.example.org/a")))[0].link == "https://quay.example.org/a"
    assert entries(rss(Item("A", guid="12345")))[0].link is None
    assert entries(rss(Item("A", "javascript:alert(1)")))[0].link is None


def test_rdf_and_a_namespaced_root_are_feeds_and_other_documents_are_not():
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        "<item><title>A</title><link>https://quay.example.org/a</link></item></rdf:RDF>"
    )
    assert [e.title for e in entries(rdf)] == ["A"]
    assert [root_of(t) for t in (rdf, atom(), rss(), "<html>", "Words.")] == [
        "rdf",
        "feed",
        "rss",
        "html",
        "",
    ]
    for text in ("<html><p>Words.</p></html>", "Words.", ""):
        with pytest.raises(UnreadableError, match="no RSS or Atom feed"):
            read_feed(text, BASE)


def test_entities_are_refused_in_the_prolog_and_are_words_anywhere_else():
    with pytest.raises(UnreadableError, match="declares entities"):
        root_of('<!DOCTYPE rss [<!entity lol "lol">]><rss/>')
    (entry,) = entries(rss(Item("A", "/a", "<p>Write &lt;!ENTITY x&gt; there.</p>")))
    assert [b.text for b in blocks_of(entry.text)] == ["Write <!ENTITY x> there."]


def test_external_entities_and_inclusions_are_not_followed(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("Secret.")
    text = rss(Item("A", "/a", "<p>Text.</p>"), top=f'<!DOCTYPE rss SYSTEM "{secret.as_uri()}">')
    assert [e.title for e in entries(text)] == ["A"]
    pages, _ = read_sitemap(
        f'<!DOCTYPE urlset SYSTEM "{secret.as_uri()}"><urlset><url><loc>&x;</loc></url></urlset>'
    )
    assert pages == []


def test_boxes_scripts_and_forms_are_no_text():
    html = (
        "<p>One.</p><script>two()</script><div class='subscription-widget-wrap'><p>Subscribe!</p></div>tail"
        "<p class='button-wrapper'><a>Share</a></p><form><p>Mail?</p></form><iframe src='x'>Three</iframe>"
    )
    assert [b.text for b in blocks_of(html)] == ["One.", "tail"]


def test_plain_text_keeps_its_paragraphs():
    assert [b.text for b in blocks_of("One &amp; two.\n\nThree < four.")] == ["One & two.", "Three < four."]
    assert [b.text for b in blocks_of("One\n\n<b>two</b>", loose=True)] == ["One", "two"]
    assert blocks_of("") == []


def test_hostile_text_stays_cheap():
    for text in ("<a" * 1_000_000, "<" * 2_000_000, "&amp" * 500_000):
        assert len(blocks_of(text)) == 1
        assert plain(text)


def test_what_would_take_too_long_to_read_is_refused():
    for name in ("a" * 1_000_000 + "@" + "b" * 1_000_000, "<![CDATA[" + "a" * 2_000 + "]]>"):
        with pytest.raises(UnreadableError, match="longer than any name"):
            entries(f"<rss><channel><item><dc:creator x='y'>{name}</dc:creator></item></channel></rss>")
    with pytest.raises(UnreadableError, match="more than 500,000 tags"):
        entries("<rss><channel>" + "<a" * 600_000)


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_text_breaks_the_reader(text):
    for source in (
        text,
        f"<rss><channel><item><title>{text}",
        f"<feed>{text}</feed>",
        rss(Item(text, text, text)),
    ):
        with suppress(UnreadableError):
            for entry in entries(source):
                assert all(block.text.strip() for block in blocks_of(entry.text))


def test_a_title_is_one_line_of_text():
    assert plain(" <b>Tide</b>\n &amp; &lt;time&gt; ") == "Tide & <time>"
    assert (plain(None), plain("<b></b>")) == (None, None)


def test_a_day_that_cannot_have_come_anywhere_is_no_date():
    now = datetime(2031, 5, 4, 12, tzinfo=UTC)
    days = [date(2031, 5, 4), date(2031, 5, 5), date(2031, 5, 6), None]
    assert [sane(d, now) for d in days] == [date(2031, 5, 4), date(2031, 5, 5), None, None]


def test_only_feeds_that_a_page_calls_its_own_are_found():
    head = (
        '<link rel="stylesheet" href="/x.css"><link rel="alternate" type="text/html" href="/de">'
        '<link rel="alternate" type="application/rss+xml" href="javascript:x">'
        '<link rel="Alternate home" type="Application/Atom+XML" href="atom">'
    )
    tree = parse_html(f"<html><head>{head}</head></html>")
    assert list(links_in(tree, "https://quay.example.org/")) == ["https://quay.example.org/atom"]
