"""
Workers: they take questions from the inbox, ask the index, and post what it says.

Promises: every question gets a message, and one only. Where a post is in doubt, the conversation is read
before anything is posted again; where it may not be read, nothing is, and the asker alone is told so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.admins import Admins
from bot.buttons import ROOM, carrying
from bot.choices import offering
from bot.commands import Call, Command, Commands, Looks
from bot.conversation import Knows, Turn, follow, says_stop, topic, with_choices
from bot.groups import Groups
from bot.manners import Asking, Manners, unanswerable
from bot.message import (
    Message,
    edited_message,
    error_message,
    exhausted_message,
    help_message,
    message,
    prove,
    silent_message,
    unconfirmed_message,
    wants_help,
)
from bot.pace import Pace
from bot.poster import DoubtError, LaterError, Poster, RefusedError, UnreadableError
from bot.settings import SHARED_REFUSAL, refusal
from bot.state import Given, Inbox, Kind, Memory, Request, State, Taken, given
from bot.status import Statuses
from bot.vitals import Ending, Stage, Vitals
from index.answer import Answer, Place, Verdict

log = logging.getLogger(__name__)

# How often an idle worker looks for questions that came due without arriving here, in seconds.
POLL = 0.5
# A question that takes the process down with it gets an apology; if that too goes wrong, nothing more.
MOST_ATTEMPTS = 5
LAST_ATTEMPT = 8
GIVE_UP_AFTER = 24 * 3600.0
LONGEST_WAIT = 300.0
HOUR = 3600.0
CONTEXT = 30  # answers of a thread that a follow-up may lean on


class Asks(Knows, Looks, Protocol):
    """What a worker needs of the index: safe to call from several threads."""

    def ask(self, question: str, *, seen: Collection[Place] = ()) -> Answer:
        """Return what the column says to *question*, besides what was *seen* before."""


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What is posted, and the answer in it, if it is one; a *private* one is for the asker alone.

    *ending* is what a message without an answer means for its question.
    """

    message: Message
    given: Given | None = None
    private: bool = False
    ending: Ending = Ending.TOLD


