"""Plain words for what an answer holds: whose voice, which source, what was searched, which no. Pure."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from math import ceil

from index.check import Attribution, Difference, Outcome, QuoteCheck, context
from index.choice import listed
from index.passage import Excerpt, Manner, Voice
from index.people import Standing
from index.verdict import Answer, Searched, Verdict

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
COUNTS = ("No", "One", "Two", "Three", "Four", "Five")
TIMES = ("never", "once", "twice", "three times", "four times", "five times")
MANNERS = {
    Manner.DIRECT: "",
    Manner.INDIRECT: ", paraphrased",
    Manner.MIXED: ", partly paraphrased",
    Manner.FRAGMENT: ", a few words quoted",
}

COMPARED = {
    Outcome.VERBATIM: "Verbatim: these very words stand in the column.",
    Outcome.ELIDED: "Verbatim, with a marked cut: these words stand in the column, and others in between.",
    Outcome.INTERRUPTED: "Verbatim, but interrupted: words that are no quotation stand in between.",
    Outcome.MARKED: "Altered, and marked so: what stands in brackets is not what the column has.",
    Outcome.ALTERED: "Altered: the column has this, but not in these very words.",
    Outcome.SPLICED: "Spliced: parts of this stand in the column, but they do not follow each other there.",
    Outcome.ABSENT: "Not in the column, neither in these words nor in words close to them.",
    Outcome.TOO_SHORT: "Too short to check: such words stand in any text. Paste more of the quotation.",
    Outcome.TOO_LONG: "Too long to check. Paste a part of it.",
}
PUNCTUATION = "Altered: the words are the column’s, the punctuation is not."
NEAREST_WORDS = "The nearest sentence, which is something else:"
NEAREST = {  # what stands above passages that are no answer
    Verdict.NOT_ON_THIS: "What it does quote, which does not answer the question:",
    Verdict.NEVER_QUOTED: "Where it mentions them, which does not answer the question:",
    Verdict.NEVER_MENTIONED: "The nearest passages, which do not answer the question:",
    Verdict.SILENT: "The nearest passages, which do not answer the question:",
}
# Names and titles come from the column and may be of any length; a citation stays a line or two.
NAME_LIMIT = 100  # characters, as wide as markup or JSON makes them
# Control, format, surrogate and private characters, line and paragraph separators: they steer a display.
STEERING = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


@lru_cache(maxsize=1_000)  # a message names the same few people and articles many times
def clip(name: str) -> str:
    """Make *name* one line, at most NAME_LIMIT wide, free of characters that steer a display."""
    line = one_line(name)
    short = cut(line, NAME_LIMIT, width)
    return line if short == line else f"{short}…"


def one_line(text: str) -> str:
    """Return *text* as one line, free of characters that steer a display."""
    return " ".join("".join(" " if unicodedata.category(c) in STEERING else c for c in text).split())


def width(text: str) -> int:
    """Return the most characters that *text* takes once it is escaped for markup or for JSON."""
    return max(len(html.escape(text, quote=False)), len(json.dumps(text, ensure_ascii=False)) - 2)


def cut(text: str, limit: int, measure: Callable[[str], int] = len) -> str:
    """
    Return the longest beginning of *text* that ends where a word ends and measures at most *limit*.

    A single word that is longer is cut where it must be. *measure* must not fall as a text grows.
    """
    room = bisect_right(range(1, len(text) + 1), limit, key=lambda length: measure(text[:length]))
    if room == len(text):
        return text
    head = text[:room]
    if not text[room].isspace():
        head = re.sub(r"\s\S*\Z", "", head)
    return head.rstrip() or text[:room]


def is_answer(answer: Answer) -> bool:
    """Tell whether the excerpts answer the question, or are only near it."""
    return answer.verdict is Verdict.ANSWERED


def day(when: date) -> str:
    """Write a date as people say it: 10 September 2025."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def span(seconds: float) -> str:
    """Write how long to wait, rounded up: 1 second, 40 seconds, 12 minutes, 3 hours."""
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if (count := ceil(seconds / size)) > 1 or unit == "second":
            return f"{max(1, count)} {unit}{'s' * (count > 1)}"
    raise AssertionError


