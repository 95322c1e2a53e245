"""
Making the model's own graph: exported from the reference, quantised, and kept only if it agrees with it.

Torch, transformers and onnx are imported here; `build` runs all of it in a process of its own, so that the
one that asks for it never holds them.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import numpy as np
from numpy.typing import NDArray

from index.encoder import (
    DOCUMENT,
    GRAPH,
    PROBES,
    QUERY,
    RECIPE,
    TOKENIZER,
    About,
    Encoder,
    GraphError,
    sha256,
    start,
)
from index.likeness import NEAREST, compare, passes

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from index.embedder import Embedder

KINDS = ("int8", "fp32")  # the first that passes is kept
DOING = "doing:"
PROBED = 8  # texts that are compared whenever the graph is opened
WAIT = 900.0  # seconds for another process that makes the same graph
FIRST_LAYER = re.compile(r"\blayers?\.0/")  # as the libraries of transformers name their nodes
INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


def build(
    name: str, bundled: Path | None, folder: Path, tell: Callable[[str], object] = lambda doing: None
) -> str:
    """
    Make the graph of the model *name* in *folder*, in a process of its own; return why there is none, or "".

    Whoever comes while another process makes the same one waits for it. What is in *folder* is replaced
    when the new one is whole. *tell* hears what is being done.
    """
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "index.graph", name, str(bundled or ""), str(folder)]
    try:
        code, said = _run(command, {**os.environ, "PYTHONPATH": paths}, tell)
    except OSError as e:
        return f"no process could be started ({e.strerror})"
    if code == 0:
        return ""
    return said[-1] if said else f"its process ended with {code}"


def _run(
    command: Sequence[str], environ: Mapping[str, str], tell: Callable[[str], object]
) -> tuple[int, list[str]]:
    """Run *command*, pass on what it is doing, line by line; return its code and the lines on its stderr."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(  # noqa: S603 – this very program
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                if line.startswith(DOING):
                    tell(line.removeprefix(DOING).strip())
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        errors.seek(0)
        return code, errors.read().strip().splitlines()


def make(
    embedder: Embedder, folder: Path, texts: Sequence[str], tell: Callable[[str], object] = lambda doing: None
) -> About:
    """
    Make the graph of *embedder*'s model in *folder*, unless a whole one is there by now.

    *tell* hears what is being done.

    Raises:
        GraphError: If the model's structure allows none, or none of KINDS agrees with the reference on
            *texts*; what was in *folder* then stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_name(f"{folder.name}.lock"), timeout=WAIT):
        if (found := _usable(folder, embedder.model_id)) is not None:
            return found
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            try:
                about = _make(embedder, made, texts, tell)
            except OSError:
                raise  # a full disk: it may do the next time
            except Exception as e:  # whatever an exporter says to a model that it does not know
                why = str(e) if isinstance(e, GraphError) else f"it cannot be exported ({type(e).__name__})"
                _refusal(folder).write_text(f"{_tried(embedder.model_id)}\n{why}", encoding="utf-8")
                raise GraphError(why) from e
            if folder.exists():
                folder.rename(Path(scratch) / "old")
            made.rename(folder)
    return about


def refused(folder: Path, model: str) -> str:
    """Return why no graph of *model* could be made in *folder* when it was tried; "" where it was not."""
    try:
        tried, _, why = _refusal(folder).read_text("utf-8").partition("\n")
    except (OSError, ValueError):
        return ""
    return why if tried == _tried(model) else ""


def _refusal(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.refused")


def _tried(model: str) -> str:
    return json.dumps([RECIPE, model, _versions()])


def _versions() -> dict[str, str]:
    return {
        name: importlib.metadata.version(name) for name in ("torch", "sentence-transformers", "onnxruntime")
    }


def _usable(folder: Path, model: str) -> About | None:
    try:
        about = Encoder.open(folder).about
    except GraphError:
        return None
    return about if about.model == model else None


def _make(embedder: Embedder, folder: Path, texts: Sequence[str], tell: Callable[[str], object]) -> About:
    tell("It is loaded.")
    model = embedder.reference
    _write_tokenizer(model, folder / TOKENIZER)
    tell("Its graph is exported.")
    inputs = _export(model, folder / "fp32.onnx")
    tell(f"It encodes {len(texts):,} texts to compare with.")
    expected = _refer(embedder, texts)
    _write_probes(texts, expected[DOCUMENT], folder / PROBES)
    reached = {}
    for kind in KINDS:
        tell(f"Its graph as {kind} is compared with it.")
        _quantise(folder / "fp32.onnx", folder / GRAPH, kind)
        about = About(
            recipe=RECIPE,
            model=embedder.model_id,
            weights=embedder.weights(),
            kind=kind,
            dimension=expected[DOCUMENT].shape[1],
            limit=int(model.max_seq_length or 512),
            inputs=inputs,
            prompts={role: model.prompts.get(role) or "" for role in (QUERY, DOCUMENT)},
            files={},
            check={},
            versions=_versions(),
        )
        encoder = Encoder(about, start(str(folder / GRAPH)), (folder / TOKENIZER).read_text("utf-8"))
        reached[kind] = compare(encoder.encode, texts, expected)
        if passes(reached[kind]):
            (folder / "fp32.onnx").unlink()
            files = {name: sha256(folder / name) for name in (GRAPH, TOKENIZER, PROBES)}
            about.files.update(files)
            about.check.update(reached[kind])
            about.save(folder)
            return about
    raise GraphError(f"its graph does not agree with it: {reached}")


def _refer(embedder: Embedder, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Return the reference's vectors of *texts* by role; most models make the same of a text in either."""
    documents, few = embedder.refer(texts, query=False), texts[:NEAREST]
    alike = np.array_equal(embedder.refer(few, query=True), embedder.refer(few, query=False))
    return {QUERY: documents if alike else embedder.refer(texts, query=True), DOCUMENT: documents}


