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
    ABOUT = "what is said about somebody"
    MENTIONED = "where somebody is mentioned"
    ANY = "what the column says"


@dataclass(frozen=True, slots=True)
class Question:
    """
    A question, taken apart.

    *text* is what was typed without Slack's trimmings; *who* is what stands where a speaker is named,
    as typed, "" where nobody is; *topic* is the rest; *quoted* is a quotation that was pasted in. *sought* is
    *text* as it is searched for: with the typing errors in names mended.
    """

    text: str
    sense: Sense
    who: str = ""
    topic: str = ""
    quoted: str = ""
    sought: str = ""


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
    "warnings?|promises?|explanations?|denials?|complaints?|criticisms?|accusations?|allegations?|"
    "assessments?|suggestions?|proposals?|predictions?|assurances?|announcements?|admissions?|objections?|"
    "stances?|reasoning|rationale|justifications?|apolog(?:y|ies)"
)
_DID = "did|does|do|has|have|had|would|should|is|are|was|were|'s"
_ARGUED = _any_of(
    "say tell think believe argue claim insist reject dismiss dispute justify defend oppose deny".split()
)
_NAME = r"(?P<who>(?:[\w.'-]+\s+){0,3}?[\w.'-]+)"
_IN_WORDS = r"(?:opinions?|views?|words|eyes|mind|telling|book|account|estimation|judge?ment|assessment)"
_ABOUT = r"(?=\s+(?:on|about|regarding|re|concerning|to|after|when|in|that)\b|\s*$)(?P<topic>.*)"
_PATTERNS = [
    # what did Tusk say about the drones? how has Rubio responded to …?
    rf"\b(?:what|how)\b(?:\s+(?:else|exactly|on\s+earth))?\s+(?:{_DID})(?:n't)?\s+"
    rf"(?P<who>.+?)(?<!\sof)(?<!\sthe)(?<!\sand)\s+(?:not\s+|\w+ly\s+|ever\s+|also\s+|have\s+to\s+|had\s+to\s+)?(?:{_VERB}|make\s+of|feel)\b"
    r"(?P<topic>.*)",
    # who won, in Roe's opinion? in Roe's view, who won?
    rf"^(?P<topic>.*?),?\s+(?:in|per|by)\s+{_NAME}'s?\s+(?:own\s+)?{_IN_WORDS}$",
    rf"^(?:in|per|by)\s+{_NAME}'s?\s+(?:own\s+)?{_IN_WORDS},?\s+(?P<topic>.*)$",
    # did Tusk say anything about …? how many drones did Tusk say there were? where did he say that …?
    rf"^(?P<asked>.*?)\b(?:did|does|has|have)(?:n't)?\s+{_NAME}\s+(?:ever\s+|actually\s+|really\s+)?(?:{_TELL})\b(?P<topic>.*)",
    # what was Tusk's response to …?
    rf"(?:^|\b(?:was|were|is|are|of|me|pull|find|show|get|what's|the)\s+)(?P<who>[^?]{{2,40}}?)'s?\s+(?:own\s+|full\s+)?"
    rf"(?:{_NOUN})\b(?P<topic>.*)",
    # the Sikorski quote from the Guardian; polands foreign minister reaction
    rf"^(?!(?:what|which|how|why|when|where|who|did|does|do|is|are|was|were)\b)"
    rf"(?:(?:pull|find|show|get|give|list)\s+)?(?:me\s+)?(?P<who>(?:[\w.'-]+\s+){{1,4}})(?:{_NOUN})\b(?P<topic>.*)",
    rf"\b(?:{_NOUN})\s+(?:by|from|of)\s+{_NAME}{_ABOUT}",
    # on what grounds did Roe reject …? why does Roe think …? how did Roe put it?
    rf"^(?:on\s+what\s+grounds|for\s+what\s+reason|why|how|where|when)\s+(?:{_DID})\s+{_NAME}\s+(?:\w+ly\s+)?"
    rf"(?:{_ARGUED}|put)\b(?P<topic>.*)",
    # what Tusk said about; everything Tusk said
    rf"\b(?:what|everything|anything|all|stuff|things?)\s+(?:that\s+)?{_NAME}\s+(?:has\s+|have\s+|had\s+)?(?:{_VERB})\b(?P<topic>.*)",
    r"\b(?:according\s+to|per)\s+(?P<who>(?:the\s+)?[\w.'-]+(?:\s+[\w.'-]+)??),?\s+(?P<topic>.*)",
    r"(?P<topic>.*?),?\s+\b(?:according\s+to|per)\s+(?P<who>[^,?]+)\??$",
]
_ASKING = re.compile(rf"\b(?:{_VERB}|{_NOUN}|really|actually|exactly|need|pls|plz|please|lol)\b")
_SAID = [re.compile(pattern) for pattern in _PATTERNS]
_WHO_SAID = re.compile(
    rf"^(?:so\s+)?(?:who|which\s+\w+|whose)\b(?:\s+(?:was\s+it\s+)?that)?\s+(?:has\s+|have\s+)?(?:\w+ly\s+|first\s+)?"
    rf"(?P<verb>{_REPORT})\b\s*(?:that\s+|with\s+)?(?P<quoted>.+)"
    r"|^whose\s+(?:quote|words?|line|statement)\s+(?:is|was|are)\s*(?P<line>.+)"
)
_NAMES = (
    "mentions?|mentioned|names?|named|refers?\\s+to|referred\\s+to|comes?\\s+up|came\\s+up|appears?|appeared"
)
# where is Roe mentioned? which articles mention Roe? does the column ever mention Roe? mentions of Roe
_WHERE = re.compile(
    rf"(?:where|when|how\s+often|in\s+(?:which|what)\s+\w+)\s+(?:is|was|are|were|does|do|did|has|have)\s+(?P<who>.+?)\s+"
    rf"(?:been\s+|get\s+)?(?:{_NAMES})$"
    rf"|(?:which|what)\s+(?:articles?|columns?|pieces?|paragraphs?|passages?)\s+(?:{_NAMES}|are\s+about)\s+(?P<which>.+)"
    rf"|(?:does|did|has)\s+(?:the|this)\s+(?:column|author|columnist|newsletter)\s+(?:ever\s+|even\s+)?(?:{_NAMES})\s+(?P<does>.+)"
    rf"|(?:is|was)\s+(?P<ever>.+?)\s+(?:ever\s+|even\s+)?(?:mentioned|named)(?:\s+(?:here|anywhere|at\s+all|in\s+.+))?$"
    rf"|(?:all\s+|any\s+|show\s+|find\s+|list\s+|the\s+)*mentions\s+of\s+(?P<of>.+)"
)
# what is said about Roe?
_SAID_ABOUT = re.compile(
    r"(?:what|which\s+things)(?:'s|\s+is|\s+was|\s+has\s+been|\s+gets|\s+got)\s+(?:been\s+)?"
    r"(?:said|written|claimed|reported)\s+(?:about|of|on)\s+(?P<who>.+)"
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
    r"^(?:hey|hi|hello|ok|okay|so|and|but|um|please|pls|thanks|yo|wait|hmm+|sorry)\b[\s,!:.-]*"
    r"|^(?:can|could|would|will)\s+(?:you|u|somebody|someone)\s+(?:please\s+|pls\s+)?"
    r"(?:tell\s+me\b[\s,:]*|give\s+me\s+|pull\s+up\s+)?"
    r"|^(?:do\s+you\s+know|any\s+idea|remind\s+me|tell\s+me|i\s+wonder|"
    r"i\s+want\s+to\s+know|i['’]d\s+like\s+to\s+know)[\s,:]+"
    r"|[\s,]*\b(?:please|pls|plz|thanks|thx|thank\s+you)\b[\s.!?]*$",
    re.IGNORECASE,
)
# “are you sure? what did Roe say?”, “what did Roe say, really?”: the same question again.
_SURE = (
    r"(?:(?:are|r)\s+)?(?:you|u)\s+(?:really\s+|quite\s+|absolutely\s+)?sure"
    r"(?:\s+(?:about|of)\s+(?:that|this|it))?"
)
_DOUBTING = re.compile(
    rf"^{_SURE}\b(?:\s+that\b(?=\s+\w))?[\s,.?!…:—–-]*"
    r"|^(?:really|seriously|for\s+real|sure)\s*[,.?!…—–-]+\s*"
    rf"|[\s,.?!…;:—–-]+{_SURE}[\s.?!…]*$"
    r"|[\s,.?!…;:—–-]+(?:really|seriously|for\s+real)[\s.?!…]*$",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^[^\w\"“”„«»'‘’#$€£]+|[^\w\"“”„«»'‘’%]+$")
_TYPED = (  # how people type in Slack, and what they mean
    (re.compile(r"\b(?:what'?d|wat'?d)\b"), "what did"),
    (re.compile(r"\b(?:wat|wut|wot)\b"), "what"),
    (re.compile(r"\bwhats\b"), "what's"),
    (re.compile(r"\bwho'?s\b"), "who is"),
)
# “did Roe really call it an accident? his words please”: whoever is named is asked for.
_VERBATIM = re.compile(
    r"\b(?:exact|own|his|her|their|actual)\s+(?:words?|quotes?|wording|phrase)\b|\bquote\b"
)
_PASTED = re.compile(r"[\"“”„«»]([^\"“”„«»]{8,})[\"“”„«»]|(?<!\w)[‘']([^‘’']{12,})[’'](?!\w)")
_WHOSE = re.compile(
    r"\bwho(?:se)?\b|\bsource\b|\bwhere\s+(?:is|was|does)\b|\bsaid\s+by\b|\bfrom\s+whom\b|\battribut|^$"
)
# “tusk on the budget”, “the mayor re: ferries”
_ON = re.compile(r"^(?P<who>(?:[\w.'’-]+\s+){1,4}?)(?:on|about|re|regarding|abt)\b:?\s+(?P<topic>.+)$")
_NEXT = re.compile(
    r"[,;]?\s+and\s+(?=(?:what|who|how|why|does|did|is|which)\b)|\?\s+(?:and\s+)?(?=\w)|(?:^|\s+)\d[.)]\s+"
)
SHORTEST_PART = 2  # content words of a part that asks for a fact
_QUESTION_WORD = re.compile(r"(?:what|which|who|whom|whose|how|why|when|where|did|does|is|are|was|were)\b")
_LEANING = re.compile(r"\b(?:it|its|he|his|him|she|her|they|their|them|there|that|this|those|these)\b")
_HE_SAID = re.compile(r"((?:did|does|do|has|have|had)\s+)(?:he|she|they)\b", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|AND|&|\+)\s+|\s*;\s+")
_CARRIED = re.compile(
    r"^(?:and\s+)?(?:(?:what|how)\s+about\s+|about\s+|on\s+|whether\s+|why\s+)(?P<topic>.+)$"
)


def clean(text: str) -> str:
    """Return what was typed without mentions, :emoji:, links' markup and space to spare."""
    text = re.sub(r"<[@#!][^>]*>|(?<!\w)@\w+|:[a-z0-9_+'-]+:", " ", text)
    text = re.sub(r"<(https?://[^|>]+)(?:\|([^>]*))?>", lambda m: m[2] or m[1], text)
    text = re.sub(r"[*_~`]+(?=\w)|(?<=\w)[*_~`]+(?!\w)", "", text)
    return re.sub(r"\s+", " ", text).strip()


def bare(text: str) -> str:
    """Return *text* without "hey", "please", "are you sure?" and marks at its ends, if anything is left."""
    left = _EDGES.sub("", text) or text
    while True:
        shorter = _EDGES.sub("", _DOUBTING.sub("", _POLITE.sub("", left, count=1), count=1))
        if shorter in ("", left):
            return left
        left = shorter


def understand(typed: str) -> Question:
    """
    Return *typed* taken apart.

    Case, accents and punctuation at the end make no difference.
    """
    text = clean(typed)
    folded = _plain(text)
    pasted = pasted_in(text)
    if pasted and _WHOSE.search(_plain(_PASTED.sub(" ", text))):
        return Question(text, Sense.WHO_SAID, quoted=pasted.strip(" \"'?!.,"), topic=pasted)
    for sense, pattern in ((Sense.MENTIONED, _WHERE), (Sense.ABOUT, _SAID_ABOUT)):
        found = pattern.match(folded)
        if found and (who := _person(next(filter(None, found.groups()), ""))):
            return Question(text, sense, who=who, topic=folded)
    who_said = _WHO_SAID.match(folded)
    if who_said and not _OF_ITSELF.match(folded):
        line = who_said["quoted"] or who_said["line"]
        if (who_said["verb"] or "").startswith(("call", "describe", "label", "dub")):
            line = line.removeprefix("it ").removeprefix("as ")
        return Question(text, Sense.WHO_SAID, quoted=line.strip(" \"'?!"), topic=line)
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
    """
    Return the questions in *typed*, without courtesies.

    “What did Roe say and what does the author make of it?” is two.
    """
    text = clean(typed)
    text = bare(text) + "?" * text.endswith("?")
    for split in (_NEXT, _AND):
        found = _carried([x for x in split.split(text) if x.strip()])
        if len(found) > 1 and all(_is_whole(x) for x in found):
            return found
    return [text]


def _is_whole(part: str) -> bool:
    """Tell whether a part is a question by itself: of a sense of its own, or with a topic of its own."""
    asked = understand(part)
    full = _QUESTION_WORD.match(_plain(part)) and len(content_words(asked.topic)) >= SHORTEST_PART
    if wants_words(asked) and not full:
        return False  # "… his exact words please"
    return asked.sense is not Sense.ANY or bool(on_whom(asked)[0]) or bool(full)


def leans(part: str) -> bool:
    """Tell whether a part of a question leans on the one before it: “and what is it building?”."""
    return bool(_LEANING.search(_plain(part)))


def _carried(found: list[str]) -> list[str]:
    """Let “… and about the pier?” ask the same person as the part before it."""
    carried: list[str] = []
    for part in found:
        more = _CARRIED.match(part.strip(" ?!.,"))
        before = understand(carried[-1]) if carried else None
        if more and before and before.sense is Sense.SAID:
            part = f"what did {before.who} say about {more['topic']}"
        elif before and before.who and understand(part).who in ("", "he", "she", "they"):
            part = _HE_SAID.sub("\\g<1>" + before.who, part, count=1)
        carried.append(part)
    return carried


def on_whom(question: Question) -> tuple[str, str]:
    """Return who may be asked about what in “roe on the ferry”: ("roe", "the ferry"), or ("", "")."""
    found = _ON.match(question.topic) if question.sense is Sense.ANY else None
    return (found["who"].strip(), found["topic"]) if found else ("", "")


def pasted_in(typed: str) -> str:
    """Return the quotation that was pasted into *typed*, folded; "" where there is none."""
    found = _PASTED.search(clean(typed))
    return fold(found[1] or found[2]) if found else ""


def wants_words(question: Question) -> bool:
    """Tell whether somebody's very words are asked for: “his exact words please”."""
    return bool(_VERBATIM.search(fold(question.text)))


def _plain(text: str) -> str:
    """Return *text* folded, spelled out, and without "hey" and "please"."""
    plain = re.sub(r"\s+", " ", fold(text)).strip()
    for written, meant in _TYPED:
        plain = written.sub(meant, plain)
    return bare(plain)


def _person(slot: str) -> str:
    """Return the words of a slot that can name somebody, or nothing: "it" and "the drones" do not speak."""
    slot = _LEADING.sub("", slot.strip(" ,'\"?"))
    slot = re.sub(r"'s$|^n't\s+|\s+(?:not|each|both|all)$|^both\s+", "", slot)
    words = slot.split()
    nobody = set(words) <= STOPWORDS - {"may", "will"} or bool(set(words) & _NOBODY)
    if not words or len(words) > 6 or (nobody and not set(words) & _ANYBODY):
        return ""
    return slot


def topic_words(text: str) -> str:
    """Return *text* without the words that ask for words: “exact quote”, “claims”, “reply”."""
    plain = _VERBATIM.sub(" ", _plain(text))
    return _ASKING.sub(" ", plain)


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, folded, in order, each once."""
    words = re.findall(r"\w+(?:'\w+)?", fold(text))
    plain = (re.sub(r"'s?$|'\w+$", "", x) for x in words)
    return [x for x in dict.fromkeys(plain) if x not in STOPWORDS and (len(x) > 1 or x.isdigit())]
