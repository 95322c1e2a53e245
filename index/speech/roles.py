"""Offices that stand for people: "the Polish PM" is whom the column calls Poland's prime minister. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache

from countryinfo import all_countries
from rapidfuzz import fuzz, process

from index.passage import Role
from index.segment import STOPWORDS, fold
from index.speech.names import MODIFIERS, TITLES, Name, Roster, names

# Words for one office; the first stands for all.
OFFICES = (
    ("prime minister", "pm", "premier", "head of government", "taoiseach"),
    ("president", "head of state", "potus"),
    ("foreign minister", "top diplomat", "chief diplomat", "foreign secretary"),
    ("secretary of state",),
    ("finance minister", "treasurer", "chancellor of the exchequer"),
    ("defence minister", "defense minister", "defence secretary", "defense secretary"),
    ("spokesman", "spokeswoman", "spokesperson", "mouthpiece", "press secretary"),
    ("secretary general", "secretary-general"),
    ("chancellor",), ("mayor",), ("governor", "gov"), ("king",), ("queen",), ("pope", "pontiff"), ("emir",),
    ("attorney general",), ("chief executive", "ceo"), ("central banker", "central bank governor"),
    ("speaker",), ("senator", "sen"), ("ambassador",), ("envoy",), ("chairman", "chairwoman", "chair"),
    ("director",), ("chief", "boss", "head of"), ("general", "gen"), ("bishop",), ("judge",),
    ("coach", "manager"), ("leader",), ("minister",), ("economist",), ("analyst",), ("professor",),
    ("commissioner",), ("secretary",), ("reporter", "journalist", "correspondent"),
)  # fmt: skip
# Whoever leads a country may be called its leader, and whoever leads a body its chief.
LEADERS = frozenset(("prime minister", "president", "chancellor", "king", "queen", "emir", "leader"))
CHIEFS = frozenset(
    ("chief", "secretary general", "chief executive", "chairman", "president", "director", "commissioner",
     "central banker", "leader")
)  # fmt: skip
# Many hold these at one time: several holders are not each other's successors.
SHARED = frozenset(
    "senator ambassador envoy general bishop judge coach minister economist analyst professor reporter "
    "commissioner director spokesman chief secretary".split()
)
# A seat of government stands for its country, as its capital does.
SEATS = {
    "kremlin": "russia", "white house": "united states", "us": "united states", "u.s.": "united states",
    "america": "united states", "downing street": "united kingdom", "uk": "united kingdom",
    "britain": "united kingdom", "british": "united kingdom", "england": "united kingdom", "elysee": "france",
}  # fmt: skip
_OFFICE = {alias: group[0] for group in OFFICES for alias in group}
_OFFICE_WORDS = re.compile(
    r"\b(" + "|".join(re.escape(a) for a in sorted(_OFFICE, key=len, reverse=True)) + r")\b"
)
TYPO, SHORTEST_TYPO = 88, 6  # of 100 letters as they were; letters
SHORTEST = 3  # letters that stand for a longer word: "fed"
_OFFICE_PARTS = sorted({word for alias in _OFFICE for word in alias.split() if len(word) >= SHORTEST_TYPO})
_WORDS = re.compile(r"\w[\w.-]*")
_BEFORE = re.compile(r"(?:[\w’'.-]+ ){1,5}$")
_APPOSED = re.compile(r"\b[Tt]he ((?:[\w’'.-]+ ){0,4}[\w-]+), $")
# Whoever is not, or no longer, or not quite in office; and whoever is only kin to the holder.
_OTHERWISE = re.compile(
    r"\b(?:vice|deputy|assistant|under|former|ex|then|candidate|nominee|acting|shadow|would-be|aspiring|late|"
    r"son|daughter|wife|husband|sister|brother|mother|father|aide|adviser|lawyer|friend|rival|for)\b"
    r"|[’']s? *$"
)
_KIN = re.compile(rf"(?i)(?:{'|'.join(re.escape(a) for a in _OFFICE)})[’']s? \w")
_BEHIND = re.compile(
    r", (?:who is |now |then )?(?:the |a |an |its |his |her )?((?:[\w’'.-]+ ){0,6}?[\w’'.-]+)(?=[,.;:]|$)"
)


_TITULAR = TITLES | MODIFIERS | {"of"}  # "Secretary of State Jane Roe"


def roles_in(texts: Iterable[str], roster: Roster) -> list[Role]:
    """Return what *texts* call their people: titles before names, and appositions behind them."""
    found: dict[Role, None] = {}
    for text in texts:
        for name in names(text):
            who = roster.resolve(name.full)
            found.update((role, None) for phrase in _phrases(text, name) if (role := _role(phrase, who)))
    return list(found)


def _phrases(text: str, name: Name) -> Iterator[str]:
    if apposed := _APPOSED.search(text[: name.start]):
        yield apposed[1]
    elif before := _BEFORE.search(text[: name.start]):
        yield _titled_end(before[0])
    if behind := _BEHIND.match(text, name.end):
        yield behind[1]


def _titled_end(phrase: str) -> str:
    """Return the title that ends *phrase*, with what it is a title of; nothing where it ends otherwise."""
    words = phrase.split()
    at = len(words)
    while at and (words[at - 1].casefold().rstrip(".") in _TITULAR):
        at -= 1
    if not any(w.casefold().rstrip(".") in TITLES for w in words[at:]):
        return ""
    begin = at
    while begin and (words[begin - 1][0].isupper() or words[begin - 1] in MODIFIERS):
        begin -= 1  # "European Central Bank President": all of a body's name
    return " ".join(words[max(0, min(begin, at - 2)) :]) if at < len(words) else ""


def _role(phrase: str, who: str) -> Role | None:
    office, of = parse(phrase)
    plain = not _OTHERWISE.search(phrase.casefold()) and not _KIN.search(phrase)
    return Role(speaker=who, office=office, of=of) if office and plain and " " in who else None


def parse(phrase: str) -> tuple[str, tuple[str, ...]]:
    """
    Return the office that *phrase* names, "" for none, and what it is an office of.

    "Poland's premier" is ("prime minister", ("poland",)): countries go by their English names, and so do
    their people and capitals. Anything else stands for itself: ("secretary general", ("nato",)).
    """
    plain = re.sub(r"'s?\b", "", fold(phrase))
    found = list(_OFFICE_WORDS.finditer(plain))
    if not found:
        return "", ()
    office = found[-1] if found[0][1] == "chief" else found[0]  # "chief economist"
    rest = f"{plain[: office.start()]} {plain[office.end() :]}"
    places = dict(_places(rest))
    named = {word for part in places.values() for word in part.split()}
    others = [x for x in _WORDS.findall(rest) if x not in STOPWORDS | named]
    return _OFFICE[office[1]], tuple(dict.fromkeys([*places, *others]))


def _places(text: str) -> Iterator[tuple[str, str]]:
    """Yield each country that *text* names, with the words that name it."""
    known = _countries()
    words = _WORDS.findall(text)
    for size in (3, 2, 1):
        for i in range(len(words) - size + 1):
            part = " ".join(words[i : i + size])
            place = (
                SEATS.get(part) or known.get(part) or (known.get(part[:-1]) if part.endswith("s") else None)
            )
            if place:
                yield place, part


def countries(text: str) -> frozenset[str]:
    """Return the countries that *text* names, also by their people, capitals and seats of government."""
    without_full_stops = re.sub(r"(?<=\w\w)\.", " ", fold(text))  # but "u.s." keeps its own
    return frozenset(place for place, _ in _places(without_full_stops))


@cache
def _countries() -> Mapping[str, str]:
    """Return the English name of each country by its name, demonym and capital, all folded."""
    found: dict[str, str] = {}
    # Whoever says "Indian" means India, and not the British Indian Ocean Territory.
    for country in sorted(all_countries(), key=lambda c: -(c.population() or 0)):
        capital = country.capital()
        capitals = capital if isinstance(capital, list) else [capital]
        for key in (country.name(), country.demonym(), *capitals):
            if key:
                found.setdefault(fold(key), fold(country.name()))
    return found


@cache
def _country_names() -> frozenset[str]:
    return frozenset(_countries().values())


def is_place(word: str) -> bool:
    """Tell whether a folded word names a country, its people, its capital or its seat of government."""
    return word in _countries() or word in SEATS


def is_plain(phrase: str) -> bool:
    """Tell whether *phrase* is an office and no more: “the Polish prime minister”, not “Tusk's minister”."""
    more = re.search(r"[’']s?\b|\b(?:for|former|of)\b", phrase)
    return phrase.casefold().startswith("the ") and len(phrase.split()) <= 5 and not more


