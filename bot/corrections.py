"""
When the column changes, so do the answers that show what changed: each is edited, and says what and when.

Promises: an answer that shows nothing that changed is left alone; what was taken down is shown nowhere that
the bot can still reach, nor kept; through crashes, each message is brought to the same end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Protocol

from bot import buttons
from bot.choices import offering
from bot.chore import Chore
from bot.message import Block, Message, escape, message, prove, section, size
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.replay import Fate, now
from bot.state import Changed, Correction, Given, Memory, Withdrawn
from index import wording
from index.passage import Article
from index.store import TakenDown

log = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between two edits
SLOWER = 1.2  # than posts: Slack takes fifty edits a minute
POLL = 5.0
# An answer may be on its way while its article changes: it is looked for once more after this long.
LATECOMERS = 120.0
MOST_NOTES = 6
GRACE = 5.0


class Corrected(Protocol):
    """What is asked of the column: safe to call from a thread of its own."""

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """The fingerprints of all articles, by id."""

    @property
    def generation(self) -> int:
        """The number of the column's present state: while it stays, nothing changed."""

    @property
    def taken_down(self) -> Mapping[str, TakenDown]:
        """What was taken down, by article id."""

    def article(self, id: str) -> Article | None:
        """Return an article as it is now, None where it is gone."""


class Corrector(Chore):
    """
    Brings the answers of one bot in step with its column. *interval* is in seconds.

    What is left when it is stopped waits for the next start.
    """

    def __init__(
        self,
        memory: Memory,
        poster: Poster,
        column: Corrected,
        *,
        interval: float = INTERVAL,
        poll: float = POLL,
    ) -> None:
        self._memory, self._poster, self._column = memory, poster, column
        self._interval, self._poll, self._line = interval, poll, memory.corrections
        self._generation: int | None = None
        self._latecomers: dict[str, float] = {}
        super().__init__("corrections", "corrector stumbled", every=poll, grace=GRACE)

    def tick(self) -> None:
        """Find what changed, and correct what shows it."""
        self.find()
        while not self._stopping.is_set() and (correction := self._line.take()):
            if self._correct(correction):
                self._stopping.wait(self._interval)

    def find(self) -> None:
        """Put the answers in line that quote what changed since this was last done, by whomever."""
        generation, at = self._column.generation, self._line.clock()
        if generation != self._generation:
            changed = self._line.find(self._column.fingerprints)
            self._latecomers |= dict.fromkeys(changed, at + LATECOMERS)
            self._generation = generation
        late = [id for id, due in self._latecomers.items() if due <= at]
        for id in late:
            del self._latecomers[id]
        if late:
            self._line.put_in_line(late)

    def _correct(self, correction: Correction) -> bool:
        """Bring one answer in step; return whether Slack was asked for something."""
        given = self._memory.answers.load(correction.answer)
        if given is None:
            self._line.done(correction)
            return False
        if self._is_on_its_way(given):
            self._line.later(correction, self._poll)
            return False
        new = self._renewed(given)
        if new != given:
            self._line.write(new)
        elif not correction.written:
            self._line.done(correction)
            return False
        if new.reply_ts is None or new.removed_at is not None:
            self._line.done(correction)  # only its asker saw it, where nobody can change it
            return False
        return self._edit(correction, new, new.reply_ts)

    def _is_on_its_way(self, given: Given) -> bool:
        """Tell whether a message is just being posted, so that nobody knows yet which it is."""
        posted = given.shared_at if given.commanded else given.created_at
        waits = given.reply_ts is None and given.removed_at is None
        return waits and posted is not None and self._line.clock() - posted < LATECOMERS

    def _edit(self, correction: Correction, given: Given, ts: str) -> bool:
        try:
            self._poster.edit(given.channel, ts, corrected_message(given))
        except (LaterError, DoubtError) as error:  # the same edit twice is one
            self._line.later(correction, error.seconds if isinstance(error, LaterError) else self._poll)
            log.warning("correction put back", extra={"request": given.id})
            return True
        except RefusedError as error:  # it was deleted, or the channel is gone
            log.warning("not corrected", extra={"request": given.id, "code": str(error)})
        else:
            log.info("corrected", extra={"request": given.id, "channel": given.channel})
        self._line.done(correction)
        return True

    def _renewed(self, given: Given) -> Given:
        """Return *given* as it has to be now: without what was taken down, and with what changed noted."""
        return noting_changes(withdrawing(given, self._column.taken_down), self._column, self._line.clock())


