"""Names in running text, and which of them mean one person. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from index.segment import fold

# A word keeps its inner apostrophes, hyphens and full stops (O'Neill, al-Assad, U.S., J.), not its 's.
WORD = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Sens?|Reps?|Gov|Gen|Lt|Col|Capt|Sgt|Prof|Rev|Hon|St|Jr|Sr|Del|Atty|Adm|Maj|Messrs|Supt)\."
    r"|"
    r"(?:[^\W\d_]\.){2,}"  # U.S., J.D.
    r"|[^\W\d_]\.(?=\s+[^\W\d_])"  # an initial
    r"|\w+(?:[-‐‑]\w+|[’'](?!s\b)\w+)*"
)
PARTICLES = frozenset("de del der den di da dos du la le van von bin ibn al el ten ter zu".split())
TITLES = frozenset(
    """
    mr mrs ms miss dr sir dame lord lady prof professor president vice premier minister prime chancellor
    secretary deputy assistant undersecretary senator sen sens representative rep reps congressman
    congresswoman del delegate assemblyman assemblywoman atty messrs supt
    governor gov lieutenant lt mayor speaker chairman chairwoman chair leader director ambassador envoy
    general gen admiral adm colonel col captain capt major maj sergeant sgt judge justice attorney king
    queen prince princess pope cardinal archbishop bishop rabbi imam sheikh ayatollah emir commissioner
    commander chief officer executive ceo cfo analyst economist historian columnist reporter
    correspondent editor author host spokesman spokeswoman spokesperson coach sheriff detective
    inspector superintendent councilman councilwoman alderman candidate nominee strategist pollster
    republican democrat democratic independent libertarian labour conservative tory socialist
    pm secretary-general potus
    ex-president then-president co-founder founder co-chair father sister brother saint exchequer
    """.split()
)
# Titles that are surnames as often: "Martin King".
SURNAMES = frozenset("king queen prince pope bishop judge major speaker".split())
# They stand before a title and are none: "Foreign Minister Jane Roe", but "the Foreign Ministry".
MODIFIERS = frozenset("foreign defense defence interior finance treasury state press former".split())
HONORIFICS = frozenset("mr mrs ms miss dr sir dame".split())
# They tell a son from his father and are no surname: "John Roe Jr."
SUFFIXES = frozenset("jr sr ii iii iv".split())
# Words that begin a sentence with a capital and are no names.
OPENERS = frozenset(
    """
    a about above according across after afterward again against all almost along already also
    although always amid among an and another any anyone anything apart are around as aside at away
    back be because been before behind being below beneath beside besides between beyond both but by
    can clearly contrary consider could currently despite did do does during each earlier either
    else even eventually ever every everyone everything except few finally first for formerly
    fortunately frankly from generally given had has have having he hence her here hers herself him
    himself his how however i if imagine in indeed inside instead into is it its itself just last
    lastly later least less let like likewise little look many maybe me meanwhile might more
    moreover most much must my near nearly neither never nevertheless next no nobody none nor not
    nothing notably now obviously of off often on once one only onto or other others otherwise our
    ours out outside over part per perhaps please quite rather really recall recently regardless
    same second see several shall she should since so some somebody someone something sometimes soon
    suppose supposing assume assuming
    still such than that the their theirs them then there thereafter therefore these they thing
    think this those though three through throughout thus till to today together tomorrow tonight
    too toward towards two under unfortunately unless unlike until up upon us usually very was we
    were what whatever when whenever where whereas wherever whether which while who whoever whom
    whose why will with within without would yes yesterday yet you your yours four five six seven
    eight nine ten eleven twelve fifteen nineteen twenty thirty forty fifty hundred hundreds
    thousand thousands million millions billion dozens hours days weeks months years monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august
    september october november december mon tue wed thu fri sat sun
    """.split()
)
DEMONYM = re.compile(
    r"(?:ish|ian|ean|ese|can|isch|dutch|french|greek|swiss|german|iraqi|israeli|saudi|qatari)$"
)


class Name(NamedTuple):
    """A name as it stands: ``text[start:end]``; *words* are its parts, titles left out."""

    start: int
    end: int
    words: tuple[str, ...]

    @property
    def full(self) -> str:
        """The name as one string."""
        return " ".join(self.words)


def names(text: str, known: Container[str] = ()) -> list[Name]:
    """
    Return the names in *text*, in order, without the titles and nationalities before them.

    "Polish Prime Minister Donald Tusk" is the name "Donald Tusk". Places and organisations are names too:
    whether one of them speaks is for its verb to tell. A word that is also a month or a title ("May",
    "King") is a name by itself only where it is *known* for one, folded.
    """
    found: list[Name] = []
    run: list[re.Match[str]] = []
    for word in [*WORD.finditer(text), None]:
        if word and run and _continues(text, run, word):
            run.append(word)
            continue
        if run:
            found += _name(run, known)
        run = [word] if word and _is_capital(word[0]) else []
    return found


def _is_capital(word: str) -> bool:
    # "al-Assad", "d'Estaing": the capital may stand behind a particle.
    return word[0].isupper() or (word[:3] in ("al-", "el-") and word[3:4].isupper())


def _continues(text: str, run: list[re.Match[str]], word: re.Match[str]) -> bool:
    if text[run[-1].end() : word.start()] not in (" ", "\u00a0"):
        return False
    if _is_capital(word[0]):
        return True
    # "Ursula von der Leyen", "Mohammed bin Salman": a particle only between two capitals.
    rest = re.match(r"(?:\w+\s+){0,2}?\w*[A-ZÀ-Þ]", text[word.start() :])
    return word[0] in PARTICLES and rest is not None


def _name(run: list[re.Match[str]], known: Container[str]) -> list[Name]:
    """Return the run as a name without what only leads up to it, or nothing."""
    if len(run) == 1 and fold(run[0][0]) in known:
        return [Name(run[0].start(), run[0].end(), (run[0][0],))]
    while run and (run[0][0].casefold() in OPENERS or run[0][0] in PARTICLES):
        run = run[1:]
    while run and run[-1][0] in PARTICLES:
        run = run[:-1]
    polite = bool(run) and run[0][0].rstrip(".").casefold() in HONORIFICS
    run = run[1:] if polite else run
    if len(run) > 2 and run[0][0].casefold() in MODIFIERS:
        run = run[1:]  # "Secretary of State Jane Roe": "of" has parted the title
    last_title = max((i for i, w in enumerate(run) if w[0].casefold().rstrip(".") in TITLES), default=-1)
    if last_title < len(run) - 1:
        run = run[last_title + 1 :]
    if len(run) > 1 and DEMONYM.search(run[0][0].casefold()) and len(run) > 2:
        run = run[1:]
    if not run or (len(run) == 1 and not polite and _says_nothing(run[0][0])) or _is_office(run):
        return []
    return [Name(run[0].start(), run[-1].end(), tuple(w[0] for w in run))]


def _is_office(run: list[re.Match[str]]) -> bool:
    """Tell whether a run is “Polish PM” or “Foreign Minister”, which name nobody."""
    *before, last = (word[0].casefold() for word in run)
    leading = all(w in TITLES or w in MODIFIERS or DEMONYM.search(w) for w in before)
    return last in TITLES and last not in SURNAMES and leading


def _says_nothing(word: str) -> bool:
    low = word.casefold()
    return len(low) < 2 or low in OPENERS or low in TITLES


@lru_cache(maxsize=200_000)
def is_description(label: str) -> bool:
    """Tell whether a speaker's label describes and does not name: "a spokesman for Jane Roe"."""
    words = label.split()
    lower = words[0][:1].islower() and words[0] not in PARTICLES and not _is_capital(words[0])
    return lower or any(x in ("for", "who", "with", "to", "from", "at") for x in words[1:])


