"""Question to answer: cited excerpts, or which kind of no."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from numpy import float32
from numpy.typing import NDArray

from index import statements
from index.passage import Article, Excerpt, Manner
from index.people import People, Person, Standing
from index.question import Question, Sense, content_words, understand
from index.retriever import Ranked, Retriever, Words
from index.segment import fold
from index.statements import Statement

MOST = 3  # excerpts in an answer
BUDGET = 700  # characters of the column that an answer shows, where its first excerpt leaves room
RANKED = 10
ON_TOPIC = 0.45  # how well a statement must fit the topic that was asked for
SURE = 0.5  # the confidence from which a question counts as answered
CLOSE = 0.8  # a further excerpt is shown when it fits at least so well as the best, relatively
REMARK = 4  # content words: a shorter question that names a speaker asks for that speaker's words

Vector = NDArray[float32]


class Verdict(StrEnum):
    """What the column has to say to a question."""

    ANSWERED = "answered"
    NOT_ON_THIS = "quoted, but not on this"
    NEVER_QUOTED = "mentioned, but never quoted"
    NEVER_MENTIONED = "never mentioned"
    SILENT = "the column does not say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was looked through: how many articles and passages, of which dates, at which generation."""

    articles: int
    passages: int
    first: date | None
    last: date | None
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What the column says to *question*.

    When *verdict* is ANSWERED, *excerpts* are the answer, best first, at most three. Otherwise they
    are the nearest passages and are no answer. *subject* is the person asked about, as the column
    names them. *confidence* is in [0, 1]. *ranked* holds up to ten (article name, ¶), best first.
    *suggestions* are names in the column that resemble an unknown one ("did you mean …?").
    """

    question: str
    verdict: Verdict
    excerpts: tuple[Excerpt, ...]
    searched: Searched
    confidence: float
    subject: str | None = None
    suggestions: tuple[str, ...] = ()
    ranked: tuple[tuple[str, int], ...] = ()


class Answerer:
    """Answers questions from a store. Safe to share between threads; sees each new sync by itself."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever, self._store = retriever, retriever.store
        self._people: tuple[int, People] | None = None

    def ask(self, typed: str, within: Collection[str] | None = None) -> Answer:
        """
        Answer *typed* out of the column.

        Args:
            within: Ids of the articles to look in; None for all.
        """
        question = understand(typed)
        query = self._retriever.query(question.text)
        with self._store.reading() as generation:
            return _Asked(self._retriever, self.people(generation), question, query, within).answer()

    def examples(self, most: int = 3) -> list[str]:
        """Return up to *most* questions that this column answers, of people whom its newest articles quote."""
        with self._store.reading() as generation:
            people = self.people(generation)
            outlets = {p.name for p in people.find("")}
            named = [
                s for s in people.speakers if re.match(r"\w+ \w+$", s) and s[0].isupper() and s not in outlets
            ]
            said = {s: self._store.said([s]) for s in named[:50]}
        direct = [s for s in named[:50] if any(u.manner is Manner.DIRECT for _, u in said[s])]
        return [f"What did {name} say?" for name in (direct or named)[:most]]

    def people(self, generation: int) -> People:
        """Return who is who in the column at *generation*."""
        if self._people is None or self._people[0] != generation:
            speakers = self._store.speakers()
            self._people = (
                generation,
                People(speakers, self._store.names(), tuple(self._columnists(speakers))),
            )
        return self._people[1]

    def _columnists(self, speakers: Collection[str]) -> Iterator[str]:
        """Yield who writes the column: its authors, or whoever it is named after ("Roe's Notes")."""
        articles = self._store.articles()
        yield from dict.fromkeys(a.author for a in articles if a.author)
        quoted = {fold(s).split()[-1] for s in speakers}
        for title in dict.fromkeys(a.title for a in articles if not a.author):
            owner = re.match(r"(\w+?)'?s (\w+)$", fold(title))
            if owner and owner[1] not in quoted and self._store.phrase(f"{owner[1]}'s {owner[2]}", 1):
                yield owner[1].capitalize()


