"""One sentence read for its speech: tokens, quotations, and the cues that say who speaks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index import cues as w
from index.names import TITLES, WORD, names
from index.segment import Span


class Token(NamedTuple):
    """A word, a mark, a name (kind "name") or a whole quotation (kind "quote") of a sentence."""

    start: int
    end: int
    text: str
    kind: str

    @property
    def low(self) -> str:
        """The text as it is compared."""
        return self.text.casefold().replace("’", "'")


@dataclass(frozen=True, slots=True)
class Cue:
    """
    A place that reports speech: who speaks, by which word, and where its clause begins.

    *speakers* are as written; a pronoun stands as "he", "she", "they". *silent* cues ("has not said",
    "if he says") report nothing but keep their sentence from being read another way.
    """

    at: int
    start: int
    word: str
    speakers: tuple[str, ...]
    strong: bool
    silent: bool = False
    follows: bool = False  # the speaker stands behind the word: “…,” said Tusk
    verb: bool = True  # and not a noun or a mere colon


def quotations(text: str) -> list[Span]:
    """
    Return the quoted stretches of *text*, marks included; one that is never closed runs to the end.

    A closing mark that was never opened is passed over; quotations inside quotations belong to the outer.
    """
    spans, start = [], None
    for mark in re.finditer(r"[“”„«»\"]|''|``", text):
        opens = mark[0] in "“„«``" or (mark[0] in ('"', "''") and start is None)
        if opens and start is None:
            start = mark.start()
        elif not opens and start is not None:
            spans.append(Span(start, mark.end()))
            start = None
    if start is not None:
        spans.append(Span(start, len(text)))
    return spans


def tokens(text: str, sentence: Span, quotes: Sequence[Span]) -> list[Token]:
    """Return the tokens of *sentence*: a name is one token, and so is a quotation."""
    found: list[Token] = []
    at = sentence.start
    for quote in [q for q in quotes if q.start < sentence.end and q.end > sentence.start]:
        found += _plain_tokens(text, at, max(at, quote.start))
        start, end = max(quote.start, sentence.start), min(quote.end, sentence.end)
        found.append(Token(start, end, text[start:end], "quote"))
        at = end
    return found + _plain_tokens(text, at, sentence.end)


def _plain_tokens(text: str, start: int, end: int) -> list[Token]:
    part = text[start:end]
    named = {n.start: n for n in names(part)}
    found: list[Token] = []
    at = 0
    for match in re.finditer(WORD.pattern + r"|[’']s\b|[^\w\s]", part):
        if match.start() < at:
            continue
        name = named.get(match.start())
        stop = name.end if name else match.end()
        kind = "name" if name else "word" if match[0][0].isalnum() else "mark"
        label = name.full if name else match[0]
        found.append(Token(start + match.start(), start + stop, label, kind))
        at = stop
    return found


class _Subject(NamedTuple):
    speakers: tuple[str, ...]
    start: int  # index of its first token
    silent: bool


class Clause:
    """The tokens of one sentence, and the cues found in them."""

    def __init__(self, text: str, sentence: Span, quotes: Sequence[Span]) -> None:
        self.span = sentence
        self.tokens = tokens(text, sentence, quotes)
        self.quotes = [t for t in self.tokens if t.kind == "quote"]
        self.question = text[sentence.start : sentence.end].rstrip("”\"’'").endswith("?")
        self.cues = sorted(self._cues(), key=lambda c: c.at)

    def _cues(self) -> Iterator[Cue]:
        for i, token in enumerate(self.tokens):
            if token.kind != "word":
                continue
            if (
                (token.low in ("according", "per") and (cue := self._according(i)))
                or ((token.low in w.STRONG or token.low in w.WEAK) and (cue := self._verb(i)))
                or (w.SPEECH_NOUN.match(token.low) and (cue := self._noun(i)))
            ):
                yield cue
        if cue := self._colon():
            yield cue

    # ---- the kinds of cue

    def _according(self, i: int) -> Cue | None:
        after = i + 2 if self._low(i) == "according" and self._low(i + 1) == "to" else i + 1
        if self._low(i) == "per" and self._kind(i + 1) != "name":
            return None
        speakers, _ = self._phrase_from(after)
        word = "according to" if after == i + 2 else "per"
        return (speakers and Cue(
            self.tokens[i].start, self.tokens[i].start, word, speakers, True, follows=True
        )) or None  # fmt: skip

    def _verb(self, i: int) -> Cue | None:
        token = self.tokens[i]
        strong = token.low in w.STRONG
        if self._is_noun(i):
            return None
        beside = self._beside_quotation(i)
        subject = self._subject_before(i)
        if subject is None or self._reads_better_behind(i, subject):
            speakers, end = self._phrase_from(i + 1)
            if speakers and self._may_be_inverted(i, end):
                return Cue(token.start, token.start, token.text, speakers, strong, follows=True)
        strong = strong or (self._low(i + 1) in ("for", "on") and token.low.startswith("call"))
        if subject is None:
            return None
        if not strong and not beside:
            return None
        if strong and not beside and not self._has_content(i):
            return None
        if self._disagrees(i, subject):
            return None
        start = self.tokens[subject.start].start if 0 <= subject.start < len(self.tokens) else token.start
        return Cue(token.start, start, token.text, subject.speakers, strong, silent=subject.silent)

    def _noun(self, i: int) -> Cue | None:
        """Read “Trump's claim that …”, "in Tusk's words, “…”", "a statement from the ministry: “…”"."""
        goes_on = self._low(i + 1) in ("that", ":") or any(
            q.start > self.tokens[i].start for q in self.quotes
        )
        if not goes_on or i < 2 or self._low(i - 1) not in ("'s", "'"):
            return None
        owner = self._phrase_ending(i - 2)
        if owner is None:
            return None
        at, start = self.tokens[i].start, self.tokens[owner[1]].start
        return Cue(at, start, self.tokens[i].text, owner[0], strong=False, verb=False)

    def _colon(self) -> Cue | None:
        """A quotation that a colon introduces belongs to the subject of what stands before."""
        for i, token in enumerate(self.tokens):
            if token.text == ":" and self._kind(i + 1) == "quote":
                near = self._phrase_ending(i - 1) if self._kind(i - 1) == "name" else None
                speakers, start = near or self.first_subject(i)
                if speakers:
                    return Cue(token.start, self.tokens[start].start, ":", speakers, False, verb=False)
        return None

    # ---- reading around a verb

    def _low(self, i: int) -> str:
        return self.tokens[i].low if 0 <= i < len(self.tokens) else ""

    def _kind(self, i: int) -> str:
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ""

    def _is_noun(self, i: int) -> bool:
        before = self._low(i - 1)
        if before in w.DETERMINERS or before in ("'s", "of") or before in w.PREPOSITIONS - {"as"}:
            return True
        plain = self._kind(i - 1) == "word" and not w.HUMAN.match(before) and before not in w.HE
        joins = (
            w.ADVERBS
            | w.PERFECT
            | w.PASSIVE
            | w.MODAL
            | w.NEGATION
            | w.CONTINUING
            | {"to", "and", "but", "who", "then"}
        )
        if self.tokens[i].low.endswith("ing") and plain and before not in joins and not before.endswith("ly"):
            return True
        if self.tokens[i].low not in w.NOUNLIKE:
            return False
        known = self._kind(i - 1) in ("name", "quote") or before in w.HE | w.ADVERBS | {
            ",",
            "to",
            "and",
            "who",
        }
        return not (known or w.HUMAN.match(before) or before in w.PERFECT | w.PASSIVE)

    def _disagrees(self, i: int, subject: _Subject) -> bool:
        """Read “a Washington think tank”: the plain form has no singular name for its subject."""
        bare = self.tokens[i].low in w.BARE
        helped = self._low(i - 1) in w.MODAL | w.NEGATION | {"to", "did", "does", "do"} | w.ADVERBS
        return bare and len(subject.speakers) == 1 and self._kind(i - 1) == "name" and not helped

    def _beside_quotation(self, i: int) -> bool:
        """Whether a quotation, "that" or a colon belongs to the verb at *i*."""
        if self._low(i + 1) in ("that", ":") or self._low(i + 2) in ("that", ":"):
            return True
        return bool(self.quotes)

    def _has_content(self, i: int) -> bool:
        """Whether what was said stands in the sentence: three words or more, behind the verb or before."""
        behind = sum(t.kind != "mark" for t in self.tokens[i + 1 :])
        before = sum(t.kind != "mark" for t in self.tokens[:i])
        return behind >= 2 or (before >= 4 and any(t.text == "," for t in self.tokens[:i]))

    def _subject_before(self, i: int) -> _Subject | None:
        j, silent, passive = self._over_brackets(i - 1), False, False
        while j >= 0 and self._kind(j) != "quote":
            low = self._low(j)
            if low in w.NEGATION or low in w.MODAL or low.endswith("n't"):
                silent = True
            elif low == "to":
                governing = self._low(j - 1)
                silent = silent or governing not in w.CONTINUING
                j -= 1
            elif low in w.PASSIVE:
                passive = not self.tokens[i].low.endswith("ing")
            elif not (
                low in w.ADVERBS
                or low.endswith("ly")
                or low in w.PERFECT
                or low in w.CONTINUING
                or low in ("did", "do", "does")
            ):
                break
            j = self._over_brackets(j - 1)
        if j < 0:
            return self._participle(i, silent)
        if passive:
            return None
        return self._subject_at(i, j, silent or self._conditional(j))

    def _over_brackets(self, j: int) -> int:
        """Read “Sen. Roe (R-Ky.) said”: what stands in brackets is passed over."""
        if self._low(j) != ")":
            return j
        opening = next((k for k in range(j - 1, -1, -1) if self._low(k) == "("), j)
        return opening - 1

    def _conditional(self, j: int) -> bool:
        before = [self._low(k) for k in range(max(0, j - 4), j)]
        return any(x in ("if", "whether", "unless") for x in before)

    def _subject_at(self, i: int, j: int, silent: bool) -> _Subject | None:
        low = self._low(j)
        if low in ("and", "but", "or", "then") or (low == "," and self.tokens[i].low.endswith("ing")):
            return self._same_as_before(i, silent)
        if low in ("who", "that", "which"):
            behind = j - 2 if self._low(j - 1) == "," else j - 1
            phrase = self._phrase_ending(behind)
            return phrase and _Subject(phrase[0], phrase[1], silent)
        if low == "," or self._kind(j) == "quote":
            return self._over_parenthesis(j, silent) or self._participle(i, silent)
        if self.tokens[i].low.endswith("ing") and not self._progressive(i):
            return self._same_as_before(i, silent)
        phrase = self._phrase_ending(j)
        return phrase and _Subject(phrase[0], phrase[1], silent)

    def _progressive(self, i: int) -> bool:
        return any(self._low(k) in w.PASSIVE for k in range(max(0, i - 3), i))

    def _participle(self, i: int, silent: bool) -> _Subject | None:
        return self._same_as_before(i, silent) if self.tokens[i].low.endswith("ing") else None

    def _same_as_before(self, i: int, silent: bool) -> _Subject | None:
        """Read “…, adding that”: whoever the sentence has spoken of."""
        speakers, start = self.first_subject(i)
        return _Subject(speakers, start, silent) if speakers else None

    def _over_parenthesis(self, j: int, silent: bool) -> _Subject | None:
        """Read “Tusk, who leads Poland, said”: the name before the comma that opens the parenthesis."""
        if self._low(j) != ",":
            return None
        if self._kind(j - 1) == "name" and self._low(j - 2) == "," and self._human_at(j - 3):
            return _Subject((self.tokens[j - 1].text,), j - 3, silent)  # "The chief, Jane Roe, said"
        for k in range(j - 1, 0, -1):
            if self._kind(k) == "quote":
                return None
            phrase = self._phrase_ending(k - 1) if self.tokens[k].text == "," else None
            if phrase is None or self._low(phrase[1] - 1) in w.PREPOSITIONS:
                continue
            if self._low(phrase[1] - 1) == "," and self._kind(phrase[1] - 2) == "name":
                return _Subject((self.tokens[phrase[1] - 2].text,), phrase[1] - 2, silent)
            if self._kind(k - 1) == "name" or phrase[0][0] in w.HE or self._human_at(k - 1):
                return _Subject(phrase[0], phrase[1], silent)
        return None

    def _human_at(self, i: int) -> bool:
        return bool(w.HUMAN.match(self._low(i)))

    def _reads_better_behind(self, i: int, subject: _Subject) -> bool:
        """“…,” said Tusk: a quotation or its comma stands right before the verb."""
        before = i - 1
        while self._low(before) in w.ADVERBS or self._low(before) == ",":
            before -= 1
        if self._kind(before) == "quote":
            return not self.tokens[i].low.endswith("ing")
        # ", said Jane Roe." at the end: what the comma could close is no name.
        return before < i - 1 and self._kind(subject.start) != "name"

    def _may_be_inverted(self, i: int, end: int) -> bool:
        before = i - 1
        while self._low(before) in w.ADVERBS:
            before -= 1
        if self._kind(before) == "quote":
            return True
        return (
            self._low(before) in (",", "?", "!", ")") and before > 1 and self._low(end) in (".", ",", "", ";")
        )

    # ---- reading who

    def _phrase_from(self, i: int) -> tuple[tuple[str, ...], int]:
        """Return the speakers named from token *i* on, and the index behind them."""
        start = i
        if self._low(i) in w.HE:
            return (self._low(i),), i + 1
        last_word = ""
        while i < len(self.tokens) and i < start + 12:
            token = self.tokens[i]
            if token.kind == "name":
                if self._low(i + 1) in ("'s", "'"):
                    return self._owned(i)
                if last_word in ("of", "for", "at", "from", "with", "in"):
                    break
                return self._with_partner(i)
            if (
                (token.kind != "word" and token.low not in ("'s", "'"))
                or (token.low in w.PREPOSITIONS and not w.HUMAN.match(last_word))
                or (
                    i > start
                    and token.low
                    in (
                        "said",
                        "who",
                        "that",
                        "which",
                        "when",
                        "while",
                        "after",
                        "before",
                    )
                )
            ):
                break
            last_word = token.low
            i += 1
        words = self.tokens[start:i]
        if any(w.HUMAN.match(t.text) for t in words if t.kind == "word"):
            return (self._text(words),), i
        return (), start

    def _owned(self, i: int) -> tuple[tuple[str, ...], int]:
        """Read “the BBC's Jane Roe” is Jane Roe; "Trump's lawyer" is nobody but Trump's lawyer."""
        for k in range(i + 2, min(i + 7, len(self.tokens))):
            if self._kind(k) == "name":
                return self._with_partner(k)
            if self._kind(k) != "word" or self._low(k) in w.PREPOSITIONS:
                break
            if (
                w.HUMAN.match(self._low(k))
                and self._kind(k + 1) != "name"
                and not w.HUMAN.match(self._low(k + 1))
            ):
                return (self._text(self.tokens[i : k + 1]),), k + 1
        return (), i

    def _with_partner(self, i: int) -> tuple[tuple[str, ...], int]:
        """Read “said Boot and Nichols”: both."""
        if self._low(i + 1) == "and" and self._kind(i + 2) == "name":
            return (self.tokens[i].text, self.tokens[i + 2].text), i + 3
        return (self.tokens[i].text,), i + 1

    def _phrase_ending(self, j: int) -> tuple[tuple[str, ...], int] | None:
        """Return the speakers whose phrase ends at token *j*, and the index where it begins."""
        if j < 0:
            return None
        token = self.tokens[j]
        if token.low in w.HE:
            return (token.low,), j
        if token.low in w.WRITER or token.kind not in ("name", "word"):
            return None
        head = self._before_preposition(j)
        if head is not None:
            return head
        if token.kind == "name":
            return self._names_ending(j)
        if not (w.HUMAN.match(token.text) or token.low.rstrip(".") in TITLES):
            return None
        start = self._phrase_start(j)
        return (self._text(self.tokens[start : j + 1]),), start

    def _before_preposition(self, j: int) -> tuple[tuple[str, ...], int] | None:
        """Read “a spokesman for Trump” speaks, and not Trump."""
        k = j
        while (
            k > 0
            and j - k < 6
            and self._kind(k - 1) in ("name", "word")
            and self._low(k - 1) not in w.PREPOSITIONS
        ):
            k -= 1
        if k > 1 and self._low(k - 1) in w.PREPOSITIONS and self._kind(k - 2) == "name":
            return self._names_ending(k - 2)  # "Jane Roe of Ohio said", "Jane Roe on Thursday said"
        if k > 1 and self._low(k - 1) in w.PREPOSITIONS and w.HUMAN.match(self._low(k - 2)):
            start = self._phrase_start(k - 2)
            return (self._text(self.tokens[start : j + 1]),), start
        return None

    def _names_ending(self, j: int) -> tuple[tuple[str, ...], int]:
        """Read “Max Boot and Tom Nichols”, "Trump and Middle East envoy Steve Witkoff": both."""
        k = j - 1
        while (
            k > 0
            and j - k < 5
            and (self._kind(k) == "name" or w.HUMAN.match(self._low(k)) or self._low(k) in TITLES)
        ):
            k -= 1
        if self._low(k) == "and" and self._kind(k - 1) == "name":
            return (self.tokens[k - 1].text, self.tokens[j].text), k - 1
        return (self.tokens[j].text,), j

    def _phrase_start(self, j: int) -> int:
        while j > 0 and self._kind(j - 1) in ("word", "name", "mark"):
            before = self.tokens[j - 1]
            if before.kind == "mark" and before.low not in ("'s", "'"):
                break
            if before.low in w.PREPOSITIONS or before.low in ("and", "but", "that", "as", "while", "when"):
                break
            if before.low in w.STRONG or before.low in w.PASSIVE:
                break
            j -= 1
            if before.low in w.DETERMINERS:
                break
        return j

    def first_subject(self, stop: int) -> tuple[tuple[str, ...], int]:
        """Return who the sentence is about, up to token *stop*: its first name, pronoun or person."""
        for i, token in enumerate(self.tokens[:stop]):
            if token.low in w.HE:
                return (token.low,), i
            if token.kind == "name" and self._low(i - 1) not in w.PREPOSITIONS:
                speakers, _ = self._phrase_from(i)
                return speakers or (token.text,), i
            if token.kind == "word" and w.HUMAN.match(token.text) and self._low(i - 1) not in w.PREPOSITIONS:
                start = self._phrase_start(i)
                return (self._text(self.tokens[start : i + 1]),), start
        return (), 0

    def _text(self, words: Sequence[Token]) -> str:
        joined = " ".join(t.text for t in words)
        joined = re.sub(r" (?=[’']s\b)", "", joined)
        return re.sub(r"^(?:The|A|An|His|Her|Their)\b", lambda m: m[0].lower(), joined)
