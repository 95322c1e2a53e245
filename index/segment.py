"""Paragraphs, sentences and the model's windows, always as offsets into the text. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import sentencex

NEWLINE = r"(?:\r\n|\r(?!\n)|[\n\x0b\x0c\x85\u2028\u2029])"
BLANK_LINE = re.compile(rf"{NEWLINE}[^\S\n\r]*{NEWLINE}|\u2029")
# “…?” Roe asked. The attribution belongs to the sentence that it follows.
ATTRIBUTION = re.compile(
    r"(?:[^\W\d_][\w.’'-]*\s+){1,4}"
    r"(?:said|says|asked|asks|wrote|writes|tweeted|told|added|adds|replied|replies|responded|demanded|wondered|"
    r"shouted|exclaimed|continued|quipped|joked|yelled|cried|declared|insisted|argued|warned|recalled)\b"
)

INNER = re.compile(r"(?<=\w)’(?=\w)")
HALVES = re.compile("[\ud800-\udfff]")  # of a character, which no encoding takes
# A mark behind a space opens the next sentence: “…,” Roe said. “And …
OPENING = re.compile(r"(?<=\s)(?:[“„«‘\"]|``|'')$")

# Letters that Unicode does not decompose, and typography that a keyboard has no key for.
PLAIN = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'",
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
    }
)  # fmt: skip


# Words that carry no topic of their own.
STOPWORDS = frozenset(
    """
    a about after again all also am an and any anything are as at be because been before being but by can
    could did do does doing done for from get give had has have having he her here him his how i if in into
    is it its just know let like made make many may me might more most much must my no not of off on once
    one only or other our out over please regarding re said say says she should so some something such tell
    than that the their them then there these they thing things this those to too under up us very was we
    were what when where which while who whom whose why will with would you your s t re ve ll d m
    column article columnist author piece
    """.split()
)


class Span(NamedTuple):
    """A stretch of text: ``text[start:end]``, in code points."""

    start: int
    end: int


def sound(text: str) -> str:
    """Return *text* with "\ufffd" for half characters (lone surrogates), which no library takes."""
    return text if text.isascii() else HALVES.sub("\ufffd", text)


def fold(text: str) -> str:
    """Return *text* as it is compared: no case, no accents, plain quotation marks. Never shown."""
    if text.isascii():  # nothing to take apart, and ten times as fast
        return text.lower().replace("`", "'")
    # Case first: "ẞ" and "İ" fold to more than one letter, which may then carry combining marks; and once
    # more, because "™" comes apart into capitals.
    lowered = text.translate(PLAIN).casefold()
    if lowered.isascii():
        return lowered  # nothing to take apart
    decomposed = unicodedata.normalize("NFKD", lowered).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(PLAIN)


def stripped(text: str, start: int, end: int) -> Span:
    """Return the span without the white space at its two ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def split_paragraphs(text: str) -> list[Span]:
    """Split at blank lines; a line of nothing but white space is blank."""
    paragraphs, start = [], 0
    for blank in BLANK_LINE.finditer(text):
        paragraphs.append(stripped(text, start, blank.start()))
        start = blank.end()
    paragraphs.append(stripped(text, start, len(text)))
    return [p for p in paragraphs if p.start < p.end]


def sentences(text: str) -> list[Span]:
    """
    Return the sentences of one paragraph, in order and without the space between them.

    A quotation that is closed in the paragraph stays in the sentence that introduces it, however many
    sentences it holds. A full stop in "U.S.", "Mr. Trump" or "aims…. The" is read as people read it.

    Source:
        Boundaries by sentencex, the Wikimedia Foundation's segmenter; its leftovers without a letter or
        digit (an ellipsis after a quotation) join the sentence before.
    """
    return list(_sentences(text))


@lru_cache(maxsize=2_048)  # a passage is read several times on its way to an answer
def _sentences(text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    # The apostrophe of "O’Neill" closes no ‘quotation’.
    read = INNER.sub("x", text) if "‘" in text else text
    for boundary in sentencex.get_sentence_boundaries("en", sound(read)):
        span = stripped(text, boundary["start_index"], boundary["end_index"])
        if span.start == span.end:
            continue
        if spans and (opening := OPENING.search(text, spans[-1].start, spans[-1].end)):
            spans[-1] = stripped(text, spans[-1].start, opening.start())
            span = Span(opening.start(), span.end)
        if spans and _belongs_to(text, spans[-1], span):
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    return tuple(spans)


def _belongs_to(text: str, before: Span, span: Span) -> bool:
    """Whether *span* is no sentence of its own but the rest of the one before."""
    if not any(c.isalnum() for c in text[span.start : span.end]):
        return True
    asked = re.search(r"[?!…][”\"»’']{1,2}$", text[before.start : before.end])
    return bool(asked and ATTRIBUTION.match(text, span.start, span.end))


def breaks_off(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Tell whether ``text[start:end]`` leaves out words of the sentence that it begins in, and ends in."""
    whole = sentences(text)
    before = next((text[s.start : start] for s in whole if s.start < start < s.end), "")
    after = next((text[end : s.end] for s in whole if s.start < end < s.end), "")
    return any(map(str.isalnum, before)), any(map(str.isalnum, after))


def windows(text: str, spans: Iterable[Span], length: Callable[[str], int], limit: int) -> list[Span]:
    """
    Return *spans* such that none is longer than *limit*: what is longer is cut at its last fitting space.

    Args:
        length: The number of the model's tokens in a text, special tokens left out.

    Every character that is not white space is in exactly the windows of its span: nothing is left out.
    """
    return [w for span in spans for w in _fitting(text, span, length, limit)]


def _fitting(text: str, span: Span, length: Callable[[str], int], limit: int) -> Iterator[Span]:
    rest = span
    while rest.start < rest.end and length(text[rest.start : rest.end]) > limit:
        cut = _longest_fitting(text, rest, length, limit)
        yield stripped(text, rest.start, cut)
        rest = stripped(text, cut, rest.end)
    if rest.start < rest.end:
        yield rest


def _longest_fitting(text: str, span: Span, length: Callable[[str], int], limit: int) -> int:
    """Return where to cut *span*: the last space before which it fits, or inside a word where none does."""
    spaces = [m.start() for m in re.finditer(r"\s+", text[span.start : span.end])]
    for offsets in (spaces, list(range(1, span.end - span.start))):
        low, high = 0, len(offsets)
        while low < high:
            middle = (low + high) // 2
            if length(text[span.start : span.start + offsets[middle]]) <= limit:
                low = middle + 1
            else:
                high = middle
        if low:
            return span.start + offsets[low - 1]
    return span.start + 1
