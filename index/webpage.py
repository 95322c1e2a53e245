"""A web page to its article: trafilatura finds the text and the metadata; the words are the page's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import trafilatura

from index.markup import Block, Run, html_runs, parse_html

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
    page = deepcopy(tree)  # untouched by the marks, for the case that nothing comes through
    kept = _surviving(tree, runs)
    chosen = {n for n, run in enumerate(runs) if n in kept}
    quoted = {runs[n].block.quotation for n in chosen} - {None}
    blocks = [
        run.block
        for n, run in enumerate(runs)
        if n in chosen or (run.block.attribution and run.block.quotation in quoted)
    ]
    return blocks if any(not block.level for block in blocks) else _main_part(page)


def _surviving(tree: Any, runs: list[Run]) -> set[int]:
    """Mark the runs in *tree* and return the numbers of those that are in trafilatura's main text."""
    places = {(run.holder, run.tail): n for n, run in reversed(list(enumerate(runs)))}
    for (holder, tail), n in places.items():
        mark = FENCE + "".join(DIGITS[int(d)] for d in str(n)) + FENCE
        if tail:
            holder.tail = mark + holder.tail
        else:
            holder.text = mark + (holder.text or "")
    document: Any = trafilatura.bare_extraction(tree, favor_recall=True, include_comments=False)
    text = "" if document is None else "".join(document.body.itertext())
    found = {int("".join(str(DIGITS.index(d)) for d in mark)) for mark in MARK.findall(text)}
    return {n for n, run in enumerate(runs) if places[run.holder, run.tail] in found}


def _main_part(tree: Any) -> list[Block]:
    parts = next(
        (found for tag in ("article", "main", "body") if len(found := tree.findall(f".//{tag}")) == 1), [tree]
    )
    return [run.block for part in parts for run in html_runs(part) if not _is_furniture(run)]


def _is_furniture(run: Run) -> bool:
    """Tell whether a block stands in the page's header or footer."""
    holders: Iterator[Any] = run.holder.iterancestors("header", "footer")
    return run.block.quotation is None and any(True for _ in holders)
