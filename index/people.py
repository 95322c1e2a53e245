"""Whom a question means, among the people and outlets of this column."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from index.roll import Entry, Roll, head, is_body, is_outlet, key, singular, words_of
from index.segment import STOPWORDS, fold
from index.speech.cues import OUTLET
from index.speech.names import HONORIFICS, SUFFIXES, TITLES, names, parts, same_person, surname
from index.speech.roles import is_place, parse

# Typing errors ("macorn", "zelenski") leave 80 of 100 letters as they were; other names share fewer.
TYPO = 80
SHORTEST_TYPO = 5  # letters: "Modi" and "Mona" are two people
SHORTEST_GIVEN = 4  # letters of a first name that may be mistyped, by one letter
LONG = 8  # letters of a word in which two may be wrong
LIKE = 0.6  # of the letters in their places: near enough to ask "did you mean …?"
SUGGESTED = 2
LONGEST = 4  # words of a name or alias inside a question

_DESCRIBING = re.compile(r"\b(?:for|who|with|from)\b|\w's\s+\w")  # "a spokesman for Roe", "Roe's lawyer"


class Standing(StrEnum):
    """How the column knows somebody."""

    COLUMNIST = "writes the column"
    SPEAKER = "is quoted"
    MENTIONED = "is mentioned"
    UNKNOWN = "is not in the column"
    DESCRIBED = "is no name"  # "the Israeli leader": words, to be searched for


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    Whom somebody's words name.

    *name* is the name as the column has it, or as it was typed; *speakers* are all the labels in the
    store that stand for this person; *aliases* what the column's owner says they are called as well;
    *called* the words of the question that named them by something else than their name; *suggestions* are
    names that resemble an unknown one.
    """

    name: str
    standing: Standing
    speakers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


def enumerated(who: str) -> list[str]:
    """Return the names in an enumeration: “Roe and Quill” are two."""
    return [piece for piece in re.split(r"\s+and\s+|\s*[,&]\s*", who.strip()) if piece.strip()]


