"""A posted message as a person sees it, for the terminal and for tests that look. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.emoji import Emoji
from rich.style import Style
from rich.text import Text

from bot.playground.team import Json, Message

Name = Callable[[str], str]

_BAR = "│ "
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TOKEN = re.compile(
    r"<(?P<link>[^<>]+)>|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>(?=\S)[^*\n]+?(?<=\S))\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>(?=\S)[^_\n]+?(?<=\S))_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>(?=\S)[^~\n]+?(?<=\S))~(?![\w~])"
)


def render(message: Message, *, width: int = 80, name: Name = str) -> str:
    """
    Return *message* as plain text: quotes behind a bar, links with their address in parentheses.

    Args:
        width: Where lines are broken. Words are not, so that addresses stay whole.

        name: Gives the names of members and channels by their ids, as ``Workspace.name`` does.
    """
    return show(message, width=width, name=name, addresses=True).plain


def show(message: Message, *, width: int = 80, name: Name = str, addresses: bool = False) -> Text:
    """
    Return *message* as styled text for a terminal.

    Links are the terminal's own; with *addresses* their addresses are written out as well.
    """
    painter = _Painter(width, lambda id: str(_clean(name(id))), addresses)
    if message.blocks:
        return painter.blocks(_clean(message.blocks))
    return Text("\n").join(painter.marked_lines(_clean(message.text)))


class _Painter:
    """Turns blocks into lines of styled text that fit the width."""

    def __init__(self, width: int, name: Name, addresses: bool) -> None:
        self._width, self._name, self._addresses = width, name, addresses

    def blocks(self, blocks: list[Json]) -> Text:
        """Blocks with a blank line between them; small print stands close to what it is about."""
        lines: list[Text] = []
        for block in blocks:
            if lines and block["type"] != "context":
                lines.append(Text())
            lines += self._block(block)
        return Text("\n").join(lines)

    def _block(self, block: Json) -> Iterator[Text]:
        paint: dict[str, Callable[[Json], Iterable[Text]]] = {
            "rich_text": self._rich_text,
            "section": self._section,
            "context": self._context,
            "header": lambda b: self._wrapped(Text(b["text"]["text"], style="bold")),
            "divider": lambda _: [Text("─" * self._width, style="dim")],
            "actions": self._buttons,
            "context_actions": self._buttons,
            "markdown": lambda b: self._wrapped(Text(b["text"])),
            "image": lambda b: [Text(f"[image: {b['alt_text']}]")],
            "input": lambda b: [Text(b["label"]["text"], style="bold")],
            "table": self._table,
        }
        yield from paint[block["type"]](block)

    def _section(self, block: Json) -> Iterator[Text]:
        for text in [block.get("text"), *block.get("fields", [])]:
            yield from self._object(text) if text else ()
        if block.get("accessory"):
            yield from self._buttons({"elements": [block["accessory"]]})

    def _context(self, block: Json) -> Iterator[Text]:
        for part in block["elements"]:
            if part["type"] == "image":
                yield Text(f"[image: {part['alt_text']}]", style="dim")
            else:
                for line in self._object(part):
                    line.stylize("dim")
                    yield line

    def _object(self, text: Json) -> list[Text]:
        return (
            self.marked_lines(text["text"]) if text["type"] == "mrkdwn" else self._wrapped(Text(text["text"]))
        )

    def _buttons(self, block: Json) -> list[Text]:
        labels = [label for part in block["elements"] for label in _labels(part)]
        return self._wrapped(Text(" ").join(Text(f"[{label}]", style="bold cyan") for label in labels))

    def _table(self, block: Json) -> Iterator[Text]:
        for row in block["rows"]:
            cells = (
                self._leaves(_flat(cell)) if cell["type"] == "rich_text" else Text(cell["text"])
                for cell in row
            )
            yield Text(" | ").join(cells)

    def _rich_text(self, block: Json) -> Iterator[Text]:
        for part in block["elements"]:
            if part["type"] == "rich_text_quote":
                yield from self._wrapped(self._leaves(part["elements"]), _BAR)
            elif part["type"] == "rich_text_list":
                yield from self._list(part)
            else:
                prefix = "    " if part["type"] == "rich_text_preformatted" else ""
                yield from self._wrapped(self._leaves(part["elements"]), prefix)

    def _list(self, part: Json) -> Iterator[Text]:
        for number, item in enumerate(part["elements"], 1 + part.get("offset", 0)):
            sign = f"{number}. " if part["style"] == "ordered" else "• "
            indent = "  " * part.get("indent", 0)
            lines = self._wrapped(self._leaves(item["elements"]), indent + " " * len(sign))
            yield Text.assemble(indent, sign, lines[0][len(indent + sign) :])
            yield from lines[1:]

    def _leaves(self, leaves: Iterable[Json]) -> Text:
        return Text.assemble(*(self._leaf(leaf) for leaf in leaves))

    def _leaf(self, leaf: Json) -> Text:
        kind, style = leaf["type"], _style(leaf.get("style", {}))
        if kind == "link":
            return self._link(leaf["url"], Text(leaf.get("text") or leaf["url"], style=style))
        if kind == "emoji":
            return Text(Emoji.replace(f":{leaf['name']}:"))
        if kind in ("user", "channel"):
            return Text(self._member(leaf[f"{kind}_id"]), style="bold")
        if kind == "broadcast":
            return Text(f"@{leaf['range']}", style="bold")
        return Text(str(leaf.get("text") or leaf.get("fallback") or leaf.get("value") or ""), style=style)

    def marked_lines(self, text: str) -> list[Text]:
        """Lines of Slack's own markup; those that begin with ``>`` are quotes."""
        lines: list[Text] = []
        for line in text.split("\n"):
            quote = re.match(r"(?:&gt;|>) ?", line)
            marked = self._marked(line[quote.end() :] if quote else line)
            lines += self._wrapped(marked, _BAR if quote else "")
        return lines

    def _marked(self, text: str) -> Text:
        result, end = Text(), 0
        for found in _TOKEN.finditer(text):
            result.append(_plain(text[end : found.start()])).append_text(self._token(found))
            end = found.end()
        return result.append(_plain(text[end:]))

    def _token(self, found: re.Match[str]) -> Text:
        kind, inner = next((k, v) for k, v in found.groupdict().items() if v is not None)
        if kind == "link":
            return self._reference(inner)
        if kind == "code":
            return Text(_unescape(inner), style="cyan")
        text = self._marked(inner)
        text.stylize(kind)
        return text

    def _reference(self, inner: str) -> Text:
        target, _, label = inner.partition("|")
        if target[:1] in "@#":
            return Text(self._member(target[1:]), style="bold")
        if target.startswith("!"):
            return Text(f"@{label or target[1:].split('^')[0]}", style="bold")
        return self._link(_unescape(target), Text(_plain(label) or _unescape(target)))

    def _link(self, url: str, label: Text) -> Text:
        written = self._addresses and label.plain != url
        label.stylize(Style(link=url))
        return label.append(f" ({url})") if written else label

    def _member(self, id: str) -> str:
        name = self._name(id)
        return name if name[:1] in "#@" else f"@{name}"

    def _wrapped(self, text: Text, prefix: str = "") -> list[Text]:
        room = self._width - len(prefix)
        lines = [line for whole in text.split("\n", allow_blank=True) for line in _broken(whole, room)]
        return [Text.assemble((prefix, "dim"), line) for line in lines]


