"""Pairs for drafts and summaries: a precedent and a target, named by `mapping.csv` in a source's root, or confirmed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tuning.datasets import source_lists
from tuning.datasets.material import Material, chance
from tuning.documents.errors import Unreadable
from tuning.documents.extraction import Extractor
from tuning.documents.rereading import reread
from tuning.documents.secrets import legible, redact
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.documents import Document, Source
from tuning.domain.pairs import DocumentPair
from tuning.domain.prompts import Message, Task, generation_messages, summary_messages
from tuning.governance.tenant import Tenant
from tuning.sources.errors import OutsideSource, SourceMissing
from tuning.sources.formats import MAPPING
from tuning.sources.reader import SourceReader

_HOLDOUT_SHARE = 0.2
_TEMPLATE_SHARE = 0.1
"""Of all pairs: a precedent that has more would leave too little to learn from or to measure with on the other side."""


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """What somebody wants to be learned together; None: missing or left out."""

    precedent: Document | None
    target: Document | None
    brief: Document | None = None
    content: str = ""
    """What the pair's row says goes into the target: the path of the brief, or the words themselves."""

    @property
    def documents(self) -> list[Document] | None:
        """Precedent, target and the brief if there is one; None if one is missing."""
        if self.precedent is None or self.target is None:
            return None
        if self.brief is None and PurePosixPath(self.content).suffix:
            return None
        return [self.precedent, self.target, *([self.brief] if self.brief else [])]


class Pairs:
    """Makes the examples of one dataset for drafts or summaries."""

    def __init__(self, dataset_id: str, material: Material, tenant: Tenant, dropped: Counter[str]) -> None:
        """Take what it is made of; `dropped` counts the pairs that were left out, by reason."""
        self._dataset_id = dataset_id
        self._material = material
        self._tenant = tenant
        self._dropped = dropped
        self.precedents: dict[str, str] = {}
        """The text of each example's precedent, by its document's id."""

    def examples(self, sources: Sequence[Source], confirmed: Sequence[DocumentPair]) -> list[Example]:
        """Return one example per usable pair, about a fifth of them for measuring; a target is on one side only.

        Where a source has a `mapping.csv` to learn from, that alone names its pairs; elsewhere those count that the
        owner confirmed.
        """
        readers = {source.id: source_lists.reader(self._tenant, source) for source in sources}
        rows = {
            source.id: source_lists.rows(self._tenant, source, MAPPING, self._material, self._dropped)
            for source in sources
        }
        named = [pair for source_id, found in rows.items() for pair in self._named(source_id, found or [])]
        open_sources = {source_id for source_id, found in rows.items() if found is None}
        with Extractor() as extractor:
            made = [
                self._example(pair, readers, extractor) for pair in (*named, *self._confirmed(confirmed, open_sources))
            ]
        found = [example for example in made if example]
        held = self._held(found)
        for example in found:
            example.split = Split.HOLDOUT if target_id(example) in held else Split.TRAIN
        return found

    def _held(self, found: Sequence[Example]) -> set[str]:
        """Return the targets to measure with, decided by addresses, so that it stays so as pairs are added.

        Pairs of one precedent are kept together, so that none is measured with what was learned of it; but a template
        that much is written after is on both sides, where each target goes by its own address.
        """
        pairs_of = Counter(example.document_id for example in found)
        keys = [
            target_id(it) if pairs_of[it.document_id] > _TEMPLATE_SHARE * len(found) else str(it.document_id)
            for it in found
        ]
        chances = {key: self._chance(key) for key in sorted(set(keys))}
        held = {key for key, chance in chances.items() if chance < _HOLDOUT_SHARE}
        held = held or set(sorted(chances, key=lambda key: chances[key])[:1])
        targets: set[str] = set()
        # What is written for one of them is not learned with another.
        while grown := {target_id(it) for it, key in zip(found, keys, strict=True) if key in held} - targets:
            targets |= grown
            held |= {key for it, key in zip(found, keys, strict=True) if target_id(it) in grown}
        return targets

    def _chance(self, document_id: str) -> float:
        return chance(self._material.address(self._material.documents[document_id]))

    def _named(self, source_id: str, rows: Sequence[dict[str, str]]) -> Iterator[_Pair]:
        """Yield the pairs of a source's mapping."""
        by_path = {it.path: it for it in self._material.documents.values() if it.source_id == source_id}
        for row in rows:
            content = row.get("content") or ""
            yield _Pair(
                precedent=by_path.get(row["precedent"]),
                target=by_path.get(row["target"]),
                brief=by_path.get(content),
                content=content if content in by_path else redact(legible(content)).text,
            )

    def _confirmed(self, pairs: Sequence[DocumentPair], source_ids: set[str]) -> Iterator[_Pair]:
        """Yield the pairs that the owner has confirmed, of sources without a mapping."""
        eligible = self._material.documents
        for pair in pairs:
            brief = eligible.get(pair.content_id or "")
            found = _Pair(
                precedent=eligible.get(pair.precedent_id),
                target=eligible.get(pair.target_id),
                brief=brief,
                content=brief.path if brief else "",
            )
            is_without_brief = pair.content_id is not None and brief is None
            if found.documents is None or is_without_brief:
                yield replace(found, precedent=None)
            elif all(it.source_id in source_ids for it in found.documents):
                yield found

    def _example(self, pair: _Pair, readers: Mapping[str, SourceReader], extractor: Extractor) -> Example | None:
        if (found := pair.documents) is None:
            self._dropped["pair with a document that is missing or left out"] += 1
            return None
        precedent, target, *_ = found
        try:
            files = [reread(readers[it.source_id], it, extractor) for it in found]
        except (Unreadable, OutsideSource, OSError):
            self._dropped["pair with a document that can't be read any more"] += 1
            return None
        texts = [redact(legible(file.text)).text.strip() for file in files if file is not None]
        if len(texts) < len(files):  # who may read what is in it now is not known
            self._dropped["pair with a document that was changed after the sync"] += 1
            return None
        self.precedents[precedent.id] = texts[0]
        wanted = texts[2] if pair.brief else pair.content.strip()
        return Example(
            dataset_id=self._dataset_id,
            split=Split.TRAIN,
            origin=Origin.PAIR,
            messages=self._prompt(texts[0], wanted, precedent),
            completion=texts[1],
            document_id=precedent.id,
            detail={
                "precedent": precedent.path,
                "target": target.path,
                "content": pair.content,
                "document_ids": [it.id for it in found],
            },
        )

    def _prompt(self, text: str, brief: str, precedent: Document) -> list[Message]:
        instructions = self._material.agent.guidance
        if self._material.agent.task == Task.SUMMARY:
            return summary_messages(text, instructions=instructions)
        return generation_messages(text, brief or precedent.title, instructions=instructions)


def target_id(example: Example) -> str:
    """Return the id of the document that a pair's example teaches to write."""
    return str(example.detail["document_ids"][1])


def has_mapping(tenant: Tenant, source: Source) -> bool:
    """Return whether a source names its own pairs."""
    try:
        source_lists.reader(tenant, source).open(MAPPING)
    except (OutsideSource, SourceMissing, OSError):
        return False
    return True
