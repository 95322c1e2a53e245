"""
Who runs the bot: the people whom ADMINS lists, and, where it says so, the workspace's own admins and owners.

Promises: who cannot be looked up is no admin; whoever is refused is told who can.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from bot.config import Admins as Listed
from bot.message import Message

log = logging.getLogger(__name__)

REMEMBERED = 300.0  # seconds that Slack's word on somebody holds

# Tells whether Slack has somebody as an admin or owner of the workspace; may raise anything.
LooksUp = Callable[[str], bool]


class Admins:
    """Those who may give the commands of admins. Safe to share among threads."""

    def __init__(
        self, listed: Listed, looks_up: LooksUp, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._listed, self._looks_up, self._clock = listed, looks_up, clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, bool]] = {}

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of those who are listed: who is told when something is amiss."""
        return self._listed.people

    def include(self, user: str) -> bool:
        """Tell whether *user* is an admin."""
        return user in self._listed.people or (self._listed.workspace and self._of_workspace(user))

    def _of_workspace(self, user: str) -> bool:
        now = self._clock()
        with self._lock:
            at, known = self._known.get(user, (float("-inf"), False))
        if now - at < REMEMBERED:
            return known
        try:
            known = self._looks_up(user)
        except Exception as error:  # whatever is amiss, nobody becomes an admin by it
            log.warning("admin not looked up", extra={"code": type(error).__name__})
            return False
        with self._lock:
            self._known[user] = (now, known)
        return known

    def refusal(self) -> Message:
        """Say to somebody who is no admin who is; these are not notified."""
        if not (who := self._named()):
            return Message(
                text="This is for admins, and nobody is one yet. Whoever installed me lists them "
                "in the setting ADMINS, by the member id that Slack shows in a person's profile."
            )
        return Message(text=f"This is for those who run me: {who}.")

    def told(self) -> Message:
        """Say who the admins are, and how that is changed; they are not notified."""
        told = "" if self._listed.people else " Nobody is listed by id, so nobody hears of trouble by DM."
        return Message(
            text=f"These run me: {self._named()}.{told}\nTo change that, whoever installed me writes their "
            "member ids into the setting ADMINS (a person's profile in Slack shows theirs), or the word "
            "workspace for the workspace's own admins and owners, and starts me anew."
        )

    def _named(self) -> str:
        who = [f"<@{id}>" for id in self._listed.people]
        if self._listed.workspace:
            who.append("the admins and owners of this workspace")
        return ", ".join(who)
