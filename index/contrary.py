"""What in a text speaks against its being the answer: a denial, an opposite, another number. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from index.retriever import stem
from index.segment import STOPWORDS, fold

# Words on one side of a stroke are opposites of those on the other.
_OPPOSITES = """
    increase grow rise gain climb raise / decrease fall decline drop diminish reduce lose sink
    expand grow / shrink contract
    win triumph victory / lose defeat loss
    succeed success pass / fail failure
    allow permit enable legal legalise legalize / forbid prohibit ban prevent outlaw illegal
    accept approve adopt agree endorse / reject refuse decline oppose veto disagree
    support favour favor defend praise promote / oppose attack condemn criticize criticise resist
    supporter ally friend partner / opponent critic enemy foe rival
    begin start launch / end finish stop cease
    open / close
    found establish create introduce / abolish dissolve destroy close
    beginning / end
    first early earlier earliest original / last late later latest final
    before precede predecessor / after follow successor
    north northern northernmost / south southern southernmost
    east eastern easternmost / west western westernmost
    northeast northeastern / southwest southwestern
    northwest northwestern / southeast southeastern
    upper high higher highest / lower low lowest
    up above top upward upstream / down below bottom downward downstream
    ascend / descend
    inside inner internal interior indoor / outside outer external exterior outdoor
    enter arrive join / leave depart quit exit
    import / export
    large larger largest big bigger biggest great greater greatest huge / small smaller smallest little tiny
    long longer longest tall taller tallest / short shorter shortest
    wide wider broad / narrow
    deep deeper / shallow
    thick / thin
    heavy heavier heaviest / light lighter lightest
    strong stronger strongest strength strengthen / weak weaker weakest weakness weaken
    hard difficult / easy simple
    fast faster fastest quick quickly rapid rapidly / slow slower slowest slowly gradual gradually
    hot hotter hottest warm warmer heat / cold colder coldest cool cooler
    wet humid moist / dry
    old older oldest elder eldest ancient / new newer newest young younger youngest modern
    rich richer richest wealthy / poor poorer poorest
    cheap cheaper cheapest / expensive costly costlier
    good better best / bad worse worst
    positive / negative
    benefit advantage / harm disadvantage drawback
    most / least fewest
    more / less fewer
    many / few
    maximum / minimum
    majority / minority
    all every / none
    always often frequently / never rarely seldom
    common frequent usual / rare uncommon unusual
    major primary main / minor secondary
    complex complicated / simple
    public / private
    domestic native / foreign
    urban / rural
    male man men boy / female woman women girl
    build construct erect / demolish destroy dismantle
    add include insert / remove exclude omit subtract
    contain include / lack
    give send deliver / take receive
    buy purchase / sell
    borrow / lend
    teach / learn
    hire employ appoint elect / dismiss fire sack
    unite combine connect join attach merge / divide separate disconnect split detach
    together / apart
    push / pull
    fill full / empty
    active / passive inactive dormant
    alive / dead
    birth born / death died
    war / peace
    true / false
    right correct / wrong incorrect
    remember / forget
    keep retain / lose abandon
    save / spend waste
    show reveal / hide conceal
    encourage / discourage
    help aid / hinder
    improve / worsen
    innate / adaptive acquired
    solid / liquid
    day / night
    summer / winter
    land / sea
    known / unknown
    presence present / absence absent
    same similar / different
    equal / unequal
    invade occupy / withdraw evacuate
    free release liberate / capture imprison enslave arrest
    conservative / liberal
    deny / admit confirm
    prove / disprove refute
    believe trust / doubt distrust
    innocent acquit / guilty convict
    hope / fear
    optimist optimistic / pessimist pessimistic
    happy / sad unhappy
    quiet / loud
    clean / dirty polluted
    bright / dark
    natural / artificial synthetic
    permanent / temporary
    absolute / relative
    direct / indirect
    formal / informal
    civilian / military
    offensive attacker / defensive defender
    accelerate hasten / delay slow
    advance / retreat
    absorb / emit
    attract / repel
    melt / freeze
    inhale / exhale
    load charge / unload discharge
    predator / prey
    ancestor / descendant
    senior / junior
    horizontal / vertical
    convex / concave
    even / odd
    amateur / professional
    teacher / student pupil
    employer / employee
    buyer / seller
    winner / loser
    landlord / tenant
    creditor / debtor
    plaintiff prosecution / defendant defence defense
    cause / effect
    input / output
    supply / demand
    profit / loss
    asset / liability
    possible / impossible
    able capable / unable incapable
    safe / dangerous
    oxidize oxidise / reduce
