"""One question on its way to its answer: whose words, on what, or which kind of no."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import islice, pairwise

from numpy import float32
from numpy.typing import NDArray

from index import statements
from index.choice import (
    BUDGET,
    BUDGET_SAID,
    CLOSE_SAID,
    MOST,
    MOST_SAID,
    RANKED,
    close,
    in_turn,
    listed,
    namesakes,
    shown,
    together,
    without,
)
from index.confidence import evidence
from index.passage import Article, Excerpt
from index.people import People, Person, Standing, names_one_of, naming
from index.question import Question, Sense, content_words, on_whom, pasted_in, topic_words, wants_words
from index.retriever import Ranked, Retriever
from index.segment import STOPWORDS, fold
from index.speech.cues import HUMAN
from index.speech.names import surname
from index.speech.roles import parse
from index.statements import Statement
from index.verdict import Answer, Place, Searched, Verdict

MENTIONS = 100  # passages that tell by which names somebody is mentioned
EVEN = 0.5  # the confidence from which a question counts as answered
NEAR = 0.35  # the cosine from which a passage is near enough to be offered beside a no
# The confidence when somebody's words are asked for, on whatever topic, and there are some: the more plainly
# they are attributed, the surer.
PLAINLY, HARDLY = 0.97, 0.6
UNSURE = 0.4  # the most where nothing tells that the speaker is the one who was asked about
QUOTED = 0.97  # the confidence when a pasted quotation stands in the column, word for word
PASTED = 4  # words that make a pasted text a quotation and no turn of phrase
# A question in full words asks for more than somebody's name.
ASKING = re.compile(
    r"(?:what|who|whom|whose|where|when|which|how|why|did|does|do|is|are|was|were|has|have|can|will)\b"
)
REMARK = 4  # content words: a shorter question that names a speaker asks for that speaker's words

Vector = NDArray[float32]


class Asked:
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
        *,
        rank: bool = False,
    ) -> None:
        self.sure, self.seen, self.rank = sure, seen, rank
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
            if speakers and (quoted := self._quoting(pasted_in(q.text))):
                return self._said_so(speakers, quoted)
            return self._said(people, q.topic)
        if q.sense in (Sense.ABOUT, Sense.MENTIONED):
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
            people = self.people.find(who) if who else []
            if people and people[0].standing is Standing.COLUMNIST:
                return self._found(own=True)
            asked = self.people.named_in(who) if who else []
            silent = asked and any(p.standing is Standing.MENTIONED for p in people)
            if silent or self._is_namesake(who, asked):
                return self._said(people, topic)  # another of that surname, who says nothing
            if asked and not without(who, asked).strip():
                return self._said(asked, topic)
            if named := self._only_named():
                return self._said(named, without(q.topic, named))
        return self._found(own=q.sense is Sense.THINKS, spoken=q.sense is Sense.WHO_SAID)

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
        if confidence < EVEN:
            return self._not_on_this(found, speakers, confidence, seen)
        told = in_turn(found, speakers, CLOSE_SAID)
        return self._answer(Verdict.ANSWERED, told, confidence, subject=_names(speakers), evidence=seen)

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

    def _said_so(self, people: Sequence[Person], quoted: Sequence[Statement]) -> Answer:
        """Answer “what did Roe mean by ‘…’?”: only where the words, which are *quoted*, are Roe's."""
        labels = {label for p in people for label in p.speakers}
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
        return self._mentioned_at(where, person.name) if where else self._never_mentioned(person)

    def _never_mentioned(self, person: Person) -> Answer:
        return self._answer(
            Verdict.NEVER_MENTIONED, [], 0.02, subject=person.name, suggestions=person.suggestions
        )

    def _mentioned_at(self, where: Sequence[int], name: str) -> Answer:
        mentioned = [statements.naming(r, name) for r in self._nearest_first(where)]
        return self._answer(Verdict.NEVER_QUOTED, mentioned, 0.1, subject=name)

    def _about(self, person: Person) -> Answer:
        """Answer where somebody is mentioned, or what others are reported as saying about them."""
        where = self._mentioning(person)
        if not where:
            return self._never_mentioned(person)
        ranked = self._nearest_first(where)
        called = (person.name, *person.aliases)
        found = [statements.naming(r, person.name) for r in ranked]
        if self.question.sense is not Sense.MENTIONED:
            found = statements.about(ranked, called, self.retriever.words("")) or found
        return self._answer(Verdict.ANSWERED, found, PLAINLY, subject=person.name)

    def _nearest_first(self, where: Sequence[int]) -> list[Ranked]:
        return self.retriever.rank(self.query, self.retriever.words(""), where, {})

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
        if self.rank and not ranked and len(places) < RANKED:
            ranked = self.retriever.retrieve(self.question.sought, RANKED, self.within, self.query)
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
        article = self._article(s.ranked.article_id)
        return Excerpt.reported(
            article, s.passage.number, s.start, s.end, s.utterance, score=s.fit, why=s.why
        )

    def _article(self, article_id: str) -> Article:
        if article_id not in self.articles:
            self.articles[article_id] = self.store.article(article_id)
        return self.articles[article_id]

    def _searched(self) -> Searched:
        s = self.store.counts()
        return Searched(
            articles=s.articles if self.within is None else len(self.within),
            passages=s.passages,
            first=s.first,
            last=s.last,
            generation=s.generation,
        )


def _bare(who: str) -> str:
    return re.sub(r"^(?:the|a|an|any|some)\s+", "", who)


def _names(people: Sequence[Person]) -> str:
    return listed(dict.fromkeys(p.name for p in people))
