"""One article is one article, whatever its link carries, its feed says or its editor mends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.identity import Known, canonical, id_of, trace_of
from index.passage import Article, Passage

LINK = "https://quay.example.org/2031/05/the-late-ferry"
PARAGRAPHS = tuple(f"Paragraph {n} of the piece has some ten words of its own." for n in range(10))


def article(*texts: str, link: str | None = LINK, title: str = "The late ferry", **fields: object) -> Article:
    passages = tuple(Passage(number=n, text=t) for n, t in enumerate(texts or PARAGRAPHS, 1))
    return Article(id="x", name="the-late-ferry", title=title, url=link, passages=passages, **fields)  # type: ignore[arg-type]


KNOWN = Known({"ferry": trace_of(article())})


def found(other: Article) -> str | None:
    return KNOWN.find(trace_of(other))


@pytest.mark.parametrize(
    "spelling",
    [
        "http://quay.example.org/2031/05/the-late-ferry",
        "https://www.quay.example.org/2031/05/the-late-ferry/",
        "https://QUAY.example.org:443/2031/05/the-late-ferry#comments",
        "https://quay.example.org//2031/05/the%2Dlate-ferry/index.html",
        "https://quay.example.org/2031/05/the-late-ferry?utm_source=feed&utm_medium=rss",
        "https://quay.example.org/2031/05/the-late-ferry?publication_id=7&post_id=9&isFreemail=true&r=1ab&s=w",
        "https://quay.example.org/2031/05/the-late-ferry?fbclid=1&gclid=2&mc_cid=3",
    ],
)
def test_spellings_of_one_link_are_one(spelling: str) -> None:
    assert canonical(spelling) == canonical(LINK) == "quay.example.org/2031/05/the-late-ferry"


@pytest.mark.parametrize(
    "other",
    [
        "https://quay.example.org/2031/05/the-late-ferry-2",
        "https://pier.example.org/2031/05/the-late-ferry",
        "https://quay.example.org:8080/2031/05/the-late-ferry",
        "https://quay.example.org/2031/05/the-late-ferry?page=2",
    ],
)
def test_other_pages_are_others(other: str) -> None:
    assert canonical(other) != canonical(LINK)


def test_a_page_that_is_told_by_its_query_keeps_it() -> None:
    one, other = canonical("https://a.example.org/?p=1&utm_id=3"), canonical("https://a.example.org/?p=2")
    assert (one, other) == ("a.example.org?p=1", "a.example.org?p=2")


tracking = st.sampled_from(
    ["utm_source", "utm_campaign", "utm_x_y", "fbclid", "gclid", "mc_eid", "ref", "r", "s"]
)
values = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=8)


@given(
    scheme=st.sampled_from(["http", "https", "HTTPS"]),
    www=st.sampled_from(["", "www."]),
    ending=st.sampled_from(["", "/", "//"]),
    pairs=st.lists(st.tuples(tracking, values), max_size=4),
    fragment=values,
)
def test_no_tracking_makes_another_article_of_one(
    scheme: str, www: str, ending: str, pairs: list[tuple[str, str]], fragment: str
) -> None:
    query = "&".join(["b=2", *(f"{k}={v}" for k, v in pairs), "a=1"])
    url = f"{scheme}://{www}quay.example.org/ferry{ending}?{query}#{fragment}"
    assert canonical(url) == "quay.example.org/ferry?a=1&b=2"


@given(st.text(st.characters(exclude_characters="/?#@:[]\\", exclude_categories=["Cs", "Z", "C"])))
def test_the_canonical_form_of_a_canonical_form_is_itself(path: str) -> None:
    once = canonical(f"https://quay.example.org/{path}?{path}=1&page=2")
    assert canonical(f"https://{once}") == once


def test_the_link_tells_however_the_text_changed() -> None:
    assert found(article("Something else.", title="Another", link=f"{LINK}?utm_term=x")) == "ferry"


def test_the_words_tell_where_the_link_changed() -> None:
    moved = article(link="https://quay.example.org/ferry", title="The ferry, late")
    assert found(moved) == "ferry"
    assert found(article(link=None)) == "ferry"


def test_few_words_tell_nothing_without_the_title() -> None:
    short = Known({"closed": trace_of(article("The office is closed today.", title="Closed"))})
    again = article(
        "The office is closed today.", title="Closed again", link="https://quay.example.org/again"
    )
    assert short.find(trace_of(again)) is None
    assert short.find(trace_of(replace(again, title="Closed"))) == "closed"


def test_a_moved_and_mended_article_is_the_same() -> None:
    mended = article(*PARAGRAPHS[:8], "Two new words.", link="https://quay.example.org/ferry")
    assert found(mended) == "ferry"
    assert found(replace(mended, title="Otherwise")) is None
    rewritten = article(
        *PARAGRAPHS[:5], *["Wholly new words of some length here."] * 5, link="https://q.example.org/"
    )
    assert found(rewritten) is None


def test_articles_that_share_most_of_their_words_and_stand_side_by_side_are_two() -> None:
    thread = article(*PARAGRAPHS, "This is thread 2.", link="https://quay.example.org/thread-2")
    listed = {canonical(LINK), canonical("https://quay.example.org/thread-2")}
    assert found(thread) == "ferry"
    assert KNOWN.near(trace_of(thread), listed) is None


def test_a_preview_is_of_its_article_and_its_article_of_it() -> None:
    preview = article(*PARAGRAPHS[:3], link=None, truncated=True)
    assert found(preview) == "ferry"
    assert Known({"p": trace_of(preview)}).find(trace_of(article(link="https://q.example.org/moved"))) == "p"


def test_an_export_without_links_is_known_by_short_name_and_title() -> None:
    assert found(article("Rewritten from end to end.", link=None)) == "ferry"
    assert (
        found(article("Rewritten from end to end.", link="https://quay.example.org/2032/the-late-ferry"))
        is None
    )


def test_what_an_article_looked_like_before_still_leads_to_it() -> None:
    known = Known({"ferry": trace_of(article())})
    known.add("ferry", trace_of(article("New words.", link="https://quay.example.org/new", title="New")))
    assert known.find(trace_of(article(link=LINK, title="Other"))) == "ferry"


def test_an_id_is_that_of_the_link_unless_another_article_has_it() -> None:
    trace = trace_of(article())
    assert id_of(trace) == id_of(trace_of(article("Other words.", link=f"{LINK}/")))
    other = id_of(trace, {id_of(trace)})
    assert other != id_of(trace)
    assert len(other) == 32
    assert id_of(trace_of(article(link=None))) != id_of(trace_of(article("Other words.", link=None)))
