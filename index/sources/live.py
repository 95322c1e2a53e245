"""
What lives on the web to its articles: a feed, a sitemap, a page, or a site that names its feed.

What did not change since it was last read is not fetched again (see `Visit`).
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from index.identity import canonical, cleaned, id_of, trace_of
from index.passage import Article
from index.sources import feed as feeds
from index.sources import preview
from index.sources.address import RefusedError, checked
from index.sources.encoding import UnreadableError, decode
from index.sources.feed import Entry, Feed, blocks_of
from index.sources.fetch import FetchError, Page
from index.sources.markup import Block, parse_html
from index.sources.metadata import clean, parse_date, title_from_stem, web_url
from index.sources.quotation import passages
from index.sources.record import Failure, SourceError, Unchanged
from index.sources.sitemap import Place, read_sitemap
from index.sources.visit import Visit
from index.sources.webpage import read_page

# What an article is made of depends on the code that reads it: when that changes, all is fetched again.
RULES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()
DAY, WEEK = timedelta(days=1), timedelta(days=7)
NAME_LIMIT = 200  # characters of what a failure is listed under
READ_KINDS = re.compile(r"html|xml|gzip|octet-stream|^text/plain$")  # what servers call those
MOST_TAGS = 50_000  # of a page: a book of 10,000 paragraphs; some seconds to read at worst
MOST_PLACES = 50_000  # of one sitemap and all below it; the protocol's own limit for one file
MOST_SITEMAPS = 100
WHOLE_SUMMARY = 250  # words; where a feed has only summaries, one that long is the article
UNPACKED_LIMIT = 50_000_000  # bytes of a sitemap in gzip; the protocol's own limit


def read_live(source: str, visit: Visit) -> Iterator[Article | Failure | Unchanged]:
    """
    Read what *source* names: a feed, a sitemap, or a page; where a site's first page names a feed, that.

    Raises:
        SourceError: If it cannot be read at all.
    """
    try:
        url = checked(source)
        visit.fetched_pages = 0
        yield from _read(url, source, visit, homes=1)
    except (FetchError, UnreadableError, RefusedError) as e:
        raise SourceError(str(e)) from e
    except Exception as e:  # what a parser makes of one strange source must not cost the others
        raise SourceError(f"It could not be read ({type(e).__name__}); ask its owner for an export.") from e


def _read(url: str, source: str, visit: Visit, *, homes: int) -> Iterator[Article | Failure | Unchanged]:
    # Once a day it is read whole, whatever its server says: validators have been wrong before.
    page = visit.get(url, conditional=visit.read_lately(url, "", DAY))
    if page.unchanged:
        yield Unchanged()
        return
    visit.site = page.url
    text = _text(page)
    root = feeds.root_of(text)
    if root in ("rss", "feed", "rdf"):
        yield from _all(url, page, _entries(feeds.read_feed(text, page.url), source, visit), visit)
    elif root in ("urlset", "sitemapindex"):
        yield from _all(url, page, _places(page.url, text, source, visit), visit)
        if root == "sitemapindex":
            visit.forget(url)  # it may stay as it is while the sitemaps that it names change
    elif homes and (found := _own_feed(page, text)):
        yield from _read(checked(found), source, visit, homes=0)
    else:
        yield _from_page(page, text, source, visit)
        visit.note(url, page)


def _all(
    url: str, page: Page, items: Iterator[Article | Failure | Unchanged], visit: Visit
) -> Iterator[Article | Failure | Unchanged]:
    """Pass on all *items* of a list; only where none failed is the list known from then on."""
    failed = False
    for item in items:
        failed = failed or isinstance(item, Failure)
        yield item
    if failed:
        visit.forget(url)
    else:
        visit.note(url, page)


def _text(page: Page) -> str:
    if page.kind and not READ_KINDS.search(page.kind):
        kind = page.kind if re.fullmatch(r"[\w.+/-]{1,60}", page.kind) else "something else"
        raise UnreadableError(f"It is no page, feed or sitemap, but {kind}; name one.")
    return decode(_unpacked(page.body))


def _unpacked(body: bytes) -> bytes:
    """Unpack a file that is in gzip by itself, as sitemaps may be."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(31)
    try:
        data = unpacker.decompress(body, UNPACKED_LIMIT)
    except zlib.error as e:
        raise UnreadableError("It is packed wrongly, so it cannot be read; tell its owner.") from e
    if not unpacker.eof:
        raise UnreadableError(f"It is larger than {UNPACKED_LIMIT // 1_000_000} MB unpacked; split it.")
    return data


def _own_feed(page: Page, text: str) -> str | None:
    """Return the feed that the first page of a site names."""
    tree = parse_html(text) if urlsplit(page.url).path in ("", "/") else None
    return next(feeds.links_in(tree, page.url), None) if tree is not None else None


# ---- feeds


