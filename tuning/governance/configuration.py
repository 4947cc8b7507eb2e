"""What an owner fills in about an agent: each field is checked, and what is wrong is said field by field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlmodel import Session

from tuning.domain.agents import ICONS, MAX_STARTERS, QUESTIONNAIRES, Agent
from tuning.domain.criteria import MAX_CRITERIA, Criterion, parse, suggested
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.documents import SourceKind
from tuning.domain.errors import InvalidFields, InvalidInput, NotAllowed
from tuning.domain.prompts import Task
from tuning.governance.policy import objection_to_sources
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.languages import number as number_of
from tuning.store import agents, documents, policy, runs

MAX_NAME = 60
MAX_DESCRIPTION = 300
MAX_INSTRUCTIONS = 2000
MAX_STARTER = 200
MAX_REPLY = 500
"""Characters of an answer in the questionnaire."""
MAX_AUDIENCE = 50
MAX_HOLDOUT = 1000
MAX_QUESTION = 2000
REPLY = "questionnaire.{key}"
"""What the field of a question in the questionnaire is called."""


class HoldoutRow(BaseModel):
    """A question that an owner sets aside for measuring."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    question: str
    answer: str | None = None
    """None: no document answers it."""
    document_path: str | None = None
    passage: str | None = None


class Changes(TypedDict, total=False):
    """What an owner can change about an agent; what is left out stays."""

    name: str
    task: Task
    """Another one begins the questionnaire anew."""
    icon: str
    """One of `ICONS`; empty for none."""
    description: str
    instructions: str
    questionnaire: dict[str, str]
    starters: list[str]
    criteria: list[str]
    holdout: Sequence[HoldoutRow | Mapping[str, Any]]
    """All questions to measure with, in the place of those that there are."""
    source_ids: list[str]
    searches_live: bool
    audience: list[str]


def apply(session: Session, tenant: Tenant, agent: Agent, changes: Changes) -> list[HoldoutQuestion] | None:
    """Change an agent, and return its new hold-out questions; None where they stay.

    Raises:
        InvalidFields: with what is wrong about each field; the transaction is to be rolled back.
        NotAllowed: the policy has something against a source.
    """
    if unknown := changes.keys() - Changes.__annotations__.keys():
        raise InvalidInput(f"An agent has no {', '.join(sorted(unknown))}.")
    problems: dict[str, str] = {}
    holdout, before = None, suggested(agent.task, agent.questionnaire)
    for field in changes:
        try:
            if field == "holdout":
                holdout = _holdout(agent.id, changes["holdout"])
            else:
                _set(session, tenant, agent, field, changes)
        except InvalidFields as refusal:
            problems |= refusal.problems
        except InvalidInput as refusal:
            problems[field] = refusal.sentence
    if problems:
        raise InvalidFields(problems)
    _suggest(agent, before)
    if holdout is not None:
        agents.replace_holdout(session, agent.id, holdout)
    return holdout


def _set(session: Session, tenant: Tenant, agent: Agent, field: str, changes: Changes) -> None:  # noqa: C901 - a case per field
    match field:
        case "name":
            others = [other for other in agents.owned_by(session, agent.owner_id) if other.id != agent.id]
            agent.name = _name(changes["name"], others)
        case "task":
            _choose_task(session, agent, changes["task"])
        case "icon":
            if changes["icon"] not in {"", *ICONS}:
                raise InvalidInput(say("Choose one of the icons, or none."))
            agent.icon = changes["icon"]
        case "description":
            agent.description = bounded(changes["description"], MAX_DESCRIPTION, mark("description"))
        case "instructions":
            agent.instructions = bounded(changes["instructions"], MAX_INSTRUCTIONS, mark("instructions"))
        case "questionnaire":
            agent.questionnaire = _questionnaire(agent.task, changes["questionnaire"])
        case "starters":
            agent.starters = _starters(changes["starters"])
        case "criteria":
            agent.criteria = [criterion.as_row() for criterion in parse(changes["criteria"], agent.task)]
        case "source_ids":
            _choose_sources(session, agent, changes["source_ids"])
        case "searches_live":
            agent.searches_live = changes["searches_live"]
        case "audience":
            agent.audience = _audience(tenant, changes["audience"])


def _holdout(agent_id: str, rows: Sequence[HoldoutRow | Mapping[str, Any]]) -> list[HoldoutQuestion]:
    """Return the questions to measure with; raise `InvalidInput` with the number of the first bad line."""
    if len(rows) > MAX_HOLDOUT:
        raise InvalidInput(
            say(
                "An agent takes at most {most} hold-out questions; these are {count}.",
                most=MAX_HOLDOUT,
                count=len(rows),
            )
        )
    questions = [
        HoldoutQuestion(agent_id=agent_id, position=number, **_holdout_row(number, row).model_dump())
        for number, row in enumerate(rows, start=1)
    ]
    if len({question.question.casefold() for question in questions}) < len(questions):
        raise InvalidInput(say("A hold-out question comes twice. Leave one of them out."))
    return questions