class People:
    """The people of one state of the column: who speaks, who is named, who writes."""

    def __init__(
        self,
        speakers: Mapping[str, int],
        names: Mapping[str, int],
        columnists: Collection[str] = (),
        holders: Callable[[str], Sequence[str]] = lambda phrase: (),
        *,
        aliases: Mapping[str, Sequence[str]] | None = None,
        printed: Callable[[str], Sequence[str]] = lambda word: (word.capitalize(),),
        is_word: Callable[[str], bool] = lambda word: False,
    ) -> None:
        """
        Args:
            speakers: How many statements each label in the store has.

            names: How often each word of a name occurs, folded.

            holders: Whom an office means: "the Polish PM".

            aliases: What else each person is called, by the person's name.

            printed: The names in the column that hold a folded word, in full.

            is_word: Whether a folded word stands in the column.
        """
        self.speakers, self.names, self.columnists, self._holders = speakers, names, columnists, holders
        self._aliases, self._printed, self._is_word = aliases or {}, printed, is_word
        self._roll = Roll(speakers, self._aliases, holders)

    def find(self, who: str) -> list[Person]:
        """
        Return the people that *who* names.

        "Trump and Tusk" are two, and so is "Johnson" where two people of that name speak, and "the Polish PM"
        where one has followed the other, the newer first.
        """
        pieces = enumerated(who)
        if len(pieces) > 1 and not self._roll.called(who) and key(who) not in self._roll.aliases:
            people = [person for piece in pieces for person in self._find(piece)]
            if any(p.standing in (Standing.SPEAKER, Standing.MENTIONED) for p in people):
                return list(dict.fromkeys(people))
        return self._find(who)

    def named_in(self, text: str) -> list[Person]:
        """Return the speakers whose name stands in *text*, typing errors forgiven, in order."""
        words = [re.sub(r"'s?$", "", w) for w in re.findall(r"[\w'-]+", fold(text).replace(".", ""))]
        found: dict[Person, None] = {}
        at = 0
        while at < len(words):
            people, size = self._named_at(words, at)
            found.update(dict.fromkeys(p for p in people if p.speakers))
            at += size
        return list(found) or [p for p in self._office(text) if p.speakers]

    def mended(self, text: str) -> str:
        """Return *text* with the typing errors in names mended: “marseile”."""
        return re.sub(rf"[^\W\d_]{{{SHORTEST_TYPO},}}", self._mended, text)

    def _mended(self, found: re.Match[str]) -> str:
        word = fold(found[0])
        if word in self.names or word in STOPWORDS or word in TITLES or is_place(word):
            return found[0]
        near = self._nearest(word, self._name_letters)
        slip = near is not None and OSA.distance(word, near) <= (1 if len(word) < LONG else 2)
        return near if near and slip and not self._is_word(word) else found[0]

    def _named_at(self, words: Sequence[str], at: int) -> tuple[list[Person], int]:
        """Return whom the words from *at* name, and how many words do."""
        for size in range(min(LONGEST, len(words) - at), 1, -1):
            phrase = " ".join(words[at : at + size])
            if people := self._aliased(phrase) or self._people(self._roll.called(phrase)):
                return people, size
            if people := self._nearly_aliased(words[at : at + size]):
                return people, size
        word = words[at]
        if word in STOPWORDS or word in TITLES:
            return [], 1
        alone = len(words) == 1
        people = self._aliased(word) or self._speaking((word,), first=alone) or self._acronym(word)
        if not people and (mistyped := self._mistyped((word,))):
            people = [mistyped]
        return people, 1

    # ---- one person, in falling order of certainty

    def _find(self, who: str) -> list[Person]:
        if people := self._aliased(who):
            return people
        words = self._name_words(who)
        if words and (columnist := self._columnist(words)):
            return [columnist]
        if exact := [s for s in self._roll.described.get(head(who), ()) if key(s) == key(who)]:
            return [self._described_as(exact)]
        described = not words or bool(_DESCRIBING.search(fold(who))) or self._is_title(who)
        found = self._people(self._roll.called(who)) if who.strip()[:4].casefold() == "the " else []
        found = found or ([] if described else self._speaking(words) or self._outlet(words))
        found = found or self._body(who, words) or self._office(who) or self._described(who)
        if found:
            return found
        if described:
            return [Person(name=who, standing=Standing.DESCRIBED)]
        return self._silent(who, words)

    def _name_words(self, who: str) -> tuple[str, ...]:
        """Return the words of a name, folded, without titles."""
        words = [re.sub(r"'s?$", "", w).strip(',"').replace(".", "") for w in fold(who).split()]
        while words and (words[0] in STOPWORDS - {"may", "will"} or words[0] in HONORIFICS):
            words = words[1:]
        last = -2 if len(words) > 1 and words[-1] in SUFFIXES else -1
        if words and words[last] in self.names:
            # "Prime Minister Tusk": the titles before a name say nothing more.
            words = [w for i, w in enumerate(words) if w not in TITLES or i == len(words) + last]
        return tuple(w for w in words if w)

    def _aliased(self, called: str) -> list[Person]:
        """Know whom the column's owner calls so."""
        owner = self._roll.aliases.get(key(called))
        return [self._owned(owner, called)] if owner else []

    def _nearly_aliased(self, words: Sequence[str]) -> list[Person]:
        """Know an alias of several words with an error in it; words that all stand in the column are none."""
        phrase = " ".join(words)
        near = self._nearest(phrase, self._alias_words) if len(phrase) >= SHORTEST_TYPO else None
        if near is None or all(w in self.names or self._is_word(w) for w in words):
            return []
        return [self._owned(self._roll.aliases[near], phrase)]

    def _owned(self, owner: str, called: str) -> Person:
        """Return the person of that name, whom a question has called by an alias."""
        words = tuple(fold(called).split())
        names = tuple(self._aliases.get(owner, ()))
        if entry := next((e for e in self._roll.called(owner) if e.labels), None):
            return replace(self._person(entry), aliases=names, called=words)
        mentioned = any(self._named_forms(parts(name).surname, name) for name in (owner, *names))
        standing = Standing.MENTIONED if mentioned else Standing.UNKNOWN
        return Person(name=owner, standing=standing, aliases=names, called=words)

    def _columnist(self, words: Sequence[str]) -> Person | None:
        """Know the columnist by surname or full name, and by a first name that no speaker bears."""
        for name in self.columnists:
            whole = fold(name).split()
            short = len(words) == 1 and words[0] != whole[-1] and self._roll.holding_word(words[0])
            if set(words) <= set(whole) and not short:
                return Person(name=name, standing=Standing.COLUMNIST)
        return None

    def _is_title(self, who: str) -> bool:
        """Tell “the king”, who is nobody's surname, from “King”."""
        words = fold(who).split()
        return len(words) > 1 and words[0] in ("the", "a", "an") and set(words[1:]) <= TITLES

    def _speaking(self, words: Sequence[str], *, first: bool = True) -> list[Person]:
        """
        Return who speaks and is called so.

        Args:
            first: Whether a first name is enough.
        """
        name = " ".join(words)
        if called := self._roll.called(name):
            return self._people(called if len(words) > 1 else self._bearing(words[0]) or called)
        if len(words) > 1:
            return self._people(self._of_full_name(words))
        found = self._bearing(words[0]) or self._bearing(re.sub(r"s$", "", words[0]))
        return self._people(found or (self._by_first_name(words[0]) if first else []))

    def _of_full_name(self, words: Sequence[str]) -> list[Entry]:
        name = " ".join(words)
        family = self._roll.family(parts(name).surname)
        if not parts(name).given and not parts(name).suffix:
            return family  # "von der Leyen"
        full = [e for e in family if e.full]
        if same := [e for e in full if any(_may_be(name, n) for n in e.full)]:
            return same
        if not full:
            return family
        return [e for e in full if any(self._is_mistyped_given(words[0], n) for n in e.full)]

    def _is_mistyped_given(self, typed: str, name: str) -> bool:
        """Tell whether *typed* is the first name in *name* but for one letter, and nobody else's."""
        given = next(iter(parts(name).given), "")
        long = min(len(typed), len(given)) >= SHORTEST_GIVEN
        return long and typed not in self.names and OSA.distance(typed, given) == 1

    def _bearing(self, surname: str) -> list[Entry]:
        """Return those of that surname; a body's last word alone does not mean it."""
        family = self._roll.family(surname) if surname else []
        return [e for e in family if not is_body(e.name) or " " not in e.name]

    def _by_first_name(self, name: str) -> list[Entry]:
        """Return whose first name, or family name that comes first, it is, if that is one person."""
        found = [
            e
            for e in self._roll.holding_word(name)
            if not is_outlet(e.name)
            and not (is_body(e.name) and (fold(e.name).endswith(name) or is_place(name)))
        ]
        return found if len(found) == 1 else []

    def _people(self, entries: Iterable[Entry]) -> list[Person]:
        return [self._person(entry) for entry in entries if entry.labels]

    def _person(self, entry: Entry) -> Person:
        aliases = tuple(self._aliases.get(entry.name, ()))
        return Person(
            name=entry.name, standing=Standing.SPEAKER, speakers=tuple(entry.labels), aliases=aliases
        )

    def _outlet(self, words: Sequence[str]) -> list[Person]:
        """Know “the HG” as the Harbour Gazette, and “the Gazette”."""
        named = [e for e in self._roll.outlets if set(words) <= set(words_of(e.name))]
        held = [e for e in named if any(OUTLET.search(w) and fold(w) in words for w in e.name.split())]
        if held or len(words) > 1:
            return self._people(held)
        return self._acronym(words[0])

    def _acronym(self, word: str) -> list[Person]:
        """Know “HG” and “HarGa” as the Harbour Gazette."""
        if found := self._roll.short_for(word):
            return [replace(p, called=(word,)) for p in self._people(found)]
        if len(word) < SHORTEST_GIVEN or word in self.names:
            return []
        cut = [e for e, pattern in self._cuts.get(word[:1], ()) if pattern.fullmatch(word)]
        return [] if cut and self._is_word(word) else [replace(p, called=(word,)) for p in self._people(cut)]

    def _body(self, who: str, words: Sequence[str]) -> list[Person]:
        """Know “the league” as the Coastal League, where nothing is called the League alone."""
        if len(words) != 1 or not fold(who).startswith("the "):
            return []
        bodies = [e for e in self._roll.family(words[0]) if is_body(e.name)]
        alone = any(fold(name) == words[0] for name in self._printed(words[0]))
        return self._people(bodies) if len(bodies) == 1 and not alone else []

    def _office(self, who: str) -> list[Person]:
        """Know “Poland's premier” as whoever the column calls so."""
        found: dict[str, Person] = {}
        for holder in self._holders(who):
            entry = self._roll.holding(holder)
            person = self._person(entry) if entry else Person(name=holder, standing=Standing.MENTIONED)
            found.setdefault(person.name, replace(person, called=tuple(_words_of_office(who))))
        return list(found.values())

    def _described_as(self, labels: Sequence[str]) -> Person:
        entry = next((e for s in labels if (e := self._roll.labelled(s))), None)
        if entry:
            return self._person(entry)
        name = max(labels, key=lambda s: (self.speakers[s], len(s)))
        return Person(name=name, standing=Standing.SPEAKER, speakers=tuple(labels))

    def _described(self, who: str) -> list[Person]:
        """Know “the officials” as “two officials” and “a senior official in Oslo”."""
        said = frozenset(map(singular, key(who).split()))
        described = self._roll.described.get(head(who), {})
        labels = [s for s, words in described.items() if said <= words and not self._roll.labelled(s)]
        if not labels:
            return []
        return [Person(name=who, standing=Standing.SPEAKER, speakers=tuple(labels))]

    # ---- people without a statement

    def _silent(self, who: str, words: Sequence[str]) -> list[Person]:
        if len(words) > 1 and (owned := self._nearly_aliased(words)):
            return owned
        if STOPWORDS.intersection(words) and words[-1] in self.names:
            return [self._unknown(who, ())]  # "the emir of Qatar" is not Qatar
        plural = re.sub(r"s$", "", words[-1])
        if mentioned := self._mentioned(words) or self._mentioned([*words[:-1], plural]):
            return [mentioned]
        if words[-1] in self.names:
            longer = [n for n in self._printed(words[-1]) if " " in n]
            family = [e.name for e in self._roll.family(words[-1])]
            article = re.match(r"(?:the|a|an)\s", fold(who))
            if (family or longer) and not article:
                return [self._unknown(who, [*family, *longer])]
        if mistyped := self._mistyped(words):
            return [mistyped]
        return [self._stranger(who, words)]

    def _mentioned(self, words: Sequence[str]) -> Person | None:
        """Return whoever is only mentioned; a word inside a longer name of another kind mentions nobody."""
        if words[-1] not in self.names and words[0] not in self.names:
            return None
        forms = self._named_forms(words[-1], " ".join(words))
        bare = len(words) > 1 and not any(parts(form).given for form in forms)
        if not forms or (bare and self._starts_with_speaker(words)):
            return None
        return Person(name=_fullest(forms, words), standing=Standing.MENTIONED)

    def _starts_with_speaker(self, words: Sequence[str]) -> bool:
        """Tell “roe medicine” from “Jane Roe”: whom the first word means, and a topic."""
        mistyped = self._mistyped(words[:1])
        return bool(self._speaking(words[:1], first=False) or (mistyped and mistyped.speakers))

    def _named_forms(self, word: str, name: str) -> list[str]:
        """Return the names as printed that hold *word* and can be those of *name*."""
        printed = self._printed(word) if word in self.names else ()
        own = [n for n in printed if same_person(name, n) and (n == name or not self._roll.called(n))]
        if parts(name).given and (full := [n for n in self._full_names(word, printed) if parts(n).given]):
            own = own if any(same_person(name, n) for n in full) else []  # "Roe" is Jane Roe, not Ann Roe
        if own or " " in name:
            return own
        first = [n for n in printed if fold(n).split()[0] == name and not is_body(n) and not is_outlet(n)]
        return first if len({parts(n).surname for n in first}) == 1 else []

    def _full_names(self, surname: str, printed: Iterable[str]) -> list[str]:
        """Return the full names of that surname, of speakers and out of *printed*."""
        spoken = [n for e in self._roll.family(surname) for n in e.full]
        return [n for n in [*spoken, *printed] if parts(n).surname == surname]

    def _mistyped(self, words: Sequence[str]) -> Person | None:
        """Return whose name *words* are with an error in the last; a word of the column is no error."""
        typed = words[-1]
        if len(words) > 1 and (known := self._of_first_name(words[0], typed)):
            return self._person(known)
        if len(typed) < SHORTEST_TYPO or typed in STOPWORDS or is_place(typed):
            return None
        alias, speaker, other = (
            self._nearest(typed, known) for known in (self._alias_words, self._surnames, self._name_letters)
        )
        if not (alias or speaker or other) or self._is_word(typed):
            return None
        if alias:
            return self._owned(self._roll.aliases[alias], typed)
        if speaker:
            return next(iter(self._speaking([*words[:-1], speaker])), None)
        return self._mentioned([*words[:-1], other]) if other else None

    def _of_first_name(self, given: str, typed: str) -> Entry | None:
        """Return the one person of that first name whose surname is *typed* but for one letter."""
        near = [
            e
            for e in self._roll.holding_word(given)
            if given in parts(e.name).given and OSA.distance(typed, parts(e.name).surname) == 1
        ]
        return (
            near[0] if len(near) == 1 and len(typed) >= SHORTEST_GIVEN and typed not in self.names else None
        )

    def _nearest(self, typed: str, by_letter: Mapping[str, Sequence[str]]) -> str | None:
        """Return the name that *typed* most resembles; few people mistake the first letter."""
        near = process.extractOne(typed, by_letter.get(typed[:1], ()), scorer=fuzz.ratio, score_cutoff=TYPO)
        return str(near[0]) if near else None

    @cached_property
    def _cuts(self) -> Mapping[str, list[tuple[Entry, re.Pattern[str]]]]:
        found: dict[str, list[tuple[Entry, re.Pattern[str]]]] = defaultdict(list)
        for entry in self._roll.outlets:
            if pattern := _cut(entry.name):
                found[pattern.pattern[:1]].append((entry, pattern))
        return found

    @cached_property
    def _surnames(self) -> Mapping[str, Sequence[str]]:
        return _by_letter(parts(e.name).surname for e in self._roll.entries if e.name[:1].isupper())

    @cached_property
    def _alias_words(self) -> Mapping[str, Sequence[str]]:
        return _by_letter(self._roll.aliases)

    @cached_property
    def _name_letters(self) -> Mapping[str, Sequence[str]]:
        return _by_letter(self.names)

    def _stranger(self, who: str, words: Sequence[str]) -> Person:
        article = re.match(r"(?:the|a|an|his|her|their)\s", fold(who))
        given = any(words[0] in parts(e.name).given for e in self._roll.holding_word(words[0]))
        ordinary = not given and all(self._is_word(w) for w in words)  # all stand in the column
        if article or ordinary or words[-1] in self.names or set(words) & TITLES or parse(who)[0]:
            return Person(name=who, standing=Standing.DESCRIBED)
        return self._unknown(who, self._resembling(words[-1]))

    def _resembling(self, typed: str) -> Iterator[str]:
        """Yield the speakers, then the others, whose surname resembles *typed*."""
        for name in self._near(typed, self._surnames):
            yield from (e.name for e in self._roll.family(name))
        for word in self._near(typed, self._name_letters):
            yield max(self._printed(word), key=len, default=word.capitalize())

    def _near(self, typed: str, by_letter: Mapping[str, Sequence[str]]) -> list[str]:
        words = by_letter.get(typed[:1], ())
        near = process.extract(
            typed, words, scorer=OSA.normalized_similarity, limit=SUGGESTED, score_cutoff=LIKE
        )
        return [word for word, *_ in near]

    def _unknown(self, who: str, alike: Iterable[str]) -> Person:
        suggestions = tuple(dict.fromkeys(alike))[:SUGGESTED]
        return Person(name=who, standing=Standing.UNKNOWN, suggestions=suggestions)


