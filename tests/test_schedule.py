"""When digests are due: each due time once, in every zone, over both changes of the clocks."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule import CronError, Schedule, ZoneError, slot_key, zones

# North and south, half-hour changes, changes at midnight, a day that was left out, no changes at all.
CHANGING = (
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Atlantic/Azores",
    "America/Havana",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "UTC",
)
CRONS = ("30 2 * * *", "0 0 * * *", "59 23 * * *", "0 9 * * 1-5", "15 */4 * * *", "5 * * * *", "0 9 1,15 * *")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def within(schedule, begin, days):
    end = begin + timedelta(days=days)
    return list(takewhile(lambda due: due.astimezone(UTC) < end, schedule.after(begin)))


@pytest.mark.parametrize(
    ("now", "latest", "following"),
    [
        ("2026-03-29T00:59:59", "2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00"),
        ("2026-03-29T01:00:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"),
        ("2026-10-25T00:29:59", "2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00"),
        ("2026-10-25T00:30:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        ("2026-10-25T01:10:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        ("2026-10-25T01:30:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
    ],
)
def test_a_time_that_clocks_skip_or_repeat_is_due_once(now, latest, following):
    daily = Schedule.weekly(range(7), time(2, 30), "Europe/Amsterdam")
    assert slot_key("d", daily.latest(utc(now))) == f"d {latest}"
    assert slot_key("d", daily.next(utc(now))) == f"d {following}"


@given(
    zone=st.sampled_from(CHANGING),
    cron=st.sampled_from(CRONS),
    start=st.datetimes(datetime(2011, 1, 1), datetime(2027, 12, 1)),
    steps=st.lists(st.integers(1, 3 * 3600), min_size=1, max_size=20),
)
def test_whoever_looks_every_now_and_then_sees_what_comes_and_never_a_slot_of_the_future(
    zone, cron, start, steps
):
    schedule, now = Schedule(cron, zone), start.replace(tzinfo=UTC)
    for step in steps:
        now += timedelta(seconds=step)
        found = schedule.latest(now)
        assert found.astimezone(UTC) <= now < schedule.next(now).astimezone(UTC)
        assert schedule.between(found, now) == 0


@pytest.mark.parametrize("zone", CHANGING)
@pytest.mark.parametrize("at", [time(0, 0), time(0, 30), time(2, 0), time(2, 30), time(9, 0)])
def test_a_daily_digest_is_due_once_on_every_day_of_a_year(zone, at):
    daily = Schedule.weekly(range(7), at, zone)
    begin = datetime(2026, 1, 1, 12, 7, tzinfo=UTC)
    due = within(daily, begin, days=365)
    days = [d.date() for d in due]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert len({slot_key("d", d) for d in due}) == len(due) == 365
    off = [d for d in due if d.timetz().replace(tzinfo=None) != at]
    assert len(off) <= 2
    for d in off:  # only where the clocks skip that time, by at most an hour
        wanted = datetime.combine(d.date(), at, ZoneInfo(zone))
        assert wanted.astimezone(UTC).astimezone(ZoneInfo(zone)).time() != at
        assert timedelta() < d.replace(tzinfo=None) - wanted.replace(tzinfo=None) <= timedelta(hours=1)


@pytest.mark.parametrize("zone", CHANGING)
def test_slots_of_an_hourly_digest_follow_each_other_and_have_a_key_each(zone):
    hourly = Schedule("5 * * * *", zone)
    for month in (3, 4, 9, 10, 11):
        begin = datetime(2026, month, 1, tzinfo=UTC)
        due = within(hourly, begin, days=30)
        instants = [d.astimezone(UTC) for d in due]
        assert instants == sorted(set(instants))
        assert len({slot_key("d", d) for d in due}) == len(due)


def test_days_and_time_are_a_cron_line_and_back():
    schedule = Schedule.weekly([4, 0], time(8, 5), "Asia/Kolkata")
    assert schedule.cron == "5 8 * * 1,5"
    assert schedule.days_and_time == ((0, 4), time(8, 5))
    assert str(schedule) == "Mondays and Fridays at 08:05 (Asia/Kolkata)"
    assert str(Schedule.weekly(range(7), time(9), "UTC")) == "Every day at 09:00 (UTC)"
    assert Schedule("0 9 1 * *", "UTC").days_and_time is None
    assert str(Schedule("0 9 1 * *", "UTC")) == "cron 0 9 1 * * (UTC)"


def test_monday_to_friday_is_monday_to_friday():
    week = Schedule("0 9 * * 1-5", "UTC")
    due = [d for d, _ in zip(week.after(utc("2026-03-01T12:00")), range(5), strict=False)]
    assert [d.weekday() for d in due] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "line",
    [
        *("", "daily", "0 9 * *", "0 9 * * * *", "* 9 * * *", "*/5 * * * *", "60 9 * * *", "0 24 * * *"),
        *("0 9 30 2 *", "0 9 * * 9", "0 9 * * MON; drop", "0 9 * * *\n", "0\t9 * * *", "٠ 9 * * *"),
    ],
)
def test_what_is_no_cron_line_is_refused(line):
    with pytest.raises(CronError):
        Schedule(line, "UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "europe/amsterdam", "UTC\n"])
def test_what_is_no_zone_is_refused(zone):
    with pytest.raises(ZoneError):
        Schedule("0 9 * * *", zone)


def test_a_zone_that_is_misspelled_is_offered():
    with pytest.raises(ZoneError, match="Did you mean Europe/Amsterdam"):
        Schedule("0 9 * * *", "europe/amsterdm")


@given(st.text("0123456789*,/-# MONFRIL", max_size=25))
def test_any_line_is_a_schedule_or_refused(line):
    try:
        schedule = Schedule(line, "Europe/Amsterdam")
    except CronError:
        return
    now = utc("2026-03-29T01:00")
    found = schedule.latest(now)
    assert found is None or found.astimezone(UTC) <= now


def test_all_zones_are_known():
    assert {"UTC", "Europe/Amsterdam", "Asia/Kolkata"} <= zones()
