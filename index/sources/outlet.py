"""The outlet or person whose text a paragraph introduces ("as Jane Roe writes in the Gazette:"). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.segment import sentences

# Characters of a paragraph that are looked at: its last sentence is in them, and hostile text stays cheap.
LONGEST = 600

# Words that tell an outlet's name from a person's, a place's or an office's.
OUTLET_WORD = re.compile(
    r"\b(?:AFP|AP|Argus|Atlantic|Axios|BBC|Bloomberg|Bulletin|Bulwark|CBS|CNN|Chronicle|Courier"
    r"|Daily|Dispatch|Economist|Examiner|FT|Figaro|Foreign Affairs|Foreign Policy|Forbes"
    r"|Gazette|Globe|Guardian|Haaretz|Herald|Independent|Inquirer|Intercept|Interfax"
    r"|Jazeera|Journal|Lancet|Lawfare|Ledger|MSNBC|Magazine|Messenger|Monde"
    r"|Monitor|NBC|NPR|NYT|New Republic|News|Newsletter|Newsweek|Observer|PBS"
    r"|País|Podcast|Politico|POLITICO|Post|Press|ProPublica|Radio|Repubblica"
    r"|Reuters|Review|Semafor|Sentinel|Slate|Spectator|Spiegel|Statesman|Substack"
    r"|TASS|Telegraph|Times|Tribune|Verge|Vox|WSJ|Weekly|Wired|Xinhua|Yorker|Zeit|Zeitung)\b(?!-)"
)

# Written with a capital only because a sentence starts with them, or no part of a name.
_NO_NAME = (
    r"(?!(?:A|According|After|Again|All|Also|An|And|As|At|Because|Before|But|By|Even|First|For|From|He|Her|Here|His"
    r"|How|However|I|If|In|Indeed|It|Its|Later|Meanwhile|Mr|Mrs|Ms|My|Nor|Now|Of|On|Once|One|Or|Our|Perhaps|Per|She"
    r"|Since|So|Some|Still|That|The|Their|Then|There|These|They|This|Those|Though|Thus|To|Today|Via|We|What|When"
    r"|Where|While|Who|Why|With|Yesterday|Yet|You|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January"
    r"|February|March|April|June|July|August|September|October|November|December)\b)"
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_WORD = rf"\b{_NO_NAME}{_CAPITAL}(?:\.{_CAPITAL})*[\w&-]*(?:['’]{_CAPITAL}\w+)?(?:\.(?=\s+{_CAPITAL}))?"
_PARTICLE = r"(?:of|for|and|de|del|della|der|van|von|la|le|du|al|el|bin|&)"
NAME = rf"{_WORD}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{_WORD})*"
_VERB = (
    r"(?:add(?:s|ed)|argue[sd]?|conclude[sd]?|continue[sd]|describe[sd]?|explain(?:s|ed)?|note[sd]?|observe[sd]?"
    r"|post(?:s|ed)|puts?|recall(?:s|ed)?|recount(?:s|ed)?|repl(?:y|ies|ied)|report(?:s|ed)?|sa(?:ys?|id)"
    r"|state[sd]|summari[sz]e[sd]?|tweet(?:s|ed)|warn(?:s|ed)?|writes?|wrote"
    r"|ha[sd] (?:argued|noted|reported|written))\b"
)
# What may stand between an introducing verb and its colon: no further clause.
_TAIL = r"(?!\s+that\b)[^,;:]{0,80}:$"
_THE = r"(?P<the>[Tt]he\s+)?"
# What may stand between an outlet and its reporter: "chief economics commentator, Jane Roe".
_OFFICE = r"(?:(?!(?:about|and|at|for|from|has|in|is|of|on|to|was|with)\b)[\w-]+,?\s+){0,4}?"

# An outlet is found by its name in these places; a person by these and no "the".
POSSESSIVE = re.compile(rf"(?P<name>{NAME})['’]s?(?=\s+{_OFFICE}{_WORD})")
PLACE = re.compile(
    r"\b(?:at|by|for|from|in|of|on|per|[Aa]ccording to)\s+(?:(?:an?|\w+day['’]s|the|this|today['’]s)\s+)?"
    rf"(?P<name>{NAME})"
)
REPORTED = re.compile(rf"(?P<name>{NAME})\s+(?:\w+ly\s+)?{_VERB}")
ALONE = re.compile(rf"^(?:The\s+)?(?P<name>{NAME}):$")
FROM = re.compile(
    rf"\b(?:[Aa]ccording to|better than|[Ff]rom|[Pp]er|words of)\s+{_THE}(?P<name>{NAME})"
    rf"(?:\s+(?:on|last|this|yesterday|today)\b[^,;:]*)?:$"
)
HERE = re.compile(rf"\b[Hh]ere(?:['’]s|\s+(?:again\s+)?(?:is|are|was))\s+{_THE}(?P<name>{NAME}){_TAIL}")
SUBJECT = re.compile(rf"{_THE}(?P<name>{NAME})(?:,[^,:]{{1,80}})?,?\s+(?:\w+ly\s+)?{_VERB}{_TAIL}")
INVERTED = re.compile(rf"\b(?i:{_VERB})\s+{_THE}(?P<name>{NAME}){_TAIL}")
INTRODUCTIONS = (FROM, HERE, INVERTED, SUBJECT)

# The columnist's own next point, whoever else is named before the colon.
OWN_POINT = re.compile(
    r"\b(?:one|two|three|four|five|six|several|a few|some|many|couple of|these|other)\s+(?:\w+\s+)?"
    r"(?:answers?|caveats?|facts?|groups?|kinds?|lessons?|options?|points|possibilities|problems?|questions?"
    r"|reasons?|sorts?|things?|thoughts?|types?|ways?)\b"
    r"|\b(?:my|our)\s+(?:\w+\s+)?(?:advice|answer|guess|objection|point|prediction|question|reply|response|view)\b"
    r"|\b(?:I|we)\s+(?:\w+\s+)?(?:answered|argued|asked|disagree|doubt|explained|noted|object|posted|replied"
    r"|responded|said|say|suspect|think|told|tweeted|would|write|wrote)\b",
    re.IGNORECASE,
)


def introduced_outlet(paragraph: str, before: Sequence[str] = ()) -> str | None:
    """
    Return whose text the last sentence of *paragraph* introduces: an outlet before a person.

    None where it introduces nobody's, or the columnist's own next point. A surname that only starts the
    sentence is taken for one where *paragraph*, or one of those *before* it, has it inside a sentence.
    """
    end = paragraph[-LONGEST:]
    spans = sentences(end)
    last = end[spans[-1].start : spans[-1].end] if spans else ""
    if OWN_POINT.search(last):
        return None
    return _outlet(last) or _person(last, [*before, paragraph])


def handed_over(paragraph: str, before: Sequence[str] = ()) -> str | None:
    """Return whose text follows *paragraph* without any markup: it ends in a colon, not in a quotation."""
    is_open = paragraph.count("“") > paragraph.count("”") or paragraph.count('"') % 2 == 1
    return introduced_outlet(paragraph, before) if paragraph.endswith(":") and not is_open else None


def _outlet(sentence: str) -> str | None:
    patterns = (POSSESSIVE, PLACE, REPORTED, *INTRODUCTIONS, ALONE)
    names = (found["name"] for pattern in patterns for found in pattern.finditer(sentence))
    return next((name for name in names if OUTLET_WORD.search(name)), None)


def _person(sentence: str, paragraphs: Sequence[str]) -> str | None:
    for pattern in INTRODUCTIONS:
        for found in pattern.finditer(sentence):
            name = found["name"]
            certain = " " in name or found.start("name") > 0 or _is_name(name, paragraphs)
            if certain and not found["the"]:
                return str(name)
    return None


def _is_name(word: str, paragraphs: Sequence[str]) -> bool:
    """Tell whether *word*, which starts a sentence, has its capital inside a sentence too."""
    inside = re.compile(rf"(?<=[\w,’'] ){re.escape(word)}\b")
    return any(inside.search(paragraph) for paragraph in paragraphs)
