"""
Slack's user groups: which there are, and who is in one. They need the scope usergroups:read.

Promises: without the scope there are none; whoever cannot be looked up is in none; nobody waits for long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.client import hasty
from bot.vitals import Vitals

log = logging.getLogger(__name__)

PATIENCE = 2  # seconds: less than the 3 s in which an event wants its ack
REMEMBERED = 120.0  # seconds that Slack's word on a group holds
MOST = 100  # that a menu can offer


class Group(NamedTuple):
    """A user group: its id, and the name that people mention it by."""

    id: str
    handle: str


class Groups:
    """The user groups of one workspace. Safe to share among threads."""

    def __init__(
        self,
        client: WebClient,
        clock: Callable[[], float] = time.monotonic,
        vitals: Vitals | None = None,
    ) -> None:
        self._client = hasty(client, PATIENCE, vitals)
        self._clock = clock
        self._lock = threading.Lock()
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    def all(self) -> list[Group]:
        """Return the groups by their handles, up to MOST; none where they may not be read."""
        try:
            found = self._client.usergroups_list()["usergroups"]
        except (SlackApiError, OSError) as error:
            _note(error)
            return []
        return sorted((Group(g["id"], str(g["handle"])) for g in found), key=lambda g: g.handle)[:MOST]

    def hold(self, groups: Collection[str], user: str) -> bool:
        """Tell whether *user* is in one of *groups*, given by their ids."""
        return any(user in self._people(group) for group in groups)

    def _people(self, group: str) -> frozenset[str]:
        now = self._clock()
        with self._lock:
            at, known = self._members.get(group, (float("-inf"), frozenset[str]()))
        if now - at < REMEMBERED:
            return known
        try:
            found = frozenset(self._client.usergroups_users_list(usergroup=group)["users"])
        except (SlackApiError, OSError) as error:
            _note(error)
            return frozenset()
        with self._lock:
            self._members[group] = now, found
        return found


def _note(error: Exception) -> None:
    code = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
    log.info("no user groups", extra={"code": code})
