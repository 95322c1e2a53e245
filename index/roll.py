"""Who is one among the speakers of a column: the labels that stand for each person, body and outlet. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from index.segment import fold
from index.speech.cues import OUTLET
from index.speech.names import PARTICLES, SUFFIXES, Parts, is_description, names, parts, same_person
from index.speech.roles import is_of_place, is_place

FAR_MORE = 0.8  # of all statements by those whom a short name can mean: it is theirs
SHORTEST_SPELLING = 6  # letters: a shorter surname spelled otherwise is another surname
KEPT = 200_000  # names of which it is remembered how they are read: a change tells anew who is who
SHORTEST_ACRONYM = 3  # letters of a person's; an outlet or a body may have two
_UNCOUNTED = SUFFIXES | {f"{s}." for s in SUFFIXES} | {"the", "of", "and", "for"}  # in an acronym
# The last words of what is no person: its last word alone does not mean it, nor does its first.
BODY = re.compile(
    r"(?:act|administration|agency|airport|alliance|army|assembly|association|authority|avenue|bank|bill|board|"
    r"bridge|bureau|campaign|center|centre|church|city|club|college|commission|committee|company|conference|"
    r"congress|corporation|corps|council|county|court|cup|day|department|district|federation|force|forces|"
    r"foundation|fund|government|group|guard|hall|hospital|hotel|house|inc|institute|institution|island|islands|"
    r"kingdom|lake|league|library|ltd|ministry|mountain|museum|nation|nations|navy|network|office|organization|"
    r"organisation|palace|park|parliament|party|police|policy|port|prize|project|reserve|republic|river|road|"
    r"school|sea|senate|series|service|services|society|square|state|states|station|street|supporters|system|"
    r"team|tower|treaty|trust|union|university|valley|war|world)$"
)


@dataclass(slots=True, eq=False)
class Entry:
    """A person, body or outlet: its fullest *name*, all *labels* that stand for it, their statements."""

    name: str
    labels: list[str]
    statements: int = 0
    full: list[str] = field(default_factory=list)  # the labels with a given name

    @property
    def names(self) -> list[str]:
        """What a question's name has to agree with: its fuller names, or, for want of any, the short one."""
        return self.full or self.labels[:1]

    def add(self, labels: Iterable[str], speakers: Mapping[str, int]) -> None:
        """Let *labels*, which are nobody else's, stand for this one too."""
        for label in labels:
            self.labels.append(label)
            self.statements += speakers[label]


