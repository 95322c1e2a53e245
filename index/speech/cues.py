"""The words that report speech: verbs with their forms, nouns, hedges, outlets. Data, and how to read it."""

from __future__ import annotations

import re

# Verbs that report speech by themselves: what follows them is what was said.
SAYING = """
    say tell argue claim insist assert contend maintain allege declare announce suggest report
    warn caution explain acknowledge admit concede confess deny reject dismiss dispute refute rebut
    write tweet retweet testify vow pledge promise threaten predict
    complain lament joke quip boast brag confirm disclose reveal stress emphasize emphasise reiterate
    recount recall remark observe note opine posit propose recommend urge exhort implore beg plead
    demand request accuse blame criticize criticise denounce condemn slam blast deride mock ridicule
    praise hail laud commend applaud congratulate assure reassure apologize apologise speculate hint
    imply signal swear proclaim pronounce profess intone blurt shout yell cry scream whisper mutter
    murmur grumble gripe fume rage scoff sneer snap bark chide scold berate lambaste excoriate lash
    assail castigate decry bemoan advise counsel instruct inform notify brief
    blog advocate allege chastise rebuke admonish tout extol quibble fulminate bluster gush opine
    hypothesize hypothesise theorize theorise posit concur elaborate clarify recommend affirm reaffirm
    underscore champion describe compare liken characterize characterise vouch attest relate recite
    """.split()
# Verbs that report speech only beside a quotation, "that" or a colon.
BESIDE_QUOTATION = """
    add reply respond retort counter answer state call continue begin start conclude offer ask post
    inquire wonder describe characterize characterise liken compare label brand dub term address
    speak talk comment discuss mention cite quote read put think believe hope feel fear worry expect
    consider find show point summarize summarise sum charge challenge defend endorse express voice
    echo repeat interject chime agree disagree object protest muse reflect remember invoke question
    declare joke rail rant vent thunder warn argue write laugh sigh deadpan
    identify detail outline tease crow chuckle snipe sniff marvel allude caption headline title portray
    depict joke shrug grouse wail moan gloat parry riff drawl beam admit enthuse venture volunteer
    signal illustrate document log press needle grin scowl drone preach lecture testify cheer jeer
    """.split()
IRREGULAR = {
    "say": "says said saying", "tell": "tells told telling", "write": "writes wrote written writing",
    "begin": "begins began begun beginning", "speak": "speaks spoke spoken speaking",
    "put": "puts put putting", "think": "thinks thought thinking", "find": "finds found finding",
    "go": "goes went going", "swear": "swears swore swearing", "feel": "feels felt feeling",
    "see": "sees saw seen seeing", "hold": "holds held holding", "read": "reads read reading",
    "hear": "hears heard hearing", "cast": "casts cast casting", "hit": "hits hit hitting",
    "shoot": "shoots shot shooting", "show": "shows showed shown showing",
}  # fmt: skip
DOUBLING = frozenset("quip admit beg snap brag refer rebut blog log".split())


