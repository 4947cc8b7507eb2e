"""A dataset as a file of JSON lines, for the process that trains."""

import json
from pathlib import Path

from sqlmodel import Session

from tuning.datasets.preferences import verdict
from tuning.store import datasets


def write_examples(session: Session, dataset_id: str, path: Path) -> None:
    """Write every example in order, one line each: {"split", "origin", "messages", "completion"}; replaces the file.

    A preference has also what was said of its completion: {"rejected"}, the answer that it corrects, or {"is_liked"}.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("w", encoding="utf-8") as file:
        for it in datasets.examples(session, dataset_id):
            line = {"split": it.split, "origin": it.origin, "messages": it.messages, "completion": it.completion}
            line |= verdict(it)
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    fresh.replace(path)
