"""What a question asks for: in which sense, of whom, about what. Pure; patterns, no model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from index.segment import STOPWORDS, fold
from index.speech import cues


class Sense(StrEnum):
    """In which sense the column is asked."""

    SAID = "what somebody said"
    WHO_SAID = "who said something"
    THINKS = "what the columnist thinks"
    ANY = "what the column says"


@dataclass(frozen=True, slots=True)
class Question:
    """
    A question, taken apart.

    *text* is what was typed without Slack's trimmings; *who* is what stands where a speaker is named,
    as typed, "" where nobody is; *topic* is the rest; *quoted* is a quotation that was pasted in.
    """

    text: str
    sense: Sense
    who: str = ""
    topic: str = ""
    quoted: str = ""


# Verbs with which people ask for somebody's words; the column itself uses many more.
_ASKED = """say tell claim argue think believe write post tweet report respond reply comment suggest warn
    promise announce insist state mention note add assert explain deny admit vow pledge complain contend
    maintain accuse criticize criticise recommend predict demand urge ask answer react remark propose
    acknowledge concede conclude declare mean want threaten blame praise""".split()
_TELLING = "say tell claim write post tweet comment respond mention speak".split()
_REPORTED = [*_ASKED, *"call describe disagree agree label dismiss reject dub name compare".split()]


def _any_of(verbs: Iterable[str]) -> str:
    return "|".join(sorted({f for v in verbs for f in cues.forms(v)}, key=len, reverse=True))


_VERB, _TELL, _REPORT = _any_of(_ASKED), _any_of(_TELLING), _any_of(_REPORTED)
_NOUN = (
    "quotes?|quotations?|statements?|reactions?|responses?|replies|reply|answers?|comments?|words?|remarks?|"
    "claims?|posts?|tweets?|excuses?|arguments?|takes?|opinions?|verdicts?|thoughts?|"
    "warnings?|promises?|explanations?|denials?"
)
_DID = "did|does|do|has|have|had|would|should|is|are|was|were|'s"
_NAME = r"(?P<who>(?:[\w.'-]+\s+){0,3}?[\w.'-]+)"
_ABOUT = r"(?=\s+(?:on|about|regarding|re|concerning|to|after|when|in|that)\b|\s*$)(?P<topic>.*)"
_PATTERNS = [
    # what did Tusk say about the drones? how has Rubio responded to …?
    rf"\b(?:what|how)\b(?:\s+(?:else|exactly|on\s+earth))?\s+(?:{_DID})(?:n't)?\s+"
    rf"(?P<who>.+?)\s+(?:not\s+|\w+ly\s+|ever\s+|also\s+|have\s+to\s+|had\s+to\s+)?(?:{_VERB}|make\s+of|feel)\b"
    r"(?P<topic>.*)",
    # did Tusk say anything about …? how many drones did Tusk say there were? where did he say that …?
    rf"^(?P<asked>.*?)\b(?:did|does|has|have)(?:n't)?\s+{_NAME}\s+(?:ever\s+|actually\s+|really\s+)?(?:{_TELL})\b(?P<topic>.*)",
    # what was Tusk's response to …?
    rf"(?:^|\b(?:was|were|is|are|of|me|pull|find|show|get|what's|the)\s+)(?P<who>[^?]{{2,40}}?)'s?\s+(?:own\s+|full\s+)?"
    rf"(?:{_NOUN})\b(?P<topic>.*)",
    # the Sikorski quote from the Guardian; polands foreign minister reaction
    rf"^(?!(?:what|which|how|why|when|where|who|did|does|do|is|are|was|were)\b)"
    rf"(?:(?:pull|find|show|get|give|list)\s+)?(?:me\s+)?(?P<who>(?:[\w.'-]+\s+){{1,4}})(?:{_NOUN})\b(?P<topic>.*)",
    rf"\b(?:{_NOUN})\s+(?:by|from|of)\s+{_NAME}{_ABOUT}",
    # what Tusk said about; everything Tusk said
    rf"\b(?:what|everything|anything|all|stuff|things?)\s+(?:that\s+)?{_NAME}\s+(?:has\s+|have\s+|had\s+)?(?:{_VERB})\b(?P<topic>.*)",
    r"\b(?:according\s+to|per)\s+(?P<who>(?:the\s+)?[\w.'-]+(?:\s+[\w.'-]+)??),?\s+(?P<topic>.*)",
    r"(?P<topic>.*?),?\s+\b(?:according\s+to|per)\s+(?P<who>[^,?]+)\??$",
]
_SAID = [re.compile(pattern) for pattern in _PATTERNS]
_WHO_SAID = re.compile(
    rf"^(?:so\s+)?(?:who|which\s+\w+|whose)\b(?:\s+(?:was\s+it\s+)?that)?\s+(?:has\s+|have\s+)?(?:\w+ly\s+|first\s+)?"
    rf"(?P<verb>{_REPORT})\b\s*(?:that\s+|with\s+)?(?P<quoted>.+)"
    r"|^whose\s+(?:quote|words?|line|statement)\s+(?:is|was|are)\s*(?P<line>.+)"
)
_OF_ITSELF = re.compile(
    r"^(?:who|which)\b.*\b(?:writes?|wrote|written)\s+(?:this|the)\s+(?:column|article|piece|newsletter)"
)
_LEADING = re.compile(
    r"^(?:(?:what|what's|was|were|is|are|give|me|us|all|of|both|pull|show|find|get|list|quote|any|some|"
    r"the full)\s+)+"
)
_NOBODY = frozenset(
    "else did do does he she they him her it there this that happened happens are is was were been what "
    "which how why".split()
)
# Whoever these mean, the question is for what anybody said.
_ANYBODY = frozenset("anyone anybody everyone everybody people someone somebody they others experts".split())
_COLUMNIST_NAMED = re.compile(r"\b(?:author|columnist|writer|essayist)\b")
_COLUMNIST = re.compile(
    r"^(?:the\s+|this\s+|our\s+)?(?:author|columnist|writer|essayist|blogger|newsletter)(?:'s)?$"
)
_POLITE = re.compile(
    r"^(?:hey|hi|hello|ok|okay|so|and|but|um|please|pls|thanks|yo)\b[\s,!:.-]*"
    r"|^(?:can|could|would|will)\s+(?:you|u|somebody|someone)\s+(?:please\s+|pls\s+)?"
    r"(?:tell\s+me\s+|give\s+me\s+|pull\s+up\s+)?"
    r"|^(?:do\s+you\s+know|any\s+idea|remind\s+me|tell\s+me|i\s+wonder|i\s+want\s+to\s+know)\s+"
    r"|[\s,]*\b(?:please|pls|plz|thanks|thx|thank\s+you)\b[\s.!?]*$"
)
_TYPED = (  # how people type in Slack, and what they mean
    (re.compile(r"\b(?:what'?d|wat'?d)\b"), "what did"),
    (re.compile(r"\b(?:wat|wut|wot)\b"), "what"),
    (re.compile(r"\bwhats\b"), "what's"),
    (re.compile(r"\bwho'?s\b"), "who is"),
)
_NEXT = re.compile(r"[,;]?\s+and\s+(?=(?:what|who|how|why|does|did|is)\b)")


def clean(text: str) -> str:
    """Return what was typed without mentions, :emoji:, links' markup and space to spare."""
    text = re.sub(r"<[@#!][^>]*>|(?<!\w)@\w+|:[a-z0-9_+'-]+:", " ", text)
    text = re.sub(r"<(https?://[^|>]+)(?:\|([^>]*))?>", lambda m: m[2] or m[1], text)
    text = re.sub(r"[*_~`]+(?=\w)|(?<=\w)[*_~`]+(?!\w)", "", text)
    return re.sub(r"\s+", " ", text).strip()


