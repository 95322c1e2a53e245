"""
The data folder in one file, and out of it again.

Promises: a backup may be made while the bot answers and a sync writes; each database in it is of one moment,
and no answer in it is of a later moment than the column. A restore fills an empty folder or changes nothing,
believes no name, size or content that the file claims, and leaves no question to be answered twice.

All of a folder's SQLite files go in. What else is there is derived from them and made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.state import Inbox
from bot.state.disk import damage
from index.store import Store
from index.store.file import StoreError

FORMAT = 1
CONTENTS = "contents.json"
CONTENTS_LIMIT = 100_000  # bytes
NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}\.sqlite", re.ASCII)
COLUMN, MEMORY = "column.sqlite", "bot.sqlite"
AT_ONCE = 2**20  # bytes read together
# What reading a zip file raises that is none, is damaged, encrypted, or packed in a way of its own.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)
NO_CONTENT = ("lost+found",)  # what an empty volume may hold, besides hidden files


class BackupError(Exception):
    """A backup that cannot be made or put back; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One database of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a backup holds: of which moment, at which *generation* of the column, and which databases."""

    made_at: str
    generation: int | None
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """How many bytes its databases take."""
        return sum(part.size for part in self.parts)


def backup(folder: Path, file: Path) -> Contents:
    """
    Write all databases of the data folder *folder* to the new file *file*.

    Raises:
        BackupError: If there is nothing to back up, *file* exists, or it cannot be written.
    """
    names = sorted(path.name for path in folder.glob("*.sqlite") if NAME.fullmatch(path.name))
    if not names:
        raise BackupError(f"There is no database in {folder}: does DATA_DIR name the bot's data folder?")
    if file.exists():
        raise BackupError(f"{file} exists already: name another file.")
    new = file.with_name(f".{file.name}.new")
    with _disk(file), TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as made:
        copies = Path(made)
        # The memory before the column: an answer may lean on an older column than the copy, never on a newer.
        for name in sorted(names, key=lambda name: name == COLUMN):
            _copy(folder / name, copies / name)
        generation = _examine(copies)
        contents = Contents(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            generation=generation,
            parts=tuple(_part(copies / name) for name in names),
        )
        try:
            _pack(copies, contents, new)
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
    return contents


def restore(file: Path, folder: Path) -> Contents:
    """
    Put the backup *file* back into the empty data folder *folder*, which is made if missing.

    Raises:
        BackupError: If *folder* is not empty, or *file* is no whole backup; *folder* is then as it was.
    """
    _require_empty(folder)
    with _disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".restore-", dir=folder) as made, _opened(file) as archive:
            contents = _contents(archive, file)
            if contents.size > (free := shutil.disk_usage(folder).free):
                raise BackupError(f"{folder} has room for {free:,} bytes, and {contents.size:,} are needed.")
            for part in contents.parts:
                _unpack(archive, part, Path(made), file)
            if _examine(Path(made)) != contents.generation:
                raise _damaged(file, "its column is of another generation than it says")
            if (memory := Path(made, MEMORY)).exists():
                with Inbox(memory) as inbox:
                    inbox.doubt()
            _require_empty(folder)
            for part in contents.parts:
                Path(made, part.name).replace(folder / part.name)
    return contents


def _require_empty(folder: Path) -> None:
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if visible := [name for name in found if not name.startswith(".") and name not in NO_CONTENT]:
        raise BackupError(
            f"{folder} is not empty ({visible[0]} is there): stop the bot, and let DATA_DIR name an empty "
            "folder; nothing was changed."
        )


def _copy(source: Path, copy: Path) -> None:
    """Copy a database as it is at one moment; writers need not wait, because it is in WAL mode."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as old,
        closing(sqlite3.connect(copy)) as new,
    ):
        old.backup(new)


def _examine(folder: Path) -> int | None:
    """
    Read every database in *folder* whole; return the column's generation, None where there is no column.

    Raises:
        BackupError: If one is damaged, or is not ours.
    """
    for path in sorted(folder.glob("*.sqlite")):
        if problem := damage(path):
            raise BackupError(f"{path.name} is damaged ({problem}).")
    if not (folder / COLUMN).exists():
        return None
    try:
        with Store.open_existing(folder) as store:
            store.check()
            return store.generation
    except StoreError as error:
        raise BackupError(f"{COLUMN} cannot be used ({error}).") from error


def _part(path: Path) -> Part:
    with path.open("rb") as file:
        return Part(
            name=path.name,
            size=path.stat().st_size,
            sha256=hashlib.file_digest(file, "sha256").hexdigest(),
        )


def _pack(copies: Path, contents: Contents, file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds people's questions
    with os.fdopen(descriptor, "wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(CONTENTS, json.dumps({"format": FORMAT, **asdict(contents)}, indent=1))
            for part in contents.parts:
                archive.write(copies / part.name, part.name)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError as error:
        raise BackupError(f"There is no {file}: name a file that `python -m bot backup` made.") from error
    except UNREADABLE as error:
        raise _damaged(file, str(error)) from error


def _contents(archive: zipfile.ZipFile, file: Path) -> Contents:
    """Read what *archive* says of itself, and check each word of it."""
    try:
        with archive.open(CONTENTS) as stream:
            told = json.loads(stream.read(CONTENTS_LIMIT))
        if told.pop("format") != FORMAT:
            raise BackupError(f"{file} was made by another version of Pullquote: restore it with that one.")
        contents = Contents(
            made_at=datetime.fromisoformat(told["made_at"]).isoformat(),
            generation=None if told["generation"] is None else int(told["generation"]),
            parts=tuple(_read_part(part) for part in told["parts"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(file, "it does not say what it holds") from error
    if len({part.name for part in contents.parts}) != len(contents.parts) or not contents.parts:
        raise _damaged(file, "it does not say what it holds")
    return contents


def _read_part(told: Any) -> Part:
    name, size = str(told["name"]), int(told["size"])
    if not NAME.fullmatch(name) or size < 0:
        raise ValueError(name)
    return Part(name=name, size=size, sha256=str(told["sha256"]))


def _unpack(archive: zipfile.ZipFile, part: Part, folder: Path, file: Path) -> None:
    """Write one database to *folder*: no byte more than was said, under a name that was checked."""
    digest, left = hashlib.sha256(), part.size
    descriptor = os.open(folder / part.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out, archive.open(part.name) as packed:
            while block := packed.read(min(AT_ONCE, left + 1)):
                left -= len(block)
                if left < 0:
                    break
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
    except KeyError as error:
        raise _damaged(file, f"{part.name} is missing in it") from error
    except UNREADABLE as error:
        raise _damaged(file, f"{part.name} cannot be read") from error
    if left or digest.hexdigest() != part.sha256:
        raise _damaged(file, f"{part.name} is not as it was packed")


def _damaged(file: Path, why: str) -> BackupError:
    return BackupError(f"{file} is no whole backup ({why}): take another.")


@contextmanager
def _disk(place: Path) -> Iterator[None]:
    """Turn what the disk says into a sentence for the owner."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{place} cannot be used ({error.strerror or error}).") from error
    except sqlite3.OperationalError as error:
        raise BackupError(f"A database cannot be copied to {place} ({error}).") from error
