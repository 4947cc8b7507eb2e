"""A trained adapter in the engine's format."""

from pathlib import Path

from serving.convert import convert_adapter
from serving.errors import ServingError
from tuning.training.errors import ExportFailed
from tuning.training.files import sha256_of_file


def export_adapter(peft_dir: Path, base_dir: Path, target: Path, converter_dir: Path) -> str:
    """Convert a peft adapter to a GGUF file, whole or not at all, and return the file's SHA-256.

    Raises:
        ExportFailed: the converter is missing, or refuses the adapter.
    """
    try:
        convert_adapter(peft_dir, base_dir, target, converter_dir=converter_dir)
    except ServingError as error:
        raise ExportFailed(reason=error.sentence.rstrip(".")) from error
    return sha256_of_file(target)
