"""Question to answer: cited excerpts, or which kind of no."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise, zip_longest

from numpy import float32
from numpy.typing import NDArray

from index import statements
from index.confidence import evidence, sure
from index.passage import Article, Excerpt, Utterance
from index.people import People, Person, Standing, names_one_of, naming
from index.question import (
    Question,
    Sense,
    clean,
    content_words,
    leans,
    on_whom,
    parts,
    pasted_in,
    topic_words,
    understand,
    wants_words,
)
from index.retriever import Ranked, Retriever
from index.segment import STOPWORDS, fold
from index.speech.cues import HUMAN
from index.speech.names import names, surname
from index.speech.names import parts as name_parts
from index.speech.roles import ALL as OFFICES
from index.speech.roles import Offices, mended, parse
from index.statements import Statement

MOST = 3  # excerpts in an answer
BUDGET = 700  # characters of the column that an answer shows, where its first excerpt leaves room
# Whoever asks what somebody said, on whatever topic, wants it all: as much of it as a reply can hold.
MOST_SAID, BUDGET_SAID = 5, 1_000
RANKED = 10
MENTIONS = 100  # passages that tell by which names somebody is mentioned
EVEN = 0.5  # the confidence from which a question counts as answered
NEWEST = 3  # articles out of which examples are drawn
NEAR = 0.35  # the cosine from which a passage is near enough to be offered beside a no
# The confidence when somebody's words are asked for, on whatever topic, and there are some: the more plainly
# they are attributed, the surer.
PLAINLY, HARDLY = 0.97, 0.6
UNSURE = 0.4  # the most where nothing tells that the speaker is the one who was asked about
QUOTED = 0.97  # the confidence when a pasted quotation stands in the column, word for word
PASTED = 4  # words that make a pasted text a quotation and no turn of phrase
CLOSE = 0.8  # a further excerpt is shown when it fits at least so well as the best, relatively
CLOSE_SAID = 0.7  # the same for one speaker's statements: the next one is whose words were asked for, too
# A question in full words asks for more than somebody's name.
ASKING = re.compile(
    r"(?:what|who|whom|whose|where|when|which|how|why|did|does|do|is|are|was|were|has|have|can|will)\b"
)
REMARK = 4  # content words: a shorter question that names a speaker asks for that speaker's words

Vector = NDArray[float32]
Place = tuple[str, int, int, int]  # article id, ¶, and the span in it


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

    When *verdict* is ANSWERED, *excerpts* are the answer, best first. Otherwise they are the nearest
    passages and are no answer. *subject* is the person asked about, as the column names them. *confidence*
    is in [0, 1]. *ranked* holds up to ten (article name, ¶), best first. *suggestions* are names in the
    column that resemble an unknown one ("did you mean …?"). *topics* are words of what *subject* is quoted
    on, where that is something else. *unanswered* are the parts of the question that have no answer, where
    others have. *candidates* are the people of one name of whom the question may mean any. *withheld* are
    excerpts of which whoever asks may see the place, not the words: they saw much of the article before.
    *evidence* is what *confidence* was weighed from, in the order of `index.confidence.EVIDENCE`; empty where
    the verdict needed no weighing.
    """

    question: str
    verdict: Verdict
    excerpts: tuple[Excerpt, ...]
    searched: Searched
    confidence: float
    subject: str | None = None
    suggestions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    withheld: tuple[Excerpt, ...] = ()
    ranked: tuple[tuple[str, int], ...] = ()
    evidence: tuple[float, ...] = ()


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

    def ask(
        self, typed: str, within: Collection[str] | None = None, *, seen: Collection[Place] = ()
    ) -> Answer:
        """
        Answer *typed* out of the column.

        Args:
            within: Ids of the articles to look in; None for all.

            seen: Excerpts that were shown before: the answer shows the next.
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
                _Asked(self._retriever, people, question, query, within, self._sure, seen).answer()
                for question, query in zip(asked, queries, strict=True)
            ]
        first = replace(answers[0], question=clean(typed))
        return first if len(answers) == 1 else together(first.question, answers)

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

    def people(self, generation: int) -> People:
        """Return who is who in the column at *generation*."""
        if self._people is None or self._people[0] != generation:
            speakers = self._store.speakers()
            self._people = (
                generation,
                People(
                    speakers,
                    self._store.names(),
                    tuple(self._columnists(speakers)),
                    self._holders(),
                    aliases=self._aliases,
                    printed=lru_cache(maxsize=1000)(self._printed),
                    is_word=lambda word: self._store.document_frequency([word])[word] > 0,
                ),
            )
        return self._people[1]

    def _holders(self) -> Callable[[str], list[str]]:
        known = Offices(self._store.roles(OFFICES))
        return lambda phrase: known.holders(mended(phrase))

    def _printed(self, word: str) -> tuple[str, ...]:
        """Return the names in the newest passages that hold the folded *word*, the most frequent first."""
        found = self._store.passages(self._store.phrase(word, MENTIONS))
        printed = Counter(n.full for _, p in found.values() for n in names(p.text))
        return tuple(name for name, _ in printed.most_common() if word in fold(name).split())

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
        sure: Callable[[Sequence[float]], float],
        seen: Collection[Place] = (),
    ) -> None:
        self.sure, self.seen = sure, seen
        self.candidates: tuple[str, ...] = ()
        self.retriever, self.store, self.people = retriever, retriever.store, people
        self.question, self.query, self.within = question, query, within
        self.articles: dict[str, Article] = {}

    def answer(self) -> Answer:
        """Return the answer in the sense of the question."""
        q = self.question
        if q.sense is Sense.SAID:
            people = self.people.find(q.who)
            own = [p for p in people if p.standing is Standing.COLUMNIST]
            if own and len(people) > len(own) and (others := [p for p in people if p.speakers]):
                return together(q.text, [self._found(own=True), self._said(others, q.topic)])
            if people[0].standing is Standing.COLUMNIST:
                return self._found(own=True)
            if all(p.standing is Standing.DESCRIBED for p in people):
                return self._described()
            known = any(p.standing in (Standing.SPEAKER, Standing.MENTIONED) for p in people)
            named = [] if known else self.people.named_in(q.who)
            if named and not self._is_namesake(q.who, named):
                return self._said(named, f"{without(q.who, named)} {q.topic}")  # "roe medicine quote"
            speakers = [p for p in people if p.speakers]
            if speakers and self._quoting(pasted := pasted_in(q.text)):
                return self._said_so(speakers, pasted)
            if any(p.standing is not Standing.DESCRIBED for p in people):
                return self._said(people, q.topic)
        elif q.sense in (Sense.ABOUT, Sense.MENTIONED):
            people = self.people.find(q.who)
            if people[0].standing not in (Standing.DESCRIBED, Standing.COLUMNIST):
                return self._about(people[0])
        elif q.sense is Sense.WHO_SAID:
            if quoted := self._quoting(q.quoted):
                return self._answer(Verdict.ANSWERED, quoted, QUOTED)
            named = [] if q.quoted else self.people.named_in(q.topic)
            if len(named) == 1 and not content_words(without(q.topic, named)):
                return self._about(named[0])  # "what do people say about Roe?"
        elif q.sense is Sense.ANY:
            who, topic = on_whom(q)
            if who and self.people.find(who)[0].standing is Standing.COLUMNIST:
                return self._found(own=True)
            asked = self.people.named_in(who) if who else []
            people = self.people.find(who) if asked else []
            if any(p.standing is Standing.MENTIONED for p in people) or self._is_namesake(who, asked):
                return self._said(people, topic)  # another of that surname, who says nothing
            if asked and not without(who, asked).strip():
                return self._said(asked, topic)
            if named := self._only_named():
                return self._said(named, without(q.topic, named))
        return self._found(own=q.sense is Sense.THINKS, spoken=q.sense in (Sense.SAID, Sense.WHO_SAID))

    def _is_namesake(self, text: str, named: Sequence[Person]) -> bool:
        """Tell whether *text* names another of that surname: “pia quill”, where only Mara Quill is known."""
        words = fold(text).split()
        called = [x for x, y in pairwise(words) if names_one_of(y, named) and not names_one_of(x, named)]
        first = [x for x in called if x not in STOPWORDS]
        return not all(self.store.document_frequency(first).values())

    def _described(self) -> Answer:
        """Answer what somebody said whom no name or label in the column stands for: “the gulf's leaders”."""
        q = self.question
        owner, _, owned = q.who.partition("'s ")
        people = self.people.find(owner) if owned else []
        speakers = [p for p in people if p.speakers]
        if speakers and not HUMAN.match(owned.split()[-1]):
            return self._said(speakers, f"{owned} {q.topic}")  # "roe's ferry quote"
        if not owned and (named := self.people.named_in(q.who)):
            return self._said(named, f"{without(q.who, named)} {q.topic}")  # "roe medicine quote"
        silent = [p for p in people if p.standing is Standing.MENTIONED]
        if where := self.store.phrase(_bare(q.who), RANKED, self.within):
            return self._mentioned_at(where, _bare(q.who))
        if silent and HUMAN.match(owned.split()[-1]):
            return self._never_quoted(silent[0])  # "norway's government", where only Norway is named
        return self._found(spoken=True)

    def _only_named(self) -> list[Person]:
        """Return whom a question names that is hardly more than names: "tusk??", "roe budget"."""
        topic = self.question.topic
        short = len(content_words(topic)) <= REMARK and not ASKING.match(topic)
        if wants_words(self.question):
            return self.people.named_in(topic)[:1]
        return self.people.named_in(topic) if short else []

    # ---- somebody's words

    def _said(self, people: Sequence[Person], topic: str) -> Answer:
        speakers = [p for p in people if p.standing is Standing.SPEAKER]
        self.candidates = namesakes(speakers, self.question.text)
        words = self.retriever.words(topic_words(topic))
        found = statements.said_by(self.retriever, speakers, words, self.query, self.within)
        if not found:
            return self._never_quoted(people[0])
        if not words.weights:
            everything = in_turn(found, speakers, 0.0)
            return self._answer(
                Verdict.ANSWERED,
                everything,
                HARDLY + (PLAINLY - HARDLY) * found[0].fit,
                subject=_names(speakers),
                most=MOST_SAID,
                budget=BUDGET_SAID,
            )
        seen = evidence(self.question, words, found[0])
        confidence = self.sure(seen)
        verdict = Verdict.ANSWERED if confidence >= EVEN else Verdict.NOT_ON_THIS
        if verdict is Verdict.ANSWERED:
            told = in_turn(found, speakers, CLOSE_SAID)
            return self._answer(verdict, told, confidence, subject=_names(speakers), evidence=seen)
        return self._not_on_this(found, speakers, confidence, seen)

    def _not_on_this(
        self,
        found: Sequence[Statement],
        speakers: Sequence[Person],
        confidence: float,
        seen: tuple[float, ...] = (),
    ) -> Answer:
        texts = " ".join(s.text for s in found[:RANKED])
        labels = [label for p in speakers for label in p.speakers]
        return self._answer(
            Verdict.NOT_ON_THIS,
            found,
            confidence,
            subject=_names(speakers),
            evidence=seen,
            topics=tuple(statements.topics(found[:RANKED], self.retriever.words(texts), labels)),
        )

    def _said_so(self, people: Sequence[Person], quotation: str) -> Answer:
        """Answer “what did Roe mean by ‘…’?”: only where the words are Roe's."""
        labels = {label for p in people for label in p.speakers}
        quoted = self._quoting(quotation)
        own = [s for s in quoted if s.utterance and s.utterance.speaker in labels]
        if own:
            return self._answer(Verdict.ANSWERED, own, QUOTED, subject=_names(people))
        found = statements.said_by(self.retriever, people, self.retriever.words(""), self.query, self.within)
        return self._not_on_this(found, people, 1 - QUOTED)

    def _quoting(self, quotation: str) -> list[Statement]:
        if len(re.findall(r"\w+", quotation)) < PASTED:
            return []
        where = self.store.phrase(quotation, RANKED, self.within)
        ranked = self.retriever.rank(self.query, self.retriever.words(quotation), where, {})
        return statements.quoting(ranked, quotation)

    def _never_quoted(self, person: Person) -> Answer:
        where = self._mentioning(person)
        if not where:
            return self._answer(
                Verdict.NEVER_MENTIONED, [], 0.02, subject=person.name, suggestions=person.suggestions
            )
        return self._mentioned_at(where, person.name)

    def _mentioned_at(self, where: Sequence[int], name: str) -> Answer:
        ranked = self.retriever.rank(self.query, self.retriever.words(""), where, {})
        mentioned = [statements.naming(r, name) for r in ranked]
        return self._answer(Verdict.NEVER_QUOTED, mentioned, 0.1, subject=name)

    def _about(self, person: Person) -> Answer:
        """Answer where somebody is mentioned, or what others are reported as saying about them."""
        where = self._mentioning(person)
        if not where:
            return self._never_quoted(person)
        ranked = self.retriever.rank(self.query, self.retriever.words(""), where, {})
        called = (person.name, *person.aliases)
        found = [statements.naming(r, person.name) for r in ranked]
        if self.question.sense is not Sense.MENTIONED:
            found = statements.about(ranked, called, self.retriever.words("")) or found
        return self._answer(Verdict.ANSWERED, found, PLAINLY, subject=person.name)

    def _mentioning(self, person: Person) -> list[int]:
        """Return passages that name *person*, and not only a namesake, a street or a newspaper."""
        called = (person.name, *person.aliases)
        whole = person.standing is Standing.UNKNOWN and not person.aliases
        words = [person.name] if whole else [surname(name) for name in called]
        looked = [x for word in words for x in self.store.phrase(word, MENTIONS, self.within)]
        texts = self.store.passages(looked)
        return naming({x: texts[x][1].text for x in looked if x in texts}, called)[:RANKED]

    # ---- anything else

    def _may_be(self, speaker: str | None) -> bool:
        """
        Tell whether *speaker* can be whoever a question only describes.

        “The Norwegian leader” may be somebody whom the column calls by name alone; “the unnamed official” is
        one whose label says so.
        """
        who = self.question.who
        return bool(parse(who)[0]) or bool(set(content_words(who)) & set(content_words(speaker or "")))

    def _found(self, *, own: bool = False, spoken: bool = False) -> Answer:
        q = self.question
        words = self.retriever.words(q.quoted or q.topic or q.sought)
        ranked = self.retriever.retrieve(q.sought, RANKED, self.within, self.query)
        found = statements.sentences_for(ranked, words, own=own, spoken=spoken)
        if q.sense is Sense.SAID and not own:
            found = [s for s in found if s.utterance]  # only speech answers what somebody said
        if not found:
            return self._answer(Verdict.SILENT, [], 0.0, ranked=ranked)
        seen = evidence(q, words, found[0])
        confidence = self.sure(seen)
        told = found[0].utterance
        if q.sense is Sense.SAID and not own and not self._may_be(told.speaker if told else None):
            confidence = min(UNSURE, confidence)
        verdict = Verdict.ANSWERED if confidence >= EVEN else Verdict.SILENT
        near = verdict is Verdict.ANSWERED or found[0].cosine >= NEAR
        return self._answer(verdict, close(found) if near else [], confidence, ranked=ranked, evidence=seen)

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
        evidence: tuple[float, ...] = (),
        topics: tuple[str, ...] = (),
        most: int = MOST,
        budget: int = BUDGET,
    ) -> Answer:
        places = dict.fromkeys((s.ranked.article_id, s.passage.number) for s in found)
        if len(places) < RANKED:
            ranked = ranked or self.retriever.retrieve(self.question.sought, RANKED, self.within, self.query)
            places |= dict.fromkeys((r.article_id, r.passage.number) for r in ranked)
        ten = list(islice(places, RANKED))
        short = self.store.article_names({article_id for article_id, _ in ten})
        return Answer(
            question=self.question.text,
            verdict=verdict,
            excerpts=tuple(self._excerpt(s) for s in shown(self._unseen(found), most, budget)),
            searched=self._searched(),
            confidence=confidence,
            evidence=evidence,
            subject=subject,
            suggestions=suggestions,
            topics=topics,
            candidates=self.candidates,
            ranked=tuple((short[article_id], number) for article_id, number in ten),
        )

    def _unseen(self, found: Sequence[Statement]) -> list[Statement]:
        def was_seen(s: Statement) -> bool:
            place = s.ranked.article_id, s.passage.number
            return any(place == (a, n) and s.start < end and start < s.end for a, n, start, end in self.seen)

        return [s for s in found if not was_seen(s)]

    def _excerpt(self, s: Statement) -> Excerpt:
        u = s.utterance
        return Excerpt(
            article=self._article(s.ranked.article_id),
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


def _bare(who: str) -> str:
    return re.sub(r"^(?:the|a|an|any|some)\s+", "", who)


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


def together(question: str, answers: Sequence[Answer]) -> Answer:
    """Return one answer to a question of several parts: the excerpts of each answered part, in turn."""
    answered = [a for a in answers if a.verdict is Verdict.ANSWERED]
    first = (answered or answers)[0]
    turns = zip_longest(*(a.excerpts for a in answered or answers[:1]))
    excerpts = {(e.article.id, e.number, e.start): e for turn in turns for e in turn if e}
    chosen: list[Excerpt] = []
    for e in excerpts.values():
        due = len(chosen) < len(answered)  # each answered part shows something
        if due or (sum(len(c.text) for c in [*chosen, e]) <= BUDGET and len(chosen) < MOST):
            chosen.append(e)
    return replace(
        first,
        question=question,
        excerpts=tuple(chosen[:MOST_SAID]),
        confidence=max(a.confidence for a in answers),
        ranked=tuple(dict.fromkeys(place for a in answers for place in a.ranked))[:RANKED],
        unanswered=tuple(a.question for a in answers if answered and a.verdict is not Verdict.ANSWERED),
    )


def without(text: str, people: Sequence[Person]) -> str:
    """Return *text* without the words that name *people*."""
    return " ".join(w for w in text.split() if not names_one_of(w, people))


def _names(people: Sequence[Person]) -> str:
    """Write one name, or several as people list them."""
    *others, last = dict.fromkeys(p.name for p in people)
    return f"{', '.join(others)} and {last}" if others else last


def namesakes(people: Sequence[Person], text: str) -> tuple[str, ...]:
    """Return the names of *people* where all bear one surname and *text* has no first name of theirs."""
    typed = set(re.findall(r"[\w'-]+", fold(text)))
    alike = len({surname(p.name) for p in people}) == 1 and len(people) > 1
    told = any(typed & set(name_parts(p.name).given) for p in people)
    return tuple(dict.fromkeys(p.name for p in people)) if alike and not told else ()


def in_turn(found: Sequence[Statement], speakers: Sequence[Person], least: float = CLOSE) -> list[Statement]:
    """Return what fits *least* as well as its speaker's best; each speaker has a turn before a second."""
    if len(speakers) < 2:
        return close(found, least)
    own = [
        close([s for s in found if s.utterance and s.utterance.speaker in p.speakers], least)
        for p in speakers
    ]
    return [s for turn in zip_longest(*own) for s in turn if s]


def close(found: Sequence[Statement], least: float = CLOSE) -> list[Statement]:
    """Return those that fit at least *least* times as well as the best."""
    return [s for s in found if s.fit >= least * found[0].fit]


def shown(found: Sequence[Statement], most: int = MOST, budget: int = BUDGET) -> list[Statement]:
    """Return the statements that an answer shows: a few, short together, none twice or inside another."""
    chosen: list[Statement] = []
    for s in found:
        length = sum(c.end - c.start for c in [*chosen, s])
        fits = len(chosen) < most and length <= budget
        known = any(s.overlaps(c) or s.text == c.text for c in chosen)
        if not chosen or (fits and not known):
            chosen.append(s)
    return chosen