def names_one_of(word: str, people: Iterable[Person]) -> bool:
    """Tell whether *word* is part of the name of one of *people*, typing errors forgiven."""
    written = {x for p in people for label in (p.name, *p.speakers, *p.aliases) for x in fold(label).split()}
    called = {x for p in people for x in p.called}
    plain = re.sub(r"\W+(?:s)?$", "", fold(word))
    return plain in called or any(fuzz.ratio(plain, x) >= TYPO for x in written)


def naming(texts: Mapping[int, str], called: Collection[str]) -> list[int]:
    """
    Return the keys of those *texts* that name whoever is *called* so, in order.

    Whatever gives the full name counts; the bare surname counts where no namesake is about; a word that is no
    name ("iPhone") where nothing else is found. What stands inside a longer name of another kind does not.
    """
    forms = {x: [n.full for n in names(text)] for x, text in texts.items()}
    own = {x: [n for n in some if any(same_person(c, n) for c in called)] for x, some in forms.items()}
    surnames = {surname(c) for c in called}
    every = [n for some in forms.values() for n in some if parts(n).given and surname(n) in surnames]
    namesakes = any(not same_person(c, n) for n in every for c in called if surname(c) == surname(n))
    full = [x for x, some in own.items() if any(parts(n).given for n in some)]
    if full and namesakes:
        return full
    return [x for x, some in own.items() if some] or [
        x for x, text in texts.items() if any(_stands_alone(surname(c), text, forms[x]) for c in called)
    ]


