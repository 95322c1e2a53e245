"""
What people judged, as questions that ``python -m index eval`` reads: an owner's own test set. Pure.

One line an answer. An opinion is no gold: what was thumbed down, an owner completes by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.state import Given, Judged, Opinion
from index.answer import Verdict

RIGHT, RIGHTLY_REFUSED = "judged right", "judged rightly refused"
WRONG, FILL_IN = "judged wrong", "to be filled in"


def export(judged: Iterable[Judged], load: Callable[[str], Given | None]) -> Iterator[str]:
    """
    Yield a line of JSON for each answer that was judged, the oldest opinion first.

    The asker's opinion of an answer counts before anybody else's, and the latest before the others. Left out
    are answers that went on where another ended: asked again, their question has the first one's answer.
    """
    opinions: dict[str, list[Judged]] = {}
    for one in judged:
        opinions.setdefault(one.answer, []).append(one)
    for id, several in opinions.items():
        given = load(id)
        if given is not None and not given.offset:
            yield json.dumps(question(given, _counting(given, several)), ensure_ascii=False)


def question(given: Given, judged: Judged) -> dict[str, Any]:
    """Return the question of *given* with what *judged* says of its answer."""
    answered, up = given.verdict is Verdict.ANSWERED, judged.opinion is Opinion.UP
    texts = list(dict.fromkeys(reference.text for reference in given.excerpts))
    record: dict[str, Any] = {
        "id": given.id,
        "question": given.question,
        "kind": (RIGHT if up else WRONG) if answered else (RIGHTLY_REFUSED if up else FILL_IN),
        "answerable": answered and up,
        "speaker": given.subject,
        "gold": _places(given) if answered and up else [],
        "answers": texts if answered and up else [],
    }
    if answered and not up:
        record["forbidden"] = texts
    if judged.reason:
        record["reason"] = judged.reason
    return record


def _counting(given: Given, several: list[Judged]) -> Judged:
    own = [one for one in several if one.user == given.user]
    return max(own or several, key=lambda one: one.at)


def _places(given: Given) -> list[dict[str, Any]]:
    places = dict.fromkeys((reference.name, reference.number) for reference in given.excerpts)
    return [{"article": name, "paragraph": number} for name, number in places]
