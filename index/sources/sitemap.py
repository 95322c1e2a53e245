"""Sitemaps to the pages and further sitemaps that they name (sitemaps.org). Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from index.sources.encoding import UnreadableError
from index.sources.metadata import web_url


class Place(NamedTuple):
    """One address of a sitemap, and when it says that the page there changed; "" where it does not."""

    url: str
    changed: str


def read_sitemap(text: str) -> tuple[list[Place], list[Place]]:
    """
    Return the pages, and the further sitemaps, that a sitemap names.

    Raises:
        UnreadableError: If it is no XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
    )
    root = etree.fromstring(re.sub(r"\A\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace"), parser)
    if root is None:
        raise UnreadableError("It is no sitemap that can be read; tell its owner.")
    pages: list[Place] = []
    sitemaps: list[Place] = []
    for element in root:
        kind = etree.QName(element).localname if isinstance(element.tag, str) else ""
        fields = {etree.QName(e).localname: (e.text or "").strip() for e in element if isinstance(e.tag, str)}
        if url := web_url(fields.get("loc")):
            place = Place(url, fields.get("lastmod", ""))
            (sitemaps if kind == "sitemap" else pages).append(place)
    return pages, sitemaps
