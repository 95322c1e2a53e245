"""
A check of a quotation as a message: what was typed beside what is printed, and where that stands. Pure.

What differs is marked (struck through as typed, bold as printed) and also said in words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.message import (
    BLOCKS_LIMIT,
    CUT,
    EXCERPT_LIMITS,
    TEXT_LIMIT,
    Block,
    Message,
    bullets,
    citation,
    escape,
    leaf,
    plain_text,
    prove_excerpts,
    section,
    size,
    small,
    spoken,
)
from index import wording
from index.check import Difference, Outcome, QuoteCheck, context
from index.passage import Excerpt
from index.segment import Span

MOST_PLACES, MOST_DIFFERENCES = 4, 5
DIFFERENCE_LIMIT = 160  # characters of one difference, in words
# A single mark inside a word is an apostrophe.
QUOTED = re.compile(r"[“\"«]([^“”\"«»]+)[”\"»]|(?<!\w)[‘'‹](?=\w)(.+?)(?<!\s)[’'›](?!\w)")
PARTS = 3  # quotations of one message that are checked
LEAST = 3  # words of a quotation inside a message
# The words in quotation marks, and whose they are said to be: “…” by Tusk, “…” — Tusk.
CLAIM = re.compile(
    r"^\s*[“\"«‘'‹](?P<words>.+)[”\"»’'›]\s*(?:[,.]?\s*(?:by|—|–|--?|said)\s+(?P<by>[^“”\"]+?))?\s*$", re.S
)
BARE = re.compile(r"^\s*(?P<words>.+?)\s+(?:--by|—|–)\s+(?P<by>[^“”\"]{2,60}?)\s*$", re.S)
MISSING = "Paste the words to check, as in: /column check “the words” by the name of who said them."

Checks = Callable[[str, str | None], QuoteCheck]


def claim(text: str) -> tuple[str, str | None]:
    """Return the quotation in what follows the word "check", and the name of whose it is said to be."""
    if found := CLAIM.match(text) or BARE.match(text):
        return found["words"].strip(), (found["by"] or "").strip(" .") or None
    return text.strip().strip('“”"«»‘‹›').strip(), None


def unmarked(text: str) -> str:
    """Return the words of a message without Slack's markup: as they read on the screen."""
    text = re.sub(r"<([#@!]?)([^|<>]*)(?:\|([^<>]*))?>", _shown, text)
    text = re.sub(r"```|(?<![\w`])`|`(?![\w`])", "", text)
    text = re.sub(r"(?m)^(?:&gt;|>) ?", "", text)
    for mark in "*_~":
        sign = re.escape(mark)
        text = re.sub(rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]+)(?<=\S){sign}(?![\w{sign}])", r"\1", text)
    return html.unescape(text).strip()


def _shown(markup: re.Match[str]) -> str:
    """Return a channel or link as it reads; people who are mentioned are no part of a quotation."""
    sign, target, label = markup.groups()
    return "" if sign in ("@", "!") else f"{sign}{(label or target).removeprefix(sign)}"


def asked(text: str, check: Checks) -> Message:
    """Answer what somebody typed after the word "check"."""
    words, by = claim(text)
    return check_message(check(words, by)) if words else missing_message()


def checked_in(text: str, check: Checks) -> list[QuoteCheck]:
    """Check a message: as a whole, and where the column has no such text, what it has in quotation marks."""
    whole = check(text, None)
    if whole.wording not in (Outcome.ABSENT, Outcome.TOO_LONG):
        return [whole]
    quoted = dict.fromkeys(double or single for double, single in QUOTED.findall(text))
    inside = [words for words in quoted if len(words.split()) >= LEAST]
    return [check(words, None) for words in inside[:PARTS] if words.strip() != text] or [whole]


def missing_message() -> Message:
    """Say that there is nothing to check."""
    return Message(text=MISSING)


def check_message(check: QuoteCheck) -> Message:
    """
    Say what the column has of a quotation, with each place where it stands.

    Raises:
        NotVerbatimError: If the column's words are not in the message letter for letter.
    """
    return checks_message([check])


def checks_message(checks: Sequence[QuoteCheck]) -> Message:
    """Say it of several quotations, within the limits of one message; raises what `check_message` does."""
    sizes = [(most, limit) for most in (MOST_PLACES, 1, 0) for limit in EXCERPT_LIMITS]
    texts = ("\n\n".join(_text(check, *s) for check in checks) for s in sizes)
    blocks = ((s, [b for check in checks for b in _blocks(check, *s)]) for s in sizes)
    (most, _), fits = next(found for found in blocks if size(found[1]) <= BLOCKS_LIMIT)
    built = Message(text=next(text for text in texts if len(text) <= TEXT_LIMIT), blocks=tuple(fits))
    prove_excerpts(built.blocks, [e for check in checks for e in _places(check, most)])
    return built


