"""What a source would bring into the column, found out without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.fetched import Fetched
from index.intake import Intake, Verdict
from index.passage import Article
from index.sources import Failure, SourceError, is_live, read
from index.sources.fetch import Fetcher
from index.sources.visit import Visit
from index.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    An article that a source holds now.

    *known* says that the column has it already, *taken_down* that it would stay away, *truncated* that only
    a preview of it can be read.
    """

    title: str
    author: str | None
    date: date | None
    url: str | None
    passages: int
    truncated: bool = False
    known: bool = False
    taken_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    What a source would bring: its articles in its own order, and what could not be read, with the reasons.

    A source that cannot be read at all has one failure, under its own name.
    """

    source: str
    articles: tuple[Found, ...]
    failures: tuple[Failure, ...]

    @property
    def passages(self) -> int:
        """How many passages would be new."""
        return sum(a.passages for a in self.articles if not a.known and not a.taken_down)


class _Unread:
    """A memory of nothing: everything is fetched whole."""

    def fetched(self, url: str) -> Fetched | None:
        return None


def try_source(store: Store, source: str, fetcher: Fetcher | None = None, most_pages: int = 20) -> Trial:
    """
    Read *source*, an address, as a sync would, and say what it holds; nothing is stored or remembered.

    Of pages that have to be fetched one by one, *most_pages* are.
    """
    articles: list[Article] = []
    failures: list[Failure] = []
    with fetcher or Fetcher() as opened:
        visit = Visit(fetcher=opened, memory=_Unread(), rules="", most_pages=most_pages)
        try:
            if not is_live(source):
                raise SourceError("It is no http or https address; name one.")
            for item in read(source, visit):
                if isinstance(item, Article):
                    articles.append(item)
                elif isinstance(item, Failure):
                    failures.append(item)
        except SourceError as e:
            failures.append(Failure(source=source, reason=str(e)))
    if not articles and not failures:
        failures.append(Failure(source=source, reason="It holds no article."))
    return Trial(source=source, articles=tuple(_found(store, source, articles)), failures=tuple(failures))


def _found(store: Store, source: str, articles: Sequence[Article]) -> list[Found]:
    held = {a.id for a in store.articles()}
    intake = Intake(store, [*store.sources(), source])
    first = [intake.judge(article) for article in articles]
    judged = [intake.judge(j.article, last=True) if j.verdict is Verdict.LATER else j for j in first]
    once = {j.article.id: j for j in reversed(judged)}
    return [
        Found(
            title=a.title,
            author=a.author,
            date=a.date,
            url=a.url,
            passages=len(a.passages),
            truncated=a.truncated,
            known=j.article.id in held,
            taken_down=j.verdict is Verdict.TAKEN_DOWN,
        )
        for a, j in zip(articles, judged, strict=True)
        if once[j.article.id] is j
    ]
