"""Blocks to numbered passages: whose voice each is, and which outlet a block quotation is from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from index.markup import Block
from index.outlet import introduced_outlet, introduces_quotation
from index.passage import Passage, Voice

# A line of ornaments parts paragraphs and is none.
ORNAMENT = re.compile(r"[\s*·•⁂#~_=–—-]+")
# A paragraph in quotation marks says itself whose it is; an item of a list is the columnist's point.
STAYS = re.compile(r"[“”„«\"‘]|[-–—•*]\s|\(?\d{1,2}[.)]\s")
SIGNATURE = re.compile(r"(?:[–—―~]|--?)\s*(?=\w)")
# "— Jane Roe, writing in the Harbour Gazette on 3 May 2024" is about as long as they get.
SIGNATURE_LIMIT = 120


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
    return name or introduced_outlet(above) or quotation[0].cited


def _passage(block: Block, number: int, section: str | None, outlet: str | None) -> Passage:
    voice = Voice.COLUMNIST if block.quotation is None else Voice.BLOCK_QUOTATION
    return Passage(number=number, text=block.text, voice=voice, outlet=outlet, section=section)


def _introduced(plain: list[Passage]) -> Iterator[Passage]:
    """Read the block quotations out of plain text. One never introduces another."""
    above = ""
    for passage in plain:
        if introduces_quotation(above) and not STAYS.match(passage.text):
            outlet = introduced_outlet(above)
            yield replace(passage, voice=Voice.BLOCK_QUOTATION, outlet=outlet)
            above = ""
        else:
            yield passage
            above = passage.text


def _without_pull_quotes(numbered: list[Passage]) -> Iterator[Passage]:
    """Give back to the columnist what is set as a quotation but repeats the article's own words."""
    own = "\n".join(p.text for p in numbered if p.voice is Voice.COLUMNIST)
    for passage in numbered:
        if passage.voice is Voice.BLOCK_QUOTATION and passage.text.strip('“”"') in own:
            yield replace(passage, voice=Voice.COLUMNIST, outlet=None)
        else:
            yield passage