def forms(verb: str) -> set[str]:
    """Return the inflected forms of *verb*, itself included."""
    if verb in IRREGULAR:
        return {verb, *IRREGULAR[verb].split()}
    stem = verb + verb[-1] if verb in DOUBLING else verb
    if verb.endswith("e"):
        return {verb, verb + "s", verb + "d", verb[:-1] + "ing"}
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return {verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    s = "es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s"
    return {verb, verb + s, stem + "ed", stem + "ing"}


STRONG = frozenset(f for verb in SAYING for f in forms(verb))
WEAK = frozenset(f for verb in BESIDE_QUOTATION for f in forms(verb)) - STRONG


def is_cue(word: str) -> bool:
    """Tell whether a folded *word* reports speech: it says how something was said, and not what."""
    return word in STRONG or word in WEAK


# Forms that are as often nouns: they need a speaker directly before them.
NOUNLIKE = frozenset(
    f
    for verb in """claim report comment tweet promise note post call demand charge request answer
        reply praise warn joke attack question challenge hope fear view talk start address blame point
        threat read cast counter brief object signal label brand press push fire state dispute
        quote mock complain hail blast slam rail rage cry shout yell snap hit sign whisper
        address remark argue rank press hold show find see blog detail outline tease crow caption
        headline title log cheer drone venture volunteer document beam shrug moan wail sigh laugh
        champion relate needle marvel joke lecture press sniff snipe rebuke""".split()
    for f in (verb, verb + "s", verb + "es")
)

BARE = frozenset(SAYING + BESIDE_QUOTATION) - {"put", "read", "cast", "hit"}

# "X's claim that", "in X's words", "a statement from X".
SPEECH_NOUN = re.compile(
    r"(?:statement|claim|comment|remark|assertion|argument|suggestion|allegation|accusation|promise|pledge|"
    r"vow|threat|warning|response|reply|answer|tweet|post|message|letter|memo|speech|testimony|declaration|"
    r"announcement|denial|complaint|insistence|contention|view|opinion|word|phrase|description|question|"
    r"plea|call|demand|admission|verdict|assessment|prediction|interview|op-ed|column|essay)s?$"
)
HUMAN = re.compile(
    r"(?:official|spokesman|spokeswoman|spokesperson|aide|adviser|advisor|president|minister|premier|"
    r"senator|governor|mayor|ambassador|envoy|diplomat|lawmaker|congressman|congresswoman|congressmen|"
    r"representative|leader|chief|director|secretary|chairman|chairwoman|chair|commander|general|officer|"
    r"colonel|soldier|analyst|expert|economist|historian|professor|scholar|scientist|researcher|doctor|"
    r"lawyer|attorney|prosecutor|judge|justice|critic|supporter|opponent|ally|allies|activist|organizer|"
    r"organiser|campaign|candidate|nominee|rival|voter|resident|neighbor|neighbour|witness|witnesses|"
    r"source|people|person|man|woman|men|women|reporter|journalist|columnist|author|editor|writer|"
    r"anchor|host|moderator|operative|strategist|consultant|pollster|donor|executive|manager|employee|"
    r"worker|owner|investor|trader|banker|businessman|businesswoman|coach|player|captain|actor|singer|"
    r"pastor|priest|bishop|pope|king|queen|prince|princess|wife|husband|mother|father|son|daughter|"
    r"brother|sister|friend|colleague|student|teacher|veteran|officials|police|government|ministry|"
    r"department|administration|company|agency|bank|court|committee|commission|council|party|group|"
    r"union|organization|organisation|association|statement|report|study|survey|poll|document|memo|"
    r"letter|lawsuit|filing|email|article|editorial|paper|newspaper|magazine|network|station|team|"
    r"Democrat|Republican|conservative|liberal|progressive|others|some|many|several|"
    r"member|participant|attendee|founder|partner|treasurer|emir|chancellor|delegate|superintendent|"
    r"someone|somebody|everyone|everybody|grandmother|grandfather|aunt|uncle|niece|nephew|cousin|boss|reader|administrator|colleague|deputy|office|family|neighbo?ur|insider|observer|user|commenter|commentator|blogger|panelist|caller|viewer|listener|customer|passenger|tourist|farmer|driver|neighbor|actress|spokespeople)s?$",
    re.IGNORECASE,
)
OUTLET = re.compile(
    r"\b(?:Times|Post|Journal|News|Guardian|Reuters|Herald|Tribune|Gazette|Globe|Telegraph|Independent|"
    r"Economist|Atlantic|Politico|Axios|Bloomberg|CNN|BBC|NBC|CBS|ABC|MSNBC|NPR|PBS|AFP|AP|Associated Press|"
    r"Press|Magazine|Weekly|Daily|Radio|Television|TV|Review|Chronicle|Observer|Mail|Standard|Courier|Record|"
    r"Register|Sun|Star|Mirror|Monde|Figaro|Spiegel|Zeitung|País|Newsweek|Time|Vox|Slate|Salon|Breitbart|"
    r"BuzzFeed|HuffPost|Affairs|Inquirer|Dispatch|Sentinel|Examiner|Enquirer|Intelligencer|Bulletin|Ledger|"
    r"Monitor|Outlook|Semafor|Bulwark|Intercept|Substack|Podcast|Nikkei|Xinhua|Tass|TASS|Interfax|Jazeera)\b"
)

ADVERBS = frozenset(
    """
    also long rightly yet then later now once again often sometimes always repeatedly still
    already just even only first previously earlier further instead simply merely flatly bluntly
    reportedly famously too recently today yesterday tonight tomorrow soon ever since thus so
    subsequently both all itself himself herself themselves monday tuesday wednesday thursday friday
    saturday sunday
    """.split()
)
PERFECT = frozenset("has have had having 've 'd ’ve ’d".split())
PASSIVE = frozenset("is are was were be been being get gets got gotten am".split())
MODAL = frozenset(
    "would could might may should can will shall must ought cannot won't can't couldn't".split()
)
NEGATION = frozenset(
    "not never hardly scarcely n't no nor neither didn't doesn't don't hasn't haven't hadn't won't wouldn't "
    "can't couldn't".split()
)
# "declined to say" is silence; "went on to say" is speech.
SILENT = re.compile(
    r"(?:declin|refus|fail|want|ne?ed|tr|try|hesitat|unwilling|reluctant|unable|seek|sought|hop|plan|expect)"
)
CONTINUING = frozenset(
    "went go goes going on continued continues began begins started proceeded rushed hastened quick quoted "
    "as took takes turned came chose dared".split()
)
HE = frozenset("he she they".split())
HIM = {"him": "he", "her": "she", "them": "they"}
WRITER = frozenset("i we you it there one this that these those which who what me us".split())
DETERMINERS = frozenset(
    "a an the his her their its our my your this that these those some any every each no".split()
)
PREPOSITIONS = frozenset(
    """of for from in at with to by on about under over against near around inside outside among between
    through during within behind into onto across after before since like as than via per""".split()
)
# What may stand between an unsaid statement and its speaker: "if", "no evidence that", "I wish".
UNSAID = re.compile(
    r"\b(?:if|whether|unless|wish|wishes|wished|imagine|imagines|suppose|supposing|pretend|as though|"
    r"not true that|untrue that|no evidence that|nothing suggests that|no sign that|deny that|denied that|"
    r"denies that|neither|either)\b"
    r"|\b(?:false|wrong|doubtful|unlikely|implausible|unthinkable|impossible|unproven|lie|myth|fiction|"
    r"rumou?rs?|falsehood|hoax|invention)(?:\s+is)?\s+that\s*$"
    r"|\bdoubt(?:s|ed|ful)?(?:\s+that)?\s*$|\b(?:maybe|perhaps|let|without|instead of|rather than)\s*$"
    r"|\bno\s+(?:record|sign|trace|proof|evidence|account|recording|recollection)\s+(?:of|that)\s*$"
    r"|\b(?:never|not|nobody|no\s+one|no\s+\w+|none|nor|\w+n't)\s+(?:\w+\s+){0,3}?(?:believ|think|thought|"
    r"suppos|imagin|confirm|prove|claim|suggest|recall|remember|hear|show|indicat|mean)\w*(?:\s+that)?\s*$"
    r"|\b(?:not\s+once|at\s+no\s+point|nowhere|never)\s+(?:has|have|had|did|does|do)\s*$",
    re.IGNORECASE,
)
# A claim of which its sentence says that it is none: “the claim that Roe said so is false”.
CLAIMED = re.compile(
    r"\b(?:claim|report|story|idea|notion|suggestion|allegation|assertion|rumou?r|tale)s?\s+that\s*$",
    re.IGNORECASE,
)
UNTRUE = re.compile(
    r"\b(?:is|are|was|were|be|been)\s+(?:\w+ly\s+)?(?:false|wrong|untrue|not\s+true|fiction|invented|"
    r"unfounded|baseless|nonsense|an?\s+(?:\w+\s+)?(?:lie|myth|fiction|invention|fabrication|hoax))\b",
    re.IGNORECASE,
)
SUBORDINATE = frozenset(
    """when while after because since although though whereas until before if who whom which as""".split()
)
TELLING = frozenset("tell tells told telling".split())
RELAYING = frozenset("quote quotes quoted quoting cite cites cited citing".split())
HEARING = frozenset("hear hears heard see saw watched let lets made".split())
