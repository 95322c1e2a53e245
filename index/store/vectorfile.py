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

FORMAT = 2
DIGEST = hashlib.sha256().digest_size
AT_ONCE = 2**20  # bytes read together
WHOLE = 2**26  # bytes that are read in some hundredths of a second

Bytes = NDArray[np.uint8]


def save(vectors: Vectors, path: Path) -> None:
    """
    Write the file in one step: whoever opens *path* finds the old one whole or the new one whole.

    Raises:
        OSError: If there is no room, or no permission; the old file is then still there.
    """
    held = vectors.settled().held
    step = held.step if isinstance(held, Quantised) else None
    header = {"format": FORMAT, **vectors.stamp._asdict(), "count": len(held), "step": step}
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
    if memory is None or not _is_whole(memory):
        return None
    line = bytes(memory[DIGEST : DIGEST + AT_ONCE]).partition(b"\n")[0]
    header = json.loads(line)
    if header.pop("format") != FORMAT:
        return None
    count, step = header.pop("count"), header.pop("step")
    body = memory[DIGEST + len(line) + 1 :]
    labels = np.frombuffer(body[: 8 * count].tobytes(), dtype="<i8").astype(np.int64)
    return _vectors(Stamp(**header), labels, body[8 * count :], step)


def glance(path: Path) -> tuple[Stamp, int] | None:
    """
    Return of which state the file says that it is, and how many vectors it holds; None as `load` does.

    A file of more than WHOLE bytes is believed: whoever loads it next looks.
    """
    memory = _mapped(path)
    if memory is None or (len(memory) <= WHOLE and not _is_whole(memory)):
        return None
    try:
        header = json.loads(bytes(memory[DIGEST : DIGEST + AT_ONCE]).partition(b"\n")[0])
        stamp = Stamp(*(header[field] for field in Stamp._fields))
        return (stamp, header["count"]) if header["format"] == FORMAT else None
    except (ValueError, KeyError):
        return None


def _mapped(path: Path) -> Bytes | None:
    try:
        return np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError):  # a file of no bytes cannot be mapped
        return None


def _vectors(stamp: Stamp, labels: NDArray[np.int64], body: Bytes, step: float | None) -> Vectors:
    added = Vectors.empty(stamp).added
    if step is None:
        return Vectors(stamp, Exact(labels, faiss.deserialize_index(np.array(body))), added)
    # Left in the file, which the system reads, and lets go of, page by page; the stub lacks the reader.
    reader: Any = faiss.ZeroCopyIOReader(faiss.swig_ptr(body), body.size)  # type: ignore[attr-defined]
    return Vectors(stamp, Quantised(labels, faiss.read_index(reader), step, (body, reader)), added)


def _is_whole(memory: Any) -> bool:
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
