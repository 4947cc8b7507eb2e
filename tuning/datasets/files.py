"""A dataset as a file of JSON lines, for the process that trains."""

import json
from pathlib import Path

from sqlmodel import Session

from tuning.datasets.preferences import verdict
from tuning.domain.datasets import Split
from tuning.store import datasets


def write_examples(session: Session, dataset_id: str, path: Path) -> None:
    """Write the examples of a training in order; replaces the file.

    Each is a line: {"split", "origin", "messages", "completion"}. What only search learns from is not among them.
    A preference has also what was said of its completion: {"rejected"}, the answer that it corrects, or {"is_liked"}.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("w", encoding="utf-8") as file:
        for it in datasets.examples(session, dataset_id):
            if it.split is Split.SEARCH:
                continue
            line = {"split": it.split, "origin": it.origin, "messages": it.messages, "completion": it.completion}
            line |= verdict(it)
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    fresh.replace(path)