def after_preposition(text: str, name: Name) -> bool:
    """Tell whether a preposition stands before *name* and its titles: "by Dr Jane Roe"."""
    before = re.findall(r"[\w’'.-]+|[^\w\s]", text[max(0, name.start - 60) : name.start])
    while before and before[-1].casefold().rstrip(".") in TITLES | HONORIFICS | {"the"}:
        before.pop()
    return bool(before) and before[-1].casefold() in (
        "of",
        "for",
        "from",
        "in",
        "at",
        "with",
        "to",
        "by",
        "on",
        "about",
        "under",
        "over",
        "like",
        "than",
        "near",
    )


class Roster:
    """
    Who is who in one article: short names stand for the one full name that ends with them.

    Where two full names share a surname (two Johnsons), the bare surname stays what it is.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.counts: Counter[str] = Counter(name.full for text in texts for name in names(text))
        self._full: Mapping[str, list[str]] = self._by_last_word()
        # Surnames of people whom the article names in full: "May" after "Theresa May" is she.
        self.surnames = frozenset(self._full)

    def _by_last_word(self) -> Mapping[str, list[str]]:
        by_last: dict[str, list[str]] = defaultdict(list)
        for full in self.counts:
            if " " in full:
                by_last[surname(full)].append(full)
        return by_last

    def family(self, surname: str) -> list[str]:
        """Return the full names in the article that end with *surname*."""
        return self._full.get(fold(surname), [])

    def is_person(self, full: str) -> bool:
        """Tell whether the article calls *full* by the last name alone, too, as it does with people."""
        words = full.split()
        return len(words) > 1 and words[-2 if parts(full).suffix else -1] in self.counts

    def resolve(self, name: str) -> str:
        """Return the fullest form of *name* in the article where it is safe, else *name* itself."""
        if " " in name:
            return name
        fuller = self._full.get(fold(name), [])
        elder = [full for full in fuller if not parts(full).suffix]  # "Roe" is seldom John Roe Jr.
        distinct = {fold(full): full for full in elder or fuller}
        longest = max(distinct.values(), key=len, default=name)
        same = all(_contains(longest, other) for other in distinct.values())
        return longest if same and len(longest.split()) <= 4 else name


def _contains(full: str, part: str) -> bool:
    return set(fold(part).split()) <= set(fold(full).split())


class Parts(NamedTuple):
    """A name taken apart, folded: first and middle names, the surname's last word, "jr" or nothing."""

    given: tuple[str, ...]
    surname: str
    suffix: str = ""