class Replier:
    """
    Brings one question at a time to its end. Safe to share among threads.

    *recheck* is how many seconds to wait before looking for a post that is in doubt.
    """

    def __init__(
        self,
        inbox: Inbox,
        memory: Memory,
        poster: Poster,
        answerer: Asks,
        statuses: Statuses,
        manners: Manners,
        commands: Commands,
        admins: Admins,
        groups: Groups,
        *,
        recheck: float,
        vitals: Vitals | None = None,
    ) -> None:
        self._vitals = vitals or Vitals()
        self._statuses, self._manners, self._commands = statuses, manners, commands
        self._admins, self._groups = admins, groups
        self._inbox, self._memory, self._poster, self._answerer = inbox, memory, poster, answerer
        self._recheck, self._began = recheck, time.time()

    def handle(self, taken: Taken) -> None:
        """Answer *taken*, or find out that it was answered, or put it back for a while."""
        if taken.attempts == 1 and not taken.in_doubt:
            self._vitals.took(Stage.WAITING, time.time() - taken.received_at)
        if taken.attempts > LAST_ATTEMPT:
            self._inbox.finish(taken, State.FAILED)
            self._vitals.ended(taken.request.kind, Ending.UNSENT)
            log.error("given up", extra={"request": taken.id, "attempts": taken.attempts})
        elif not taken.in_doubt or self._is_missing(taken):
            self._statuses.expect(taken.id, taken.request)
            replied = False
            try:
                replied = self._reply(taken)
            finally:
                self._statuses.settle(taken.id, replied=taken.request.reply_thread if replied else None)
        self._memory.erasure.sweep()  # whoever asked to be forgotten meanwhile is

    def _reply(self, taken: Taken) -> bool:
        """Answer *taken*; return whether a message was posted."""
        with self._vitals.timing(Stage.ASKING):
            reply = self._compose(taken)
        self._statuses.arrived(taken.id)
        if not self._inbox.begin_post(taken):
            return False  # the lease was lost: somebody else answers
        try:
            with self._vitals.timing(Stage.POSTING):
                ts = self._send(taken, reply)
        except LaterError as error:
            self._put_back(taken, error.seconds)
        except DoubtError:
            self._put_back(taken, self._recheck, in_doubt=True)
        except RefusedError as error:
            self._give_up(taken, error_message(taken.id), code=str(error))
        else:
            verdict, generation = (g.verdict, g.searched.generation) if (g := reply.given) else ("", 0)
            # The memory first: when the question is closed, the next of its conversation may lean on it.
            self._memory.answers.posted(taken.id, ts, flush=False)
            self._inbox.finish(taken, State.DONE, reply_ts=ts, verdict=verdict, generation=generation)
            self._ended(taken, reply.given.verdict if reply.given else reply.ending)
            _note("posted", taken, verdict=verdict or None)
            return not reply.private
        return False

    def _send(self, taken: Taken, reply: Reply) -> str | None:
        if not reply.private:
            return self._poster.post(taken.id, taken.request, reply.message)
        try:
            self._poster.whisper(taken.request, reply.message)
        except DoubtError:  # no history holds it, so nobody could look; it is not worth a second one
            log.warning("not confirmed", extra={"request": taken.id})
        return None

    def _compose(self, taken: Taken) -> Reply:
        """Return what is said to *taken*: whatever happens, something is."""
        if said := _said_without_looking(taken.request):
            return Reply(said)
        found = self._commands.find(taken.request.text) if taken.request.commanded else None
        kept_out = self._kept_out(taken.request)
        if kept_out and not (found and (found[0].admins or found[0].anywhere)):
            return Reply(kept_out, private=True)
        if taken.attempts > MOST_ATTEMPTS:
            log.error("too many attempts", extra={"request": taken.id, "attempts": taken.attempts})
            return Reply(error_message(taken.id), ending=Ending.ERROR)
        try:
            brought = self._commanded(taken, found, kept_out=bool(kept_out))
            return brought or self._refused(taken) or self._answered(taken)
        except Exception:  # whatever went wrong, the asker gets a message
            log.exception("no answer", extra={"request": taken.id})
            return Reply(error_message(taken.id), ending=Ending.ERROR)

    def _kept_out(self, request: Request) -> Message | None:
        """Return what is said to whom the channel's settings give no answer."""
        if self._memory.channels.refuses_shared(request.channel):
            return SHARED_REFUSAL
        chosen = self._memory.channels.load(request.channel)
        return None if chosen.lets_ask(request.user, self._groups.hold) else refusal(chosen)

    def _commanded(self, taken: Taken, found: tuple[Command, str] | None, *, kept_out: bool) -> Reply | None:
        """Return what a command brings that is no question."""
        request = taken.request
        command, rest = found or (None, "")
        if command is None or command.run is None:
            return None
        if command.admins and not self._admins.include(request.user):
            return Reply(self._admins.refusal())
        if command.counts and rest and (refused := self._manners.too_many(Asking.of(taken))):
            return Reply(refused)
        call = Call(
            rest=rest,
            request=request,
            column=self._answerer,
            memory=self._memory,
            ration=partial(self._manners.ration, asking=Asking.of(taken)),
            is_admin=partial(self._admins.include, request.user),
            kept_out=kept_out,
        )
        return Reply(command.run(call))

    def _refused(self, taken: Taken) -> Reply | None:
        """Return what is said to what cannot be looked up, and to a question that is one too many."""
        said = unanswerable(taken.request.text) or self._manners.too_many(Asking.of(taken))
        return Reply(said) if said else None

    def _answered(self, taken: Taken) -> Reply:
        """Look the question up, build the message and prove it; remember what was answered."""
        turn = self._turn(taken)
        answer = self._answerer.ask(turn.question, seen=turn.seen)
        if turn.seen and not answer.excerpts:
            return Reply(exhausted_message(answer.subject))
        most = self._memory.channels.load(taken.request.channel).most_excerpts
        answer = self._manners.rationed(replace(answer, excerpts=answer.excerpts[:most]), Asking.of(taken))
        about = topic(answer.question, answer.subject)
        record = given(taken.id, taken.request, answer, topic=about, offset=len(turn.seen))
        built = offering(message(answer, spare=ROOM), answer, taken.id)
        prove(built, answer)
        built = carrying(built, record)
        self._memory.answers.save(record)  # before it is posted: whoever clicks at once is known
        return Reply(built, record)

    def _turn(self, taken: Taken) -> Turn:
        """Return what is asked, in the light of what was answered there before."""
        request = taken.request
        turn = follow(self._earlier(taken), request.text, self._answerer)
        if request.thread_ts is None:
            return turn
        chosen = self._memory.threads.chosen(request.channel, request.thread_ts)
        return Turn(with_choices(turn.question, chosen), turn.seen)

    def _earlier(self, taken: Taken) -> list[Given]:
        """Return the answers that a follow-up may lean on, the newest last."""
        request, answers = taken.request, self._memory.answers
        if request.thread_ts is None:
            talks = request.commanded or request.kind is Kind.DM  # a mention begins anew
            found = answers.lately(request.channel, request.user) if talks else []
        else:
            found = answers.of_thread(request.channel, request.thread_ts, CONTEXT)
            found = found or self._opening(request.channel, request.thread_ts)
        return [given for given in found if given.id != taken.id]

    def _opening(self, channel: str, thread_ts: str) -> list[Given]:
        """Return the answer that a thread hangs on: the message that it begins with shows or asked it."""
        shown = self._memory.answers.at(channel, thread_ts)
        asked = self._inbox.find(channel, thread_ts) if shown is None else None
        opening = shown or (self._memory.answers.load(asked) if asked else None)
        return [opening] if opening else []

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
            self._memory.answers.posted(taken.id, ts, flush=False)
            self._inbox.finish(taken, State.DONE, reply_ts=ts)
            self._ended(taken, Ending.FOUND)
            _note("found", taken)
        return False

    def _ended(self, taken: Taken, ending: Verdict | Ending) -> None:
        self._vitals.took(Stage.WHOLE, time.time() - taken.received_at)
        self._vitals.ended(taken.request.kind, ending)

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
        self._vitals.ended(taken.request.kind, Ending.UNSENT)
        log.error("not posted", extra={"request": taken.id, "code": code})
        if taken.request.kind is Kind.EDIT:
            return  # a soft word that is not worth a second one
        try:
            self._poster.whisper(taken.request, reply)
        except (RefusedError, LaterError, DoubtError):
            log.exception("asker not told", extra={"request": taken.id})


