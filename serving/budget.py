"""How many lanes the memory allowed for KV can hold."""

from serving.config import EngineConfig
from serving.errors import MemoryTooSmall
from serving.gguf import Header

KV_BYTES = {"f16": 2, "f32": 4, "q8_0": 34 / 32}
"""Bytes per number."""
CELLS_STEP = 256
"""llama.cpp rounds a context up to a multiple of this."""


def affordable_lanes(config: EngineConfig, header: Header) -> int:
    """Return how many lanes the KV budget allows, at most those configured.

    Raises:
        MemoryTooSmall: not even one.
    """
    needed = lane_bytes(config, header)
    lanes = min(config.lanes, config.kv_bytes // needed)
    if lanes < 1:
        raise MemoryTooSmall(context_tokens=config.context_tokens, needed=needed, allowed=config.kv_bytes)
    return lanes


def swap_bytes(config: EngineConfig, header: Header, lanes: int) -> int:
    """Return what of the KV budget is left for what so many lanes swap out, in bytes.

    Nothing if it is less than the lanes' own: what is swapped out would be forgotten sooner than in the lane.
    """
    own = lanes * lane_bytes(config, header)
    left = config.kv_bytes - own
    return left if left >= own else 0


def lane_bytes(config: EngineConfig, header: Header) -> int:
    """Return what the keys and values of one lane take."""
    layers, width = header.number("block_count") or 1, header.number("embedding_length") or 1
    heads = header.number("attention.head_count") or 1
    kv_heads = header.number("attention.head_count_kv") or heads
    keys = header.number("attention.key_length") or width // heads
    values = header.number("attention.value_length") or width // heads
    cells = -(-config.context_tokens // CELLS_STEP) * CELLS_STEP
    return int(cells * layers * kv_heads * (keys + values) * KV_BYTES[config.kv_type])
