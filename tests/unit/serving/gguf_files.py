"""Writes small GGUF files, right or wrong, for tests."""

import struct
from collections.abc import Mapping
from pathlib import Path

F32 = 0
Metadata = Mapping[str, str | int | float | list[str]]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: str | float | list[str]) -> bytes:
    if isinstance(value, list):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    return struct.pack("<If", 6, value)


def gguf(metadata: Metadata, tensors: Mapping[str, tuple[int, ...]]) -> bytes:
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        header += _text(key) + _value(value)
    data = b""
    for name, shape in tensors.items():
        size = 4
        for dimension in shape:
            size *= dimension
        header += _text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        header += struct.pack("<IQ", F32, len(data))
        data += bytes(size) + bytes(-size % 32)
    return header + bytes(-len(header) % 32) + data


BASE_METADATA: Metadata = {"general.architecture": "llama", "llama.block_count": 1, "tokenizer.ggml.tokens": ["a", "b"]}
BASE_TENSORS = {"token_embd.weight": (8, 2), "blk.0.attn_q.weight": (8, 12)}
ADAPTER_METADATA: Metadata = {
    "general.architecture": "llama",
    "general.type": "adapter",
    "adapter.type": "lora",
    "adapter.lora.alpha": 8.0,
}
ADAPTER_TENSORS = {"blk.0.attn_q.weight.lora_a": (8, 4), "blk.0.attn_q.weight.lora_b": (4, 12)}


def write_base(path: Path) -> Path:
    path.write_bytes(gguf(BASE_METADATA, BASE_TENSORS))
    return path


def write_adapter(
    path: Path,
    *,
    metadata: Metadata = ADAPTER_METADATA,
    tensors: Mapping[str, tuple[int, ...]] = ADAPTER_TENSORS,
) -> Path:
    path.write_bytes(gguf(metadata, tensors))
    return path
