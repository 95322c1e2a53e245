"""What the column reports somebody as saying, in order of date: all of it, or in some articles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from index.passage import Excerpt, Utterance
from index.people import Person
from index.segment import fold
from index.statements import by_passage, joined
from index.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    A page of somebody's statements: the newest article's first, in printed order within each.

    *people* are those whom the name means; *total* counts all their statements, repeats once.
    """

    people: tuple[Person, ...]
    excerpts: tuple[Excerpt, ...]
    total: int


def said(store: Store, people: Sequence[Person], first: int, most: int) -> Said:
    """Return *most* statements of *people*, from number *first* on, counted from 0."""
    labels = [label for person in people for label in person.speakers]
    told = by_passage(store.said(labels) if labels else [])
    passages = store.passages(told)
    found: dict[str, tuple[str, int, Utterance]] = {}
    for passage_id, utterances in told.items():
        article_id, passage = passages[passage_id]
        for u in joined(utterances, passage.text):
            found.setdefault(fold(passage.text[u.start : u.end]), (article_id, passage.number, u))
    page = [*found.values()][first : first + most]
    excerpts = tuple(
        Excerpt.reported(
            store.article(article_id), number, u.start, u.end, u, score=1.0, why=f"{u.speaker}, {u.cue}"
        )
        for article_id, number, u in page
    )
    return Said(people=tuple(people), excerpts=excerpts, total=len(found))


def said_in(store: Store, people: Sequence[Person], articles: Collection[str]) -> list[Excerpt]:
    """Return what *articles*, by their ids, report *people* as saying: the newest first, each as printed."""
    labels = [label for person in people for label in person.speakers]
    told = by_passage(store.said(labels, within=articles) if labels and articles else [])
    passages = store.passages(told)
    return [
        Excerpt.reported(
            store.article(article_id),
            passage.number,
            u.start,
            u.end,
            u,
            score=1.0,
            why=f"{u.speaker}, {u.cue}",
        )
        for passage_id, utterances in told.items()
        for article_id, passage in [passages[passage_id]]
        for u in joined(utterances, passage.text)
    ]
