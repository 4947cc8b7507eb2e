"""Files that are there whole or not at all, even after kill -9, and the hashes of folders."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from tuning.training.errors import BaseModelMissing


def write_whole(path: Path, content: bytes, *, is_kept: bool = True) -> None:
    """Write a file so that a reader sees the old or the new one, never a part.

    Kept means that it survives a power cut, which the disk takes its time for.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            if is_kept:
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_json(path: Path, value: object, *, is_kept: bool = True) -> None:
    """Write a value as JSON, whole or not at all."""
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False).encode(), is_kept=is_kept)


def sha256_of(files: Iterable[Path]) -> str:
    """Return one SHA-256 over the contents of files, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(files, key=lambda file: file.name):
        total.update(bytes.fromhex(sha256_of_file(path)))
    return total.hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def base_sha256(base: Path) -> str:
    """Return the hash that stands for a base model: its weights, its shape and its tokenizer.

    Raises:
        BaseModelMissing: the folder is not there.
    """
    if not base.is_dir():
        raise BaseModelMissing(folder=base, missing="the folder")
    return sha256_of(path for path in base.iterdir() if path.suffix in {".safetensors", ".json", ".model", ".jinja"})
