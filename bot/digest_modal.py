"""
The modals of the digests: their list, and the form of one. Pure.

Within Slack's limits whatever is kept; what somebody filled in wrongly is said beside the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from bot.message import Block, leaf, plain_text, section
from bot.schedule import DAYS, EVERY_DAY, CronError, Schedule, ZoneError
from bot.state import Digest
from bot.views import View
from index import wording

LIST_VIEW, FORM_VIEW = "digest_list", "digest_form"
CHANNEL, WEEKDAYS, AT, CRON, ZONE, HOLDS = "channel", "days", "at", "cron", "zone", "holds"
QUOTES, ASKED, LINE = "quotes", "asked", "line"
NEW, PREVIEW, CHANGE, PAUSE, RESUME, END = (
    "digest_new",
    *(f"digest_{deed}" for deed in ("preview", "change", "pause", "resume", "end")),
)
EARLY = time(9)
HOLDING = {
    QUOTES: "Pull quotes of each new article",
    ASKED: "What was asked in this channel, as counts without names",
    LINE: "A line, too, when nothing is new (else nothing is posted)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form of a digest holds; *id* is "" for a new one."""

    id: str
    channel: str
    schedule: Schedule
    holds: frozenset[str]


class FormError(Exception):
    """What is wrong with a form: sentences by the field that they belong beside."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = dict(problems)


def list_view(digests: Sequence[Digest], now: float) -> View:
    """List the digests, each with what may be done with it."""
    blocks: list[Block] = [
        block
        for digest in digests
        for block in (_described(digest, now), _deeds(digest), {"type": "divider"})
    ]
    if not blocks:
        blocks.append(section("There is no digest yet."))
    new = {"type": "button", "action_id": NEW, "text": plain_text("New digest…")}
    blocks.append({"type": "actions", "elements": [new]})
    return {
        "type": "modal",
        "callback_id": LIST_VIEW,
        "title": plain_text("Digests"),
        "close": plain_text("Close"),
        "clear_on_close": True,
        "blocks": blocks,
    }


def _described(digest: Digest, now: float) -> Block:
    leaves: list[Block] = [
        {"type": "channel", "channel_id": digest.channel},
        leaf(f": {_state(digest, now)}"),
    ]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}


def _state(digest: Digest, now: float) -> str:
    try:
        schedule = Schedule(digest.cron, digest.zone)
    except (CronError, ZoneError):
        return "its time or zone is none that this machine knows; please change it"
    if digest.paused_at is not None:
        why = f" because Slack refused it ({digest.paused_why})" if digest.paused_why else ""
        return f"{schedule}; paused{why}"
    return f"{schedule}; next {next_due(digest, now)}"


def next_due(digest: Digest, now: float) -> str:
    """Say when a digest comes next."""
    try:
        due = Schedule(digest.cron, digest.zone).next(datetime.fromtimestamp(now, UTC))
    except (CronError, ZoneError):
        due = None
    return f"on {wording.day(due.date())}, {due:%H:%M}" if due else "never"


def _deeds(digest: Digest) -> Block:
    halt = (RESUME, "Resume") if digest.paused_at is not None else (PAUSE, "Pause")
    buttons = [
        {"type": "button", "action_id": f"{deed}:{digest.id}", "text": plain_text(label), "value": digest.id}
        for deed, label in ((PREVIEW, "Preview"), (CHANGE, "Change…"), halt, (END, "End"))
    ]
    buttons[-1] |= {
        "style": "danger",
        "confirm": {
            "title": plain_text("End this digest?"),
            "text": plain_text("It is not posted any more. This cannot be taken back."),
            "confirm": plain_text("End it"),
            "deny": plain_text("Keep it"),
        },
    }
    return {"type": "actions", "elements": buttons}


def form_view(digest: Digest | None, channel: str, zone: str, note: str) -> View:
    """Show the form of *digest*, or of a new one in *channel*; *note* says where *zone* comes from."""
    weekly = (EVERY_DAY, EARLY) if digest is None else _weekly(digest)
    days, at = weekly or ((), None)
    days_box = _boxes({str(n): day for n, day in enumerate(DAYS)}, [str(day) for day in days])
    clock: Block = {"type": "timepicker"} | ({"initial_time": f"{at:%H:%M}"} if at else {})
    where: Block = {
        "type": "conversations_select",
        "placeholder": plain_text("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if place := (digest.channel if digest else channel):
        where["initial_conversation"] = place
    holding = {QUOTES, ASKED} if digest is None else _holds(digest)
    blocks = [
        _input(CHANNEL, "Channel", where),
        _input(WEEKDAYS, "Days", days_box, optional=True),
        _input(AT, "Time", clock, optional=True),
        _input(
            CRON,
            "Or a cron line",
            _line("" if weekly or digest is None else digest.cron),
            optional=True,
            hint="Five fields, for example 30 8 * * 1-5. Where there is one, days and time do not count.",
        ),
        _input(ZONE, "Time zone", _line(digest.zone if digest else zone), hint=note),
        _input(HOLDS, "It holds the new articles, and:", _boxes(HOLDING, sorted(holding)), optional=True),
    ]
    return {
        "type": "modal",
        "callback_id": FORM_VIEW,
        "private_metadata": digest.id if digest else "",
        "title": plain_text("A digest"),
        "submit": plain_text("Save"),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def form_in(view: Mapping[str, Any]) -> Form:
    """
    Return what somebody filled in.

    Raises:
        FormError: If there is no such schedule.
    """
    values = {id: fields[id] for id, fields in view["state"]["values"].items()}
    channel = str(values[CHANNEL].get("selected_conversation") or "")
    cron = " ".join(str(values[CRON].get("value") or "").split())
    zone = str(values[ZONE].get("value") or "").strip()
    days = sorted(int(o["value"]) for o in values[WEEKDAYS].get("selected_options") or [])
    at = str(values[AT].get("selected_time") or "")
    problems: dict[str, str] = {}
    if not re.fullmatch(r"[CG][A-Z0-9]{2,20}", channel):
        problems[CHANNEL] = "Choose a channel."
    if not cron and not days:
        problems[WEEKDAYS] = "Choose at least one day, or write a cron line."
    if not cron and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        problems[AT] = "Choose a time, or write a cron line."
    schedule = None
    try:
        if cron or not problems.keys() & {WEEKDAYS, AT}:
            schedule = Schedule(cron, zone) if cron else Schedule.weekly(days, time.fromisoformat(at), zone)
    except CronError as error:
        problems[CRON] = str(error)
    except ZoneError as error:
        problems[ZONE] = str(error)
    if problems or schedule is None:
        raise FormError(problems)
    holds = frozenset(str(o["value"]) for o in values[HOLDS].get("selected_options") or [])
    return Form(id=str(view["private_metadata"]), channel=channel, schedule=schedule, holds=holds)


def saved_view(digest: Digest, now: float, trouble: str) -> View:
    """Confirm what was saved, and warn where the bot cannot post in the channel."""
    lines = [f"Saved. It comes next {next_due(digest, now)} ({digest.zone})."]
    if digest.paused_at is not None:
        lines = ["Saved. It is paused."]
    if trouble:
        lines.append(f"But I cannot post in that channel yet ({trouble}): invite me there with /invite.")
    return {
        "type": "modal",
        "title": plain_text("A digest"),
        "close": plain_text("Close"),
        "clear_on_close": True,
        "blocks": [section(line) for line in lines],
    }


def _weekly(digest: Digest) -> tuple[tuple[int, ...], time] | None:
    try:
        return Schedule(digest.cron, "UTC").days_and_time
    except CronError:
        return None


def _holds(digest: Digest) -> set[str]:
    held = {QUOTES: digest.quotes, ASKED: digest.asked, LINE: not digest.silent}
    return {name for name, on in held.items() if on}


def _boxes(labels: Mapping[str, str], ticked: Sequence[str]) -> Block:
    options = {value: {"text": plain_text(label), "value": value} for value, label in labels.items()}
    box: Block = {"type": "checkboxes", "options": list(options.values())}
    return box | ({"initial_options": [options[value] for value in ticked]} if ticked else {})


def _line(value: str) -> Block:
    field: Block = {"type": "plain_text_input", "max_length": 100}
    return field | ({"initial_value": value} if value else {})


def _input(id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    block: Block = {"type": "input", "block_id": id, "label": plain_text(label), "optional": optional}
    block["element"] = {**element, "action_id": id}
    return block | ({"hint": plain_text(hint)} if hint else {})
