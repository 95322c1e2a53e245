"""A sentence as tokens in which a name is one, and so is a quotation. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import NamedTuple

from index.segment import Span, fold
from index.speech.cues import HUMAN
from index.speech.names import HONORIFICS, WORD, Name, names

_DOUBLE = re.compile(r"[“”„«»\"]|''|``")
_SINGLE = re.compile(r"(?<!\w)‘[^‘]*?(?:[^\s‘]’(?!\w)|$)")
_CLOSING_OF = {"“": "”", "„": "“”", "«": "»", '"': '"”', "''": "''", "``": "''"}
_TOKEN = re.compile(WORD.pattern + r"|[’']s\b|--|[^\w\s]")
# What stands between a name and its verb and says nothing of who speaks: "(D-Ore.)", ", R-Ky.,", ", 54,".
_OPENING = frozenset("who whose whom which a an the now once then his her their one".split())
_TAG = re.compile(r"[A-Z]{1,3}-[A-Z][\w.-]*|\d{1,3}|Jr|Sr|I{2,3}")


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
    marks = list(_DOUBLE.finditer(text))
    nests = sum(m[0] == "“" for m in marks) == sum(m[0] == "”" for m in marks)
    spans: list[Span] = []
    start, closing, inner = None, "", 0
    for i, mark in enumerate(marks):
        if start is None and mark[0] in _CLOSING_OF:
            start, closing, inner = mark.start(), _CLOSING_OF[mark[0]], 0
        elif start is not None and nests and closing == "”" and mark[0] == "“":
            inner += 1  # “In what he calls “hell” we live”
        elif start is not None and (mark[0] in closing or _closes_unlike(marks, i, closing)):
            if inner:
                inner -= 1
                continue
            spans.append(Span(start, mark.end()))
            start = None
    if start is not None:
        spans.append(Span(start, len(text)))
    return spans


def _closes_unlike(marks: Sequence[re.Match[str]], i: int, closing: str) -> bool:
    """Tell whether a straight mark closes what a curly one opened: no curly one closes it any more."""
    if closing != "”" or marks[i][0] != '"':
        return False
    return next((m[0] for m in marks[i + 1 :] if m[0] in "“”"), "“") == "“"


def blanked(text: str, quotes: Sequence[Span]) -> str:
    """Return *text* with its quotations as spaces, so that offsets hold."""
    for q in quotes:
        text = text[: q.start] + " " * (q.end - q.start) + text[q.end :]
    return text


def tokens(text: str, sentence: Span, quotes: Sequence[Span], known: Container[str] = ()) -> list[Token]:
    """Return the tokens of *sentence*; *known* are surnames that are also common words, folded."""
    found: list[Token] = []
    at = sentence.start
    for quote in [q for q in quotes if q.start < sentence.end and q.end > sentence.start]:
        found += _plain(text, at, max(at, quote.start), known)
        start, end = max(quote.start, sentence.start), min(quote.end, sentence.end)
        found.append(Token(start, end, text[start:end], "quote"))
        at = end
    return _untagged(found + _plain(text, at, sentence.end, known))


def _untagged(found: Sequence[Token]) -> list[Token]:
    """Leave out what only tags a name: brackets behind it, its party and state, an age."""
    kept: list[Token] = []
    i = 0
    while i < len(found):
        if kept and kept[-1].kind == "name" and (end := _tag_end(found, i)):
            i = end
            continue
        kept.append(found[i])
        i += 1
    return kept


def _tag_end(found: Sequence[Token], i: int) -> int:
    """Return the index behind the tag that begins at token *i*, 0 where none does."""
    if found[i].text == "(":
        return next((k + 1 for k in range(i + 1, min(i + 12, len(found))) if found[k].text == ")"), 0)
    if found[i].text == "," and i + 1 < len(found) and _TAG.fullmatch(found[i + 1].text.rstrip(".")):
        end = i + 2
        while end < len(found) and found[end].text == ".":
            end += 1
        if end < len(found) and found[end].text == ",":
            # "Jane Roe, 54, who …": the second comma opens the parenthesis that follows.
            more = end + 1 < len(found) and found[end + 1].low in _OPENING
            return end if more else end + 1
    return 0


def _is_common(text: str, name: Name) -> bool:
    """Tell “Residents” and “King” from “Mr. King”."""
    before = text[: name.start].split()
    polite = bool(before) and before[-1].rstrip(".").casefold() in HONORIFICS
    return len(name.words) == 1 and bool(HUMAN.match(name.full)) and not polite


def _plain(text: str, start: int, end: int, known: Container[str]) -> list[Token]:
    part = text[start:end]
    named = {n.start: n for n in names(part, known)}
    found: list[Token] = []
    at = 0
    for match in _TOKEN.finditer(part):
        if match.start() < at:
            continue
        name = named.get(match.start())
        if name and _is_common(part, name) and fold(name.full) not in known:
            name = None  # "Residents said": a capital does not make a name of a common word
        at = name.end if name else match.end()
        kind = "name" if name else "word" if match[0][0].isalnum() else "mark"
        found.append(Token(start + match.start(), start + at, name.full if name else match[0], kind))
    return found
