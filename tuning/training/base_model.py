"""The base model in the engine's format: converted and quantised once, kept by the hash of what it was made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from serving.convert import convert_base
from serving.errors import ServingError
from serving.quantise import UNMOVED, quantise, read_importance
from tuning.training.errors import BaseModelMissing, ExportFailed
from tuning.training.files import base_sha256, sha256_of_file

EXACT: Literal["f16"] = "f16"
IMPORTANCE = "importance.npz"


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
    name = _name(base_dir, sha256)
    importance = folder / f"{name}-{IMPORTANCE}"
    is_weighed = importance.is_file() and quantisation.upper() not in UNMOVED
    # In the name, because releases are measured over the very file that they are served over.
    weighed = f"-{sha256_of_file(importance)[:12]}" if is_weighed else ""
    exact, wanted = folder / f"{name}-{EXACT}.gguf", folder / f"{name}-{quantisation}{weighed}.gguf"
    try:
        if not exact.is_file():
            convert_base(base_dir, exact, EXACT, converter_dir=converter_dir)
        if not wanted.is_file():
            worth = read_importance(importance) if is_weighed else None
            quantise(exact, wanted, quantisation.upper(), importance=worth)
    except ServingError as error:
        raise ExportFailed(reason=error.sentence.rstrip(".")) from error
    return BaseModel(path=wanted, sha256=sha256, f16_path=exact, bytes=wanted.stat().st_size)


def importance_path(base_dir: Path, folder: Path) -> Path:
    """Return where it is kept what a base model's weights are worth to the agents' own examples, if that is known."""
    return folder / f"{_name(base_dir, base_sha256(base_dir))}-{IMPORTANCE}"


def _name(base_dir: Path, sha256: str) -> str:
    return f"{base_dir.resolve().name}-{sha256[:12]}"
