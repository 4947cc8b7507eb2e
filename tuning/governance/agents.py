"""What owners do with agents: make, configure, and look at what they would learn from."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlmodel import Session

from tuning.domain.agents import MAX_STARTERS, QUESTIONNAIRES, Agent
from tuning.domain.audit import Tag
from tuning.domain.criteria import parse
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.documents import Coverage, Document, SourceKind
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.permissions import Permission
from tuning.domain.prompts import Task
from tuning.governance import access, eligibility
from tuning.governance.policy import objection_to_sources
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.languages import number as number_of
from tuning.store import agents, audit, documents, policy, runs

MAX_NAME = 60
MAX_DESCRIPTION = 300
MAX_INSTRUCTIONS = 2000
MAX_STARTER = 200
MAX_REPLY = 500
"""Characters of an answer in the questionnaire."""
MAX_AUDIENCE = 50
MAX_HOLDOUT = 1000
MAX_QUESTION = 2000


class Changes(TypedDict, total=False):
    """What an owner can change about an agent; what is left out stays."""

    name: str
    description: str
    instructions: str
    questionnaire: dict[str, str]
    starters: list[str]
    criteria: list[str]
    source_ids: list[str]
    audience: list[str]


def create(tenant: Tenant, actor_id: str, *, name: str, task: Task) -> Agent:
    """Make an agent for the actor; raise `NotAllowed` or `InvalidInput`."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AGENT_CREATE)
        own = agents.owned_by(session, actor_id)
        limit = policy.get(session).agents_per_owner
        if len(own) >= limit:
            raise NotAllowed(
                say(
                    "You already have {count} agents, and {limit} is the limit. Ask an admin for more.",
                    count=len(own),
                    limit=limit,
                )
            )
        agent = Agent(name=_name(name, own), task=task, owner_id=actor_id)
        session.add(agent)
        session.flush()
        audit.record(session, Tag.AGENT_CREATED, actor_id, agent.id, name=agent.name, task=task)
        return agent


def configure(tenant: Tenant, actor_id: str, agent_id: str, **changes: Unpack[Changes]) -> Agent:
    """Change an agent; raise `InvalidInput` if a value can't be used, and then nothing is changed.

    Sources and audience stay as they are while a run is under way: the run has begun with them.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_CONFIGURE, agent)
        before = agent.model_dump()
        _apply(session, tenant, agent, changes)
        agent.is_complete = agent.is_complete or not agent.missing()
        changed = {key: value for key, value in agent.model_dump().items() if value != before[key]}
        if {"source_ids", "audience"} & changed.keys() and runs.open_run(session, agent.id):
            raise WrongState(say("Sources and audience can't be changed during a run. Wait for its end, or cancel it."))
        if changed:
            session.add(agent)
            audit.record(session, Tag.AGENT_CONFIGURED, actor_id, agent.id, **changed)
        return agent


def available(tenant: Tenant, person_id: str) -> list[Agent]:
    """Return the agents that a person can ask: live, not paused, and with the person in the live release's audience."""
    with tenant.store.reading() as session:
        return available_now(session, tenant, person_id)


def available_now(session: Session, tenant: Tenant, person_id: str) -> list[Agent]:
    """Return the agents that a person can ask, as a session sees them."""
    live = agents.live(session)  # with their releases, which the rule looks at one by one
    return [
        agent
        for agent, _releases in live
        if not agent.is_paused and access.may(session, tenant, person_id, Permission.AGENT_ASK, agent)
    ]


def owned(tenant: Tenant, person_id: str) -> list[Agent]:
    """Return a person's own agents, oldest first."""
    with tenant.store.reading() as session:
        return list(agents.owned_by(session, person_id))


def agent_coverage(tenant: Tenant, agent: Agent) -> Coverage:
    """Return which documents of the agent's sources it may learn from: readable by all its audience, and its owner.

    The owner counts, because owners try candidates and see samples of what they learned; what is left out because they
    may not read it themselves is told without its title.
    """
    with tenant.store.reading() as session:
        found = _documents(session, agent)
        covered = eligibility.coverage(found, learners(agent), tenant.people, policy.get(session))
    return eligibility.told_to(covered, found, tenant.people.principals(agent.owner_id))


