"""Models in fewer bits, by llama.cpp, with or without the importance of their weights for what they will read."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from serving.config import EngineConfig
from serving.errors import BrokenFile, QuantisationFailed
from serving.gguf import read_header
from serving.llama.importance import Importance, measure
from serving.llama.models import Model
from serving.llama.quantisation import FILE_TYPES, quantise_file
from serving.whole import whole

TYPES = tuple(FILE_TYPES)
"""The types a model can be quantised to."""
UNMOVED = frozenset(["F32", "F16", "BF16", "Q8_0"])
"""Types that round every weight by itself: importance changes nothing."""


def quantise(
    source: Path,
    target: Path,
    type: str,  # noqa: A002
    *,
    threads: int = 0,
    importance: Importance | None = None,
) -> None:
    """Write a GGUF model in another type, whole or not at all; threads 0 means all cores.

    Raises:
        QuantisationFailed: the type is unknown, or the model can't be quantised.
    """
    if type not in FILE_TYPES:
        raise QuantisationFailed(
            source=source, type=type, reason=f"the type is unknown. Use one of {', '.join(TYPES)}."
        )
    try:
        read_header(source)
    except BrokenFile as error:
        raise QuantisationFailed(source=source, type=type, reason=error.sentence) from error
    with whole(target) as unfinished:
        quantise_file(source, unfinished, type, threads, importance)


def measure_importance(source: Path, texts: Iterable[Sequence[int]], *, threads: int = 0) -> Importance:
    """Return the importance of a GGUF model's matrices for texts, given as its tokens; threads 0 means all cores.

    Raises:
        BrokenFile: the model's file can't be used.
        DecodingFailed: the model can't read the texts.
    """
    read_header(source)
    threads = threads or len(os.sched_getaffinity(0))
    model = Model(source, EngineConfig(model=source, adapter_dir=source.parent, threads=threads))
    try:
        return measure(model, texts, threads)
    finally:
        model.close()


def write_importance(importance: Importance, target: Path) -> None:
    """Keep importance in a file, whole or not at all."""
    with whole(target) as unfinished, unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **importance)


def read_importance(source: Path) -> Importance:
    """Return what `write_importance` kept.

    Raises:
        BrokenFile: it is no such file.
    """
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as held:
            return {name: np.ascontiguousarray(held[name], np.float32) for name in held.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise BrokenFile(file=source, reason="it holds no importance of weights") from error
