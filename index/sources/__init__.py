"""Any source to its articles: a file, a folder, an export, a feed, a sitemap, a page. What fails is named."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from index.passage import Article
from index.sources.encoding import UnreadableError, decode
from index.sources.markup import Block, markdown_blocks, text_blocks
from index.sources.metadata import (
    Metadata,
    clean,
    date_from_stem,
    parse_date,
    split_front_matter,
    title_from_stem,
    web_url,
)
from index.sources.quotation import passages
from index.sources.record import Failure as Failure
from index.sources.record import SourceError as SourceError
from index.sources.record import Unchanged as Unchanged
from index.sources.webpage import read_page

if TYPE_CHECKING:
    from index.sources.visit import Visit

TEXT, MARKDOWN, HTML = (".txt",), (".md", ".markdown"), (".html", ".htm")
SUFFIXES = TEXT + MARKDOWN + HTML
EXPORTS = (".zip", ".xml", ".rss", ".atom")  # read where they are the source itself, not inside a folder

# A book of 1.5 million words; an article is a thousandth of it.
SIZE_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file to read: its place below a root folder, and where its bytes are."""

    root: Path
    place: PurePath
    path: Path
    source: str

    @property
    def id(self) -> str:
        return _fingerprint(self.root / self.place)

    @property
    def shown(self) -> str:
        return _printable(self.place)


def is_live(source: str) -> bool:
    """Tell whether *source* is on the web: what it no longer lists may still be true."""
    return "://" in source


def is_export(source: str) -> bool:
    """Tell whether *source* is a file of many articles, which are known by their links and words."""
    return not is_live(source) and Path(source).suffix.lower() in EXPORTS


def read(
    source: str, visit: Visit | None = None, listed: Callable[[int], object] = lambda count: None
) -> Iterator[Article | Failure | Unchanged]:
    """
    Read every article that *source* names: of a folder the top folder first, by name.

    Without a *visit*, nothing is fetched. *listed* hears how many articles there seem to be, where the
    source says so before it is read.

    Hidden files, other kinds of files and folders behind links are passed over. Names are unique within
    the source: a file's stem, or its place below the source where the stem is taken.

    Raises:
        SourceError: At once, if *source* is no file or folder that can be read; of an export or what is on
            the web, when its articles are asked for.
    """
    # Their libraries take a while to load, and whoever only has files needs none of them.
    if visit is not None and is_live(source):
        from index.sources.live import read_live

        visit.listed = listed
        return read_live(source, visit)
    path = _existing(source)
    if path.is_dir():
        files = list(_files_below(path.resolve(), source))
        listed(len(files))
        return _articles(files)
    if is_export(source):
        from index.sources.archive import read_archive

        return read_archive(path, source, listed=listed)
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(
            f"'{source}' is no text, Markdown or HTML file: its name must end in {', '.join(SUFFIXES)}, "
            f"or of an export in {', '.join(EXPORTS)}."
        )
    listed(1)
    return _articles([_File(root=path.parent.resolve(), place=PurePath(path.name), path=path, source=source)])


def _existing(source: str) -> Path:
    if "://" in source or not source.strip():
        raise SourceError(f"'{source}' is no file or folder; name one.")
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            os.scandir(path).close()
        elif path.is_file():
            path.open("rb").close()
        elif path.exists():
            raise SourceError(f"'{source}' is neither a file nor a folder; name one.")
        else:
            raise SourceError(f"'{source}' does not exist; name a file or folder that does.")
    except PermissionError as e:
        raise SourceError(f"'{source}' may not be read; give this user the right to read it.") from e
    except (OSError, ValueError) as e:
        raise SourceError(f"'{source}' cannot be opened; name a file or folder that can.") from e
    return path


