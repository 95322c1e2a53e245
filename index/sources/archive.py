"""
Exports to their articles: Substack's zip of posts.csv and HTML, WordPress' WXR, a feed that was saved.

Nothing is unpacked to disk, and no name inside an archive is ever used as a path.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from index.passage import Article
from index.sources import feed as feeds
from index.sources.encoding import UnreadableError, decode
from index.sources.feed import Entry
from index.sources.live import from_entry
from index.sources.metadata import clean, parse_date
from index.sources.record import Failure, SourceError

ZIP = ".zip"
MOST_FILES = 50_000  # of an archive
FILE_LIMIT = 10_000_000  # bytes of one file, unpacked
XML_LIMIT = 100_000_000  # bytes of an export in one file
ALL_LIMIT = 1_000_000_000  # bytes of all files together, unpacked
POSTS = "posts.csv"

Listed = Callable[[int], object]


def read_archive(
    path: Path,
    source: str,
    *,
    most_files: int = MOST_FILES,
    all_limit: int = ALL_LIMIT,
    listed: Listed = lambda count: None,
) -> Iterator[Article | Failure]:
    """
    Read every published article of an export, of at most *most_files* and *all_limit* bytes once unpacked.

    *listed* hears how many posts it lists.

    Raises:
        SourceError: If it cannot be read at all.
    """
    try:
        if path.suffix.lower() == ZIP:
            yield from _unpacked(path, source, most_files, all_limit, listed)
        else:
            yield from _exported(_whole(path), source, path.name, listed)
    except (UnreadableError, zipfile.BadZipFile, NotImplementedError) as e:
        reason = (
            str(e) if isinstance(e, UnreadableError) else "It is no zip file that can be read; export anew."
        )
        raise SourceError(reason) from e
    except SourceError:
        raise
    except OSError as e:
        raise SourceError(f"It may not be read ({e.strerror}); give this user the right to read it.") from e
    except Exception as e:  # what a parser makes of one strange archive must not cost the others
        raise SourceError(f"It could not be read ({type(e).__name__}); export anew.") from e


def _whole(path: Path) -> str:
    with path.open("rb") as stream:
        data = stream.read(XML_LIMIT + 1)
    if len(data) > XML_LIMIT:
        raise UnreadableError(f"It is larger than {XML_LIMIT // 1_000_000} MB; export it in parts.")
    return decode(data)


def _unpacked(
    path: Path, source: str, most_files: int, all_limit: int, listed: Listed
) -> Iterator[Article | Failure]:
    with zipfile.ZipFile(path) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        if len(files) > most_files:
            raise UnreadableError(f"It holds more than {most_files:,} files; export it in parts.")
        reader = _Reader(archive, all_limit)
        table = next((f for f in files if PurePosixPath(f.filename).name == POSTS), None)
        exports = [f for f in files if f.filename.lower().endswith(".xml")]
        if table is not None:
            yield from _posts(reader, table, files, source, listed)
        elif exports:
            for file in exports:
                yield from _exported(decode(reader.read(file, XML_LIMIT)), source, file.filename, listed)
        else:
            raise UnreadableError(
                "It is neither Substack's export nor WordPress'; name a folder of its files."
            )


class _Reader:
    """Unpacks one file after another, and no more than is allowed in all."""

    def __init__(self, archive: zipfile.ZipFile, limit: int) -> None:
        self.archive, self.left = archive, limit

    def read(self, file: zipfile.ZipInfo, limit: int = FILE_LIMIT) -> bytes:
        """
        Unpack a file; what its header says of its size is not believed.

        Raises:
            UnreadableError: If it is too large, encrypted or damaged.
        """
        most = min(limit, self.left)
        try:
            with self.archive.open(file) as stream:
                data = stream.read(most + 1)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as e:
            raise UnreadableError("It is damaged or encrypted inside the archive; export anew.") from e
        self.left -= len(data)
        if len(data) > most:
            raise UnreadableError("It unpacks to more than an export can hold, as bombs do; leave it out.")
        return data


# ---- Substack


def _posts(
    reader: _Reader, table: zipfile.ZipInfo, files: list[zipfile.ZipInfo], source: str, listed: Listed
) -> Iterator[Article | Failure]:
    """Read the posts that the table lists as published, each from the file that bears its id."""
    by_name = {PurePosixPath(f.filename).name: f for f in files}
    try:
        rows = list(csv.DictReader(io.StringIO(decode(reader.read(table)), newline="")))
    except csv.Error as e:
        raise UnreadableError(f"Its {POSTS} is no table that can be read; export anew.") from e
    published = [r for r in rows if (r.get("is_published") or "").strip().lower() == "true"]
    listed(len(published))
    for row in published:
        post = row.get("post_id") or ""
        if not post:
            continue
        file = by_name.get(f"{post}.html")
        try:
            if file is None:
                raise UnreadableError("The archive has no text of it; export anew.")
            if (article := _post(row, decode(reader.read(file)), source)) is not None:
                yield article
        except UnreadableError as e:
            yield Failure(source=f"{source}: {clean(post) or POSTS}", reason=str(e), id=f"{source} {post}")
        if reader.left <= 0:
            raise UnreadableError("It unpacks to more than an export can hold, as bombs do; leave it out.")


def _post(row: dict[str, str], text: str, source: str) -> Article | None:
    """Build a post's article: a post without text, such as a thread or an episode, gives none."""
    entry = Entry(
        title=clean(row.get("title")),
        link=None,
        author=None,
        date=parse_date(row.get("post_date")),
        text=text,
        has_content=True,
    )
    name = clean((row.get("post_id") or "").partition(".")[2])
    return _article(entry, source, name=name)


# ---- WordPress, and feeds


def _exported(text: str, source: str, where: str, listed: Listed) -> Iterator[Article | Failure]:
    loose = feeds.is_export(text)
    entries = feeds.read_feed(text, "", own=True).entries
    listed(len(entries))
    for entry in entries:
        named = f"{source}: {entry.link or entry.title or where}"
        try:
            if (article := _article(entry, source, loose=loose)) is not None:
                yield article
        except Exception as e:  # what a parser makes of one strange entry must not cost the others
            reason = f"It could not be read ({type(e).__name__}); save its text as Markdown."
            yield Failure(source=named, reason=reason, id=named)


def _article(entry: Entry, source: str, *, name: str | None = None, loose: bool = False) -> Article | None:
    article = from_entry(entry, source, datetime.now(UTC), loose=loose)
    return replace(article, name=name) if article and name else article
