"""
A follow-up to the question that it means: “and Roe?” after “What did Quill say about the ferry?”.

Pure: no model, no clock. A question that is whole by itself comes out as it went in, and so does anything
that nothing came before; the same follow-up to the same answers always means the same question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.state import Given
from index.people import Person, Standing
from index.question import Question, Sense, clean, content_words, on_whom, understand
from index.segment import STOPWORDS, fold
from index.speech.names import HONORIFICS, TITLES

Place = tuple[str, int, int, int]


class Knows(Protocol):
    """What is known of the column's people."""

    def find(self, who: str) -> Sequence[Person]:
        """Return whom *who* names."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody asks for in a conversation: a whole question, and what was shown of its answer before."""

    question: str
    seen: tuple[Place, ...] = ()


_FRAME = re.compile(
    r"^(?:(?:hey|hi|ok|okay|so|well|hm+|please|pls|thanks|thank you|then)\b[\s,!.:]*)+"
    r"|[\s,]*\b(?:please|pls|then|though|thanks|thank you)\s*$"
)
_MORE = re.compile(
    r"(?:(?:and|show|give|tell|any|some|are there|is there|got)\s+)*(?:me\s+|us\s+)?(?:any\s+|some\s+)?"
    r"(?:more|others?|another(?: one)?|anything else|anything more|what else|the rest|the next(?: one)?|next)"
    r"(?:\s+(?:of (?:them|those|that|it|his|hers|theirs)|quotes?|statements?|did (?:he|she|they) say))?"
    r"|go on|continue|keep going|what else (?:did|has|have|does) (?:he|she|they) (?:say|said)|and more"
)
_AGAIN = re.compile(
    r"(?:and\s+)?(?:are|r) (?:you|u) (?:really |quite |absolutely )?(?:sure|certain)"
    r"(?: (?:about|of) (?:that|it|this))?"
    r"|you sure|really|seriously|for real|sure|is (?:that|this|it) (?:right|true|so|correct|all|really so)"
    r"|(?:can|could) you (?:check|look)(?: that)?(?: again)?|check again|look again|again"
    r"|say (?:that|it) again|no way"
)
_WHY = re.compile(r"(?:but |and )?(?:why|how so|how come|why(?:'s| is| was)? that|why so|what for)")
_STOP = re.compile(
    r"(?:please )?(?:stop|be quiet|quiet|shut up|hush|mute|enough|go away)"
    r"(?: (?:it|now|that|here|answering|talking))?(?: please)?"
)
# “and Roe?”, “what about the pier?”
_AND = re.compile(
    r"(?P<link>(?:and\s+|but\s+)?(?:what|how)\s+about|what\s+of|and|or|but|also)\s+(?P<rest>.+)"
)
_ONE = re.compile(
    r"(?:in |from |by |to |according to )?(?P<outlet>(?:the )?[\w .&'-]+?)(?:'s)? "
    r"(?:ones?|quotes?|versions?|piece|report)"
)
_LED = re.compile(r"(?:about|on|of|regarding|concerning|re|over)\s+(?P<topic>.+)")
_SET = re.compile(r"(?:in|to|from|at|after|before|during|since|when|with|by|for)\s+.+")
_ASKS = re.compile(
    r"(?:and\s+|but\s+|so\s+)*(?:what|who|whom|whose|where|when|which|how|why|did|does|do|is|are|was|were|has|have"
    r"|had|can|could|will|would|should)(?:'s|'d)?\b"
)
# Talk among people, where nothing says that the column is asked.
_AMONG = re.compile(
    r"\b(?:i|i'm|i'll|me|my|we|we're|us|our|you|you're|your|yours|lunch|meeting|tomorrow|tonight)\b"
)
_POSSESSIVE = re.compile(r"\b(?P<whose>his|their|her)\s+(?P<next>[\w']+)", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:he|she|they|him|her|them)\b", re.IGNORECASE)
_THAT = re.compile(r"\b(?P<on>about|on|to|of|regarding)\s+(?:it|that|this)(?=[\s?!.]*$)", re.IGNORECASE)
_CAPITAL = re.compile(r"[^\W\d_a-z][\w.'’-]*(?:\s+(?:(?:van|von|der|de|la|bin|al)\s+)*[^\W\d_a-z][\w.'’-]*)*")
LONGEST = 400  # characters: what is longer says by itself what it asks
SHORT = 6  # words: a longer message without a question's form is talk


