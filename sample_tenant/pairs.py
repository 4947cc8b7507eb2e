"""Renders the pairs: a precedent, a brief and the document wanted; a document and its summary."""

from pathlib import Path
from typing import Any


def write_generation(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def write_summaries(records: list[dict[str, Any]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