def agent_suggestions(tenant: Tenant, agent: Agent) -> list[eligibility.Suggestion]:
    """Return what would let the agent learn from more documents, or answer more people."""
    with tenant.store.reading() as session:
        allowed = policy.get(session)
        found = eligibility.suggestions(_documents(session, agent), learners(agent), tenant.people, allowed)
    return [one for one in found if not (one.action is eligibility.Action.DROP and one.principal_id == agent.owner_id)]


def learners(agent: Agent) -> list[str]:
    """Return everybody who gets to see what the agent learned: the audience, and the owner."""
    return list(dict.fromkeys([*agent.principals, agent.owner_id]))


class HoldoutRow(BaseModel):
    """A question that an owner sets aside for measuring."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    question: str
    answer: str | None = None
    """None: no document answers it."""
    document_path: str | None = None
    passage: str | None = None


def set_holdout(
    tenant: Tenant, actor_id: str, agent_id: str, rows: Sequence[HoldoutRow | Mapping[str, Any]]
) -> list[HoldoutQuestion]:
    """Replace the agent's hold-out questions; raise `InvalidInput` with the number of the first bad line."""
    if len(rows) > MAX_HOLDOUT:
        raise InvalidInput(
            say(
                "An agent takes at most {most} hold-out questions; these are {count}.",
                most=MAX_HOLDOUT,
                count=len(rows),
            )
        )
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_CONFIGURE, agent)
        questions = [
            HoldoutQuestion(agent_id=agent_id, position=number, **_holdout_row(number, row).model_dump())
            for number, row in enumerate(rows, start=1)
        ]
        if len({question.question.casefold() for question in questions}) < len(questions):
            raise InvalidInput(say("A hold-out question comes twice. Leave one of them out."))
        agents.replace_holdout(session, agent_id, questions)
        audit.record(session, Tag.AGENT_CONFIGURED, actor_id, agent_id, holdout=len(questions))
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


def _documents(session: Session, agent: Agent) -> Sequence[Document]:
    return documents.of_sources(session, agent.source_ids)


def _apply(session: Session, tenant: Tenant, agent: Agent, changes: Changes) -> None:
    if unknown := changes.keys() - Changes.__annotations__.keys():
        raise InvalidInput(f"An agent has no {', '.join(sorted(unknown))}.")
    if "name" in changes:
        others = [other for other in agents.owned_by(session, agent.owner_id) if other.id != agent.id]
        agent.name = _name(changes["name"], others)
    if "description" in changes:
        agent.description = _text(changes["description"], MAX_DESCRIPTION, mark("description"))
    if "instructions" in changes:
        agent.instructions = _text(changes["instructions"], MAX_INSTRUCTIONS, mark("instructions"))
    if "questionnaire" in changes:
        agent.questionnaire = _questionnaire(agent.task, changes["questionnaire"])
    if "starters" in changes:
        agent.starters = _starters(changes["starters"])
    if "criteria" in changes:
        agent.criteria = [criterion.as_row() for criterion in parse(changes["criteria"], agent.task)]
    if "source_ids" in changes:
        _choose_sources(session, agent, changes["source_ids"])
    if "audience" in changes:
        agent.audience = _audience(tenant, changes["audience"])


def _name(name: str, others: Sequence[Agent]) -> str:
    name = re.sub(r"\s+", " ", name).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput(
            say("An agent's name has 1 to {most} characters; this one has {count}.", most=MAX_NAME, count=len(name))
        )
    if name.casefold() in {other.name.casefold() for other in others}:
        raise InvalidInput(say("You already have an agent called '{name}'. Choose another name.", name=name))
    return name


def _text(text: str, longest: int, what: str) -> str:
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
    return {key: _text(reply, MAX_REPLY, f"answer about '{key}'") for key, reply in replies.items()}


def _starters(starters: Sequence[str]) -> list[str]:
    kept = [text for text in (_text(starter, MAX_STARTER, "starter") for starter in starters) if text]
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
