"""
When a digest is due: a cron line in an IANA time zone, turned into slots. Pure: no clock.

Promises: a slot is computed from its schedule and never from the time at which somebody looks; each due time
comes once, also where clocks are turned back, and none is left out where they are turned forward.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# One that names its minute is due once an hour at the most: nobody wants a digest more often.
_CRON = re.compile(r"\d{1,2}( [\w*,/#-]{1,60}){4}", re.ASCII)
_WEEKLY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|[1-7](?:,[1-7])*)")
EVERY_DAY = tuple(range(7))
MOST_COUNTED = 1_000


class CronError(Exception):
    """A cron line that is none; the text says how to write one."""


class ZoneError(Exception):
    """A time zone that there is not; the text says how to write one."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    When a digest is due: *cron* has five fields, *zone* is a name of the IANA database.

    Raises:
        CronError, ZoneError: As their docstrings say.
    """

    cron: str
    zone: str

    def __post_init__(self) -> None:
        if self.zone not in zones():
            near = get_close_matches(self.zone.title().replace(" ", "_"), zones(), 1, 0.5)
            offer = f" Did you mean {near[0]}?" if near else ""
            raise ZoneError(f"There is no such time zone; write one like Europe/Amsterdam.{offer}")
        if not _CRON.fullmatch(self.cron):
            raise CronError(
                "Write five fields: a minute (one number), hours, days of the month, months, days of the "
                "week. For example, 30 8 * * 1-5."
            )
        try:
            next(CronSim(self.cron, datetime(2024, 1, 1, tzinfo=UTC)))
        except (CronSimError, StopIteration) as error:
            raise CronError("This line names no time that ever comes, or is no cron line.") from error

    @classmethod
    def weekly(cls, days: Collection[int], at: time, zone: str) -> Schedule:
        """Return the schedule of *at* o'clock on *days*, of which Monday is 0."""
        listed = "*" if set(days) >= set(EVERY_DAY) else ",".join(str(day + 1) for day in sorted(set(days)))
        return cls(f"{at.minute} {at.hour} * * {listed}", zone)

    @property
    def days_and_time(self) -> tuple[tuple[int, ...], time] | None:
        """The days and the time of a weekly schedule, None where it is more than that."""
        found = _WEEKLY.fullmatch(self.cron)
        if not found or int(found[1]) > 59 or int(found[2]) > 23:
            return None
        days = EVERY_DAY if found[3] == "*" else tuple(sorted({int(d) - 1 for d in found[3].split(",")}))
        return days, time(int(found[2]), int(found[1]))

    def latest(self, now: datetime) -> datetime | None:
        """Return the last due time that is not after *now*, in the schedule's zone; None for none."""
        # One second on, for the search leaves its start out.
        start = (now + timedelta(seconds=1)).astimezone(ZoneInfo(self.zone))
        try:
            found = next(CronSim(self.cron, start, reverse=True))
        except StopIteration:
            return None
        # In the hour that comes twice, the search backwards overlooks what was due the first time.
        for later in self.after(found):
            if later.astimezone(UTC) > now:
                break
            found = later
        return found if found.astimezone(UTC) <= now else None

    def after(self, when: datetime) -> Iterator[datetime]:
        """Yield the due times after *when*, in the schedule's zone."""
        last = when.astimezone(UTC)
        for found in CronSim(self.cron, when.astimezone(ZoneInfo(self.zone))):
            if found.astimezone(UTC) > last:
                last = found.astimezone(UTC)
                yield found

    def next(self, now: datetime) -> datetime | None:
        """Return the first due time after *now*."""
        return next(self.after(now), None)

    def between(self, first: datetime, last: datetime) -> int:
        """Count the due times after *first*, up to *last*; MOST_COUNTED at the most."""
        count = 0
        for due in self.after(first):
            if due.astimezone(UTC) > last or count == MOST_COUNTED:
                break
            count += 1
        return count

    def __str__(self) -> str:
        weekly = self.days_and_time
        if weekly is None:
            return f"cron {self.cron} ({self.zone})"
        days, at = weekly
        names = [f"{DAYS[day]}s" for day in days]
        on = (
            "Every day"
            if days == EVERY_DAY
            else " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        )
        return f"{on} at {at:%H:%M} ({self.zone})"


def slot_key(digest: str, due: datetime) -> str:
    """Return what the slot of a digest is known by: *due* as its zone's clocks show it, with their offset."""
    return f"{digest} {due.isoformat(timespec='minutes')}"


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())