def follow(earlier: Sequence[Given], typed: str, knows: Knows | None = None) -> Turn:
    """
    Return what *typed* asks for after *earlier*, the newest last.

    Args:
        knows: Tells people from topics; without it, whatever is written like a name is one.
    """
    text = clean(typed)
    if not earlier or len(text) > LONGEST:
        return Turn(text)
    last, said = earlier[-1], plain(text)
    if _MORE.fullmatch(said):
        return Turn(last.question, shown(earlier))
    if _AGAIN.fullmatch(said):
        return Turn(last.question)
    if _WHY.fullmatch(said):
        return Turn(_why(last))
    if linked := _AND.fullmatch(said):
        rest = _as_typed(text, linked["rest"])
        if not _ASKS.match(fold(rest)):
            return Turn(_Earlier(earlier, knows).carried(rest, about="about" in linked["link"]))
    return Turn(_Earlier(earlier, knows).spelled_out(text))


def shown(earlier: Sequence[Given]) -> tuple[Place, ...]:
    """Return the places that answers to the last question have shown."""
    same = [g for g in earlier if g.question == earlier[-1].question]
    return tuple(dict.fromkeys(reference.place for g in same for reference in (*g.excerpts, *g.withheld)))


def asks_more(typed: str) -> bool:
    """Tell whether *typed* wants the next statements of the same question."""
    return bool(_MORE.fullmatch(plain(typed)))


def says_stop(typed: str) -> bool:
    """Tell whether the bot is told to be silent."""
    return bool(_STOP.fullmatch(plain(typed)))


def is_meant(typed: str) -> bool:
    """
    Tell whether a message that mentions nobody, below the bot's answers, is meant for the bot.

    A question of the column or a short follow-up is; talk among people is not, nor is a statement.
    """
    if len(typed) > LONGEST:
        return False
    text = clean(typed)
    said = plain(text)
    if any(pattern.fullmatch(said) for pattern in (_MORE, _AGAIN, _WHY)):
        return True
    if not said or len(text) > LONGEST:
        return False
    asks = bool(_ASKS.match(said)) or text.rstrip().endswith("?")
    if asks and understand(text).sense is not Sense.ANY:
        return True
    if _AMONG.search(said):
        return False
    return asks or bool(_AND.fullmatch(said) and len(said.split()) <= SHORT and "about" in said)


def topic(question: str, subject: str | None = None) -> str:
    """Return what *question* is about, with the preposition that it was asked with: “about the ferry”."""
    if len(question) > LONGEST:
        return ""
    asked = understand(question)
    if asked.sense is Sense.WHO_SAID:
        return f"about {asked.quoted or asked.topic}".strip()
    if asked.sense in (Sense.ABOUT, Sense.MENTIONED):
        return ""
    who, what = on_whom(asked)
    named = bool(who) and not _ASKS.match(who)
    said = what if named else asked.topic
    if found := re.search(r"\b(?:about|on|regarding|re|concerning)\s+(.+)$", said):
        return f"about {found[1]}"
    loose = asked.sense in (Sense.ANY, Sense.THINKS) and not named
    words = content_words(said) if loose else said.split()
    dropped = set(fold(subject or "").split()) | {
        "why",
        "that",
        "else",
        "exactly",
        "author",
        "columnist",
        "think",
    }
    kept = [w for w in words if w not in dropped]
    if not set(kept) - STOPWORDS:
        return ""
    phrase = " ".join(kept)
    return phrase if _SET.fullmatch(phrase) else f"about {phrase}"


def with_choices(question: str, chosen: Mapping[str, str]) -> str:
    """Return *question* with the people's full names where somebody chose whom a bare name means."""
    if not chosen or len(question) > LONGEST:
        return question
    asked = understand(question)
    who = asked.who or on_whom(asked)[0] or (asked.topic if asked.sense is Sense.ANY else "")
    words = re.sub(r"'s$", "", fold(who)).split()
    bare = [w for w in words if w not in STOPWORDS | TITLES | HONORIFICS]
    for name, person in chosen.items():
        if bare == [fold(name)]:
            return naming(question, name, person)
    return question


def naming(question: str, name: str, person: str) -> str:
    """Return *question* with *person* in full in the place of the first *name*."""
    return re.sub(rf"\b{re.escape(name)}\b", lambda _: person, question, count=1, flags=re.IGNORECASE)


def plain(text: str) -> str:
    """Return *text* folded, without politeness and the punctuation around it."""
    said = " ".join(fold(text).split()).strip(" ?!.,…")
    while (shorter := _FRAME.sub("", said, count=1).strip(" ?!.,…")) != said and shorter:
        said = shorter
    return said


