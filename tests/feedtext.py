"""Feeds, pages and exports as other programs write them, in prose of our own."""

from html import escape
from typing import NamedTuple

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:wp="http://wordpress.org/export/1.2/" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"'
)


class Item(NamedTuple):
    """One entry of a feed; *more* is XML of its own."""

    title: str
    link: str = ""
    content: str = ""
    summary: str = ""
    date: str = "Sun, 04 May 2031 08:00:00 GMT"
    guid: str = ""
    author: str = "Ines Calder"
    more: str = ""


def paragraphs(topic, count=5):
    """Return HTML paragraphs about *topic*, each of other words."""
    kinds = ("opens", "turns", "doubts", "counts", "ends", "wanders", "returns", "waits")
    return "".join(
        f"<p>Paragraph {n} about {topic} {kinds[n % len(kinds)]} with some words that no other column has, "
        f"{topic} number {n}.</p>"
        for n in range(1, count + 1)
    )


def rss(*items, home="https://column.example.org/", top=""):
    """Write RSS 2.0."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{top}<rss version="2.0" {NAMESPACES}><channel>'
        f"<title>The Quay</title><link>{home}</link>{''.join(map(_item, items))}</channel></rss>"
    )


def _item(i):
    parts = [
        f"<title>{escape(i.title)}</title>",
        f"<link>{escape(i.link)}</link>" if i.link else "",
        f'<guid isPermaLink="false">{escape(i.guid)}</guid>' if i.guid else "",
        f"<dc:creator>{escape(i.author)}</dc:creator>" if i.author else "",
        f"<pubDate>{i.date}</pubDate>" if i.date else "",
        f"<description>{escape(i.summary)}</description>" if i.summary else "",
        f"<content:encoded><![CDATA[{i.content}]]></content:encoded>" if i.content else "",
    ]
    return f"<item>{''.join(parts)}{i.more}</item>"


def atom(*items):
    """Write Atom."""
    entries = "".join(
        f'<entry><title>{escape(i.title)}</title><link href="{escape(i.link)}"/><id>{escape(i.guid)}</id>'
        f"<author><name>{i.author}</name></author><published>{i.date}</published>"
        f'<content type="html">{escape(i.content)}</content></entry>'
        for i in items
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>The Quay</title>{entries}</feed>'


def page(title, body, head=""):
    """Write a web page with one article."""
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body><nav>Home About</nav>"
        f"<article><h1>{title}</h1>{body}</article><footer>All rights reserved.</footer></body></html>"
    )


def sitemap(*urls, changed=None):
    """Write a sitemap of pages."""
    when = f"<lastmod>{changed}</lastmod>" if changed else ""
    places = "".join(f"<url><loc>{escape(u)}</loc>{when}</url>" for u in urls)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'


def sitemap_index(*urls):
    """Write a sitemap of sitemaps."""
    places = "".join(f"<sitemap><loc>{escape(u)}</loc></sitemap>" for u in urls)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</sitemapindex>'