def makers(sentences: Mapping[str, int]) -> str:
    """Write what made the vectors of how many sentences, the most first; "" where there are none."""
    order = sorted(sentences.items(), key=lambda pair: (-pair[1], pair[0]))
    noun = f"sentence{'s' * (not order or order[0][1] != 1)}"
    told = [f"{count:,} by {name or 'an unknown encoder'}" for name, count in order]
    return ", ".join(told).replace(" by", f" {noun} by", 1)


def days(first: date, last: date) -> str:
    """Write a range of dates without repeating what both share: 10 September – 5 November 2025."""
    if first == last:
        return day(last)
    begin = day(first).split()
    if first.year == last.year:
        begin.pop()
        if first.month == last.month:
            begin.pop()
    return f"{' '.join(begin)} – {day(last)}"


def voice(excerpt: Excerpt) -> str:
    """Say whose words an excerpt holds, how they reached the page, and through whom."""
    chain = outlets(excerpt)
    if speaker := other_speaker(excerpt):
        manner = MANNERS[excerpt.manner] if excerpt.manner else ""
        return f"{speaker}{manner}{through(chain)}"
    if chain:
        return f"{chain[0]}{through(chain[1:]) or ', quoted in this column'}"
    if excerpt.passage.voice is Voice.BLOCK_QUOTATION:
        return "A block quotation in this column"
    author = clip(excerpt.article.author or "")
    return f"{author}, the columnist" if author else "The columnist"


def whose(excerpt: Excerpt) -> str:
    """Say whose words they are in as few words as will do."""
    if name := other_speaker(excerpt) or next(iter(outlets(excerpt)), ""):
        return name
    return "a block quotation" if excerpt.passage.voice is Voice.BLOCK_QUOTATION else "the columnist"


def other_speaker(excerpt: Excerpt) -> str:
    """Return the speaker's name, or nothing where the columnist speaks."""
    return "" if excerpt.speaker == excerpt.article.author else clip(excerpt.speaker or "")


def outlets(excerpt: Excerpt) -> tuple[str, ...]:
    """Return those whom the words come through, nearest first, the speaker left out."""
    passage = excerpt.passage
    outlet = passage.outlet if passage.voice is Voice.BLOCK_QUOTATION else None
    chain = dict.fromkeys(clip(name) for name in (*excerpt.via[:2], outlet or ""))
    return tuple(name for name in chain if name and name != other_speaker(excerpt))


def through(chain: Sequence[str]) -> str:
    """Name the outlets that stand between a speaker and this column."""
    if not chain:
        return ""
    further = "".join(f", by way of {name}" for name in chain[1:])
    return f", in {chain[0]}{further}, quoted in this column"


def work(excerpt: Excerpt) -> str:
    """Name the article and its author."""
    title = clip(excerpt.article.title) or "untitled"
    author = clip(excerpt.article.author or "")
    return f"“{title}”, by {author}" if author else f"“{title}”"


def dated(excerpt: Excerpt) -> str:
    """Write the article's date, and that it is cited from a preview where nothing more could be read."""
    when = day(excerpt.article.date) if excerpt.article.date else "undated"
    return f"{when}, preview only" if excerpt.article.truncated else when


def lead(answer: Answer, shown: Sequence[Excerpt]) -> str:
    """Open the answer: who is quoted how many times, or which no it is."""
    if answer.verdict is Verdict.ANSWERED:
        return f"{counted(shown)}{unanswered(answer.unanswered)}"
    subject = clip(answer.subject or "")
    words = {
        Verdict.NOT_ON_THIS: f"The column quotes {subject or 'this person'}, but not on this."
        f"{quoted_on(answer.topics)}",
        Verdict.NEVER_QUOTED: f"The column mentions {subject or 'this person'}, but never quotes them.",
        Verdict.NEVER_MENTIONED: f"The column never mentions {subject or 'that name'}.",
        Verdict.SILENT: "The column does not say.",
    }[answer.verdict]
    return f"{words}{suggested(answer.suggestions)}"


def quoted_on(topics: Sequence[str]) -> str:
    """Say what somebody is quoted on instead, in words of the column."""
    words = [f"“{clip(word)}”" for word in topics]
    return f" The words quoted are about {', '.join(words)}." if words else ""


def unanswered(parts: Sequence[str]) -> str:
    """Name the parts of a question to which the column has no answer."""
    return "".join(f" To “{clip(part)}” the column has no answer." for part in parts)


