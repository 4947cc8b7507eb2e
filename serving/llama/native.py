"""llama.cpp started, once per process, and what it complains about."""

import ctypes
import logging

from llama_cpp import llama_cpp

logger = logging.getLogger(__name__)
# llama.cpp's levels, see ggml_log_level in ggml.h; what it calls information is for its own developers.
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.INFO, 4: logging.WARNING}
_last_complaint = ""


def _log(level: int, text: bytes, _data: object) -> None:
    global _last_complaint  # noqa: PLW0603 - llama.cpp has one log per process, and says why it failed only there
    message = text.decode("utf-8", "replace").strip()
    python_level = _LEVELS.get(level, logging.DEBUG)
    if python_level == logging.WARNING:
        _last_complaint = message
    logger.log(python_level, "%s", message)


def last_complaint(otherwise: str) -> str:
    """Return the last warning or error, which says why a call failed; another reason if there was none."""
    return _last_complaint or otherwise


_LOG_CALLBACK = llama_cpp.llama_log_callback(_log)
llama_cpp.llama_log_set(_LOG_CALLBACK, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()
