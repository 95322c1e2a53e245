"""A web page to its article: trafilatura finds the text and the metadata; the words are the page's own."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, NamedTuple

from index.sources.markup import Block, Run, around, html_runs, parse_html

# Braille signs: printed, and neither letters nor white space, so that they sway no rule about words.
FENCE = "\u28ff"
DIGITS = "\u2801\u2802\u2803\u2804\u2805\u2806\u2807\u2808\u2809\u280a"
MARK = re.compile(f"{FENCE}([{DIGITS}]+){FENCE}")


class Page(NamedTuple):
    """The article of a web page, and its metadata as the page gives them."""

    blocks: list[Block]
    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None


def read_page(html: str) -> Page:
    """Read the article in *html*; where trafilatura finds none, all that the page prints in its main part."""
    import trafilatura  # it takes a while to load, and to ask a question needs no page

    tree = parse_html(html)
    if tree is None:
        return Page([])
    meta = trafilatura.extract_metadata(
        deepcopy(tree), date_config={"original_date": True, "extensive_search": False}
    )
    return Page(_article(tree), meta.title, meta.author, meta.date, meta.url)


def _article(tree: Any) -> list[Block]:
    """
    Return the blocks of *tree* that trafilatura keeps, as they stand in *tree* itself.

    Its own output is not verbatim: it makes a space of NBSP, leaves out repeated paragraphs and the
    lines below quotations. So each block is marked, and what counts is which marks come through.
    """
    runs = list(html_runs(tree))
    kept = _surviving(deepcopy(tree))
    quoted = {runs[n].block.quotation for n in kept} - {None}
    signed = {n for n, run in enumerate(runs) if run.block.attribution and run.block.quotation in quoted}
    blocks = [runs[n].block for n in sorted(kept | signed) if not _is_furniture(runs[n])]
    return blocks if any(not block.level for block in blocks) else _main_part(tree)


def _surviving(tree: Any) -> set[int]:
    """Mark the runs of *tree* and return the numbers of those that come through trafilatura."""
    import trafilatura  # as above

    runs = list(html_runs(tree))
    for n, run in reversed(list(enumerate(runs))):
        mark = FENCE + "".join(DIGITS[int(d)] for d in str(n)) + FENCE
        if run.tail:
            run.holder.tail = mark + run.holder.tail
        else:
            run.holder.text = mark + (run.holder.text or "")
    for figure in tree.findall(".//figure"):
        if figure.find(".//blockquote") is not None:
            figure.tag = "div"  # trafilatura drops figures, and their quotations with them
    document: Any = trafilatura.bare_extraction(tree, favor_recall=True, include_comments=False)
    text = "" if document is None else "".join(document.body.itertext())
    found = {int("".join(str(DIGITS.index(d)) for d in mark)) for mark in MARK.findall(text)}
    return {n for n in found if n < len(runs)}


def _main_part(tree: Any) -> list[Block]:
    """Return what the page prints in its one article, or main part, or at all, save its header and footer."""
    found = (tree.findall(f".//{tag}") for tag in ("article", "main"))
    part = next((parts[0] for parts in found if len(parts) == 1), tree)
    return [run.block for run in html_runs(part) if not _is_furniture(run)]


def _is_furniture(run: Run) -> bool:
    """Tell whether a block stands in a header or footer of the page itself."""
    tags = {node.tag for node in around(run.holder, run.tail)}
    return bool(tags & {"header", "footer"}) and not tags & {"article", "main", "blockquote"}
