"""The evidence for one release: all that a decision on it rests on, in one zip that `evidence_check` checks offline."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.datasets import Dataset
from tuning.domain.documents import Document
from tuning.domain.drafts import Draft
from tuning.domain.fields import now
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.domain.runs import Run
from tuning.governance import access
from tuning.governance.audit import Format, lines
from tuning.governance.tenant import Tenant
from tuning.store import agents, audit, datasets, documents, drafts, releases, runs

FORMAT = 1
MANIFEST = "manifest.json"
_README = """This is the evidence for {label} of the agent '{agent}'.

manifest.json    every file in here, and every artifact of the release, with SHA-256 and size
release.json     the release, its audience and the hashes of adapter and base model
agent.json       the agent as it is configured now
run.json         the run that made the release; training.json its settings
dataset.json     the dataset card: how many examples of which origin, and the hash over all of them
documents.json   the documents that it learned from, with hash and access list, and those left out, with the reason
evaluation.json  scores, what the gates object to, samples
decisions.json   who decided what, when and why
audit.jsonl      what the audit says about the agent; anchors.jsonl what was anchored outside the store

It is checked by: attune evidence verify FILE
The SHA-256 of this file itself is in the audit of the store that made it, as the event evidence:written.
"""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A zip that was written."""

    path: Path
    sha256: str


def hand_out(tenant: Tenant, actor_id: str, release_id: str, chat_id: str) -> Draft:
    """Make the evidence for a release a file to offer to an admin in a chat, in the place of what they had of it."""
    with access.act(tenant, actor_id, release_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
        release = releases.get(session, release_id)
        agent = agents.get(session, release.agent_id)
    with tempfile.TemporaryDirectory() as folder:
        pack, _release = _write(tenant, release.id, Path(folder) / "pack.zip", tenant.audit_anchor)
        content = pack.path.read_bytes()
    name = f"evidence-{agent.id}-{release.number}.zip"
    draft = Draft(release_id=release.id, person_id=actor_id, chat_id=chat_id, name=name, content=content)
    with tenant.store.transaction() as session:
        drafts.forget_evidence(session, release.id, actor_id)
        session.add(draft)
        _record(session, actor_id, release, pack)
    return draft


def write(tenant: Tenant, release_id: str, target: Path, anchor_file: Path) -> Pack:
    """Write the evidence for a release, and the pack's hash into the audit; raise `NotFound` without the release.

    For whoever operates the machine.
    """
    pack, release = _write(tenant, release_id, target, anchor_file)
    with tenant.store.transaction() as session:
        _record(session, audit.OPERATOR, release, pack)
    return pack


def _record(session: Session, actor_id: str, release: Release, pack: Pack) -> None:
    of = {"agent_id": release.agent_id, "sha256": pack.sha256}
    audit.record(session, Tag.EVIDENCE_WRITTEN, actor_id, release.id, **of)


def _write(tenant: Tenant, release_id: str, target: Path, anchor_file: Path) -> tuple[Pack, Release]:
    with tenant.store.reading() as session:
        release = releases.get(session, release_id)
        files = dict(_files(session, tenant, release))
        run = runs.get(session, release.run_id)
    if anchor_file.exists():
        files["anchors.jsonl"] = anchor_file.read_bytes()
    manifest = {
        "format": FORMAT,
        "release_id": release.id,
        "made_at": now().isoformat(),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
        "artifacts": dict(_artifacts(release, run)),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in {MANIFEST: _json(manifest), **files}.items():
            pack.writestr(name, content)
    return Pack(path=target, sha256=_measured(target)["sha256"]), release


def _files(session: Session, tenant: Tenant, release: Release) -> Iterator[tuple[str, bytes]]:
    agent, run = agents.get(session, release.agent_id), runs.get(session, release.run_id)
    yield "README.txt", _README.format(label=release.label, agent=agent.name).encode()
    yield "release.json", _json({**release.model_dump(mode="json"), "audience": _named(tenant, release.audience)})
    yield "agent.json", _json({**agent.model_dump(mode="json"), "owner": tenant.name_of(agent.owner_id)})
    yield "run.json", _json(run.model_dump(mode="json", exclude={"card_activity_id"}))
    dataset = datasets.get(session, run.dataset_id) if run.dataset_id else Dataset(agent_id=agent.id)
    yield "dataset.json", _json(dataset.model_dump(mode="json"))
    yield "documents.json", _json(_documents(session, tenant, dataset))
    if (evaluation := runs.evaluation(session, run.id)) is not None:
        yield "evaluation.json", _json(evaluation.model_dump(mode="json"))
        report = Path(evaluation.report_path)
        if report.is_file():
            yield f"report{report.suffix}", report.read_bytes()
    for name, kept in (("training.json", "config.json"), ("inspection.json", "inspection.json")):
        if (path := Path(run.folder) / kept).is_file():
            yield name, path.read_bytes()
    decided = [
        {**one.model_dump(mode="json"), "name": tenant.name_of(one.decided_by)}
        for one in releases.decisions(session, release.id)
    ]
    yield "decisions.json", _json(decided)
    events = audit.about(session, agent.id, {agent.id, run.id, release.id})
    yield "audit.jsonl", "".join(lines(events, Format.JSONL)).encode()


def _documents(session: Session, tenant: Tenant, dataset: Dataset) -> dict[str, Any]:
    """Return what was learned from, with the access lists as they were then and as last read, and what was left out."""
    learned = []
    for document_id, sha256 in sorted(dataset.document_hashes.items()):
        document = session.get(Document, document_id)
        if document is None:
            learned.append({"id": document_id, "sha256": sha256, "is_erased": True})
            continue
        learned.append(
            {
                "id": document.id,
                "source": documents.get_source(session, document.source_id).name,
                "path": document.path,
                "title": document.title,
                "label": document.label,
                "sha256": sha256,
                "is_unchanged": document.sha256 == sha256,
                "readers_then": _named(tenant, dataset.readers.get(document_id, ())),
                "readers": _named(tenant, document.readers),
                "readers_read_at": document.synced_at.isoformat(),
            }
        )
    return {"learned": learned, "left_out": dataset.exclusions}


def _artifacts(release: Release, run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
    """Measure the files that the release consists of, as they are now."""
    adapter, peft, examples = Path(release.adapter_path), Path(release.peft_path), Path(run.folder) / "examples.jsonl"
    if adapter.is_file():
        yield "adapter.gguf", _measured(adapter)
    for path in sorted(peft.rglob("*")) if peft.is_dir() else ():
        if path.is_file():
            yield f"peft/{path.relative_to(peft).as_posix()}", _measured(path)
    if run.folder and examples.is_file():
        yield "examples.jsonl", _measured(examples)


def _named(tenant: Tenant, principal_ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": principal_id, "name": tenant.name_of(principal_id)} for principal_id in principal_ids]


def _json(value: Mapping[str, Any] | list[Any]) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def _measured(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}
