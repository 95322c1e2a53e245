"""Whom a question means, among the people and outlets of this column."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from index.cues import OUTLET
from index.names import HONORIFICS, TITLES, same_person
from index.segment import STOPWORDS, fold

# Typing errors ("sikorsky", "netenyahu") leave 83 of 100 letters as they were; other names share fewer.
TYPO = 83
SHORTEST_TYPO = 5  # letters: "Modi" and "Mona" are two people


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


@dataclass(frozen=True, slots=True)
class People:
    """The people of one state of the column: who speaks, who is named, who writes."""

    speakers: Mapping[str, int]
    names: Mapping[str, int]
    columnists: Collection[str]
    holders: Callable[[str], list[str]] = lambda phrase: []  # whom an office means: "the Polish PM"

    def find(self, who: str) -> list[Person]:
        """Return the people that *who* names: "Trump and Tusk" are two."""
        whole = self._one(who)
        parts = [p for p in re.split(r"\s+and\s+|\s*,\s*|\s*&\s*", who) if p.strip()]
        if len(parts) > 1 and whole.standing is not Standing.SPEAKER:
            people = [self._one(part) for part in parts]
            if any(p.standing in (Standing.SPEAKER, Standing.MENTIONED) for p in people):
                return people
        return [whole]

    def named_in(self, text: str) -> list[Person]:
        """Return the speakers whose last name stands in *text*, typing errors forgiven, in order."""
        found: list[Person] = []
        for word in re.findall(r"[\w'-]+", fold(text)):
            word = re.sub(r"'s?$", "", word)
            if word in STOPWORDS or word in TITLES or len(word) < 3:
                continue
            person = self._one(word)
            last = fold(person.name).split()[-1:] if person.speakers else []
            if person.standing is Standing.SPEAKER and self._close(word, last) and person not in found:
                found.append(person)
        return found

    def _close(self, word: str, names: Iterable[str]) -> bool:
        return any(fuzz.ratio(word, name) >= TYPO for name in names)

    def _one(self, who: str) -> Person:
        words = self._name_words(who)
        if not words:
            return Person(name=who, standing=Standing.DESCRIBED)
        name = " ".join(words)
        if self._is_columnist(words):
            return Person(name=next(iter(self.columnists)), standing=Standing.COLUMNIST)
        found = self._speakers(name) or self._outlets(name) or self._office(who)
        if found:
            return self._speaker(found)
        if all(w in self.names for w in words[-1:]):
            return Person(name=self._as_printed(name), standing=Standing.MENTIONED)
        return self._mistyped(words) or self._stranger(who, words)

    def _name_words(self, who: str) -> list[str]:
        words = [re.sub(r"'s?$", "", w).strip('.,"') for w in fold(who).split()]
        while words and (words[0] in STOPWORDS or words[0] in HONORIFICS):
            words = words[1:]
        named = [w for w in words if w in self.names]
        if named and words[-1] in self.names:
            # "Prime Minister Tusk": the titles before a name say nothing more.
            words = [w for i, w in enumerate(words) if w not in TITLES or i == len(words) - 1]
        return [w for w in words if w]

    def _is_columnist(self, words: list[str]) -> bool:
        parts = {part for name in self.columnists for part in fold(name).split()}
        return bool(parts) and set(words) <= parts

    def _speakers(self, name: str) -> list[str]:
        same = [s for s in self.speakers if same_person(name, s)]
        exact = [s for s in same if fold(s) == fold(name)]
        return exact if exact and " " in name else same

    def _outlets(self, name: str) -> list[str]:
        """Know “the WSJ” as the Wall Street Journal; "NYT reporters" as the New York Times's."""
        first = name.split()[0]
        return [
            s
            for s in self.speakers
            if OUTLET.search(s) and (_initials(s) == first or first in fold(s).split())
        ]

    def _office(self, who: str) -> list[str]:
        """Know “Poland's premier” as whoever the column calls so, if that is one person."""
        held = self.holders(who)
        return [s for s in self.speakers if s in held] if len(held) == 1 else []

    def _speaker(self, labels: list[str]) -> Person:
        name = max(labels, key=lambda s: (self.speakers[s], len(s)))
        return Person(name=name, standing=Standing.SPEAKER, speakers=tuple(labels))

    def _mistyped(self, words: list[str]) -> Person | None:
        if len(words[-1]) < SHORTEST_TYPO:
            return None
        last_names = {fold(s).split()[-1] for s in self.speakers if s[:1].isupper()}
        near = process.extractOne(words[-1], list(last_names), scorer=fuzz.ratio, score_cutoff=TYPO)
        if near:
            found = self._speakers(" ".join([*words[:-1], near[0]])) or self._speakers(near[0])
            return self._speaker(found)
        other = process.extractOne(words[-1], list(self.names), scorer=fuzz.ratio, score_cutoff=TYPO)
        return Person(name=self._as_printed(other[0]), standing=Standing.MENTIONED) if other else None

    def _stranger(self, who: str, words: list[str]) -> Person:
        described = bool(re.match(r"(?:the|a|an|his|her|their)\s", fold(who))) or len(words) > 3
        if described or any(w in self.names or w in TITLES for w in words):
            return Person(name=who, standing=Standing.DESCRIBED)
        near = process.extract(
            words[-1], [fold(s) for s in self.speakers], scorer=fuzz.WRatio, limit=2, score_cutoff=70
        )
        printed = {fold(s): s for s in self.speakers}
        return Person(name=who, standing=Standing.UNKNOWN, suggestions=tuple(printed[n[0]] for n in near))

    def _as_printed(self, name: str) -> str:
        return " ".join(w[:1].upper() + w[1:] for w in name.split())


def _initials(name: str) -> str:
    return "".join(w[0] for w in fold(name).split() if w not in ("the", "of"))


def names_one_of(word: str, people: Iterable[Person]) -> bool:
    """Tell whether *word* is part of the name of one of *people*, typing errors forgiven."""
    parts = {part for p in people for label in (p.name, *p.speakers) for part in fold(label).split()}
    return any(fuzz.ratio(re.sub(r"\W+(?:s)?$", "", fold(word)), part) >= TYPO for part in parts)
