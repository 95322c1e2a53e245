"""A column on disk that a running bot keeps: its texts, a real store, and an embedder that can be held up."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from wordcolumn import DIMENSION, WordCounts

from bot.column import Column
from bot.upkeep import Upkeep
from index.config import Config
from index.retriever import Retriever
from index.store import Store
from index.sync import sync


class Gated(WordCounts):
    """An embedder that waits at its gate once it has embedded *before* it texts; *fault* is raised there."""

    def __init__(self):
        self.gate, self.waits = threading.Event(), threading.Event()
        self.gate.set()
        self.fault = None

    def encode_document(self, texts):
        self.waits.set()
        self.gate.wait(60)
        if self.fault:
            raise self.fault
        return super().encode_document(texts)

    def hold(self):
        self.waits.clear()
        self.gate.clear()


@dataclass
class Kept:
    """A column, its folder of texts and its embedder."""

    texts: Path
    embedder: Gated
    store: Store
    column: Column

    def write(self, name, text, day=10):
        front = f"---\ntitle: {name.title()}\nauthor: Ines Calder\ndate: 2025-09-{day:02}\n---\n\n"
        (self.texts / f"{name}.md").write_text(front + text, "utf-8")

    def delete(self, name):
        (self.texts / f"{name}.md").unlink()

    def id(self, name):
        return self.column.article_ids()[name]

    def again(self):
        """Return it as another process opens it."""
        store = Store.open(self.store._folder, "words@1", DIMENSION)
        return opened(self.texts, Gated(), store)


def until(true):
    """Wait for what is written to disk, which nobody announces."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "not within 30 s"
        time.sleep(0.005)


def opened(texts, embedder, store):
    kept = Column(Retriever(store, embedder))
    config = Config(
        column=(str(texts),), data_dir=texts.parent, embedding_model=None, allow_hosts=("127.0.0.1",)
    )
    kept.upkeep = Upkeep(store, embedder, config)
    return Kept(texts, embedder, store, kept)


def kept_column(folder, articles):
    """Return a column of *articles*, texts by name, newest first."""
    (folder / "texts").mkdir(parents=True)
    store, embedder = Store.open(folder / "store", "words@1", DIMENSION), Gated()
    kept = opened(folder / "texts", embedder, store)
    for age, (name, text) in enumerate(articles.items()):
        kept.write(name, text, 28 - age)
    sync(store, embedder, [str(kept.texts)])
    return kept
