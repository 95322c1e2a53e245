"""Plain text, Markdown and HTML to blocks: paragraphs and headings, letter for letter. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HTMLParser

from index.segment import split_paragraphs

if TYPE_CHECKING:
    from markdown_it.token import Token

LINE_BREAK = re.compile(r"[ \t]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028])[ \t]*")
HTML_SPACE = re.compile(r"[ \t\n\f\r]+")
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2

# Above what people wrap lines at (72 to 100), so such lines are paragraphs of their own.
LONG_LINE = 160

# HTML elements that a browser prints nothing of, or that are beside the text; and those that start a line.
UNPRINTED = re.compile(
    "script|style|template|noscript|iframe|svg|math|object|canvas|audio|video|form|button|select|textarea|nav"
    "|aside|head"
)
STARTS_LINE = re.compile(
    "address|article|blockquote|body|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|h[1-6]"
    "|header|hr|html|legend|li|main|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    r"""
    A paragraph or heading as it stands in its source; "\n" marks where its line breaks are.

    *level* is 1 to 6 for a heading, 0 for a paragraph. *quotation* numbers the block quotation that it
    belongs to. *attribution* marks the line below a quotation that says where it is from; *cited* is the
    host that the markup names for it.
    """

    text: str
    level: int = 0
    quotation: int | None = None
    attribution: bool = False
    cited: str | None = None


class Run(NamedTuple):
    """A block of an HTML tree and where its first character is: in *holder*'s text, or after it (*tail*)."""

    block: Block
    holder: Any
    tail: bool


def text_blocks(text: str) -> list[Block]:
    """Read plain text: paragraphs between blank lines, or one a line where the lines are long."""
    text = text.replace("\r\n", "\n")
    spans = split_paragraphs(text)
    return [Block(text=p) for span in spans for p in _paragraphs(text[span.start : span.end])]


def _paragraphs(block: str) -> list[str]:
    lines = [line for line in LINE_BREAK.split(block) if line.strip()]
    return [line.strip() for line in lines] if median(map(len, lines)) > LONG_LINE else ["\n".join(lines)]


def markdown_blocks(text: str) -> list[Block]:
    """Read CommonMark: marks and links go, their words stay; each item of a list is a block."""
    from markdown_it import MarkdownIt  # some sixty modules, which whoever only asks has no use for

    blocks: list[Block] = []
    numbers, quotation, depth, level = count(), 0, 0, 0
    for token in MarkdownIt("commonmark").enable("strikethrough").parse(text):
        if token.type == "blockquote_open":
            quotation, depth = quotation if depth else next(numbers), depth + 1
        elif token.type == "blockquote_close":
            depth -= 1
        elif token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "html_block":
            blocks += _embedded(token.content, quotation if depth else None, numbers)
        elif words := _token_text(token):
            blocks.append(Block(text=words, level=level, quotation=quotation if depth else None))
    return blocks


def _token_text(token: Token) -> str:
    if token.type == "inline":
        return "".join(map(_inline_text, token.children or [])).strip()
    if token.type in ("fence", "code_block"):
        return LINE_BREAK.sub("\n", token.content).strip()
    return ""


