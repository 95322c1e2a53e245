"""
What the bot owes the people who ask: a fair share for each, and a useful word to what cannot be looked up.

Promises: a question that is taken up again gets the same decision and is counted once; what counts is kept,
so that a restart forgives nothing; of an article nobody is shown more in a day than was set.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.config import Limits
from bot.message import (
    MOST_EXCERPTS,
    Message,
    foreign_message,
    long_message,
    rate_message,
    wordless_message,
)
from bot.state import Memory, Taken
from index.answer import Answer, Place
from index.passage import Excerpt
from index.segment import sentences

LONGEST_QUESTION = 1_000  # characters; the model reads about as many
# So much of any article is free, however short it is: an excerpt or two.
FREE_CHARACTERS = 1_000

# Words that no question in the language does without; those that several languages share are left out.
ENGLISH = frozenset(
    """about and any are ask by can could did does ever for from her his how it its more not or said say
    says she should show that the their there these they think this those to what when where which who
    whom whose why with would you""".split()
)
FOREIGN = frozenset(
    """
    aber auch auf bei dem des ein eine einen einer gesagt haben hatte ist kann man mit nach nicht oder
    sagt sagte sagen sich sind und uns vom warum welche welcher wem wen wer werden wie wir wird wo wurde zu
    zum zur über für
    avec ce cette comment dans des dire dit elle est et il ils je leur les mais nous ont où par pas pourquoi
    pour qu que quel quelle qui quoi sont sur une vous être été à
    como con cuando cuál cuándo del dice dicho dijo donde dónde ella ellos es está esto fue ha hay lo más
    para pero por porque que quién qué se sobre son su sus una y él
    che chi ci come con cosa dell detto di dove gli ha hanno il lui nel nella non perché però più quale
    quando sono sul sulla è
    ao até com dele disse ele eles em essa esse foi isso mais muito não nos os pela pelo por quem são sua
    também uma você
    bij dat deze een en gezegd heeft het hij ik met naar niet ook over uit voor waarom wat wie wij zegt zei
    zijn zou
    co czy czym dla dlaczego do gdzie jak jaki jakie jego jej jest kiedy kto który która może na nie od po
    powiedział powiedziała przez się są temat to w z za że
    att av det för han hon hur inte jag och om på sa sade som till vad varför vem är
    """.split()
) - {
    *ENGLISH,
    "man",
    "over",
    "on",
    "come",
    "son",
    "dire",
    "des",
    "del",
    "lui",
    "sur",
    "per",
    "pay",
    "os",
    "po",
}


def unanswerable(question: str) -> Message | None:
    """Return what is said to a question that cannot be looked up; None where it can."""
    if len(question) > LONGEST_QUESTION:
        return long_message(len(question), LONGEST_QUESTION)
    bare = re.sub(r":[\w+'-]+:|[0-9#*]\ufe0f?\u20e3", " ", question)  # :tada: and keycaps are emoji
    letters = [c for c in bare if c.isalnum()]
    if not letters:
        return wordless_message()
    return foreign_message() if is_foreign(bare) else None


def is_foreign(text: str) -> bool:
    """
    Tell whether *text* is plainly in another language than English.

    It is when most of its letters are of another script, or when at least two of its words are little words
    of other languages and none is one of English: names and bare catchwords are in no language.
    """
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith(("LATIN", "FULLWIDTH LATIN")) for c in letters)
    if letters and latin < len(letters) / 2:
        return True
    words = set(re.findall(r"[^\W\d_]+", text.lower()))
    return len(words & FOREIGN) >= 2 and not words & ENGLISH


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when; by its *id* a question that is taken up again is known."""

    id: str
    user: str
    at: float

    @classmethod
    def of(cls, taken: Taken) -> Asking:
        """Return who asks *taken*."""
        return cls(taken.id, taken.request.user, taken.received_at)