def _files_below(root: Path, source: str) -> Iterator[_File | Failure]:
    """Find the files below *root* in a fixed order, without ever following a link to a folder."""
    closed: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        places = [PurePath(folder, name).relative_to(root) for name in sorted(names)]
        for place in filter(_is_article, places):
            file = _File(root=root, place=place, path=root / place, source=source)
            yield from _behind_link(file) if file.path.is_symlink() else [file]
    for error in closed:
        shown = _printable(PurePath(error.filename).relative_to(root))
        yield Failure(source=shown, reason="The folder may not be read; give this user the right to read it.")


def _is_article(place: PurePath) -> bool:
    """Tell by its name whether a file is read: not hidden, and of a kind that holds articles."""
    return not any(part.startswith(".") for part in place.parts) and place.suffix.lower() in SUFFIXES


def _behind_link(file: _File) -> Iterator[_File | Failure]:
    """Follow a link to a file inside the source, unless that file is read in its own place."""
    target = Path(os.path.realpath(file.path))
    if not target.is_relative_to(file.root):
        reason = "It is a link that leads out of the folder; name the file itself as a source."
        yield Failure(source=file.shown, reason=reason, id=file.id)
    elif not _is_article(target.relative_to(file.root)):
        yield replace(file, path=target)


def _articles(files: Iterable[_File | Failure]) -> Iterator[Article | Failure]:
    taken: set[str] = set()
    for file in files:
        if isinstance(file, Failure):
            yield file
            continue
        name = _free_name(file.place, taken)
        taken.add(name)
        try:
            yield _article(file, name)
        except UnreadableError as e:
            yield Failure(source=file.shown, reason=str(e), id=file.id)
        except Exception as e:  # what a parser makes of one strange file must not cost the others
            reason = f"It could not be read ({type(e).__name__}); save its text as Markdown."
            yield Failure(source=file.shown, reason=reason, id=file.id)


def _free_name(place: PurePath, taken: set[str]) -> str:
    """Return the file's stem, or where another file has it, its place below the source."""
    names = [place.stem, place.with_suffix("").as_posix(), place.as_posix()]
    return next(name for name in map(_printable, names) if name not in taken)


def _article(file: _File, name: str) -> Article:
    text = decode(_bytes(file.path))
    suffix = file.place.suffix.lower()
    if suffix in HTML:
        metadata, blocks = _from_html(text)
    else:
        metadata, body = split_front_matter(text)
        blocks = markdown_blocks(body) if suffix in MARKDOWN else text_blocks(body)
    numbered = passages(blocks, plain=suffix in TEXT)
    if not numbered:
        raise UnreadableError("There is no paragraph of text in it; write one, or leave it out.")
    return Article(
        id=file.id,
        name=name,
        title=metadata.title or _heading(blocks) or title_from_stem(_printable(PurePath(file.place.stem))),
        author=metadata.author,
        date=metadata.date or date_from_stem(file.place.stem),
        url=metadata.url,
        source=file.source,
        passages=numbered,
    )


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise UnreadableError("It is no regular file; replace it by one.")
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE_LIMIT + 1)
    except OSError as e:
        raise UnreadableError(
            f"It may not be read ({e.strerror}); give this user the right to read it."
        ) from e
    if len(data) > SIZE_LIMIT:
        raise UnreadableError(f"It is larger than {SIZE_LIMIT // 1_000_000} MB; split it, or leave it out.")
    return data


def _from_html(text: str) -> tuple[Metadata, list[Block]]:
    page = read_page(text)
    author = clean(page.author)
    found = Metadata(
        title=clean(page.title),
        author=author and author.replace("; ", ", "),  # trafilatura's way to write several
        date=parse_date(page.date),
        url=web_url(page.url),
    )
    return found, page.blocks


def _heading(blocks: list[Block]) -> str | None:
    """Return the first heading of level 1: the title that the text gives itself."""
    return next((clean(block.text) for block in blocks if block.level == 1), None)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:32]


def _printable(place: PurePath | str) -> str:
    """Return a path as valid Unicode: on disk it may be any bytes."""
    return os.fsencode(place).decode("utf-8", errors="replace")
