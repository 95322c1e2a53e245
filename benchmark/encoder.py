"""The reference encoder against ours, each in its own processes, in turn: speed, start, memory, ranking."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.figures import Spread, hits, ratio, recall
from benchmark.size import nearest
from benchmark.worker import TEXTS
from index import sources
from index.evaluate import load
from index.passage import Article
from index.store import file
from index.store.quantised import SAMPLE, Quantised
from index.store.vectors import CANDIDATES

ROOT = Path(__file__).parent.parent
ARTICLES = (ROOT / "samples", ROOT / "calibration" / "articles")
QUESTIONS = (ROOT / "tests" / "questions.jsonl", ROOT / "calibration" / "questions.jsonl")
REFERENCE, OURS = "reference", "ours"
ROUNDS, STARTS = 3, 3
RECALLED = 10  # neighbours: as many as `nearest` gives
RECALL = f"recall@{RECALLED} of sentences, {CANDIDATES * RECALLED} looked at by the codes of large columns"
SHARES = "hit@1", "recall"


class Material(NamedTuple):
    """Our own paragraphs and questions, and for each question the paragraphs that answer it, by number."""

    texts: list[str]
    questions: list[str]
    right: list[frozenset[int]]

    @classmethod
    def read(cls, articles: Sequence[Path] = ARTICLES) -> Material:
        """Read the articles in these folders, and the questions that they answer."""
        found = [a for folder in articles for a in sources.read(str(folder)) if isinstance(a, Article)]
        place = {(a.name, p.number): None for a in found for p in a.passages}
        numbered = {key: i for i, key in enumerate(place)}
        every = (c for path in QUESTIONS for c in load(path) if c.answerable and c.gold)
        cases = [c for c in every if all((g.article, g.paragraph) in numbered for g in c.gold)]
        return cls(
            texts=[p.text for a in found for p in a.passages],
            questions=[c.question for c in cases],
            right=[frozenset(numbered[g.article, g.paragraph] for g in c.gold) for c in cases],
        )


class Compared(NamedTuple):
    """What was measured of either: seconds, megabytes, and the share of questions ranked right."""

    measured: dict[str, dict[str, list[float]]]

    def rows(self) -> Iterator[list[str]]:
        """Yield the rows of the table: what, the reference, ours, and ours in the reference."""
        for name, measured in self.measured.items():
            theirs, ours = (Spread.of(measured[which]) for which in (REFERENCE, OURS))
            if name.startswith(SHARES):
                cells = [f"{theirs.median:.3f}", f"{ours.median:.3f}", f"{ours.median - theirs.median:+.3f}"]
            else:
                cells = [str(theirs), str(ours), ratio(ours.median, theirs.median)]
            yield [name, *cells]


def compare(
    folder: Path, rounds: int = ROUNDS, most: int | None = None, articles: Sequence[Path] = ARTICLES
) -> Compared:
    """Measure both in *folder*, on our own paragraphs and questions, or on the first *most* of each."""
    material = Material.read(articles)
    texts, questions = material.texts[:most], material.questions[:most]
    (folder / TEXTS).write_text(json.dumps({"texts": texts, "questions": questions}), "utf-8")
    _python(["-m", "index", "sync", *map(str, articles)], folder)
    measured: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with _worker(REFERENCE, folder) as theirs, _worker(OURS, folder) as ours:
        both = {REFERENCE: theirs, OURS: ours}
        for which, worker in both.items():
            measured["memory, serving, MB"][which].append(worker.ready["memory"])
            best = worker.do("best")["best"]
            measured["hit@1 of paragraphs, by meaning alone"][which].append(
                hits(best, material.right[: len(questions)])
            )
        found = codes_recall(folder / "data", np.asarray(ours.do("queries")["queries"], np.float32))
        measured[RECALL] = {REFERENCE: [1.0], OURS: [found]}
        for _ in range(rounds):
            for which, worker in both.items():
                (took,) = worker.do("index")["seconds"]
                measured["paragraphs indexed a second"][which].append(1 / took)
                for task, name in (
                    ("encode", "one question to its vector, ms"),
                    ("ask", "one question to what is found or answered, ms"),
                ):
                    measured[name][which] += [1000 * s for s in worker.do(task)["seconds"]]
    name = "process start to the first answer, s"
    for _ in range(STARTS if rounds > 1 else 1):
        with _worker(REFERENCE, folder) as theirs:
            measured[name][REFERENCE].append(theirs.start)
        start = time.perf_counter()
        _python(["-m", "index", "ask", questions[0]], folder)
        measured[name][OURS].append(time.perf_counter() - start)
    return Compared({name: dict(found) for name, found in measured.items()})


def codes_recall(folder: Path, queries: NDArray[np.float32]) -> float:
    """Return the share of the nearest sentences in this store that are among the candidates for *queries*."""
    with closing(sqlite3.connect(file.path_in(folder))) as connection:
        labels, blobs = zip(
            *connection.execute("select label, vector from chunk order by label"), strict=True
        )
    vectors = np.frombuffer(b"".join(blobs), "<f4").reshape(len(labels), -1)
    held = Quantised.of(vectors[:SAMPLE], [(np.asarray(labels), vectors)])
    exact = [best.tolist() for _, best in nearest(folder, queries)]
    return recall([held.candidates(q, CANDIDATES * RECALLED).tolist() for q in queries], exact)


class _Worker:
    """A `benchmark.worker`, and how many seconds it took from its start to its first answer."""

    def __init__(self, process: subprocess.Popen[str], started: float) -> None:
        self._process = process
        self.ready: dict[str, Any] = self._answer()
        self.start = time.perf_counter() - started

    def do(self, task: str) -> dict[str, Any]:
        """Let it do *task*, and return what it measured."""
        assert self._process.stdin is not None
        self._process.stdin.write(task + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a measured process ended with {self._process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def _worker(which: str, folder: Path) -> Iterator[_Worker]:
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmark.worker", which, str(folder)]
    process = subprocess.Popen(  # noqa: S603 – our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=_environment(folder)
    )
    with process:
        yield _Worker(process, started)
        assert process.stdin is not None
        process.stdin.close()


def _python(arguments: Sequence[str], folder: Path) -> None:
    # An answer of "no" ends with another code than 0; what goes wrong is said on standard error.
    subprocess.run(  # noqa: S603 – our own module
        [sys.executable, *arguments],
        cwd=ROOT,
        env=_environment(folder),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _environment(folder: Path) -> dict[str, str]:
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    return {**os.environ, **offline, "DATA_DIR": str(folder / "data")}
