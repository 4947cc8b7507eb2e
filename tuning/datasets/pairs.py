"""Pairs for drafts and summaries: a precedent and a target, named by `mapping.csv` in a source's root."""

import csv
import io
import random
from collections import Counter
from pathlib import PurePosixPath

from tuning.datasets.material import Material
from tuning.documents.errors import Unreadable
from tuning.documents.extraction import Extractor
from tuning.documents.secrets import redact
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.documents import Document, Source
from tuning.domain.errors import InvalidInput
from tuning.domain.prompts import Message, Task, generation_messages, summary_messages
from tuning.governance.tenant import Tenant
from tuning.sources.errors import OutsideSource
from tuning.sources.folder import MAPPING
from tuning.sources.kinds import reader_of
from tuning.sources.reader import SourceReader

_HOLDOUT_SHARE = 0.2
_COLUMNS = ("precedent", "target")


class Pairs:
    """Makes the examples of one dataset for drafts or summaries."""

    def __init__(self, dataset_id: str, material: Material, tenant: Tenant, dropped: Counter[str]) -> None:
        """Take what it is made of; `dropped` counts the pairs that were left out, by reason."""
        self._dataset_id = dataset_id
        self._material = material
        self._tenant = tenant
        self._dropped = dropped

    def examples(self, sources: list[Source]) -> list[Example]:
        """Return one example per usable pair, a fifth of them for measuring; a precedent is on one side only."""
        found: list[Example] = []
        with Extractor() as extractor:
            for source in sources:
                reader = reader_of(source, folder=self._tenant.folder, uploads=self._tenant.uploads, registration=None)
                made = [self._example(source, reader, extractor, row) for row in _rows(source, reader)]
                found += [example for example in made if example]
        precedents = sorted({str(example.document_id) for example in found})
        paths = {key: self._material.documents[key].path for key in precedents}
        precedents.sort(key=lambda key: paths[key])
        random.Random(0).shuffle(precedents)
        held = set(precedents[: round(_HOLDOUT_SHARE * len(precedents))])
        for example in found:
            example.split = Split.HOLDOUT if example.document_id in held else Split.TRAIN
        return found

    def _example(
        self, source: Source, reader: SourceReader, extractor: Extractor, row: dict[str, str]
    ) -> Example | None:
        by_path = {it.path: it for it in self._material.documents.values() if it.source_id == source.id}
        precedent, target = by_path.get(row["precedent"]), by_path.get(row["target"])
        content = row.get("content") or ""
        brief = by_path.get(content)
        if precedent is None or target is None or (brief is None and PurePosixPath(content).suffix):
            self._dropped["pair with a document that is missing or left out"] += 1
            return None
        try:
            texts = [redact(extractor.extract(reader.open(it.path))).text for it in (precedent, target)]
            wanted = redact(extractor.extract(reader.open(brief.path))).text if brief else content
        except (Unreadable, OutsideSource, OSError):
            self._dropped["pair with a document that can't be read any more"] += 1
            return None
        return Example(
            dataset_id=self._dataset_id,
            split=Split.TRAIN,
            origin=Origin.PAIR,
            messages=self._prompt(texts[0].strip(), wanted.strip(), precedent),
            completion=texts[1].strip(),
            document_id=precedent.id,
            detail={"precedent": precedent.path, "target": target.path, "content": content, "target_id": target.id},
        )

    def _prompt(self, text: str, brief: str, precedent: Document) -> list[Message]:
        instructions = self._material.agent.instructions
        if self._material.agent.task == Task.SUMMARY:
            return summary_messages(text, instructions=instructions)
        return generation_messages(text, brief or precedent.title, instructions=instructions)


def _rows(source: Source, reader: SourceReader) -> list[dict[str, str]]:
    try:
        content = reader.open(MAPPING).read_text("utf-8-sig")
    except (OutsideSource, OSError):
        return []
    rows = csv.DictReader(io.StringIO(content))
    if not set(_COLUMNS) <= set(rows.fieldnames or ()):
        named = ", ".join(rows.fieldnames or ["nothing"])
        raise InvalidInput(f"{MAPPING} of '{source.name}' needs the columns precedent and target; it has: {named}.")
    return [{key: (value or "").strip() for key, value in row.items() if isinstance(value, str)} for row in rows]
