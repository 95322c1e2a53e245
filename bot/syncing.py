"""
The keeper of the column: it syncs by schedule, at start and when asked, and shows how that goes.

Promises: of all processes on the data folder one syncs at a time, and a schedule is kept once by all of them;
whatever happens, no message goes on saying that a sync runs; admins hear of a trouble once, and of its end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.chore import Chore
from bot.message import Message
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.progress import outcome_message, progress_message, recovery_message, trouble_message
from bot.state import Memory, Request, Stage, SyncRun, Tally, Trouble, Watcher
from bot.upkeep import Upkeep, public
from index.report import Change, Report
from index.store import StoreError

log = logging.getLogger(__name__)

FRESH = 300.0  # seconds; a start does not sync what was synced so lately
MOST_ATTEMPTS = 3  # of one sync that takes the process down with it
REPEATED = 3  # syncs in a row that fail by the same are worth a message
GRACE = 5.0  # seconds that a stop waits for a sync to notice
ITSELF = "The sync itself"
FAULT = "Something went wrong on my side; the log of the bot says where."
ABSENT = ("not_in_channel", "channel_not_found", "is_archived", "restricted_action")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """
    When to sync: every so many seconds, and at start; with None only when asked.

    *clock* gives seconds since the epoch. The process looks every *poll* seconds whether there is something
    to do, and changes a message that shows a sync every *edit_every* seconds at the most.
    """

    every: float | None = None
    clock: Callable[[], float] = time.time
    poll: float = 5.0
    edit_every: float = 2.0


class Keeper(Chore):
    """
    Keeps one column in step with its sources. Safe to share among threads.

    *warm* is called right after a sync, *afterwards* on every look; *synced* hears whether all sources could
    be read in one that is over, and how many seconds it took. A sync that runs when it is stopped waits for
    the next start.
    """

    def __init__(
        self,
        upkeep: Upkeep,
        memory: Memory,
        poster: Poster,
        admins: Sequence[str],
        rhythm: Rhythm,
        *,
        warm: Callable[[], object] = lambda: None,
        afterwards: Callable[[], object] = lambda: None,
        synced: Callable[[bool, float], object] = lambda ok, seconds: None,
    ) -> None:
        self._upkeep, self._memory, self._poster, self._admins = upkeep, memory, poster, admins
        self._rhythm, self._warm, self._afterwards, self._synced = rhythm, warm, afterwards, synced
        self._syncs, self._began = memory.syncs, rhythm.clock()
        super().__init__("syncs", "keeper of syncs stumbled", every=rhythm.poll, grace=GRACE)

    def next_due(self) -> float | None:
        """Return when the schedule wants the next sync, in seconds since the epoch; None for never."""
        if self._rhythm.every is None:
            return None
        last = self._last()
        if last is None or last < self._began - FRESH:
            return self._began
        return last + self._rhythm.every

    def why_not(self) -> str | None:
        """Say that the schedule is not kept: the next sync should have begun as long ago as one is apart."""
        due, every = self.next_due(), self._rhythm.every
        if due is None or every is None or self._rhythm.clock() < due + every:
            return None
        return f"the last one is more than {2 * every:.0f} s ago"

    def ask(self, request: Request) -> Message:
        """Sync as soon as can be, and show it in a message; where one runs already, show that one."""
        run = self._syncs.ask()
        if any(w.channel == request.channel for w in self._syncs.watching(run.id)):
            shown = progress_message(run, self._rhythm.clock()).text
            return Message(text=f"A sync was begun already; my message here goes on showing it.\n{shown}")
        try:
            channel = self._show(run, request)
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("sync not shown", extra={"code": str(error)})
            return Message(text="The sync goes on, but Slack did not let me post a message that shows it.")
        finally:
            self.wake()
        where = "here" if channel == request.channel else "in our direct messages"
        return Message(text=f"My message {where} shows how the sync goes.")

    def tick(self) -> None:
        """Do what is to be done now: a sync that is due or was asked for, and what comes after it."""
        if self._syncs.opened() or self._is_due():
            with self._upkeep.alone() as alone:
                if alone and (run := self._take()):
                    self._run(run)
        self._settle()
        self._afterwards()

    def _last(self) -> float | None:
        """Return when the last sync began here, or ended elsewhere; a time to come was a wrong clock's."""
        last, elsewhere = self._syncs.last(), self._upkeep.summary.last_sync
        times = [last.begun_at if last else None, elsewhere.timestamp() if elsewhere else None]
        now = self._rhythm.clock()
        return max((at for at in times if at is not None and at <= now), default=None)

    def _is_due(self) -> bool:
        due = self.next_due()
        return due is not None and due <= self._rhythm.clock()

    def _take(self) -> SyncRun | None:
        """Begin the sync that is open, even if its process died; or one that is due. Others are kept out."""
        run = self._syncs.opened()
        if run is None:
            return self._syncs.begin(self._syncs.ask().id) if self._is_due() else None
        if run.attempts >= MOST_ATTEMPTS:
            self._syncs.end(run.id, Stage.GIVEN_UP, run.tally, {})
            log.error("sync given up", extra={"attempts": run.attempts})
            return None
        return self._syncs.begin(run.id)

    def _run(self, run: SyncRun) -> None:
        began = time.monotonic()
        display = _Display(self._poster, self._memory, run, self._rhythm, self._stopping)
        failures: dict[str, str] = {}
        reason = ""
        try:
            with display:
                failures = _failures(self._upkeep.sync(display.heard))
        except _StoppedError:
            self._syncs.put_back(run.id)
            display.show()
            return
        except StoreError as error:
            reason = public(str(error))
            log.error("sync broke off", extra={"code": type(error).__name__})
        except Exception:  # whatever it was: those who watch are told, and the next one is tried in time
            reason = FAULT
            log.exception("sync broke off")
        self._warm()
        seconds = time.monotonic() - began
        self._syncs.end(run.id, Stage.FAILED if reason else Stage.DONE, display.tally, failures, reason)
        log.info("synced", extra={"seconds": round(seconds, 1), "state": "failed" if reason else "done"})
        self._synced(not reason and not failures, seconds)
        well = self._syncs.count_failures({ITSELF: reason} if reason else failures, whole=not reason)
        self._tell_admins(well)

    def _show(self, run: SyncRun, request: Request) -> str:
        """Post a message that shows *run*, where it was asked for or else to whoever asked."""
        shown = progress_message(run, self._rhythm.clock())
        place = request.channel
        if self._memory.channels.refuses_shared(place):
            place = request.user
        try:
            channel, ts = self._poster.tell(place, shown)
        except RefusedError as error:
            if str(error) not in ABSENT:
                raise
            channel, ts = self._poster.tell(request.user, shown)
        self._syncs.watch(run.id, channel, ts)
        return channel

    def _settle(self) -> None:
        """Let every message show how its sync ended."""
        for watcher in self._syncs.unsettled():
            if (run := self._syncs.load(watcher.run)) is None:
                continue
            if _edited(self._poster, watcher, outcome_message(run)):
                self._syncs.settle(watcher)

    def _tell_admins(self, well: Sequence[Trouble]) -> None:
        """Tell of what goes wrong repeatedly, and of what is well again: of each once."""
        ill = self._syncs.untold(REPEATED)
        if ill and self._told(trouble_message(ill, REPEATED)):
            self._syncs.tell([trouble.name for trouble in ill])
        if well and self._told(recovery_message(well)):
            self._syncs.recover([trouble.name for trouble in well])

    def _told(self, message: Message) -> bool:
        """Write to each admin; return whether at least one may have got it, or there is none."""
        told = [self._wrote(person, message) for person in self._admins]
        return any(told) or not told

    def _wrote(self, person: str, message: Message) -> bool:
        try:
            self._poster.tell(person, message)
        except DoubtError:  # it may be there: nothing is posted twice
            return True
        except (RefusedError, LaterError) as error:
            log.warning("admin not told", extra={"code": str(error)})
            return False
        return True