def _entries(feed: Feed, source: str, visit: Visit) -> Iterator[Article | Failure | Unchanged]:
    vague = _vague_links(feed)
    own = {_site(url) for url in (feed.home, visit.site) if url}
    visit.listed(len(feed.entries))
    for entry in feed.entries:
        link = entry.link if entry.link and canonical(entry.link) not in vague else None
        where = (entry.link or entry.title or source)[:NAME_LIMIT]
        if visit.exhausted:
            yield _more_next_time(source, visit)
            return
        try:
            is_own = link is not None and _site(link) in own
            yield from _entry(replace(entry, link=link), source, visit, is_own=is_own)
        except (FetchError, UnreadableError, RefusedError) as e:
            yield Failure(source=where, reason=str(e), id=_link_id(link or where))
        except Exception as e:  # what a parser makes of one strange entry must not cost the others
            reason = f"It could not be read ({type(e).__name__}); ask its owner for an export."
            yield Failure(source=where, reason=reason, id=_link_id(link or where))


def _site(url: str) -> str:
    """Return what the hosts of one site share, as far as can be told: the last two parts of their names."""
    host = urlsplit(url).hostname or ""
    return host if host.replace(".", "").isdigit() else ".".join(host.split(".")[-2:])


def _more_next_time(source: str, visit: Visit) -> Failure:
    reason = f"{visit.most_pages} of its pages were read this time; the next sync goes on from there."
    return Failure(source=source, reason=reason, id=_link_id(source))


def _vague_links(feed: Feed) -> set[str]:
    """Return the links that lead to no article of their own: to the site's page, or several entries'."""
    linked: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in feed.entries:
        if entry.link:
            linked[canonical(entry.link)].append(entry)
    shared = {link for link, some in linked.items() if any(_differ(some[0], e) for e in some[1:])}
    return shared | ({canonical(feed.home)} if feed.home else set())


def _differ(one: Entry, other: Entry) -> bool:
    """Tell whether two entries are of two articles, not of one that was edited."""
    words, others = set(one.text.split()), set(other.text.split())
    return one.title != other.title and len(words & others) < len(words | others) / 2


def _entry(
    entry: Entry, source: str, visit: Visit, *, is_own: bool
) -> Iterator[Article | Failure | Unchanged]:
    """
    Read an entry's article, from its page where there is more of it.

    A link that leads to another site leads to somebody else's article, which is not the column's.
    """
    article = from_entry(entry, source, visit.fetcher.now())
    whole = article is not None and not article.truncated
    if whole and not entry.has_content:
        whole = article is not None and _words(article) >= WHOLE_SUMMARY
    if whole or not is_own:
        if article is None:
            raise UnreadableError("There is neither text nor a page of it; ask its owner for an export.")
        yield article if whole or not entry.link else replace(article, truncated=True)
        return
    yield from _whole_from_page(entry, article, source, visit)


def from_entry(entry: Entry, source: str, now: datetime, *, loose: bool = False) -> Article | None:
    """Return the article of an entry as the entry itself has it; None where it has no text."""
    blocks, cut_off = preview.without_end(blocks_of(entry.text, loose=loose), entry.title)
    return _article(
        blocks,
        title=entry.title,
        author=entry.author,
        date=feeds.sane(entry.date, now),
        url=entry.link,
        source=source,
        truncated=cut_off or preview.falls_short(blocks),
    )


def _whole_from_page(
    entry: Entry, short: Article | None, source: str, visit: Visit
) -> Iterator[Article | Failure | Unchanged]:
    """Fetch the page of an entry that only announces its article; of two previews, take the longer."""
    url = checked(entry.link or "")
    of = hashlib.sha256(f"{entry.title}\0{entry.text}".encode("utf-8", "replace")).hexdigest()
    if visit.read_lately(url, of, DAY):
        yield Unchanged(url=url)
        return
    try:
        visit.may_go_on()
        page = visit.get(url)
        if page.unchanged:
            visit.note(url, page, of)
            yield Unchanged(url=url)
            return
        found = _from_page(page, _text(page), source, visit, url=entry.link)
    except (FetchError, UnreadableError) as e:
        if short is None or not (
            isinstance(e, UnreadableError) or e.forbidden or e.status in (401, 402, 403)
        ):
            raise
        # There is no more to be had: what the feed shows is a preview, and is called one.
        yield replace(short, truncated=True)
        return
    if short is not None and _words(short) > _words(found):
        found = replace(short, truncated=short.truncated or found.truncated)
    yield replace(
        found,
        title=entry.title or found.title,
        author=entry.author or found.author,
        date=feeds.sane(entry.date, visit.fetcher.now()) or found.date,
    )
    visit.note(url, page, of)


# ---- pages


