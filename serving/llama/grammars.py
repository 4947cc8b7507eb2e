"""Answers held to a form: grammars, and JSON schemas as such."""

import ctypes
import json
import weakref
from functools import reduce
from typing import Any

import numpy as np
from llama_cpp import llama_cpp
from llama_cpp.llama_grammar import SchemaConverter
from numpy.typing import NDArray

from serving.errors import BadGrammar
from serving.llama.models import Vocabulary


def grammar_of_schema(schema: str) -> str:
    """Return the GBNF grammar of the JSON texts that a JSON schema allows.

    Raises:
        BadGrammar: it is no schema, or uses what the converter doesn't know.
    """
    try:
        converter = _Converter(json.loads(schema))
        converter.visit(converter.schema, "")
        grammar: str = converter.format_grammar()
    except Exception as error:
        # The converter has no errors of its own: a wrong schema ends in an assertion, a missing key or a wrong type.
        raise BadGrammar(reason=f"the JSON schema doesn't convert ({type(error).__name__}: {error})") from error
    # Its strings may hold control characters, which JSON's may not (RFC 8259, section 7).
    return grammar.replace(r'[^"\\]', r'[^"\\\x00-\x1F\x7F]')


class _Converter(SchemaConverter):
    """Takes references for what they point at; its parent takes a property's rule for a definition of the same name."""

    def __init__(self, schema: Any) -> None:
        super().__init__(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
        self.schema = schema
        self._named: dict[str, str] = {}

    def _resolve_ref(self, ref: str) -> str:
        if ref not in self._named:
            start, *path = ref.split("/")
            if start != "#":
                raise ValueError(f"'{ref}' is not in the schema")
            target = reduce(lambda part, name: part[name], path, self.schema)
            self._named[ref] = f"reference--{len(self._named)}"
            self._named[ref] = self.visit(target, self._named[ref])
        return self._named[ref]


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
