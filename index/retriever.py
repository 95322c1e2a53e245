"""Question to ranked passages: nearness of meaning and words in common, fused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Protocol

import numpy as np
import Stemmer
from numpy.typing import NDArray

from index.passage import Passage, Utterance
from index.question import content_words
from index.segment import fold
from index.store import Near, Store

# The sum of 0.6 × cosine and 0.4 × BM25, each divided by its best, ranks better than either alone, than
# ranks fused, and than wider windows of text: measured on the development questions.
MEANING = 0.6
CHUNKS, LEXICAL = 64, 48  # how many of each kind are looked at
QUOTED = 100  # passages in which one person speaks: of more, only the likeliest are looked at
DIRECT = 40  # of these, where no topic is asked for and an answer shows the most direct


class EncodesQueries(Protocol):
    """What retrieval needs of an embedder."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the embedding of one question, shape (d,)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """
    A passage found for a question.

    *score* is the fused score in [0, 1], 1 for a passage that is best in both ways; *cosine* is its best
    sentence's, in [-1, 1]; *coverage* is the share of the question's content words that the passage
    holds, rare words weighing more, in [0, 1]. *sentences* are its chunks with their cosines.
    """

    passage_id: int
    article_id: str
    passage: Passage
    score: float
    cosine: float
    words: Words
    sentences: tuple[Near, ...]

    @property
    def coverage(self) -> float:
        """The share of the question's words that the passage holds."""
        return self.words.coverage(self.passage.text)


@dataclass(frozen=True, slots=True)
class Words:
    """The content words of a question and what each weighs: rare words more, in this column."""

    weights: Mapping[str, float]  # stem -> inverse document frequency

    def coverage(self, text: str) -> float:
        """Return the weighed share of the words that stand in *text*, in [0, 1]; 0 without words."""
        total = sum(self.weights.values())
        if not total:
            return 0.0
        held = stems(text)
        return sum(x for stem, x in self.weights.items() if stem in held) / total


class Retriever:
    """Ranks the passages of a store for a question."""

    def __init__(self, store: Store, embedder: EncodesQueries) -> None:
        self.store, self._embedder = store, embedder

    def query(self, question: str) -> NDArray[np.float32]:
        """Return the embedding of *question*, shape (d,)."""
        return self._embedder.encode_query(question)

    def words(self, text: str) -> Words:
        """Return the content words of *text* with their weights in this column."""
        words = content_words(text)
        found = self.store.document_frequency(words)
        n = max(1, self.store.counts().passages)
        return Words({stem(x): log(1 + (n - found[x] + 0.5) / (found[x] + 0.5)) for x in words})

    def retrieve(
        self,
        question: str,
        k: int = 10,
        within: Collection[str] | None = None,
        query: NDArray[np.float32] | None = None,
    ) -> list[Ranked]:
        """
        Return the *k* passages that answer *question* best, best first.

        Args:
            within: Ids of the articles to look in; None for all.

            query: The question's embedding where it is already there, shape (d,).
        """
        query = self.query(question) if query is None else query
        words = self.words(question)
        near = self.store.search(query, CHUNKS, within)
        lexical = dict(self.store.lexical(content_words(question), LEXICAL, within))
        found = [*dict.fromkeys([x.passage_id for x in near] + list(lexical))]
        return self.rank(query, words, found, lexical, k, near)

    def said(
        self,
        speakers: Sequence[Collection[str]],
        words: Words,
        query: NDArray[np.float32],
        within: Collection[str] | None = None,
    ) -> list[tuple[int, Utterance]]:
        """
        Return (passage id, utterance) of each of *speakers*, by the labels of each, the newest article first.

        Of somebody who speaks in more than QUOTED passages, it is those in the passages that are nearest to
        *query* or hold most of *words*; without words, in those that quote most directly.
        """
        chosen: set[int] = set()
        for labels in speakers:
            theirs = self.store.quoting(labels, QUOTED + 1, within)
            if len(theirs) > QUOTED and not words.weights:
                theirs = self.store.most_directly_quoting(labels, DIRECT, within)
            elif len(theirs) > QUOTED:
                near = self.store.search(query, QUOTED, within, labels)
                lexical = self.store.lexical(words.weights, QUOTED // 2, within, labels)
                theirs = [passage_id for passage_id, _ in lexical] + [x.passage_id for x in near]
                theirs = list(dict.fromkeys(theirs))
            chosen.update(theirs[:QUOTED])
        return self.store.said([label for labels in speakers for label in labels], within, chosen)

    def rank(
        self,
        query: NDArray[np.float32],
        words: Words,
        passage_ids: Sequence[int],
        lexical: Mapping[int, float],
        k: int | None = None,
        near: Sequence[Near] = (),
    ) -> list[Ranked]:
        """
        Return the *k* best of *passage_ids* by falling fused score.

        Args:
            lexical: Their BM25.

            near: What a search for *query* found, best first: the best sentence of each passage in it.
        """
        cosines = dict.fromkeys(passage_ids, 0.0) | {n.passage_id: n.score for n in reversed(near)}
        known = {n.passage_id for n in near}
        others = self.store.similarity(query, [x for x in passage_ids if x not in known])
        cosines |= {n.passage_id: n.score for n in reversed(others)}
        best_cosine = max([*cosines.values(), 1e-9])
        best_lexical = max([*lexical.values(), 1e-9])
        scores = {
            x: MEANING * max(0.0, cosines[x]) / best_cosine
            + (1 - MEANING) * lexical.get(x, 0.0) / best_lexical
            for x in cosines
        }
        best = sorted(scores, key=lambda x: (-scores[x], x))[:k]
        sentences: dict[int, list[Near]] = {x: [] for x in best}
        ranked = [
            *(n for n in others if n.passage_id in sentences),
            *self.store.similarity(query, known & sentences.keys()),
        ]
        for chunk in ranked:
            sentences[chunk.passage_id].append(chunk)
        passages = self.store.passages(best)
        return [
            Ranked(
                passage_id=x,
                article_id=passages[x][0],
                passage=passages[x][1],
                score=scores[x],
                cosine=cosines[x],
                words=words,
                sentences=tuple(sorted(sentences[x], key=lambda c: c.start)),
            )
            for x in best
            if x in passages
        ]


_stemmer = Stemmer.Stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the Snowball stem of a folded word."""
    return str(_stemmer.stemWord(word))


def stems(text: str) -> frozenset[str]:
    """Return the stems of all words of *text*."""
    return frozenset(map(stem, re.findall(r"(\w+)(?:'\w+)?", fold(text))))
