"""A pasted quotation against the column: verbatim or not, what differs, whose words they are. No model."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, islice, pairwise

from index.collation import Block, Change, Text, blocks, changes, ends_sentence, inside, nearest, runs
from index.passage import Article, Excerpt, Passage, Utterance, Voice
from index.people import People, Person, Standing
from index.question import content_words
from index.segment import STOPWORDS, Span, sentences
from index.speech.names import is_description
from index.speech.tokens import quotations
from index.store import Store
from index.verdict import Searched

LONGEST = 60_000  # characters of a quotation; more is no quotation
SHORTEST = 3  # words: fewer, and without a content word, stand in any text
ALIKE = 0.6  # share of a quotation's words, and of its content words, that make it an altered one
PART = 4  # words in a row that make a part of a spliced quotation
SPLICED = 0.8  # share of the words in such parts
CUT = 5  # words left out at one place without a mark: a part is missing, and not a word
MARKED = 12  # words of the column that one bracket may stand for
BETWEEN = 15  # words of the column's own with which it interrupts a quotation
EXACT, LEXICAL = 48, 12  # passages looked at
SECTION, SECTIONS = 40, 24  # words of a long quotation that are searched at once; how many times
PHRASE, WORDS = 5, 16  # words in a row, and words in any order, that are searched for
ALIGNED = 6  # stretches of the column that a quotation is laid beside
OTHERS = 2  # further places named
LOADED = 2_000  # passages that are read for a quotation, about
NEAR = 0.4  # share of the words from which a sentence is offered as the nearest
# What interrupts a quotation: the marks that close it, the column's own words, the mark that opens it again.
_ASIDE = re.compile(r"(?P<marks>[,.;:?!…—]*)(?:[”\"»](?P<own>[^“”\"«»]*)[“\"«]|’(?P<single>[^‘’“”\"]*)‘)\W*")


class Outcome(StrEnum):
    """What the column has of a quotation."""

    VERBATIM = "verbatim"
    ELIDED = "verbatim, with a marked cut"
    INTERRUPTED = "verbatim, where the column interrupts it"
    MARKED = "altered, and marked so in brackets"
    ALTERED = "altered"
    SPLICED = "spliced from two places"
    SOMEBODY_ELSE = "said by somebody else"
    ABSENT = "not in the column"
    TOO_SHORT = "too short to check"
    TOO_LONG = "too long to check"


class Attribution(StrEnum):
    """How the column's speaker compares with the one who is named."""

    UNASKED = "nobody is named"
    RIGHT = "the one who is named"
    PARTLY = "the one who is named, but not all of it"
    OTHER = "another"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    One place where the quotation is not what the column has.

    *typed* is a span of the quotation, *printed* one of the passage of ``excerpts[excerpt]``; one that is
    empty is where words were added or left out. *kind* says what it makes of the quotation: a word that
    differs ALTERED, a part left out without a mark SPLICED. *punctuation*: the words are the same.
    """

    typed: Span
    printed: Span
    excerpt: int
    kind: Outcome
    punctuation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteCheck:
    """
    What the column has of *quotation*.

    *wording* compares the words alone; *outcome* is SOMEBODY_ELSE where they are not those of *claimed*.
    *excerpts* hold the words as printed, in the order of the quotation; when the wording is ABSENT, at most
    one, the nearest, which is not the quotation. *speakers* are all whom the column reports as saying it,
    None for the columnist's own voice. *quoted*: all of it stands in quotation marks or a block quotation,
    so they are a speaker's words and no paraphrase. *unclear*: some of it is somebody's, but the text leaves
    open whose. *others* are further places of a verbatim quotation.
    """

    quotation: str
    wording: Outcome
    searched: Searched
    excerpts: tuple[Excerpt, ...] = ()
    differences: tuple[Difference, ...] = ()
    others: tuple[Excerpt, ...] = ()
    speakers: tuple[str | None, ...] = ()
    quoted: bool = False
    unclear: bool = False
    claimed: tuple[Person, ...] = ()
    attribution: Attribution = Attribution.UNASKED

    @property
    def outcome(self) -> Outcome:
        """The one word for it: whose words they are comes before how they are spelled."""
        compared = self.wording not in (Outcome.SPLICED, Outcome.ABSENT, Outcome.TOO_SHORT, Outcome.TOO_LONG)
        return Outcome.SOMEBODY_ELSE if compared and self.attribution is Attribution.OTHER else self.wording


LEFT_OUT = (Outcome.ELIDED, Outcome.INTERRUPTED, Outcome.SPLICED)  # between two parts that are there
# What an alteration is called when a quotation has several: the gravest.
GRAVITY = (
    *(Outcome.VERBATIM, Outcome.ELIDED, Outcome.INTERRUPTED, Outcome.MARKED, Outcome.ALTERED),
    Outcome.SPLICED,
)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Passages of one article that follow each other, read as one text."""

    article_id: str
    passages: tuple[Passage, ...]
    text: Text

    @classmethod
    def of(cls, article_id: str, passages: Sequence[Passage]) -> _Stretch:
        """Join *passages*."""
        return cls(article_id, tuple(passages), Text(*(p.text for p in passages)))

    def places(self, words: Span) -> Iterator[tuple[Passage, Span]]:
        """Yield the passages that a range of words lies in, each with the span there."""
        for k, some in groupby(range(words.start, words.end), self.text.paragraph):
            inside = [*some]
            span, start = self.text.span(Span(inside[0], inside[-1] + 1)), self.text.starts[k]
            yield self.passages[k], Span(span.start - start, span.end - start)


