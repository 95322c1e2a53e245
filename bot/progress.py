"""What people see of a sync: how far it is, how it ended, what could not be read and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.message import Block, Message, bullets, escape, fitting, plain_text, section
from bot.reports import moment, shortened
from bot.state import Stage, SyncRun, Trouble
from index import wording

BAR = 20  # cells
FULL, EMPTY = "█", "░"
LISTED = 20  # failures of one sync
REASON = 600  # characters
# Lengths to which names and reasons are cut until the message fits; and how many are shown at the end.
LIMITS = ((300, LISTED), (150, LISTED), (60, LISTED), (40, 5))

WAITING = "The sync waits for its turn."
CUT_OFF = "It was cut off by a restart, and is taken up again."
GIVEN_UP = "The sync was cut off {times} times, each time by the end of my process, so I do not try it again."


def progress_message(run: SyncRun, now: float) -> Message:
    """Show how far *run* is at the time *now*, in seconds since the epoch."""
    if run.stage is Stage.ASKED or run.begun_at is None:
        lines = [CUT_OFF] if run.attempts else [WAITING]
    else:
        lines = ["I am syncing the column.", _counted(run, _rate(run, now)), _bar(run, now)]
        lines += [CUT_OFF] if run.attempts > 1 else []
    return _plain(lines)


def outcome_message(run: SyncRun) -> Message:
    """Show how *run* ended, with a table of what could not be read."""
    if run.stage is Stage.GIVEN_UP:
        head = [GIVEN_UP.format(times=run.attempts)]
    elif run.stage is Stage.FAILED:
        head = ["The sync broke off.", shortened(run.reason, REASON), _counted(run)]
    else:
        took = wording.span((run.ended_at or 0.0) - (run.begun_at or 0.0))
        head = [f"The column is synced; that took {took}.", _counted(run)]
    if not run.failures:
        return _plain(head)
    return _with_table(head, run.failures)


def trouble_message(troubles: Sequence[Trouble], times: int) -> Message:
    """Tell admins what could not be read *times* times in a row: they hear of it once."""
    head = [
        f"I could not read this in {times} syncs in a row, and I go on trying. "
        "You hear from me again when it works again."
    ]
    return _with_table(head, {t.name: t.reason for t in troubles})


def recovery_message(troubles: Sequence[Trouble]) -> Message:
    """Tell admins what can be read again."""
    lines = [f"{wording.clip(t.name)}, since {moment(t.since)}" for t in troubles[:LISTED]]
    head = "I can read again what I could not:"
    text = "\n".join([head, *(f"• {escape(line)}" for line in lines)])
    return Message(text=text, blocks=(section(head), bullets(lines)))


def _counted(run: SyncRun, rate: str = "") -> str:
    t = run.tally
    of = f" of about {t.expected:,}" if t.expected > t.read and run.stage is Stage.RUNNING else ""
    noun = "article" if t.read == 1 and not of else "articles"
    changes = [("added", t.added), ("changed", t.changed), ("removed", t.removed), ("failed", t.failed)]
    counted = "".join(f", {number:,} {change}" for change, number in changes if number)
    sentences = "sentence" if t.embedded == 1 else "sentences"
    return (
        f"{t.read:,}{of} {noun} read{counted or ', none changed'}; {t.embedded:,} {sentences} embedded{rate}."
    )


def _rate(run: SyncRun, now: float) -> str:
    elapsed = now - (run.begun_at or now)
    rate = run.tally.embedded / elapsed if elapsed > 0 else 0.0
    return f", {rate:,.0f} a second" if rate >= 1 else ""


def _bar(run: SyncRun, now: float) -> str:
    """Draw how much is done, by the articles that the column held before; what runs is never all done."""
    elapsed = now - (run.begun_at or now)
    if not run.tally.expected:
        return f"{EMPTY * BAR} for {wording.span(elapsed)}"
    done = run.tally.read / max(run.tally.expected, run.tally.read + 1)
    cells = int(done * BAR)
    bar = f"{FULL * cells}{EMPTY * (BAR - cells)}"
    if not done:
        return f"{bar} 0%"
    return f"{bar} {done:.0%}, about {wording.span(elapsed * (1 - done) / done)} left"


def _plain(lines: Sequence[str]) -> Message:
    lines = list(filter(None, lines))
    blocks = tuple(section(line) for line in lines)
    return Message(text="\n".join(map(escape, lines)), blocks=blocks)


def _with_table(head: Sequence[str], failures: Mapping[str, str]) -> Message:
    """Show *failures* as a table below *head*: what it is, and why it failed and what to do."""
    heads = list(_plain(head).blocks)
    texts = ("\n".join([*map(escape, head), *_lines(failures, *limit)]) for limit in LIMITS)
    blocks = ([*heads, _table(failures, *limit), *_rest(failures, limit[1])] for limit in LIMITS)
    return fitting(texts, blocks)


def _lines(failures: Mapping[str, str], limit: int, most: int) -> list[str]:
    shown = [
        f"• {escape(shortened(n, limit))}: {escape(shortened(why, limit))}" for n, why in failures.items()
    ]
    return [*shown[:most], *([f"And {len(shown) - most:,} more."] if len(shown) > most else [])]


def _table(failures: Mapping[str, str], limit: int, most: int) -> Block:
    head = [_cell("Not read"), _cell("Why, and what to do")]
    rows = [
        [_cell(shortened(n, limit)), _cell(shortened(why, limit))] for n, why in list(failures.items())[:most]
    ]
    return {"type": "table", "rows": [head, *rows], "column_settings": [{"is_wrapped": True}] * 2}


def _rest(failures: Mapping[str, str], most: int) -> list[Block]:
    more = len(failures) - most
    note = f"And {more:,} more; python -m index status lists all."
    return [{"type": "context", "elements": [plain_text(note)]}] if more > 0 else []


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": text}