class Workers:
    """Threads that empty the inbox, and one that renews their leases. *grace* is in seconds."""

    def __init__(
        self, inbox: Inbox, replier: Replier, pace: Pace, *, count: int = 2, grace: float = 5.0
    ) -> None:
        self._inbox, self._replier, self._pace, self._grace = inbox, replier, pace, grace
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

    def why_not(self) -> str | None:
        """Name the threads that have died, or None while all live or are asked to end."""
        dead = [thread.name for thread in self._threads if thread.ident and not thread.is_alive()]
        return f"{', '.join(dead)} died" if dead and not self._stopping.is_set() else None

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
                if taken := self._pace.take(self._inbox):
                    self._held[number] = taken
                    try:
                        self._replier.handle(taken)
                    finally:
                        self._pace.rest(taken)
                elif self._stopping.is_set() and not self._pace.pause():
                    return
                else:
                    self._inbox.wait(min(POLL, self._pace.pause() or POLL))
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


def _said_without_looking(request: Request) -> Message | None:
    """Return what is said to a request that asks nothing of the column."""
    if request.kind is Kind.EDIT:
        return edited_message()
    if request.thread_ts and request.kind in (Kind.MENTION, Kind.FOLLOW_UP) and says_stop(request.text):
        return silent_message()
    if request.commanded:
        return None  # its help tells of the commands, too
    return help_message() if wants_help(request.text) else None


def _note(event: str, taken: Taken, **fields: object) -> None:
    ms = round((time.time() - taken.received_at) * 1000)
    ids = {"request": taken.id, "kind": taken.request.kind, "team": taken.request.team}
    log.info(event, extra={**ids, "channel": taken.request.channel, "ms": ms, **fields})
