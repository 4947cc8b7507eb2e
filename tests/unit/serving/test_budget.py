"""The KV budget in lanes."""

from pathlib import Path

import pytest

from serving.budget import affordable_lanes, swap_bytes
from serving.config import EngineConfig
from serving.errors import MemoryTooSmall
from serving.gguf import Header

HEADER = Header(
    metadata={
        "general.architecture": "llama",
        "llama.block_count": 10,
        "llama.embedding_length": 512,
        "llama.attention.head_count": 8,
        "llama.attention.head_count_kv": 2,
    },
    tensors={},
)
LANE_BYTES = 1024 * 10 * 2 * (64 + 64) * 2
"""1,000 tokens rounded up to cells, 10 layers, 2 heads of 64 for keys and as many for values, 2 bytes each."""


def config(**fields) -> EngineConfig:
    return EngineConfig(model=Path("base.gguf"), adapter_dir=Path(), context_tokens=1000, **fields)


@pytest.mark.parametrize(("allowed", "lanes"), [(LANE_BYTES, 1), (4 * LANE_BYTES - 1, 3), (100 * LANE_BYTES, 8)])
def test_as_many_lanes_as_fit_and_no_more_than_configured(allowed, lanes):
    assert affordable_lanes(config(kv_bytes=allowed, lanes=8), HEADER) == lanes


@pytest.mark.parametrize(
    ("allowed", "left"),
    [
        (2 * LANE_BYTES, 0),
        (4 * LANE_BYTES - 1, 0),
        (4 * LANE_BYTES, 2 * LANE_BYTES),
        (9 * LANE_BYTES, 7 * LANE_BYTES),
    ],
)
def test_what_is_left_is_for_what_lanes_swap_out_unless_it_is_less_than_they_hold(allowed, left):
    assert swap_bytes(config(kv_bytes=allowed), HEADER, 2) == left


def test_wider_numbers_take_more_room():
    assert affordable_lanes(config(kv_bytes=4 * LANE_BYTES, kv_type="f32"), HEADER) == 2
    assert affordable_lanes(config(kv_bytes=4 * LANE_BYTES, kv_type="q8_0"), HEADER) == 7


def test_not_even_one_lane_is_an_error_with_both_figures():
    with pytest.raises(
        MemoryTooSmall, match=f"needs {LANE_BYTES} bytes of KV memory, and {LANE_BYTES - 1} are allowed"
    ):
        affordable_lanes(config(kv_bytes=LANE_BYTES - 1), HEADER)
