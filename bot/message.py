"""
Answer to message: ``text`` and blocks that Slack accepts, with every excerpt letter for letter.

Pure: no network, no clock. Whatever the column holds, nothing in a message pings, links or formats
unless it was put there for that purpose, and no message is larger than Slack takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.config import Rate
from index import wording
from index.answer import Answer, Verdict
from index.passage import Excerpt
from index.segment import breaks_off
from index.wording import NEAREST, cut

Block = dict[str, Any]

# `text` above 4,040 characters was seen split into several messages; Slack recommends 4,000.
TEXT_LIMIT = 3_900
# The limit on all blocks together is undocumented; msg_blocks_too_long was seen from 11,341 characters.
BLOCKS_LIMIT = 9_000
# A button's URL may have 3,000; a message with five citations cannot spend so much on links.
LINK_LIMIT = 500
MOST_EXCERPTS = 5
# Lengths to which excerpts are cut until the message fits. The last always does: names are clipped.
EXCERPT_LIMITS = (2_800, 2_000, 1_400, 1_000, 700, 500, 350, 200, 100, 40)
CUT = "…"
OPEN = "Open the article"

EACH = {"minute": "a minute", "hour": "an hour", "day": "a day"}
WITHHELD = (
    "You have been shown as much of these articles as I show one person in a day. "
    "So of the following you get the place, and not the words:"
)

HELP = (
    "Ask me what the column said, and I answer with its own words, letter for letter, "
    "and where they stand.\n"
    "• In a channel: mention me with your question. I answer in the thread.\n"
    "• Anywhere: `/column` and your question. Only you see the answer.\n"
    "• Here: write to me.\n"
    "For example: _what did the prime minister say?_ When the column does not say, I say so."
)


class NotVerbatimError(Exception):
    """A built message does not show the column's own words, so it must not be posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent: *text* is complete by itself, for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...] = field(default=())


