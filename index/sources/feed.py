"""RSS, Atom and WordPress exports to their entries, as they stand there. Pure: nothing is fetched."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from index.segment import HALVES, sound
from index.sources.encoding import UnreadableError
from index.sources.markup import Block, html_runs, parse_html, text_blocks
from index.sources.metadata import clean, parse_date, web_url

ROOT = re.compile(r"<(?:\w+:)?(rss|feed|rdf|urlset|sitemapindex|html)\b", re.IGNORECASE)
ROOT_WITHIN = 20_000  # characters
PROLOG = re.compile(r"\A\s*<\?xml[^>]*\?>")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")  # no "<" inside: hostile text stays cheap
# What feedparser takes too long over: it looks for an e-mail address in each name, from every letter on.
LONG_NAME = re.compile(
    r"<[\w:]*(?:author|creator|name|email|editor|webmaster|publisher|contributor|owner)\b[^<>]*>"
    r"(?:<!\[CDATA\[)?[^<]{1000}",
    re.IGNORECASE,
)
ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
MOST_ENTRIES = 20_000  # of a feed; feeds have tens
MOST_TAGS = 500_000  # of a feed: a thousand long articles; some seconds to read at worst
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
WORDPRESS = "http://wordpress.org/export/"
# Elements of a feed's text that are buttons, boxes and links of the site, by their classes.
BOXES = re.compile(
    r"subscri(?:be|ption)-widget\S*|subscribe-\S+|button-wrapper|captioned-button-wrap|button|paywall\S*"
    r"|sharedaddy|sd-\S+|jp-relatedposts|feedflare|addtoany\S*|share-\S+|post-share\S*|newsletter-\S+|poll-embed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One entry of a feed. *text* is its content, or its summary where it has none; either may be HTML.

    *has_content* tells a feed that gives the article from one that only announces it.
    """

    title: str | None
    link: str | None
    author: str | None
    date: date | None
    text: str
    has_content: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: the page that it is of, and its entries in its own order."""

    home: str | None
    entries: list[Entry]


def root_of(text: str) -> str:
    """
    Return which kind of document *text* is, by its first element: "rss", "feed", "rdf", "urlset", … or "".

    Raises:
        UnreadableError: If it declares entities: a few lines of them unpack to gigabytes.
    """
    found = ROOT.search(text, 0, ROOT_WITHIN)
    prolog = text[: found.start()] if found else text[:ROOT_WITHIN]
    if "<!entity" in prolog.lower():
        raise UnreadableError("It declares entities of its own, as bombs do; ask its owner for a plain feed.")
    return found[1].lower() if found else ""


def read_feed(text: str, base: str, *, own: bool = False) -> Feed:
    """
    Read a feed of any dialect; *base* is where it came from. The owner's *own* may take its time.

    Raises:
        UnreadableError: If it is none, or made so that reading it would take too long.
    """
    if root_of(text) not in ("rss", "feed", "rdf"):
        raise UnreadableError("It is no RSS or Atom feed; name the address of one.")
    if not own and (text.count("<") > MOST_TAGS or len(ENTRY.findall(text)) > MOST_ENTRIES):
        raise UnreadableError(
            f"It has more than {MOST_ENTRIES:,} entries, or {MOST_TAGS:,} tags; name an export instead."
        )
    if LONG_NAME.search(text):
        raise UnreadableError("It has a name in it that is longer than any name; tell its owner.")
    told = {"content-type": "application/xml; charset=utf-8", "content-location": base}
    # Bytes in a stream: feedparser would fetch a text that looks like an address.
    stream = io.BytesIO(PROLOG.sub("", text).encode("utf-8", "replace"))
    parsed = feedparser.parse(stream, response_headers=told, sanitize_html=False, resolve_relative_uris=False)
    if not parsed.version and not parsed.entries:
        raise UnreadableError("It is no RSS or Atom feed that can be read; tell its owner.")
    author = clean(parsed.feed.get("author"))
    entries = [_entry(e, base, author) for e in parsed.entries if _is_published(e)]
    return Feed(home=_link(parsed.feed, base), entries=entries)


def is_export(text: str) -> bool:
    """Tell whether *text* is an export of WordPress."""
    return WORDPRESS in text[:ROOT_WITHIN]


def blocks_of(text: str, *, loose: bool = False) -> list[Block]:
    """Read the text of an entry, HTML or not; *loose*: a blank line in HTML parts paragraphs, too."""
    if not TAG.search(text):
        return text_blocks(html.unescape(text))
    tree = parse_html(BLANK_LINES.sub("<br><br>", text) if loose else text)
    if tree is None:
        return []
    for node in [n for n in tree.iter() if _is_box(n)]:
        if node.getparent() is not None:
            node.drop_tree()
    return [run.block for run in html_runs(tree)]


def plain(value: Any) -> str | None:
    """Return a title as one line of text, where it may hold HTML."""
    text = value if isinstance(value, str) else ""
    if "<" in text or "&" in text:
        text = html.unescape(TAG.sub("", text))
    return clean(text)


def sane(when: date | None, now: datetime) -> date | None:
    """Return a date that can be true: none that lies ahead, in any zone of the world."""
    return when if when is None or (when - now.date()).days <= 1 else None


def _entry(e: Any, base: str, author: str | None) -> Entry:
    contents = [c.get("value") or "" for c in e.get("content", [])]
    content = max(contents, key=len, default="").strip()
    return Entry(
        title=plain(e.get("title")),
        link=_link(e, base),
        author=clean(e.get("author")) or author,
        date=_date(e),
        text=sound(content or (e.get("summary") or "").strip()),
        has_content=bool(content),
    )


def _link(e: Any, base: str) -> str | None:
    for value in (e.get("feedburner_origlink"), e.get("link"), e.get("id")):
        if isinstance(value, str) and value.strip():
            try:
                joined = urljoin(base, value.strip())
            except ValueError:
                continue
            if web_url(joined) and not HALVES.search(joined) and (value is not e.get("id") or web_url(value)):
                return joined
    return None


def _date(e: Any) -> date | None:
    for name in ("published", "wp_post_date", "created", "updated"):
        # Past the mapping of feedparser, which would take one name for another.
        if day := parse_date(dict.get(e, name)):
            return day
        if moment := dict.get(e, f"{name}_parsed"):
            try:
                return date(*moment[:3])
            except ValueError:
                continue
    return None


def _is_published(e: Any) -> bool:
    """Tell whether an entry of a WordPress export is a post that everybody may read; any other feed's is."""
    kind, status = e.get("wp_post_type"), e.get("wp_status")
    return kind in (None, "post") and status in (None, "publish") and not e.get("wp_post_password")


def _is_box(node: Any) -> bool:
    return isinstance(node.tag, str) and any(BOXES.fullmatch(c) for c in node.get("class", "").split())


def links_in(tree: Any, base: str) -> Iterator[str]:
    """Return the feeds that a page names as its own."""
    for link in tree.iter("link"):
        kind, rel = link.get("type", "").lower(), link.get("rel", "").lower().split()
        if "alternate" in rel and re.fullmatch(r"application/(?:rss|atom)\+xml", kind):
            joined = urljoin(base, link.get("href", ""))
            if web_url(joined):
                yield joined
