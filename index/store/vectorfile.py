"""The FAISS file: derived from the database, stamped with the state it comes from, never half-written."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.store.exact import Exact
from index.store.quantised import Quantised
from index.store.stamp import Stamp
from index.store.vectors import Vectors

FORMAT = 3
DIGEST = hashlib.sha256().digest_size
AT_ONCE = 2**20  # bytes read together

Bytes = NDArray[np.uint8]


def save(vectors: Vectors, path: Path) -> None:
    """
    Write the file in one step: whoever opens *path* finds the old one whole or the new one whole.

    Raises:
        OSError: If there is no room, or no permission; the old file is then still there.
    """
    held = vectors.settled().held
    header = {"format": FORMAT, **vectors.stamp._asdict(), "count": len(held)}
    body: Any = faiss.serialize_index(held.index).data
    parts: list[bytes | memoryview] = [
        json.dumps(header).encode() + b"\n",
        held.labels.astype("<i8").tobytes(),
        body,
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    new = path.with_name(path.name + ".new")
    try:
        _write(new, digest.digest(), *parts)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def load(path: Path) -> Vectors | None:
    """Read the file, or return None when it is missing, damaged, or written by another version."""
    memory = _mapped(path)
    header = None if memory is None else _header(memory)
    if memory is None or header is None:
        return None
    stamp, count, start = header
    body = memory[start:]
    labels = np.frombuffer(body[: 8 * count].tobytes(), dtype="<i8").astype(np.int64)
    return _vectors(stamp, labels, body[8 * count :])


def glance(path: Path) -> tuple[Stamp, int] | None:
    """Return of which state the file is, and how many vectors it holds; None as `load` does."""
    memory = _mapped(path)
    header = None if memory is None else _header(memory)
    return header and header[:2]


def _header(memory: Bytes) -> tuple[Stamp, int, int] | None:
    """Return of which state the file is, how many vectors it holds, and where they begin."""
    line = bytes(memory[DIGEST : DIGEST + AT_ONCE]).partition(b"\n")[0]
    header = json.loads(line)
    if header.pop("format") != FORMAT:
        return None
    return Stamp(*(header[field] for field in Stamp._fields)), header["count"], DIGEST + len(line) + 1


def _vectors(stamp: Stamp, labels: NDArray[np.int64], body: Bytes) -> Vectors:
    # Left in the file, which the system reads, and lets go of, page by page; the stub lacks the reader.
    reader: Any = faiss.ZeroCopyIOReader(faiss.swig_ptr(body), body.size)  # type: ignore[attr-defined]
    index, added = faiss.read_index(reader), Exact.empty(stamp.dimension)
    if isinstance(index, faiss.IndexPQ):
        return Vectors(stamp, Quantised(labels, index, (body, reader)), added)
    return Vectors(stamp, Exact.of(labels, Exact(labels, index).matrix, stamp.dimension), added)


_whole: dict[Path, tuple[int, int, int]] = {}  # which files were read whole, and agreed with their digests


def _mapped(path: Path) -> Bytes | None:
    """Map the file into memory; None where it is missing, or not what was written."""
    try:
        found = path.stat()
        memory = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError):  # a file of no bytes cannot be mapped
        return None
    # Once for each file: a bot looks at it with each sync, and reading all of it takes longer than a change.
    seen = found.st_ino, found.st_size, found.st_mtime_ns
    if _whole.get(path) == seen:
        return memory
    if not _is_whole(memory):
        return None
    _whole[path] = seen
    return memory


def _is_whole(memory: Bytes) -> bool:
    """Tell whether what follows the digest at the start of the file has it."""
    digest = hashlib.sha256()
    for i in range(DIGEST, len(memory), AT_ONCE):
        digest.update(memory[i : i + AT_ONCE].data)
    return digest.digest() == bytes(memory[:DIGEST])


def _write(path: Path, *parts: bytes | memoryview) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut; Windows neither needs nor allows it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
