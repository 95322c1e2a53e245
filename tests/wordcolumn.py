"""A small column in a real store, by an embedder that a reader can compute: it counts words."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np

from index.answer import Answerer
from index.retriever import Retriever, stem
from index.segment import fold
from index.store import Store
from index.sync import sync

DIMENSION = 64


class WordCounts:
    """Vectors that count word stems, hashed; the first number keeps a text without words from length 0."""

    limit = 10_000
    maker = "a count of words"

    def length(self, text):
        return len(text.split())

    def encode_query(self, text):
        return self.encode_document([text])[0]

    def encode_document(self, texts):
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        vectors[:, 0] = 0.05
        for vector, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", fold(text)):
                vector[1 + zlib.crc32(stem(word).encode()) % (DIMENSION - 1)] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9)


def column(folder: Path, articles: dict[str, str], author: str = "Ines Calder", aliases=None, kind=Answerer):
    """Return a *kind* of answerer over *articles*, texts by name, newest first; *author* writes them all."""
    (folder / "texts").mkdir(parents=True)
    for age, (name, text) in enumerate(articles.items()):
        front = f"---\ntitle: {name.title()}\nauthor: {author}\ndate: 2025-09-{28 - age:02}\n---\n\n"
        (folder / "texts" / f"{name}.md").write_text(front + text)
    embedder = WordCounts()
    store = Store.open(folder / "store", "words@1", DIMENSION)
    sync(store, embedder, [str(folder / "texts")])
    return kind(Retriever(store, embedder), aliases)
