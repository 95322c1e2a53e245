"""
The commands of those who run the bot: sync, status, sources, remove, admins, log.

Promises: nothing is taken down without a second click on the article's own name; what comes from Slack as a
source is a web address and never a path of this machine; addresses are shown without what may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

from bot.admins import Admins
from bot.again import again
from bot.commands import Call, Command
from bot.corrections import Corrector
from bot.failures import Failures
from bot.message import Message, escape, literal, section
from bot.reports import (
    Health,
    Source,
    article_line,
    holds_message,
    listed,
    log_message,
    sources_list_message,
    status_message,
)
from bot.state import Inbox, Memory, Stage
from bot.syncing import Keeper
from bot.upkeep import Upkeep, public
from index import wording
from index.passage import Article
from index.store import BusyStoreError

FOR_GOOD = "for good"
NAMESAKES = 5
NO_ADDRESS = Message(
    text="This is no web address that I could read: write one that begins with https:// or http://. "
    "Files and folders of the machine that I run on are named there, in the setting COLUMN."
)
BUSY = "A sync is writing to the column just now. Please try again in a minute."
GONE = Message(text="The column holds no such article any more.")
TAKEN_DOWN = "is taken down for good: no sync brings it back, and the answers that showed it no longer do."


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """
    What the commands of admins work with.

    *socket_age* gives the seconds that the socket has been open, None while it is not; *next_digests* a line
    for each digest to come.
    """

    upkeep: Upkeep
    keeper: Keeper
    admins: Admins
    inbox: Inbox
    memory: Memory
    failures: Failures
    corrector: Corrector
    socket_age: Callable[[], float | None] = lambda: None
    next_digests: Callable[[], Sequence[str]] = lambda: ()

    def sync(self, call: Call) -> Message:
        """Sync now, or show the sync that runs."""
        return self.keeper.ask(call.request)

    def status(self, call: Call) -> Message:
        """Say how the bot fares."""
        running = self.memory.syncs.opened()
        return status_message(
            Health(
                summary=self.upkeep.summary,
                sources=self._sources(),
                last=self.memory.syncs.last(),
                running=running is not None and running.stage is Stage.RUNNING,
                next_sync=self.keeper.next_due(),
                queue=self.inbox.count(),
                socket_age=self.socket_age(),
                version=version("pullquote"),
                digests=self.next_digests(),
            )
        )

    def list_sources(self, call: Call) -> Message:
        """List where the column comes from."""
        return sources_list_message(self._sources())

    def add_source(self, call: Call) -> Message:
        """Add a source, and sync."""
        if (source := address(call.rest)) is None:
            return NO_ADDRESS
        if not self.upkeep.add(source):
            return _said(f"{shown(source)} is a source of the column already.")
        return _said(f"Added: {shown(source)}.", self.keeper.ask(call.request))

    def remove_source(self, call: Call) -> Message:
        """Drop a source that was added here, and sync."""
        source = self._named(call.rest)
        if source is None:
            return _said("I know no such source; the command “sources list” shows all, with their numbers.")
        if not self.upkeep.remove(source):
            return _said(
                f"{shown(source)} is named in the setting COLUMN; take it out there, and start me anew."
            )
        return _said(f"No source any more: {shown(source)}. Its articles go.", self.keeper.ask(call.request))

    def test_source(self, call: Call) -> Message:
        """Say what of a source would be indexed."""
        if (source := address(call.rest)) is None:
            return NO_ADDRESS
        trial = self.upkeep.test(source)
        failures = [f"{public(failure.source)}: {public(failure.reason)}" for failure in trial.failures]
        return holds_message(shown(source), trial.articles, failures)

    def remove(self, call: Call) -> Message:
        """Take an article down for good, after a click that says so."""
        what, articles = call.rest, call.column.articles()
        id, _, sure = what.rpartition(f" {FOR_GOOD}")
        known = {article.id: article for article in articles}
        if id and not sure:
            if id in known:
                return self._take_down(known[id])
            if id in self.upkeep.taken_down:
                return GONE
        found = [known[what]] if what in known else called(what, articles)
        if not found:
            return _said("I know no such article; the command “sources” lists all, with their numbers.")
        if len(found) > 1:
            return _which(what, found)
        return _sure(found[0])

    def _take_down(self, article: Article) -> Message:
        try:
            self.upkeep.take_down(article.id)
        except BusyStoreError:
            return listed([BUSY], [article_line(article)], [_confirming(article)])
        except KeyError:
            return GONE
        self.corrector.wake()  # the answers that showed it are changed
        return _said(f"{article_line(article)} {TAKEN_DOWN}")

    def tell_admins(self, call: Call) -> Message:
        """Say who runs the bot, and how that is changed."""
        return self.admins.told()

    def log(self, call: Call) -> Message:
        """List the last failures."""
        return log_message(self.failures.latest())

    def _sources(self) -> list[Source]:
        failed, added = self.upkeep.summary.failed, self.upkeep.added
        return [
            Source(
                name=shown(name),
                read_at=self.upkeep.last_read(name),
                problem=public(failed.get(name, "")),
                added=name in added,
            )
            for name in self.upkeep.sources
        ]

    def _named(self, typed: str) -> str | None:
        """Return the source that somebody typed: by its number in the list, its address or its name."""
        sources = self.upkeep.sources
        if re.fullmatch(r"\d{1,4}", typed):
            number = int(typed)
            return sources[number - 1] if 1 <= number <= len(sources) else None
        wanted = (typed, address(typed))
        exact = [source for source in sources if source in wanted]
        bare = [source for source in sources if public(source) in wanted]
        return next(iter(exact or bare), None)


def address(typed: str) -> str | None:
    """Return the web address in what somebody typed, None where there is none."""
    bare = typed.strip().strip("<>")
    if "://" not in bare and re.match(r"[\w-]+(\.[\w-]+)+(/|$|:\d)", bare):
        bare = f"https://{bare}"
    try:
        parts = urlsplit(bare)
    except ValueError:
        return None
    plain = (
        parts.scheme in ("http", "https") and parts.hostname and not re.search(r"[\s\x00-\x1f<>\"|]", bare)
    )
    return f"{parts.scheme}://{bare.partition('://')[2]}" if plain else None


def shown(source: str) -> str:
    """Return the name of a source as it may be shown."""
    return wording.clip(public(source))


def called(typed: str, articles: Sequence[Article]) -> list[Article]:
    """Return the articles that somebody means: by number as listed, by link, by title or a part of it."""
    if re.fullmatch(r"#?\d{1,6}", typed):
        number = int(typed.lstrip("#"))
        return list(articles[number - 1 : number]) if number else []
    if linked := [a for a in articles if a.url and a.url in (typed, address(typed))]:
        return linked
    wanted = _folded(typed)
    whole = [a for a in articles if _folded(a.title) == wanted]
    return whole or [a for a in articles if wanted and wanted in _folded(a.title)]


def _folded(title: str) -> str:
    return " ".join(re.sub(r"[“”\"„«»]", " ", title).casefold().split())


def _which(what: str, found: Sequence[Article]) -> Message:
    head = f"More than one article is called so. Which of them do you mean by “{wording.clip(what)}”?"
    choices = [(article_line(article), f"remove {article.id}") for article in found[:NAMESAKES]]
    return listed([head], [article_line(article) for article in found], choices)


def _sure(article: Article) -> Message:
    ask = (
        f"Take down {article_line(article)}? That is for good: it leaves the column, no sync brings it "
        "back, and the answers that showed its words no longer do."
    )
    return literal(ask, *again([_confirming(article)]))


def _confirming(article: Article) -> tuple[str, str]:
    return "Take it down for good", f"remove {article.id} {FOR_GOOD}"


def _said(text: str, then: Message | None = None) -> Message:
    """Say *text*, which is literal, and *then* something more."""
    lines = [text, *([then.text] if then else [])]
    blocks = (section("\n".join(lines)),)
    return Message(text="\n".join([escape(text), *lines[1:]]), blocks=blocks)


def _means_address(rest: str) -> bool:
    return len(rest.split()) == 1


def _means_article(rest: str) -> bool:
    return bool(rest) and not rest.endswith("?")


def operations(operator: Operator) -> dict[str, Command]:
    """Return the commands by their words; all are for admins."""
    return {
        "sync": Command(
            usage="sync",
            does="reads the column anew, and shows how that goes.",
            run=operator.sync,
            admins=True,
        ),
        "status": Command(
            usage="status", does="says how the column and I fare.", run=operator.status, admins=True
        ),
        "sources list": Command(
            usage="sources list",
            does="lists where the column comes from.",
            run=operator.list_sources,
            admins=True,
        ),
        "sources test": Command(
            usage="sources test URL",
            does="shows what of a feed or page would be indexed, and changes nothing.",
            run=operator.test_source,
            meant=_means_address,
            admins=True,
        ),
        "sources add": Command(
            usage="sources add URL",
            does="adds a source to the column.",
            run=operator.add_source,
            meant=_means_address,
            admins=True,
        ),
        "sources remove": Command(
            usage="sources remove URL",
            does="drops a source that was added here, and its articles; its number does, too.",
            run=operator.remove_source,
            meant=_means_address,
            admins=True,
        ),
        "remove": Command(
            usage="remove ARTICLE",
            does="takes an article down for good: by its title, its link, or its number in `sources`.",
            run=operator.remove,
            meant=_means_article,
            admins=True,
        ),
        "admins": Command(
            usage="admins",
            does="says who runs me, and how to change that.",
            run=operator.tell_admins,
            admins=True,
        ),
        "log": Command(usage="log", does="lists my last failures, ids only.", run=operator.log, admins=True),
    }
