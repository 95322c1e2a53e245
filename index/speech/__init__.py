"""Who said what: the utterances of an article, by rules over its own words. Pure; no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from index.passage import Article, Manner, Passage, Role, Utterance, Voice
from index.segment import Span, sentences
from index.speech import cues as w
from index.speech.clause import Clause, Cue
from index.speech.gender import TITLES, genders, of_surname
from index.speech.names import Name, Roster, after_preposition, names
from index.speech.roles import holders, is_plain, roles_in
from index.speech.tokens import blanked, quotations

# Where one speaker's clause ends and the next one's begins.
BREAK = re.compile(r"(?<=\s)[—–-]\s+|—|;\s+|,\s+(?:but|while|and|though|although|whereas)\s+")
JOINT = re.compile(r"(?:,|\band)\s+$")
PARENTHESIS = re.compile(r",[”\"’']?\s*$")
CLOSED = re.compile(r"\s*[,.;:]")
TRAILING = re.compile(r"(?:[\s,;—–-]+(?:but|while|and|though|although|whereas)?)+$")
QUOTED_WHOLE = 4  # words: a shorter quotation is a fragment, unless it is a sentence of its own
Group = tuple[Cue, tuple[str | None, ...]]  # the cues of one sentence that have the same speakers


def attribute(article: Article) -> Article:
    """Return *article* with the utterances of every passage."""
    roster = Roster(p.text for p in article.passages)
    called = genders((p.text for p in article.passages), roster)
    roles = roles_in((p.text for p in article.passages), roster)
    passages: list[Passage] = []
    last: Utterance | None = None  # the statement that a following paragraph may go on with
    for passage in article.passages:
        above = passages[-1].text if passages else ""
        found = _Reader(passage, roster, called, roles, last).utterances()
        printed = _printed_by(passage, above, roster)
        passages.append(replace(passage, utterances=(*found, *printed)))
        last = found[-1] if found and _ends_with(passage.text, found[-1]) else None
    return replace(article, passages=tuple(passages), roles=tuple(roles))


def _printed_by(passage: Passage, above: str, roster: Roster) -> Iterator[Utterance]:
    """Yield each sentence of a block quotation as its outlet's, and as the reporters' that *above* names."""
    if passage.voice is not Voice.BLOCK_QUOTATION:
        return
    outlet = passage.outlet or ""
    named = [
        n for n in names(above) if " " in n.full and n.full not in outlet and not w.OUTLET.search(n.full)
    ]
    credited = [n for n in named if outlet and _credited(above, n, outlet)]
    # "Jane Roe was not gentle:" names nobody else.
    only = [n for n in named if n.start >= _last_sentence(above) and not after_preposition(above, n)]
    reporters = [roster.resolve(n.full) for n in credited or (only if len(only) == 1 else [])]
    for sentence in sentences(passage.text):
        for speaker in [*reporters, *([outlet] if outlet else [])]:
            via = () if speaker == outlet or not outlet else (outlet,)
            yield Utterance(
                start=sentence.start,
                end=sentence.end,
                speaker=speaker,
                cue=":",
                manner=Manner.DIRECT,
                via=via,
            )


def _credited(above: str, name: Name, outlet: str) -> bool:
    """Tell whether *name* follows *outlet* as its reporter: “the Gazette's Ruth Okafor and Jane Roe”."""
    before = above[: name.start]
    behind = before.rfind(outlet)
    between = before[behind + len(outlet) :] if behind >= 0 else "?"
    return bool(re.fullmatch(r"[’']s? (?:[\w.-]+ ){0,3}(?:[A-Z][\w.-]+ [A-Z][\w.-]+ and )?", between))


def _owns_somebody(behind: str) -> bool:
    """Tell whether a name goes on as “Roe's grandmother”; “Roe's response” is still of Roe."""
    owned = re.match(r"[’']s? (?:[\w-]+ )?([\w-]+)", behind)
    return bool(owned and any(w.HUMAN.match(x) for x in owned[0].split()[1:]))


