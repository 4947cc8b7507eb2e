"""Texts to vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray

from serving.config import EngineConfig
from serving.errors import DecodingFailed
from serving.llama.batches import Batch, Piece
from serving.llama.models import Model, metadata
from serving.llama.native import last_complaint

ENCODER_TOKENS = 2048
"""Tokens of a text to embed at most, where the model was trained on as many."""


class Encoder:
    """A model that turns texts into vectors."""

    sequences = 16
    """Texts per batch at most."""

    def __init__(self, model: Model, config: EngineConfig) -> None:
        """Allocate the memory for one batch; texts are pooled as the model says, else by their mean.

        Raises:
            DecodingFailed: there is not enough memory.
        """
        self.limit = min(model.trained_tokens, ENCODER_TOKENS)
        """Tokens of a text, and of a batch, at most."""
        self.model = model
        self.name = model.path.resolve().stem
        """Its file's, so that who keeps vectors knows which can be compared; a link's name says nothing."""
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self.limit
        params.n_seq_max = self.sequences
        params.n_threads = params.n_threads_batch = config.threads
        params.kv_unified = True
        params.embeddings = True
        params.no_perf = True
        said = metadata(model.handle, f"{metadata(model.handle, 'general.architecture')}.pooling_type")
        if said in ("", str(llama_cpp.LLAMA_POOLING_TYPE_NONE)):
            params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_MEAN
        self._context: Any = llama_cpp.llama_init_from_model(model.handle, params)
        if not self._context:
            raise DecodingFailed(reason=last_complaint("no memory for the encoder"))
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._width = int(llama_cpp.llama_model_n_embd_out(model.handle))
        self._batch = Batch(self.limit)

    def encode(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the vectors of texts that fit one batch, [texts, width], each of length 1.

        Raises:
            DecodingFailed: llama.cpp could not.
        """
        if self._memory:
            llama_cpp.llama_memory_clear(self._memory, True)  # noqa: FBT003
        self._batch.fill([Piece(number, 0, tokens, len(tokens)) for number, tokens in enumerate(texts)])
        code = llama_cpp.llama_decode(self._context, self._batch.native)
        if code != 0:
            raise DecodingFailed(reason=f"llama_decode returned {code}")
        pointers = (llama_cpp.llama_get_embeddings_seq(self._context, number) for number in range(len(texts)))
        vectors = np.stack([np.ctypeslib.as_array(pointer, (self._width,)) for pointer in pointers])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all():
            raise DecodingFailed(reason="its numbers overflowed")
        unit: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
        return unit

    def close(self) -> None:
        """Free the memory, the model's included."""
        llama_cpp.llama_free(self._context)
        self.model.close()