def escape(text: str) -> str:
    """Make *text* inert in ``text`` and ``mrkdwn``: no mention, no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(answer: Answer, *, spare: int = 0, text_spare: int = 0) -> Message:
    """
    Build the message that carries *answer*, within all limits.

    *spare* and *text_spare* are characters left free for what is added to the blocks and to the text.
    """
    shown = answer.excerpts[:MOST_EXCERPTS]
    # Where even the shortest excerpts leave no room, the places of what is withheld are left out.
    tries = [(answer, limit) for limit in EXCERPT_LIMITS]
    tries.append((replace(answer, withheld=answer.withheld[:1]), EXCERPT_LIMITS[-1]))
    blocks = (_blocks(tried, shown, limit) for tried, limit in tries)
    texts = (_text(tried, shown, limit) for tried, limit in tries)
    return fitting(texts, blocks, spare=spare, text_spare=text_spare)


def fitting(
    texts: Iterable[str], blocks: Iterable[Sequence[Block]], *, spare: int = 0, text_spare: int = 0
) -> Message:
    """Return the message of the first of *texts* and of *blocks* that leave so many characters free."""
    return Message(
        text=next(text for text in texts if len(text) <= TEXT_LIMIT - text_spare),
        blocks=tuple(next(built for built in blocks if size(built) <= BLOCKS_LIMIT - spare)),
    )


def wants_help(question: str) -> bool:
    """Tell whether there is nothing to look up."""
    return question.strip().lower() in ("", "?", "help")


def help_message() -> Message:
    """Say how to ask."""
    return Message(text=HELP)


def wordless_message() -> Message:
    """Say that a question holds nothing to look up, and how to ask."""
    return Message(text=f"I see no word in your question that I could look up.\n{HELP}")


def foreign_message() -> Message:
    """Say in which language to ask."""
    return Message(
        text="This column is in English, and I understand questions in English only. Please ask in English; "
        "a name and a word or two will do."
    )


def long_message(length: int, most: int) -> Message:
    """Say that a question is too long to be looked up."""
    return Message(
        text=f"Your question has {length:,} characters; I look up questions of up to {most:,}. "
        "Please ask in a sentence or two."
    )


def rate_message(rate: Rate, seconds: float) -> Message:
    """Say that somebody asked as often as one person may, and when to ask again: in *seconds*."""
    noun = "question" if rate.most == 1 else "questions"
    return Message(
        text=f"I answer {rate.most:,} {noun} of one person {EACH[rate.span]}, and you have asked as many. "
        f"Please ask this one again in {wording.span(seconds)}."
    )


def error_message(id: str) -> Message:
    """Own up to a failure; *id* is also in the log."""
    return Message(
        text="Something went wrong on my side, so I have no answer to this question. Please ask again; "
        f"if it goes wrong again, tell the people who run me this number: {id}."
    )


def edited_message() -> Message:
    """Say that an edit of an answered question is not answered."""
    return Message(
        text="I answered your question as you first wrote it, and an edit gets no second answer. "
        "To ask something else, please write a new message."
    )


def silent_message() -> Message:
    """Confirm that a thread is left in peace."""
    return Message(text="I am silent in this thread from now on. Mention me, and I answer again.")


def exhausted_message(subject: str | None) -> Message:
    """Say that nothing is left to show of an answer."""
    whose = f" by {wording.clip(subject)}" if subject else ""
    return literal(f"That is all that the column has{whose} on this.")


def unconfirmed_message(id: str) -> Message:
    """Tell the asker that the answer may or may not have arrived; *id* is also in the log."""
    return Message(
        text="Slack did not confirm that my answer to your question arrived, and I post nothing twice. "
        f"If you do not see it, please ask again. ({id})"
    )


def prove(built: Message, answer: Answer) -> None:
    """
    Read every excerpt back out of *built* and compare it with the passage at its offsets.

    Raises:
        NotVerbatimError: If one is missing, altered, or cut without a mark.
    """
    prove_excerpts(built.blocks, answer.excerpts[:MOST_EXCERPTS])


def prove_excerpts(blocks: Sequence[Block], shown: Sequence[Excerpt], *, embedded: bool = False) -> None:
    """
    Read the quotations out of *blocks* and compare them, in their order, with the excerpts that are *shown*.

    Raises:
        NotVerbatimError: If one is missing, altered, or cut without a mark.
    """
    quotes = list(_quotes(blocks))
    if len(quotes) != len(shown):
        raise NotVerbatimError(f"the message holds {len(quotes)} quotations of {len(shown)} excerpts")
    for number, ((before, quote, after), excerpt) in enumerate(zip(quotes, shown, strict=True), 1):
        end = excerpt.start + len(quote)
        same = bool(quote) and excerpt.passage.text[excerpt.start : end] == quote and end <= excerpt.end
        if not same or (before, after) != is_cut(excerpt, quote, embedded=embedded):
            raise NotVerbatimError(f"quotation {number} of the message is not the column's text")


def size(blocks: Sequence[Block]) -> int:
    """Return how many characters *blocks* are on the wire, as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False))


def _blocks(answer: Answer, shown: Sequence[Excerpt], limit: int) -> tuple[Block, ...]:
    heads: list[Block] = [
        section(wording.lead(answer, shown)),
        {"type": "context", "elements": [plain_text(wording.searched(answer.searched))]},
    ]
    if shown and answer.verdict is not Verdict.ANSWERED:
        heads.append(section(NEAREST[answer.verdict]))
    return (*heads, *cited(shown, answer.withheld, limit))


def cited(shown: Iterable[Excerpt], withheld: Sequence[Excerpt], limit: int) -> list[Block]:
    """Return quotation and citation of each that is *shown*, and the citation of each that is *withheld*."""
    blocks = [block for excerpt in shown for block in (quotation(excerpt, limit), citation(excerpt))]
    if withheld:
        blocks.append(section(WITHHELD))
        blocks += [citation(excerpt, wordless=True) for excerpt in withheld]
    return blocks


def quotation(excerpt: Excerpt, limit: int, *, embedded: bool = False) -> Block:
    """
    Return the excerpt's words as a quotation of up to *limit* characters; a mark says where it is cut.

    One that is *embedded* stands between the words of its paragraph: only what has no room is cut.
    """
    words = cut(excerpt.text, limit)
    before, after = is_cut(excerpt, words, embedded=embedded)
    mark: Block = {"type": "rich_text_section", "elements": [{"type": "text", "text": CUT}]}
    quote: Block = {"type": "rich_text_quote", "elements": [{"type": "text", "text": words}]}
    return {"type": "rich_text", "elements": [*([mark] if before else []), quote, *([mark] if after else [])]}


def is_cut(excerpt: Excerpt, words: str, *, embedded: bool = False) -> tuple[bool, bool]:
    """Tell whether words are left out before *words*, with which the excerpt begins, and after them."""
    before, after = breaks_off(excerpt.passage.text, excerpt.start, excerpt.end)
    return before and not embedded, words != excerpt.text or (after and not embedded)


