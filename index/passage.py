"""The records that travel through the house: Article, Passage, Utterance, Excerpt, Citation. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self
from urllib.parse import quote


class Manner(StrEnum):
    """How words reached the page."""

    DIRECT = "direct"  # a whole sentence or more inside quotation marks
    INDIRECT = "indirect"  # reported without quotation marks: a paraphrase
    MIXED = "mixed"  # a paraphrase with quoted parts
    FRAGMENT = "fragment"  # a few quoted words, no clause of their own


class Voice(StrEnum):
    """Whose words a passage prints."""

    COLUMNIST = "columnist"
    BLOCK_QUOTATION = "block quotation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """
    Reported speech inside one passage.

    ``text[start:end]`` is the statement with its attribution clause. *speaker* is None where the
    text leaves it open. *via* names the outlets or people that it comes through, nearest first
    ("according to the Guardian": ``("the Guardian",)``).
    """

    start: int
    end: int
    speaker: str | None
    cue: str
    manner: Manner
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """
    One paragraph, letter for letter: what is stored and cited.

    *number* is the ¶ as printed, from 1. *outlet* is set on block quotations whose outlet is known.
    *section* is the heading above the paragraph, where there is one.
    """

    number: int
    text: str
    voice: Voice = Voice.COLUMNIST
    outlet: str | None = None
    section: str | None = None
    utterances: tuple[Utterance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """
    An office by which the text calls somebody: *office* ("prime minister") *of* something ("poland").

    Both are folded and in the words of `index.roles`.
    """

    speaker: str
    office: str
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """
    One dated piece of the column, with all its passages in printed order.

    *id* is a fingerprint of where the article comes from, never its position; *name* is its short
    name (a file's stem); *source* is where it was read, as its owner wrote it. *truncated* says that only
    a preview of it could be read.
    """

    id: str
    name: str
    title: str
    author: str | None = None
    date: date | None = None
    url: str | None = None
    source: str = ""
    passages: tuple[Passage, ...] = ()
    roles: tuple[Role, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Enough to find an excerpt in print. *link* opens on the very words where the article has a URL."""

    title: str
    author: str | None
    date: date | None
    number: int
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """
    A span of a passage that is shown, with its place and score.

    ``excerpt.text == excerpt.passage.text[start:end]``, always. *score* is higher for better; what
    it measures is said where it is made. *speaker* is whose words they are (None: nobody is
    reported as saying them, or it is unclear), *via* the outlets or people they come through.
    *why* says in a few words why it was chosen.
    """

    article: Article
    number: int
    start: int
    end: int
    score: float
    speaker: str | None = None
    manner: Manner | None = None
    via: tuple[str, ...] = ()
    why: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        length = len(self.passage.text)
        if not 0 <= self.start < self.end <= length:
            raise ValueError(f"excerpt [{self.start}, {self.end}) of a passage of {length} characters")

    @classmethod
    def reported(
        cls,
        article: Article,
        number: int,
        start: int,
        end: int,
        utterance: Utterance | None,
        *,
        score: float,
        why: str,
    ) -> Self:
        """Build the excerpt of a span with whose words it holds: those of *utterance*, or nobody's."""
        u = utterance
        return cls(
            article=article,
            number=number,
            start=start,
            end=end,
            score=score,
            speaker=u.speaker if u else None,
            manner=u.manner if u else None,
            via=u.via if u else (),
            why=why,
        )

    @property
    def passage(self) -> Passage:
        """The paragraph that the excerpt stands in."""
        return self.article.passages[self.number - 1]

    @property
    def text(self) -> str:
        """The words, letter for letter."""
        return self.passage.text[self.start : self.end]

    @property
    def citation(self) -> Citation:
        """Where to find it in print."""
        a = self.article
        link = a.url and text_fragment(a.url, self.text)
        return Citation(title=a.title, author=a.author, date=a.date, number=self.number, link=link)


def text_fragment(url: str, text: str, edge: int = 5) -> str:
    """
    Return *url* with a text fragment that makes a browser open it on *text*.

    Up to twice *edge* words are quoted whole; a longer text is named by its first and last *edge*
    words. Dashes, commas and ampersands are escaped, because the directive uses them itself.

    Source:
        URL Fragment Text Directives (WICG): ``#:~:text=start,end``.
    """
    words = re.split(r"\s+", text.strip())

    def escaped(part: list[str]) -> str:
        return quote(" ".join(part), safe="", errors="replace").replace("-", "%2D")

    short = len(words) <= 2 * edge
    directive = escaped(words) if short else f"{escaped(words[:edge])},{escaped(words[-edge:])}"
    base, _, fragment = url.partition("#")
    return f"{base}#{fragment}:~:text={directive}"
