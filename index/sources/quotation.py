"""Blocks to numbered passages: whose voice each is, and which outlet a block quotation is from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from index.passage import Passage, Voice
from index.sources.markup import Block
from index.sources.outlet import handed_over, introduced_outlet

# A line of ornaments parts paragraphs and is none.
ORNAMENT = re.compile(r"[\s*·•⁂#~_=–—-]+")
# A paragraph in quotation marks says itself whose it is; an item of a list is the columnist's point.
STAYS = re.compile(r"[“”„«\"‘]|[-–—•*]\s|\(?\d{1,2}[.)]\s")
SIGNATURE = re.compile(r"(?:[–—―~]|--?)\s*(?=\w)")
DATED = re.compile(r",[^,]*\d[^,]*$")  # ", 5 October 2024" says when, not who
# "— Jane Roe, writing in the Harbour Gazette on 3 May 2024" is about as long as they get.
SIGNATURE_LIMIT = 120
# Paragraphs; a pull quote stands on the page that it is pulled from.
PULL_QUOTE_REACH = 10


def passages(blocks: Iterable[Block], *, plain: bool = False) -> tuple[Passage, ...]:
    """
    Number *blocks* as printed, block quotations included; headings become their passages' section.

    A heading of level 1 before any text is the title and no section. *plain* says that there is no
    markup: then a paragraph is a block quotation where the paragraph before it introduces it.
    """
    numbered: list[Passage] = []
    section: str | None = None
    for quotation, group in groupby(_printed(blocks), key=lambda block: block.quotation):
        blocks = list(group)
        above = numbered[-1].text if numbered else ""
        outlet = None if quotation is None else _outlet(blocks, above)
        for block in blocks:
            if block.level:
                section = block.text if numbered or block.level > 1 else None
            elif not _signs(block, blocks):
                numbered.append(_passage(block, len(numbered) + 1, section, outlet))
    return tuple(_introduced(numbered) if plain else _without_pull_quotes(numbered))


def _printed(blocks: Iterable[Block]) -> Iterator[Block]:
    """Drop ornaments; give the line that signs a quotation a block of its own; join all other lines."""
    for block in blocks:
        lines = block.text.split("\n")
        if block.quotation is not None and len(lines) > 1 and _is_signature(lines[-1]):
            yield replace(block, text=" ".join(lines[:-1]))
            yield replace(block, text=lines[-1], attribution=True)
        elif not ORNAMENT.fullmatch(block.text):
            yield replace(block, text=" ".join(lines))


def _is_signature(line: str) -> bool:
    return SIGNATURE.match(line) is not None and len(line) <= SIGNATURE_LIMIT


def _signs(block: Block, quotation: list[Block]) -> bool:
    """Tell whether *block* says where its quotation is from; a quotation is never that alone."""
    if block.quotation is None or len(quotation) == 1:
        return False
    return block.attribution or (block is quotation[-1] and _is_signature(block.text))


def _outlet(quotation: list[Block], above: str) -> str | None:
    signed = next((block.text for block in reversed(quotation) if _signs(block, quotation)), "")
    name = SIGNATURE.sub("", signed, count=1).strip().removeprefix("The ")
    name = DATED.sub("", name)
    return name or introduced_outlet(above) or quotation[0].cited


def _passage(block: Block, number: int, section: str | None, outlet: str | None) -> Passage:
    voice = Voice.COLUMNIST if block.quotation is None else Voice.BLOCK_QUOTATION
    return Passage(number=number, text=block.text, voice=voice, outlet=outlet, section=section)


def _introduced(plain: list[Passage]) -> Iterator[Passage]:
    """Read the block quotations out of plain text. One never introduces another."""
    texts = [passage.text for passage in plain]
    outlet: str | None = None
    for n, passage in enumerate(plain):
        above = "" if n == 0 or outlet else texts[n - 1]
        could = above.endswith(":") and not STAYS.match(passage.text)
        outlet = handed_over(above, texts[: n - 1]) if could else None
        yield replace(passage, voice=Voice.BLOCK_QUOTATION, outlet=outlet) if outlet else passage


def _without_pull_quotes(numbered: list[Passage]) -> Iterator[Passage]:
    """Give back to the columnist what is set as a quotation but repeats the article's own words nearby."""
    for n, passage in enumerate(numbered):
        near = numbered[max(0, n - PULL_QUOTE_REACH) : n + PULL_QUOTE_REACH + 1]
        words = passage.text.strip('“”"')
        if any(words in p.text for p in near if p.voice is Voice.COLUMNIST):
            yield replace(passage, voice=Voice.COLUMNIST, outlet=None)
        else:
            yield passage