def _write_tokenizer(model: SentenceTransformer, path: Path) -> None:
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise GraphError("its tokenizer is not one of the library tokenizers")
    path.write_text(backend.to_str(), encoding="utf-8")


def _write_probes(texts: Sequence[str], vectors: NDArray[np.float32], path: Path) -> None:
    """Keep PROBED sentences of middling length, and what the reference makes of them."""
    middling = sorted(range(len(texts)), key=lambda i: len(texts[i]))[len(texts) // 3 :][:PROBED]
    np.savez(path, texts=np.array([texts[i] for i in middling]), vectors=vectors[middling])


def _export(model: SentenceTransformer, path: Path) -> list[str]:
    """Write all modules of *model*, pooling and all, as one graph of float32; return its inputs' names."""
    import torch

    features = model.preprocess(["One two three.", "The bell rang twice, and then the other one rang."])
    tensors = {name: x for name, x in features.items() if isinstance(x, torch.Tensor)}
    if not {"input_ids"} <= tensors.keys() <= INPUTS:
        raise GraphError(f"it reads {sorted(tensors)}")
    names = [name for name in sorted(INPUTS) if name in tensors]
    others = {name: x for name, x in features.items() if name not in tensors}

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(model)

        def forward(self, *given: Any) -> Any:
            features = {**others, **dict(zip(names, given, strict=True))}
            for step in self.steps:
                features = step(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)

    _attend_plainly(model)
    axes = {name: {0: "texts", 1: "tokens"} for name in names}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # The exporter by tracing: in a second what the other does in seven.
        torch.onnx.export(
            Whole().eval(),
            tuple(tensors[name] for name in names),
            str(path),
            input_names=names,
            output_names=["vectors"],
            dynamic_axes={**axes, "vectors": {0: "texts"}},
            dynamo=False,
        )
    return names


def _attend_plainly(model: SentenceTransformer) -> None:
    """Have attention written out: the fused kind is exported with tests for NaN, a tenth of the time."""
    for step in model:
        inner = getattr(step, "model", None) or getattr(step, "auto_model", None)
        if inner is not None and hasattr(inner, "set_attn_implementation"):
            inner.set_attn_implementation("eager")


def _quantise(source: Path, target: Path, kind: str) -> None:
    """
    Write *source* with weights of int8, each output of a layer with a scale of its own; or as it is.

    The first layer stays as it is, for what is rounded there goes through all the others: that costs a sixth
    of the speed, and takes away a quarter of the distance to the reference. Seven of the eight bits are
    used: two products of eight overflow the 16 bits that processors without VNNI add them up in.
    """
    if kind == "fp32":
        shutil.copyfile(source, target)
        return
    import onnx
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = onnx.load(source, load_external_data=False).graph.node
    quantize_dynamic(
        source,
        target,
        nodes_to_exclude=[node.name for node in nodes if FIRST_LAYER.search(node.name)],
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )


def real_sentences() -> list[str]:
    """
    Return what a graph is checked on: the sentences of the samples, and their paragraphs.

    Raises:
        GraphError: If they are not there.
    """
    from index.config import SAMPLES
    from index.passage import Article
    from index.segment import sentences
    from index.sources import SourceError, read

    try:
        found = [p.text for x in read(str(SAMPLES)) if isinstance(x, Article) for p in x.passages]
    except SourceError as e:
        raise GraphError(f"{SAMPLES} is not there to check it on") from e
    if len(found) <= NEAREST:
        raise GraphError(f"{SAMPLES} has too little text to check it on")
    parts = [text[s.start : s.end] for text in found for s in sentences(text)]
    return list(dict.fromkeys([*parts, *found, " ".join(found)]))  # the last is longer than any model reads


def main(arguments: Sequence[str]) -> int:
    """
    Make one graph: NAME, BUNDLED (may be empty), FOLDER.

    Says on stdout what it is doing, behind DOING. What goes wrong is the last line on stderr.
    """
    from index.embedder import Embedder, ModelError

    name, bundled, folder = arguments
    logging.disable(logging.CRITICAL)
    try:
        reference = Embedder(name, Path(bundled) if bundled else None)
        make(reference, Path(folder), real_sentences(), lambda doing: print(DOING, doing, flush=True))
    except (GraphError, ModelError, filelock.Timeout, OSError) as e:
        print(" ".join(str(e).split()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
