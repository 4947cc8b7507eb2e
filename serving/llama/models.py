"""Models in memory, and their vocabularies."""

import ctypes
from pathlib import Path

from llama_cpp import llama_cpp

from serving.config import EngineConfig
from serving.errors import BrokenFile
from serving.llama.native import last_complaint
from serving.markers import Markers

_CONTROL = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
_CUT_OUT = _CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
"""What llama.cpp looks for in a text before it cuts the rest into tokens."""


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
            and metadata(model, "tokenizer.ggml.add_space_prefix") != "false"
        )
        self.ends = frozenset(token for token in range(self.size) if llama_cpp.llama_vocab_is_eog(self.handle, token))
        self.markers = Markers(
            (self._text(token), bool(attributes & _CONTROL))
            for token in range(self.size)
            if (attributes := llama_cpp.llama_vocab_get_attr(self.handle, token)) & _CUT_OUT
        )
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
        return llama_cpp.llama_vocab_get_text(self.handle, token).decode("utf-8", "replace") if token >= 0 else ""


def metadata(model: int, key: str) -> str:
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
            raise BrokenFile(file=path, reason=last_complaint("llama.cpp refuses it"))
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
