"""
``/column digest`` at work: who may open it, and what each button and the form do.

Promises: nobody but an admin sees or changes a digest, whatever they send; a preview is shown to whoever asks
for it alone, and marks nothing as told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.admins import Admins
from bot.commands import Command
from bot.digest import Editor, News
from bot.digest_modal import (
    ASKED,
    CHANGE,
    CHANNEL,
    END,
    FORM_VIEW,
    LINE,
    NEW,
    PAUSE,
    PREVIEW,
    QUOTES,
    RESUME,
    Form,
    FormError,
    form_in,
    form_view,
    list_view,
    next_due,
    saved_view,
)
from bot.message import Message
from bot.poster import DoubtError, LaterError, Poster, RefusedError
from bot.schedule import zones
from bot.state import Digest, Memory
from bot.state.digests import MOST_DIGESTS
from bot.views import View, message_view

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

DIGESTS = {
    "digest": Command(usage="digest", does="opens the digests of all channels.", run=None, admins=True)
}
NOT_OPENED = Message(text="Slack did not let me open the digests. Please give the command again.")
NOT_LOADED = Message(text="The column is still being read; please ask for a preview in a minute.")
NO_ADMIN = "Only those who run me change digests."
TOO_MANY = f"There are {MOST_DIGESTS} digests, and more I do not keep. End one first."
OWN_ZONE = "Yours, as your profile in Slack has it. A name like Europe/Amsterdam or America/New_York."
NO_ZONE = (
    "A name like Europe/Amsterdam or America/New_York. To fill in your own I would need the scope users:read."
)
FALLBACK = "UTC"


class Desk:
    """
    Where digests are decided on. *column* gives None until it is loaded.

    *zone_of* gives somebody's own time zone, "" where Slack does not tell.
    """

    def __init__(
        self,
        memory: Memory,
        poster: Poster,
        admins: Admins,
        column: Callable[[], News | None],
        zone_of: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        self._memory, self._poster, self._admins = memory, poster, admins
        self._column, self._zone_of, self._clock = column, zone_of, clock

    def open(self, body: Body, respond: Callable[..., Any]) -> None:
        """Open the list, or the form where there is no digest yet: within 3 s of the command."""
        said = self._opened(body)
        if said:
            respond(text=said.text, response_type="ephemeral")

    def _opened(self, body: Body) -> Message | None:
        user = str(body["user_id"])
        if not self._admins.include(user):
            return self._admins.refusal()
        channel = str(body["channel_id"])
        found = self._listed(channel)
        try:
            self._poster.open(body["trigger_id"], self._list(found) if found else self._form(user, channel))
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("digests not opened", extra={"code": str(error)})
            return NOT_OPENED
        return None

    def act(self, body: Body) -> None:
        """Do what a button says."""
        user, view = str(body["user"]["id"]), body["view"]
        deed, _, id = str(body["actions"][0]["action_id"]).partition(":")
        if not self._admins.include(user):
            return
        digest = self._memory.digests.load(id)
        try:
            if deed == NEW:
                self._poster.push(body["trigger_id"], self._form(user, ""))
            elif deed == CHANGE and digest:
                self._poster.push(body["trigger_id"], form_view(digest, "", "", NO_ZONE))
            elif deed == PREVIEW and digest:
                self._poster.push(body["trigger_id"], message_view("Preview", self.preview(digest)))
            else:
                self._do(deed, id, user)
                self._poster.change(str(view["id"]), self._list(self._listed("")))
        except (RefusedError, LaterError, DoubtError) as error:
            log.warning("digest not shown", extra={"code": str(error)})

    def _do(self, deed: str, id: str, user: str) -> None:
        digests = self._memory.digests
        deeds = {PAUSE: digests.pause, RESUME: digests.resume, END: digests.end}
        if deed in deeds:
            deeds[deed](id)
        log.info(deed, extra={"digest": id, "user": user})

    def preview(self, digest: Digest) -> Message:
        """Return the digest as it would be posted now; nothing is marked as told."""
        column = self._column()
        return Editor(self._memory, column).issue(digest, self._clock()).message if column else NOT_LOADED

    def save(self, body: Body, ack: Ack) -> None:
        """Keep what was filled in, or say what is wrong with it."""
        user = str(body["user"]["id"])
        try:
            form = form_in(body["view"])
        except FormError as error:
            ack(response_action="errors", errors=error.problems)
            return
        known = self._memory.digests.load(form.id)
        full = known is None and len(self._memory.digests.all()) >= MOST_DIGESTS
        if full or not self._admins.include(user):
            ack(response_action="errors", errors={CHANNEL: TOO_MANY if full else NO_ADMIN})
            return
        digest = self._keep(form, known, user)
        log.info("digest kept", extra={"digest": digest.id, "channel": digest.channel, "user": user})
        ack(response_action="update", view=saved_view(digest, self._clock(), ""))

    def warn(self, body: Body) -> None:
        """Say so in the confirmation where the bot cannot post in the channel that was chosen."""
        try:
            channel = form_in(body["view"]).channel
            digest = next((d for d in self._memory.digests.of(channel)), None)
            if digest and (trouble := self._poster.why_not(channel)):
                self._poster.change(str(body["view"]["id"]), saved_view(digest, self._clock(), trouble))
        except (FormError, RefusedError, LaterError, DoubtError) as error:
            log.info("not warned", extra={"code": type(error).__name__})

    def _keep(self, form: Form, known: Digest | None, user: str) -> Digest:
        cron, zone = form.schedule.cron, form.schedule.zone
        quotes, asked, silent = QUOTES in form.holds, ASKED in form.holds, LINE not in form.holds
        if known is None:
            return self._memory.digests.begin(
                form.channel, cron, zone, user, quotes=quotes, asked=asked, silent=silent
            )
        changed = replace(
            known, channel=form.channel, cron=cron, zone=zone, quotes=quotes, asked=asked, silent=silent
        )
        self._memory.digests.change(changed)
        return changed

    def _form(self, user: str, channel: str) -> View:
        own = self._zone_of(user)
        zone = own if own in zones() else FALLBACK
        return form_view(
            None, channel if channel[:1] in ("C", "G") else "", zone, OWN_ZONE if own else NO_ZONE
        )

    def _listed(self, channel: str) -> list[Digest]:
        """Return all digests, those of *channel* first."""
        return sorted(self._memory.digests.all(), key=lambda d: d.channel != channel)[:MOST_DIGESTS]

    def _list(self, found: Sequence[Digest]) -> View:
        return list_view(found, self._clock())


def register_digests(app: App, desk: Desk) -> None:
    """Bind the buttons and the form."""

    def at_once(ack: Ack) -> None:
        ack()

    app.action(re.compile(rf"({NEW}|({PREVIEW}|{CHANGE}|{PAUSE}|{RESUME}|{END}):\w+)"))(
        ack=at_once, lazy=[desk.act]
    )
    app.view(FORM_VIEW)(ack=desk.save, lazy=[desk.warn])


def lines(memory: Memory, clock: Callable[[], float]) -> list[str]:
    """Say of each digest when it comes next."""
    found = [digest for digest in memory.digests.all() if digest.paused_at is None]
    return [f"{digest.id}: next {next_due(digest, clock())} ({digest.zone})" for digest in found]