def withdrawing(given: Given, taken_down: Mapping[str, TakenDown]) -> Given:
    """Return *given* without the words of articles that were taken down."""
    quoted = {r.article: r.title for r in (*given.excerpts, *given.withheld) if r.article in taken_down}
    if not quoted:
        return given
    return replace(
        given,
        excerpts=tuple(r for r in given.excerpts if r.article not in quoted),
        withheld=tuple(r for r in given.withheld if r.article not in quoted),
        changed=tuple(change for change in given.changed if change.article not in quoted),
        topics=(),  # they are words of what was quoted
        withdrawn=(
            *given.withdrawn,
            *(Withdrawn(title=title, at=taken_down[id].at.timestamp()) for id, title in quoted.items()),
        ),
    )


def noting_changes(given: Given, column: Corrected, at: float) -> Given:
    """Return *given* with a note of each paragraph that it shows and that changed, seen *at* that time."""
    article = cache(column.article)
    noted = {(change.article, change.number) for change in given.changed}
    new: dict[tuple[str, int], Changed] = {}
    for reference in given.excerpts:
        found = now(reference, article(reference.article))
        number = 0 if found.fate is Fate.GONE else reference.number
        place = (reference.article, number)
        if found.changed and place not in noted:
            new[place] = Changed(article=reference.article, title=reference.title, number=number, at=at)
    return replace(given, changed=(*given.changed, *new.values())) if new else given


def is_corrected(given: Given) -> bool:
    """Tell whether the column changed where *given* quoted it, as far as is known."""
    return bool(given.changed or given.withdrawn)


def corrected_message(given: Given, *, name: str = "", shared: bool | None = None) -> Message:
    """
    Build the message that shows *given*, above it what changed since.

    One that is *shared*, as *given* itself says unless told otherwise, stands under the asker's *name*.

    Raises:
        NotVerbatimError: If it does not hold the very words that were shown before.
    """
    notes = [wording.one_line(note) for note in _notes(given)][:MOST_NOTES]
    head: Block = section("\n".join(notes))
    text = escape("\n".join(notes))
    if not given.excerpts and given.withdrawn:
        return buttons.carrying(Message(text=text, blocks=(head,)), given, shareable=False)
    spare, text_spare = size([head]) + 2, len(text) + 2
    if shared or (shared is None and given.shared_at is not None):
        below = buttons.shared(given, name, spare=spare, text_spare=text_spare)
    else:
        built = message(given.answer, spare=buttons.ROOM + spare, text_spare=text_spare)
        prove(built, given.answer)
        below = buttons.carrying(offering(built, given.answer, given.id), given, shareable=False)
    return Message(text=f"{text}\n\n{below.text}", blocks=(head, *below.blocks))


def _notes(given: Given) -> Iterator[str]:
    """Yield what changed of that which the answer showed, and when, a line each."""
    for withdrawn in given.withdrawn:
        yield (
            f"Corrected: “{wording.clip(withdrawn.title)}” was taken down on {_day(withdrawn.at)}; "
            "what this answer showed of it is gone."
        )
    for change in given.changed:
        title = f"“{wording.clip(change.title) or 'untitled'}”"
        if change.number:
            yield (
                f"Corrected: ¶ {change.number} of {title} changed in the column (seen on {_day(change.at)}). "
                "Below are the words as they were."
            )
        else:
            yield (
                f"Corrected: {title} is no longer in the column (seen on {_day(change.at)}). "
                "Below are the words as they were."
            )


def _day(at: float) -> str:
    return wording.day(datetime.fromtimestamp(at, UTC).date())