class _Asked:
    """One question on its way to its answer, within one state of the store."""

    def __init__(
        self,
        retriever: Retriever,
        people: People,
        question: Question,
        query: Vector,
        within: Collection[str] | None,
    ) -> None:
        self.retriever, self.store, self.people = retriever, retriever.store, people
        self.question, self.query, self.within = question, query, within
        self.articles: dict[str, Article] = {}

    def answer(self) -> Answer:
        """Return the answer in the sense of the question."""
        q = self.question
        if q.sense is Sense.ANY and len(content_words(q.topic)) <= REMARK:
            named = self.people.named_in(q.topic)
            if named:
                return self._said(named, " ".join(w for w in q.topic.split() if not self._names(w, named)))
        if q.sense is Sense.SAID:
            people = self.people.find(q.who)
            if people[0].standing is Standing.COLUMNIST:
                return self._found(own=True)
            if any(p.standing is not Standing.DESCRIBED for p in people):
                return self._said(people, q.topic)
            return self._found(spoken=True)
        if q.sense is Sense.WHO_SAID:
            return self._found(spoken=True)
        return self._found(own=q.sense is Sense.THINKS)

    def _names(self, word: str, people: Sequence[Person]) -> bool:
        return bool(self.people.named_in(word)) and self.people.named_in(word)[0] in people

    # ---- somebody's words

    def _said(self, people: Sequence[Person], topic: str) -> Answer:
        speakers = [p for p in people if p.standing is Standing.SPEAKER]
        words = self.retriever.words(topic)
        found = statements.said_by(self.retriever, speakers, words, self.query, self.within)
        if not found:
            return self._never_quoted(people)
        fitting = [s for s in found if s.fit >= ON_TOPIC] if words.weights else found
        best = max((s.fit for s in found), default=0.0)
        verdict = Verdict.ANSWERED if fitting else Verdict.NOT_ON_THIS
        confidence = 0.9 if not words.weights else best
        return self._answer(verdict, fitting or found, confidence, subject=speakers[0].name)

    def _never_quoted(self, people: Sequence[Person]) -> Answer:
        person = people[0]
        where = self.store.phrase(person.name, 20, self.within)
        if where:
            ranked = self.retriever.rank(self.query, self.retriever.words(""), where, {})
            mentioned = [statements.sentence_with(r, person.name) for r in ranked]
            return self._answer(Verdict.NEVER_QUOTED, mentioned, 0.1, subject=person.name)
        return self._answer(
            Verdict.NEVER_MENTIONED, [], 0.02, subject=person.name, suggestions=person.suggestions
        )

    # ---- anything else

    def _found(self, *, own: bool = False, spoken: bool = False) -> Answer:
        topic = self.question.quoted or self.question.topic or self.question.text
        words = self.retriever.words(topic)
        ranked = self.retriever.retrieve(self.question.text, RANKED, self.within, self.query)
        found = statements.sentences_of(ranked, words, own=own, spoken=spoken)
        if spoken and not found:
            found = statements.sentences_of(ranked, words)
        confidence = self._confidence(found, words)
        verdict = Verdict.ANSWERED if confidence >= SURE else Verdict.SILENT
        return self._answer(verdict, found, confidence, ranked=ranked)

    def _confidence(self, found: Sequence[Statement], words: Words) -> float:
        return max((s.fit for s in found), default=0.0)

    # ---- the record

    def _answer(
        self,
        verdict: Verdict,
        found: Sequence[Statement],
        confidence: float,
        *,
        subject: str | None = None,
        suggestions: tuple[str, ...] = (),
        ranked: Sequence[Ranked] = (),
    ) -> Answer:
        ranked = ranked or self.retriever.retrieve(self.question.text, RANKED, self.within, self.query)
        places = dict.fromkeys(
            [(s.article_id, s.passage.number) for s in found]
            + [(r.article_id, r.passage.number) for r in ranked]
        )
        return Answer(
            question=self.question.text,
            verdict=verdict,
            excerpts=tuple(self._excerpt(s) for s in shown(found)),
            searched=self._searched(),
            confidence=min(1.0, max(0.0, confidence)),
            subject=subject,
            suggestions=suggestions,
            ranked=tuple((self._article(a).name, n) for a, n in islice(places, RANKED)),
        )

    def _excerpt(self, s: Statement) -> Excerpt:
        u = s.utterance
        return Excerpt(
            article=self._article(s.article_id),
            number=s.passage.number,
            start=s.start,
            end=s.end,
            score=s.fit,
            speaker=u.speaker if u else None,
            manner=u.manner if u else None,
            via=u.via if u else (),
            why=s.why,
        )

    def _article(self, article_id: str) -> Article:
        if article_id not in self.articles:
            self.articles[article_id] = self.store.article(article_id)
        return self.articles[article_id]

    def _searched(self) -> Searched:
        s = self.store.summary()
        return Searched(
            articles=s.articles if self.within is None else len(self.within),
            passages=s.passages,
            first=s.first,
            last=s.last,
            generation=s.generation,
        )


def shown(found: Sequence[Statement]) -> list[Statement]:
    """Return the statements that an answer shows: three at most, short together, none inside another."""
    chosen: list[Statement] = []
    length = 0
    for s in found:
        length += s.end - s.start
        twin = any(c.passage_id == s.passage_id and s.start < c.end and c.start < s.end for c in chosen)
        if not chosen or (
            len(chosen) < MOST and length <= BUDGET and not twin and s.fit >= CLOSE * found[0].fit
        ):
            chosen.append(s)
        else:
            length -= s.end - s.start
    return chosen
