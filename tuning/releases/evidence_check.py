"""Checks an evidence pack with nothing but the pack: whole, unchanged, and in agreement with itself."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from tuning.domain.audit import AuditEvent, Tag
from tuning.domain.errors import Refusal
from tuning.domain.releases import Decision
from tuning.governance.audit import parse_anchors, read_line
from tuning.releases.evidence import FORMAT, MANIFEST

MAX_BYTES = 1 << 30
"""Of everything in a pack, unpacked."""
_TAGS = {
    Decision.APPROVED: Tag.RELEASE_APPROVED,
    Decision.REJECTED: Tag.RELEASE_REJECTED,
    Decision.REVOKED: Tag.RELEASE_REVOKED,
    Decision.RETIRED: Tag.RELEASE_RETIRED,
    Decision.RESTORED: Tag.RELEASE_RESTORED,
    Decision.ROLLED_BACK: Tag.RELEASE_ROLLED_BACK,
    Decision.CONSENTED: Tag.RELEASE_CONSENTED,
}
_FOUR_EYES = {Tag.RELEASE_APPROVED, Tag.RELEASE_CONSENTED, Tag.RELEASE_RESTORED, Tag.RELEASE_WIDENED}
_BEGIN_AGAIN = {Tag.RELEASE_WITHDRAWN, Tag.RELEASE_RETIRED}
_NAMES_THE_ADAPTER = {Tag.RELEASE_APPROVED, Tag.RELEASE_CONSENTED, Tag.RELEASE_RESTORED}


def objections(path: Path) -> list[str]:
    """Return what is wrong with a pack, each a sentence; none: it is whole and agrees with itself."""
    try:
        with zipfile.ZipFile(path) as pack:
            if sum(info.file_size for info in pack.infolist()) > MAX_BYTES:
                return ["The file is too big for an evidence pack."]
            names = pack.namelist()
            files = {name: pack.read(name) for name in names}
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError) as error:
        return [f"{path} is no zip file that can be read: {error}."]
    if len(files) < len(names):
        return ["A file is in the pack twice."]
    if MANIFEST not in files:
        return [f"There is no {MANIFEST} in the pack: it is no evidence."]
    try:
        return list(_unlisted(files)) or [*_broken_links(files), *_contradictions(files)]
    except (ValueError, KeyError, TypeError, AttributeError, Refusal) as error:
        return [f"A file of the pack is not what it should be: {error}."]


def _unlisted(files: dict[str, bytes]) -> Iterator[str]:
    manifest = json.loads(files[MANIFEST])
    if manifest["format"] != FORMAT:
        yield f"The pack has format {manifest['format']}; this version of Attune reads format {FORMAT}."
        return
    listed = manifest["files"]
    for name in sorted(files.keys() - listed.keys() - {MANIFEST}):
        yield f"{name} is in the pack, but not in its manifest."
    for name, measured in listed.items():
        if name not in files:
            yield f"{name} is missing from the pack."
        elif (hashlib.sha256(files[name]).hexdigest(), len(files[name])) != (measured["sha256"], measured["bytes"]):
            yield f"{name} was changed after the pack was made."


def _broken_links(files: dict[str, bytes]) -> Iterator[str]:
    """Check what can be checked of an extract: each event by its hash, neighbours by their link, some by an anchor."""
    events = _events(files)
    for event in events:
        if event.hash != event.digest():
            yield f"Event {event.id} of the audit was changed after it was recorded."
    for one, other in pairwise(events):
        step = (other.id or 0) - (one.id or 0)
        if step < 1:
            yield f"Event {other.id} of the audit is out of order."
        elif step == 1 and other.previous != one.hash:
            yield f"Event {other.id} of the audit does not follow event {one.id}."
    by_id = {event.id or 0: event for event in events}
    for anchor in parse_anchors(files.get("anchors.jsonl", b"").decode(), "anchors.jsonl"):
        if anchor.event_id in by_id and by_id[anchor.event_id].hash != anchor.hash:
            yield f"Event {anchor.event_id} of the audit is not the one that was anchored."


def _contradictions(files: dict[str, bytes]) -> Iterator[str]:
    manifest, release, agent = (json.loads(files[name]) for name in (MANIFEST, "release.json", "agent.json"))
    events = [event for event in _events(files) if event.subject_id == release["id"]]
    adapter = manifest["artifacts"].get("adapter.gguf")
    if manifest["release_id"] != release["id"] or release["agent_id"] != agent["id"]:
        yield "Manifest, release and agent don't belong together."
    if adapter is not None and adapter["sha256"] != release["adapter_sha256"]:
        yield "The adapter's file is not the one that the release was made with."
    for event in events:
        if event.tag in _NAMES_THE_ADAPTER and event.detail["adapter"] != release["adapter_sha256"]:
            yield f"Event {event.id} of the audit is about another adapter."
    decisions: list[dict[str, Any]] = json.loads(files["decisions.json"])
    recorded = [(event.tag, event.actor_id) for event in events if event.tag in _TAGS.values()]
    if recorded != [(_TAGS[Decision(one["decision"])], one["decided_by"]) for one in decisions]:
        yield "The decisions are not those that the audit records."
    yield from _own_decisions(files, release, agent)
    for words in _rounds(decisions, events):
        approved, consented = (
            {one["decided_by"] for one in words if one["decision"] == which}
            for which in (Decision.APPROVED, Decision.CONSENTED)
        )
        if len(approved) == 1 and approved == consented:
            yield "The same person approved the release and agreed to it."
    yield from _other_documents(files)


def _rounds(decisions: list[dict[str, Any]], events: list[AuditEvent]) -> Iterator[list[dict[str, Any]]]:
    """Part decisions by when the release became a candidate again: a word from before doesn't count after that."""
    ends = [event.at for event in events if event.tag in _BEGIN_AGAIN]
    for _place, words in groupby(
        decisions, key=lambda one: sum(end < datetime.fromisoformat(one["decided_at"]) for end in ends)
    ):
        yield list(words)


def _own_decisions(files: dict[str, bytes], release: dict[str, Any], agent: dict[str, Any]) -> Iterator[str]:
    """Check that nobody let a release answer of an agent that was theirs by then; it may be theirs since."""
    events = _events(files)
    handed = [event for event in events if event.tag == Tag.AGENT_HANDED_OVER and event.subject_id == agent["id"]]
    if handed and handed[-1].detail["owner"] != agent["owner_id"]:
        yield "The agent's owner is not the one whom the audit records."
    owners = {handed[0].detail["owner_before"] if handed else agent["owner_id"]}
    for event in events:
        if event in handed:
            owners.add(event.detail["owner"])
        elif event.tag in _FOUR_EYES and event.subject_id == release["id"] and event.actor_id in owners:
            yield f"Event {event.id} of the audit is a decision by an owner of the agent."


def _other_documents(files: dict[str, bytes]) -> Iterator[str]:
    documents, dataset = json.loads(files["documents.json"])["learned"], json.loads(files["dataset.json"])
    if {one["id"]: one["sha256"] for one in documents} != dataset["document_hashes"]:
        yield "The documents are not those that the dataset was made of."
    for one in documents:
        then = [reader["id"] for reader in one.get("readers_then", ())]
        if not one.get("is_erased") and then != dataset["readers"].get(one["id"], []):
            yield f"The access list of document {one['id']} is not the one that it was learned with."


def _events(files: dict[str, bytes]) -> list[AuditEvent]:
    return [read_line(line) for line in files["audit.jsonl"].decode().split("\n") if line]
