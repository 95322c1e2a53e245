"""``/column forget me``: all that is kept about whoever asks is deleted, once they know what that means."""

from __future__ import annotations

from bot.again import again
from bot.commands import Call, Command
from bot.message import Message, literal
from bot.state import Known

NOW = "me now"


def _forget(call: Call) -> Message:
    user, erasure, asked = call.request.user, call.memory.erasure, call.request.key
    if " ".join(call.rest.casefold().split()) == NOW:
        return _done(erasure.forget(user, but=asked))
    return _sure(erasure.known(user, but=asked))


def _sure(known: Known) -> Message:
    text = (
        f"I keep this about you: {_counted(known)}; and for a day, when you asked, and where that stands "
        "which you were shown. All of it is deleted if you click below, for good.\n"
        f"{_stays(known)} If my answers in channels are to go as well, click Remove below each of them "
        "first: afterwards I do not know any more that you asked."
    )
    return literal(text, *again([("Delete all of it", f"forget {NOW}")]))


def _done(known: Known) -> Message:
    waiting = ""
    if known.waiting:
        noun = "question" if known.waiting == 1 else "questions"
        waiting = f" {known.waiting:,} {noun} of yours will be answered yet, and forgotten then."
    return literal(
        f"Deleted: {_counted(known)}, and when you asked and what you were shown.{waiting} For a day or two "
        "I keep the numbers that Slack gave your messages, without your name and words, so that none is "
        f"answered twice.\n{_stays(known)}"
    )


def _counted(known: Known) -> str:
    counts = (
        (known.answers, "question with its answer", "questions with their answers"),
        (known.opinions, "opinion of an answer", "opinions of answers"),
        (known.follows, "name that you follow", "names that you follow"),
    )
    return ", ".join(f"{number:,} {one if number == 1 else several}" for number, one, several in counts)


def _stays(known: Known) -> str:
    listed = ""
    if known.listed:
        channels = "channel" if known.listed == 1 else "channels"
        listed = f", your place among those who may ask in {known.listed:,} {channels}"
    return f"What stays: your own messages in Slack, my answers that stand in channels and messages{listed}."


def _means_me(rest: str) -> bool:
    return " ".join(rest.casefold().split()) in ("me", NOW)


FORGETTING = {
    "forget": Command(
        usage="forget me",
        does="deletes all that I keep about you.",
        run=_forget,
        meant=_means_me,
        anywhere=True,
    )
}
