"""What weights are worth is measured as it is in transformers, and quantisation heeds it."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from serving.errors import BrokenFile, QuantisationFailed
from serving.quantise import measure_importance, quantise, read_importance, write_importance

pytestmark = pytest.mark.timeout(900)

TEXTS = [[1, *range(270, 330)], [1, *range(330, 399)]]
PLACES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


@pytest.fixture(scope="module")
def importance(tiny_model):
    return measure_importance(tiny_model.gguf, TEXTS, threads=1)


def test_importance_is_the_mean_square_of_what_transformers_multiplies_each_matrix_with(tiny_model, importance):
    model = AutoModelForCausalLM.from_pretrained(tiny_model.folder, dtype=torch.float32)
    seen: dict[str, list[torch.Tensor]] = {}
    for number, layer in enumerate(model.model.layers):
        for name, place in PLACES.items():
            into = seen.setdefault(f"blk.{number}.{name}.weight", [])
            layer.get_submodule(place).register_forward_pre_hook(
                lambda _module, inputs, into=into: into.append(inputs[0][0])
            )
    with torch.no_grad():
        for text in TEXTS:
            model(torch.tensor([text]))
    assert set(importance) == set(seen)
    for name, inputs in seen.items():
        np.testing.assert_allclose(importance[name], torch.cat(inputs).square().mean(dim=0), rtol=0.02, atol=1e-5)


def test_quantisation_heeds_importance_where_the_type_can(tiny_model, importance, tmp_path):
    for kind, heeds in (("Q4_K_M", True), ("Q8_0", False)):
        plain, weighed = tmp_path / f"{kind}.gguf", tmp_path / f"{kind}-weighed.gguf"
        quantise(tiny_model.gguf, plain, kind, threads=1)
        quantise(tiny_model.gguf, weighed, kind, threads=1, importance=importance)
        assert plain.stat().st_size == weighed.stat().st_size
        assert (plain.read_bytes() != weighed.read_bytes()) is heeds


def test_importance_of_another_model_is_refused(tiny_model, importance, tmp_path):
    others = {name: values[:-1].copy() for name, values in importance.items()}
    with pytest.raises(QuantisationFailed, match="Q4_K_M"):
        quantise(tiny_model.gguf, tmp_path / "q.gguf", "Q4_K_M", threads=1, importance=others)
    assert list(tmp_path.iterdir()) == []


def test_importance_is_kept_in_a_file_and_a_broken_one_is_refused(importance, tmp_path):
    kept = tmp_path / "importance.npz"
    write_importance(importance, kept)
    found = read_importance(kept)
    assert all(np.array_equal(found[name], values) for name, values in importance.items())
    assert set(found) == set(importance)
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(BrokenFile):
        read_importance(kept)