def citation(excerpt: Excerpt, *, wordless: bool = False) -> Block:
    """Say whose words they are and where they stand; a *wordless* one does not even link to the words."""
    # plain_text is literal, so that no title or name can format, ping or link; only our own link is mrkdwn.
    parts = (wording.voice(excerpt), wording.work(excerpt), wording.dated(excerpt), f"¶ {excerpt.number}")
    elements = [plain_text(" · ".join(parts))]
    if url := address(excerpt, wordless=wordless):
        elements.append({"type": "mrkdwn", "text": f"<{escape(url)}|{OPEN}>"})
    return {"type": "context", "elements": elements}


def linkable(url: str) -> bool:
    """Tell a plain web address of no great length."""
    return len(escape(url)) <= LINK_LIMIT and bool(re.fullmatch(r"https?://[^\s<>|\"\x00-\x1f]+", url))


def address(excerpt: Excerpt, *, wordless: bool = False) -> str | None:
    """Return where the excerpt can be opened, if that is a plain web address of no great length."""
    tried = (None if wordless else excerpt.citation.link, excerpt.article.url)
    return next((url for url in tried if url and linkable(url)), None)


def _text(answer: Answer, shown: Sequence[Excerpt], limit: int) -> str:
    lead, searched = escape(wording.lead(answer, shown)), wording.searched(answer.searched)
    quoted = all_spoken(shown, answer.withheld, limit)
    if answer.verdict is Verdict.ANSWERED:  # a notification shows the beginning: the words come first
        return "\n\n".join((lead, *quoted, searched))
    return "\n\n".join((f"{lead}\n{searched}", *([NEAREST[answer.verdict]] if shown else []), *quoted))


def spoken(excerpt: Excerpt, limit: int) -> str:
    """Return speaker, words and source as they are read aloud."""
    words = cut(excerpt.text, limit)
    before, after = is_cut(excerpt, words)
    marked = " ".join(filter(None, (CUT if before else "", escape(words), CUT if after else "")))
    return f"{escape(wording.voice(excerpt))}:\n{marked}\n— {_source(excerpt)}"


def all_spoken(shown: Iterable[Excerpt], withheld: Sequence[Excerpt], limit: int) -> list[str]:
    """Return what `cited` shows as it is read aloud."""
    told = [spoken(excerpt, limit) for excerpt in shown]
    if withheld:
        told.append("\n".join((WITHHELD, *(f"— {placed(excerpt)}" for excerpt in withheld))))
    return told


def placed(excerpt: Excerpt) -> str:
    """Return speaker and source as they are read aloud, without the words."""
    return f"{escape(wording.voice(excerpt))}: {_source(excerpt)}"


def _source(excerpt: Excerpt) -> str:
    return escape(f"{wording.work(excerpt)}, {wording.dated(excerpt)}, paragraph {excerpt.number}")


def bullets(lines: Iterable[str]) -> Block:
    """Return *lines* as a list, literal to the letter."""
    sections = [{"type": "rich_text_section", "elements": [{"type": "text", "text": line}]} for line in lines]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": sections}],
    }


def literal(text: str, *rows: Block) -> Message:
    """Say *text*, in which nothing formats, pings or links, with *rows* below."""
    return Message(text=escape(text), blocks=(section(text), *rows))


def section(text: str) -> Block:
    """Return literal text as a paragraph."""
    return {"type": "section", "text": plain_text(text)}


def small(text: str) -> Block:
    """Return literal text as a note, in small print."""
    return {"type": "context", "elements": [plain_text(text)]}


def leaf(text: str) -> Block:
    """Return literal text as a part of a rich text."""
    return {"type": "text", "text": text}


def plain_text(text: str) -> Block:
    """Return literal text: nothing in it formats, pings or links."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _quotes(blocks: Sequence[Block]) -> Iterator[tuple[bool, str, bool]]:
    """Yield the words of each quotation, and whether a mark before and one after say that they are cut."""
    for block in blocks:
        parts = block["elements"] if block["type"] == "rich_text" else []
        kinds = [part["type"] for part in parts]
        if "rich_text_quote" in kinds:
            at = kinds.index("rich_text_quote")
            words = "".join(leaf["text"] for leaf in parts[at]["elements"])
            yield at > 0, words, at + 1 < len(parts)
