"""The model's own graph at work: text to unit vectors, by ONNX Runtime and tokenizers alone."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

# Renewed with whatever makes a graph of before unfit: its files, how it is made, what it must reach.
RECIPE = 3
GRAPH, TOKENIZER, PROBES, ABOUT = "graph.onnx", "tokenizer.json", "probes.npz", "about.json"
# A probe's least cosine to the reference's vector. An int8 graph that its check lets pass comes to 0.98 at
# worst; one that a machine calculates wrongly, its sums overflowing, falls below 0.9.
FAITHFUL = 0.95
QUERY, DOCUMENT = "query", "document"


class GraphError(Exception):
    """There is no graph to be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """
    What a graph is: whose, how made, what it reached when it was compared with the reference.

    *weights* are the files that it was made from, by place, size, time and sample; *limit* is the most
    tokens of a text, special ones counted; *files* are the sha256 of what lies beside; *check* are the
    figures reached.
    """

    recipe: int
    model: str
    weights: list[list[str | int]]
    kind: str
    dimension: int
    limit: int
    inputs: list[str]
    prompts: dict[str, str]
    files: dict[str, str]
    check: dict[str, float]
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """What the store calls it: its kind, and the first 12 digits of its sha256."""
        return f"{self.kind} graph {self.files[GRAPH][:12]}"

    @classmethod
    def load(cls, folder: Path) -> About:
        """
        Read what lies in *folder*, without a look at the graph itself.

        Raises:
            GraphError: If there is none, or it is of another recipe.
        """
        try:
            found = json.loads((folder / ABOUT).read_text("utf-8"))
            if found["recipe"] != RECIPE:
                raise GraphError(f"{folder} was made by another version")
            if not isinstance(found["files"], dict):
                raise TypeError("files")
            return cls(**found)
        except FileNotFoundError as e:
            raise GraphError(f"{folder} holds no graph") from e
        except (OSError, ValueError, TypeError, LookupError) as e:
            raise GraphError(f"{folder / ABOUT} cannot be read") from e

    def save(self, folder: Path) -> None:
        """Write this beside the graph."""
        (folder / ABOUT).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


class Encoder:
    """
    An opened graph. Any number of threads may use it at once.

    A text goes through the graph by itself, so that its vector depends on nothing but the text, and nothing
    is padded; several texts go through on as many threads as there are cores. As fast as batches for
    sentences and faster for paragraphs, whose values then stay in the core's cache.
    """

    def __init__(self, about: About, session: InferenceSession, tokenizer: str) -> None:
        """
        Args:
            tokenizer: What tokenizers read from: the JSON of one.
        """
        self.about = about
        self._session, self._json = session, tokenizer
        self._tokenizer = _tokenizer(tokenizer, about.limit)

    @classmethod
    def open(cls, folder: Path) -> Encoder:
        """
        Open the graph in *folder* and compare a few of its vectors with the reference's.

        They are compared at every opening, because processors differ in how they add up int8.

        Raises:
            GraphError: If there is none, a file of it is damaged, or this machine gives other vectors.
        """
        about = About.load(folder)
        held = {name: _read(folder / name, about.files.get(name, "")) for name in (GRAPH, TOKENIZER, PROBES)}
        try:
            encoder = cls(about, start(held[GRAPH]), held[TOKENIZER].decode())
            with np.load(io.BytesIO(held[PROBES])) as probes:
                texts, vectors = list(probes["texts"]), probes["vectors"]
            worst = float(np.min(np.sum(encoder.encode(texts) * vectors, axis=1)))
        except Exception as e:  # whatever two foreign libraries say to what they cannot read or run
            raise GraphError(f"{folder} cannot be opened") from e
        if not worst >= FAITHFUL:  # not even a number, perhaps
            raise GraphError(f"{folder} gives other vectors here than its model (cosine {worst:.3f})")
        return encoder

    def length(self, text: str) -> int:
        """Return the number of the model's tokens in *text*, special tokens left out."""
        return len(self._whole.encode(text, add_special_tokens=False).ids)

    def encode(self, texts: Sequence[str], role: str = DOCUMENT) -> NDArray[np.float32]:
        """Return the unit-length embeddings of *texts*, shape (n, d); *role* is QUERY or DOCUMENT."""
        prompt = self.about.prompts.get(role, "")
        cores = _cores()
        if len(texts) < 2 or cores < 2:
            found = [self._vector(prompt + text) for text in texts]
        else:  # the longest first: no core is left with a long one at the end
            order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
            with ThreadPoolExecutor(cores, "encoder") as pool:
                encoded = pool.map(lambda i: self._vector(prompt + texts[i]), order)
                by_place = dict(zip(order, encoded, strict=True))
            found = [by_place[i] for i in range(len(texts))]
        return np.array(found, np.float32).reshape(len(texts), self.about.dimension)

    def _vector(self, text: str) -> NDArray[np.float32]:
        """Tokenise and run one text; both leave the other threads running meanwhile."""
        [[vector]] = self._session.run(None, self._feed(self._tokenizer.encode(text)))
        return np.asarray(vector, np.float32)

    def _feed(self, encoding: Encoding) -> Mapping[str, NDArray[np.int64]]:
        fields = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        return {name: np.array([fields[name]], np.int64) for name in self.about.inputs}

    @cached_property
    def _whole(self) -> Tokenizer:
        """A tokenizer that cuts nothing off: only a sync asks for lengths."""
        return _tokenizer(self._json)


def start(graph: bytes | str) -> InferenceSession:
    """Return a session on a graph, or on the file of one: one thread a run, for runs fill the cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # a library prints nothing
    # A memory that never shrinks is for those who run one shape; texts have any.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def sha256(path: Path) -> str:
    """Return the fingerprint of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as e:
        raise GraphError(f"{path} cannot be read") from e
    if hashlib.sha256(content).hexdigest() != digest:
        raise GraphError(f"{path} is damaged")
    return content


def _tokenizer(described: str, limit: int | None = None) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(described)
    tokenizer.no_padding()
    if limit is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(limit)
    return tokenizer


def _cores() -> int:
    """Return how many cores this process may use."""
    affinity: Any = getattr(os, "sched_getaffinity", None)  # not on macOS or Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1