class _Earlier:
    """What a conversation was about so far."""

    def __init__(self, earlier: Sequence[Given], knows: Knows | None) -> None:
        self.last, self.knows = earlier[-1], knows
        self.asked: Question = understand(self.last.question)
        self.who = next((who for g in reversed(earlier) if (who := _referent(g))), "")
        self.topic = self.last.topic or topic(self.last.question, self.last.subject)

    def carried(self, rest: str, *, about: bool) -> str:
        """Return the question that “and *rest*?” means: another speaker, or another topic."""
        said = plain(rest)
        if outlet := _ONE.fullmatch(said):
            return self._of_outlet(_as_typed(rest, outlet["outlet"]))
        if led := _LED.fullmatch(said):
            return self._on(f"about {_as_typed(rest, led['topic'])}")
        if _SET.fullmatch(said):
            return self._on(rest.strip(" ?!."))
        rest = rest.strip(" ?!.,")
        who, what = on_whom(understand(rest))
        if who and self._is_person(_as_typed(rest, who), about=about):
            return _said(_as_typed(rest, who), f"about {what}")
        return self._by(rest) if self._is_person(rest, about=about) else self._on(f"about {rest}")

    def spelled_out(self, text: str) -> str:
        """Return *text* with the person and the topic in the place of “she” and “it”."""
        asked = understand(text)
        pronoun = _PRONOUN.search(text) or _POSSESSIVE.search(text)
        own = bool(asked.who) or bool(pronoun and self._names_somebody(text[: pronoun.start()]))
        if self.who and pronoun and not own:
            text = _POSSESSIVE.sub(self._possessive, text)
            text = _PRONOUN.sub(lambda _: self.who, text)
        if self.topic.startswith("about ") and _ASKS.match(fold(text)):
            said = self.topic.removeprefix("about ")
            text = _THAT.sub(lambda found: f"{found['on']} {said}", text)
        return text

    def _possessive(self, found: re.Match[str]) -> str:
        """Spell out “her words”; “about her” and “her on it” are no possessives."""
        if found["whose"].lower() == "her" and fold(found["next"]) in STOPWORDS:
            return found[0]
        return f"{self.who}'s {found['next']}"

    def _names_somebody(self, text: str) -> bool:
        words = [w for w in re.findall(r"(?<!^)(?<![.?!] )[A-Z][\w'’-]+", text) if fold(w) not in STOPWORDS]
        return any(self._is_person(w, about=True) for w in words)

    def _is_person(self, who: str, *, about: bool) -> bool:
        """Tell whether *who* is another speaker; after “what about”, a surname that never speaks is none."""
        if understand(f"what does {who} think").sense is Sense.THINKS:
            return True
        written = bool(_CAPITAL.fullmatch(who))
        if self.knows is None:
            return written
        people = self.knows.find(who)
        standings = {p.standing for p in people}
        if standings & {Standing.SPEAKER, Standing.COLUMNIST}:
            return True
        if Standing.MENTIONED in standings:
            return not about or any(" " in p.name for p in people)
        return Standing.UNKNOWN in standings and written

    def _of_outlet(self, outlet: str) -> str:
        if self.who and self.who != self.last.subject:
            return _said(outlet, self.topic)
        return _said(self.who, f"{self.topic} {outlet}".strip()) if self.who else _said(outlet, self.topic)

    def _by(self, who: str) -> str:
        if self.asked.sense is Sense.ABOUT:
            return f"What is said about {who}?"
        if self.asked.sense is Sense.MENTIONED:
            return f"Where is {who} mentioned?"
        return _said(who, self.topic)

    def _on(self, phrase: str) -> str:
        if self.asked.sense is Sense.WHO_SAID:
            return f"Who said anything {phrase}?"
        if self.asked.sense is Sense.THINKS:
            return f"What does the columnist think {phrase}?"
        if self.last.subject:
            return _said(self.last.subject, phrase)
        return f"{phrase.removeprefix('about ')}?"


def _referent(given: Given) -> str:
    """Return whom “she” means after an answer: whoever was asked about, or whose words it shows first."""
    return given.subject or next((r.speaker for r in given.excerpts if r.speaker), "") or ""


def _said(who: str, phrase: str) -> str:
    if understand(f"what does {who} think").sense is Sense.THINKS:
        return f"What does {who} think {phrase}".strip() + "?"
    return f"What did {who} say {phrase}".strip() + "?"


def _why(last: Given) -> str:
    about = last.topic or topic(last.question, last.subject)
    return f"Why did {last.subject} say that {about}".strip() + "?" if last.subject else last.question


def _as_typed(text: str, folded: str) -> str:
    """Return the words of *text* that read *folded*, as they were typed."""
    words, wanted = text.split(), folded.split()
    for at in range(len(words) - len(wanted), -1, -1):
        part = words[at : at + len(wanted)]
        if [plain(w) or fold(w) for w in part] == [plain(w) or w for w in wanted]:
            return " ".join(part).strip(" ?!.,")
    return folded