def _stands_alone(word: str, text: str, forms: Iterable[str]) -> bool:
    """Tell whether *word* stands in *text* outside the names in it."""
    inside = sum(re.split(r"[^\w]+", fold(name)).count(word) for name in forms)
    return len(re.findall(rf"\b{re.escape(word)}\b", fold(text))) > inside


def _may_be(typed: str, name: str) -> bool:
    """Tell whether *typed* can mean *name*: “Jr.” is often left out."""
    a, b = parts(typed), parts(name)
    return same_person(typed if a.suffix or not b.suffix else f"{typed} {b.suffix}", name) or (
        a.surname != b.surname and a.given == b.given and a.suffix == b.suffix
    )


def _cut(name: str) -> re.Pattern[str] | None:
    """Return the pattern of what is made of the beginnings of all words of *name*: “WaPo”."""
    starts = [w for w in words_of(name) if w not in ("the", "of")]
    if len(starts) < 2:
        return None
    parted = ("".join(f"(?:{re.escape(c)}" for c in w[1:]) + ")?" * len(w[1:]) for w in starts)
    return re.compile("".join(re.escape(w[0]) + rest for w, rest in zip(starts, parted, strict=True)))


def _words_of_office(who: str) -> list[str]:
    """Return the words of a question that say which office is meant, and where."""
    office, _ = parse(who)
    if not office:
        return []
    return [w for w in re.findall(r"[\w'-]+", fold(who)) if parse(w)[0] or is_place(re.sub(r"'s?$", "", w))]


def _by_letter(words: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(set(words)):
        found[word[:1]].append(word)
    return found


def _fullest(forms: Sequence[str], words: Sequence[str]) -> str:
    """Return the name in full, or the words that were asked for where two people are called so."""
    full = {n for n in forms if " " in n}
    alike = all(same_person(a, b) for a in full for b in full)
    if full and alike:
        return max(sorted(full), key=len)
    return next((n for n in forms if " " not in n), " ".join(w[:1].upper() + w[1:] for w in words))
