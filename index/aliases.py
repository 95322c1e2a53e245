"""What an owner says people are called: nicknames out of a TOML file, read once and checked at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from index.roll import key

TABLE = "people"
SHAPE = '"Jane Roe" = ["JR", "the Admiral"]'


class AliasesError(ValueError):
    """A file of aliases that cannot be used; *problems* names each thing that is wrong, and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path) -> dict[str, tuple[str, ...]]:
    """
    Return the aliases of each person by the person's name.

    Raises:
        AliasesError: With all problems at once.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise AliasesError([f"{path} cannot be read ({e.strerror}); name another file."]) from e
    except UnicodeDecodeError as e:
        raise AliasesError([f"{path} is not UTF-8; save it as UTF-8."]) from e
    except tomllib.TOMLDecodeError as e:
        raise AliasesError([f"{path} is not TOML ({e}); under [{TABLE}], write lines like {SHAPE}."]) from e
    problems = [f"{path}: {problem}" for problem in _misshapen(content)]
    if not problems:
        problems = [f"{path}: {problem}" for problem in _shared(content.get(TABLE, {}))]
    if problems:
        raise AliasesError(problems)
    return {name.strip(): tuple(a.strip() for a in called) for name, called in content.get(TABLE, {}).items()}


def _misshapen(content: Mapping[str, Any]) -> Iterator[str]:
    for other in content.keys() - {TABLE}:
        yield f"“{other}” is not known; put all names under [{TABLE}]."
    people = content.get(TABLE, {})
    if not isinstance(people, dict):
        yield f"“{TABLE}” is no table; begin it with the line [{TABLE}]."
        return
    for name, called in people.items():
        if not key(name):
            yield f"“{name}” has no letters; name the person as the column does."
        if not isinstance(called, list) or not all(isinstance(alias, str) for alias in called):
            yield f"the aliases of “{name}” are no list of strings; write them as in {SHAPE}."
        elif not called or not all(map(key, called)):
            yield f"“{name}” has an empty alias; leave it out."


def _shared(people: Mapping[str, list[str]]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, called in people.items():
        for alias in (name, *called):
            owner = owners.setdefault(key(alias), name)
            if owner != name:
                yield f"“{alias}” stands for {owner} and for {name}; leave it to one of them."
