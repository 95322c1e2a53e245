"""The graph at work, on a tiny one: a text's vector is its own, and what is not whole does not serve."""

import math
import os
import string
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedder import REFERENCE, Embedder
from index.encoder import (
    ABOUT,
    DOCUMENT,
    FAITHFUL,
    GRAPH,
    PROBES,
    QUERY,
    RECIPE,
    TOKENIZER,
    About,
    Encoder,
    GraphError,
    sha256,
)

PLACES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.ascii_lowercase, " "]
LIMIT = 12
ASK = "ask "
TEXTS = ["the tide", "gulls", "a bell rang twice", "harbour", "", "ledger and lantern"]
ODD = [
    "",
    " ",
    "\x00",
    "\u200b\u2060",
    "🦭🏴\u200d☠️",
    "שלום עולם",
    "e\u0301" * 40,
    "“—…”",
    "\r\n\t",
    "a" * 5_000,
]


def characters():
    """Return a tokenizer that makes a token of each character."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    places = {token: place for place, token in enumerate(PLACES)}
    tokenizer = Tokenizer(models.WordLevel(places, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def table():
    """Return a vector for each token."""
    return np.random.default_rng(7).normal(size=(len(PLACES), 4)).astype(np.float32)


def by_hand(text):
    """Return what the small graph makes of *text*: the mean of its tokens' vectors, of unit length."""
    inner = [PLACES.index(x) if x in PLACES else 1 for x in text.lower()][: LIMIT - 2]
    mean = table()[[2, *inner, 3]].mean(axis=0)
    return mean / np.linalg.norm(mean)


def small_graph():
    from onnx import TensorProto, helper, numpy_helper

    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", 4])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["each"]),
        helper.make_node("ReduceMean", ["each"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], ["vectors"], axis=1, p=2),
    ]
    whole = helper.make_graph(nodes, "small", [ids], [vectors], [numpy_helper.from_array(table(), "table")])
    made = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made.SerializeToString()


def keep(folder, model="small@1", vectors=None, weights=(), **changed):
    """Keep the small graph in *folder*, whole but for what is *changed* of its description."""
    folder.mkdir(parents=True)
    (folder / GRAPH).write_bytes(small_graph())
    (folder / TOKENIZER).write_text(characters().to_str())
    vectors = np.array([by_hand(text) for text in TEXTS]) if vectors is None else vectors
    np.savez(folder / PROBES, texts=np.array(TEXTS), vectors=vectors)
    about = About(
        recipe=RECIPE,
        model=model,
        weights=list(weights),
        kind="fp32",
        dimension=4,
        limit=LIMIT,
        inputs=["input_ids"],
        prompts={QUERY: ASK, DOCUMENT: ""},
        files={name: sha256(folder / name) for name in (GRAPH, TOKENIZER, PROBES)},
        check={},
        versions={},
    )
    replace(about, **changed).save(folder)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return Encoder.open(keep(tmp_path_factory.mktemp("small") / "graph"))


# A text's vector


def test_a_text_goes_through_tokens_and_graph(small):
    found = small.encode(TEXTS)
    assert (found.shape, found.dtype) == ((len(TEXTS), 4), np.float32)
    assert found == pytest.approx(np.array([by_hand(text) for text in TEXTS]), abs=1e-6)


def test_a_query_has_its_prompt_before_it_and_a_document_its_own(small):
    assert small.encode(["tide"], QUERY)[0] == pytest.approx(by_hand(ASK + "tide"), abs=1e-6)
    assert small.encode(["tide"], DOCUMENT)[0] == pytest.approx(by_hand("tide"), abs=1e-6)


def test_no_texts_have_no_vectors(small):
    assert small.encode([]).shape == (0, 4)


@given(st.lists(st.text(max_size=2 * LIMIT), max_size=12))
def test_a_text_has_the_same_vector_in_any_company(small, texts):
    together = small.encode(texts)
    alone = [small.encode([text])[0] for text in texts]
    assert together.tolist() == [vector.tolist() for vector in alone]


