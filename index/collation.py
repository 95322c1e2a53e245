"""Two texts compared word by word: what is the same but for typography, and what is not. Pure."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from index.segment import STOPWORDS, Span, fold

_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # soft hyphens, joiners, marks of direction
_APOSTROPHE = "'’‘ʼ‛′`´"
_LETTER = r"[^\W_]"
WORD = re.compile(
    rf"(?:\[{_LETTER}\](?={_LETTER}))?{_LETTER}"  # "[T]he" is one word, its case marked as changed
    rf"(?:{_LETTER}|[\u0300-\u036f{_UNSEEN}]|[{_APOSTROPHE}](?={_LETTER})|(?<=\d)[.,:](?=\d))*"
)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»‹›″" + _APOSTROPHE, '"'))
_ELLIPSIS = re.compile(r"\s*\.?\s*(?:…|\.(?:\s?\.)+)(?:\s*\.)?\s*")
_DASH = re.compile(r"\s*(?:--+|[—―]|(?<=\s)[-‐‑‒–−]|[-‐‑‒–−](?=\s))\s*")
_HYPHEN = re.compile(r"[‐‑‒–−]")
_SIGN = re.compile(r"[%‰°+±#@&=^-]")  # of those that belong to the word beside them
LONG = 300  # words: from here on three in a row are compared at once, which keeps long texts quick
SHINGLE = 3
ROOM = 16  # words by which the place looked at is longer than the quotation, besides a quarter


class Word(NamedTuple):
    """A word with its offsets: *exact* but for typography, *loose* without case and accents as well."""

    start: int
    end: int
    exact: str
    loose: str
    marked: bool = False  # its first letter stands in brackets: "[T]he"


class Block(NamedTuple):
    """Words that two texts share: ``one.words[a:a + size]`` and ``other.words[b:b + size]``."""

    a: int
    b: int
    size: int


class Change(NamedTuple):
    """Where two texts differ: word ranges of the one and of the other; either may be empty."""

    a: Span
    b: Span
    punctuation: bool = False  # the words are the same; what stands between or beside them is not


class Text:
    """Paragraphs read as one text: words, and what stands between them. *starts* is where each begins."""

    def __init__(self, *paragraphs: str) -> None:
        self.text = "\n\n".join(paragraphs)
        self.starts = [0, *accumulate(len(p) + 2 for p in paragraphs)][: len(paragraphs)]
        placed = zip(self.starts, paragraphs, strict=True)
        self.words = [w for start, paragraph in placed for w in _placed(paragraph, start)]
        self.loose = [w.loose for w in self.words]

    def between(self, i: int, j: int) -> str:
        """Return what is printed after word *i* and before word *j*."""
        return self.text[self.words[i].end : self.words[j].start]

    def gap(self, i: int) -> str:
        """Return what stands between word *i* and the next, but for typography."""
        return plain_marks(self.between(i, i + 1))

    def is_joint(self, i: int) -> bool:
        """Tell whether a paragraph ends between word *i* and the next."""
        return self.paragraph(i) != self.paragraph(i + 1)

    def paragraph(self, i: int) -> int:
        """Return in which paragraph word *i* stands, from 0."""
        return bisect_right(self.starts, self.words[i].start) - 1

    def span(self, words: Span) -> Span:
        """Return the characters of a range of words; an empty range is the place where it would stand."""
        if words.start < words.end:
            return Span(self.words[words.start].start, self.words[words.end - 1].end)
        at = self.words[words.start - 1].end if words.start else self.words[0].start if self.words else 0
        return Span(at, at)


@lru_cache(maxsize=1_000)
def _placed(paragraph: str, start: int) -> tuple[Word, ...]:
    """Return the words of *paragraph* where it begins at *start*; a passage has the same few neighbours."""
    words = _words(paragraph)
    return tuple(Word(start + w.start, start + w.end, *w[2:]) for w in words) if start else words


@lru_cache(maxsize=1_000)
def _words(paragraph: str) -> tuple[Word, ...]:
    return tuple(
        Word(m.start(), m.end(), *_keys(m[0]), m[0].startswith("[")) for m in WORD.finditer(paragraph)
    )


@lru_cache(maxsize=100_000)
def _keys(word: str) -> tuple[str, str]:
    seen = re.sub(rf"[\[\]{_UNSEEN}]", "", word).translate(_LIGATURES)
    exact = unicodedata.normalize("NFC", re.sub(rf"[{_APOSTROPHE}]", "'", seen))
    return exact, fold(exact)


@lru_cache(maxsize=10_000)
def plain_marks(raw: str) -> str:
    """
    Return the marks between two words in one typography.

    All quotation marks are one, and so are "…" and "...", " – " and "—", a hyphen and a tight en dash, and
    any white space; a comma stands before a closing mark.
    """
    marks = re.sub(rf"[{_UNSEEN}]", "", raw).translate(_QUOTES)
    marks = re.sub(r"\s+", " ", marks)
    marks = re.sub(r'"+', '"', marks)
    marks = _ELLIPSIS.sub("…", marks)
    marks = re.sub(r"[\[(]…[\])]", "…", marks)
    marks = re.sub(r"\s*…\s*", "…", marks)
    marks = _HYPHEN.sub("-", _DASH.sub("—", marks))
    marks = re.sub(r'"([.,])', r'\1"', marks)
    return re.sub(r"\s+([,.;:!?])", r"\1", marks)


# ---- the same or not


def blocks(one: Text, other: Text, within: Span, *, anchored: bool = False) -> list[Block]:
    """
    Return the words that *one* shares, in order, with the words *within* of *other*.

    The longest run comes first. *anchored*: one of words that stand nowhere but where they belong. Now the
    one finds more, and now the other.
    """
    if len(one.words) > LONG:
        return _shared(one, other, Span(0, len(one.words)), within, size=SHINGLE)
    if not anchored:
        return _shared(one, other, Span(0, len(one.words)), within)
    found = _shared(one, other, Span(0, len(one.words)), within, junk=STOPWORDS)
    # Words like "the" stand anywhere: they are compared where the others have shown what belongs together.
    filled: list[Block] = []
    a, b = 0, max(within.start, found[0].b - found[0].a - 1) if found else within.start
    for block in found:
        filled += [*_shared(one, other, Span(a, block.a), Span(b, block.b)), block]
        a, b = block.a + block.size, block.b + block.size
    end = min(within.end, b + len(one.words) - a + 1) if found else within.end
    return [*filled, *_shared(one, other, Span(a, len(one.words)), Span(b, end))]


def _shared(
    one: Text, other: Text, first: Span, second: Span, junk: Container[str] = (), size: int = 1
) -> list[Block]:
    """Compare two ranges of words, *size* in a row at once; no match begins with *junk*."""
    if first.start == first.end or second.start >= second.end:
        return []
    a = _shingles(one.loose[first.start : first.end], size)
    b = _shingles(other.loose[second.start : second.end], size)
    found: list[Block] = []
    matcher = SequenceMatcher(lambda shingle: shingle[0] in junk, a, b, autojunk=size > 1)
    for m in matcher.get_matching_blocks()[:-1]:
        block = Block(m.a + first.start, m.b + second.start, m.size + size - 1)
        if found:  # shingles overlap
            over = max(found[-1].a + found[-1].size - block.a, found[-1].b + found[-1].size - block.b, 0)
            block = Block(block.a + over, block.b + over, block.size - over)
        if block.size > 0:
            found.append(block)
    return found


def _shingles(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]


def nearest(one: Text, other: Text) -> Span:
    """Return the stretch of *other*, a little longer than *one*, that holds most of its words."""
    size = len(one.words) * 5 // 4 + ROOM
    weights = {word: 1 if word in STOPWORDS else 4 for word in one.loose}
    sums = [0, *accumulate(weights.get(word, 0) for word in other.loose)]
    last = max(0, len(other.loose) - size)
    start = max(range(last + 1), key=lambda i: sums[min(i + size, len(other.loose))] - sums[i])
    # The same words may lie anywhere in it: give as much room on either side.
    return Span(max(0, start - size // 2), min(len(other.loose), start + size + size // 2))


def runs(one: Text, other: Text) -> Iterator[Block]:
    """Yield each place where all words of *one*, case and accents aside, stand in *other*."""
    n = len(one.loose)
    at = -1
    while n:
        try:
            at = other.loose.index(one.loose[0], at + 1)
        except ValueError:
            return
        if other.loose[at : at + n] == one.loose:
            yield Block(0, at, n)


def changes(one: Text, other: Text, shared: Sequence[Block]) -> list[Change]:
    """Return all that is not the same where *shared* puts the two side by side, in order."""
    found = [_head(other, shared[0])] if shared[0].a else []
    found += _at_start(one, other, shared[0])
    for block, after in pairwise([*shared, None]):
        assert block is not None
        found += inside(one, other, block)
        a, b = block.a + block.size, block.b + block.size
        if after is None:
            if a < len(one.words):
                found.append(_tail(one, other, a, b))
            else:
                found += _at_end(one, other, block)
        else:
            found.append(Change(Span(a, after.a), Span(b, after.b)))
    return found


def inside(one: Text, other: Text, block: Block) -> Iterator[Change]:
    """Yield what is not the same within one block: capitals, accents, and the marks between words."""
    for k in range(block.size):
        i, j = block.a + k, block.b + k
        if not _same_word(one.words[i], other.words[j], first=i == 0):
            yield Change(Span(i, i + 1), Span(j, j + 1))
        if k + 1 < block.size and not _same_gap(one, i, other, j):
            yield Change(Span(i, i + 2), Span(j, j + 2), punctuation=True)


def _same_word(one: Word, other: Word, *, first: bool) -> bool:
    """A quotation may begin with a capital where the column does not, and the other way about."""
    same_head = one.exact[:1].casefold() == other.exact[:1].casefold()
    return one.exact == other.exact or (first and same_head and one.exact[1:] == other.exact[1:])


def _same_gap(one: Text, i: int, other: Text, j: int) -> bool:
    a, b = one.gap(i), other.gap(j)
    if other.is_joint(j):  # an opening mark is repeated, or is not, where a quotation goes on
        a, b = (re.sub(r'\s*"\s*', " ", marks).strip() for marks in (a, b))
    return a == b


def _at_start(one: Text, other: Text, block: Block) -> Iterator[Change]:
    """A sign or a currency before the first word belongs to it, and half of "well-known" is no word."""
    if block.a == 0:
        typed, printed = one.text[: one.words[0].start], other.text[: other.words[block.b].start]
        if _sign(plain_marks(typed[-1:])) != _sign(plain_marks(printed[-1:])):
            yield Change(Span(0, 1), Span(block.b, block.b + 1), punctuation=True)


def _at_end(one: Text, other: Text, block: Block) -> Iterator[Change]:
    """The last mark is the quoter's to choose, but for a question, a cry and a sign."""
    last = block.b + block.size - 1
    typed = one.text[one.words[-1].end :]
    end = other.words[last + 1].start if last + 1 < len(other.words) else len(other.text)
    printed = other.text[other.words[last].end : end]
    asked, asks = set(typed) & set("?!"), set(re.split(r"\s", printed)[0]) & set("?!")
    sign = _sign(plain_marks(typed[:1])) != _sign(plain_marks(printed[:1]))
    if sign or ((asked or "." in plain_marks(typed)) and asked != asks):
        yield Change(Span(block.a + block.size - 1, len(one.words)), Span(last, last + 1), punctuation=True)


def _sign(mark: str) -> str:
    return mark if mark and (_SIGN.match(mark) or unicodedata.category(mark[0]) == "Sc") else ""


def _head(other: Text, block: Block) -> Change:
    """Put unknown first words beside as many of the same sentence."""
    start = block.b
    while start > max(0, block.b - block.a) and not ends_sentence(other.between(start - 1, start)):
        start -= 1
    return Change(Span(0, block.a), Span(start, block.b))


def _tail(one: Text, other: Text, a: int, b: int) -> Change:
    end = b
    while end < min(len(other.words), b + len(one.words) - a) and not (
        ends_sentence(other.between(end - 1, end))
    ):
        end += 1
    return Change(Span(a, len(one.words)), Span(b, end))


def ends_sentence(marks: str) -> bool:
    """Tell whether a sentence ends in the marks between two words."""
    return bool(re.search(r"[.!?…]|\n\n", marks))
