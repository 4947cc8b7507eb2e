"""What the demo needs to know of the sample tenant: who acts, which agent they make, what they ask."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuning.domain.principals import Person
from tuning.sources.people import FilePeople


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with the answer that belongs to it."""

    question: str
    answer: str | None
    """None: no document answers it."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The sample tenant, as far as the demo acts in it."""

    tenant_id: str
    owner: Person
    admin: Person
    employee: Person
    outsider: Person
    agent: dict[str, Any]
    """name, description, questionnaire, instructions, starters, sources (locations), audience (group ids)."""
    holdout: list[Asked]
    corrections: list[Asked]


def read_sample(folder: Path, admin_group: str) -> Sample:
    """Read the sample tenant's files and cast its personas.

    Raises:
        LookupError: a part can't be filled from the personas.
    """
    people = FilePeople(folder / "people.json")
    agent = json.loads((folder / "agent.json").read_text("utf-8"))
    admins = [person for person in people.personas if admin_group in people.principals(person.id)]
    outsiders = [person for person in people.personas if people.principals(person.id).isdisjoint(agent["audience"])]
    others = [person for person in people.personas if person not in admins and person not in outsiders]
    owner = next((person for person in others if person.id == agent.get("owner")), others[-1] if others else None)
    employees = [person for person in others if person != owner]
    if not admins or not outsiders or owner is None or not employees:
        msg = "The tenant's personas must include an admin, somebody outside the agent's audience, and two more."
        raise LookupError(msg)
    return Sample(
        tenant_id=people.tenant_id,
        owner=owner,
        admin=admins[0],
        employee=employees[0],
        outsider=outsiders[0],
        agent=agent,
        holdout=_asked(folder / "holdout.jsonl"),
        corrections=_asked(folder / "corrections.jsonl"),
    )


def holdout_lines(questions: list[Asked]) -> str:
    """Return questions as the wizard takes them: 'question | answer' a line, without answer if there is none."""
    return "\n".join(f"{one.question} | {one.answer or ''}".rstrip() for one in questions)


def _asked(path: Path) -> list[Asked]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [Asked(question=row["question"], answer=row["answer"]) for row in rows]