class Roll:
    """The speakers of one state of the column, each with everything that it is called."""

    def __init__(
        self,
        speakers: Mapping[str, int],
        aliases: Mapping[str, Sequence[str]],
        holders: Callable[[str], Sequence[str]],
    ) -> None:
        """
        Args:
            speakers: How many statements each label in the store has.

            aliases: What else each person is called, by the person's name.

            holders: Whom an office means: “the Polish PM”.
        """
        self._speakers = speakers
        self._entry: dict[str, Entry] = {}  # by label
        self._by_surname: dict[str, list[Entry]] = defaultdict(list)
        # Labels by their head ("official"), each with its words in the singular.
        self.described: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
        self._group(label for label in speakers if not is_described(label))
        self._join_first_names()
        self._join_acronyms()
        for label in speakers:
            if is_described(label):
                self._describe(label, holders)
        self.aliases = {key(name): owner for owner, also in aliases.items() for name in (owner, *also)}
        self._adopt(aliases)
        self._index()

    # ---- grouping

    def _group(self, labels: Iterable[str]) -> None:
        by_surname: dict[str, list[str]] = defaultdict(list)
        for label in labels:
            by_surname[spelled(parts(label).surname)].append(label)
        for family in by_surname.values():
            self._tell_apart(family)

    def _tell_apart(self, family: list[str]) -> None:
        """Group the labels of one surname: full names first, then each shorter one to whom it can mean."""
        entries: list[Entry] = []
        known = {parts(label): label for label in sorted(family)}
        inner = {label: short for label in family if (short := self._within(label, known))}
        for label in sorted(family, key=lambda s: (s in inner, -len(s.split()), -self._speakers[s], s)):
            alike = [e for e in entries if all(_alike(label, n) for n in e.names)]
            own = self._entry[inner[label]] if label in inner else self._meant(label, alike)
            if own is None:
                own = Entry(label, [])
                entries.append(own)
            own.add([label], self._speakers)
            if parts(label).given:
                own.full.append(label)
            self._entry[label] = own
        self._by_surname[spelled(parts(entries[0].name).surname)] = entries
        for entry in entries:
            entry.name = max(entry.labels, key=lambda s: (" " in s, self._speakers[s], len(s)))

    def _within(self, label: str, known: Mapping[Parts, str]) -> str | None:
        """Return the full name that *label* ends with, if that speaks more: “Banker Dana Morrow”."""
        whole = parts(label)
        shorter = (
            known.get(whole._replace(given=whole.given[i:])) for i in range(len(whole.given) - 1, 0, -1)
        )
        return next((s for s in shorter if s and self._speakers[s] > self._speakers[label]), None)

    def _meant(self, label: str, entries: Sequence[Entry]) -> Entry | None:
        """Return the one of *entries* that *label* means: the only one, or the one that speaks far more."""
        if " " not in label and any(is_body(e.name) for e in entries):
            return None  # "the House" is not the White House
        if len(entries) == 1:
            return entries[0]
        total = sum(e.statements for e in entries)
        return next((e for e in entries if e.statements >= FAR_MORE * total), None)

    def _join_first_names(self) -> None:
        """Read “Xi” as Xi Jinping, where nobody else's name begins so and nobody's ends so."""
        begins: dict[str, list[Entry]] = defaultdict(list)
        for entry in dict.fromkeys(self._entry.values()):
            if entry.full and not is_body(entry.name) and not is_outlet(entry.name):
                begins[words_of(entry.name)[0]].append(entry)
        for label, entry in list(self._entry.items()):
            named = begins.get(fold(label), [])
            if len(named) == 1 and " " not in label and not entry.full and not is_place(fold(label)):
                self._move(entry, named[0])

    def _join_acronyms(self) -> None:
        """Read “EU” as the European Union."""
        meant = _by_acronym(dict.fromkeys(self._entry.values()))
        for label, entry in list(self._entry.items()):
            named = meant.get(key(label), []) if re.sub(r"\W", "", label).isupper() else []
            if len(named) == 1 and not entry.full and named[0] is not entry:
                self._move(entry, named[0])

    def _move(self, entry: Entry, to: Entry) -> None:
        to.add(entry.labels, self._speakers)
        self._entry.update(dict.fromkeys(entry.labels, to))

    def _describe(self, label: str, holders: Callable[[str], Sequence[str]]) -> None:
        self.described[head(label)][label] = frozenset(map(singular, key(label).split()))
        held = holders(label) if is_of_place(label) else []
        if len(held) == 1 and (entry := self.holding(held[0])):
            entry.add([label], self._speakers)
            self._entry[label] = entry

    def _adopt(self, aliases: Mapping[str, Sequence[str]]) -> None:
        """Join what an owner says is one."""
        labels = defaultdict(list)
        for label in self._speakers:
            labels[key(label)].append(label)
        for owner, nicknames in aliases.items():
            entry = self.holding(owner) or Entry(owner, [], full=[owner])
            called = [read for name in (owner, *nicknames) for read in (name, *_read_as(name))]
            for label in (x for k in dict.fromkeys(map(key, called)) for x in labels[k]):
                other = self._entry.get(label)
                if other is entry:
                    continue
                if other:
                    other.labels.remove(label)
                    other.statements -= self._speakers[label]
                entry.add([label], self._speakers)
                self._entry[label] = entry
            entry.name = owner

    def _index(self) -> None:
        self._by_key: dict[str, list[Entry]] = defaultdict(list)
        self._by_surname = defaultdict(list)
        self._by_word: dict[str, list[Entry]] = defaultdict(list)
        self.entries = [e for e in dict.fromkeys(self._entry.values()) if e.labels]
        for entry in self.entries:
            named = {entry.name: None, **{s: None for s in entry.labels if not is_described(s)}}
            for k in dict.fromkeys(map(key, named)):
                self._by_key[k].append(entry)
            for s in dict.fromkeys(spelled(parts(name).surname) for name in named):
                self._by_surname[s].append(entry)
            for word in {w for name in named for w in words_of(name)}:
                self._by_word[word].append(entry)
        self.outlets: list[Entry] = [e for e in self.entries if is_outlet(e.name)]
        self._by_acronym = _by_acronym(self.entries)

    # ---- looking up

    def labelled(self, label: str) -> Entry | None:
        """Return whom a label of the store stands for, None where it only describes."""
        return self._entry.get(label)

    def called(self, name: str) -> list[Entry]:
        """Return those whom *name* is a label of, letter for letter but for case, accents and full stops."""
        return self._by_key.get(key(name), [])

    def family(self, surname: str) -> list[Entry]:
        """Return those whose name ends with the folded word *surname*."""
        return self._by_surname.get(spelled(surname), [])

    def holding_word(self, word: str) -> list[Entry]:
        """Return those in whose name the folded *word* stands."""
        return self._by_word.get(word, [])

    def short_for(self, acronym: str) -> list[Entry]:
        """Return those of whose names *acronym* is the initials."""
        return self._by_acronym.get(acronym, [])

    def holding(self, name: str) -> Entry | None:
        """Return the entry that *name* in full belongs to."""
        family = self.family(parts(name).surname)
        if named := [
            e for e in family if e.full and parts(name).given and any(_alike(name, n) for n in e.full)
        ]:
            return named[0]
        return family[0] if len(family) == 1 and not (family[0].full and parts(name).given) else None