def mended(phrase: str) -> str:
    """Return *phrase* folded, with the typing errors in its office mended: "foreign minster"."""
    return " ".join(_mended_word(word) for word in fold(phrase).split())


def _mended_word(word: str) -> str:
    if len(word) < SHORTEST_TYPO or word in _countries():
        return word
    near = process.extractOne(word, _OFFICE_PARTS, scorer=fuzz.ratio, score_cutoff=TYPO)
    return str(near[0]) if near else word


def offices(phrase: str) -> frozenset[str]:
    """Return the offices whose holders *phrase* may mean."""
    office, _ = parse(phrase)
    groups = {"leader": LEADERS, "chief": CHIEFS}
    return groups.get(office, frozenset([office] if office else []))


def holders(phrase: str, roles: Iterable[Role]) -> list[str]:
    """
    Return whom *phrase* can mean: those who hold its office, of the country or body that it names, if any.

    Several come back where the text gives one office to several people.
    """
    wanted, (_, of) = offices(phrase), parse(phrase)
    same = [r for r in roles if r.office in wanted]
    if of:
        fits = [_fit(of, r.of) for r in same]
        same = [r for r, fit in zip(same, fits, strict=True) if fit == max(fits) > 0]
    return list(dict.fromkeys(r.speaker for r in same))


