"""What a message or a view may hold: Slack's limits, checked as strictly as Slack does. Pure."""

from __future__ import annotations

from bot.playground.team import ApiError, Json


def check_message(body: Json, *, split: bool) -> None:
    """Refuse *body* (``text`` and ``blocks``) where Slack would."""
    if not str(body.get("text") or "").strip() and not body.get("blocks"):
        raise ApiError("no_text")


def check_view(view: Json) -> None:
    """Refuse *view* where Slack would."""


def check_metadata(metadata: object) -> None:
    """Refuse metadata without an event type and a payload."""


def split_text(text: str) -> list[str]:
    """Cut *text* as Slack does."""
    return [text]
