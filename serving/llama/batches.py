"""Tokens of several sequences as llama.cpp takes them."""

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray


class Piece(NamedTuple):
    """Tokens of one sequence for one batch."""

    sequence: int
    position: int
    """Of the first token."""
    tokens: Sequence[int]
    wanted: int
    """How many of the last tokens logits are wanted for."""


class Batch:
    """A llama_batch whose arrays are numpy's, so that filling it costs a few slices."""

    def __init__(self, capacity: int) -> None:
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._sequences = np.zeros(capacity, np.int32)
        self._counts = np.ones(capacity, np.int32)
        # llama_batch wants a pointer to each token's list of sequences: here, to one element of one array.
        self._pointers = self._sequences.ctypes.data + 4 * np.arange(capacity, dtype=np.uint64)
        self._wanted = np.zeros(capacity, np.int8)
        self.native = llama_cpp.llama_batch(
            0,
            self._pointer(self._tokens, llama_cpp.llama_token),
            None,
            self._pointer(self._positions, llama_cpp.llama_pos),
            self._pointer(self._counts, ctypes.c_int32),
            self._pointer(self._pointers, ctypes.POINTER(llama_cpp.llama_seq_id)),
            self._pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, pieces: Sequence[Piece]) -> int:
        """Write the pieces; return the number of rows of logits they ask for."""
        start = outputs = 0
        self._wanted[:] = 0
        for sequence, position, tokens, wanted in pieces:
            stop = start + len(tokens)
            self._tokens[start:stop] = tokens
            self._positions[start:stop] = np.arange(position, position + len(tokens))
            self._sequences[start:stop] = sequence
            self._wanted[stop - wanted : stop] = 1
            outputs += wanted
            start = stop
        self.native.n_tokens = start
        return outputs

    @staticmethod
    def _pointer(array: NDArray[Any], kind: Any) -> Any:
        return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