def understand(typed: str) -> Question:
    """
    Return *typed* taken apart.

    Case, accents and punctuation at the end make no difference.
    """
    text = clean(typed)
    folded = _plain(text)
    who_said = _WHO_SAID.match(folded)
    if who_said and not _OF_ITSELF.match(folded):
        pasted = who_said["quoted"] or who_said["line"]
        if (who_said["verb"] or "").startswith(("call", "describe", "label", "dub")):
            pasted = pasted.removeprefix("it ").removeprefix("as ")
        return Question(text, Sense.WHO_SAID, quoted=pasted.strip(" \"'?!"), topic=pasted)
    for pattern in _SAID:
        found = pattern.search(folded)
        who = _person(found["who"]) if found else ""
        if found and set(who.split()) & _ANYBODY:
            return Question(text, Sense.WHO_SAID, topic=found["topic"])
        if found and who:
            sense = Sense.THINKS if _COLUMNIST.match(who) else Sense.SAID
            asked = found["asked"] if "asked" in pattern.groupindex else ""
            return Question(text, sense, who=who, topic=f"{asked} {found['topic']}".strip(" ,?!."))
    sense = Sense.THINKS if _COLUMNIST_NAMED.search(folded) else Sense.ANY
    return Question(text, sense, topic=folded)


def parts(typed: str) -> list[str]:
    """Return the questions in *typed*: “what did Roe say and what does the author make of it?” is two."""
    text = clean(typed)
    found = [x for x in _NEXT.split(text) if x.strip()]
    return found if len(found) > 1 and all(understand(x).sense is not Sense.ANY for x in found) else [text]


def _plain(text: str) -> str:
    """Return *text* folded, spelled out, and without "hey" and "please"."""
    plain = re.sub(r"\s+", " ", fold(text)).strip()
    for written, meant in _TYPED:
        plain = written.sub(meant, plain)
    while (shorter := _POLITE.sub("", plain, count=1).strip()) != plain:
        plain = shorter
    return plain.strip(" ?!.")


def _person(slot: str) -> str:
    """Return the words of a slot that can name somebody, or nothing: "it" and "the drones" do not speak."""
    slot = _LEADING.sub("", slot.strip(" ,'\"?"))
    slot = re.sub(r"'s$|^n't\s+|\s+not$", "", slot)
    words = slot.split()
    nobody = set(words) <= STOPWORDS - {"may", "will"} or bool(set(words) & _NOBODY)
    if not words or len(words) > 6 or (nobody and not set(words) & _ANYBODY):
        return ""
    return slot


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, folded, in order, each once."""
    words = re.findall(r"\w+(?:'\w+)?", fold(text))
    plain = (re.sub(r"'s?$|'\w+$", "", x) for x in words)
    return [x for x in dict.fromkeys(plain) if x not in STOPWORDS and (len(x) > 1 or x.isdigit())]
