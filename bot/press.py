"""
The press: it looks every few seconds which digests are due, posts each once, and tells of trouble.

Promises: whatever happens to one digest, the others go on; of a digest that is late, refused or in doubt the
admins are told once; no clock counts but the one that it is given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot import alarms
from bot.chore import Chore
from bot.digest import Editor, News, due_slot, mark, moment
from bot.digest_message import follow_message
from bot.message import Message
from bot.once import Journal, Once, Posts
from bot.poster import GONE, DoubtError, LaterError, RefusedError
from bot.schedule import CronError, Schedule, ZoneError, slot_key
from bot.state import Digest, Follow, Memory, Plan, Run, RunState

log = logging.getLogger(__name__)

TICK = 20.0  # seconds between two looks
ALARM_AFTER = 30 * 60.0
MOST_ATTEMPTS = 8  # of a part in a thread, which the next digest waits for


class Ending(StrEnum):
    """What became of a digest that was due."""

    POSTED = "posted"
    NOTHING_NEW = "nothing_new"
    LATE = "late"
    FAILED = "failed"
    PAUSED = "paused"


class Press(Chore):
    """
    Keeps the digests and follows of one workspace; several may do so on one memory.

    *admins* are told of trouble, *outcome* of how each digest that was due ended.
    """

    def __init__(
        self,
        memory: Memory,
        posts: Posts,
        news: News,
        admins: tuple[str, ...],
        clock: Callable[[], float],
        *,
        alarm_after: float = ALARM_AFTER,
        outcome: Callable[[Ending], None] = lambda ending: None,
    ) -> None:
        self._memory, self._posts, self._news, self._admins = memory, posts, news, admins
        self._clock, self._alarm_after, self._outcome = clock, alarm_after, outcome
        self._editor, self._once = Editor(memory, news), Once(memory.runs, posts)
        self._generation: int | None = None
        super().__init__("digests", "digests not kept", every=TICK, grace=TICK)

    def why_not(self) -> str | None:
        """Say why digests are not posted in time; None where they are."""
        late = [
            digest.id
            for digest, schedule in self._scheduled()
            if (due := due_slot(digest, schedule, self._clock()))
            and self._clock() - due.timestamp() > self._alarm_after
        ]
        return f"late: {', '.join(late)}" if late else None

    def tick(self) -> None:
        """Do all that is to be done now."""
        for step in (
            self._take_up,
            self._post_due,
            self._tell_followers,
            self._notice_late,
            self._tell_admins,
        ):
            with _unharmed(step.__name__):
                step()

    # ---- digests

    def _post_due(self) -> None:
        for digest, schedule in self._scheduled():
            with _unharmed("digest not posted", digest.id):
                if due := due_slot(digest, schedule, self._clock()):
                    self._post(digest, schedule, due)

    def _scheduled(self) -> Iterator[tuple[Digest, Schedule]]:
        for digest in self._memory.digests.all():
            try:
                yield digest, Schedule(digest.cron, digest.zone)
            except (CronError, ZoneError):
                log.error("no such schedule", extra={"digest": digest.id})
                self._memory.runs.alarm(alarms.unscheduled(digest))

    def _post(self, digest: Digest, schedule: Schedule, due: datetime) -> None:
        key = slot_key(digest.id, due)
        run = self._memory.runs.claim(key, digest.id, digest.channel, due.timestamp())
        if run is not None:
            with self._careful(run):
                handled = max(digest.active_since, digest.handled_until)
                self._send(digest, run, schedule.between(moment(handled), due))

    def _send(self, digest: Digest, run: Run, slots: int = 1) -> None:
        """Put the digest together and post it, unless there is nothing to post."""
        journal = self._journal(digest)
        if self._memory.channels.refuses_shared(digest.channel):
            journal.refused(run, "shared")
            return
        on = run.plan.part > 1
        issue = (
            self._editor.going_on(digest, run.plan)
            if on
            else self._editor.issue(digest, self._clock(), slots)
        )
        if issue.is_empty and (digest.silent or on):
            self._memory.digests.close(run, RunState.SILENT)
            if not on:
                self._outcome(Ending.NOTHING_NEW)
            return
        self._once.post(run, issue.plan, issue.message, journal)

    def _journal(self, digest: Digest) -> Journal:
        digests = self._memory.digests

        def confirm(run: Run, ts: str) -> None:
            if digests.confirm(run, ts) and run.plan.part == 1:
                late = self._clock() - run.due > self._alarm_after
                self._outcome(Ending.LATE if late else Ending.POSTED)

        def unconfirmed(run: Run, code: str) -> None:
            digests.unconfirmed(run, code, alarms.unconfirmed(digest, _due(digest, run)))
            self._outcome(Ending.FAILED)

        def refused(run: Run, code: str) -> None:
            if code in (*GONE, "shared"):
                digests.fail(run, code, alarms.paused(digest, _due(digest, run), code))
                self._outcome(Ending.PAUSED)
            else:
                alarm = alarms.failed(digest, _due(digest, run), code)
                digests.close(run, RunState.FAILED, code=code, alarm=alarm)
                self._outcome(Ending.FAILED)

        return Journal(confirm, unconfirmed, refused)

    # ---- what was left behind

    def _take_up(self) -> None:
        """Bring to an end what somebody began and left."""
        digests = {digest.id: digest for digest in self._memory.digests.all()}
        follows = {follow.id: follow for follow in self._memory.follows.all()}
        for run in self._memory.runs.unfinished():
            with _unharmed("not taken up", run.key):
                if digest := digests.get(run.subject):
                    self._take_up_digest(digest, run)
                elif follow := follows.get(run.subject):
                    self._take_up_follow(follow, run)
                else:
                    self._memory.digests.close(run, RunState.SKIPPED)  # ended meanwhile

    def _take_up_digest(self, digest: Digest, run: Run) -> None:
        if run.state is RunState.POSTING:
            if missing := self._once.is_missing(run, self._journal(digest)):
                with self._careful(missing):
                    self._send(digest, missing)
        elif run.thread_ts is not None:
            self._go_on(digest, run)
        elif self._is_passed(digest, run):
            self._memory.digests.close(run, RunState.SKIPPED)

    def _go_on(self, digest: Digest, run: Run) -> None:
        """Post the next part in the thread; what cannot be posted is new to the next digest."""
        if digest.paused_at is not None:
            self._memory.digests.close(run, RunState.SKIPPED)
        elif taken := self._memory.runs.claim(run.key, run.subject, run.channel, run.due):
            if taken.attempts > MOST_ATTEMPTS:
                self._journal(digest).refused(taken, "too_many_attempts")
                return
            with self._careful(taken):
                self._send(digest, taken)

    def _is_passed(self, digest: Digest, run: Run) -> bool:
        """Tell whether a later slot stands for this one."""
        due = due_slot(digest, Schedule(digest.cron, digest.zone), self._clock())
        return digest.paused_at is None and (due is None or slot_key(digest.id, due) != run.key)

    # ---- follows

    def _tell_followers(self) -> None:
        """Post what the column newly quotes of those who are followed, after each sync."""
        generation = self._news.summary().generation
        if generation == self._generation:
            return
        with_digest = {digest.channel for digest in self._memory.digests.all()}
        done = True
        for follow in self._memory.follows.all():
            if (follow.at_once or follow.place not in with_digest) and not follow.paused_why:
                with _unharmed("follow not posted", follow.id):
                    done = self._tell(follow) and done
        self._generation = generation if done else None

    def _tell(self, follow: Follow) -> bool:
        """Post the new statements of one follow; return whether nothing is left to be told."""
        if not self._news_of(follow)[1]:
            return True
        key = f"{follow.id} {follow.posts + 1}"
        run = self._memory.runs.claim(key, follow.id, follow.place, self._clock())
        if run is not None:
            with self._careful(run):
                self._send_follow(follow, run)
        return False

    def _send_follow(self, follow: Follow, run: Run) -> None:
        journal = self._follow_journal(follow)
        if self._memory.channels.refuses_shared(follow.place):
            journal.refused(run, "shared")
            return
        plan, message = self._news_of(follow)
        if message is None:
            self._memory.runs.drop(run)
        else:
            self._once.post(run, plan, message, journal)

    def _news_of(self, follow: Follow) -> tuple[Plan, Message | None]:
        seen = self._news.first_seen()
        new = [id for id, at in seen.items() if at.timestamp() >= follow.begun_at]
        said = self._news.quoted(follow.name, self._memory.follows.untold(follow.id, new))
        by_mark = {mark(excerpt): excerpt for excerpt in reversed(said)}
        untold = self._memory.follows.untold(follow.id, by_mark)
        excerpts = [
            excerpt for excerpt in said if by_mark[mark(excerpt)] is excerpt and mark(excerpt) in untold
        ]
        plan = Plan(
            articles=tuple(dict.fromkeys(e.article.id for e in said)),
            statements=tuple(sorted(untold)),
            follows=(follow.id,),
        )
        return plan, follow_message(follow.name, excerpts) if excerpts else None

    def _take_up_follow(self, follow: Follow, run: Run) -> None:
        if run.state is RunState.POSTING:
            if missing := self._once.is_missing(run, self._follow_journal(follow)):
                with self._careful(missing):
                    self._send_follow(follow, missing)
        elif taken := self._memory.runs.claim(run.key, run.subject, run.channel, run.due):
            with self._careful(taken):
                self._send_follow(follow, taken)

    def _follow_journal(self, follow: Follow) -> Journal:
        follows = self._memory.follows
        return Journal(
            follows.confirm,
            lambda run, code: follows.unconfirmed(run, code, alarms.follow(follow, run.key, code)),
            lambda run, code: follows.fail(run, code, alarms.follow(follow, run.key, code)),
        )

    # ---- alarms

    def _notice_late(self) -> None:
        now, runs = self._clock(), self._memory.runs
        for digest, schedule in self._scheduled():
            due = schedule.latest(moment(now))
            if due is None or digest.paused_at or due.timestamp() <= digest.active_since:
                continue
            run = runs.load(slot_key(digest.id, due))
            is_open = run is None or run.state in (RunState.CLAIMED, RunState.POSTING)
            if is_open and digest.handled_until >= due.timestamp():
                continue
            late = (now if is_open or run is None else run.finished_at) - due.timestamp()
            posted = run is not None and run.state is RunState.DONE
            if late > self._alarm_after and (is_open or posted):
                runs.alarm(alarms.late(digest, due, late, posted=posted))

    def _tell_admins(self) -> None:
        """Tell each admin of what there is to tell; rather twice than never."""
        while alarm := self._memory.runs.untold(self._admins):
            try:
                self._posts.publish(alarm.key, alarm.to, Message(text=alarm.text))
            except (LaterError, DoubtError):
                continue  # its lease runs out, and it is told then
            except RefusedError as error:
                log.error("admin not told", extra={"code": str(error)})
            self._memory.runs.told(alarm)

    # ---- care

    @contextmanager
    def _careful(self, run: Run) -> Iterator[None]:
        """Let *run* be tried again later if anything goes wrong on our side."""
        try:
            yield
        except Exception:
            self._once.stumbled(run)
            raise


@contextmanager
def _unharmed(what: str, id: str = "") -> Iterator[None]:
    """Go on after a failure: a full disk, a locked file, a fault in one digest must not stop the others."""
    try:
        yield
    except Exception:
        log.exception(what, extra={"id": id} if id else None)


def _due(digest: Digest, run: Run) -> datetime:
    return moment(run.due).astimezone(ZoneInfo(digest.zone))
