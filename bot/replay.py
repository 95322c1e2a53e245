"""
How an answer came about, out of the memory: the same id gives the same text, or says that the column changed.

Pure: what the column has now is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.message import (
    EXCERPT_LIMITS,
    MOST_EXCERPTS,
    Block,
    Message,
    citation,
    escape,
    fitting,
    plain_text,
    prove_excerpts,
    quotation,
    section,
    spoken,
)
from bot.state import Answers, Given, Reference, read_id
from index import wording
from index.passage import Article

TYPED_LIMIT = 300  # characters of a question, as wide as markup makes them


class Fate(StrEnum):
    """What became of an excerpt's paragraph since it was shown."""

    SAME = "It stands in the column as shown."
    MOVED = "It stands in the column as shown, but the paragraph has another number now."
    CHANGED = "The column changed: this paragraph reads otherwise now, or is gone from the article."
    GONE = "The column changed: the article is gone from it."
    UNKNOWN = "I am still reading the column, so I cannot say whether this changed."


@dataclass(frozen=True, slots=True)
class Now:
    """Where an excerpt stands now: *number* is its ¶ in *article*, both None where it is not there."""

    fate: Fate
    article: Article | None = None
    number: int | None = None

    @property
    def changed(self) -> bool:
        """Whether the column no longer has what was shown."""
        return self.fate in (Fate.CHANGED, Fate.GONE)


def now(reference: Reference, article: Article | None) -> Now:
    """Compare what was shown with *article* as it is now, None where it is gone."""
    if article is None:
        return Now(Fate.GONE)
    same = [p.number for p in article.passages if p.text == reference.passage]
    if reference.number in same:
        return Now(Fate.SAME, article, reference.number)
    if same:
        return Now(Fate.MOVED, article, min(same, key=lambda number: abs(number - reference.number)))
    return Now(Fate.CHANGED, article)


UNREAD = Now(Fate.UNKNOWN)
Opens = Callable[[str], Article | None]


def places(given: Given, article: Opens | None) -> dict[tuple[str, int, int, int], Now]:
    """Compare all that *given* showed with the column now; *article* opens one, None while that cannot be."""
    if article is None:
        return {}
    there = {id: article(id) for id in {reference.article for reference in given.excerpts}}
    return {reference.place: now(reference, there[reference.article]) for reference in given.excerpts}


def replay(
    typed_id: str,
    answers: Answers,
    article: Opens | None,
    may_see: Callable[[Given], bool] = lambda given: True,
    *,
    days: int,
) -> Message:
    """Show how the answer whose id was typed came about; one that nobody *may_see* here is not known."""
    given = answers.load(read_id(typed_id))
    return why(given, places(given, article)) if given and may_see(given) else unknown_message(days)


def unknown_message(days: int) -> Message:
    """Say that there is no answer of that id; none is kept for more than so many *days*."""
    return Message(
        text="I know no answer with this id. An answer's id is in “Why this answer”, below the answer; "
        f"I keep answers for {days:,} days."
    )


def why(given: Given, found: Mapping[tuple[str, int, int, int], Now]) -> Message:
    """
    Show what was searched, what was found and why; *found* says by `Reference.place` where it stands now.

    Raises:
        NotVerbatimError: If the excerpts are not in the message letter for letter.
    """
    shown = given.excerpts[:MOST_EXCERPTS]
    nows = [found.get(reference.place, UNREAD) for reference in shown]
    texts = (_text(given, shown, nows, limit) for limit in EXCERPT_LIMITS)
    blocks = (_blocks(given, shown, nows, limit) for limit in EXCERPT_LIMITS)
    built = fitting(texts, blocks)
    prove_excerpts(built.blocks, [reference.excerpt() for reference in shown])
    return built


def _blocks(given: Given, shown: tuple[Reference, ...], nows: list[Now], limit: int) -> tuple[Block, ...]:
    heads: list[Block] = [section("\n".join(_account(given)))]
    for reference, found in zip(shown, nows, strict=True):
        excerpt = reference.excerpt()
        notes = {"type": "context", "elements": [plain_text(_chosen(reference, found))]}
        heads += [quotation(excerpt, limit), citation(excerpt), notes]
    return tuple(heads)


def _text(given: Given, shown: tuple[Reference, ...], nows: list[Now], limit: int) -> str:
    account = escape("\n".join(_account(given)))
    found = (
        f"{spoken(reference.excerpt(), limit)}\n{escape(_chosen(reference, place))}"
        for reference, place in zip(shown, nows, strict=True)
    )
    return "\n\n".join((account, *found))


def _account(given: Given) -> Iterator[str]:
    """Yield what was asked, searched and decided, a line each."""
    when = datetime.fromtimestamp(given.created_at, UTC)
    yield f"Answer {given.id}, given on {wording.day(when.date())} at {when:%H:%M} UTC."
    yield f"Asked: {typed(given.asked)}"
    if given.question != given.asked:
        yield f"Looked for: {typed(given.question)}"
    if given.subject:
        yield f"About: {wording.clip(given.subject)}"
    what = given.searched
    number = "paragraph" if what.passages == 1 else "paragraphs"
    yield f"{wording.searched(what)} That was {what.passages:,} {number}, at generation {what.generation}."
    sure = f"confidence {given.confidence:.2f}, where an answer needs 0.50 of 1"
    yield f"Decision: {given.verdict.value}; {sure}."
    if given.offset:
        yield f"Continues an earlier answer, after {given.offset} excerpts."
    if given.removed_at:
        yield "This answer was removed."
    for withdrawn in given.withdrawn:
        when = datetime.fromtimestamp(withdrawn.at, UTC)
        title = wording.clip(withdrawn.title)
        yield f"It quoted “{title}”, which was taken down on {wording.day(when.date())}: its words are gone."


def _chosen(reference: Reference, place: Now) -> str:
    moved = f" It is ¶ {place.number} now." if place.fate is Fate.MOVED else ""
    reason = f"Chosen for: {wording.clip(reference.why)}. " if reference.why else ""
    return f"{reason}Score {reference.score:.3f}. {place.fate.value}{moved}"


def typed(text: str) -> str:
    """Return what somebody typed as one line of a reasonable length."""
    line = " ".join(text.split())
    short = wording.cut(line, TYPED_LIMIT, wording.width)
    return short if short == line else f"{short}…"
