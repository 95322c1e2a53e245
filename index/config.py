"""Where the column is, where the data lies, which model reads it: settings read once from a mapping."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index import aliases

ALIASES = Path("aliases.toml")
SAMPLES = Path(__file__).resolve().parent.parent / "samples"


class ConfigError(Exception):
    """Settings that cannot be used; the message names every one of them and says what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    What the index needs to know.

    *column* names files, folders and addresses; the samples when nothing is set. *embedding_model* is
    None for the bundled model. *aliases* is what else people are called, by their names.
    """

    column: tuple[str, ...]
    data_dir: Path
    embedding_model: str | None
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """
        Read COLUMN, DATA_DIR, EMBEDDING_MODEL and ALIASES from *environ*; a blank value counts as not set.

        The file of ALIASES is read here, once; aliases.toml where nothing is set and it is there.

        Raises:
            ConfigError: If COLUMN cannot be split, DATA_DIR names a file, or the aliases cannot be used.
        """
        problems: list[str] = []
        column: list[str] = []
        try:
            column = split_column(environ.get("COLUMN", ""))
        except ValueError:
            problems.append(
                "COLUMN has a quotation mark or backslash that is never closed; "
                "put a path that holds an apostrophe or a space inside double quotes."
            )
        data_dir = Path(environ.get("DATA_DIR", "").strip() or "data")
        if data_dir.is_file():
            problems.append(f"DATA_DIR is {data_dir}, which is a file; name a folder, it is made if missing.")
        called: Mapping[str, tuple[str, ...]] = {}
        try:
            called = read_aliases(environ.get("ALIASES", "").strip())
        except aliases.AliasesError as error:
            problems += error.problems
        if problems:
            raise ConfigError(problems)
        model = environ.get("EMBEDDING_MODEL", "").strip() or None
        return cls(
            column=tuple(column) or (str(SAMPLES),),
            data_dir=data_dir,
            embedding_model=model,
            aliases=called,
        )


def read_aliases(named: str) -> Mapping[str, tuple[str, ...]]:
    """
    Read the file that ALIASES names, or aliases.toml where there is one.

    Raises:
        AliasesError: If it cannot be used, or the named one is not there.
    """
    path = Path(named) if named else ALIASES
    if named and not path.is_file():
        raise aliases.AliasesError([f"ALIASES is {path}, which is no file; name one, or leave it out."])
    return aliases.load(path) if path.is_file() else {}


def split_column(value: str) -> list[str]:
    """
    Split a list of sources at white space and commas; quotation marks keep a path with spaces together.

    A colon does not split, because addresses hold one.

    Raises:
        ValueError: If a quotation mark is never closed.
    """
    lexer = shlex.shlex(value, posix=True, punctuation_chars=False)
    lexer.whitespace += ","
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)
