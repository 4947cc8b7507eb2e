"""The native side of lanes: KV memory of several sequences under one adapter or none."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray

from serving.config import EngineConfig
from serving.errors import AdapterMismatch, DecodingFailed
from serving.llama.batches import Batch, Piece
from serving.llama.models import Model
from serving.llama.native import last_complaint

_KV_TYPES = {"f16": llama_cpp.GGML_TYPE_F16, "f32": llama_cpp.GGML_TYPE_F32, "q8_0": llama_cpp.GGML_TYPE_Q8_0}


class Context:
    """A lane's native side: the KV memory of several sequences, under one adapter or none."""

    def __init__(self, model: Model, adapter: Path | None, config: EngineConfig) -> None:
        """Allocate the memory and set the adapter.

        Raises:
            AdapterMismatch: llama.cpp refuses the adapter.
            DecodingFailed: there is not enough memory.
        """
        self._adapter = _load_adapter(model, adapter) if adapter else None
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = config.context_tokens
        params.n_batch = params.n_ubatch = config.batch_tokens
        params.n_seq_max = config.sequences + 1  # the last is for saving a part of another
        self._scratch = config.sequences
        params.n_outputs_max = config.outputs + 1  # llama.cpp wants room for one of each sequence
        params.n_threads = params.n_threads_batch = config.threads
        params.kv_unified = True  # sequences share cells, so that a common prefix exists once
        params.swa_full = True  # a sliding window would lose the prefix that the next request shares
        params.type_k = params.type_v = _KV_TYPES[config.kv_type]
        if config.kv_type == "f32":  # flash attention would round to half precision all the same
            params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        self._context: Any = llama_cpp.llama_init_from_model(model.handle, params)
        if not self._context:
            self._free_adapter()
            raise DecodingFailed(reason=last_complaint("no memory for another lane"))
        self._model = model
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocabulary_size = model.vocabulary.size
        self._batch = Batch(config.batch_tokens)
        self._set_adapter()

    def retune(self, adapter: Path | None) -> None:
        """Forget all tokens, and go on under another adapter: much less work than to allocate another context.

        Raises:
            AdapterMismatch: llama.cpp refuses the adapter; the context must not be used any more.
        """
        llama_cpp.llama_memory_clear(self._memory, False)  # noqa: FBT003 - positional in the native interface
        llama_cpp.llama_set_adapters_lora(self._context, None, 0, None)
        self._free_adapter()
        self._adapter = _load_adapter(self._model, adapter) if adapter else None
        self._set_adapter()

    def _set_adapter(self) -> None:
        if self._adapter:
            handles = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self._adapter)
            llama_cpp.llama_set_adapters_lora(self._context, handles, 1, (ctypes.c_float * 1)(1.0))

    def copy(self, source: int, target: int, length: int) -> None:
        """Let the target sequence share the first tokens of the source; costs no memory."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def trim(self, sequence: int, length: int) -> None:
        """Forget all tokens of a sequence but the first."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def save(self, sequence: int, start: int) -> NDArray[np.uint8]:
        """Return what the memory holds of a sequence from a token on, as bytes that `restore` takes."""
        llama_cpp.llama_memory_seq_cp(self._memory, sequence, self._scratch, start, -1)
        size = llama_cpp.llama_state_seq_get_size(self._context, self._scratch)
        state = np.empty(size, np.uint8)
        llama_cpp.llama_state_seq_get_data(self._context, _bytes(state), size, self._scratch)
        llama_cpp.llama_memory_seq_rm(self._memory, self._scratch, -1, -1)
        return state

    def restore(self, sequence: int, state: NDArray[np.uint8]) -> None:
        """Empty a sequence, and give it what was saved.

        Raises:
            DecodingFailed: llama.cpp has no room for it; the context must not be used any more.
        """
        if not llama_cpp.llama_state_seq_set_data(self._context, _bytes(state), len(state), sequence):
            raise DecodingFailed(reason=last_complaint("a conversation could not be brought back"))

    def decode(self, pieces: Sequence[Piece]) -> NDArray[np.float32]:
        """Run pieces of several sequences through the model in one batch.

        Returns:
            The logits that were wanted, [tokens, vocabulary], in the order of the pieces; valid until the next call.

        Raises:
            DecodingFailed: llama.cpp could not; the context must not be used any more.
        """
        outputs = self._batch.fill(pieces)
        code = llama_cpp.llama_decode(self._context, self._batch.native)
        if code != 0:
            raise DecodingFailed(reason=f"llama_decode returned {code}")
        if outputs == 0:
            return np.empty((0, self._vocabulary_size), np.float32)
        first = llama_cpp.llama_get_logits(self._context).contents
        # Ten times as fast as numpy.ctypeslib, and done in every turn.
        buffer: Any = (ctypes.c_float * (outputs * self._vocabulary_size)).from_address(ctypes.addressof(first))
        return np.frombuffer(buffer, np.float32).reshape(outputs, self._vocabulary_size)

    def close(self) -> None:
        """Free the memory and the adapter."""
        llama_cpp.llama_free(self._context)
        self._free_adapter()

    def _free_adapter(self) -> None:
        if self._adapter:
            llama_cpp.llama_adapter_lora_free(self._adapter)
            self._adapter = None


def _bytes(array: NDArray[np.uint8]) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(ctypes.c_uint8))


def try_adapter(model: Model, path: Path) -> None:
    """Load an adapter and free it again.

    Raises:
        AdapterMismatch: llama.cpp refuses it.
    """
    llama_cpp.llama_adapter_lora_free(_load_adapter(model, path))


def _load_adapter(model: Model, path: Path) -> Any:
    handle = llama_cpp.llama_adapter_lora_init(model.handle, str(path).encode())
    if not handle:
        reason = last_complaint("llama.cpp refuses it")
        raise AdapterMismatch(adapter=path.name, base=model.path.name, reason=reason)
    return handle
