"""What a message or a view may hold: Slack's limits, checked as strictly as Slack does. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from bot.playground.elements import (
    ALT_TEXT,
    ID,
    INPUT,
    INTERACTIVE,
    TEXT,
    InvalidError,
    element,
    items,
    known,
    need,
    optional,
    record,
    rich_text,
    string,
    text_object,
)
from bot.playground.team import ApiError, Json

# Lengths and counts are those of Slack's Block Kit and method references, unless noted.
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
SECTION_FIELD, SECTION_FIELDS, CONTEXT_ELEMENTS = 2_000, 10, 10
HEADER, ACTIONS, CONTEXT_ACTIONS, MARKDOWN = 150, 25, 5, 12_000
TABLE_ROWS, TABLE_COLUMNS, TABLE_TEXT = 100, 20, 10_000
VIEW_TITLE, PRIVATE_METADATA, VIEW_BYTES = 24, 3_000, 250_000
EDITED_TEXT, POSTED_TEXT = 4_000, 40_000
# Undocumented. A text of more characters was seen to become several messages.
UNSPLIT_TEXT = 4_040
# Undocumented: the texts of all blocks of a message together; 11,341 were seen to be refused.
ALL_TEXT = 11_340

_MARKED = ("mrkdwn", "plain_text")


def check_message(body: Json, *, split: bool) -> None:
    """
    Refuse *body* (``text`` and ``blocks``) where Slack would.

    Where a long text is *split* into several messages it may be longer.

    Raises:
        ApiError: ``no_text``, ``msg_too_long``, ``invalid_blocks``, ``invalid_blocks_format`` or
            ``msg_blocks_too_long``, with the complaints in ``response_metadata``.
    """
    text, blocks = body.get("text") or "", body.get("blocks") or []
    if not isinstance(text, str) or not (text.strip() or blocks or body.get("attachments")):
        raise ApiError("no_text")
    if len(text) > (POSTED_TEXT if split else EDITED_TEXT):
        raise ApiError("msg_too_long")
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    _refusing("invalid_blocks", lambda: _check_blocks(blocks, MESSAGE_BLOCKS, _BLOCKS))
    if sum(map(len, _shown(blocks))) > ALL_TEXT:
        raise ApiError("msg_blocks_too_long")


def check_view(view: Json) -> None:
    """Refuse *view* (a modal or a Home tab) where Slack would."""
    _refusing("invalid_arguments", lambda: _check_view(view))
    if len(json.dumps(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")


def check_metadata(metadata: Any) -> None:
    """Refuse message metadata without an event type and a payload."""
    if metadata is None or metadata == {}:
        return
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_format")
    if not isinstance(metadata["event_type"], str) or not isinstance(metadata["event_payload"], dict):
        raise ApiError("invalid_metadata_format")


def split_text(text: str) -> list[str]:
    """Cut *text* into the messages that Slack makes of it, at the last space or line end that fits."""
    parts = []
    while len(text) > UNSPLIT_TEXT:
        cut = max(text.rfind(" ", 1, UNSPLIT_TEXT + 1), text.rfind("\n", 1, UNSPLIT_TEXT + 1))
        cut = cut if cut > 0 else UNSPLIT_TEXT
        parts.append(text[:cut])
        text = text[cut:].lstrip()
    return [*parts, text]


def _refusing(error: str, check: Callable[[], None]) -> None:
    try:
        check()
    except InvalidError as invalid:
        complaint = str(invalid).replace("[/", "[json-pointer:/")
        messages = {"messages": [f"[ERROR] {complaint}"]}
        raise ApiError(error, errors=[complaint], response_metadata=messages) from invalid


def _check_blocks(blocks: list[Any], most: int, kinds: dict[str, Callable[[Json, str], None]]) -> None:
    for i, value in enumerate(items(blocks, 0, most, "/blocks")):
        where = f"/blocks/{i}"
        block = record(value, where)
        need(block["type"] in kinds, f"unsupported block {block['type']} [{where}]")
        known(block, _KEYS[block["type"]] | {"type", "block_id"}, where)
        optional(block, where, block_id=ID)
        kinds[block["type"]](block, where)
    for name in ("block_id", "action_id"):
        twice = [one for one, count in Counter(_values(blocks, name)).items() if count > 1]
        need(not twice, f"{name} is not unique: {', '.join(twice)}")
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    need(markdown <= MARKDOWN, f"markdown blocks must be less than {MARKDOWN + 1} characters together")
    need(sum(block["type"] == "table" for block in blocks) <= 1, "only one table is allowed")


def _check_view(view: Json) -> None:
    need(view.get("type") in ("modal", "home"), "unsupported type [/view]")
    own = {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"}
    common = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    known(view, common | (own if view["type"] == "modal" else set()), "/view")
    optional(view, "/view", private_metadata=PRIVATE_METADATA, callback_id=ID, external_id=ID)
    if view["type"] == "modal":
        text_object(view.get("title"), VIEW_TITLE, "/view/title")
    for name in ("submit", "close"):
        if view.get(name) is not None:
            text_object(view[name], VIEW_TITLE, f"/view/{name}")
    blocks = items(view.get("blocks"), 0, VIEW_BLOCKS, "/view/blocks")
    _check_blocks(blocks, VIEW_BLOCKS, {kind: _BLOCKS[kind] for kind in _BLOCKS if kind not in _MESSAGE_ONLY})
    asks = view["type"] == "modal" and any(block["type"] == "input" for block in blocks)
    need(not asks or view.get("submit"), "a view with input blocks needs a submit button [/view]")


def _section(block: Json, where: str) -> None:
    need(block.get("text") or block.get("fields"), f"needs text or fields [{where}]")
    if block.get("text"):
        text_object(block["text"], TEXT, f"{where}/text", _MARKED)
    if "fields" in block:
        for i, field in enumerate(items(block["fields"], 1, SECTION_FIELDS, f"{where}/fields")):
            text_object(field, SECTION_FIELD, f"{where}/fields/{i}", _MARKED)
    if "accessory" in block:
        element(block["accessory"], INTERACTIVE | {"image"}, f"{where}/accessory")


def _context(block: Json, where: str) -> None:
    for i, part in enumerate(items(block.get("elements"), 1, CONTEXT_ELEMENTS, where)):
        at = f"{where}/elements/{i}"
        if record(part, at)["type"] == "image":
            element(part, {"image"}, at)
        else:
            text_object(part, TEXT, at, _MARKED)


def _header(block: Json, where: str) -> None:
    text_object(block.get("text"), HEADER, f"{where}/text")


def _divider(_block: Json, _where: str) -> None:
    """Nothing to check."""


def _image(block: Json, where: str) -> None:
    element({name: block[name] for name in block if name not in ("title", "block_id")}, {"image"}, where)
    if "title" in block:
        text_object(block["title"], ALT_TEXT, f"{where}/title")


def _actions(block: Json, where: str) -> None:
    for i, part in enumerate(items(block.get("elements"), 1, ACTIONS, where)):
        element(part, INTERACTIVE, f"{where}/elements/{i}")


def _context_actions(block: Json, where: str) -> None:
    for i, part in enumerate(items(block.get("elements"), 1, CONTEXT_ACTIONS, where)):
        element(part, {"feedback_buttons", "icon_button"}, f"{where}/elements/{i}")


def _input(block: Json, where: str) -> None:
    text_object(block.get("label"), SECTION_FIELD, f"{where}/label")
    if block.get("hint"):
        text_object(block["hint"], SECTION_FIELD, f"{where}/hint")
    element(block.get("element"), INPUT, f"{where}/element")


def _markdown(block: Json, where: str) -> None:
    string(block.get("text"), MARKDOWN, f"{where}/text")


def _table(block: Json, where: str) -> None:
    items(block.get("column_settings", []), 0, TABLE_COLUMNS, f"{where}/column_settings")
    for i, row in enumerate(items(block.get("rows"), 1, TABLE_ROWS, f"{where}/rows")):
        for j, value in enumerate(items(row, 1, TABLE_COLUMNS, f"{where}/rows/{i}")):
            at = f"{where}/rows/{i}/{j}"
            cell = record(value, at)
            need(cell["type"] in ("raw_text", "rich_text"), f"unsupported cell {cell['type']} [{at}]")
            if cell["type"] == "rich_text":
                rich_text(cell, at)
            else:
                string(cell.get("text"), TABLE_TEXT, at)
    long = sum(map(len, _shown([block]))) > TABLE_TEXT
    need(not long, f"a table must be less than {TABLE_TEXT + 1} characters [{where}]")


_BLOCKS: dict[str, Callable[[Json, str], None]] = {
    "section": _section,
    "context": _context,
    "header": _header,
    "divider": _divider,
    "image": _image,
    "actions": _actions,
    "context_actions": _context_actions,
    "input": _input,
    "markdown": _markdown,
    "table": _table,
    "rich_text": rich_text,
}
_MESSAGE_ONLY = {"context_actions", "markdown", "table"}
_KEYS: dict[str, set[str]] = {
    "section": {"text", "fields", "accessory", "expand"},
    "context": {"elements"},
    "header": {"text"},
    "divider": set(),
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "actions": {"elements"},
    "context_actions": {"elements"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "markdown": {"text"},
    "table": {"rows", "column_settings"},
    "rich_text": {"elements"},
}


def _shown(blocks: list[Json]) -> Iterator[str]:
    """Yield the texts and addresses in *blocks*, which count towards the budget of a message."""
    yield from _values(blocks, "text")
    yield from _values(blocks, "url")


def _values(part: Any, name: str) -> Iterator[str]:
    """Yield each string that bears *name* anywhere in *part*."""
    if isinstance(part, list):
        for one in part:
            yield from _values(one, name)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == name and isinstance(value, str):
                yield value
            else:
                yield from _values(value, name)
