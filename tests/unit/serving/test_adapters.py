"""Which adapters may be registered, and why others may not."""

import hashlib
import os

import pytest

from serving.adapters import Adapters
from serving.errors import (
    AdapterChanged,
    AdapterMismatch,
    AdapterOutside,
    BrokenFile,
    InvalidRequest,
    TooManyPinned,
    UnknownModel,
)
from tests.unit.serving.gguf_files import ADAPTER_METADATA, ADAPTER_TENSORS, write_adapter, write_base


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "adapters"
    path.mkdir()
    return path


@pytest.fixture
def adapters(tmp_path, folder):
    return Adapters(folder=folder, base=write_base(tmp_path / "starter.gguf"), lanes=3)


def test_a_fitting_adapter_is_found_by_its_id(adapters, folder):
    path = write_adapter(folder / "hr.gguf")
    file = adapters.check("hr-1", path)
    assert adapters.register(file) is None
    assert adapters.find("hr-1") == file
    assert adapters.ids() == ["hr-1"]


def test_the_base_has_two_names(adapters):
    assert adapters.find("base") is adapters.find("starter") is None


def test_an_unknown_model_is_named(adapters):
    with pytest.raises(UnknownModel, match="'sales'") as caught:
        adapters.find("sales")
    assert caught.value.status == 404


def test_a_replaced_file_is_another_adapter(adapters, folder):
    path = write_adapter(folder / "hr.gguf")
    first = adapters.check("hr", path)
    adapters.register(first)
    assert adapters.holds(adapters.check("hr", path))
    os.utime(path, ns=(1, 1))
    second = adapters.check("hr", path)
    assert not adapters.holds(second)
    assert adapters.register(second) == first


def test_a_removed_adapter_is_gone(adapters, folder):
    adapters.register(adapters.check("hr", write_adapter(folder / "hr.gguf")))
    adapters.remove("hr")
    with pytest.raises(UnknownModel):
        adapters.remove("hr")


def test_a_hash_is_compared(adapters, folder):
    path = write_adapter(folder / "hr.gguf")
    adapters.check("hr", path, sha256=hashlib.sha256(path.read_bytes()).hexdigest().upper())
    with pytest.raises(AdapterChanged):
        adapters.check("hr", path, sha256="0" * 64)


def test_a_file_outside_the_folder_is_refused_by_any_path(adapters, folder, tmp_path):
    outside = write_adapter(tmp_path / "outside.gguf")
    (folder / "link.gguf").symlink_to(outside)
    for path in (outside, folder / ".." / "outside.gguf", folder / "link.gguf", folder):
        with pytest.raises(AdapterOutside):
            adapters.check("hr", path)


def test_a_missing_file_is_refused(adapters, folder):
    with pytest.raises(BrokenFile, match="not there"):
        adapters.check("hr", folder / "none.gguf")
    with pytest.raises(BrokenFile, match="not there"):
        adapters.check("hr", folder / "n\0ne.gguf")


@pytest.mark.parametrize("adapter_id", ["", "base", "starter", "embedding", "x" * 201])
def test_an_id_that_means_something_else_is_refused(adapters, folder, adapter_id):
    with pytest.raises(InvalidRequest):
        adapters.check(adapter_id, write_adapter(folder / "hr.gguf"))


@pytest.mark.parametrize(
    ("metadata", "tensors", "reason"),
    [
        ({"general.architecture": "qwen2"}, {}, "it is for qwen2, the base is llama"),
        ({}, {"blk.0.attn_q.weight.lora_b": (4, 16)}, r"\[8, 4\] and \[4, 16\] for \[8, 12\]"),
        ({}, {"blk.7.attn_q.weight.lora_a": (8, 4), "blk.7.attn_q.weight.lora_b": (4, 12)}, "no tensor 'blk.7"),
        ({}, {"blk.0.attn_k.weight.lora_a": (8, 4)}, "'blk.0.attn_k.weight' is no pair"),
        ({}, {"token_embd.weight.lora_a": (4, 2), "token_embd.weight.lora_b": (4, 8)}, "changes the embeddings"),
    ],
)
def test_a_misfit_is_named_with_both_sides(adapters, folder, metadata, tensors, reason):
    path = write_adapter(
        folder / "hr.gguf", metadata={**ADAPTER_METADATA, **metadata}, tensors={**ADAPTER_TENSORS, **tensors}
    )
    with pytest.raises(AdapterMismatch, match=reason) as caught:
        adapters.check("hr", path)
    assert "hr.gguf" in caught.value.sentence
    assert "starter.gguf" in caught.value.sentence
    assert caught.value.status == 409


@pytest.mark.parametrize(
    "metadata", [{"general.type": "model"}, {"adapter.type": "ia3"}, {"adapter.lora.alpha": float("nan")}]
)
def test_what_is_no_lora_is_refused(adapters, folder, metadata):
    with pytest.raises(BrokenFile):
        adapters.check("hr", write_adapter(folder / "hr.gguf", metadata={**ADAPTER_METADATA, **metadata}))


def test_one_lane_stays_free_of_pins(adapters, folder):
    path = write_adapter(folder / "hr.gguf")
    for name in ("one", "two"):
        adapters.register(adapters.check(name, path, pinned=True))
    with pytest.raises(TooManyPinned):
        adapters.register(adapters.check("three", path, pinned=True))
    adapters.register(adapters.check("two", path, pinned=False))
    adapters.register(adapters.check("three", path, pinned=True))
