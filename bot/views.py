"""
Modals: what stands around an excerpt, citations to copy, a reason for a thumbs down. Pure.

Each is within Slack's limits whatever the column holds, and shows its words letter for letter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.message import (
    BLOCKS_LIMIT,
    CUT,
    EXCERPT_LIMITS,
    MOST_EXCERPTS,
    Block,
    Message,
    address,
    citation,
    is_cut,
    leaf,
    plain_text,
    prove_excerpts,
    quotation,
    section,
    size,
    small,
)
from bot.replay import Fate, Now
from bot.state import Given, Reference
from index import wording
from index.passage import Excerpt

View = dict[str, Any]

CHOOSE = "context_choose"  # the menu of excerpts
REASON_VIEW, REASON_BLOCK, REASON = "answer_reason", "reason_block", "reason_text"

OPTION_LIMIT = 75
REASON_LIMIT = 2_000
LEFT_OUT = (
    "Some of what stands around it is left out: of one article I show each person a share a day, "
    "and you have reached it. The link opens the article."
)
# What remains of a paragraph around the excerpt, in characters, until the modal fits.
AROUND_LIMITS = (2_500, 1_800, 1_200, 800, 400, 200, 100)


def paragraphs(reference: Reference, found: Now) -> list[Excerpt]:
    """
    Return what the context of an excerpt is made of: its paragraph, the one before and the one after, whole.

    Where the column changed, that is the paragraph as it was when the answer was given, alone.
    """
    if found.article is None or found.number is None:
        kept = reference.excerpt()
        return [replace(kept, start=0, end=len(kept.passage.text))]
    near = (found.number, found.number - 1, found.number + 1)
    passages = found.article.passages
    return [
        Excerpt(article=found.article, number=n, start=0, end=len(passages[n - 1].text), score=0.0)
        for n in near
        if 1 <= n <= len(passages)
    ]


def context_view(given: Given, index: int, found: Now, allowed: Collection[int]) -> View:
    """
    Show the `paragraphs` around the excerpt *index*, but for those whose numbers are not *allowed*.

    Raises:
        NotVerbatimError: If the excerpt is not in the view letter for letter.
    """
    whole = {p.number: p.passage.text for p in paragraphs(given.excerpts[index], found)}
    shown = {number: text for number, text in whole.items() if number in allowed}
    embedded = (found.number or given.excerpts[index].number) in shown
    fits = next(
        blocks
        for limit in AROUND_LIMITS
        if size(blocks := list(_context(given, index, found, whole, shown, limit))) <= BLOCKS_LIMIT
    )
    prove_excerpts(fits, [given.excerpts[index].excerpt()], embedded=embedded)
    return _modal("More context", fits, private_metadata=given.id)


def _context(
    given: Given, index: int, found: Now, whole: Mapping[int, str], shown: Mapping[int, str], limit: int
) -> Iterator[Block]:
    reference = given.excerpts[index]
    number = found.number or reference.number
    if len(given.excerpts) > 1:
        yield {"type": "actions", "block_id": "context_excerpts", "elements": [_menu(given, index)]}
    if found.fate is not Fate.SAME:
        yield section(found.fate.value)
    if found.number == 1:
        yield small("The article begins here.")
    if number - 1 in shown:
        yield small("The paragraph before:")
        yield from _ending(shown[number - 1], limit)
    if number in shown:
        yield small(f"¶ {reference.number}, with the excerpt set off as a quotation:")
        yield from _around(reference, limit)
    else:
        yield small(f"From ¶ {reference.number}:")
        yield quotation(reference.excerpt(), limit)
    if number + 1 in shown:
        yield small("The paragraph after:")
        yield from _beginning(shown[number + 1], limit)
    elif found.number is not None and number + 1 not in whole:
        yield small("The article ends here.")
    if len(shown) < len(whole):
        yield section(LEFT_OUT)
    yield citation(reference.excerpt())


def _menu(given: Given, index: int) -> Block:
    options = [_option(n, r) for n, r in enumerate(given.excerpts[:MOST_EXCERPTS])]
    return {
        "type": "static_select",
        "action_id": CHOOSE,
        "placeholder": plain_text("Another excerpt"),
        "options": options,
        "initial_option": options[index],
    }


def _option(number: int, reference: Reference) -> Block:
    where = f"¶ {reference.number}, {wording.clip(reference.title) or 'untitled'}"
    label = f"{number + 1}. {wording.whose(reference.excerpt())}, {where}"
    short = label if len(label) <= OPTION_LIMIT else label[: OPTION_LIMIT - 1] + CUT
    return {"text": plain_text(short), "value": str(number)}


def _around(reference: Reference, limit: int) -> Iterator[Block]:
    """Yield the paragraph with the excerpt in it as a quotation; what is far from it may be cut."""
    excerpt, text = reference.excerpt(), reference.passage
    yield from _ending(text[: excerpt.start], limit)
    yield quotation(excerpt, limit, embedded=True)
    yield from _beginning(text[excerpt.end :], limit)


def _beginning(text: str, limit: int) -> Iterator[Block]:
    """Yield *text*, or what there is room for, with a mark after it."""
    if text:
        short = wording.cut(text, limit)
        yield _paragraph(short if short == text else f"{short} {CUT}")


def _ending(text: str, limit: int) -> Iterator[Block]:
    """Yield *text*, or what there is room for, with a mark before it."""
    if text:
        short = text[-limit:].partition(" ")[2] or text[-limit:]
        yield _paragraph(text if len(text) <= limit else f"{CUT} {short}")


def cite_view(given: Given, nows: Sequence[Now]) -> View:
    """Give a citation of each excerpt, ready to copy; *nows* say where they stand in the column now."""
    shown = given.excerpts[:MOST_EXCERPTS]
    fits = next(
        blocks
        for limit in EXCERPT_LIMITS
        if size(blocks := [b for r, n in zip(shown, nows, strict=True) for b in _cited(r, n, limit)])
        <= BLOCKS_LIMIT
    )
    intro = small(f"Select the text and copy it. This is answer {given.id}.")
    return _modal("Cite", [intro, *fits], private_metadata=given.id)


def _cited(reference: Reference, found: Now, limit: int) -> Iterator[Block]:
    if found.fate is not Fate.SAME:
        yield section(found.fate.value)
    ready = cited(reference.excerpt(), limit)
    code: Block = {"type": "rich_text_preformatted", "elements": [leaf(ready)]}
    yield {"type": "rich_text", "elements": [code]}


def cited(excerpt: Excerpt, limit: int = EXCERPT_LIMITS[0]) -> str:
    """Write a citation: the words, whose they are, author, title, date, ¶ and link."""
    words = wording.cut(excerpt.text, limit)
    before, after = is_cut(excerpt, words)
    opening, ending = "[…] " if before else "", " […]" if after else ""
    author = wording.clip(excerpt.article.author or "")
    title = f"“{wording.clip(excerpt.article.title) or 'untitled'}”"
    work = ", ".join(filter(None, (author, title, wording.dated(excerpt), f"¶ {excerpt.number}")))
    lines = (f"{opening}{words}{ending}", f"— {wording.voice(excerpt)}", f"{work}.", address(excerpt) or "")
    return "\n".join(filter(None, lines))


def why_view(given: Given, built: Message) -> View:
    """Show how an answer was found; *built* is its replay."""
    note = small(f"The command /column why {given.id} shows this again.")
    return _modal("Why this answer", [*built.blocks, note], private_metadata=given.id)


def reason_view(id: str) -> View:
    """Ask what was wrong with the answer *id*; what is kept already is said."""
    element = {
        "type": "plain_text_input",
        "action_id": REASON,
        "multiline": True,
        "max_length": REASON_LIMIT,
        "placeholder": plain_text("For example: it is about somebody else."),
    }
    field: Block = {
        "type": "input",
        "block_id": REASON_BLOCK,
        "optional": True,
        "label": plain_text("What was wrong with it? The people who run me read this."),
        "element": element,
    }
    noted = section("Noted: not helpful. You may close this, or say why.")
    view = _modal("Not helpful", [noted, field], private_metadata=id, callback_id=REASON_VIEW)
    return view | {"submit": plain_text("Send"), "close": plain_text("Close")}


def message_view(title: str, built: Message) -> View:
    """Show *built* in a modal; one without blocks by its text."""
    blocks = list(built.blocks) or [{"type": "section", "text": {"type": "mrkdwn", "text": built.text}}]
    return _modal(title, blocks)


def reason_in(view: Mapping[str, Any]) -> tuple[str, str]:
    """Return the answer's id and the reason out of a submitted view."""
    value = view["state"]["values"][REASON_BLOCK][REASON].get("value") or ""
    return str(view["private_metadata"]), value.strip()[:REASON_LIMIT]


def _modal(title: str, blocks: Sequence[Block], **more: str) -> View:
    view = {"type": "modal", "title": plain_text(title), "close": plain_text("Close"), "blocks": list(blocks)}
    return view | more


def _paragraph(text: str) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf(text)]}]}