def _last_sentence(text: str) -> int:
    return next((s.start for s in reversed(sentences(text))), 0)


def _ends_with(text: str, utterance: Utterance) -> bool:
    return not any(c.isalnum() for c in text[utterance.end :])


class _Reader:
    """Turns the cues of one passage into utterances."""

    def __init__(
        self,
        passage: Passage,
        roster: Roster,
        called: Mapping[str, str],
        roles: list[Role],
        last: Utterance | None,
    ) -> None:
        self.passage, self.roster, self.called, self.roles, self.last = passage, roster, called, roles, last
        self.text = passage.text
        self.quotes = quotations(self.text)
        self.unquoted = blanked(self.text, self.quotes)
        goes_on = last is not None and bool(self.quotes) and self.quotes[0].start == 0
        # Whom "he" and "she" mean: nobody yet, unless the paragraph goes on with somebody's quotation.
        self.focus = last.speaker if last and goes_on else None

    def utterances(self) -> list[Utterance]:
        """Return what the passage reports, in order of place."""
        found = list(self._signed())
        for sentence in sentences(self.text):
            if any(u.start <= sentence.start < u.end for u in found):
                continue
            clause = Clause(self.text, sentence, self.quotes, self.roster.surnames)
            new = self._of_sentence(clause)
            if not new and (more := self._goes_on(clause, found)):
                found[-1:] = [more]
            found += new
            self._remember(clause, new)
        return found

    def _signed(self) -> Iterator[Utterance]:
        """Read “…” — Jane Roe: a quotation with its speaker's name beneath, as pull quotes are set."""
        for quote in self.quotes:
            dash = re.match(r"\s*(?:[―—–]|--|-)\s*(?=\w)", self.text[quote.end :])
            rest = self.text[quote.end + dash.end() :] if dash else ""
            name = next(iter(names(rest[:80])), None)
            if (
                name
                and not rest[: name.start].strip()
                and re.match(r"\.?\s*(?:$|[“\",\n(])", rest[name.end :])
            ):
                end = quote.end + (dash.end() if dash else 0) + name.end
                who = self.roster.resolve(name.full)
                yield Utterance(start=quote.start, end=end, speaker=who, cue="—", manner=Manner.DIRECT)

    def _of_sentence(self, clause: Clause) -> list[Utterance]:
        cues = [c for c in clause.cues if not c.silent]
        if clause.question and not clause.quotes:
            return []
        plain = [c for c in cues if c.kind in ("verb", "according")]
        groups = self._groups(clause, plain or cues)
        if not groups:
            return []
        through = self._through(groups)
        speaking = [g for g in groups if g not in through] or through
        bounds = self._bounds(clause, speaking)
        found: list[Utterance] = []
        for (cue, speakers), span in zip(speaking, bounds, strict=True):
            here = [g for g in through if speaking is not through and self._covers(span, g, speaking)]
            via = self._via(clause, here)
            for group_cue, who in [(cue, speakers), *here]:
                found += [self._utterance(clause, span, group_cue, s, via, here) for s in who]
        return found

    def _covers(self, span: Span, group: Group, speaking: Sequence[Group]) -> bool:
        return len(speaking) == 1 or span.start <= group[0].at < span.end

    def _groups(self, clause: Clause, cues: Sequence[Cue]) -> list[Group]:
        """Join the cues of one speaker; the first of them stands for all."""
        groups: list[Group] = []
        for cue in cues:
            speakers = tuple(self._who(clause, cue, s) for s in cue.speakers)
            if not any(set(speakers) <= set(known) for _, known in groups):
                groups.append((cue, speakers))
        return groups

    def _through(self, groups: Sequence[Group]) -> list[Group]:
        """Return those that report another's words: outlets, or whoever the rest is according to."""
        outlets = [g for g in groups if any(s and w.OUTLET.search(s) for s in g[1])]
        others = [g for g in groups if g not in outlets]
        relaying = [g for g in others if self._relays(g, others)]
        return outlets + (relaying if len(relaying) < len(others) else [])

    def _relays(self, group: Group, groups: Sequence[Group]) -> bool:
        """Tell whether *group* passes on another's words: “quoted”, “reports that Roe said”."""
        cue = group[0]
        behind = [g[0] for g in groups if g[0].at > cue.at]
        between = self.text[cue.at + len(cue.word) : behind[0].start].strip() if behind else "?"
        return (
            cue.kind == "according"
            or between == "that"
            or (bool(behind) and cue.word.casefold() in w.RELAYING)
        )

    # ---- who

    def _who(self, clause: Clause, cue: Cue, speaker: str) -> str | None:
        if speaker not in w.HE:
            return self._holder(speaker) or self._titled(clause, speaker) or self.roster.resolve(speaker)
        if speaker == "they":
            return None
        end = cue.start
        if PARENTHESIS.search(self.text[:end]) and CLOSED.match(self.text, cue.at + len(cue.word)):
            # "The pier, he said, was safe": what stands around is what he said, back to a colon or dash.
            end -= len(re.split(r"[:;—–]", self.text[clause.span.start : end])[-1])
        before = self._people(clause.span.start, end)
        fitting = [x for x in before if self._fits(x, speaker)]
        if before and fitting:
            return self._only(fitting)
        return self.focus if self.focus and self._fits(self.focus, speaker) else None

    def _fits(self, who: str, pronoun: str) -> bool:
        """Tell whether *pronoun* can mean *who*: a woman is no "he" where the article calls her "she"."""
        return self.called.get(who, pronoun) == pronoun

    def _titled(self, clause: Clause, speaker: str) -> str | None:
        """Return whom “Mrs. Roe” means where the article names a man and a woman of that surname."""
        if " " in speaker or len(self.roster.family(speaker)) < 2:
            return None
        sentence = self.text[clause.span.start : clause.span.end]
        titles = {t.casefold() for t in re.findall(rf"\b(\w+)\.?\s+{re.escape(speaker)}\b", sentence)}
        called = {TITLES[t] for t in titles if t in TITLES}
        return of_surname(speaker, called.pop(), self.roster, self.called) if len(called) == 1 else None

    def _people(self, start: int, end: int) -> list[str]:
        """
        Return the names of two words in a stretch of the passage outside its quotations, each once.

        What follows a preposition ("on Market Row", "questioned by Jane Roe") is not who acts.
        """
        out = self.unquoted[start:end]
        acting = [
            n
            for n in names(out, self.roster.surnames)
            if not after_preposition(out, n) and not _owns_somebody(out[n.end :])
        ]
        return list(dict.fromkeys(x for n in acting if " " in (x := self.roster.resolve(n.full))))

    def _only(self, named: Sequence[str]) -> str | None:
        """Return the one person among *named*; where there are two, "he" may be either."""
        people = [x for x in named if self.roster.is_person(x)] or list(named)
        return people[0] if len(people) == 1 else None

    def _holder(self, phrase: str) -> str | None:
        """Return whom “the Polish prime minister” means in this article, where only one person fits."""
        if not is_plain(phrase):
            return None
        known = holders(phrase, self.roles)
        return known[0] if len(known) == 1 else None

    def _via(self, clause: Clause, through: Sequence[Group]) -> tuple[str, ...]:
        named = [s for _, speakers in through for s in speakers if s]
        named += [outlet for outlet in clause.outlets() if not named]
        if self.passage.voice is Voice.BLOCK_QUOTATION and self.passage.outlet:
            named.append(self.passage.outlet)
        return tuple(dict.fromkeys(named))

    # ---- where

    def _bounds(self, clause: Clause, groups: Sequence[Group]) -> list[Span]:
        """Return a span for each group: the sentence, or its part where two speakers can be told apart."""
        starts = [self._behind_silence(clause, groups[0][0])]
        for _, (cue, _) in pairwise(groups):
            starts.append(self._boundary(clause, starts[-1], cue))
        ends = [*starts[1:], clause.span.end]
        cut = [
            Span(a, self._trimmed(a, b)) if a < b else clause.span for a, b in zip(starts, ends, strict=True)
        ]
        return cut if all(s.end > s.start for s in cut) else [clause.span] * len(groups)

    def _behind_silence(self, clause: Clause, cue: Cue) -> int:
        """Leave out “Roe did not say so;” before what somebody else does say."""
        silent = [c.at for c in clause.cues if c.silent and c.at < cue.start]
        rest = self.unquoted[silent[0] : cue.start] if silent else ""
        return silent[0] + rest.rindex("; ") + 2 if "; " in rest else clause.span.start

    def _boundary(self, clause: Clause, floor: int, cue: Cue) -> int:
        """Return where the clause of *cue* begins: behind the last dash, semicolon or ", but" before it."""
        before = clause.outside[floor - clause.span.start : cue.start - clause.span.start]
        behind = clause.outside[cue.at - clause.span.start :]
        cuts = [m.end() for m in BREAK.finditer(before)]
        if not cuts and JOINT.search(before) and len(behind.split()) > 3:
            return cue.start  # "While Roe said the one thing, Doe said the other"
        return floor + cuts[-1] if cuts else floor

    def _trimmed(self, start: int, end: int) -> int:
        rest = TRAILING.search(self.text[start:end])
        return start + rest.start() if rest and end < len(self.text) else end

    def _utterance(
        self,
        clause: Clause,
        span: Span,
        cue: Cue,
        speaker: str | None,
        via: tuple[str, ...],
        through: Sequence[Group],
    ) -> Utterance:
        relayed = any(cue is g[0] for g in through)
        return Utterance(
            start=span.start,
            end=span.end,
            speaker=speaker,
            cue=cue.word,
            manner=Manner.INDIRECT if relayed else self._manner(clause, span),
            via=tuple(v for v in via if v != speaker and not relayed),
        )

    def _manner(self, clause: Clause, span: Span) -> Manner:
        quotes = [q for q in clause.quotes if q.start >= span.start and q.end <= span.end]
        if not quotes:
            return Manner.INDIRECT
        if all(
            len(q.text.split()) < QUOTED_WHOLE and q.text.rstrip("”\"»’'")[-1:] not in ".!?," for q in quotes
        ):
            return Manner.FRAGMENT
        # Direct: the quotation begins the statement, or follows its verb's comma or colon.
        begins = any(
            q.start == span.start or self.text[: q.start].rstrip()[-1:] in (",", ":") for q in quotes
        )
        return Manner.DIRECT if begins else Manner.MIXED

    # ---- what goes on over sentences

    def _goes_on(self, clause: Clause, found: Sequence[Utterance]) -> Utterance | None:
        """A sentence that opens with a quotation and names nobody goes on with the statement before it."""
        if any(c.silent for c in clause.cues) or clause.kind(0) != "quote":
            return None
        quoted = sum(q.end - q.start for q in clause.quotes)
        if quoted < 0.6 * (clause.span.end - clause.span.start):
            return None
        if self.text[: clause.span.start].rstrip()[-1:] in ("”", "»", '"'):
            return None  # two quotations side by side are two people's
        if found:
            return replace(found[-1], end=clause.span.end, manner=Manner.DIRECT)
        if self.last and self.last.speaker:
            return replace(
                self.last, start=clause.span.start, end=clause.span.end, manner=Manner.DIRECT, cue="“"
            )
        return None

    def _names_another(self, clause: Clause) -> bool:
        """Whether the sentence names a person, in whatever place, other than the one in focus."""
        named = (self.roster.resolve(t.text) for t in clause.tokens if t.kind == "name")
        return any(" " in x and x != self.focus for x in named)

    def _remember(self, clause: Clause, new: Sequence[Utterance]) -> None:
        people = self._people(clause.span.start, clause.span.end)
        speakers = [u.speaker for u in new if u.speaker]
        if speakers:
            self.focus = speakers[0]
        elif people:
            self.focus = self._only(people)
        elif self._names_another(clause):
            self.focus = None
        else:
            subject, _ = clause.first_subject(len(clause.tokens))
            if subject and subject[0] not in w.HE:
                self.focus = self.roster.resolve(subject[0])
