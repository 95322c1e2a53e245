"""
The commands that look something up: a quotation, an answer's record, somebody's statements, the articles.

What takes more than one page turns with buttons; a click gives the command again, for another page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import quotation, replay
from bot.again import namesakes, turning
from bot.commands import Call, Command
from bot.message import (
    EXCERPT_LIMITS,
    OPEN,
    Block,
    Message,
    all_spoken,
    cited,
    escape,
    fitting,
    linkable,
    message,
    prove,
    prove_excerpts,
    section,
)
from bot.state import Given, Kind, read_id
from index import wording
from index.passage import Article, Excerpt
from index.people import enumerated
from index.said import Said

LISTED = 15  # articles on one page of sources
FEW = 6  # words after "check": so few without quotation marks are a question ("check the tide tables")
STATEMENTS = 5  # on one page of what somebody said
NAMED = 5  # words of a name
LINES = (300, 150, 60)  # characters of an article's line that is read aloud
_LIKE_AN_ID = re.compile(r"(?=\w*\d)\w{6,12}", re.ASCII)
_NAME_AND_PAGE = re.compile(r"(?P<name>.+?)(?:\s+page\s+(?P<page>\d{1,4}))?")
_QUOTED = re.compile(r"[“”\"«»„‘‹›]|(?<!\w)['’]|['’](?!\w)")
_PAGE = re.compile(r"(?:(?:page\s+)?(\d{1,4}))?")
_NAME_AND_PAGE = re.compile(r"(?P<name>.+?)(?:\s+page\s+(?P<page>\d{1,4}))?")
_QUOTED = re.compile(r"[“”\"«»„‘‹›]|(?<!\w)['’]|['’](?!\w)")
_LIKE_AN_ID = re.compile(r"(?=\w*\d)\w{6,12}", re.ASCII)
_PAGE = re.compile(r"(?:(?:page\s+)?(\d{1,4}))?")


def _check(call: Call) -> Message:
    return quotation.asked(call.rest, call.column.check)


def _why(call: Call) -> Message:
    """Show an answer's record to whoever could see the answer: those of its channel, or its asker alone."""
    request = call.request

    def may_see(given: Given) -> bool:
        whispered = given.commanded or given.kind is Kind.DM
        public = given.shared_at is not None if whispered else given.removed_at is None
        shown_here = public and given.channel == request.channel
        return given.team == request.team and (given.user == request.user or shown_here)

    return replay.replay(call.rest, call.memory.answers, call.column.article, may_see, days=call.memory.days)


