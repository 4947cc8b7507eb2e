"""The base model in the engine's format: converted and quantised once, kept by the hash of what it was made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from serving.convert import convert_base
from serving.errors import ServingError
from serving.quantise import quantise
from tuning.training.errors import BaseModelMissing, ExportFailed
from tuning.training.files import base_sha256

EXACT: Literal["f16"] = "f16"


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A base model that the engine can serve."""

    path: Path
    """The GGUF file in the wanted quantisation."""
    sha256: str
    """Of the folder it was made of: weights, shape and tokenizer."""
    f16_path: Path
    """The GGUF file before quantisation."""
    bytes: int
    """Size of the file at `path`."""


def prepare_base(base_dir: Path, folder: Path, quantisation: str, converter_dir: Path) -> BaseModel:
    """Return the base model for the engine, from the folder of earlier ones if it is there.

    Raises:
        BaseModelMissing: there are no weights in base_dir.
        ExportFailed: the converter is missing or refuses the model, or it can't be quantised.
    """
    if not any(base_dir.glob("*.safetensors")):
        raise BaseModelMissing(folder=base_dir, missing="*.safetensors")
    sha256 = base_sha256(base_dir)
    name = f"{base_dir.resolve().name}-{sha256[:12]}"
    exact, wanted = folder / f"{name}-{EXACT}.gguf", folder / f"{name}-{quantisation}.gguf"
    try:
        if not exact.is_file():
            convert_base(base_dir, exact, EXACT, converter_dir=converter_dir)
        if not wanted.is_file():
            quantise(exact, wanted, quantisation.upper())
    except ServingError as error:
        raise ExportFailed(reason=error.sentence.rstrip(".")) from error
    return BaseModel(path=wanted, sha256=sha256, f16_path=exact, bytes=wanted.stat().st_size)
