"""One sentence read for its speech: the cues that say who speaks, and by which word. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index.segment import Span
from index.speech import cues as w
from index.speech.names import DEMONYM
from index.speech.phrase import POSSESSIVE, Phrases, Speakers
from index.speech.tokens import tokens


@dataclass(frozen=True, slots=True)
class Cue:
    """
    A place that reports speech: who speaks, by which word, and where its clause begins.

    *speakers* are as written; a pronoun stands as "he", "she", "they". *silent* cues ("has not said",
    "if he says") report nothing but keep their sentence from being read another way. *kind* tells
    a "verb", "according" to somebody, somebody's "noun" ("claim"), and a mere "colon" apart.
    """

    at: int
    start: int
    word: str
    speakers: Speakers
    kind: str
    silent: bool = False


class _Subject(NamedTuple):
    speakers: Speakers
    start: int  # index of its first token
    silent: bool


class Clause(Phrases):
    """The tokens of one sentence, and the cues found in them."""

    def __init__(self, text: str, sentence: Span, quotes: Sequence[Span], known: Container[str] = ()) -> None:
        super().__init__(tokens(text, sentence, quotes, known))
        self.span = sentence
        self.quotes = [t for t in self.tokens if t.kind == "quote"]
        self.outside = self._without_quotes(text)
        self.question = text[sentence.start : sentence.end].rstrip("”\"’'").endswith("?")
        self._spoken: _Subject | None = None  # whoever the verb before speaks for
        self.cues = sorted(self._cues(), key=lambda c: c.at)

    def _without_quotes(self, text: str) -> str:
        """Return the sentence with its quotations blanked, so that offsets hold."""
        out = list(text[self.span.start : self.span.end])
        for q in self.quotes:
            out[q.start - self.span.start : q.end - self.span.start] = "x" * (q.end - q.start)
        return "".join(out)

    def outlets(self) -> list[str]:
        """Return the outlets that the sentence says it is from: “in the Herald”, “told the BBC”."""
        found = []
        for i, token in enumerate(self.tokens):
            before = i - 2 if self.low(i - 1) == "the" else i - 1
            told = self.low(before) in ("in", "told", "tells", "for", "by", "with")
            if (
                token.kind == "name"
                and told
                and w.OUTLET.search(token.text)
                and self.low(i + 1) not in POSSESSIVE
            ):
                found.append(token.text)
        return found

    def _cues(self) -> Iterator[Cue]:
        found = list(filter(None, (self._cue_at(i) for i in range(len(self.tokens)))))
        yield from found
        if not found and (colon := self._colon()):
            yield colon

    def _cue_at(self, i: int) -> Cue | None:
        if self.kind(i) != "word":
            return None
        low = self.low(i)
        if low in ("according", "per") or (low == "quote" and self.low(i - 1) == "to"):
            return self._according(i)
        verb = self._verb(i) if self.is_speech_verb(i) else None
        return verb or (self._noun(i) if w.SPEECH_NOUN.match(low) else None)

    # ---- the kinds of cue

    def _according(self, i: int) -> Cue | None:
        word = "according to" if self.low(i + 1) == "to" else self.low(i)
        if word == "per" and self.kind(i + 1) != "name":
            return None
        speakers, _ = self.from_(i + 2 if word == "according to" else i + 1)
        at = self.tokens[i].start
        return Cue(at, at, word, speakers, "according") if speakers else None

    def _verb(self, i: int) -> Cue | None:
        token = self.tokens[i]
        if self._is_noun(i):
            return None
        subject = self._subject_before(i)
        if subject is None or self._reads_better_behind(i, subject):
            speakers, end = self.from_(i + 1)
            if speakers and self._may_be_inverted(i, end):
                self._spoken = _Subject(speakers, i, False)
                return Cue(token.start, token.start, token.text, speakers, "verb")
        if subject is None or not subject.speakers or self._disagrees(i, subject):
            return None
        if not self._reports(i, subject):
            return None
        start = self.tokens[subject.start].start
        silent = subject.silent or self._is_unsaid(i, subject)
        self._spoken = None if silent else subject
        return Cue(token.start, start, token.text, subject.speakers, "verb", silent=silent)

    def _noun(self, i: int) -> Cue | None:
        """Read “Trump's claim that …”, “in Tusk's words, …”, “in the words of Tusk”."""
        at = self.tokens[i].start
        telling = self.low(i) in _IN_WORDS
        if telling and self.low(i + 1) == "of":
            speakers, _ = self.from_(i + 2)
            return Cue(at, at, self.tokens[i].text, speakers, "noun") if speakers else None
        owner = self.ending(i - 2) if self.low(i - 1) in POSSESSIVE else None
        if owner is None:
            return None
        in_words = telling and self.low(owner[1] - 1) in ("in", "by")
        if not (in_words or self.low(i + 1) in ("that", ":") or any(q.start > at for q in self.quotes)):
            return None
        return Cue(at, self.tokens[owner[1]].start, self.tokens[i].text, owner[0], "noun")

    def _colon(self) -> Cue | None:
        """A quotation that a colon introduces belongs to the subject of what stands before."""
        for i, token in enumerate(self.tokens):
            if token.text != ":" or self.kind(i + 1) != "quote":
                continue
            spoken = any(self._is_active(k) or self.low(k) in ("i", "we") for k in range(i))
            free = self.kind(i - 1) == "name" and self.low(i - 2) not in w.PREPOSITIONS
            near = self.ending(i - 1) if free else None
            speakers, start = near or self.first_subject(i)
            if speakers and not spoken:
                return Cue(token.start, self.tokens[start].start, ":", speakers, "colon")
        return None

    def _is_active(self, k: int) -> bool:
        """Whether token *k* is a speech verb with a speaker: not the asked of “Roe, asked about it: …”."""
        return self.is_speech_verb(k) and not (self.low(k) == "asked" and self.low(k - 1) == ",")

    # ---- whether the verb reports speech

    def _is_noun(self, i: int) -> bool:
        before, low = self.low(i - 1), self.low(i)
        prepositions = w.PREPOSITIONS - {"as"} - ({"to"} if low in w.BARE else set())
        if before in w.DETERMINERS or before in POSSESSIVE or before in prepositions:
            return True
        plain = self.kind(i - 1) == "word" and not self.is_human(i - 1) and before not in w.HE | w.WRITER
        joins = w.ADVERBS | w.PERFECT | w.PASSIVE | w.MODAL | w.NEGATION | w.CONTINUING | _JOINS
        if low.endswith("ing") and plain and before not in joins and not before.endswith("ly"):
            return True
        if low not in w.NOUNLIKE:
            return False
        if self.kind(i - 1) == "name" and DEMONYM.search(before):
            return True  # "many Asian states"
        known = self.kind(i - 1) in ("name", "quote") or before in w.HE | w.ADVERBS | {
            ",",
            "to",
            "and",
            "who",
        }
        return not (known or self.is_human(i - 1) or before in w.PERFECT | w.PASSIVE)

    def _disagrees(self, i: int, subject: _Subject) -> bool:
        """“A Lisbon think tank”: the plain form has no singular name for its subject."""
        if self.low(i) not in w.BARE or len(subject.speakers) > 1 or self.kind(i - 1) != "name":
            return False
        return self.low(subject.start - 1) not in w.HEARING

    def _reports(self, i: int, subject: _Subject) -> bool:
        """Whether something is reported: a quotation, a clause with "that", or words enough."""
        following = [self.low(k) for k in range(i + 1, min(i + 7, len(self.tokens)))]
        clause = following[: following.index(",")] if "," in following else following
        colon = ":" in following[:4] and len(self.tokens) > i + 2 + following.index(":") + 1
        put = self.low(i + 1) == "it" and self.low(i).startswith("put") and "," in following
        aside = (
            self._spoken and self.low(subject.start - 1) in w.SUBORDINATE
        )  # “…,” Roe said when Doe asked her
        asks = self.low(i) in _ASKING and (
            {"whether", "if"} & set(clause) or (not aside and self._asked_of(i))
        )
        if "that" in clause or colon or put or asks:
            return following[:1] != ["nothing"]
        if self.low(i) in w.TELLING and not self._has_addressee(i):
            return self._beside_quotation(i, subject)
        strong = self.low(i) in w.STRONG or (
            self.low(i + 1) in ("for", "on") and self.low(i).startswith("call")
        )
        if self._beside_quotation(i, subject):
            return True
        if self.low(i + 1) in ("nothing", "with") or not (strong or self.low(i) in _THINKING):
            return False
        behind = sum(t.kind != "mark" for t in self.tokens[i + 1 :])
        before = sum(t.kind != "mark" for t in self.tokens[:i])
        enough = 2 if self.low(i) in _PLAINLY_SAID else 3
        return behind >= enough or (before >= 4 and any(t.text == "," for t in self.tokens[:i]))

    def _has_addressee(self, i: int) -> bool:
        """“Told lawmakers it was so” reports; “told the truth” does not."""
        them = ("him", "her", "them", "me", "us", "you", "people", "everyone")
        if self.low(i + 1) in them or self.from_(i + 1)[0]:
            return True
        # "Told weekly viewers it is so": a pronoun begins what was told.
        return any(self.low(k) in w.HE | _CLAUSE for k in range(i + 2, min(i + 8, len(self.tokens))))

    def _asked_of(self, i: int) -> bool:
        """“Asked senators to confirm him” reports a request; “asked questions” does not."""
        speakers, end = self.from_(i + 1)
        return bool(speakers) and self.low(end) in ("to", "why", "how", "what", "about", "who", "when")

    def _beside_quotation(self, i: int, subject: _Subject) -> bool:
        """Whether a quotation belongs to the verb: it stands before, or behind in the same clause."""
        for k in range(i + 1, len(self.tokens)):
            if self.kind(k) == "quote":
                return True
            if self.low(k) in w.SUBORDINATE - {"as"} and self.low(i) not in w.STRONG:
                break
        if self._spoken and self.low(subject.start - 1) in w.SUBORDINATE:
            return False  # “…,” Roe said when Doe asked her: what stands before is Roe's
        return any(q.end <= self.tokens[i].start for q in self.quotes)

    def _is_unsaid(self, i: int, subject: _Subject) -> bool:
        """Whether the words around the speaker take it back: “if”, “no evidence that”, “said neither”."""
        begin = self.tokens[subject.start].start - self.span.start
        same_clause = re.split(r"[,;:—]", self.outside[:begin])[-1].replace("’", "'")
        inverted = self.low(0) == "had" and subject.start == 1
        behind = self.outside[self.tokens[i].end - self.span.start :]
        untrue = w.CLAIMED.search(same_clause) and w.UNTRUE.search(behind)
        # "Until Roe says so, nobody will sail": in the present, and what follows is yet to come.
        present = self.low(i) in w.BARE or self.low(i).endswith("s")
        awaited = self.low(subject.start - 1) in _AWAITING and present and _TO_COME.search(behind)
        if inverted or untrue or awaited or self.low(i + 1) == "neither":
            return True
        return bool(w.UNSAID.search(same_clause))

    # ---- the speaker before the verb

    def _subject_before(self, i: int) -> _Subject | None:
        j, silent, passive = self._over_brackets(i - 1), False, False
        while j >= 0 and self.kind(j) == "word":
            low = self.low(j)
            if low in w.NEGATION or low in w.MODAL or low.endswith("n't"):
                silent = True
            elif low == "to":
                far = self.low(j - 1) == "as" and self.low(j - 2) == "far"
                silent = silent or not (far or self.low(j - 1) in w.CONTINUING)
                j -= 3 if far else 0 if self.low(j - 1) in w.CONTINUING else 1
            elif low in w.PASSIVE:
                passive = passive or not self.low(i).endswith("ing")
            elif not (low in w.ADVERBS | w.PERFECT | w.CONTINUING | _DID or low.endswith("ly")):
                break
            j = self._over_brackets(j - 1)
        if passive or (self.low(i) in _ASKED and self.low(i + 1) == "by"):
            return self._agent(i, silent)
        if self.low(j) == "as" or (self.low(i - 1) == "as" and self.kind(j) == "name"):
            phrase = self.ending(j)  # "quoted Jane Roe as saying"
            return phrase and _Subject(*phrase, silent)
        return self._subject_at(i, j, silent) if j >= 0 else self._participle(i, silent)

    def _agent(self, i: int, silent: bool) -> _Subject | None:
        """Read “was told by Jane Roe that …”."""
        by = i + 1
        while self.kind(by) == "quote" or self.low(by) in (",", "as", "a", "an"):
            by += 1  # "has been called “an ambush” by Jane Roe"
        speakers, _ = self.from_(by + 1) if self.low(by) == "by" else ((), 0)
        return _Subject(speakers, by + 1, silent) if speakers else None

    def _over_brackets(self, j: int) -> int:
        """Read “Sen. Roe (R-Ky.) said”: what stands in brackets is passed over."""
        if self.low(j) != ")":
            return j
        opening = next((k for k in range(j - 1, -1, -1) if self.low(k) == "("), j)
        return opening - 1

    def _subject_at(self, i: int, j: int, silent: bool) -> _Subject | None:
        low = self.low(j)
        if low in ("and", "but", "or", "then") or (low == "," and self.low(i).endswith("ing")):
            return self._same_as_before(i, silent)
        if low in ("who", "that", "which"):
            phrase = self.ending(j - 2 if self.low(j - 1) == "," else j - 1)
            return phrase and _Subject(*self._apposed(phrase), silent)
        if low in _PARTING or self.kind(j) == "quote":
            return self._over_parenthesis(j, silent) or self._participle(i, silent)
        active = any(self.low(k) in w.PASSIVE for k in range(max(0, i - 3), i))
        if self.low(i).endswith("ing") and not active and self.kind(j) != "name":
            return self._same_as_before(i, silent)
        if self.low(i).endswith("ing") and self.kind(j) == "name":
            return _Subject(*self._names_ending(j), silent)  # "with Jane Roe saying that"
        phrase = self.ending(j) or (self.described(j) if self.low(i) in _SAID else None)
        phrase = phrase or self._behind_quotation(i)
        return phrase and _Subject(*self._apposed(phrase), silent)

    def _behind_quotation(self, i: int) -> tuple[Speakers, int] | None:
        """Read “…,” Jane Roe, a pilot who flies gliders said: the name that follows the quotation."""
        n = next((k + 1 for k in range(i - 1, -1, -1) if self.kind(k) == "quote"), 0)
        while n and self.is_titular(n):
            n += 1
        parted = n and self.kind(n) == "name" and self.low(n + 1) == "," and self.low(i) in w.STRONG
        return ((self.tokens[n].text,), n) if parted else None

    def _apposed(self, phrase: tuple[Speakers, int]) -> tuple[Speakers, int]:
        """Read “Jane Roe, a senator” as Jane Roe."""
        before = phrase[1] - 1
        if phrase[0][0] in w.HE:
            return phrase
        if self.low(before) == "," and self.kind(before - 1) == "name" and self.kind(phrase[1]) != "name":
            return (self.tokens[before - 1].text,), before - 1
        return phrase

    def _participle(self, i: int, silent: bool) -> _Subject | None:
        return self._same_as_before(i, silent) if self.low(i).endswith("ing") else None

    def _same_as_before(self, i: int, silent: bool) -> _Subject | None:
        """Read “…, adding that”: whoever spoke last, or whoever the sentence has spoken of."""
        speakers, start = self.last_subject(i)
        if self._spoken and start <= self._spoken.start:
            speakers, start = self._spoken.speakers, self._spoken.start
        return _Subject(speakers, start, silent) if speakers else None

    def _over_parenthesis(self, j: int, silent: bool) -> _Subject | None:
        """Read “Tusk, who leads Poland, said”: the name before the comma that opens the parenthesis."""
        if self.low(j) not in _PARTING:
            return None
        if self.kind(j - 1) == "name" and self.low(j - 2) == "," and self._may_be_apposed(j - 3):
            return _Subject((self.tokens[j - 1].text,), j - 1, silent)  # "The chief, Jane Roe, said"
        for k in range(j - 1, 1, -1):
            if self.low(k) == "according" and self.low(k - 1) == "," and (phrase := self.ending(k - 2)):
                return _Subject(*phrase, silent)  # "Belarus, according to its army, had warned"
        if (opened := self._opened(j)) is not None:
            return _Subject((self.tokens[opened].text,), opened, silent)
        for k in range(j - 1, 0, -1):
            phrase = self.ending(k - 1) if self.tokens[k].text == "," else None
            if phrase is None or self.low(phrase[1] - 1) in w.PREPOSITIONS:
                continue
            if (apposed := self._apposed(phrase)) != phrase:
                return _Subject(*apposed, silent)
            if self.kind(k - 1) == "name" or phrase[0][0] in w.HE or self.is_human(k - 1):
                return _Subject(*phrase, silent)
        return None

    def _opened(self, j: int) -> int | None:
        """
        Find the name that begins the clause and is parted from its verb by what is said of it.

        “Jane Roe, whose daughter Ann, 22, was there, said”, “Jane Roe, head of a bank -- a big one --, said”.
        """
        for n in range(j):
            if self.kind(n) == "name" and self.low(n + 1) in _PARTING and self._begins_clause(n):
                more = self.low(n + 2) in w.DETERMINERS | _DESCRIBING or self.kind(n + 2) == "word"
                joined = any(
                    self.low(k) in ("and", "but") and self.kind(k + 1) == "name" for k in range(n + 1, j)
                )
                return n if more and n + 2 < j and not joined and not self.is_speech_verb(n + 2) else None
        return None

    def _begins_clause(self, n: int) -> bool:
        """Whether only titles and joining words stand between token *n* and a mark, quote or start."""
        k = n - 1
        while self.is_titular(k) or (self.kind(k) == "word" and self.tokens[k].text[0].isupper() and k > 0):
            k -= 1
        if k >= 0 and self.low(k) in w.PREPOSITIONS | w.SUBORDINATE:
            return False
        opens = self.low(k) in _OPENERS or self.kind(k) == "quote" or self.low(k) in (*_PARTING, ";", ":")
        subordinate = self.low(0) in w.SUBORDINATE and not any(self.low(x) == "," for x in range(n))
        return (k < 0 or opens) and not subordinate

    def _may_be_apposed(self, i: int) -> bool:
        """Whether the words up to token *i* can be in apposition to a name: “Skerry's harbour master, …”."""
        begins = self.low(0) in w.PREPOSITIONS | w.SUBORDINATE
        described = self.ending(i) if self.kind(i) == "name" else None
        if described and described[1] != i and self.kind(described[1]) != "name":
            return True  # "A spokesman for Jane Roe, John Doe, said"
        return self.is_human(i) or (self.kind(i) == "word" and not begins and not self.low(i).endswith("ly"))

    # ---- the speaker behind the verb

    def _reads_better_behind(self, i: int, subject: _Subject) -> bool:
        """“…,” said Tusk: a quotation or its comma stands right before the verb."""
        before = i - 1
        while self.low(before) in w.ADVERBS or self.low(before) == ",":
            before -= 1
        if self.kind(before) == "quote":
            return not self.low(i).endswith("ing")
        # ", said Jane Roe." at the end: what the comma could close is no name.
        return before < i - 1 and self.kind(subject.start) != "name"

    def _may_be_inverted(self, i: int, end: int) -> bool:
        before = i - 1
        while self.low(before) in w.ADVERBS:
            before -= 1
        if self.kind(before) == "quote":
            return True
        return (
            self.low(before) in (",", "?", "!", ")") and before >= 1 and self.low(end) in (".", ",", "", ";")
        )


_IN_WORDS = frozenset(("words", "view", "telling", "opinion"))  # "in Roe's view"
_JOINS = frozenset(("to", "and", "but", "who", "then"))
_SAID = frozenset(("said", "says", "say"))
_DID = frozenset(("did", "do", "does"))
_ASKING = frozenset("ask asks asked asking wonder wonders wondered wondering".split())
_AWAITING = frozenset("when until till once".split())
_TO_COME = re.compile(r"\b(?:will|won['’]t|shall|can|cannot)\b|['’]ll\b")
_ASKED = frozenset("asked told pressed questioned".split())
_PARTING = (",", "--", "—", "–", "-")
_DESCRIBING = frozenset("who whose whom which former now then once one formerly".split())
_OPENERS = frozenset("but and yet still so then now also the former".split())
_CLAUSE = frozenset("it there this these we i".split())
_THINKING = frozenset(("thinks", "believes", "reckons"))
# What these are followed by is what was said, however short.
_PLAINLY_SAID = frozenset(
    "say says said saying argue argues argued claim claims claimed insist insists insisted".split()
)