"""
# Of each line a thing is one or the other.
_CLASSES = """
    january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday
    spring summer autumn winter
    morning noon afternoon evening night midnight
    century decade year month week day hour minute
    first second third fourth fifth sixth seventh eighth ninth tenth last
    red blue green yellow black white brown orange purple pink grey gray
    gold silver bronze copper iron steel tin lead zinc aluminium aluminum brass nickel
    oxygen nitrogen hydrogen helium carbon sulphur sulfur chlorine
    africa asia europe australia antarctica america
    north south east west
    father mother son daughter brother sister uncle aunt wife husband nephew niece cousin
    king queen prince princess duke emperor president chancellor governor mayor senator
    bishop priest pope monk nun rabbi imam
    christian muslim jewish hindu buddhist
    catholic protestant orthodox
    physics chemistry biology medicine mathematics geology astronomy economics
    kilometre kilometer mile metre meter foot inch
    army navy
    dog cat horse cow sheep pig goat
    novel poem play opera film song
"""
_IRREGULAR = {
    "rose": "rise", "risen": "rise", "fell": "fall", "fallen": "fall", "grew": "grow", "grown": "grow",
    "won": "win", "lost": "lose", "began": "begin", "begun": "begin", "left": "leave", "kept": "keep",
    "built": "build", "bought": "buy", "sold": "sell", "gave": "give", "given": "give", "took": "take",
    "taken": "take", "sent": "send", "shrank": "shrink", "hid": "hide", "hidden": "hide", "lent": "lend",
    "taught": "teach", "spent": "spend", "forbade": "forbid", "forbidden": "forbid", "sank": "sink",
}  # fmt: skip
_DENIAL = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|except|fail\w*|lack\w*|refus\w*|unable|"
    r"rarely|hardly|seldom)\b|n't\b"
)
_NUMBER = re.compile(
    r"\d[\d,.]*\d|\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half|dozen)\b"
)
_PREFIXES = ("un", "in", "im", "dis", "non", "ir", "il")
_SHORTEST = 4  # letters of a word that a prefix makes an opposite of: "known", not "to" and "into"


def contrary(question: str, text: str) -> bool:
    """
    Tell whether *text* says something against *question*: what is asked is denied, and nothing in the text
    is; or the text has an opposite of one of its words, or another thing of its kind, in the word's place.
    """
    asked, told = fold(question), fold(text)
    return bool(_DENIAL.search(asked) and not _DENIAL.search(told)) or _turned(asked, told)


def numbers(text: str) -> frozenset[str]:
    """Return the numbers and years in *text* as they are written there, "one" left out."""
    return frozenset(_NUMBER.findall(fold(text)))


def _turned(asked: str, told: str) -> bool:
    words, there = _stems(asked), _stems(told)
    gone, new = words - there, there - words
    if any(_OPPOSITE[word] & new for word in gone if word in _OPPOSITE):
        return True
    return any(kind & gone and kind & new for kind in _KINDS) or _negated(asked, told)


def _negated(asked: str, told: str) -> bool:
    """Tell whether one says "known" where the other says "unknown"."""
    words, there = set(re.findall(r"\w+", asked)) - STOPWORDS, {stem(w) for w in re.findall(r"\w+", told)}
    return any(stem(w) not in there and stem(x) in there for w in words for x in _with_prefix(w))


def _with_prefix(word: str) -> Iterator[str]:
    for prefix in _PREFIXES:
        if len(word) >= _SHORTEST:
            yield prefix + word
        if word.startswith(prefix) and len(word) >= len(prefix) + _SHORTEST:
            yield word.removeprefix(prefix)


def _stems(folded: str) -> frozenset[str]:
    words = (re.sub(r"'\w*$", "", x) for x in re.findall(r"\w+(?:'\w+)?", folded))
    return frozenset(stem(_IRREGULAR.get(w, w)) for w in words)


def _opposites() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in _OPPOSITES.strip().splitlines():
        one, other = (_stems(side) for side in line.split("/"))
        for word in one:
            found[word] |= other
        for word in other:
            found[word] |= one
    return {word: frozenset(opposites) for word, opposites in found.items()}


_OPPOSITE = _opposites()
_KINDS = [_stems(line) for line in _CLASSES.strip().splitlines()]
