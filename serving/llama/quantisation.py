"""Models in fewer bits."""

import ctypes
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp

from serving.errors import QuantisationFailed
from serving.llama.importance import Importance
from serving.llama.native import last_complaint

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


def quantise_file(source: Path, target: Path, type: str, threads: int, importance: Importance | None) -> None:  # noqa: A002
    """Write a model in another type.

    Raises:
        QuantisationFailed: llama.cpp could not.
    """
    params = llama_cpp.llama_model_quantize_default_params()
    params.nthread = threads
    params.ftype = FILE_TYPES[type]
    if importance:
        params.imatrix = _native(importance)
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params))
    if code != 0:
        reason = last_complaint(f"llama.cpp returned {code}.")
        raise QuantisationFailed(source=source, type=type, reason=reason)


def _native(importance: Importance) -> Any:
    """Return llama.cpp's array, which ends with an entry without a name."""
    entries = (llama_cpp.llama_model_imatrix_data * (len(importance) + 1))()
    for entry, (name, values_C) in zip(entries, importance.items(), strict=False):
        entry.name = name.encode()
        entry.data = values_C.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = len(values_C)
    return entries
