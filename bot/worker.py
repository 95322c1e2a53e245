"""
Workers: they take questions from the inbox, ask the index, and post what it says.

Promises: every question gets a message, and one only. Where a post is in doubt, the conversation is read
before anything is posted again; where it may not be read, nothing is, and the asker alone is told so.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from bot.message import (
    Message,
    error_message,
    help_message,
    message,
    prove,
    unconfirmed_message,
    wants_help,
)
from bot.poster import DoubtError, LaterError, Poster, RefusedError, UnreadableError
from bot.state import Inbox, Memory, State, Taken, given
from index.answer import Answer

log = logging.getLogger(__name__)

# How often an idle worker looks for questions that came due without arriving here, in seconds.
POLL = 0.5
# A question that takes the process down with it gets an apology; if that too goes wrong, nothing more.
MOST_ATTEMPTS = 5
LAST_ATTEMPT = 8
GIVE_UP_AFTER = 24 * 3600.0
LONGEST_WAIT = 300.0
HOUR = 3600.0


class Asks(Protocol):
    """What a worker needs of the index: safe to call from several threads."""

    def ask(self, question: str) -> Answer:
        """Return what the column says to *question*."""


class Replier:
    """
    Brings one question at a time to its end. Safe to share among threads.

    *recheck* is how many seconds to wait before looking for a post that is in doubt.
    """

    def __init__(
        self, inbox: Inbox, memory: Memory, poster: Poster, answerer: Asks, *, recheck: float
    ) -> None:
        self._inbox, self._memory, self._poster, self._answerer = inbox, memory, poster, answerer
        self._recheck, self._began = recheck, time.time()

    def handle(self, taken: Taken) -> None:
        """Answer *taken*, or find out that it was answered, or put it back for a while."""
        if taken.attempts > LAST_ATTEMPT:
            self._inbox.finish(taken, State.FAILED)
            log.error("given up", extra={"request": taken.id, "attempts": taken.attempts})
        elif not taken.in_doubt or self._is_missing(taken):
            self._reply(taken)

    def _reply(self, taken: Taken) -> None:
        answer, reply = self._compose(taken)
        if not self._inbox.begin_post(taken):
            return  # the lease was lost: somebody else answers
        try:
            ts = self._poster.post(taken.id, taken.request, reply)
        except LaterError as error:
            self._put_back(taken, error.seconds)
        except DoubtError:
            self._put_back(taken, self._recheck, in_doubt=True)
        except RefusedError as error:
            self._give_up(taken, error_message(taken.id), code=str(error))
        else:
            verdict, generation = (answer.verdict, answer.searched.generation) if answer else ("", 0)
            self._inbox.finish(taken, State.DONE, reply_ts=ts, verdict=verdict, generation=generation)
            self._memory.answers.posted(taken.id, ts)
            _note("posted", taken, verdict=verdict or None)

    def _compose(self, taken: Taken) -> tuple[Answer | None, Message]:
        if wants_help(taken.request.text):
            return None, help_message()
        if taken.attempts > MOST_ATTEMPTS:
            log.error("too many attempts", extra={"request": taken.id, "attempts": taken.attempts})
            return None, error_message(taken.id)
        try:
            answer = self._answerer.ask(taken.request.text)
            reply = message(answer)
            prove(reply, answer)
            # Before it is posted: whoever clicks at once is known.
            self._memory.answers.save(given(taken.id, taken.request, answer))
        except Exception:  # whatever went wrong, the asker gets a message
            log.exception("no answer", extra={"request": taken.id})
            return None, error_message(taken.id)
        return answer, reply

    def forget(self) -> None:
        """Delete what is too old to be asked for."""
        self._memory.forget()

    def _is_missing(self, taken: Taken) -> bool:
        """Look for a post that is in doubt; True when it must be made."""
        try:
            ts = self._poster.find(taken.id, taken.request)
        except LaterError as error:
            self._put_back(taken, error.seconds, in_doubt=True)
        except UnreadableError:
            self._give_up(taken, unconfirmed_message(taken.id), code="unconfirmed")
        else:
            if ts is None:
                return True
            self._inbox.finish(taken, State.DONE, reply_ts=ts)
            self._memory.answers.posted(taken.id, ts)
            _note("found", taken)
        return False

    def _put_back(self, taken: Taken, seconds: float, *, in_doubt: bool = False) -> None:
        age = time.time() - max(taken.received_at, self._began)  # the bot's own absence does not count
        if age > GIVE_UP_AFTER:
            self._give_up(taken, unconfirmed_message(taken.id), code="given_up")
            return
        # The longer it has been going wrong, the less often it is tried: a quarter of its age.
        wait = max(seconds, min(LONGEST_WAIT, age / 4))
        self._inbox.defer(taken, wait, in_doubt=in_doubt)
        log.warning("put back", extra={"request": taken.id, "seconds": round(wait, 1)})

    def _give_up(self, taken: Taken, reply: Message, *, code: str) -> None:
        self._inbox.finish(taken, State.FAILED)  # first, so that the asker is told once at most
        log.error("not posted", extra={"request": taken.id, "code": code})
        try:
            self._poster.whisper(taken.request, reply)
        except (RefusedError, LaterError, DoubtError):
            log.exception("asker not told", extra={"request": taken.id})


class Workers:
    """Threads that empty the inbox, and one that renews their leases. *grace* is in seconds."""

    def __init__(self, inbox: Inbox, replier: Replier, *, count: int = 2, grace: float = 5.0) -> None:
        self._inbox, self._replier, self._grace = inbox, replier, grace
        self._held: dict[int, Taken] = {}
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._threads = [
            *(
                threading.Thread(target=self._work, args=(n,), name=f"worker-{n}", daemon=True)
                for n in range(count)
            ),
            threading.Thread(target=self._keep, name="keeper", daemon=True),
        ]

    def start(self) -> None:
        """Begin to answer."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Answer what is waiting, as far as the grace goes, and hand back the rest."""
        self._deadline = time.monotonic() + self._grace
        self._stopping.set()
        for thread in self._threads:
            self._inbox.wake()
            if thread.ident:
                thread.join(max(0.0, self._deadline - time.monotonic()) + POLL)
        self._inbox.hand_back()

    def _work(self, number: int) -> None:
        while time.monotonic() < self._deadline:
            try:
                if taken := self._inbox.take():
                    self._held[number] = taken
                    self._replier.handle(taken)
                elif self._stopping.is_set():
                    return
                else:
                    self._inbox.wait(POLL)
            except Exception:  # a full disk, a locked file: the lease runs out and it is tried again
                log.exception("worker stumbled")
                self._stopping.wait(POLL)
            finally:
                self._held.pop(number, None)

    def _keep(self) -> None:
        forget_at = 0.0
        while not self._stopping.wait(self._inbox.lease / 3):
            try:
                self._inbox.renew(list(self._held.values()))
                if time.monotonic() > forget_at:
                    self._inbox.forget()
                    self._replier.forget()
                    forget_at = time.monotonic() + HOUR
            except Exception:  # as in the workers
                log.exception("keeper stumbled")


def _note(event: str, taken: Taken, **fields: object) -> None:
    ms = round((time.time() - taken.received_at) * 1000)
    ids = {"request": taken.id, "kind": taken.request.kind, "team": taken.request.team}
    log.info(event, extra={**ids, "channel": taken.request.channel, "ms": ms, **fields})
