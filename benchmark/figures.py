"""What is made of measurements: medians with their spread, ratios, recall; and the machine they come from."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

LIBRARIES = "numpy faiss-cpu torch sentence-transformers onnxruntime tokenizers SQLAlchemy".split()


class Spread(NamedTuple):
    """The median of some measurements, and between what all of them but a tenth at either end lie."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, measured: Collection[float]) -> Spread:
        """Summarise *measured*, which is not empty."""
        return cls(*(float(np.percentile(list(measured), p)) for p in (50, 10, 90)))

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.low)}–{number(self.high)})"


def number(value: float) -> str:
    """Write *value* with about three digits that tell something."""
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(ours: float, theirs: float) -> str:
    """Write how many times *theirs* is *ours*."""
    return f"{ours / theirs:.2f} ×" if theirs else "–"


def recall(found: Sequence[Collection[int]], exact: Sequence[Collection[int]]) -> float:
    """Return the share of what an *exact* search finds that was *found* as well, over all questions."""
    there = sum(len(set(some) & set(all_)) for some, all_ in zip(found, exact, strict=True))
    return there / max(1, sum(len(set(one)) for one in exact))


def hits(best: Sequence[int], right: Sequence[Collection[int]]) -> float:
    """Return the share of questions whose *best* is one of those that are *right*."""
    return sum(one in some for one, some in zip(best, right, strict=True)) / max(1, len(best))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown: the first column of words, the others of figures."""
    ruled = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ruled, *rows])


def machine() -> str:
    """Say what the figures were measured on."""
    libraries = ", ".join(f"{name} {release}" for name, release in _releases().items())
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory()} GB of memory, {platform.system()}; "
        f"Python {platform.python_version()}, {libraries}"
    )


def _releases() -> Mapping[str, str]:
    return {name: version(name).partition("+")[0] for name in LIBRARIES}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _memory() -> str:
    try:
        return str(round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30))
    except (ValueError, OSError, AttributeError):
        return "?"
