"""
Columns made up for measuring: generated prose, invented speakers, the same each time.

A text's vector is the sum of its words' own, so that no model is needed.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.passage import Article, Manner, Passage, Role, Utterance
from index.segment import fold
from index.store import Chunk

LENGTH = 14  # passages in an article
DIMENSION = 384
SPEAKING = 0.45  # of all sentences

NOUNS = """harbour tram budget bridge ferry school orchestra market library hospital reservoir lighthouse
    railway museum bakery orchard quarry theatre garden observatory cannery vineyard stadium archive chapel
    treaty election strike inquiry merger harvest flood drought census festival licence tariff pension
    subsidy timetable""".split()
VERBS = """closed reopened flooded vanished doubled stalled recovered collapsed expanded moved failed
    returned grew shrank""".split()
ADJECTIVES = """old northern public costly quiet crooked promised forgotten municipal private leaking famous
    unfinished second borrowed haunted""".split()
FIRST = """Ada Bruno Clara Desmond Edith Felix Greta Hugo Ines Jonas Kira Leopold Mara Nils Olga Piers Rosa
    Silas Thea Ulrich Vera Walter Xenia Yorick Zelda""".split()
CROWDS = """residents teachers farmers sailors nurses students pensioners visitors shopkeepers miners
    musicians carpenters bakers commuters tenants gardeners""".split()
DEEDS = "paid because,waited while,gathered after,left before,queued until,marched when,sang as".split(",")
MONTHS = "January March May June July September October November".split()
STARTS, MIDDLES, ENDS = (
    "Bel Cor Dra Fen Gor Hal Kes Lun Mor Nor Pel Quar Ros Sel Tor Vas Wen Yar".split(),
    ("a e i o u an el in or us al em ir on ur".split()),
    "ba dek fal gan hov kin lac mond nez pis ran sek tov vik zar".split(),
)


def invented(number: int) -> str:
    """Return the invented proper name of this number: another for each of the first 4,050."""
    start, middle, end = number % 18, number // 18 % 15, number // 270 % 15
    return STARTS[start] + MIDDLES[middle] + ENDS[end]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, the names in it and, where it reports speech, whose and how."""

    text: str
    names: tuple[str, ...]
    speaker: str = ""
    cue: str = ""
    manner: Manner = Manner.DIRECT
    role: Role | None = None