def _from_page(page: Page, text: str, source: str, visit: Visit, url: str | None = None) -> Article:
    """
    Read the article of a page, which is known by its own canonical link where that is on the same host.

    Raises:
        UnreadableError: If there is no text in it.
    """
    if text.count("<") > MOST_TAGS:
        raise UnreadableError(f"It has more than {MOST_TAGS:,} tags, which no article has; leave it out.")
    tree = parse_html(text)
    told = preview.told(tree) if tree is not None else preview.Told()
    read = read_page(text)
    blocks, cut_off = preview.without_end(read.blocks, read.title)
    author = clean(read.author)
    article = _article(
        blocks,
        title=clean(read.title),
        author=author and author.replace("; ", ", "),
        date=feeds.sane(parse_date(read.date), visit.fetcher.now()),
        url=_own_link(read.url, url or page.url),
        source=source,
        truncated=cut_off or not told.free or preview.falls_short(blocks, told.words),
    )
    if article is None:
        raise UnreadableError("There is no paragraph of text in it; name its feed, or ask for an export.")
    return article


def _own_link(canonical_link: Any, fetched: str) -> str:
    link = web_url(canonical_link)
    same = link and _host(link) == _host(fetched)
    # A page that calls the site's first page its canonical one is known by where it is.
    return link if link and same and urlsplit(link).path.strip("/") else fetched


# ---- sitemaps


def _places(url: str, text: str, source: str, visit: Visit) -> Iterator[Article | Failure | Unchanged]:
    pages = yield from _collected(url, text, visit)
    visit.listed(len(pages))
    for place in pages:
        if visit.read_lately(place.url, place.changed, WEEK * (52 if place.changed else 1)):
            yield Unchanged(url=place.url)
            continue
        if not visit.may_go_on():
            yield _more_next_time(source, visit)
            return
        yield from _one_place(place, source, visit)


def _collected(url: str, text: str, visit: Visit) -> Generator[Failure, None, list[Place]]:
    """Collect the pages of a sitemap and of those that it names; only those of its own host count."""
    host, seen, todo = _host(url), {url}, [text]
    pages: dict[str, Place] = {}
    while todo:
        found, further = read_sitemap(todo.pop(0))
        pages |= {p.url: p for p in found if _host(p.url) == host}
        for place in further:
            if place.url in seen or _host(place.url) != host or len(seen) >= MOST_SITEMAPS:
                continue
            seen.add(place.url)
            try:
                todo.append(_text(visit.get(checked(place.url), conditional=False)))
            except (FetchError, UnreadableError, RefusedError) as e:
                yield Failure(source=place.url, reason=str(e), id=_link_id(place.url))
    return list(pages.values())[:MOST_PLACES]


def _one_place(place: Place, source: str, visit: Visit) -> Iterator[Article | Failure | Unchanged]:
    try:
        url = checked(place.url)
        page = visit.get(url)
        if page.unchanged:
            yield Unchanged(url=url)
        elif (article := _from_sitemap(page, source, visit)) is not None:
            yield article
        visit.note(place.url, page, place.changed)
    except (FetchError, UnreadableError, RefusedError) as e:
        yield Failure(source=place.url, reason=str(e), id=_link_id(place.url))
    except Exception as e:  # what a parser makes of one strange page must not cost the others
        reason = f"It could not be read ({type(e).__name__}); ask its owner for an export."
        yield Failure(source=place.url, reason=reason, id=_link_id(place.url))


def _from_sitemap(page: Page, source: str, visit: Visit) -> Article | None:
    """Read a page that a sitemap names; None where it does not call itself an article and bears no date."""
    text = _text(page)
    tree = parse_html(text)
    called = tree is not None and preview.told(tree).article
    try:
        article = _from_page(page, text, source, visit)
    except UnreadableError:
        if called:
            raise
        return None
    return article if called or article.date else None


# ---- articles


def _article(blocks: list[Block], *, url: str | None, title: str | None, **fields: Any) -> Article | None:
    """Build an article that is known by its link or its words; None where there is no text."""
    numbered = passages(blocks)
    if not numbered:
        return None
    link = web_url(url and cleaned(url))
    name = slug(link) or slug(title or "") or "untitled"
    draft = Article(
        id="", name=name, title=title or title_from_stem(name), url=link, passages=numbered, **fields
    )
    return replace(draft, id=id_of(trace_of(draft)))


def slug(text: str | None) -> str:
    """Return the last part of an address, or a title, as a short name."""
    path = urlsplit(text).path if text and "://" in text else text or ""
    last = unquote(path.rstrip("/").rpartition("/")[2] or urlsplit(text or "").netloc)
    plain = re.sub(r"\.(?:html?|php|aspx?)\Z", "", last, flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "-", plain).strip("-.").lower()[:80]


def _host(url: str) -> str:
    """Return the host of an address, with its port, as it is compared."""
    return re.split(r"[/?]", canonical(url), maxsplit=1)[0]


def _link_id(link: str) -> str:
    return hashlib.sha256(f"link {canonical(link)}".encode()).hexdigest()[:32]


def _words(article: Article) -> int:
    return sum(len(p.text.split()) for p in article.passages)
