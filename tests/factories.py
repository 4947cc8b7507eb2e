"""Plain functions that make domain values and organisations for tests."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from tests.fakes.people import FakePeople
from tuning.domain.agents import QUESTIONNAIRES, Agent
from tuning.domain.conversations import Answer
from tuning.domain.documents import Document, Source, SourceKind
from tuning.domain.pairs import DocumentPair, FoundBy
from tuning.domain.prompts import Task
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run
from tuning.domain.samples import Reason, Sample
from tuning.governance.tenant import Tenant
from tuning.store import Store


def make_people() -> FakePeople:
    """Ana owns agents, Bo works with her, Cy and Dee are admins (Dee through a nested group), Gus is a guest."""
    return FakePeople(
        people=["ana", "bo", "cy", "dee"],
        guests=["gus"],
        groups={
            "staff": ["ana", "bo", "leads"],
            "leads": ["cy", "dee"],
            "partners": ["gus", "bo"],
            "admins": ["cy", "deputies"],
            "deputies": ["dee"],
        },
    )


def make_tenant(store: Store, folder: Path) -> Tenant:
    """An organisation of `make_people`."""
    return Tenant(
        store=store,
        people=make_people(),
        admin_group_id="admins",
        artifacts=folder / "artifacts",
        folder=folder,
        base_model="starter",
    )


def make_agent(**values: Any) -> Agent:
    """Ana's agent for all staff, ready to be tuned."""
    task = values.get("task", Task.QUESTIONS)
    return Agent(
        **{
            "id": "agent",
            "name": "Travel",
            "owner_id": "ana",
            "audience": ["staff"],
            "source_ids": ["source"],
            "questionnaire": dict.fromkeys(QUESTIONNAIRES[task], "Policies"),
            **values,
        }
    )


def make_source(**values: Any) -> Source:
    """A folder of documents."""
    return Source(
        **{"id": "source", "kind": SourceKind.FOLDER, "name": "Travel", "location": "documents/travel", **values}
    )


def make_document(title: str, readers: Sequence[str] = ("organisation",), **values: Any) -> Document:
    """A document that everybody may read."""
    document_id = title.lower()
    defaults = {"id": document_id, "source_id": "source", "path": f"{document_id}.md", "title": title}
    return Document(**{**defaults, "readers": list(readers), **values})


def as_synced(file: Path) -> dict[str, Any]:
    """What a document holds of its file as it is now."""
    content = file.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def make_run(**values: Any) -> Run:
    """A queued run of Ana's agent."""
    return Run(**{"id": "run", "agent_id": "agent", "started_by": "ana", **values})


def make_release(**values: Any) -> Release:
    """A candidate of Ana's agent."""
    defaults = {
        "id": "release",
        "agent_id": "agent",
        "run_id": "run",
        "number": 1,
        "state": ReleaseState.CANDIDATE,
        "adapter_path": "adapter.gguf",
        "adapter_sha256": "a" * 64,
        "peft_path": "adapter",
        "base_sha256": "b" * 64,
        "audience": ["staff"],
    }
    return Release(**{**defaults, **values})


def make_sample(**values: Any) -> Sample:
    """What Ana may label."""
    defaults = {"id": "sample", "agent_id": "agent", "dataset_id": "dataset", "position": 0, "reason": Reason.BEST}
    return Sample(**{**defaults, "question": "May I fly?", "answer": "Yes.", "document_id": "trips", **values})


def make_pair(**values: Any) -> DocumentPair:
    """What Ana may accept."""
    defaults = {"id": "pair", "agent_id": "agent", "precedent_id": "flights", "target_id": "trips", "position": 0}
    return DocumentPair(**{**defaults, "found_by": FoundBy.NAMES, **values})


def make_answer(**values: Any) -> Answer:
    """What Bo got from Ana's agent."""
    defaults = {"id": "answer", "conversation_id": "talk", "agent_id": "agent", "person_id": "bo"}
    return Answer(**{**defaults, "question": "May I fly?", "text": "No.", **values})


def keep(store: Store, *rows: SQLModel) -> None:
    """Put rows into the store."""
    with store.transaction() as session:
        session.add_all(rows)
