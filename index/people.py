"""Whom a question means, among the people and outlets of this column."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from rapidfuzz import fuzz, process

from index.segment import STOPWORDS, fold
from index.speech.cues import OUTLET
from index.speech.names import HONORIFICS, TITLES, is_description, same_person

# Typing errors ("macorn", "zelenski") leave 80 of 100 letters as they were; other names share fewer.
TYPO = 80
SHORTEST_TYPO = 5  # letters: "Modi" and "Mona" are two people
LIKE = 70  # of 100 letters: near enough to ask "did you mean …?"
SUGGESTED = 2
FAR_MORE = 0.8  # of all statements by people of one surname


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
    store that stand for this person; *suggestions* are names that resemble an unknown one.
    """

    name: str
    standing: Standing
    speakers: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


class People:
    """The people of one state of the column: who speaks, who is named, who writes."""

    def __init__(
        self,
        speakers: Mapping[str, int],
        names: Mapping[str, int],
        columnists: Collection[str] = (),
        holders: Callable[[str], list[str]] = lambda phrase: [],
    ) -> None:
        """
        Args:
            speakers: How many statements each label in the store has.

            names: How often each word of a name occurs, folded.

            holders: Whom an office means: "the Polish PM".
        """
        self.speakers, self.names, self.columnists, self._holders = speakers, names, columnists, holders
        self._outlets = [s for s in speakers if OUTLET.search(s)]
        self._labels: dict[str, list[str]] = defaultdict(list)  # by the whole label, folded
        self._by_word: dict[str, list[str]] = defaultdict(list)  # by each word of a name
        for label in speakers:
            self._labels[_bare(label)].append(label)
            for word in {} if is_description(label) else set(fold(label).split()):
                self._by_word[word].append(label)

    def find(self, who: str) -> list[Person]:
        """
        Return the people that *who* names.

        "Trump and Tusk" are two, and so is "Johnson" where two people of that name speak.
        """
        parts = [p for p in re.split(r"\s+and\s+|\s*[,&]\s*", who.strip()) if p.strip()]
        if len(parts) > 1 and _bare(who) not in self._labels:
            people = [person for part in parts for person in self._find(part)]
            if any(p.standing in (Standing.SPEAKER, Standing.MENTIONED) for p in people):
                return people
        return self._find(who)

    def named_in(self, text: str) -> list[Person]:
        """Return the speakers whose last name stands in *text*, typing errors forgiven, in order."""
        found: list[Person] = []
        for word in re.findall(r"[\w'-]+", fold(text)):
            word = re.sub(r"'s?$", "", word)
            if word in STOPWORDS or word in TITLES or len(word) < 3:
                continue
            for person in self._find(word):
                last = fold(person.name).split()[-1]
                if person.speakers and fuzz.ratio(word, last) >= TYPO and person not in found:
                    found.append(person)
        return found

    # ---- one person, in falling order of certainty

    def _find(self, who: str) -> list[Person]:
        words = self._name_words(who)
        if words and self._is_columnist(words):
            return [Person(name=next(iter(self.columnists)), standing=Standing.COLUMNIST)]
        if exact := [s for s in self._labels.get(_bare(who), []) if is_description(s)]:
            return [self._person(exact)]
        described = not words or bool(_DESCRIBING.search(fold(who))) or self._is_title(who)
        found = [] if described else self._speaking(words) or self._outlet(words)
        if found := found or self._office(who):
            return found
        if described:
            return [Person(name=who, standing=Standing.DESCRIBED)]
        return [self._silent(who, words)]

    def _name_words(self, who: str) -> list[str]:
        words = [re.sub(r"'s?$", "", w).strip('.,"') for w in fold(who).split()]
        while words and (words[0] in STOPWORDS - {"may", "will"} or words[0] in HONORIFICS):
            words = words[1:]
        if words and words[-1] in self.names:
            # "Prime Minister Tusk": the titles before a name say nothing more.
            words = [w for i, w in enumerate(words) if w not in TITLES or i == len(words) - 1]
        return [w for w in words if w]

    def _is_columnist(self, words: list[str]) -> bool:
        return any(set(words) <= set(fold(name).split()) for name in self.columnists)

    def _is_title(self, who: str) -> bool:
        """Tell “the king”, who is nobody's surname, from “King”."""
        words = fold(who).split()
        return len(words) > 1 and words[0] in ("the", "a", "an") and set(words[1:]) <= TITLES

    def _speaking(self, words: list[str]) -> list[Person]:
        name = " ".join(words)
        family = self._family(words[-1])
        if len(words) > 1 and len(family) > 1:
            family = [group for group in family if any(" " in label for label in group)]
        same = [group for group in family if any(same_person(name, label) for label in group)]
        if same:
            return [self._person(group) for group in same]
        if len(words) == 1:  # a first name, or a family name that comes first
            labels = [s for s in self._by_word.get(name, []) if not OUTLET.search(s)]
            groups = _groups(labels)
            return [self._person(groups[0])] if len(groups) == 1 else []
        return []

    def _family(self, surname: str) -> list[list[str]]:
        """
        Return the labels of each person of that surname.

        A bare surname is the only one's who bears it, or that of whoever is quoted far more than the others;
        else it stands alone.
        """
        labels = [s for s in self._by_word.get(surname, []) if fold(s).split()[-1] == surname]
        bare = [s for s in labels if " " not in s]
        full = _groups(s for s in labels if " " in s)
        full.sort(key=self._statements, reverse=True)
        total = sum(map(self._statements, full))
        if not bare:
            return full
        if full and self._statements(full[0]) >= FAR_MORE * total:
            return [full[0] + bare, *full[1:]]
        return [*full, bare]

    def _statements(self, labels: Iterable[str]) -> int:
        return sum(self.speakers[label] for label in labels)

    def _person(self, labels: list[str]) -> Person:
        name = max(labels, key=lambda s: (" " in s, self.speakers[s], len(s)))
        return Person(name=name, standing=Standing.SPEAKER, speakers=tuple(labels))

    def _outlet(self, words: list[str]) -> list[Person]:
        """Know “the HG” as the Harbour Gazette."""
        known = [s for s in self._outlets if _initials(s) == words[0] or words[0] in fold(s).split()]
        return [self._person(known)] if known else []

    def _office(self, who: str) -> list[Person]:
        """Know “Poland's premier” as whoever the column calls so, if that is one person who speaks."""
        held = self._holders(who)
        return [self._person(held)] if len(held) == 1 and held[0] in self.speakers else []

    # ---- what typing errors are looked up in; in order, so that the same is found each time

    @cached_property
    def _last_names(self) -> list[str]:
        return sorted({fold(s).split()[-1] for s in self.speakers if s[:1].isupper()})

    @cached_property
    def _all_names(self) -> list[str]:
        return sorted(self.names)

    @cached_property
    def _printed(self) -> dict[str, str]:
        """Give a label for each last name."""
        labels = {fold(s).split()[-1]: s for s in self.speakers if not is_description(s)}
        return dict(sorted(labels.items()))

    # ---- people without a statement

    def _silent(self, who: str, words: list[str]) -> Person:
        family = [s for s in self._by_word.get(words[-1], []) if " " in s]
        if family and len(words) > 1:
            return self._unknown(who, family)
        if words[-1] in self.names:
            return Person(name=" ".join(map(_printed, words)), standing=Standing.MENTIONED)
        return self._mistyped(words) or self._stranger(who, words)

    def _mistyped(self, words: list[str]) -> Person | None:
        if len(words[-1]) < SHORTEST_TYPO:
            return None
        near = process.extractOne(words[-1], self._last_names, scorer=fuzz.ratio, score_cutoff=TYPO)
        if near:
            people = self._speaking([*words[:-1], near[0]]) or self._speaking([near[0]])
            return people[0] if people else None
        other = process.extractOne(words[-1], self._all_names, scorer=fuzz.ratio, score_cutoff=TYPO)
        return Person(name=_printed(other[0]), standing=Standing.MENTIONED) if other else None

    def _stranger(self, who: str, words: list[str]) -> Person:
        article = re.match(r"(?:the|a|an|his|her|their)\s", fold(who))
        if article or any(w in self.names or w in TITLES for w in words):
            return Person(name=who, standing=Standing.DESCRIBED)
        near = process.extract(
            words[-1], self._printed.keys(), scorer=fuzz.ratio, limit=SUGGESTED, score_cutoff=LIKE
        )
        return self._unknown(who, [self._printed[word] for word, *_ in near])

    def _unknown(self, who: str, alike: Iterable[str]) -> Person:
        suggestions = tuple(dict.fromkeys(alike))[:SUGGESTED]
        return Person(name=who, standing=Standing.UNKNOWN, suggestions=suggestions)


def names_one_of(word: str, people: Iterable[Person]) -> bool:
    """Tell whether *word* is part of the name of one of *people*, typing errors forgiven."""
    parts = {part for p in people for label in (p.name, *p.speakers) for part in fold(label).split()}
    return any(fuzz.ratio(re.sub(r"\W+(?:s)?$", "", fold(word)), part) >= TYPO for part in parts)


def _groups(labels: Iterable[str]) -> list[list[str]]:
    """Group labels by who can be one person."""
    groups: list[list[str]] = []
    for label in sorted(labels):
        group = next((g for g in groups if any(same_person(label, x) for x in g)), None)
        if group is None:
            groups.append([label])
        else:
            group.append(label)
    return groups


def _bare(label: str) -> str:
    """Return a label as it is looked up: folded, without the article before it."""
    return re.sub(r"^(?:the|a|an)\s+|[\s.?!]+$", "", fold(label).strip())


def _initials(name: str) -> str:
    return "".join(w[0] for w in fold(name).split() if w not in ("the", "of"))


def _printed(word: str) -> str:
    return word[:1].upper() + word[1:]
