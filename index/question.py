"""What a question asks for: in which sense, of whom, about what. Pure; patterns, no model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from index import cues
from index.segment import STOPWORDS, fold


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
    acknowledge concede conclude declare mean make-of feel-about want threaten accuse blame praise""".split()
_VERB = "|".join(sorted((f for v in _ASKED for f in cues.forms(v)), key=len, reverse=True)).replace("-", " ")
_NOUN = (
    "quotes?|quotations?|statements?|reactions?|responses?|replies|reply|answers?|comments?|words?|remarks?|"
    "claims?|posts?|tweets?|excuses?|arguments?|takes?|opinions?|verdicts?|thoughts?|"
    "warnings?|promises?|explanations?|denials?"
)
_DID = "did|does|do|has|have|had|would|is|are|was|were"
_SAID = [
    # what did Tusk say about the drones? how has Rubio responded to …?
    rf"\b(?:what|how|why)\b(?:\s+(?:else|exactly|on\s+earth))?\s+(?:{_DID}|'s)\s+"
    rf"(?P<who>.+?)\s+(?:\w+ly\s+|ever\s+|also\s+|have\s+to\s+|had\s+to\s+)?(?:{_VERB})\b(?P<topic>.*)",
    r"^(?:did|does|has)\s+(?P<who>.+?)\s+(?:say|said|comment|commented|respond|responded|mention|mentioned|speak|"
    r"spoken|tell|told|post|posted|tweet|tweeted)\b(?P<topic>.*)",  # did Tusk say anything about …?
    # what was Tusk's response to …?
    rf"(?:^|\b(?:was|were|is|are|of|me|pull|find|show|get|what's|the)\s+)(?P<who>[^?]{{2,40}}?)'s?\s+(?:own\s+|full\s+)?"
    rf"(?:{_NOUN})\b(?P<topic>.*)",
    # the Sikorski quote from the Guardian; polands foreign minister reaction
    rf"^(?!(?:what|which|how|why|when|where|who|did|does|do|is|are|was|were)\b)"
    rf"(?:(?:pull|find|show|get|give|list)\s+)?(?:me\s+)?(?P<who>(?:[\w.'-]+\s+){{1,4}})(?:{_NOUN})\b(?P<topic>.*)",
    rf"\b(?:{_NOUN})\s+(?:by|from|of)\s+(?P<who>[\w.'-]+(?:\s+[\w.'-]+){{0,3}})(?P<topic>.*)",
    rf"\bwhat\s+(?P<who>(?:[\w.'-]+\s+){{0,3}}?[\w.'-]+)\s+(?:{_VERB})\b(?P<topic>.*)",
    r"\b(?:according\s+to|per)\s+(?P<who>(?:the\s+)?[\w.'-]+(?:\s+[\w.'-]+)??),?\s+(?P<topic>.*)",
    r"(?P<topic>.*?),?\s+\b(?:according\s+to|per)\s+(?P<who>[^,?]+)\??$",
]
_WHO_SAID = re.compile(
    rf"^(?:so\s+)?(?:who|which\s+\w+|whose)\b(?:\s+(?:was\s+it\s+)?that)?\s+(?:\w+ly\s+|first\s+)?(?:{_VERB})\b\s*(?P<quoted>.+)"
    r"|^whose\s+(?:quote|words?|line|statement)\s+(?:is|was|are)\s*(?P<line>.+)"
)
_LEADING = re.compile(
    r"^(?:(?:what|what's|whats|was|were|is|are|give|me|us|all|of|both|pull|show|find|get|list|quote|any|some|"
    r"the full)\s+)+"
)
_NOBODY = frozenset("it there this that happened happens are is was were been what which how why".split())
_COLUMNIST_NAMED = re.compile(r"\b(?:author|columnist|writer|essayist)\b")
_COLUMNIST = re.compile(
    r"^(?:the\s+|this\s+|our\s+)?(?:author|columnist|writer|essayist|blogger|newsletter)(?:'s)?$"
)
_POLITE = re.compile(
    r"^(?:hey|hi|hello|ok|okay|so|and|but|um|please|pls|thanks|yo)\b[\s,!:.-]*"
    r"|^(?:can|could|would|will)\s+(?:you|u|somebody|someone)\s+(?:please\s+|pls\s+)?(?:tell\s+me\s+|give\s+me\s+|pull\s+up\s+)?"
    r"|^(?:do\s+you\s+know|any\s+idea|remind\s+me|tell\s+me|i\s+wonder)\s+"
    r"|\b(?:please|pls|plz|thanks|thx)\b[\s.!]*$"
)


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
    plain = _without_politeness(text)
    folded = re.sub(r"\s+", " ", fold(plain)).strip(" ?!.")
    who_said = _WHO_SAID.match(folded)
    if who_said:
        pasted = who_said["quoted"] or who_said["line"]
        return Question(text, Sense.WHO_SAID, quoted=pasted.strip(" \"'?!"), topic=pasted)
    for pattern in _SAID:
        found = re.search(pattern, folded)
        if found and (who := _person(found["who"])):
            sense = Sense.THINKS if _COLUMNIST.match(who) else Sense.SAID
            return Question(text, sense, who=who, topic=found["topic"].strip(" ,?!."))
    sense = Sense.THINKS if _COLUMNIST_NAMED.search(folded) else Sense.ANY
    return Question(text, sense, topic=folded)


def _without_politeness(text: str) -> str:
    while (shorter := _POLITE.sub("", text.strip(), count=1) if _POLITE.search(text) else text) != text:
        text = shorter
    return text


def _person(slot: str) -> str:
    """Return the words of a slot that can name somebody, or nothing: "it" and "the drones" do not speak."""
    slot = _LEADING.sub("", slot.strip(" ,'\"?"))
    slot = re.sub(r"'s$", "", slot)
    words = slot.split()
    if not words or len(words) > 6 or set(words) <= STOPWORDS or set(words) & _NOBODY:
        return ""
    return slot


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, folded, in order, each once."""
    words = re.findall(r"\w+(?:'\w+)?", fold(text))
    plain = (re.sub(r"'s?$|'\w+$", "", x) for x in words)
    return [x for x in dict.fromkeys(plain) if x not in STOPWORDS and len(x) > 1]
