"""Who said what: the utterances of an article, by rules over its own words. Pure; no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from index import cues as w
from index.clause import Clause, Cue, quotations
from index.names import Name, Roster, names
from index.passage import Article, Manner, Passage, Role, Utterance, Voice
from index.roles import holders, is_plain, parse, roles_in
from index.segment import Span, sentences

QUOTED_WHOLE = 4  # words: a shorter quotation is a fragment, unless it is a sentence of its own
Group = tuple[Cue, tuple[str | None, ...]]  # the cues of one sentence that have the same speakers


def attribute(article: Article) -> Article:
    """Return *article* with the utterances of every passage."""
    roster = Roster(p.text for p in article.passages)
    roles = roles_in((p.text for p in article.passages), roster)
    passages: list[Passage] = []
    last: Utterance | None = None  # the statement that a following paragraph may go on with
    for passage in article.passages:
        above = passages[-1].text if passages else ""
        found = _Reader(passage, roster, roles, last).utterances()
        printed = _printed_by(passage, above, roster)
        passages.append(replace(passage, utterances=(*found, *printed)))
        last = found[-1] if found and _ends_with(passage.text, found[-1]) else None
    return replace(article, passages=tuple(passages), roles=tuple(roles))


def _printed_by(passage: Passage, above: str, roster: Roster) -> Iterator[Utterance]:
    """Yield each sentence of a block quotation as its outlet's, and as the reporters' that *above* names."""
    if passage.voice is not Voice.BLOCK_QUOTATION or not passage.outlet:
        return
    outlet = passage.outlet
    named = [
        n for n in names(above) if " " in n.full and n.full not in outlet and not w.OUTLET.search(n.full)
    ]
    reporters = [roster.resolve(n.full) for n in named if _credited(above, n, outlet)]
    for sentence in sentences(passage.text):
        for speaker in [*reporters, outlet]:
            via = () if speaker == outlet else (outlet,)
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


def _ends_with(text: str, utterance: Utterance) -> bool:
    return not any(c.isalnum() for c in text[utterance.end :])


class _Reader:
    """Turns the cues of one passage into utterances."""

    def __init__(self, passage: Passage, roster: Roster, roles: list[Role], last: Utterance | None) -> None:
        self.passage, self.roster, self.roles, self.last = passage, roster, roles, last
        self.text = passage.text
        self.quotes = quotations(self.text)
        self.focus: str | None = None  # whom "he" and "she" mean
        self.named: list[str] = []  # the people named by first and last name so far

    def utterances(self) -> list[Utterance]:
        """Return what the passage reports, in order of place."""
        found = list(self._signed())
        for sentence in sentences(self.text):
            if any(u.start <= sentence.start < u.end for u in found):
                continue
            clause = Clause(self.text, sentence, self.quotes)
            new = self._of_sentence(clause)
            if not new and (more := self._goes_on(clause, found)):
                found[-1:] = [more] if found else []
                if not found:
                    found.append(more)
            found += new
            self._remember(clause, new)
        return found

    def _signed(self) -> Iterator[Utterance]:
        """“…” — Jane Roe: a quotation with its speaker's name beneath, as pull quotes are set."""
        for quote in self.quotes:
            dash = re.match(r"\s*(?:[―—–]|--|-)\s*(?=\w)", self.text[quote.end :])
            rest = self.text[quote.end + dash.end() :] if dash else ""
            name = next(iter(names(rest[:80])), None)
            if name and not rest[: name.start].strip() and re.match(r"\s*(?:$|[“\",\n(])", rest[name.end :]):
                end = quote.end + (dash.end() if dash else 0) + name.end
                who = self.roster.resolve(name.full)
                yield Utterance(start=quote.start, end=end, speaker=who, cue="—", manner=Manner.DIRECT)

    def _of_sentence(self, clause: Clause) -> list[Utterance]:
        cues = [c for c in clause.cues if not c.silent]
        if clause.question and not clause.quotes:
            return []
        verbs = [c for c in cues if c.verb]
        groups = self._groups(verbs or cues)
        if not groups:
            return []
        outlets = [g for g in groups if self._is_outlet(g)]
        speaking = [g for g in groups if g not in outlets] or outlets
        found: list[Utterance] = []
        for (cue, speakers), span in zip(speaking, self._bounds(clause, speaking), strict=True):
            through = [g for g in outlets if span.start <= g[0].at < span.end or len(speaking) == 1]
            via = self._via(through)
            reporting = through if speaking is not outlets else []
            for group_cue, who in [(cue, speakers), *reporting]:
                found += [self._utterance(clause, span, group_cue, speaker, via) for speaker in who]
        return found

    def _groups(self, cues: Sequence[Cue]) -> list[Group]:
        """Join the cues of one speaker; the first of them stands for all."""
        groups: list[Group] = []
        for cue in cues:
            speakers = tuple(self._who(s) for s in cue.speakers)
            for i, (other, known) in enumerate(groups):
                if set(speakers) <= set(known) or (cue.word == ":" and other.strong):
                    groups[i] = (other if other.strong else replace(cue, start=other.start), known)
                    break
            else:
                groups.append((cue, speakers))
        return groups

    def _who(self, speaker: str) -> str | None:
        if speaker in w.HE:
            return self.focus if speaker != "they" else None
        return self._holder(speaker) or self.roster.resolve(speaker)

    def _holder(self, phrase: str) -> str | None:
        """Return whom "the Polish prime minister" means in this article, where only one person fits."""
        if not is_plain(phrase):
            return None
        known = holders(phrase, self.roles)
        if known:
            return known[0] if len(known) == 1 else None
        # An office that the article gives to nobody by name is the one person's whom the paragraph is about.
        office, of = parse(phrase)
        if office and len(self.named) == 1:
            self.roles.append(Role(speaker=self.named[0], office=office, of=of))
            return self.named[0]
        return None

    def _is_outlet(self, group: Group) -> bool:
        return any(s and w.OUTLET.search(s) for s in group[1])

    def _via(self, outlets: Sequence[Group]) -> tuple[str, ...]:
        named = [s for _, speakers in outlets for s in speakers if s]
        if self.passage.voice is Voice.BLOCK_QUOTATION and self.passage.outlet:
            named.append(self.passage.outlet)
        return tuple(dict.fromkeys(named))

    def _bounds(self, clause: Clause, groups: Sequence[Group]) -> list[Span]:
        """Return a span for each group: the sentence, or its part where two speakers can be told apart."""
        starts = [clause.span.start]
        for (_, _), (cue, _) in pairwise(groups):
            starts.append(self._boundary(clause, starts[-1], cue))
        ends = [*starts[1:], clause.span.end]
        cut = [
            Span(a, self._trimmed(a, b)) if a < b else clause.span for a, b in zip(starts, ends, strict=True)
        ]
        return cut if all(s.end > s.start for s in cut) else [clause.span] * len(groups)

    def _boundary(self, clause: Clause, floor: int, cue: Cue) -> int:
        """Return where the clause of *cue* begins: behind the last dash, semicolon or ", but" before it."""
        head = self.text[floor : cue.start]
        masked = list(head)
        for quote in clause.quotes:
            for k in range(max(quote.start, floor), min(quote.end, cue.start)):
                masked[k - floor] = "x"
        cuts = list(
            re.finditer(
                r"(?<=\s)[—–-]\s+|—|;\s+|,\s+(?:but|while|and|though|although|whereas)\s+", "".join(masked)
            )
        )
        return floor + cuts[-1].end() if cuts else floor

    def _trimmed(self, start: int, end: int) -> int:
        while end > start and (self.text[end - 1].isspace() or self.text[end - 1] in "—–-"):
            end -= 1
        return end

    def _utterance(
        self, clause: Clause, span: Span, cue: Cue, speaker: str | None, via: tuple[str, ...]
    ) -> Utterance:
        return Utterance(
            start=span.start,
            end=span.end,
            speaker=speaker,
            cue=cue.word,
            manner=self._manner(clause, span),
            via=tuple(v for v in via if v != speaker),
        )

    def _manner(self, clause: Clause, span: Span) -> Manner:
        quotes = [q for q in clause.quotes if q.start >= span.start and q.end <= span.end]
        if not quotes:
            return Manner.INDIRECT
        lengths = [len(q.text.split()) for q in quotes]
        whole = [
            q
            for q, n in zip(quotes, lengths, strict=True)
            if n >= QUOTED_WHOLE or q.text.rstrip('”"»')[-1:] in ".!?,"
        ]
        if not whole:
            return Manner.FRAGMENT if max(lengths) < QUOTED_WHOLE else Manner.MIXED
        outside = span.end - span.start - sum(q.end - q.start for q in quotes)
        begins = any(q.start == span.start or self.text[q.start - 2 : q.start - 1] in ",:" for q in whole)
        return Manner.DIRECT if begins or outside < 60 else Manner.MIXED

    def _goes_on(self, clause: Clause, found: Sequence[Utterance]) -> Utterance | None:
        """A sentence that opens with a quotation and names nobody goes on with the statement before it."""
        if any(c.silent for c in clause.cues) or not clause.tokens or clause.tokens[0].kind != "quote":
            return None
        quoted = sum(q.end - q.start for q in clause.quotes)
        if quoted < 0.6 * (clause.span.end - clause.span.start):
            return None
        if found:
            return replace(found[-1], end=clause.span.end, manner=Manner.DIRECT)
        if self.last and self.last.speaker:
            return replace(
                self.last, start=clause.span.start, end=clause.span.end, manner=Manner.DIRECT, cue="“"
            )
        return None

    def _remember(self, clause: Clause, new: Sequence[Utterance]) -> None:
        for name in names(self.text[clause.span.start : clause.span.end]):
            who = self.roster.resolve(name.full)
            if " " in who and who not in self.named and self.roster.is_person(who):
                self.named.append(who)
        named = [u.speaker for u in new if u.speaker]
        if named:
            self.focus = named[-1]
            return
        speakers, _ = clause.first_subject(len(clause.tokens))
        if speakers and speakers[0] not in w.HE:
            self.focus = self.roster.resolve(speakers[0])