def _inline_text(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak") or _is_break(token):
        return "\n"
    return token.content if token.type in ("text", "text_special", "code_inline") else ""


def _is_break(token: Token) -> bool:
    return token.type == "html_inline" and token.content.lower().startswith("<br")


def _embedded(html: str, quotation: int | None, numbers: Iterator[int]) -> Iterator[Block]:
    """Read a piece of HTML inside Markdown."""
    tree = parse_html(html)
    for run in html_runs(tree, numbers) if tree is not None else ():
        yield run.block if quotation is None else replace(run.block, quotation=quotation)


def parse_html(html: str) -> Any:
    """Return the tree of *html* without comments, or None where there is nothing in it."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    clean = NO_XML.sub(" ", html)
    return etree.fromstring(clean.encode(), parser) if clean.strip() else None


def html_runs(root: Any, numbers: Iterator[int] | None = None) -> Iterator[Run]:
    """
    Read what a browser prints of the tree below *root*: every character but runs of white space.

    Navigation, asides, forms and hidden elements are left out. ``<q>`` prints its quotation marks.
    Block quotations are numbered from *numbers*.
    """
    pieces = _Pieces(count() if numbers is None else numbers)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        started = event == "start"
        if _breaks(node):
            yield from pieces.flush()
        if started and _is_unprinted(node):
            walk.skip_subtree()
        elif started:
            pieces.add("\n" if node.tag == "br" else "“" if node.tag == "q" else "", node, False)
            pieces.add(HTML_SPACE.sub(" ", node.text or ""), node, False)
        else:
            pieces.add("”" if node.tag == "q" else " " if node.tag in ("td", "th") else "", node, False)
            pieces.add(HTML_SPACE.sub(" ", (node is not root and node.tail) or ""), node, True)
    yield from pieces.flush()


class _Pieces:
    """The text of the block that is being read."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.texts: list[str] = []
        self.first: tuple[Any, bool] | None = None
        self.numbers = numbers
        self.quotations: dict[Any, int] = {}

    def add(self, text: str, holder: Any, tail: bool) -> None:
        self.texts.append(text)
        if self.first is None and text.strip():
            self.first = holder, tail

    def flush(self) -> Iterator[Run]:
        """Yield the blocks read so far: two line breaks on end part paragraphs."""
        text, first = "".join(self.texts), self.first
        self.texts, self.first = [], None
        if first is None:
            return
        for paragraph in re.split(r" ?\n ?\n\s*", text.strip()):
            lines = re.sub(r" ?\n ?", "\n", re.sub(" {2,}", " ", paragraph))
            yield Run(self._block(lines, *first), *first)

    def _block(self, text: str, holder: Any, tail: bool) -> Block:
        inside = around(holder, tail)
        level = next((HEADINGS[node.tag] for node in inside if node.tag in HEADINGS), 0)
        quotation = _quotation(inside)
        if quotation is None:
            return Block(text=text, level=level)
        number = self.quotations.setdefault(quotation, next(self.numbers))
        signs = _is_attribution(text, inside)
        return Block(text=text, level=level, quotation=number, attribution=signs, cited=_host(quotation))


def around(holder: Any, tail: bool) -> list[Any]:
    """Return the elements around the first character of a run, innermost first."""
    return [*([] if tail else [holder]), *holder.iterancestors()]


def _quotation(inside: list[Any]) -> Any:
    """Return the outermost block quotation around a block, or the one that it is a caption of."""
    if quoted := [node for node in inside if node.tag == "blockquote"]:
        return quoted[-1]
    figure = next((node for node in inside if node.tag == "figure"), None)
    if figure is None or all(node.tag != "figcaption" for node in inside):
        return None
    return figure.find(".//blockquote")


def _is_attribution(text: str, inside: list[Any]) -> bool:
    """Tell whether a block of a quotation is the line that says where it is from."""
    tags = [node.tag for node in inside]
    if "footer" in tags or "figcaption" in tags:
        return "footer" in tags[: tags.index("blockquote")] if "blockquote" in tags else True
    return tags[0] == "cite" and text == _text(inside[0])


def _text(node: Any) -> str:
    return HTML_SPACE.sub(" ", "".join(node.itertext())).strip()


def _breaks(node: Any) -> bool:
    """Tell whether a block ends where *node* starts and where it ends."""
    return STARTS_LINE.fullmatch(node.tag) is not None or (
        node.tag == "cite" and node.getparent().tag == "blockquote"
    )


def _is_unprinted(node: Any) -> bool:
    style = HTML_SPACE.sub("", node.get("style", "")).lower()
    return (
        UNPRINTED.fullmatch(node.tag) is not None or node.get("hidden") is not None or "display:none" in style
    )


def _host(quotation: Any) -> str | None:
    try:
        host = urlsplit(str(quotation.get("cite", ""))).hostname
    except ValueError:
        return None
    return host and host.removeprefix("www.")
