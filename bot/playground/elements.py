"""The parts of blocks: text objects, interactive elements and rich text, each with Slack's limits. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.playground.team import Json

# Lengths and counts are those of Slack's Block Kit reference, unless noted.
ID, BUTTON_TEXT, BUTTON_VALUE, URL = 255, 75, 2_000, 3_000
TEXT, ALT_TEXT, PLACEHOLDER = 3_000, 2_000, 150
OPTION_TEXT, OPTION_VALUE = 75, 150

_MENUS = ("static", "users", "conversations", "channels", "external")
_SELECTS = {f"{prefix}{kind}_select" for kind in _MENUS for prefix in ("", "multi_")}
_PICKERS = {"datepicker", "timepicker", "datetimepicker"}
_INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"}
_CHOICES = {"checkboxes", "radio_buttons", "overflow"}

INTERACTIVE = {"button"} | _SELECTS | _PICKERS | _CHOICES
INPUT = (_SELECTS | _PICKERS | _INPUTS | _CHOICES) - {"overflow"}

# Menus, pickers and inputs are checked for their ids, texts and options, not for every property.
_BUTTON = {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
_KEYS = {
    "button": _BUTTON,
    "icon_button": {"type", "icon", "visible_to_user_ids"} | _BUTTON - {"url", "style"},
    "feedback_buttons": {"type", "action_id", "positive_button", "negative_button"},
    "image": {"type", "image_url", "slack_file", "alt_text"},
}
_INPUT_KEYS = {"type", "action_id", "initial_value", "multiline", "min_length", "max_length"}
_INPUT_KEYS |= {"dispatch_action_config", "focus_on_load", "placeholder"}
_MENU = {"type", "action_id", "focus_on_load", "confirm", "placeholder"}
_SELECTED = {"default_to_current_conversation", "response_url_enabled", "filter"}
_MENU_KEYS = {
    "checkboxes": _MENU - {"placeholder"} | {"options", "initial_options"},
    "static_select": _MENU | {"options", "option_groups", "initial_option"},
    "multi_users_select": _MENU | {"initial_users", "max_selected_items"},
    "conversations_select": _MENU | _SELECTED | {"initial_conversation"},
}
_STYLES = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
_LEAVES = {
    "text": ("text", {"text", "style"}),
    "link": ("url", {"url", "text", "unsafe", "style"}),
    "user": ("user_id", {"user_id", "style"}),
    "usergroup": ("usergroup_id", {"usergroup_id", "style"}),
    "channel": ("channel_id", {"channel_id", "style"}),
    "emoji": ("name", {"name", "unicode", "skin_tone", "style"}),
    "broadcast": ("range", {"range", "style"}),
    "date": ("timestamp", {"timestamp", "format", "url", "fallback", "style"}),
    "color": ("value", {"value", "style"}),
}


class InvalidError(Exception):
    """Something that Slack would refuse; the message says what and where."""


def need(condition: object, complaint: str) -> None:
    """Refuse with *complaint* unless *condition* holds."""
    if not condition:
        raise InvalidError(complaint)


def known(part: Json, keys: set[str], where: str) -> None:
    """Refuse properties that Slack does not know."""
    extra = sorted(set(part) - keys)
    need(not extra, f"invalid additional property: {', '.join(extra)} [{where}]")


def record(value: Any, where: str) -> Json:
    """Return *value* as an object with a type."""
    need(
        isinstance(value, dict) and isinstance(value.get("type"), str), f"not an object with a type [{where}]"
    )
    part: Json = value
    return part


def items(value: Any, least: int, most: int, where: str) -> list[Any]:
    """Return *value* as a list of *least* to *most* items."""
    need(isinstance(value, list), f"must provide an array [{where}]")
    need(least <= len(value) <= most, f"must have {least} to {most} items, not {len(value)} [{where}]")
    listed: list[Any] = value
    return listed


def string(value: Any, most: int, where: str, least: int = 1) -> None:
    """Refuse anything but a string of *least* to *most* characters."""
    need(isinstance(value, str), f"must be a string [{where}]")
    need(len(value) >= least, f"must be more than {least - 1} characters [{where}]")
    need(len(value) <= most, f"must be less than {most + 1} characters, not {len(value)} [{where}]")


def optional(part: Json, where: str, **most: int) -> None:
    """Check the strings named in *most*, where they are there."""
    for name, limit in most.items():
        if part.get(name) is not None:
            string(part[name], limit, f"{where}/{name}", least=0)


def text_object(value: Any, most: int, where: str, kinds: tuple[str, ...] = ("plain_text",)) -> None:
    """Check a text object of one of *kinds*."""
    text = record(value, where)
    need(text["type"] in kinds, f"unsupported text type {text['type']} [{where}]")
    own = {"emoji"} if text["type"] == "plain_text" else {"verbatim"}
    known(text, {"type", "text"} | own, where)
    string(text.get("text"), most, where)


def element(value: Any, kinds: set[str], where: str) -> None:
    """Check an interactive element or image of one of *kinds*."""
    part = record(value, where)
    kind = part["type"]
    need(kind in kinds, f"unsupported element {kind} [{where}]")
    if kind in _KEYS:
        known(part, _KEYS[kind], where)
    optional(part, where, action_id=ID, value=BUTTON_VALUE, url=URL, accessibility_label=BUTTON_TEXT)
    if kind == "image":
        _image(part, where)
    elif kind in ("button", "icon_button"):
        _button(part, where)
    elif kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            _feedback(part.get(name), f"{where}/{name}")
    else:
        _menu(part, where)


def _image(part: Json, where: str) -> None:
    need(("image_url" in part) != ("slack_file" in part), f"needs image_url or slack_file [{where}]")
    optional(part, where, image_url=URL)
    string(part.get("alt_text"), ALT_TEXT, f"{where}/alt_text")


def _button(part: Json, where: str) -> None:
    text_object(part.get("text"), BUTTON_TEXT, f"{where}/text")
    need(part.get("style") in (None, "primary", "danger"), f"unsupported style [{where}]")
    if part["type"] == "icon_button":
        need(part.get("icon") == "trash", f"unsupported icon [{where}]")


def _feedback(value: Any, where: str) -> None:
    need(isinstance(value, dict), f"missing [{where}]")
    known(value, {"text", "value", "accessibility_label"}, where)
    text_object(value.get("text"), BUTTON_TEXT, f"{where}/text")
    string(value.get("value"), BUTTON_VALUE, f"{where}/value")
    optional(value, where, accessibility_label=BUTTON_TEXT)


def _menu(part: Json, where: str) -> None:
    if "placeholder" in part:
        text_object(part["placeholder"], PLACEHOLDER, f"{where}/placeholder")
    if part["type"] == "plain_text_input":
        _input(part, where)
    if part["type"] in _MENU_KEYS:
        known(part, _MENU_KEYS[part["type"]], where)
    few = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(part["type"], 100)
    own = part["type"] in ("static_select", "multi_static_select") and "option_groups" not in part
    if own or part["type"] in _CHOICES or "options" in part:
        for i, option in enumerate(items(part.get("options"), 1, few, f"{where}/options")):
            at = f"{where}/options/{i}"
            need(isinstance(option, dict), f"not an option [{at}]")
            text_object(option.get("text"), OPTION_TEXT, f"{at}/text", ("plain_text", "mrkdwn"))
            string(option.get("value"), OPTION_VALUE, f"{at}/value")
    for option in part.get("initial_options", []) if "options" in part else []:
        need(option in part["options"], f"initial_options is no option [{where}]")
    for name in ("initial_options", "initial_users"):
        need(part.get(name) != [], f"must have 1 item or more [{where}/{name}]")
    if "initial_option" in part and "options" in part:
        need(part["initial_option"] in part["options"], f"initial_option is no option [{where}]")


def _input(part: Json, where: str) -> None:
    known(part, _INPUT_KEYS, where)
    optional(part, where, initial_value=TEXT)
    for name, least in (("min_length", 0), ("max_length", 1)):
        length = part.get(name, least)
        need(least <= length <= TEXT, f"must be {least} to {TEXT} [{where}/{name}]")


def rich_text(block: Json, where: str) -> None:
    """Check a ``rich_text`` block: sections, quotes, lists and code, with leaves in them."""
    for i, value in enumerate(items(block.get("elements"), 1, 1_000, where)):
        at = f"{where}/elements/{i}"
        part = record(value, at)
        need(part["type"] in _RICH, f"unsupported element {part['type']} [{at}]")
        _RICH[part["type"]](part, at)


def _section(part: Json, where: str) -> None:
    known(part, {"type", "elements"}, where)
    _leaves(part, where, set(_LEAVES))


def _quote(part: Json, where: str) -> None:
    known(part, {"type", "elements", "border"}, where)
    _leaves(part, where, set(_LEAVES))


def _code(part: Json, where: str) -> None:
    known(part, {"type", "elements", "border", "language"}, where)
    _leaves(part, where, {"text", "link"})


def _list(part: Json, where: str) -> None:
    known(part, {"type", "elements", "style", "indent", "offset", "border"}, where)
    need(part.get("style") in ("bullet", "ordered"), f"unsupported style [{where}]")
    for i, value in enumerate(items(part.get("elements"), 1, 1_000, where)):
        section = record(value, f"{where}/elements/{i}")
        need(section["type"] == "rich_text_section", f"only sections [{where}/elements/{i}]")
        _section(section, f"{where}/elements/{i}")


def _leaves(part: Json, where: str, kinds: set[str]) -> None:
    for i, value in enumerate(items(part.get("elements"), 1, 10_000, where)):
        at = f"{where}/elements/{i}"
        leaf = record(value, at)
        need(leaf["type"] in kinds, f"unsupported element {leaf['type']} [{at}]")
        required, keys = _LEAVES[leaf["type"]]
        known(leaf, keys | {"type"}, at)
        need(leaf.get(required) not in (None, ""), f"must be more than 0 characters [{at}/{required}]")
        style = leaf.get("style", {})
        right = isinstance(style, dict) and all(isinstance(on, bool) for on in style.values())
        need(right and set(style) <= _STYLES, f"unsupported style [{at}]")


_RICH: dict[str, Callable[[Json, str], None]] = {
    "rich_text_section": _section,
    "rich_text_quote": _quote,
    "rich_text_preformatted": _code,
    "rich_text_list": _list,
}