def counted(shown: Sequence[Excerpt]) -> str:
    """Say how many excerpts there are and from whom."""
    if not shown:
        return "The column has words on this."
    names = Counter(whose(excerpt) for excerpt in shown)
    noun = "excerpt" if len(shown) == 1 else "excerpts"
    if len(names) == 1:
        return f"{COUNTS[len(shown)]} {noun} from the column: {next(iter(names))}."
    each = ", ".join(f"{name} {TIMES[times]}" for name, times in names.items())
    return f"{COUNTS[len(shown)]} {noun} from the column: {each}."


def suggested(names: Sequence[str]) -> str:
    """Offer up to three names that resemble an unknown one."""
    offered = [clip(name) for name in names[:3]]
    return f" Did you mean {listed(offered, 'or')}?" if offered else ""


def searched(what: Searched) -> str:
    """Say what was looked through."""
    if not what.articles:
        return "The column is empty: no article has been read yet."
    noun = "article" if what.articles == 1 else "articles"
    span = f", {days(what.first, what.last)}" if what.first and what.last else ""
    return f"Searched {what.articles:,} {noun}{span}."


# ---- the check of a quotation


def compared(check: QuoteCheck) -> str:
    """Open the result of a check: whose words it is not, and whether it is the column's wording."""
    altered = check.wording is Outcome.ALTERED
    punctuation = altered and all(d.punctuation for d in check.differences if d.kind is Outcome.ALTERED)
    words = PUNCTUATION if punctuation else COMPARED[check.wording]
    if check.outcome is not Outcome.SOMEBODY_ELSE:
        return words
    return f"Said by somebody else: these are not words of {claimed(check)}. {words}"


def claimed(check: QuoteCheck) -> str:
    """Name those to whom the quotation is attributed."""
    return some([clip(p.name) for p in check.claimed])


def said_by(check: QuoteCheck) -> str:
    """Say whose words they are in the column, and whether that is who was named; "" where none are."""
    if not check.excerpts or check.wording is Outcome.ABSENT:
        return ""
    voices = [clip(s) if s else "the columnist" for s in check.speakers]
    if not voices:
        told = "The column has them as somebody’s words, but whose is unclear."
    elif check.speakers == (None,):
        told = "They stand in the columnist’s own voice."
    else:
        marks = "" if check.quoted else ", but not all in quotation marks: it may be a paraphrase"
        told = f"The column has them as words of {some(voices)}{marks}."
    if check.attribution is Attribution.PARTLY:
        told += f" Only a part of them is reported as said by {claimed(check)}."
    if check.attribution is Attribution.UNCLEAR:
        told += f" Whether that is {claimed(check)} is unclear."
    for stranger in (p for p in check.claimed if p.standing is Standing.UNKNOWN):
        told += f" The column never mentions {clip(stranger.name)}.{suggested(stranger.suggestions)}"
    return told


def partial(check: QuoteCheck) -> str:
    """Warn that the column's sentence goes on, which may be another matter; "" where all of it is quoted."""
    if check.wording in (Outcome.ABSENT, Outcome.SPLICED):
        return ""
    cut_off = any(
        c.isalnum()
        for e in check.excerpts
        for whole in [context(e)]
        for c in e.passage.text[whole.start : e.start] + e.passage.text[e.end : whole.end]
    )
    return "It is a part of a longer sentence, which stands below as a whole." if cut_off else ""


def some(names: Sequence[str], most: int = 4) -> str:
    """Write names as people list them, and how many more there are."""
    return listed([*names[:most], f"{len(names) - most} more"] if len(names) > most else names)


def difference(check: QuoteCheck, d: Difference) -> str:
    """Say what one difference is: what was typed, and what is printed."""
    typed = check.quotation[d.typed.start : d.typed.end]
    printed = check.excerpts[d.excerpt].passage.text[d.printed.start : d.printed.end]
    if d.kind in (Outcome.ELIDED, Outcome.INTERRUPTED, Outcome.SPLICED):
        how = {Outcome.ELIDED: "left out, as marked", Outcome.INTERRUPTED: "stands in between"}
        return f"{how.get(d.kind, 'left out without a mark')}: “{printed}”"
    if not typed:
        return f"missing: “{printed}”"
    if not printed:
        return f"added: “{typed}”"
    marked = " (marked)" if d.kind is Outcome.MARKED else ""
    return f"quotation: “{typed}”{marked}; column: “{printed}”"