@lru_cache(maxsize=200_000)
def parts(name: str) -> Parts:
    """
    Return *name* taken apart.

    Initials that follow each other are one given name ("J. D." and "J.D." are "JD"); particles are none.
    """
    joined = re.sub(r"(?<![^\W\d_])([^\W\d_])\.? ?(?=[^\W\d_](?:\.|\s))", r"\1", fold(name)).replace(".", "")
    words = joined.split()
    suffix = words.pop() if len(words) > 1 and words[-1] in SUFFIXES else ""
    if not words:
        return Parts((), "", suffix)
    return Parts(tuple(w for w in words[:-1] if w not in PARTICLES), words[-1], suffix)


def surname(name: str) -> str:
    """Return the last word of *name*, folded, "Jr." left out."""
    return parts(name).surname


def same_person(one: str, other: str) -> bool:
    """
    Tell whether two names can be one person's: the last words agree and no first name speaks against it.

    A description ("a spokesman for Jane Roe") is nobody's name.

    "Tusk" and "Donald Tusk" can; "Boris Johnson" and "Mike Johnson" cannot; "J. Roe" and "Jane Roe" can;
    "John A. Roe" and "John B. Roe" cannot, and neither can "John Roe" and "John Roe Jr.".
    """
    a, b = parts(one), parts(other)
    if not a.surname or a.surname != b.surname or is_description(other):
        return False
    if a.suffix != b.suffix and ((a.suffix and b.suffix) or (a.given and b.given)):
        return False
    return given_agree(a.given, b.given)


def given_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether given names can be one person's: none, some of the other's, or initials of them."""
    if set(one) <= set(other) or set(other) <= set(one):
        return True
    if not _is_short_for(one[0], other[0]):
        return False
    return not (one[1:] and other[1:]) or all(any(_is_short_for(m, x) for x in other[1:]) for m in one[1:])


def _is_short_for(one: str, other: str) -> bool:
    """Tell whether two given names are the same, or one is the other's initial."""
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])