class Manners:
    """The limits of one bot. Safe to share among threads."""

    def __init__(self, memory: Memory, limits: Limits) -> None:
        self._people, self._limits = memory.people, limits
        self._lock = threading.Lock()  # two questions of one person at once share what is left

    def too_many(self, asking: Asking) -> Message | None:
        """Return what is said to a question that is one too many; None counts it as one that is answered."""
        user, at, now = asking.user, asking.at, self._people.clock()
        refused = []
        with self._lock:
            for rate in self._limits.rates:
                earlier = self._people.requests_since(user, at - rate.seconds, but=asking.id)
                if len(earlier) >= rate.most:
                    refused.append((earlier[-rate.most] + rate.seconds - now, rate))
            if not refused:
                self._people.note_request(user, asking.id, at)
                return None
        wait, rate = max(refused, key=lambda one: one[0])
        return rate_message(rate, wait)

    def rationed(self, answer: Answer, asking: Asking) -> Answer:
        """
        Return *answer* with as much of each article as its asker may still see today.

        Of an excerpt for which too little is left, the last sentences are withheld, or all. What is shown is
        written down.
        """
        shown, withheld = self.ration(answer.excerpts, asking)
        return replace(answer, excerpts=shown, withheld=withheld)

    def ration(
        self, excerpts: Sequence[Excerpt], asking: Asking
    ) -> tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]:
        """Return what of *excerpts* is shown, and what is withheld; see `rationed`."""
        user = asking.user
        with self._lock:
            seen = self._seen(excerpts, asking)
            shown: list[Excerpt] = []
            withheld: list[Excerpt] = []
            for excerpt in excerpts[:MOST_EXCERPTS]:
                end = seen.allowed(excerpt, self._budget(excerpt))
                if end > excerpt.start:
                    shown.append(replace(excerpt, end=end))
                    seen.add(place(shown[-1]))
                if end < excerpt.end:
                    withheld.append(replace(excerpt, start=end))
            self._people.note_shown(asking.id, user, map(place, shown))
        return tuple(shown), tuple(withheld)

    def whole(self, paragraphs: Iterable[Excerpt], asking: Asking) -> frozenset[int]:
        """Return the numbers of those *paragraphs* that may still be shown, whole; these are written down."""
        paragraphs = list(paragraphs)
        with self._lock:
            seen = self._seen(paragraphs, asking)
            shown = []
            for paragraph in paragraphs:
                if seen.allowed(paragraph, self._budget(paragraph)) == paragraph.end:
                    shown.append(paragraph)
                    seen.add(place(paragraph))
            self._people.note_shown(asking.id, asking.user, map(place, shown))
        return frozenset(paragraph.number for paragraph in shown)

    def _seen(self, excerpts: Iterable[Excerpt], asking: Asking) -> Seen:
        """Return what somebody has seen today of the articles that *excerpts* are from."""
        articles = {excerpt.article.id for excerpt in excerpts}
        return Seen(self._people.shown_today(asking.user, articles, but=asking.id))

    def _budget(self, excerpt: Excerpt) -> int:
        whole = sum(len(passage.text) for passage in excerpt.article.passages)
        return max(FREE_CHARACTERS, int(whole * self._limits.share))


class Seen:
    """The characters that one person has seen."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._seen: dict[str, set[tuple[int, int]]] = {}
        for one in places:
            self.add(one)

    def add(self, place: Place) -> None:
        """Let these characters be seen."""
        article, number, start, end = place
        self._seen.setdefault(article, set()).update((number, at) for at in range(start, end))

    def allowed(self, excerpt: Excerpt, budget: int) -> int:
        """
        Return up to where *excerpt* may be shown if *budget* characters of its article may be seen.

        That is its end, or the end of a sentence in it, or its start.
        """
        seen = self._seen.get(excerpt.article.id, set())
        room = budget - len(seen)
        new = [at for at in range(excerpt.start, excerpt.end) if (excerpt.number, at) not in seen]
        if len(new) <= room:
            return excerpt.end
        first_unseen = new[max(0, room)]
        ends = (excerpt.start + sentence.end for sentence in sentences(excerpt.text))
        return max((end for end in ends if end <= first_unseen), default=excerpt.start)


def place(excerpt: Excerpt) -> Place:
    """Return where an excerpt stands: article id, ¶, and the span in it."""
    return excerpt.article.id, excerpt.number, excerpt.start, excerpt.end