class _StoppedError(Exception):
    """The process is to end."""


class _Display:
    """Shows in messages how far a sync is, from a thread of its own: Slack never holds up the sync."""

    def __init__(
        self, poster: Poster, memory: Memory, run: SyncRun, rhythm: Rhythm, stopping: threading.Event
    ) -> None:
        self._poster, self._syncs, self._run, self._rhythm = poster, memory.syncs, run, rhythm
        self._stopping, self._over = stopping, threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="sync-display", daemon=True)
        self._shown: dict[Watcher, str] = {}
        self.tally = Tally()

    def heard(self, tally: Tally) -> None:
        """Take note of how far it is; end it where the process is to end."""
        self.tally = tally
        if self._stopping.is_set():
            raise _StoppedError

    def show(self) -> None:
        """Let the messages show how far it is now."""
        run = self._syncs.load(self._run.id)
        if run is None:
            return
        message = progress_message(run, self._rhythm.clock())
        for watcher in self._syncs.watching(run.id):
            if self._shown.get(watcher) != message.text and _edited(self._poster, watcher, message):
                self._shown[watcher] = message.text

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while True:
            try:
                self._syncs.note(self._run.id, self.tally)
                self.show()
            except Exception:  # a locked file must not end the display, still less the sync
                log.exception("sync not shown")
            if self._over.wait(self._rhythm.edit_every):
                return


def _edited(poster: Poster, watcher: Watcher, message: Message) -> bool:
    """Change a message; return whether there is nothing more to be done about it."""
    try:
        poster.edit(watcher.channel, watcher.ts, message)
    except RefusedError as error:  # it was deleted, or the channel is gone
        log.info("message not changed", extra={"channel": watcher.channel, "code": str(error)})
    except (LaterError, DoubtError):
        return False
    return True


def _failures(report: Report) -> dict[str, str]:
    failed = (outcome for outcome in report.outcomes if outcome.change is Change.FAILED)
    return {public(outcome.name): public(outcome.why) for outcome in failed}