def _fit(asked: Collection[str], of: Collection[str]) -> int:
    """Return how many words of what is asked for an office is of; none where it is another country's."""
    here, there = _country_names().intersection(asked), _country_names().intersection(of)
    if here and there and not here & there:
        return 0
    return sum(any(_is_short_for(x, y) or _is_short_for(y, x) for y in of) for x in asked)


def _is_short_for(one: str, other: str) -> bool:
    """Tell whether *one* is the beginning of *other*, as “fed” is of “federal”."""
    return one == other or (len(one) >= SHORTEST and other.startswith(one))


class Offices:
    """Who holds which office in the whole column; those of each are read when it is first asked for."""

    def __init__(self, load: Callable[[str], Iterable[Role]]) -> None:
        """
        Args:
            load: Gives the roles of an office in all articles, the newest article's first.
        """
        self._load = load
        self._roles: dict[str, list[Role]] = {}

    def _of(self, office: str) -> list[Role]:
        if office not in self._roles:
            self._roles[office] = list(dict.fromkeys(self._load(office)))
        return self._roles[office]

    def holders(self, phrase: str) -> list[str]:
        """
        Return whom *phrase* means, the newest holder first.

        An office that one person holds at a time, and that *phrase* says the country or body of, may have
        passed from one to the next: all are meant. Any other that several hold says too little to mean one.
        """
        held = holders(phrase, [r for office in sorted(offices(phrase)) for r in self._of(office)])
        office, of = parse(phrase)
        return held if len(held) < 2 or (of and office not in SHARED - {"chief"}) else []


def is_of_place(phrase: str) -> bool:
    """Tell whether *phrase* is the one office of a country or body, and no more: “the Polish PM”."""
    office, of = parse(phrase)
    small = len(phrase.split()) <= 6 and not _OTHERWISE.search(phrase.casefold()) and not _KIN.search(phrase)
    return bool(office and of and small and office not in SHARED | {"leader"})
