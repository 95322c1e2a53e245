"""Question to answer: cited excerpts, or which kind of no."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from index.asked import MENTIONS, Asked
from index.choice import together
from index.confidence import sure
from index.passage import Utterance
from index.people import People, Person
from index.prompts import prompts
from index.question import Question, clean, leans, parts, understand
from index.retriever import Retriever
from index.segment import fold
from index.speech.names import names
from index.speech.roles import Offices, mended
from index.verdict import Answer, Place, Searched, Verdict

__all__ = ["Answer", "Answerer", "Place", "Searched", "Verdict"]

NEWEST = 3  # articles out of which examples are drawn


class Answerer:
    """Answers questions from a store. Safe to share between threads; sees each new sync by itself."""

    def __init__(
        self,
        retriever: Retriever,
        aliases: Mapping[str, Sequence[str]] | None = None,
        sure: Callable[[Sequence[float]], float] = sure,
    ) -> None:
        """
        Args:
            aliases: What else people are called, by their names.

            sure: Weighs the evidence of an answer: the probability that it is one.
        """
        self._retriever, self._store, self._aliases, self._sure = retriever, retriever.store, aliases, sure
        self._people: tuple[int, People] | None = None
        self._turn = threading.Lock()

    def ask(
        self,
        typed: str,
        within: Collection[str] | None = None,
        *,
        seen: Collection[Place] = (),
        rank: bool = False,
    ) -> Answer:
        """
        Answer *typed* out of the column.

        Args:
            within: Ids of the articles to look in; None for all.

            seen: Excerpts that were shown before: the answer shows the next.

            rank: Rank ten passages in any case, which no reader is shown, but an evaluation counts.
        """
        asked = [understand(part) for part in parts(typed)]
        with self._store.reading() as generation:
            people = self.people(generation)
            asked = [
                replace(q, topic=people.mended(q.topic), sought=people.mended(_sought(q, asked[0])))
                for q in asked
            ]
        # One ending for all: "tusk" and "tusk??" are one question to the model as well.
        queries = [self._retriever.query(q.sought.rstrip("?") + "?") for q in asked]
        with self._store.reading() as generation:
            people = self.people(generation)
            answers = [
                Asked(self._retriever, people, question, query, within, self._sure, seen, rank=rank).answer()
                for question, query in zip(asked, queries, strict=True)
            ]
        first = replace(answers[0], question=clean(typed))
        return first if len(answers) == 1 else together(first.question, answers)

    def warm(self) -> None:
        """Read now what the first question after a sync would wait for: who is who, and where all stands."""
        with self._store.reading() as generation:
            self.people(generation)
            self._store.warm()

    def find(self, who: str) -> list[Person]:
        """Return whom *who* names in this column."""
        with self._store.reading() as generation:
            return self.people(generation).find(who)

    def article_ids(self) -> dict[str, str]:
        """Return the ids of all articles by their short names."""
        return {a.name: a.id for a in self._store.articles()}

    def examples(self, most: int = 3) -> list[str]:
        """Return up to *most* questions that this column answers, of people whom it quotes lately."""
        with self._store.reading():
            newest = [self._store.article(a.id) for a in self._store.articles()[:NEWEST]]
        quoted = Counter(u.speaker for a in newest for p in a.passages for u in p.utterances if _is_person(u))
        full = [name for name, _ in quoted.most_common()]
        return [f"What did {name.split()[-1]} say?" for name in full[:most] if name]

    def prompts(self, most: int = 4) -> list[str]:
        """Return up to *most* questions that the newest article answers; where it quotes nobody, examples."""
        with self._store.reading():
            newest = [self._store.article(a.id) for a in self._store.articles()[:1]]
            said = [u for a in newest for p in a.passages for u in p.utterances]
            people = [u.speaker for u in said if u.speaker and _is_person(u)]
            found = [q for a in newest for q in prompts(self._retriever, a, people, most)]
        return found or self.examples(most)

    def people(self, generation: int) -> People:
        """Return who is who in the column at *generation*, which the thread reads."""
        with self._turn:  # of a large column that takes a while: whoever asks meanwhile waits for the same
            if self._people is None or self._people[0] != generation:
                self._people = generation, self._told_apart()
            return self._people[1]

    def _told_apart(self) -> People:
        speakers = self._store.speakers()
        return People(
            speakers,
            self._store.names(),
            tuple(self._columnists(speakers)),
            self._holders(),
            aliases=self._aliases,
            printed=lru_cache(maxsize=1000)(self._printed),
            is_word=lambda word: self._store.document_frequency([word])[word] > 0,
        )

    def _holders(self) -> Callable[[str], list[str]]:
        known = Offices(lambda office: self._store.roles([office]))
        return lambda phrase: known.holders(mended(phrase))

    def _printed(self, word: str) -> tuple[str, ...]:
        """Return the names in the newest passages that hold the folded *word*, the most frequent first."""
        found = self._store.passages(self._store.phrase(word, MENTIONS))
        printed = Counter(n.full for _, p in found.values() for n in names(p.text))
        return tuple(name for name, _ in printed.most_common() if word in fold(name).split())

    def _columnists(self, speakers: Collection[str]) -> Iterator[str]:
        """Yield who writes the column: its authors, or whoever it is named after ("Roe's Notes")."""
        yield from self._store.authors()
        quoted = {fold(s).split()[-1] for s in speakers}
        for title in self._store.unsigned():
            owner = re.match(r"(\w+?)'?s (\w+)$", fold(title))
            if owner and owner[1] not in quoted and self._store.phrase(f"{owner[1]}'s {owner[2]}", 1):
                yield owner[1].capitalize()


def _sought(question: Question, first: Question) -> str:
    """Return what is searched for: a part of a question that leans on the first is searched for with it."""
    together = question is not first and leans(question.text)
    return f"{question.text} {first.text}" if together else question.text


def _is_person(u: Utterance) -> bool:
    """Tell whether a statement is somebody's of first and last name, and no outlet's block quotation."""
    speaker = u.speaker or ""
    return (
        bool(re.fullmatch(r"[^\W\d_][\w.’'-]+ [^\W\d_][\w’'-]+", speaker))
        and u.cue != ":"
        and speaker[0].isupper()
    )
