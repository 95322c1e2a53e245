"""Whether a text is a whole article or its preview: by its last lines and what its page declares. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from index.sources.markup import HTML_SPACE, Block

TAIL = 8  # blocks at the end that are looked at
SHORT = 200  # characters of a line that asks for a subscription; a paragraph of the article is longer
LABEL = 60  # characters of a button or a link; a sentence that ends an article is mostly longer
NOTICE = re.compile(
    r"\bthis (?:post|article|story|piece|essay|newsletter|content|episode) is (?:only |exclusively )?"
    r"(?:for|available to|reserved for) (?:\w+ ){0,2}(?:subscribers|members|supporters)\b"
    r"|\b(?:subscribe|sign (?:up|in)|log in|upgrade|register|join|become an? (?:\w+ )?(?:subscriber|member))"
    r"\b.{0,60}\bto (?:(?:continue|keep|finish) reading|read (?:on|this|the (?:rest|full|whole))|unlock"
    r"|get full access)\b"
    r"|\b(?:continue|keep) reading (?:with|for) (?:a|an|your|free)\b"
    r"|\b(?:start|get) (?:a|an|your) .{0,20}free trial\b"
    r"|\balready a (?:\w+ )?(?:subscriber|member)\b|\bunlock (?:this|the) (?:post|article|story)\b"
    r"|\bthe (?:rest|remainder) of this (?:\w+ )?(?:post|article|story|piece|essay) is\b",
    re.IGNORECASE,
)
# The whole of a line: an article that has ended may well say "Read more about tides in my last column".
READ_MORE = re.compile(
    r"\W*(?:(?:read|continue|keep|learn|see) (?:more|reading|on)|read (?:the )?(?:full|whole|rest|entire)"
    r"(?: (?:post|article|story|piece))?)(?: (?:on|at) [\w. ]{1,40})?\W*"
    r"|\W*subscribe (?:now )?to read more\W*"
    r"|\W*(?:only )?for (?:paid|paying|premium) (?:subscribers|members)(?: only)?\W*",
    re.IGNORECASE,
)
CONTINUE = re.compile(r"\W*continue reading\b", re.IGNORECASE)
CUT_OFF = re.compile(r"\[\s*(?:…|\.{3})\s*\]\W*\Z|\(more…\)\W*\Z")
# Below an article, and no part of it.
FURNITURE = re.compile(
    r"the post .+ (?:appeared first on|first appeared on) .+"
    r"|thanks for reading\b.{0,120}\bsubscribe\b.*|subscribe(?: now)?|share(?: this post)?|leave a comment"
    r"|(?:share|refer a friend|give a gift subscription|get more from .+|view comments|like|tweet|comments)",
    re.IGNORECASE,
)
DECLARED = re.compile(
    r"\(?\W*(?:([\d,]{3,7}) words|(?:reading time:? )?(\d{1,2})[- ]min(?:ute)?s?(?: read)?)\W*\)?",
    re.IGNORECASE,
)
WORDS_A_MINUTE = 200  # what reading times are reckoned with: slow, so that the article is at least so long
MUCH_SHORTER = 0.5

ARTICLES = re.compile(r"(?:\w*Article|BlogPosting|Report|Posting|OpinionNewsArticle)\Z")
SCHEMA = re.compile(r"\Ahttps?://schema\.org/", re.IGNORECASE)
JSON_LD_LIMIT = 1_000_000  # characters


class Told(NamedTuple):
    """What a page declares of itself: is it an article, may all read it whole, how many words has it."""

    article: bool = False
    free: bool = True
    words: int | None = None


def without_end(blocks: Sequence[Block], title: str | None = None) -> tuple[list[Block], bool]:
    """
    Return *blocks* without the lines below the article, and whether these, or its end, say that it goes on.

    "Continue reading" with the article's own *title* is such a line, too.
    """
    kept, asks = list(blocks), False
    while (n := _end(kept, title)) is not None:
        asks = asks or _asks(_line(kept[n]), title)
        kept = kept[:n]
    return kept, asks or bool(kept and CUT_OFF.search(kept[-1].text))


def _end(blocks: Sequence[Block], title: str | None) -> int | None:
    """Return where the lines below the article start, as far as the last of them tell."""
    if blocks and FURNITURE.fullmatch(_line(blocks[-1])):
        return len(blocks) - 1
    # A box that asks for a subscription may have a few short lines below it.
    for n in range(len(blocks) - 1, max(len(blocks) - TAIL, 0) - 1, -1):
        if _asks(_line(blocks[n]), title):
            return n
        if len(blocks[n].text) > LABEL:
            break
    return None


def _line(block: Block) -> str:
    return HTML_SPACE.sub(" ", block.text[: SHORT + 1]).strip()


def falls_short(blocks: Sequence[Block], declared: int | None = None) -> bool:
    """Tell whether a text has far fewer words than *declared*, or than it says itself: "(2,300 words)"."""
    said = [declared or 0]
    for block in [*blocks[:3], *blocks[-3:]]:
        if len(block.text) < 40 and (found := DECLARED.fullmatch(block.text.strip())):
            minutes = int(found[2] or 0)
            said.append(int((found[1] or "0").replace(",", "") or 0) or minutes * WORDS_A_MINUTE)
    return words_in(blocks) < MUCH_SHORTER * max(said)


def words_in(blocks: Sequence[Block]) -> int:
    """Count the words of all *blocks*."""
    return sum(len(block.text.split()) for block in blocks)


def told(tree: Any) -> Told:
    """Read what a page declares of itself: schema.org in JSON-LD, and Open Graph."""
    nodes = [node for script in tree.iter("script") for node in _linked_data(script)]
    kinds = {
        str(meta.get("content")).lower() for meta in tree.iter("meta") if meta.get("property") == "og:type"
    }
    articles = [node for node in nodes if _is_article(node)]
    free = all(_is_true(node.get("isAccessibleForFree", True)) for node in articles or nodes)
    words = [node["wordCount"] for node in articles if isinstance(node.get("wordCount"), int)]
    return Told("article" in kinds or bool(articles), free, max(words, default=None))


def _asks(line: str, title: str | None) -> bool:
    if len(line) > SHORT:
        return False
    own = title is not None and CONTINUE.match(line) is not None and title.lower() in line.lower()
    return own or bool(READ_MORE.fullmatch(line) or NOTICE.search(line))


def _linked_data(script: Any) -> Iterator[dict[str, Any]]:
    """Return the nodes of a JSON-LD script that stand at its top."""
    text = script.text or ""
    if script.get("type", "").strip().lower() != "application/ld+json" or len(text) > JSON_LD_LIMIT:
        return
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    tops = data if isinstance(data, list) else [data]
    for top in tops:
        graph = top.get("@graph") if isinstance(top, dict) else None
        yield from (n for n in [top, *(graph if isinstance(graph, list) else [])] if isinstance(n, dict))


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(name, str) and ARTICLES.match(SCHEMA.sub("", name)) for name in names)


def _is_true(value: Any) -> bool:
    return SCHEMA.sub("", str(value)).strip().lower() not in ("false", "no", "0")
