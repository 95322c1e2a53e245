"""
Which articles are one and the same: by canonical link and by their words. Pure.

Never by a feed's GUID, a date or a position in a list: those change while the article stays what it is.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from index.passage import Article
from index.segment import fold

# Query parameters that say how a reader came to a page and never which page it is.
TRACKING = re.compile(
    r"(?:utm|mtm|pk|hsa|mc|oly|vero|_hs|wt|ga)_\w*|_hsenc|_hsmi|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid"
    r"|twclid|ttclid|li_fat_id|s_cid|cmpid|ncid|ref|ref_src|referrer|source|src|share|shared|smid|sh|r|s|cmp"
    r"|token|publication_id|post_id|isfreemail|triedredirect|showwelcome|showwelcomeonshare|amp|output|print",
    re.IGNORECASE,
)
DEFAULT_PAGE = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)\Z", re.IGNORECASE)
WORDS = re.compile(r"\w+")

# Fewer words than this are no evidence that two texts are one: "The office is closed today."
TELLING = 20
# Of the words of the longer text, the share that stands in passages that both have.
ALIKE, ALMOST_ALL = 0.7, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """
    What an article is recognised by.

    *link* is its canonical link, *name* its short name. *text* is a fingerprint of all its words; *parts*
    are those of its passages, each with how many words it has.
    """

    link: str | None
    name: str
    title: str
    text: str
    parts: Mapping[str, int]
    truncated: bool = False

    @property
    def words(self) -> int:
        """How many words there are; a passage that is printed twice counts once."""
        return sum(self.parts.values())


def trace_of(article: Article) -> Trace:
    """Return what *article* is recognised by."""
    words = [WORDS.findall(fold(p.text)) for p in article.passages]
    return Trace(
        link=article.url and canonical(article.url),
        name=fold(article.name),
        title=" ".join(WORDS.findall(fold(article.title))),
        text=_fingerprint(word for some in words for word in some),
        parts={_fingerprint(some): len(some) for some in words if some},
        truncated=article.truncated,
    )


def canonical(url: str) -> str:
    """
    Return what all spellings of a page's address share: no scheme, www, tracking, fragment or last slash.

    It tells pages apart and is never fetched or shown.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url.strip()
    host = host.lower().removeprefix("www.")
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    path = DEFAULT_PAGE.sub("/", quote(unquote(parts.path), safe="/~:@!$&'()*+,;="))
    kept = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(pair[0]))
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{host}{re.sub('/{2,}', '/', path).rstrip('/')}{query}"


def cleaned(url: str) -> str:
    """Return an address without what only tracks readers, as it may be shown and opened."""
    try:
        parts = urlsplit(url.strip())
        pairs = parts.query.split("&")
    except ValueError:
        return url
    kept = "&".join(pair for pair in pairs if not _tracks(pair.partition("=")[0]))
    return parts._replace(query=kept, fragment="").geturl()


def id_of(trace: Trace, taken: Collection[str] = ()) -> str:
    """Return the id of a new article: of its link; of its words where there is none or that id is *taken*."""
    first = hashlib.sha256(f"link {trace.link}".encode()).hexdigest()[:32]
    if trace.link and first not in taken:
        return first
    return hashlib.sha256(f"text {trace.link} {trace.title} {trace.text}".encode()).hexdigest()[:32]


class Known:
    """Articles by what they are recognised by."""

    def __init__(self, traces: Mapping[str, Trace] | None = None) -> None:
        self.traces: dict[str, Trace] = {}
        self._links: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._parts: defaultdict[str, set[str]] = defaultdict(set)
        self._names: dict[tuple[str, str], str] = {}
        for id, trace in (traces or {}).items():
            self.add(id, trace)

    def add(self, id: str, trace: Trace) -> None:
        """Learn what article *id* looks like now; what it looked like before leads to it as well."""
        self.traces[id] = trace
        if trace.link:
            self._links[trace.link] = id
        self._texts[trace.text] = id
        self._names[trace.name, trace.title] = id
        for part in trace.parts:
            self._parts[part].add(id)

    def find(self, trace: Trace) -> str | None:
        """Return the id of the article that *trace* is of, by whatever tells it; None for none of these."""
        return self.exact(trace) or self.near(trace)

    def exact(self, trace: Trace) -> str | None:
        """Return the id of the article that has this very link, or these very words."""
        if trace.link and (id := self._links.get(trace.link)):
            return id
        if (id := self._texts.get(trace.text)) and self._same_words(id, trace):
            return id
        # An export has no links, but the last part of each; and titles are edited more than those.
        named = self._names.get((trace.name, trace.title))
        return named if named and bool(self.traces[named].link) != bool(trace.link) else None

    def near(self, trace: Trace, listed: Collection[str] = ()) -> str | None:
        """
        Return the id of the article that has nearly these words.

        *listed* are the links of the articles that stand beside it in its source: one that stands there
        under its own link is another article, however much of the text they share.
        """
        alike = {id: s for id, s in self._shared(trace).items() if self.traces[id].link not in listed}
        best = max(alike, key=lambda id: alike[id], default=None)
        return best if best is not None and self._almost_same(best, trace, alike[best]) else None

    def _same_words(self, id: str, trace: Trace) -> bool:
        return trace.words >= TELLING or self.traces[id].title == trace.title

    def _shared(self, trace: Trace) -> Counter[str]:
        """Return how many words each article has in passages that *trace* has too."""
        shared: Counter[str] = Counter()
        for part, words in trace.parts.items():
            for id in self._parts.get(part, ()):
                shared[id] += words if part in self.traces[id].parts else 0
        return shared

    def _almost_same(self, id: str, trace: Trace, shared: int) -> bool:
        other = self.traces[id]
        # A preview is the beginning of its article: what counts is how much of the preview is in it.
        whole = min(other.words, trace.words) if other.truncated or trace.truncated else 0
        most = whole or max(other.words, trace.words)
        share = ALIKE if other.title == trace.title else ALMOST_ALL
        return shared >= TELLING and shared >= share * most


def _tracks(parameter: str) -> bool:
    return TRACKING.fullmatch(parameter) is not None


def _fingerprint(words: Iterable[str]) -> str:
    return hashlib.blake2b(" ".join(words).encode(), digest_size=12).hexdigest()
