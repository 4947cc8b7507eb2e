"""Answers held to a form: grammars, and JSON schemas as such."""

import ctypes
import weakref

import numpy as np
from llama_cpp import llama_cpp
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from serving.errors import BadGrammar
from serving.llama.models import Vocabulary


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
