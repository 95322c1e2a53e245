"""
What people do with an answer: its buttons, its modals, and the shortcut that checks a quotation.

Promises: every click is acknowledged before anything slow is done; an opinion is on disk before it is
acknowledged; an answer is shared once; only those who may can share or remove it; every click that comes to
nothing says why.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from bot import buttons, quotation, views
from bot.admins import Admins
from bot.column import Consulted
from bot.corrections import corrected_message, is_corrected
from bot.manners import Asking, Manners
from bot.message import MOST_EXCERPTS, Message, error_message
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.replay import UNREAD, places, why
from bot.settings import SHARED_REFUSAL
from bot.state import Given, Judged, Kind, Memory, Opinion, Request

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
Click = Callable[[Body], None]

CHECK = "check_quote"  # the message shortcut, as the manifest names it
CHECK_TITLE = "Check this quote"
ABSENT = ("not_in_channel", "channel_not_found", "is_archived")

FORGOTTEN_ASKER = Message(
    text="I no longer remember who asked this, so only those who run me can remove it: ask one of them."
)
NOT_YOURS = Message(text="Only the person who asked can do this with an answer.")
NOT_YOURS_TO_REMOVE = Message(
    text="Only the person who asked can remove an answer, or one of those who run me."
)
THANKS = Message(text="Thank you: noted as helpful.")
SHARED = Message(
    text="This answer was shared with the channel already, and I post nothing twice. "
    "If you do not see it there, please ask again."
)
REMOVED = Message(text="This answer was removed, so it cannot be shared. Please ask again.")
NO_MEMBER = Message(
    text="I am not in this conversation, so I cannot post here. Invite me with /invite, then click again."
)
UNCONFIRMED = Message(
    text="Slack did not confirm that the answer was posted, and I post nothing twice. "
    "If you do not see it in the channel, please ask again."
)
FAILED = Message(text="Slack did not let me do this now. Please click again.")
WITHDRAWN = Message(text="What this answer quoted was taken down, so there is nothing to show any more.")
LOADING = Message(text="I am still reading the column. Please try again in a minute.")
CHECKING = Message(text="I am comparing this with the column …")
NO_TEXT = Message(text="This message has no text that could be compared with the column.")


def forgotten(days: int) -> Message:
    """Say that an answer is not known any more: none is kept for more than so many *days*."""
    return Message(text=f"I no longer remember this answer: I keep them for {days:,} days. Please ask again.")


class Clicks:
    """Does what a click asks for. *column* gives None until it is loaded. Safe to share among threads."""

    def __init__(
        self,
        memory: Memory,
        poster: Poster,
        admins: Admins,
        manners: Manners,
        column: Callable[[], Consulted | None],
    ) -> None:
        self._memory, self._poster, self._admins, self._column = memory, poster, admins, column
        self._manners = manners

    def context(self, body: Body) -> None:
        """Open what stands around the first excerpt."""
        if given := self._quoting(body):
            self._poster.open(body["trigger_id"], self._context_view(given, 0, body["user"]["id"]))

    def choose(self, body: Body) -> None:
        """Show what stands around another excerpt, in the same modal."""
        given = self._memory.answers.load(body["view"]["private_metadata"])
        index = int(body["actions"][0]["selected_option"]["value"])
        if given and index < len(given.excerpts):
            view = self._context_view(given, index, body["user"]["id"])
            self._poster.change(body["view"]["id"], view)

    def cite(self, body: Body) -> None:
        """Open the citations."""
        if given := self._quoting(body):
            found = places(given, self._article)
            nows = [found.get(r.place, UNREAD) for r in given.excerpts[:MOST_EXCERPTS]]
            self._poster.open(body["trigger_id"], views.cite_view(given, nows))

    def why(self, body: Body) -> None:
        """Open how the answer was found."""
        if given := self._given(body):
            built = why(given, places(given, self._article))
            self._poster.open(body["trigger_id"], views.why_view(given, built))

    def share(self, body: Body) -> None:
        """Post what only the asker sees, once."""
        given = self._own(body)
        if given is None:
            return
        if given.removed_at:
            self._tell(body, REMOVED)
        elif self._memory.channels.refuses_shared(given.channel):
            self._tell(body, SHARED_REFUSAL)
        elif not self._memory.answers.share(given.id):
            self._tell(body, SHARED)
        else:
            self._publish(given, body)

    def _publish(self, given: Given, body: Body) -> None:
        try:
            name = str(body["user"].get("name") or "")
            again = corrected_message(given, name=name, shared=True) if is_corrected(given) else None
            built = again or buttons.shared(given, name)
            ts = self._poster.publish(given.id, given.channel, built)
        except DoubtError:  # it may be there: it counts as shared
            self._tell(body, UNCONFIRMED)
        except Exception as error:
            self._memory.answers.unshare(given.id)
            if isinstance(error, RefusedError) and str(error) in ABSENT:
                self._tell(body, NO_MEMBER)
                return
            raise
        else:
            self._memory.answers.posted(given.id, ts)

    def remove(self, body: Body) -> None:
        """Take away the message that was clicked on, for its asker or an admin."""
        given = self._memory.answers.load(body["actions"][0]["value"])
        if given is None:
            self._remove_forgotten(body)
            return
        if given.user != body["user"]["id"] and not self._admins.include(body["user"]["id"]):
            self._tell(body, NOT_YOURS_TO_REMOVE)
            return
        if _is_hidden(body):
            self._poster.hide(body["response_url"])
            if given.shared_at:
                return  # the shared message still shows it
        else:
            self._poster.delete(body["channel"]["id"], body["container"]["message_ts"])
        self._memory.answers.remove(given.id)

    def _remove_forgotten(self, body: Body) -> None:
        """Take away a message of which nobody knows any more who asked: for its only reader, or an admin."""
        if _is_hidden(body):
            self._poster.hide(body["response_url"])
        elif self._admins.include(body["user"]["id"]):
            self._poster.delete(body["channel"]["id"], body["container"]["message_ts"])
        else:
            self._tell(body, FORGOTTEN_ASKER)

    def judge(self, body: Body) -> None:
        """Keep an opinion; one that is kept already keeps its reason."""
        opinion, id = _judged(body)
        user = body["user"]["id"]
        known = any((j.user, j.opinion) == (user, opinion) for j in self._memory.feedback.of(id))
        if not known and self._memory.answers.load(id):
            self._memory.feedback.save(Judged(answer=id, user=user, opinion=opinion))

    def after_judging(self, body: Body) -> None:
        """Thank for a thumbs up; ask what was wrong after a thumbs down."""
        opinion, id = _judged(body)
        if self._memory.answers.load(id) is None:
            self._tell(body, forgotten(self._memory.days))
        elif opinion is Opinion.UP:
            self._tell(body, THANKS)
        else:
            self._poster.open(body["trigger_id"], views.reason_view(id))

    def reason(self, body: Body) -> None:
        """Keep why an answer was not helpful."""
        id, reason = views.reason_in(body["view"])
        if reason and self._memory.answers.load(id):
            judged = Judged(answer=id, user=body["user"]["id"], opinion=Opinion.DOWN, reason=reason)
            self._memory.feedback.save(judged)

    def check(self, body: Body) -> None:
        """Compare a message with the column, in a modal that opens at once."""
        text = quotation.unmarked(body["message"].get("text") or "")
        column = self._column()
        said = self._unchecked(body, text, column)
        view_id = self._poster.open(body["trigger_id"], views.message_view(CHECK_TITLE, said or CHECKING))
        if column is not None and said is None:
            built = self._compared(text, column)
            self._poster.change(view_id, views.message_view(CHECK_TITLE, built))

    def _unchecked(self, body: Body, text: str, column: Consulted | None) -> Message | None:
        """Return why a message is not compared with the column; a check counts as a question."""
        if not text:
            return NO_TEXT
        if column is None:
            return LOADING
        return self._manners.too_many(Asking(body["trigger_id"], body["user"]["id"], time.time()))

    def _compared(self, text: str, column: Consulted) -> Message:
        try:
            return quotation.checks_message(quotation.checked_in(text, column.check))
        except Exception:  # the modal is open, and waits for something to be said
            log.exception("no check")
            return FAILED

    def _context_view(self, given: Given, index: int, user: str) -> views.View:
        """Return what stands around an excerpt, as far as *user* may see more of the article today."""
        reference = given.excerpts[index]
        found = places(given, self._article).get(reference.place, UNREAD)
        asking = Asking(f"context {given.id} {index}", user, time.time())
        allowed = self._manners.whole(views.paragraphs(reference, found), asking)
        return views.context_view(given, index, found, allowed)

    @property
    def _article(self) -> Callable[[str], Any] | None:
        column = self._column()
        return column.article if column else None

    def _given(self, body: Body) -> Given | None:
        """Return the answer that was clicked on; say so where it is forgotten."""
        given = self._memory.answers.load(body["actions"][0]["value"])
        if given is None:
            self._tell(body, forgotten(self._memory.days))
        return given

    def _quoting(self, body: Body) -> Given | None:
        """Return it if it still quotes something; say so where what it quoted was taken down."""
        given = self._given(body)
        if given and not given.excerpts:
            self._tell(body, WITHDRAWN)
            return None
        return given

    def _own(self, body: Body) -> Given | None:
        """Return it if whoever clicked had asked, and so may share it; say so where they may not."""
        given = self._given(body)
        if given and given.user != body["user"]["id"]:
            self._tell(body, NOT_YOURS)
            return None
        return given

    def _tell(self, body: Body, message: Message) -> None:
        """Say something to whoever clicked, and to nobody else, where they clicked."""
        container = body["container"]
        thread = container.get("thread_ts")
        where = Request(
            kind=Kind.COMMAND,
            key="",
            team=(body.get("team") or {}).get("id", ""),
            channel=body["channel"]["id"],
            user=body["user"]["id"],
            text="",
            thread_ts=thread,
            response_url=body.get("response_url") if _is_hidden(body) else None,
        )
        self._poster.whisper(where, message)

    def guarded(self, name: str, work: Click) -> Click:
        """Return *work* so that whoever clicked hears of its failure, and the log too."""

        def guarded(body: Body) -> None:
            try:
                work(body)
                log.info(name, extra={"request": _id(body) or None})
            except Exception as error:
                known = isinstance(error, RefusedError | LaterError | DoubtError)
                log.warning("%s failed", name, extra={"code": str(error) if known else type(error).__name__})
                if not known:
                    log.exception("click failed")
                self._apologise(body, FAILED if known else error_message(_id(body)))

        return guarded

    def _apologise(self, body: Body, message: Message) -> None:
        if "channel" not in body or "container" not in body:
            return
        try:
            self._tell(body, message)
        except (RefusedError, LaterError, DoubtError):
            log.exception("not told")


def register_actions(app: App, clicks: Clicks) -> None:
    """Bind buttons, modals and the shortcut; each is acknowledged first, and its work done in a thread."""

    def at_once(ack: Ack) -> None:
        ack()

    for action, work in (
        (buttons.CONTEXT, clicks.context),
        (buttons.CITE, clicks.cite),
        (buttons.WHY, clicks.why),
        (buttons.SHARE, clicks.share),
        (buttons.REMOVE, clicks.remove),
        (views.CHOOSE, clicks.choose),
    ):
        app.action(action)(ack=at_once, lazy=[clicks.guarded(action, work)])

    def judge(body: Body, ack: Ack) -> None:
        clicks.judge(body)
        ack()

    app.action(buttons.JUDGE)(ack=judge, lazy=[clicks.guarded(buttons.JUDGE, clicks.after_judging)])

    @app.view(views.REASON_VIEW)
    def reason(body: Body, ack: Ack) -> None:
        clicks.reason(body)
        ack()

    app.shortcut({"type": "message_action", "callback_id": CHECK})(
        ack=at_once, lazy=[clicks.guarded(CHECK, clicks.check)]
    )


def _judged(body: Body) -> tuple[Opinion, str]:
    opinion, _, id = str(body["actions"][0]["value"]).partition(" ")
    return Opinion(opinion), id


def _id(body: Body) -> str:
    """Return the id of the answer that was clicked on, for whoever is told of a failure."""
    action = (body.get("actions") or [{}])[0]
    return str(action.get("value") or "").split(" ")[-1]


def _is_hidden(body: Body) -> bool:
    return bool(body["container"].get("is_ephemeral"))