def test_what_is_beyond_the_limit_is_not_read_but_counted(small):
    within = "abcdefghij"
    assert len(within) == LIMIT - 2
    assert small.encode([within + "klmnop"]).tolist() == small.encode([within]).tolist()
    assert small.encode([within[:-1]]).tolist() != small.encode([within]).tolist()
    assert (small.length(within + "klmnop"), small.length("")) == (16, 0)


def test_threads_that_encode_at_once_get_what_one_gets(small):
    alone = small.encode(TEXTS).tolist()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: small.encode(TEXTS).tolist(), range(40)))
    assert found == [alone] * 40


# What is not whole


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, PROBES])
def test_a_damaged_file_is_refused(tmp_path, name):
    folder = keep(tmp_path / "graph")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(GraphError, match=f"{name} is damaged"):
        Encoder.open(folder)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, PROBES])
def test_a_missing_file_is_refused(tmp_path, name):
    folder = keep(tmp_path / "graph")
    (folder / name).unlink()
    with pytest.raises(GraphError, match=f"{name} cannot be read"):
        Encoder.open(folder)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, PROBES])
def test_a_file_that_was_written_wrong_is_refused(tmp_path, name):
    folder = keep(tmp_path / "graph")
    (folder / name).write_bytes(b"\xff\x00 neither this nor that")
    files = {**About.load(folder).files, name: sha256(folder / name)}
    replace(About.load(folder), files=files).save(folder)
    with pytest.raises(GraphError, match="cannot be opened"):
        Encoder.open(folder)


def test_a_folder_without_a_description_holds_no_graph(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(GraphError, match="holds no graph"):
            Encoder.open(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        f'{{"recipe": {RECIPE}}}'.encode(),
        f'{{"recipe": {RECIPE}, "x": 1}}'.encode(),
    ],
)
def test_a_description_that_is_not_one_is_refused(tmp_path, content):
    folder = keep(tmp_path / "graph")
    (folder / ABOUT).write_bytes(content)
    with pytest.raises(GraphError, match=r"about\.json cannot be read"):
        About.load(folder)


def test_a_graph_of_another_recipe_is_refused(tmp_path):
    with pytest.raises(GraphError, match="made by another version"):
        Encoder.open(keep(tmp_path / "graph", recipe=RECIPE + 1))


def turned(cosine):
    """Return the probes' vectors, the last turned away to *cosine* of what it was."""
    vectors = np.array([by_hand(text) for text in TEXTS])
    last = vectors[-1]
    aside = np.array([-last[1], last[0], -last[3], last[2]])
    vectors[-1] = cosine * last + math.sqrt(1 - cosine**2) * aside
    return vectors


def test_one_probe_that_does_not_agree_is_enough_to_refuse(tmp_path):
    Encoder.open(keep(tmp_path / "near", vectors=turned(FAITHFUL + 0.01)))
    with pytest.raises(GraphError, match=r"other vectors here than its model \(cosine 0\.940\)"):
        Encoder.open(keep(tmp_path / "far", vectors=turned(FAITHFUL - 0.01)))


def test_vectors_that_are_no_numbers_are_refused(tmp_path):
    with pytest.raises(GraphError, match="other vectors"):
        Encoder.open(keep(tmp_path / "graph", vectors=turned(1.0) * np.nan))


@pytest.mark.parametrize("changed", [{"inputs": ["other"]}, {"inputs": []}, {"dimension": 5}, {"files": []}])
def test_a_graph_that_does_not_run_as_described_is_refused(tmp_path, changed):
    with pytest.raises(GraphError):
        Encoder.open(keep(tmp_path / "graph", **changed))


# Which serves