@lru_cache(maxsize=KEPT)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded."""
    return tuple(fold(name).split())


@lru_cache(maxsize=KEPT)
def key(name: str) -> str:
    """Return a name as it is looked up: folded, without the article before it and without full stops."""
    plain = re.sub(r"\s+", " ", fold(name)).strip(' ?!,"')
    return re.sub(r"^(?:the|a|an)\s+|(?<=\w)\.|'s?$", "", plain).strip()


@lru_cache(maxsize=KEPT)
def is_described(label: str) -> bool:
    """Tell whether a label describes its speaker: “a spokesman for Jane Roe”, “Roe's lawyer”, “the mayor”."""
    if re.fullmatch(r"the [^\W\d_A-Z]?[A-Z.]{2,}", label):
        return False  # "the US"
    *before, last = label.split()
    return is_description(label) or bool(before and last[0].islower() and last not in PARTICLES)


@lru_cache(maxsize=KEPT)
def is_outlet(name: str) -> bool:
    """Tell whether *name* is that of a newspaper, an agency or a channel."""
    return bool(OUTLET.search(name))


@lru_cache(maxsize=KEPT)
def is_body(name: str) -> bool:
    """Tell whether *name* is that of no person: “Justice Department”."""
    return bool(BODY.fullmatch(words_of(name)[-1]))


def head(label: str) -> str:
    """Return the noun that a description is about, in the singular: “official” of “two officials in Oslo”."""
    words = re.split(r"\s(?:of|for|from|in|at|with|to|on|who|familiar|close)\b|,", fold(label))[0].split()
    return singular(words[-1]) if words else ""


def singular(word: str) -> str:
    """Return *word* without a plural's s."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=KEPT)
def spelled(surname: str) -> str:
    """Return what spellings of one surname share: Zelensky, Zelenskyy, Zelenskiy."""
    if len(surname) < SHORTEST_SPELLING:
        return surname
    return re.sub(r"[iyj]+", "i", re.sub(r"(.)\1+", r"\1", surname))


def _read_as(name: str) -> list[str]:
    """Return what *name* is called once its title is taken off: “Queen Mab” speaks as Mab."""
    return [found.full for found in names(name)]


def _alike(one: str, other: str) -> bool:
    """Tell whether two names are one person's, the surname spelled alike."""
    a, b = parts(one), parts(other)
    if a.surname == b.surname:
        return same_person(one, other)
    return spelled(a.surname) == spelled(b.surname) and (a.given == b.given or not a.given or not b.given)


def _by_acronym(entries: Collection[Entry] | Mapping[Entry, None]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        words = [w.strip(".") for x in words_of(entry.name) for w in x.split("-") if w not in _UNCOUNTED]
        shortest = 2 if is_outlet(entry.name) or is_body(entry.name) else SHORTEST_ACRONYM
        if len(words) >= shortest:
            found["".join(w[0] for w in words if w)].append(entry)
    return found