def _places(check: QuoteCheck, most: int) -> list[Excerpt]:
    """Return up to *most* whole sentences that hold the words, each once."""
    whole = {(e.article.id, e.number, e.start): e for e in map(context, (*check.excerpts, *check.others))}
    return [*whole.values()][:most]


def _verdict(check: QuoteCheck) -> str:
    said = (wording.compared(check), wording.said_by(check), wording.partial(check))
    return " ".join(filter(None, said))


def _blocks(check: QuoteCheck, most: int, limit: int) -> Iterator[Block]:
    yield section(_verdict(check))
    yield {"type": "context", "elements": [plain_text(wording.searched(check.searched))]}
    differences = _differences(check)
    other = [d for d in check.differences if differences and d.kind in (Outcome.ALTERED, Outcome.MARKED)]
    struck = [d.typed for d in other if d.typed.start < d.typed.end]
    if check.quotation.strip():
        yield small("As typed; what the column does not have is struck through:" if struck else "As typed:")
        leaves, is_cut = _leaves(check.quotation, struck, "strike", limit)
        yield _rich("rich_text_section", [*leaves, *([leaf(CUT)] if is_cut else [])])
    if differences:
        yield small("What differs:")
        yield bullets(differences)
    places = _places(check, most)
    printed = [[span for d in other if (span := _inside(d, check, place))] for place in places]
    if places:
        yield small(_heading(check, bold=any(printed)))
    for place, spans in zip(places, printed, strict=True):
        yield _place(place, spans, limit)
        yield citation(place)


def _heading(check: QuoteCheck, *, bold: bool) -> str:
    if check.wording is Outcome.ABSENT:
        return wording.NEAREST_WORDS
    return "As the column has it; what was typed otherwise is bold:" if bold else "As the column has it:"


def _place(place: Excerpt, bold: Sequence[Span], limit: int) -> Block:
    leaves, is_cut = _leaves(place.text, bold, "bold", limit)
    parts: list[Block] = [{"type": "rich_text_quote", "elements": leaves}]
    if is_cut:
        parts.append({"type": "rich_text_section", "elements": [leaf(CUT)]})
    return {"type": "rich_text", "elements": parts}


def _inside(d: Difference, check: QuoteCheck, place: Excerpt) -> Span | None:
    """Return where in the text of *place* a difference is printed, if it is there at all."""
    e = check.excerpts[d.excerpt]
    here = (e.article.id, e.number) == (place.article.id, place.number)
    if not here or d.printed.start >= d.printed.end:
        return None
    start, end = max(d.printed.start, place.start), min(d.printed.end, place.end)
    return Span(start - place.start, end - place.start) if start < end else None


def _leaves(text: str, spans: Iterable[Span], style: str, limit: int) -> tuple[list[Block], bool]:
    """Return *text*, cut to *limit*, with the *spans* in a style; and whether it was cut."""
    shown = wording.cut(text, limit)
    leaves: list[Block] = []
    at = 0
    for span in sorted(spans):
        start, end = max(at, span.start), min(len(shown), span.end)
        if start < end:
            leaves += [leaf(shown[at:start])] if at < start else []
            leaves.append(leaf(shown[start:end]) | {"style": {style: True}})
            at = end
    leaves += [leaf(shown[at:])] if shown[at:] else []
    return leaves, shown != text


def _differences(check: QuoteCheck) -> list[str]:
    """Say in words what differs, where the column has the quotation at all."""
    if check.wording is Outcome.ABSENT:
        return []
    said = [" ".join(wording.difference(check, d).split()) for d in check.differences]
    short = [wording.cut(s, DIFFERENCE_LIMIT, wording.width) for s in said]
    marked = [s if s == whole else f"{s}{CUT}" for s, whole in zip(short, said, strict=True)]
    more = len(marked) - MOST_DIFFERENCES
    return marked if more <= 0 else [*marked[:MOST_DIFFERENCES], f"and {more:,} more"]


def _text(check: QuoteCheck, most: int, limit: int) -> str:
    lines = [f"{escape(_verdict(check))}\n{wording.searched(check.searched)}"]
    if differences := _differences(check):
        lines.append("\n".join(escape(f"• {said}") for said in differences))
    places = _places(check, most)
    if places and check.wording is Outcome.ABSENT:
        lines.append(wording.NEAREST_WORDS)
    return "\n\n".join((*lines, *(spoken(place, limit) for place in places)))


def _rich(kind: str, leaves: list[Block]) -> Block:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": leaves}]}