@pytest.fixture
def owned(tmp_path):
    """The folder of a model that has weights, and nothing that could be loaded."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    return folder


def test_a_whole_graph_of_these_weights_serves(owned, tmp_path):
    found = Embedder(str(owned), graphs=[tmp_path / "kept"])
    keep(tmp_path / "kept" / "mine", model=found.model_id, weights=found.weights())
    assert found.maker.startswith("fp32 graph ")
    assert (found.dimension, found.limit, found.length("the tide")) == (4, LIMIT - 2, 8)
    assert found.encode_query("tide") == pytest.approx(by_hand(ASK + "tide"), abs=1e-6)
    assert found.encode_document(["tide"])[0] == pytest.approx(by_hand("tide"), abs=1e-6)
    assert found.encode_document([]).shape == (0, 4)


def test_the_same_weights_at_another_time_are_served(owned, tmp_path):
    name = Embedder(str(owned)).model_id
    keep(tmp_path / "kept" / "mine", model=name, weights=Embedder(str(owned)).weights())
    os.utime(owned / "model.safetensors", (1_000, 1_000))
    found = Embedder(str(owned), graphs=[tmp_path / "kept"])
    assert (found.model_id, found.maker[:5]) == (name, "fp32 ")


def test_other_weights_are_not_served(owned, tmp_path):
    before = Embedder(str(owned))
    keep(tmp_path / "kept" / "mine", model=before.model_id, weights=before.weights())
    (owned / "model.safetensors").write_bytes(b"other")
    found = Embedder(str(owned), graphs=[tmp_path / "kept"])
    assert found.model_id != before.model_id
    assert found.maker == REFERENCE


def test_other_weights_of_the_same_size_and_time_are_not_served(owned, tmp_path):
    weights = owned / "model.safetensors"
    weights.write_bytes(b"one" * 100_000)
    before, at = Embedder(str(owned)), weights.stat().st_mtime
    keep(tmp_path / "kept" / "mine", model=before.model_id, weights=before.weights())
    weights.write_bytes(b"two" * 100_000)
    os.utime(weights, (at, at))
    found = Embedder(str(owned), graphs=[tmp_path / "kept"])
    assert found.model_id != before.model_id
    assert found.maker == REFERENCE


def test_half_a_character_is_embedded_as_the_sign_for_what_is_none(owned, tmp_path):
    found = Embedder(str(owned), graphs=[tmp_path / "kept"])
    keep(tmp_path / "kept" / "mine", model=found.model_id, weights=found.weights())
    assert found.encode_query("tide\ud83d") == pytest.approx(found.encode_query("tide�"))
    assert found.encode_document(["\udc80tide"])[0] == pytest.approx(found.encode_document(["�tide"])[0])
    assert found.length("tide\ud83d") == found.length("tide�")


@pytest.mark.parametrize("spoil", ["damage", "recipe", "probes", "description", "model", "nothing there"])
def test_what_is_not_whole_leaves_the_next_graph_or_the_reference_to_serve(owned, tmp_path, spoil):
    name = Embedder(str(owned)).model_id
    first = tmp_path / "kept" / "mine"
    if spoil == "damage":
        (keep(first, model=name) / GRAPH).write_bytes(b"")
    elif spoil == "recipe":
        keep(first, model=name, recipe=RECIPE + 1)
    elif spoil == "probes":
        keep(first, model=name, vectors=turned(0.5))
    elif spoil == "description":
        (keep(first, model=name) / ABOUT).write_text("{")
    elif spoil == "model":
        keep(first, model="another@123456789012")
    graphs = [tmp_path / "kept", tmp_path / "built-in"]
    assert Embedder(str(owned), graphs=graphs).maker == REFERENCE
    keep(tmp_path / "built-in" / "mine", model=name)
    assert Embedder(str(owned), graphs=graphs).maker.startswith("fp32 graph ")


def test_where_no_graph_is_kept_the_reference_serves(owned):
    assert Embedder(str(owned)).maker == REFERENCE
