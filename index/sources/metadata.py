"""Title, author, date and URL of an article, from front matter or a file's name, checked. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import yaml

from index.sources.encoding import UnreadableError

FRONT_MATTER = re.compile(r"\s*?---[ \t]*\r?\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
# Far above any real one: keeps hostile YAML small.
FRONT_MATTER_LIMIT = 20_000

TITLE_KEYS = ("title", "headline")
AUTHOR_KEYS = ("author", "authors", "byline", "by")
DATE_KEYS = ("date", "published", "pubdate", "publish_date", "publishdate", "date_published", "datepublished")
URL_KEYS = ("url", "link", "canonical", "canonical_url", "permalink")

ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
DATE_FORMATS = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%d.%m.%Y", "%Y%m%d")
STEM_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
STEM_DATE_PART = re.compile(r"\d{4}-\d{2}(?:-\d{2})?(?!\d)[-_ ]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a file says about its article; None where it says nothing that can be used."""

    title: str | None = None
    author: str | None = None
    date: date | None = None
    url: str | None = None


class _Loader(yaml.BaseLoader):
    """YAML with strings, lists and mappings only: no types are guessed and no aliases followed."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def split_front_matter(text: str) -> tuple[Metadata, str]:
    """
    Return the metadata between the two ``---`` lines that *text* starts with, and the text below them.

    Raises:
        UnreadableError: If what is between them is no valid YAML; the sentence names the line.
    """
    found = FRONT_MATTER.match(text)
    if found is None or found.end() > FRONT_MATTER_LIMIT:
        return Metadata(), text
    fields = _fields(found[1] or "")
    if fields is None:  # prose between two rules
        return Metadata(), text
    return _metadata(fields), text[found.end() :]


def _fields(front: str) -> Mapping[str, Any] | None:
    try:
        loaded = _Loader(front).get_single_data()
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 2 if e.problem_mark else 2  # counted from 1, below the first "---"
        raise UnreadableError(
            f"Line {line} of its front matter is no valid YAML ({e.problem}); quoting its value often helps."
        ) from e
    except (yaml.YAMLError, RecursionError) as e:
        raise UnreadableError("Its front matter is no valid YAML; write it as lines of 'title: …'.") from e
    if loaded is None or loaded == "":
        return {}
    return {str(key).lower(): value for key, value in loaded.items()} if isinstance(loaded, dict) else None


def _metadata(fields: Mapping[str, Any]) -> Metadata:
    def first(keys: Sequence[str]) -> Any:
        return next((fields[key] for key in keys if fields.get(key)), None)

    return Metadata(
        title=clean(first(TITLE_KEYS)),
        author=_author(first(AUTHOR_KEYS)),
        date=parse_date(first(DATE_KEYS)),
        url=web_url(first(URL_KEYS)),
    )


def _author(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return clean(value.get("name"))
    if isinstance(value, list):
        return ", ".join(name for name in map(_author, value) if name) or None
    return clean(value)


def clean(value: Any) -> str | None:
    """Return *value* as one line without control characters; None where nothing is left or it is no text."""
    if not isinstance(value, str):
        return None
    line = re.sub(r"[ \t\r\n\f\v\x85\u2028\u2029]+", " ", value)
    return "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs")).strip() or None


def parse_date(value: Any) -> date | None:
    """
    Return the day that *value* names, in the zone it is written in; None where it is partial or ambiguous.

    "2025-09-10T08:00:00+02:00", "10 September 2025", "Sep 10, 2025", "10.9.2025" and e-mail dates are read;
    "9/10/2025" is not: half its readers would mean another day.
    """
    text = clean(value) or ""
    if found := ISO_DATE.match(text):
        return _day(*map(int, found.groups()))
    words = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|[,.](?=\s)", "", text)
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(words, form).date()
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text).date()
    except ValueError:
        return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def web_url(value: Any) -> str | None:
    """Return *value* where it is a whole http or https address without a password, else None."""
    text = value.strip() if isinstance(value, str) else ""
    if re.search(r"[\s<>|\"\\^`{}\x00-\x20\x7f-\x9f]", text):
        return None
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return text if whole else None


def date_from_stem(stem: str) -> date | None:
    """Return the whole date in a file's name ("2025-09-10-drones"), or None."""
    found = STEM_DATE.search(stem)
    return _day(*map(int, found.groups())) if found else None


def title_from_stem(stem: str) -> str:
    """Return a file's name as a title: "2025-09-the-long-road" is "The long road"."""
    words = re.sub(r"[-_\s]+", " ", STEM_DATE_PART.sub("", stem, count=1)).strip()
    title = words or stem
    return title[:1].upper() + title[1:]
