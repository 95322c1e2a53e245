"""Who is meant: the phrases of a sentence that name a speaker, read forwards and backwards. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.speech import cues as w
from index.speech.names import TITLES
from index.speech.tokens import Token

Speakers = tuple[str, ...]
POSSESSIVE = ("'s", "'")
_COUNTS = frozenset("one two three four five several some many another both".split())
_NO_TITLE = w.PREPOSITIONS | w.SUBORDINATE | w.HE | w.PERFECT | w.PASSIVE | {"and", "that", "but", "who"}
JOINING = frozenset(("and", "but", "that", "as", "while", "when"))


class Phrases:
    """The tokens of a sentence, and the reading of speakers out of them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens

    def low(self, i: int) -> str:
        """Return token *i* as it is compared, "" outside the sentence."""
        return self.tokens[i].low if 0 <= i < len(self.tokens) else ""

    def kind(self, i: int) -> str:
        """Return the kind of token *i*, "" outside the sentence."""
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ""

    def is_human(self, i: int) -> bool:
        """Tell whether token *i* is a word for people or for what speaks for them."""
        return self.kind(i) == "word" and bool(w.HUMAN.match(self.low(i)) or self.tokens[i].text == "PM")

    def is_speech_verb(self, i: int) -> bool:
        """Tell whether token *i* has the form of a verb that reports speech."""
        lower = self.kind(i) == "word" and self.tokens[i].text.islower()  # "Secretary of State" is none
        return lower and (self.low(i) in w.STRONG or self.low(i) in w.WEAK)

    # ---- forwards

    def from_(self, i: int) -> tuple[Speakers, int]:
        """Return the speakers named from token *i* on, and the index behind them; nobody is ()."""
        start, head, stop = i, "", i + 12
        if self.low(i) in w.HE or self.low(i) in w.HIM:
            return (w.HIM.get(self.low(i), self.low(i)),), i + 1
        while i < min(len(self.tokens), stop):
            token = self.tokens[i]
            if token.kind == "name" and self.low(i + 1) in POSSESSIVE:
                return self._owned(i)
            if token.kind == "name" and not (head and self.low(i - 1) in w.PREPOSITIONS):
                return self._with_partner(self._named_at(i))
            if (token.kind == "mark" and token.low not in POSSESSIVE) or token.kind == "quote":
                break
            if token.low in w.PREPOSITIONS and not head:
                break
            if i > start and (token.low in w.SUBORDINATE or token.low == "that" or self.is_speech_verb(i)):
                break
            head = head or (token.low if self.is_human(i) else "")
            i += 1
        if not head:
            return (), start
        if self.low(i) == "," and self.kind(i + 1) == "name" and self.low(i + 2) in (",", ".", ""):
            return (self.tokens[i + 1].text,), i + 2  # "said the mayor, Jane Roe."
        return (self.text(self.tokens[start:i]),), i

    def _owned(self, i: int) -> tuple[Speakers, int]:
        """Read “the BBC's Jane Roe” as Jane Roe, and “Trump's lawyer” as nobody but Trump's lawyer."""
        for k in range(i + 2, min(i + 7, len(self.tokens))):
            if self.kind(k) == "name":
                return self._with_partner(k)
            if self.kind(k) != "word" or self.low(k) in w.PREPOSITIONS:
                break
            if self.is_human(k) and self.kind(k + 1) != "name" and not self.is_human(k + 1):
                if self.low(k + 1) == "," and self.kind(k + 2) == "name":
                    return (self.tokens[k + 2].text,), k + 3
                return (self.text(self.tokens[i : k + 1]),), k + 1
        return (), i

    def _named_at(self, i: int) -> int:
        """Return the index of the name that titles lead up to: “Ohio governor Jane Roe”."""
        k = i + 1
        while k < i + 6 and self.kind(k) == "word" and self.low(k) not in _NO_TITLE:
            k += 1
        return k if self.kind(k) == "name" and self.is_titular(k - 1) else i

    def is_titular(self, i: int) -> bool:
        """Tell whether token *i* may stand before a name as its title: "governor", "Leader"."""
        return self.is_human(i) or (self.kind(i) == "word" and self.low(i).rstrip(".") in TITLES)

    def _with_partner(self, i: int) -> tuple[Speakers, int]:
        """Read “said Roe and Doe” as both."""
        if self.low(i + 1) == "and" and self.kind(i + 2) == "name":
            return (self.tokens[i].text, self.tokens[i + 2].text), i + 3
        return (self.tokens[i].text,), i + 1

    # ---- backwards

    def ending(self, j: int) -> tuple[Speakers, int] | None:
        """Return the speakers whose phrase ends at token *j*, and the index where it begins."""
        if j < 0 or self.tokens[j].kind not in ("name", "word"):
            return None
        token = self.tokens[j]
        if token.low in w.HE:
            return (token.low,), j
        if token.low in w.WRITER:
            return None
        if (head := self._head(j)) is not None:
            return head if head[0] else None
        if token.kind == "name":
            return self._names_ending(j)
        if not (self.is_human(j) or token.low.rstrip(".") in TITLES):
            return None
        start = self.start_of(j)
        return (self.text(self.tokens[start : j + 1]),), start

    def described(self, j: int) -> tuple[Speakers, int] | None:
        """Return “the astronomer” of “the astronomer said”: whatever says is a speaker."""
        start = self.start_of(j) if self.kind(j) == "word" else j
        if self.low(start) not in (w.DETERMINERS | _COUNTS) - {"no"} or not 0 < j - start <= 3:
            return None
        return (self.text(self.tokens[start : j + 1]),), start

    def _head(self, j: int) -> tuple[Speakers, int] | None:
        """Find the head of “a spokesman for Trump”, “critics of Trump”, “people who know Trump”."""
        k = j
        while k > 0 and j - k < 7:
            before = self.low(k - 1)
            if before in ("who", "that") and self.is_human(k - 2):
                return self._described(k - 2, j)
            if before in w.PREPOSITIONS:
                return self._before_preposition(k - 1, j)
            if (
                self.kind(k - 1) not in ("name", "word")
                or before in JOINING | w.WRITER
                or self.is_speech_verb(k - 1)
            ):
                return None
            k -= 1
        return None

    def _before_preposition(self, at: int, j: int) -> tuple[Speakers, int] | None:
        head = at - 1
        if self.low(head) in ("familiar", "close", "loyal", "opposed", "next"):
            head -= 1
        if self.kind(head) == "name" and self.low(at) not in ("as", "than", "like"):
            return self._names_ending(head)  # "Jane Roe of Ohio said", "Jane Roe on Thursday said"
        noun = self.kind(head) == "word" and self.low(at) in ("of", "for")
        if self.is_human(head) or (noun and self.kind(j) == "name" and not self.is_speech_verb(head)):
            return self._described(head, j)
        # "An email seen by Jane Roe said": she is not who speaks, and nobody is named who does.
        return ((), j) if self.low(at) in ("by", "to", "with", "about", "against") else None

    def _described(self, head: int, j: int) -> tuple[Speakers, int]:
        start = self.start_of(head)
        return (self.text(self.tokens[start : j + 1]),), start

    def _names_ending(self, j: int) -> tuple[Speakers, int]:
        """Read “Ann Roe and John Doe”, “Roe, Doe and Poe”, “Roe and envoy John Doe” as all."""
        k = j - 1
        while k > 0 and j - k < 5 and (self.kind(k) == "name" or self.is_titular(k)):
            k -= 1
        if self.low(k) != "and" or self.kind(k - 1) != "name":
            return (self.tokens[j].text,), j
        together, k = [self.tokens[k - 1].text, self.tokens[j].text], k - 1
        while self.low(k - 1) == "," and self.kind(k - 2) == "name":
            k -= 2
            together.insert(0, self.tokens[k].text)
        return tuple(together), k

    def start_of(self, j: int) -> int:
        """Return the index where the noun phrase with its head at *j* begins."""
        while j > 0 and self.kind(j - 1) in ("word", "name", "mark"):
            before = self.tokens[j - 1]
            if before.kind == "mark" and before.low not in POSSESSIVE:
                break
            if before.low in w.PREPOSITIONS | JOINING | w.PASSIVE or self.is_speech_verb(j - 1):
                break
            j -= 1
            if before.low in w.DETERMINERS:
                break
        return j

    def first_subject(self, stop: int) -> tuple[Speakers, int]:
        """Return who the sentence is about, up to token *stop*: its first name, pronoun or person."""
        for i, token in enumerate(self.tokens[:stop]):
            if self.low(i - 1) in w.PREPOSITIONS:
                continue
            if token.low in w.HE:
                return (token.low,), i
            if token.kind == "name":
                speakers, _ = self.from_(i)
                return speakers or (token.text,), i
            if self.is_titular(i) and (named := self._named_at(i)) != i:
                speakers, _ = self.from_(named)
                return speakers or (self.tokens[named].text,), named
            if self.is_human(i):
                start = self.start_of(i)
                return (self.text(self.tokens[start : i + 1]),), start
        return (), 0

    def last_subject(self, stop: int) -> tuple[Speakers, int]:
        """Return the pronoun that begins the last clause before token *stop*; else the first subject."""
        for i in range(stop - 1, 0, -1):
            begins = self.low(i - 1) in (",", ";", "—", "–") or (self.low(i - 1) in JOINING and i > 1)
            if begins and self.low(i) in w.HE:
                return (self.low(i),), i
        return self.first_subject(stop)

    def text(self, words: Sequence[Token]) -> str:
        """Return *words* as a speaker's label; an article at its beginning is not capitalised."""
        joined = re.sub(r" (?=[’']s?\b)", "", " ".join(t.text for t in words))
        return re.sub(r"^(?:The|A|An|His|Her|Their|One|Two)\b", lambda m: m[0].lower(), joined)
