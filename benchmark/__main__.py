"""The benchmark: `python -m benchmark` measures and prints; `--readme` renews README.md and its curve."""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmark import curve, encoder, service
from benchmark.figures import Spread, machine, number, table
from benchmark.size import CHANGE, OPENING, QUESTION, RECALL, Column

SIZES, MILLION = (1_000, 10_000, 100_000), 1_000_000  # passages
SERVED = 10_000  # of the column that the bot is asked about
ROUNDS = 5
STARTS = 5
DRAWN = (QUESTION, OPENING, CHANGE)
ROOT = Path(__file__).parent.parent
README, CURVE = ROOT / "README.md", ROOT / "benchmark" / "curve.svg"
MARKED = re.compile(r"(?<=<!-- figures: written by --readme -->\n).*(?=<!-- end of figures -->)", re.S)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, in a temporary folder, and print it."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="pullquote-benchmark-") as made:
        folder, kept = Path(made), options.keep or Path(made)
        parts = [] if options.no_encoder else [_encoders(folder, options)]
        columns = [Column(n, kept) for n in _sizes(options)]
        for _ in range(options.rounds):
            for column in columns:
                column.round()
        parts += [_sizes_table(columns), _service(columns, [] if options.no_encoder else _starts(folder))]
    text = "\n\n".join([*parts, f"Measured on {machine()}."])
    console.print(text, markup=False)
    if options.readme:
        README.write_text(MARKED.sub(lambda _: f"\n{text}\n\n", README.read_text("utf-8")), "utf-8")
    if options.readme or options.curve:
        medians = {
            row.removesuffix(", ms"): [Spread.of(c.measured[row]).median for c in columns] for row in DRAWN
        }
        curve.draw(options.curve or CURVE, [c.prose.passages for c in columns], medians)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmark", description=__doc__)
    parser.add_argument("--million", action="store_true", help="also a column of a million passages: an hour")
    parser.add_argument("--passages", type=int, metavar="N", help="one column of N passages")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="default: %(default)s")
    parser.add_argument("--texts", type=int, metavar="N", help="compare the encoders on N paragraphs only")
    parser.add_argument("--no-encoder", action="store_true", help="leave out what needs the model")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the columns there, and use them again")
    parser.add_argument("--curve", type=Path, metavar="SVG", help="draw cost against size")
    parser.add_argument("--readme", action="store_true", help="renew README.md and its curve")
    return parser


def _sizes(options: argparse.Namespace) -> list[int]:
    if options.passages:
        return [options.passages]
    return [*SIZES, MILLION] if options.million else [*SIZES]


def _encoders(folder: Path, options: argparse.Namespace) -> str:
    compared = encoder.compare(folder, min(options.rounds, encoder.ROUNDS), options.texts)
    head = ["", "sentence-transformers + FAISS by hand", "Pullquote", "ratio"]
    return table(head, compared.rows())


def _sizes_table(columns: Sequence[Column]) -> str:
    rows = [[row, *(_cell(column.measured[row], row) for column in columns)] for row in columns[0].measured]
    return table(["passages", *(f"{c.prose.passages:,}" for c in columns)], rows)


def _cell(measured: Sequence[float], row: str) -> str:
    if row == RECALL:
        return f"{measured[0]:.3f}"
    return str(Spread.of(measured)) if len(measured) > 1 else number(measured[0])


def _starts(folder: Path) -> list[float]:
    """Start the bot some times on the column that the encoders were compared on."""
    asked = "What did Tusk say?"
    return [service.start(folder / "data", asked, encoder.ARTICLES) for _ in range(STARTS)]


def _service(columns: Sequence[Column], starts: Sequence[float]) -> str:
    column = next((c for c in columns if c.prose.passages == SERVED), columns[0])
    found = service.measure(column.folder, column.prose.passages)
    rows = [
        ["from an event to its message, ms", str(Spread.of(found.single))],
        ["of these, finding the answer, ms", str(Spread.of(found.answering))],
        ["answers a second, of many questions at once", number(found.together)],
    ]
    if starts:  # with the model, on our own articles
        rows.append(["from the bot's start to its first answer, with the model, s", str(Spread.of(starts))])
    return table([f"the bot, over {column.prose.passages:,} passages, besides the model", ""], rows)


if __name__ == "__main__":
    main()
