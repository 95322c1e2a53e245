"""A sentence as tokens in which a name is one, and so is a quotation. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import NamedTuple

from index.segment import Span, fold
from index.speech.cues import HUMAN
from index.speech.names import WORD, names

_DOUBLE = re.compile(r"[“”„«»\"]|''|``")
_SINGLE = re.compile(r"(?<!\w)‘[^‘]*?(?:[^\s‘]’(?!\w)|$)")
_CLOSING_OF = {"“": "”", "„": "“”", "«": "»", '"': '"”', "''": "''", "``": "''"}
_TOKEN = re.compile(WORD.pattern + r"|[’']s\b|[^\w\s]")


class Token(NamedTuple):
    """A "word", a "mark", a "name" or a whole "quote" of a sentence, with its offsets in the passage."""

    start: int
    end: int
    text: str
    kind: str

    @property
    def low(self) -> str:
        """The text as it is compared."""
        return self.text.casefold().replace("’", "'")


def quotations(text: str) -> list[Span]:
    """
    Return the quoted stretches of *text*, marks included; one that is never closed runs to the end.

    A closing mark that was never opened is passed over; quotations inside quotations belong to the outer.
    Single marks count where the text has no others, as British papers set them.
    """
    if not _DOUBLE.search(text) and "‘" in text:
        return [Span(m.start(), m.end()) for m in _SINGLE.finditer(text)]
    spans: list[Span] = []
    start, closing = None, ""
    for mark in _DOUBLE.finditer(text):
        if start is None and mark[0] in _CLOSING_OF:
            start, closing = mark.start(), _CLOSING_OF[mark[0]]
        elif start is not None and mark[0] in closing:
            spans.append(Span(start, mark.end()))
            start = None
    if start is not None:
        spans.append(Span(start, len(text)))
    return spans


def tokens(text: str, sentence: Span, quotes: Sequence[Span], known: Container[str] = ()) -> list[Token]:
    """Return the tokens of *sentence*; *known* are surnames that are also common words, folded."""
    found: list[Token] = []
    at = sentence.start
    for quote in [q for q in quotes if q.start < sentence.end and q.end > sentence.start]:
        found += _plain(text, at, max(at, quote.start), known)
        start, end = max(quote.start, sentence.start), min(quote.end, sentence.end)
        found.append(Token(start, end, text[start:end], "quote"))
        at = end
    return found + _plain(text, at, sentence.end, known)


def _plain(text: str, start: int, end: int, known: Container[str]) -> list[Token]:
    part = text[start:end]
    named = {n.start: n for n in names(part, known)}
    found: list[Token] = []
    at = 0
    for match in _TOKEN.finditer(part):
        if match.start() < at:
            continue
        name = named.get(match.start())
        if name and len(name.words) == 1 and HUMAN.match(name.full) and fold(name.full) not in known:
            name = None  # "Residents said": a capital does not make a name of a common word
        at = name.end if name else match.end()
        kind = "name" if name else "word" if match[0][0].isalnum() else "mark"
        found.append(Token(start + match.start(), start + at, name.full if name else match[0], kind))
    return found
