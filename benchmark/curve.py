"""The picture of cost against size, as SVG: the same for the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

STYLE: Any = {"svg.hashsalt": "pullquote", "svg.fonttype": "none", "font.size": 10}


def draw(path: Path, sizes: Sequence[int], lines: Mapping[str, Sequence[float]]) -> None:
    """Write to *path* a line for each of *lines*, milliseconds by size of the column, on logarithmic axes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7, 3.6), layout="constrained")
        axes = figure.add_subplot(xscale="log", yscale="log")
        axes.set(xlabel="passages", ylabel="milliseconds, median")
        for name, medians in lines.items():
            axes.plot(sizes, medians, marker="o", label=name)
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    path.write_text("\n".join(line.rstrip() for line in path.read_text("utf-8").splitlines()) + "\n", "utf-8")
