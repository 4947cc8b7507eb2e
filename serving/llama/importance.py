"""How much the numbers weigh that each column of a model's matrices is multiplied with, over given texts.

It is what llama.cpp's llama-imatrix measures: the mean square of every matrix's inputs, taken from the graph while it
is computed. A quantiser that knows it rounds those columns best that matter most.
"""

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from llama_cpp import llama_cpp
from llama_cpp._ggml import libggml
from numpy.typing import NDArray

from serving.errors import DecodingFailed
from serving.llama.batches import Batch, Piece
from serving.llama.models import Model
from serving.llama.native import last_complaint

Importance = Mapping[str, NDArray[np.float32]]
"""By matrix: the mean square of its inputs, [columns]."""
TOKENS = 512
"""Of a text, at most: what is beyond is left out."""
_DIMENSIONS, _OP_PARAMS, _SOURCES, _NAME = 4, 16, 10, 64


class _Tensor(ctypes.Structure):
    """ggml_tensor, see ggml.h: its operands have no functions that tell them."""


_Tensor._fields_ = [
    ("type", ctypes.c_int),
    ("buffer", ctypes.c_void_p),
    ("ne", ctypes.c_int64 * _DIMENSIONS),
    ("nb", ctypes.c_size_t * _DIMENSIONS),
    ("op", ctypes.c_int),
    ("op_params", ctypes.c_int32 * _OP_PARAMS),
    ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(_Tensor) * _SOURCES),
    ("view_src", ctypes.c_void_p),
    ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p),
    ("name", ctypes.c_char * _NAME),
]

_op_name = libggml.ggml_op_name
_op_name.argtypes, _op_name.restype = [ctypes.c_int], ctypes.c_char_p
_read = libggml.ggml_backend_tensor_get
_read.argtypes, _read.restype = [ctypes.POINTER(_Tensor), ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t], None


class _Collector:
    """Looks at every multiplication of the graph; those by a whole matrix of a layer count."""

    def __init__(self) -> None:
        self.squares: dict[str, NDArray[np.float64]] = {}
        self.counts: dict[str, int] = {}
        self.callback = llama_cpp.ggml_backend_sched_eval_callback(self._look)
        """To be kept for as long as native code may call it."""

    def _look(self, address: int, is_question: bool, _data: object) -> bool:  # noqa: FBT001 - llama.cpp's signature
        """Say whether a node's inputs are wanted; when called again, behind it, take them. False would end the run."""
        node = ctypes.cast(address, ctypes.POINTER(_Tensor)).contents
        wanted = _op_name(node.op) == b"MUL_MAT" and node.src[0].contents.name.startswith(b"blk.")
        if wanted and not is_question:
            self._take(node.src[0].contents.name.decode(), node.src[1])
        return bool(wanted) or not is_question

    def _take(self, name: str, pointer: Any) -> None:
        inputs = pointer.contents
        columns, rows = inputs.ne[0], inputs.ne[1] * inputs.ne[2] * inputs.ne[3]
        values_N_C = np.empty((rows, columns), np.float32)
        _read(pointer, values_N_C.ctypes.data, 0, values_N_C.nbytes)
        squares_C = np.square(values_N_C, dtype=np.float64).sum(axis=0)
        self.squares[name] = self.squares.get(name, 0.0) + squares_C
        self.counts[name] = self.counts.get(name, 0) + rows


def measure(model: Model, texts: Iterable[Sequence[int]], threads: int) -> Importance:
    """Read texts, given as tokens, and return the importance of the model's matrices for them.

    Experts of a mixture are left out, and so are matrices that nothing was multiplied with.

    Raises:
        DecodingFailed: llama.cpp could not, or numbers overflowed.
    """
    collector = _Collector()
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = params.n_outputs_max = TOKENS
    params.n_threads = params.n_threads_batch = threads
    params.cb_eval = collector.callback
    params.no_perf = True
    context = llama_cpp.llama_init_from_model(model.handle, params)
    if not context:
        raise DecodingFailed(reason=last_complaint("no memory to measure importance"))
    batch = Batch(TOKENS)
    try:
        for text in texts:
            llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)  # noqa: FBT003
            # All outputs are wanted, because the last layer computes nothing for the others.
            batch.fill([Piece(0, 0, text[:TOKENS], min(len(text), TOKENS))])
            code = llama_cpp.llama_decode(context, batch.native)
            if code != 0:
                raise DecodingFailed(reason=f"llama_decode returned {code}")
    finally:
        llama_cpp.llama_free(context)
    found = {
        name: (squares_C / collector.counts[name]).astype(np.float32) for name, squares_C in collector.squares.items()
    }
    if not all(np.isfinite(values_C).all() for values_C in found.values()):
        raise DecodingFailed(reason="its numbers overflowed")
    return found
