"""The one door to llama.cpp: models, contexts, adapters and quantisation over its low-level API.

Nothing here decides anything. Only the engine's thread may call a Context; a Vocabulary may be used by any thread.
"""

import ctypes
import logging
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from llama_cpp import llama_cpp
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from serving.config import EngineConfig
from serving.errors import AdapterMismatch, BadGrammar, BrokenFile, DecodingFailed, QuantisationFailed

logger = logging.getLogger(__name__)
# llama.cpp's levels, see ggml_log_level in ggml.h; what it calls information is for its own developers.
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.INFO, 4: logging.WARNING}
_last_complaint = ""


def _log(level: int, text: bytes, _data: object) -> None:
    global _last_complaint  # noqa: PLW0603 - llama.cpp has one log per process, and says the reason of a failure only there
    message = text.decode("utf-8", "replace").strip()
    python_level = _LEVELS.get(level, logging.DEBUG)
    if python_level == logging.WARNING:
        _last_complaint = message
    logger.log(python_level, "%s", message)


_LOG_CALLBACK = llama_cpp.llama_log_callback(_log)
llama_cpp.llama_log_set(_LOG_CALLBACK, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()

FILE_TYPES = {
    "F32": llama_cpp.LLAMA_FTYPE_ALL_F32,
    "F16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16,
    "BF16": llama_cpp.LLAMA_FTYPE_MOSTLY_BF16,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q6_K": llama_cpp.LLAMA_FTYPE_MOSTLY_Q6_K,
    "Q5_K_M": llama_cpp.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "Q5_K_S": llama_cpp.LLAMA_FTYPE_MOSTLY_Q5_K_S,
    "Q4_K_M": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "Q4_K_S": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_S,
    "Q3_K_M": llama_cpp.LLAMA_FTYPE_MOSTLY_Q3_K_M,
    "IQ4_XS": llama_cpp.LLAMA_FTYPE_MOSTLY_IQ4_XS,
}
"""The types a model can be quantised to, by the names people use for them."""


ENCODER_TOKENS = 2048
"""Tokens of a text to embed at most, where the model was trained on as many."""


class Vocabulary:
    """A model's tokens: text to ids and back. Read-only, so that every thread may use it."""

    def __init__(self, model: int) -> None:
        """Read what generation asks at every token, so that it need not call into native code for it."""
        self.handle = llama_cpp.llama_model_get_vocab(model)
        self.size = int(llama_cpp.llama_vocab_n_tokens(self.handle))
        self.bos = self._text(llama_cpp.llama_vocab_bos(self.handle))
        self.eos = self._text(llama_cpp.llama_vocab_eos(self.handle))
        # SentencePiece models put a blank before the first word unless they say otherwise.
        self.adds_space = (
            llama_cpp.llama_vocab_type(self.handle) == llama_cpp.LLAMA_VOCAB_TYPE_SPM
            and _metadata(model, "tokenizer.ggml.add_space_prefix") != "false"
        )
        self.ends = frozenset(token for token in range(self.size) if llama_cpp.llama_vocab_is_eog(self.handle, token))
        self._buffer_length = 256
        self._pieces: dict[int, bytes] = {}

    def tokenise(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the token ids of a text; add_special adds what the model wants around it, as BOS."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self.handle, data, len(data), tokens, room, add_special, parse_special)
        if count < 0:
            tokens = (llama_cpp.llama_token * -count)()
            count = llama_cpp.llama_tokenize(self.handle, data, len(data), tokens, -count, add_special, parse_special)
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for: perhaps a part of a character; empty for control tokens."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(self._buffer_length)
            length = llama_cpp.llama_token_to_piece(self.handle, token, buffer, len(buffer), 0, False)  # noqa: FBT003
            if length < 0:
                buffer = ctypes.create_string_buffer(-length)
                length = llama_cpp.llama_token_to_piece(self.handle, token, buffer, len(buffer), 0, False)  # noqa: FBT003
            known = self._pieces[token] = buffer.raw[:length]
        return known

    def _text(self, token: int) -> str:
        return llama_cpp.llama_vocab_get_text(self.handle, token).decode("utf-8") if token >= 0 else ""


def _metadata(model: int, key: str) -> str:
    """Return a value of the model's metadata as text; empty if it is not there."""
    buffer = ctypes.create_string_buffer(64)
    llama_cpp.llama_model_meta_val_str(model, key.encode(), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


class Model:
    """One GGUF model in memory, shared by all contexts."""

    def __init__(self, path: Path, config: EngineConfig) -> None:
        """Load the file.

        Raises:
            BrokenFile: llama.cpp refuses it.
        """
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = config.gpu_layers
        handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not handle:
            raise BrokenFile(file=path, reason=_last_complaint or "llama.cpp refuses it")
        self.handle: int = handle
        self.path = path
        self.vocabulary = Vocabulary(handle)
        self.trained_tokens = int(llama_cpp.llama_model_n_ctx_train(handle))
        self.bytes = int(llama_cpp.llama_model_size(handle))
        # A recurrent state holds only its end, so that nothing can be taken from its middle.
        self.keeps_positions = not (
            llama_cpp.llama_model_is_recurrent(handle) or llama_cpp.llama_model_is_hybrid(handle)
        )

    def chat_template(self) -> str | None:
        """Return the chat template in the model's metadata."""
        template = llama_cpp.llama_model_chat_template(self.handle, None)
        return template.decode("utf-8") if template else None

    def close(self) -> None:
        """Free the memory; no context may be left."""
        llama_cpp.llama_model_free(self.handle)


class Piece(NamedTuple):
    """Tokens of one sequence for one batch."""

    sequence: int
    position: int
    """Of the first token."""
    tokens: Sequence[int]
    wanted: int
    """How many of the last tokens logits are wanted for."""


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
        params.n_seq_max = config.sequences
        params.n_outputs_max = config.outputs
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
            raise DecodingFailed(reason=_last_complaint or "no memory for another lane")
        if self._adapter:
            handles = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self._adapter)
            llama_cpp.llama_set_adapters_lora(self._context, handles, 1, (ctypes.c_float * 1)(1.0))
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocabulary_size = model.vocabulary.size
        self._batch = _Batch(config.batch_tokens)

    def copy(self, source: int, target: int, length: int) -> None:
        """Let the target sequence share the first tokens of the source; costs no memory."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def trim(self, sequence: int, length: int) -> None:
        """Forget all tokens of a sequence but the first."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1)

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
        pointer = llama_cpp.llama_get_logits(self._context)
        return np.ctypeslib.as_array(pointer, (outputs, self._vocabulary_size))

    def close(self) -> None:
        """Free the memory and the adapter."""
        llama_cpp.llama_free(self._context)
        self._free_adapter()

    def _free_adapter(self) -> None:
        if self._adapter:
            llama_cpp.llama_adapter_lora_free(self._adapter)
            self._adapter = None


_KV_TYPES = {"f16": llama_cpp.GGML_TYPE_F16, "f32": llama_cpp.GGML_TYPE_F32, "q8_0": llama_cpp.GGML_TYPE_Q8_0}


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
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self.limit
        params.n_seq_max = self.sequences
        params.n_threads = params.n_threads_batch = config.threads
        params.kv_unified = True
        params.embeddings = True
        params.no_perf = True
        said = _metadata(model.handle, f"{_metadata(model.handle, 'general.architecture')}.pooling_type")
        if said in ("", str(llama_cpp.LLAMA_POOLING_TYPE_NONE)):
            params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_MEAN
        self._context: Any = llama_cpp.llama_init_from_model(model.handle, params)
        if not self._context:
            raise DecodingFailed(reason=_last_complaint or "no memory for the encoder")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._width = int(llama_cpp.llama_model_n_embd_out(model.handle))
        self._batch = _Batch(self.limit)

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


class _Batch:
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


def _load_adapter(model: Model, path: Path) -> Any:
    handle = llama_cpp.llama_adapter_lora_init(model.handle, str(path).encode())
    if not handle:
        raise AdapterMismatch(adapter=path.name, base=model.path.name, reason=_last_complaint or "llama.cpp refuses it")
    return handle


def try_adapter(model: Model, path: Path) -> None:
    """Load an adapter and free it again.

    Raises:
        AdapterMismatch: llama.cpp refuses it.
    """
    llama_cpp.llama_adapter_lora_free(_load_adapter(model, path))


def grammar_of_schema(schema: str) -> str:
    """Return the GBNF grammar of the JSON texts that a JSON schema allows.

    Raises:
        BadGrammar: it is no schema, or uses what the converter doesn't know.
    """
    try:
        grammar: str = json_schema_to_gbnf(schema)
    except Exception as error:
        # The converter has no errors of its own: a wrong schema ends in an assertion, a missing key or a wrong type.
        raise BadGrammar(reason=f"the JSON schema doesn't convert ({type(error).__name__}: {error})") from error
    # Its strings may hold control characters, which JSON's may not (RFC 8259, section 7).
    return grammar.replace(r'[^"\\]', r'[^"\\\x00-\x1F\x7F]')


class Grammar:
    """A GBNF grammar on its way through one answer: which tokens may come next."""

    def __init__(self, vocabulary: Vocabulary, text: str) -> None:
        """Read the grammar; its root is the rule 'root'.

        Raises:
            BadGrammar: it can't be read.
        """
        handle = llama_cpp.llama_sampler_init_grammar(vocabulary.handle, text.encode(), b"root")
        if not handle:
            raise BadGrammar(reason="it is not in llama.cpp's GBNF notation, has no rule 'root', or is left-recursive")
        self._handle = handle
        self._ids = np.arange(vocabulary.size, dtype=np.int32)
        weakref.finalize(self, llama_cpp.llama_sampler_free, handle)

    def allows(self, token: int) -> bool:
        """Return whether the token may come next."""
        return bool(np.isfinite(self._apply(self._ids[token : token + 1], np.zeros(1, np.float32))[0]))

    def mask(self, logits_V: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, those of tokens that may not come next at minus infinity."""
        return self._apply(self._ids, logits_V)

    def accept(self, token: int) -> None:
        """Go on behind a token, which must be allowed."""
        llama_cpp.llama_sampler_accept(self._handle, token)

    def _apply(self, ids: NDArray[np.int32], logits: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = np.zeros(len(ids), [("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        rows["id"], rows["logit"] = ids, logits
        data = ctypes.cast(rows.ctypes.data, ctypes.POINTER(llama_cpp.llama_token_data))
        candidates = llama_cpp.llama_token_data_array(data, len(rows), -1, False)  # noqa: FBT003
        llama_cpp.llama_sampler_apply(self._handle, ctypes.byref(candidates))
        return rows["logit"].copy()


def quantise_file(source: Path, target: Path, type: str, threads: int) -> None:  # noqa: A002
    """Write a model in another type.

    Raises:
        QuantisationFailed: llama.cpp could not.
    """
    params = llama_cpp.llama_model_quantize_default_params()
    params.nthread = threads
    params.ftype = FILE_TYPES[type]
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params))
    if code != 0:
        raise QuantisationFailed(source=source, type=type, reason=_last_complaint or f"llama.cpp returned {code}.")