def _clean(value: Any) -> Any:
    """Drop control characters: no message may steer the terminal."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return {key: _clean(one) for key, one in value.items()} if isinstance(value, dict) else value


def _broken(line: Text, room: int) -> list[Text]:
    """Break *line* between words. rich itself would break long words too, or none at all."""
    breaks, column = [], 0
    for word in re.finditer(r"[^ ]+ *", line.plain):
        if column and column + cell_len(word.group().rstrip(" ")) > room:
            breaks.append(word.start())
            column = 0
        column += cell_len(word.group())
    parts = list(line.divide(breaks))
    for part in parts[:-1]:
        part.rstrip()
    return parts


def _style(style: Json) -> str:
    names = {"bold": "bold", "italic": "italic", "strike": "strike", "code": "cyan", "underline": "underline"}
    return " ".join(names[key] for key, on in style.items() if on and key in names)


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _plain(text: str) -> str:
    """Undo Slack's escaping and show emoji by name."""
    return Emoji.replace(_unescape(text))


def _labels(part: Json) -> Iterator[str]:
    if part["type"] == "feedback_buttons":
        yield from (part[name]["text"]["text"] for name in ("positive_button", "negative_button"))
    elif part["type"] == "image":
        yield f"image: {part['alt_text']}"
    else:
        shown: dict[str, Any] = part.get("text") or part.get("placeholder") or {"text": part["type"]}
        yield Emoji.replace(shown["text"])


def _flat(block: Json) -> Iterator[Json]:
    for part in block["elements"]:
        for leaf in part["elements"]:
            yield from leaf.get("elements", (leaf,))