@dataclass(frozen=True, slots=True)
class _Found:
    """A quotation, or a part of it, laid beside a stretch of the column."""

    stretch: _Stretch
    shared: tuple[Block, ...]
    changes: tuple[tuple[Change, Outcome], ...]
    share: float = 1.0

    @property
    def wording(self) -> Outcome:
        """What the gravest of its changes makes of it."""
        return max((kind for _, kind in self.changes), key=GRAVITY.index, default=Outcome.VERBATIM)

    @property
    def parts(self) -> list[Span]:
        """The words of the stretch that stand for the quotation, without what was left out of it."""
        start = min([self.shared[0].b, *(c.b.start for c, _ in self.changes)])
        end = max([self.shared[-1].b + self.shared[-1].size, *(c.b.end for c, _ in self.changes)])
        left_out = [c.b for c, kind in self.changes if kind in LEFT_OUT and not c.punctuation]
        edges = [start, *(x for b in left_out for x in b), end]
        return [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


class QuoteChecker:
    """Checks quotations against a store. Safe to share between threads; sees each new sync by itself."""

    def __init__(self, store: Store, people: Callable[[int], People]) -> None:
        """
        Args:
            people: Who is who in the column at a generation.
        """
        self._store, self._people = store, people
        self._summary: Searched | None = None

    def check(self, quotation: str, by: str | None = None) -> QuoteCheck:
        """
        Say what the column has of *quotation*, and whether it is the words of *by*, as somebody is named.

        Typography alone makes no difference: see `index.collation.plain_marks`. Nor do the quotation marks
        around it, its last mark where that is no "?" or "!", and whether its first letter is a capital.
        """
        with self._store.reading() as generation:
            people = self._people(generation)
            claimed = tuple(people.find(by)) if by and by.strip() else ()
            result = QuoteCheck(
                quotation=quotation,
                wording=Outcome.ABSENT,
                searched=self._searched(generation),
                claimed=claimed,
            )
            if len(quotation) > LONGEST:
                return replace(result, wording=Outcome.TOO_LONG)
            typed = Text(quotation)
            if not typed.words or (len(typed.words) < SHORTEST and not content_words(quotation)):
                return replace(result, wording=Outcome.TOO_SHORT)
            return _Check(self._store, people, typed, result).result()

    def _searched(self, generation: int) -> Searched:
        if self._summary is None or self._summary.generation != generation:
            s = self._store.summary()
            self._summary = Searched(
                articles=s.articles, passages=s.passages, first=s.first, last=s.last, generation=generation
            )
        return self._summary


class _Check:
    """One quotation on its way to its result, within one state of the store."""

    def __init__(self, store: Store, people: People, typed: Text, empty: QuoteCheck) -> None:
        self.store, self.people, self.typed, self.empty = store, people, typed, empty
        self.articles: dict[str, Article] = {}
        edges = [edge for m in re.finditer(r"\[[^\[\]]*\]", typed.text) for edge in m.span()]
        self.bracketed = [not w.marked and bisect_right(edges, w.start) % 2 == 1 for w in typed.words]
        # What stands in brackets is the quoter's, and found nowhere.
        self.own = Text(typed.text)
        self.own.loose = ["[" if x else w for x, w in zip(self.bracketed, typed.loose, strict=True)]
        cuts = [i + 1 for i in range(len(typed.words) - 1) if "…" in typed.gap(i)]
        borders = [i for i, (a, b) in enumerate(pairwise(self.bracketed), 1) if a != b]
        limits = sorted({0, *cuts, *borders, len(typed.words)})
        # What stands between the quoter's own cuts and brackets.
        self.parts = [Span(a, b) for a, b in pairwise(limits) if not self.bracketed[a]]

    def result(self) -> QuoteCheck:
        """Return what the column has: of all places the one that is most like it."""
        whole = self._whole(self._holding())
        if any(not f.changes for f in whole):
            return self._places(whole)
        phrases = self._by_phrases()
        stretches = self._with_neighbours(phrases)
        best = self._best(whole, stretches)
        if not best or self._unknown(best) >= PART:
            stretches = self._with_neighbours(phrases, self._by_words())
            best = self._best(whole, stretches)
        if best and not best.changes:
            return self._places(whole)
        if not best or self._unknown(best) >= PART:
            pieces = self._pieces(stretches)
            held = sum(f.shared[0].size for f in pieces)
            size = len(self.typed.words)
            more = held - (size - self._unknown(best) if best else 0)
            if len(pieces) > 1 and held >= SPLICED * size and more >= PART:
                return self._spliced(pieces)
        if best and best.share >= ALIKE:
            return self._record([best], best.wording)
        return self._nearest(best)

    def _unknown(self, found: _Found) -> int:
        """Return how many words of the quotation are not where *found* has the others."""
        return len(self.typed.words) - sum(b.size for b in found.shared) - sum(self.bracketed)

    def _best(self, whole: list[_Found], stretches: Sequence[_Stretch]) -> _Found | None:
        """Return the place most like the quotation; add to *whole* where all its words stand."""
        whole += self._whole(stretches)
        if exact := [f for f in whole if not f.changes]:
            return exact[0]
        found = whole + [f for s in self._likeliest(stretches) for f in self._beside(s)]
        return max(found, key=self._rank, default=None)

    def _rank(self, found: _Found) -> tuple[float, int, bool]:
        rank = found.share, -GRAVITY.index(found.wording)
        said = self._heard([found]).attribution() if self.empty.claimed else Attribution.UNASKED
        return *rank, said in (Attribution.RIGHT, Attribution.PARTLY)

    # ---- where to look

    def _holding(self) -> list[_Stretch]:
        """Return the passages that hold the whole quotation, but for typography, case and accents."""
        if len(self.typed.words) > SECTION:
            return []
        ids = self.store.phrase(self._phrase(Span(0, len(self.typed.words))), EXACT)
        found = self.store.passages(ids)
        return [_Stretch.of(found[x][0], [found[x][1]]) for x in ids if x in found]

    def _phrase(self, words: Span) -> str:
        return " ".join(w.exact for w in self.typed.words[words.start : words.end])

    def _by_phrases(self) -> dict[int, None]:
        """Return passages that hold a few words of the quotation in a row, from several places in it."""
        n = len(self.typed.words)
        count = min(SECTIONS, -(-n // (2 * PHRASE)))
        starts = [p.start for p in self.parts[:SECTIONS]] + [k * n // count for k in range(count)]
        starts += [max(0, n - PHRASE)]
        phrases = {self._phrase(Span(start, min(n, start + PHRASE))) for start in starts}
        return dict.fromkeys(x for words in sorted(phrases) for x in self.store.phrase(words, LEXICAL))

    def _by_words(self) -> dict[int, None]:
        """Return passages that hold rare words of the quotation."""
        n = len(self.typed.words)
        count = min(SECTIONS, -(-n // SECTION))
        sections = [Span(k * n // count, min(n, k * n // count + SECTION)) for k in range(count)]
        found = (x for section in sections for x, _ in self.store.lexical(self._rare(section), LEXICAL))
        return dict.fromkeys(found)

    def _rare(self, section: Span) -> list[str]:
        words = content_words(self._phrase(section))
        if len(words) <= WORDS:
            return words
        found = self.store.document_frequency(words)
        return sorted((w for w in words if found[w]), key=lambda w: found[w])[:WORDS]

    def _with_neighbours(self, phrases: Collection[int], others: Collection[int] = ()) -> list[_Stretch]:
        """Join passages with those around them: an article's have ids that follow each other."""
        reach = min(1 + len(self.typed.words) // SECTION, LOADED // max(1, len(phrases)))
        around = [(phrases, reach), (others, 1)]
        wanted = {x + by for ids, far in around for x in ids for by in range(-far, far + 1)}
        found = self.store.passages(wanted)
        groups: list[list[int]] = []
        for x in sorted(found):
            if groups and groups[-1][-1] == x - 1 and found[x - 1][0] == found[x][0]:
                groups[-1].append(x)
            else:
                groups.append([x])
        return [_Stretch.of(found[g[0]][0], [found[x][1] for x in g]) for g in groups]

    def _likeliest(self, stretches: Sequence[_Stretch]) -> list[_Stretch]:
        size = 3 if len(self.typed.words) > 2 * SHORTEST else 1
        grams = set(_grams(self.own.loose, size))
        shared = [len(grams.intersection(_grams(s.text.loose, size))) for s in stretches]
        order = sorted(range(len(stretches)), key=lambda i: -shared[i])
        return [stretches[i] for i in order[:ALIGNED]]

    # ---- laid side by side

    def _whole(self, stretches: Iterable[_Stretch]) -> list[_Found]:
        return [self._found(s, [run]) for s in stretches for run in runs(self.typed, s.text)]

    def _beside(self, stretch: _Stretch) -> Iterator[_Found]:
        if len(self.parts) > 1 and (shared := self._in_order(stretch.text)):
            yield self._found(stretch, shared)
        text = stretch.text
        within = nearest(self.own, text)
        for anchored in (False, True):
            shared = blocks(self.own, text, within, anchored=anchored)
            if shared := _without_strays(shared, self._breaks(text)):
                yield self._found(stretch, shared)

    def _in_order(self, text: Text) -> list[Block]:
        """Return the shortest place where all parts between marked cuts and brackets follow each other."""
        best: list[Block] = []
        for first in islice(_occurrences(self.typed, self.parts[0], text, 0), EXACT):
            shared = [first]
            for part in self.parts[1:]:
                after = shared[-1].b + shared[-1].size
                if (block := next(_occurrences(self.typed, part, text, after), None)) is None:
                    break
                shared.append(block)
            length = shared[-1].b - first.b
            if len(shared) == len(self.parts) and (not best or length < best[-1].b - best[0].b):
                best = shared
        return best

    def _found(self, stretch: _Stretch, shared: Sequence[Block]) -> _Found:
        altered = changes(self.typed, stretch.text, shared)
        kinds = tuple((c, self._kind(c, stretch)) for c in altered if not self._idle(c, stretch))
        return _Found(stretch, tuple(shared), kinds, self._share(shared))

    def _share(self, shared: Sequence[Block]) -> float:
        """Return the share of the words, or of the content words where it is less, that are the column's."""
        held = {i for b in shared for i in range(b.a, b.a + b.size)}
        own = [i for i, bracketed in enumerate(self.bracketed) if not bracketed]
        content = [i for i in own if self.typed.loose[i] not in STOPWORDS]
        return min((len(held.intersection(some)) / len(some) for some in (own, content) if some), default=0.0)

    def _idle(self, c: Change, stretch: _Stretch) -> bool:
        """Tell whether brackets hold the very words of the column."""
        typed = [self.typed.words[i].exact for i in range(*c.a)]
        printed = [stretch.text.words[i].exact for i in range(*c.b)]
        return not c.punctuation and typed == printed

    def _kind(self, c: Change, stretch: _Stretch) -> Outcome:
        typed, text = range(*c.a), stretch.text
        if typed and not c.punctuation:
            bracketed = all(self.bracketed[i] or self.typed.words[i].marked for i in typed)
            if bracketed and len(range(*c.b)) <= MARKED:
                return Outcome.MARKED
        inner = 0 < c.a.start <= c.a.end < len(self.typed.words)
        joint = bool(inner and text.paragraph(c.b.start - 1) != text.paragraph(c.b.end))
        left_out = len(range(*c.b)) - 3 * len(typed) >= (2 if joint else CUT)
        if c.punctuation and len(typed) == 2 and "…" in self.typed.gap(c.a.start):
            return Outcome.ELIDED
        if inner and not typed and "…" in self.typed.gap(c.a.start - 1):
            return Outcome.SPLICED if joint else Outcome.ELIDED
        if inner and not typed and self._interrupts(c, stretch):
            return Outcome.INTERRUPTED
        return Outcome.SPLICED if inner and left_out else Outcome.ALTERED

    def _breaks(self, text: Text) -> Callable[[Block, Block], bool]:
        """Return whether the column's own words stand between two blocks of *text*."""
        return lambda one, other: bool(_ASIDE.fullmatch(text.between(one.b + one.size - 1, other.b)))

    def _interrupts(self, c: Change, stretch: _Stretch) -> bool:
        """
        Tell whether the column interrupts a quotation here: “No,” said Roe, “not today.”

        What is left out stands outside its quotation marks, and both sides are the same speaker's.
        """
        before, after = c.b.start - 1, c.b.end
        text, typed = stretch.text, self.typed.gap(c.a.start - 1)
        aside = _ASIDE.fullmatch(text.between(before, after))
        if not aside or len(range(*c.b)) > BETWEEN or text.paragraph(before) != text.paragraph(after):
            return False
        marks = set(typed) - set(' "')
        if not marks <= {*",.;:—", *aside["marks"]} or len(marks) > 1:
            return False
        speakers = [
            {u.speaker for u in p.utterances if u.start <= span.start < u.end}
            for i in (before, after)
            for p, span in stretch.places(Span(i, i + 1))
        ]
        if ends_sentence(aside["own"] or aside["single"] or ""):
            return bool(speakers[0] & speakers[1] - {None})
        return not speakers[0] or not speakers[1] or bool(speakers[0] & speakers[1])

    def _pieces(self, stretches: Sequence[_Stretch]) -> list[_Found]:
        """Return the fewest runs of the column's words that make up the quotation, as far as they do."""
        typed = self.own.loose
        wanted = set(_grams(typed, PART))
        starts: dict[tuple[str, ...], list[tuple[_Stretch, int]]] = defaultdict(list)
        for s in stretches:
            for j, gram in enumerate(_grams(s.text.loose, PART)):
                if gram in wanted and len(starts[gram]) < EXACT:
                    starts[gram].append((s, j))
        pieces, i = [], 0
        while i < len(typed):
            here = [
                (_common(typed, i, s.text.loose, j), s, j)
                for s, j in starts.get(tuple(typed[i : i + PART]), [])
            ]
            if not here:
                i += 1
                continue
            size, stretch, j = max(here, key=lambda x: x[0])
            block = Block(i, j, size)
            altered = tuple((c, Outcome.ALTERED) for c in inside(self.typed, stretch.text, block))
            pieces.append(_Found(stretch, (block,), altered))
            i += size
        return pieces

    # ---- the record

    def _places(self, found: Sequence[_Found]) -> QuoteCheck:
        """Return the place of a verbatim quotation that is the claimed speaker's, if any, and others."""
        order = list(Attribution)
        exact = sorted(
            (f for f in found if not f.changes), key=lambda f: order.index(self._heard([f]).attribution())
        )
        best, *more = [self._record([f], Outcome.VERBATIM) for f in exact[: 1 + OTHERS]]
        others = {(e.article.id, e.number): e for c in more for e in c.excerpts[:1]}
        for e in best.excerpts:
            others.pop((e.article.id, e.number), None)
        return replace(best, others=tuple(others.values()))

    def _spliced(self, pieces: Sequence[_Found]) -> QuoteCheck:
        """Return the parts of a quotation, and which of its words are in none of them."""
        result = self._record(pieces, Outcome.SPLICED)
        ends = [f.shared[0].a + f.shared[0].size for f in pieces]
        starts = [f.shared[0].a for f in pieces]
        gaps = zip([0, *ends], [*starts, len(self.typed.words)], strict=True)
        lost = [(max(0, k - 1), Span(a, b)) for k, (a, b) in enumerate(gaps) if a < b]
        unknown = []
        for piece, words in lost:
            k = sum(len(list(f.stretch.places(p))) for f in pieces[: piece + 1] for p in f.parts) - 1
            end = result.excerpts[k].end
            unknown.append(
                Difference(
                    typed=self.typed.span(words), printed=Span(end, end), excerpt=k, kind=Outcome.ALTERED
                )
            )
        return replace(
            result, differences=tuple(sorted((*result.differences, *unknown), key=lambda d: d.typed))
        )

    def _heard(self, found: Sequence[_Found]) -> _Voice:
        voice = _Voice(self.people, self.empty.claimed)
        for f in found:
            for part in f.parts:
                for passage, span in f.stretch.places(part):
                    voice.hear(passage, span)
        return voice

    def _record(self, found: Sequence[_Found], wording: Outcome) -> QuoteCheck:
        excerpts: list[Excerpt] = []
        differences: list[Difference] = []
        for f in found:
            first = len(excerpts)
            for part in f.parts:
                excerpts += [
                    self._excerpt(f.stretch.article_id, p, span) for p, span in f.stretch.places(part)
                ]
            differences += [self._difference(f, c, kind, excerpts[first:], first) for c, kind in f.changes]
        voice = self._heard(found)
        return replace(
            self.empty,
            wording=wording,
            excerpts=tuple(excerpts),
            differences=tuple(differences),
            speakers=tuple(dict.fromkeys(voice.speakers)),
            quoted=voice.quoted,
            unclear=voice.unclear > 0,
            attribution=voice.attribution(),
        )

    def _difference(
        self, f: _Found, c: Change, kind: Outcome, excerpts: Sequence[Excerpt], first: int
    ) -> Difference:
        words = c.b if c.b.start < c.b.end else Span(max(0, c.b.start - 1), max(1, c.b.start))
        passage, span = next(f.stretch.places(words))
        printed = span if c.b.start < c.b.end else Span(span.end, span.end)
        k = next((k for k, e in reversed([*enumerate(excerpts)]) if e.number <= passage.number), 0)
        return Difference(
            typed=self.typed.span(c.a),
            printed=printed
            if excerpts[k].number == passage.number
            else Span(excerpts[k].end, excerpts[k].end),
            excerpt=first + k,
            kind=kind,
            punctuation=c.punctuation,
        )

    def _excerpt(self, article_id: str, passage: Passage, span: Span) -> Excerpt:
        if article_id not in self.articles:
            self.articles[article_id] = self.store.article(article_id)
        article, u = self.articles[article_id], _utterance(passage, span)
        return Excerpt.reported(article, passage.number, span.start, span.end, u, score=1.0, why="quotation")

    def _nearest(self, best: _Found | None) -> QuoteCheck:
        if best is None or best.share < NEAR:
            return self.empty
        passage, span = next(best.stretch.places(best.parts[0]))
        near = context(self._excerpt(best.stretch.article_id, passage, span))
        return replace(self.empty, excerpts=(replace(near, score=best.share),))


class _Voice:
    """Whose words the heard spans are, word by word."""

    def __init__(self, people: People, claimed: Sequence[Person]) -> None:
        self._people, self._claimed = people, claimed
        self._labels = {label for p in claimed for label in (*p.speakers, p.name)}
        self._right = self._all = self.unclear = 0
        self.speakers: list[str | None] = []
        self.quoted = True

    def hear(self, passage: Passage, span: Span) -> None:
        """Take in a span of a passage."""
        quotes = quotations(passage.text)
        for word in Text(passage.text[span.start : span.end]).words:
            at = span.start + word.start
            inside = passage.voice is not Voice.COLUMNIST or any(q.start <= at < q.end for q in quotes)
            self.quoted &= inside
            self._hear([u for u in passage.utterances if u.start <= at < u.end], own=not inside)

    def _hear(self, said: Sequence[Utterance], *, own: bool) -> None:
        self._all += 1
        self.speakers += [u.speaker for u in said if u.speaker] or ([None] if own and not said else [])
        if any(self._is_claimed(u) for u in said) or (own and not said and self._is_columnist()):
            self._right += 1
        elif not said and own:
            return
        elif not said or any(u.speaker is None or self._is_nameless(u.speaker) for u in said):
            self.unclear += 1

    def _is_claimed(self, u: Utterance) -> bool:
        return u.speaker in self._labels or bool(self._labels.intersection(u.via))

    def _is_columnist(self) -> bool:
        return any(p.standing is Standing.COLUMNIST for p in self._claimed)

    def _is_nameless(self, label: str) -> bool:
        """“The minister” may be anybody of that office."""
        return bool(self._claimed) and (is_description(label) or label.split()[-1][:1].islower())

    def attribution(self) -> Attribution:
        """Compare those who were heard with the one who is named."""
        if not self._claimed:
            return Attribution.UNASKED
        if self._right == self._all:
            return Attribution.RIGHT
        if self._right:
            return Attribution.PARTLY
        nobody = all(p.standing is Standing.DESCRIBED for p in self._claimed)
        return Attribution.UNCLEAR if nobody or 2 * self.unclear >= self._all else Attribution.OTHER


def context(excerpt: Excerpt) -> Excerpt:
    """Return the whole sentences that *excerpt* stands in."""
    whole = [s for s in sentences(excerpt.passage.text) if s.start < excerpt.end and excerpt.start < s.end]
    return replace(excerpt, start=min(excerpt.start, whole[0].start), end=max(excerpt.end, whole[-1].end))


def _utterance(passage: Passage, span: Span) -> Utterance | None:
    """Return the speech that most of the span is: the person's rather than the outlet's."""

    def shared(u: Utterance) -> int:
        return min(u.end, span.end) - max(u.start, span.start)

    over = [u for u in passage.utterances if 2 * shared(u) >= span.end - span.start]
    return max(over, key=lambda u: (len(u.via), shared(u)), default=None)


def _grams(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[k:] for k in range(size)), strict=False)


def _common(one: Sequence[str], i: int, other: Sequence[str], j: int) -> int:
    """Return how many words the two have in common from *i* and *j* on."""
    size = 0
    while i + size < len(one) and j + size < len(other) and one[i + size] == other[j + size]:
        size += 1
    return size


def _occurrences(typed: Text, part: Span, text: Text, after: int) -> Iterator[Block]:
    words = typed.loose[part.start : part.end]
    for at in range(after, len(text.loose) - len(words) + 1):
        if text.loose[at : at + len(words)] == words:
            yield Block(part.start, at, len(words))


def _without_strays(shared: list[Block], aside: Callable[[Block, Block], bool]) -> list[Block]:
    """Drop a word or two that stand far from the rest: any sentence has them somewhere."""

    def stray(edge: Block, gap: tuple[Block, Block]) -> bool:
        one, other = gap
        typed, printed = other.a - one.a - one.size, other.b - one.b - one.size
        return edge.size < SHORTEST and printed - typed >= CUT and not aside(one, other)

    while len(shared) > 1 and stray(shared[0], (shared[0], shared[1])):
        shared = shared[1:]
    while len(shared) > 1 and stray(shared[-1], (shared[-2], shared[-1])):
        shared = shared[:-1]
    return shared
