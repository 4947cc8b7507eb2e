"""Models in fewer bits, by llama.cpp."""

from pathlib import Path

from serving.errors import BrokenFile, QuantisationFailed
from serving.gguf import read_header
from serving.llama.quantisation import FILE_TYPES, quantise_file
from serving.whole import whole

TYPES = tuple(FILE_TYPES)
"""The types a model can be quantised to."""


def quantise(source: Path, target: Path, type: str, *, threads: int = 0) -> None:  # noqa: A002
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
        quantise_file(source, unfinished, type, threads)