class Prose:
    """Writes a column of *passages* passages; the same one each time."""

    def __init__(self, passages: int) -> None:
        self.passages, self.random = passages, random.Random(passages)  # noqa: S311 – prose, no secret
        self.people = max(5, passages // 20)

    def person(self, rank: int) -> str:
        """Return the full name of the speaker of this rank: 0 speaks most."""
        return f"{FIRST[(rank + rank // 4000) % len(FIRST)]} {invented(rank)}"

    def articles(self) -> Iterator[tuple[Article, list[Chunk], Counter[str]]]:
        """Yield each article as the store takes it: with its vectors, and how often each name word occurs."""
        for i in range(0, self.passages, LENGTH):
            yield self.article(i // LENGTH, min(LENGTH, self.passages - i))

    def article(self, number: int, length: int = LENGTH) -> tuple[Article, list[Chunk], Counter[str]]:
        """Return one article."""
        written = [self.passage(n + 1) for n in range(length)]
        names = Counter(
            fold(word) for _, told in written for s in told for name in s.names for word in name.split()
        )
        record = Article(
            id=f"article-{number}",
            name=f"article-{number}",
            title=f"The {NOUNS[number % len(NOUNS)]} again",
            author="Petra Lindqvist",
            date=date(2000, 1, 1) + timedelta(days=number),
            passages=tuple(p for p, _ in written),
            roles=tuple(s.role for _, told in written for s in told if s.role),
        )
        return record, [c for p, told in written for c in chunks(p, told)], names

    def passage(self, number: int) -> tuple[Passage, list[Sentence]]:
        """Return a passage of two to five sentences, and these."""
        told = [self.sentence() for _ in range(self.random.randint(2, 5))]
        spoken = tuple(
            Utterance(start=start, end=start + len(s.text), speaker=s.speaker, cue=s.cue, manner=s.manner)
            for start, s in placed(told)
            if s.speaker
        )
        text = " ".join(s.text for s in told)
        return Passage(number=number, text=text, utterances=spoken), told

    def sentence(self) -> Sentence:
        """Return a sentence in which somebody speaks, or one that tells a fact."""
        place = invented(int(4050 * self.random.random() ** 2))
        clause = self.clause(place)
        if self.random.random() > SPEAKING:
            pick = self.random.choice
            count, month = self.random.randint(2, 900), pick(MONTHS)
            text = f"In {month} {count} {pick(CROWDS)} of {place} {pick(DEEDS)} {clause}."
            return Sentence(text, (place, month))
        who = self.person(int(self.people * self.random.random() ** 3))
        return self.random.choice((self.direct, self.quoted, self.told, self.according))(who, clause, place)

    def clause(self, place: str) -> str:
        """Return a clause about something in *place*."""
        pick = self.random.choice
        return f"the {pick(ADJECTIVES)} {pick(NOUNS)} of {place} {pick(VERBS)} after the {pick(NOUNS)}"

    def direct(self, who: str, clause: str, place: str) -> Sentence:
        """Quote, then name."""
        role = Role(speaker=who, office="mayor", of=(fold(place),))
        text = f"“{clause.capitalize()},” said {who}, the mayor of {place}."
        return Sentence(text, (who, place), who, "said", Manner.DIRECT, role)

    def quoted(self, who: str, clause: str, place: str) -> Sentence:
        """Name, then quote."""
        return Sentence(f"{who} said: “{clause.capitalize()}.”", (who, place), who, "said", Manner.DIRECT)

    def told(self, who: str, clause: str, place: str) -> Sentence:
        """Report with a verb."""
        text = f"{who} warned that {clause}."
        return Sentence(text, (who, place), who, "warned", Manner.INDIRECT)

    def according(self, who: str, clause: str, place: str) -> Sentence:
        """Report without a verb."""
        text = f"According to {who}, {clause}."
        return Sentence(text, (who, place), who, "According to", Manner.INDIRECT)

    def questions(self) -> dict[str, str]:
        """Return one question of each kind, other ones each time."""
        prolific, other = self.person(0), self.person(self.random.randrange(self.people))
        place, noun = invented(self.random.randrange(200)), self.random.choice(NOUNS)
        return {
            "what did X say, X quoted most": f"What did {prolific} say?",
            "what did X say about Y, X quoted most": f"What did {prolific} say about the {noun} of {place}?",
            "what did X say, X anybody": f"What did {other.split()[-1]} say?",
            "what did X say about Y, X anybody": f"What did {other} say about the {noun}?",
            "who said …": f"Who said that {self.clause(place)}?",
            "a fact": f"How many {self.random.choice(CROWDS)} of {place} waited while the {noun} stalled?",
            "a name mistyped": f"what did {mistyped(prolific.split()[-1])} say",
            "an unknown name": f"What did {''.join(self.random.choices('bdgklmnprst', k=3))}owitz say?",
            "off topic": "At what temperature does tungsten melt in a vacuum?",
        }


def placed(told: Iterable[Sentence]) -> Iterator[tuple[int, Sentence]]:
    """Yield each sentence of a passage with its place."""
    start = 0
    for s in told:
        yield start, s
        start += len(s.text) + 1


def chunks(passage: Passage, told: Sequence[Sentence]) -> Iterator[Chunk]:
    """Yield a chunk for each sentence of *passage*."""
    for start, s in placed(told):
        yield Chunk(number=passage.number, start=start, end=start + len(s.text), vector=vector(s.text))


def mistyped(name: str) -> str:
    """Return *name* with two letters swapped."""
    return name[:2] + name[3] + name[2] + name[4:]


@cache
def _word(word: str) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)


def vector(text: str) -> NDArray[np.float32]:
    """Return the sum of the words' own random vectors, as a unit vector, shape (d,)."""
    total = np.sum([_word(w) for w in fold(text).split()], axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


class Embedder:
    """Stands where the model stands; *seconds* is what it took, which is the model's and not ours."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the embedding of one question, shape (d,)."""
        start = time.perf_counter()
        found = vector(text)
        self.seconds += time.perf_counter() - start
        return found
