"""Reads a GGUF file's header and distrusts it: what native code gets to see has passed here first.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from serving.errors import BrokenFile

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_ENTRIES = 1_000_000
"""More metadata entries, tensors or characters of one string than any model has."""
MAX_TEXT = 16 * 2**20
MAX_ARRAY = 8_000_000
MAX_DIMENSIONS = 4

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _ARRAY = 8, 9

BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Elements and bytes of one block, by ggml type."""

Value = bool | int | float | str | int


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """What the header says of one tensor."""

    shape: tuple[int, ...]
    """Elements per dimension, the fastest first."""
    type: int
    """The number of its ggml type."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """A GGUF file without its weights."""

    metadata: Mapping[str, Value]
    """Single values; arrays are left out."""
    tensors: Mapping[str, Tensor]
    """By name."""

    @property
    def architecture(self) -> str:
        """The kind of model, as 'llama'."""
        return str(self.metadata.get("general.architecture", ""))

    def number(self, key: str) -> int | None:
        """Return a whole number of the architecture, as 'block_count'."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None


def read_header(path: Path) -> Header:
    """Read and check a header: counts, names, types, and that each tensor's bytes lie within the file and apart.

    Raises:
        BrokenFile: it is no GGUF file, or a damaged one.
    """
    try:
        with path.open("rb") as file:
            return _Reader(path, file).header()
    except OSError as error:
        raise BrokenFile(file=path, reason=error.strerror or "it can't be read") from error


class _Reader:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._size = path.stat().st_size

    def header(self) -> Header:
        if self._bytes(4) != MAGIC:
            raise self._broken("it is no GGUF file")
        version = self._number("<I")
        if version not in VERSIONS:
            raise self._broken(f"GGUF version {version} is unknown")
        tensor_count, entry_count = self._count(), self._count()
        metadata: dict[str, Value] = {}
        for _ in range(entry_count):
            key = self._text()
            value = self._value(self._number("<I"))
            if value is not None:
                metadata[key] = value
        tensors: dict[str, Tensor] = {}
        spans: list[tuple[int, int]] = []
        for _ in range(tensor_count):
            name = self._text()
            if name in tensors:
                raise self._broken(f"it has two tensors '{name}'")
            tensors[name], span = self._tensor(name)
            spans.append(span)
        self._check_spans(spans, metadata.get("general.alignment", 32))
        return Header(metadata=metadata, tensors=tensors)

    def _tensor(self, name: str) -> tuple[Tensor, tuple[int, int]]:
        dimensions = self._number("<I")
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise self._broken(f"the tensor '{name}' has {dimensions} dimensions")
        shape = tuple(self._number("<Q") for _ in range(dimensions))
        kind, offset = self._number("<I"), self._number("<Q")
        if kind not in BLOCKS:
            raise self._broken(f"the tensor '{name}' has the unknown type {kind}")
        elements, size = BLOCKS[kind]
        if 0 in shape or shape[0] % elements:
            raise self._broken(f"the tensor '{name}' has the impossible shape {list(shape)}")
        return Tensor(shape=shape, type=kind), (offset, offset + prod(shape) // elements * size)

    def _check_spans(self, spans: list[tuple[int, int]], alignment: Value) -> None:
        if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
            raise self._broken(f"its alignment is {alignment}")
        start = -(-self._file.tell() // alignment) * alignment
        last = 0
        for first, end in sorted(spans):
            if first % alignment or first < last:
                raise self._broken("its tensors overlap")
            last = end
        if start + last > self._size:
            raise self._broken(f"it is cut off: {start + last} bytes are promised, {self._size} are there")

    def _value(self, kind: int) -> Value | None:
        if kind == _TEXT:
            return self._text()
        if kind == _ARRAY:
            self._skip_array()
            return None
        if kind not in _SCALARS:
            raise self._broken(f"a value has the unknown type {kind}")
        value: Value = struct.unpack(_SCALARS[kind], self._bytes(struct.calcsize(_SCALARS[kind])))[0]
        return value

    def _skip_array(self) -> None:
        kind, count = self._number("<I"), self._number("<Q")
        if count > MAX_ARRAY:
            raise self._broken(f"an array has {count} elements")
        if kind == _TEXT:
            for _ in range(count):
                self._text()
        elif kind in _SCALARS:
            self._bytes(count * struct.calcsize(_SCALARS[kind]))
        else:
            raise self._broken(f"an array has elements of the unknown type {kind}")

    def _count(self) -> int:
        count = self._number("<Q")
        if count > MAX_ENTRIES:
            raise self._broken(f"it claims {count} entries")
        return count

    def _text(self) -> str:
        length = self._number("<Q")
        if length > MAX_TEXT:
            raise self._broken(f"a text has {length} bytes")
        return self._bytes(length).decode("utf-8", "replace")

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._bytes(struct.calcsize(form)))[0])

    def _bytes(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._broken("it is cut off in its header")
        return data

    def _broken(self, reason: str) -> BrokenFile:
        return BrokenFile(file=self._path, reason=reason)
