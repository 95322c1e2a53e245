"""Where the column is, where the data lies, which model reads it: settings read once from a mapping."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index import aliases

ALIASES = Path("aliases.toml")
GRAPHS = "encoder"  # in the data folder
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
    None for the bundled model; *encoder_dir* is where the graphs of models are kept, None for in the data
    folder. *aliases* is what else people are called, by their names. *allow_hosts* may be fetched though
    they are not public; *contact* is told to every server that is asked.
    """

    column: tuple[str, ...]
    data_dir: Path
    embedding_model: str | None
    encoder_dir: Path | None = None
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allow_hosts: tuple[str, ...] = ()
    contact: str = ""

    @property
    def graphs(self) -> Path:
        """Where the graphs of models are kept."""
        return self.encoder_dir or self.data_dir / GRAPHS

    def sources(self, added: Sequence[str]) -> list[str]:
        """Return all that the column is read from, those *added* included; the samples make way for these."""
        named = () if added and self.column == (str(SAMPLES),) else self.column
        return list(dict.fromkeys([*named, *added]))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """
        Read the settings of the index from *environ*; a blank value counts as not set.

        The file of ALIASES is read here, once; aliases.toml where nothing is set and it is there.

        Raises:
            ConfigError: If COLUMN cannot be split, DATA_DIR names a file, the aliases cannot be used, a host
                is an address, or the contact cannot stand in a header.
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
        hosts = tuple(re.split(r"[\s,]+", environ.get("ALLOW_HOSTS", "").strip()))
        contact = environ.get("CONTACT", "").strip()
        if any(not re.fullmatch(r"[\w.:\[\]-]*", host) for host in hosts):
            problems.append(
                "ALLOW_HOSTS holds more than names of hosts; write them like news.internal 10.0.0.7."
            )
        if not re.fullmatch(r"[\x21-\x7e ]{0,100}", contact) or set(contact) & set("()\\"):
            problems.append(
                "CONTACT cannot be sent; write an e-mail or web address of at most 100 characters."
            )
        graphs = environ.get("ENCODER_DIR", "").strip()
        if graphs and Path(graphs).is_file():
            problems.append(
                f"ENCODER_DIR is {graphs}, which is a file; name a folder, it is made if missing."
            )
        if problems:
            raise ConfigError(problems)
        model = environ.get("EMBEDDING_MODEL", "").strip() or None
        return cls(
            column=tuple(column) or (str(SAMPLES),),
            data_dir=data_dir,
            embedding_model=model,
            encoder_dir=Path(graphs) if graphs else None,
            aliases=called,
            allow_hosts=tuple(filter(None, hosts)),
            contact=contact,
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