def _said(call: Call) -> Message:
    """Show a page of somebody's statements; where more than one are called so, ask whom they mean."""
    name, page = _name_and_page(call.rest)
    said = call.column.said(name, (page - 1) * STATEMENTS, STATEMENTS)
    people = [p for p in said.people if p.speakers]
    if len(people) > 1 and len(enumerated(name)) == 1:
        return namesakes(name, people, "said")
    if not said.excerpts and page > 1 and said.total:
        page = -(-said.total // STATEMENTS)
        said = call.column.said(name, (page - 1) * STATEMENTS, STATEMENTS)
    if not said.excerpts:  # which kind of no it is
        answer = call.column.ask(f"what did {name} say?")
        shown, withheld = call.ration(answer.excerpts)
        answer = replace(answer, excerpts=shown, withheld=withheld)
        built = message(answer)
        prove(built, answer)
        return built
    shown, withheld = call.ration(said.excerpts)
    return said_message(replace(said, excerpts=shown), name, page, withheld)


def _name_and_page(rest: str) -> tuple[str, int]:
    """Return the name and the page in what follows "said"; a bare number belongs to the name."""
    found = _NAME_AND_PAGE.fullmatch(rest)
    return (found["name"], max(1, int(found["page"] or 1))) if found else (rest, 1)


def said_message(said: Said, name: str, page: int, withheld: Sequence[Excerpt] = ()) -> Message:
    """
    Show a page of somebody's statements, each with its voice and citation; of those *withheld* the citation.

    Raises:
        NotVerbatimError: If one is not in the message letter for letter.
    """
    people = " and ".join(dict.fromkeys(wording.clip(p.name) for p in said.people if p.speakers))
    pages = -(-said.total // STATEMENTS)
    noun = "statement" if said.total == 1 else "statements"
    head = f"{people}: {said.total:,} {noun}, newest first; page {page} of {pages}."
    command = f"said {wording.clip(name)}"
    told = f"{head} The next: /column {command} page {page + 1}" if page < pages else head
    # Where even the shortest excerpts leave no room, the places of what is withheld are left out.
    tries = [(withheld, limit) for limit in EXCERPT_LIMITS]
    tries.append((withheld[:1], EXCERPT_LIMITS[-1]))
    opening: Block = section(head)
    turns = turning(command, page, pages)
    blocks = ([opening, *cited(said.excerpts, *tried), *turns] for tried in tries)
    texts = ("\n\n".join([escape(told), *all_spoken(said.excerpts, *tried)]) for tried in tries)
    built = fitting(texts, blocks)
    prove_excerpts(built.blocks, said.excerpts)
    return built


def _sources(call: Call) -> Message:
    page = _PAGE.fullmatch(call.rest)
    return sources_message(call.column.articles(), int((page and page[1]) or 1))


def sources_message(articles: Sequence[Article], page: int) -> Message:
    """List *articles*, newest first, a page at a time; a page that does not exist is the last."""
    pages = max(1, -(-len(articles) // LISTED))
    page = min(max(1, page), pages)
    shown = articles[(page - 1) * LISTED : page * LISTED]
    noun = "article" if len(articles) == 1 else "articles"
    head = f"The column holds {len(articles):,} {noun}, newest first; page {page} of {pages}."
    told = f"{head} The next: /column sources {page + 1}" if page < pages else head
    opening: Block = section(head)
    turns = turning("sources", page, pages)
    lines = [_line(article) for article in shown]
    before = (page - 1) * LISTED
    numbered = [f"{number}. {line}" for number, line in enumerate(lines, before + 1)]
    texts = (
        "\n".join(map(escape, [told, *(wording.cut(line, most) for line in numbered)])) for most in LINES
    )
    listed = (_list(shown, lines, before, linked=linked) for linked in (True, False))
    blocks = ([opening, *([block] if shown else []), *turns] for block in listed)
    return fitting(texts, blocks)


def _line(article: Article) -> str:
    title = wording.clip(article.title) or "untitled"
    by = f", by {wording.clip(article.author)}" if article.author else ""
    when = wording.day(article.date) if article.date else "undated"
    return f"“{title}”{by} · {when}"


def _list(articles: Sequence[Article], lines: Sequence[str], before: int, *, linked: bool) -> Block:
    """
    Return the lines as a list, and with *linked* where each article can be opened, if that is known.

    They are numbered on from those *before* them: an article goes by its number, too.
    """
    sections = []
    for article, line in zip(articles, lines, strict=True):
        leaves: list[Block] = [{"type": "text", "text": line}]
        if linked and article.url and linkable(article.url):
            leaves += [{"type": "text", "text": " · "}, {"type": "link", "url": article.url, "text": OPEN}]
        sections.append({"type": "rich_text_section", "elements": leaves})
    numbered = {"type": "rich_text_list", "style": "ordered", "offset": before, "elements": sections}
    return {"type": "rich_text", "elements": [numbered]}


def _means_check(rest: str) -> bool:
    return bool(_QUOTED.search(rest)) or len(rest.split()) > FEW or not rest


def _means_why(rest: str) -> bool:
    """Tell an id, be it mistyped, from a question: “why ferries?”."""
    return len(rest.split()) == 1 and bool(read_id(rest) or _LIKE_AN_ID.fullmatch(rest))


def _means_said(rest: str) -> bool:
    return 0 < len(_name_and_page(rest)[0].split()) <= NAMED and "?" not in rest


def _means_sources(rest: str) -> bool:
    return bool(_PAGE.fullmatch(rest))


LOOKUPS = {
    "check": Command(
        usage="check “the words” by NAME",
        does="says whether a quotation is verbatim, and whose it is.",
        run=_check,
        meant=_means_check,
        counts=True,
    ),
    "why": Command(usage="why ID", does="shows how an answer came about.", run=_why, meant=_means_why),
    "said": Command(
        usage="said NAME",
        does="shows somebody's statements in order of date.",
        run=_said,
        meant=_means_said,
        counts=True,
    ),
    "sources": Command(
        usage="sources", does="lists the articles, newest first.", run=_sources, meant=_means_sources
    ),
}