def _holdout_row(number: int, row: HoldoutRow | Mapping[str, Any]) -> HoldoutRow:
    try:
        checked = HoldoutRow.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            say(
                "Line {number} of the hold-out can't be used: {problem}.",
                number=number,
                problem=f"{field}: {first['msg'].lower()}",
            )
        ) from error
    if not checked.question or len(checked.question) > MAX_QUESTION:
        raise InvalidInput(
            say(
                "Line {number} of the hold-out needs a question of 1 to {most} characters.",
                number=number,
                most=MAX_QUESTION,
            )
        )
    if checked.answer == "":
        raise InvalidInput(
            say(
                "Line {number} of the hold-out has an empty answer; leave it out if no document answers.", number=number
            )
        )
    return checked


def _name(name: str, others: Sequence[Agent]) -> str:
    name = re.sub(r"\s+", " ", name).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput(
            say("An agent's name has 1 to {most} characters; this one has {count}.", most=MAX_NAME, count=len(name))
        )
    if name.casefold() in {other.name.casefold() for other in others}:
        raise InvalidInput(say("You already have an agent called '{name}'. Choose another name.", name=name))
    return name


def _choose_task(session: Session, agent: Agent, task: Task) -> None:
    if task == agent.task:
        return
    if is_made_for_task(session, agent):
        raise InvalidInput(say("What it does stays, because it was tuned for that. Make another agent for this."))
    agent.task, agent.questionnaire, agent.is_complete = task, {}, False
    agent.criteria = [row for row in agent.criteria if Criterion.of(row).fits(task)]


def is_made_for_task(session: Session, agent: Agent) -> bool:
    """Return whether something has been made, or is being made, for what the agent does."""
    return any(run.dataset_id or not run.is_over for run in runs.of_agent(session, agent.id))


def bounded(text: str, longest: int, what: str) -> str:
    """Return a text without what stands around it; raise `InvalidInput` if it has more than `longest` characters."""
    text = text.strip()
    if len(text) > longest:
        raise InvalidInput(
            say(
                "The {field} may have at most {most} characters; there are {count}.",
                field=say(what),
                most=number_of(longest),
                count=number_of(len(text)),
            )
        )
    return text


def _questionnaire(task: Task, replies: Mapping[str, str]) -> dict[str, str]:
    if unknown := replies.keys() - QUESTIONNAIRES[task].keys():
        raise InvalidInput(f"An agent for {task} is not asked about {', '.join(sorted(unknown))}.")
    kept: dict[str, str] = {}
    problems: dict[str, str] = {}
    for key, reply in replies.items():
        try:
            kept[key] = bounded(reply, MAX_REPLY, mark("answer"))
        except InvalidInput as refusal:
            problems[REPLY.format(key=key)] = refusal.sentence
        if not reply.strip():
            problems[REPLY.format(key=key)] = say("Please fill in: {title}", title=say(QUESTIONNAIRES[task][key]))
    if problems:
        raise InvalidFields(problems)
    return kept


def _suggest(agent: Agent, before: Criterion | None) -> None:
    """Put the criterion that the questionnaire suggests in the place of the one that it suggested before.

    If that isn't there any more, the owner has taken it out, and wants none.
    """
    fresh = suggested(agent.task, agent.questionnaire)
    if fresh == before:
        return
    there = [Criterion.of(row) for row in agent.criteria]
    kept = [one for one in there if not one.is_like(before)]
    is_wanted = before is None or len(kept) < len(there)
    if fresh and is_wanted and len(kept) < MAX_CRITERIA and not any(one.is_like(fresh) for one in kept):
        is_critical = any(one.is_like(before) and one.is_critical for one in there)
        kept.append(replace(fresh, is_critical=is_critical))
    agent.criteria = [one.as_row() for one in kept]


def _starters(starters: Sequence[str]) -> list[str]:
    kept = [text for text in (bounded(starter, MAX_STARTER, "starter") for starter in starters) if text]
    if len(kept) > MAX_STARTERS:
        raise InvalidInput(
            say("An agent shows at most {most} starters; there are {count}.", most=MAX_STARTERS, count=len(kept))
        )
    return list(dict.fromkeys(kept))


def _choose_sources(session: Session, agent: Agent, source_ids: Sequence[str]) -> None:
    known = {source.id: source for source in documents.sources(session)}
    for source_id in source_ids:
        source = known.get(source_id)
        is_another_persons = source and source.kind == SourceKind.UPLOAD and source.location != agent.owner_id
        if source is None or is_another_persons:
            raise InvalidInput(say("One of the sources is not there any more. Choose again."))
    if objection := objection_to_sources(policy.get(session), (known[source_id] for source_id in source_ids)):
        raise NotAllowed(objection)
    agent.choose_sources(list(dict.fromkeys(source_ids)))


def _audience(tenant: Tenant, principal_ids: Sequence[str]) -> list[str]:
    if len(principal_ids) > MAX_AUDIENCE:
        raise InvalidInput(
            say("An audience has at most {most} groups and people; choose groups instead of people.", most=MAX_AUDIENCE)
        )
    if any(not tenant.people.principals(principal_id) for principal_id in principal_ids):
        raise InvalidInput(say("Somebody in the audience is not in the organisation's directory. Choose again."))
    return list(dict.fromkeys(principal_ids))
