"""The steps of the wizard out of what the store holds at the moment: as they are, or with what an owner typed."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from adaptive_cards.elements import Element
from adaptive_cards.wizard.about import about_card
from adaptive_cards.wizard.audience import audience_card
from adaptive_cards.wizard.details import details_card
from adaptive_cards.wizard.review import PairCount, Review, review_card
from adaptive_cards.wizard.sources import Looked, sources_card
from tuning.datasets.pairs import has_mapping
from tuning.domain.agents import Agent
from tuning.domain.documents import Document, Source, SourceKind
from tuning.domain.errors import InvalidInput
from tuning.domain.pairs import PairVerdict
from tuning.domain.permissions import Permission
from tuning.domain.principals import Group
from tuning.domain.prompts import Task
from tuning.governance import access, configuration, pairs
from tuning.governance import agents as governed_agents
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import advice, changes
from tuning.releases.changes import Changes
from tuning.store import agents, documents, runs
from tuning.store import drift as stored_drift

MAX_FOUND = 20


def wizard(tenant: Tenant, person_id: str, agent_id: str, step: str, *, problem: str = "") -> Element:
    """Return a step of the wizard for an agent's owner."""
    with access.act(tenant, person_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, person_id, Permission.AGENT_CONFIGURE, agent)
    match step:
        case "details":
            return details(tenant, agent)
        case "about":
            return about(tenant, agent)
        case "sources":
            return sources(tenant, agent)
        case "audience":
            return audience(tenant, agent, agent.audience)
        case "review":
            return review(tenant, agent, problem=problem)
        case _:
            msg = say("That step doesn't exist. Send 'my agents' to go on.")
            raise InvalidInput(msg)


def about(
    tenant: Tenant,
    agent: Agent,
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the step of instructions and questions, with what was typed, which need not be saved."""
    with tenant.store.reading() as session:
        return about_card(agent, agents.holdout(session, agent.id), typed=typed, problems=problems)


def sources(
    tenant: Tenant,
    agent: Agent,
    *,
    chosen: list[str] | None = None,
    number: int = 0,
    looked: Looked | None = None,
    is_live: bool | None = None,
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the step of sources with these chosen, which need not be saved, and what was found in SharePoint."""
    shown = _sources(tenant, agent, chosen or [])
    is_there = tenant.registration is not None
    looked = (looked or Looked()) if is_there else None
    is_ticked = agent.searches_live if is_live is None else is_live
    return sources_card(
        agent,
        shown,
        chosen=chosen,
        number=number,
        looked=looked,
        is_live=is_ticked if tenant.is_signing_in and agent.task is Task.QUESTIONS else None,
        problems=problems,
    )


def audience(
    tenant: Tenant,
    agent: Agent,
    chosen_ids: list[str],
    *,
    search: str = "",
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the audience step with these principals chosen, which need not be saved."""
    chosen = [one for key in chosen_ids if (one := tenant.people.group(key) or tenant.people.person(key))]
    found = tenant.people.search(search, MAX_FOUND)
    shown = found if search else [one for one in found if isinstance(one, Group)]
    return audience_card(agent, shown, chosen, search=search, problems=problems)


def details(
    tenant: Tenant,
    agent: Agent,
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the step of name and task, with what was typed, which need not be saved."""
    with tenant.store.reading() as session:
        is_task_fixed = configuration.is_made_for_task(session, agent)
    return details_card(
        agent,
        name=typed.get("name", agent.name),
        icon=typed.get("icon", agent.icon),
        task=agent.task if is_task_fixed else Task(typed.get("task", agent.task)),
        description=typed.get("description", agent.description),
        is_task_fixed=is_task_fixed,
        problems=problems,
    )


def changes_of(tenant: Tenant, agent: Agent) -> Changes:
    """Return what has been changed about an agent since what answers was made."""
    with tenant.store.reading() as session:
        return changes.look(session, tenant, agent)


def saved(tenant: Tenant, agent: Agent, before: Changes) -> Element:
    """Return the last step with what a change that was just saved means, given what had been changed before."""
    after = changes_of(tenant, agent)
    note = say("✓ Saved.")
    if after.answers and not set(after.sentences) - set(before.sentences):
        note = say("✓ Saved. It counts at once.")
    elif after.answers:
        note = say("✓ Saved. It counts in full only after a new run: see below.")
    return review(tenant, agent, note=note)


def review(tenant: Tenant, agent: Agent, *, problem: str = "", note: str = "") -> Element:
    """Return the last step: coverage, exclusions, suggestions, what needs a new run, start."""
    coverage = governed_agents.agent_coverage(tenant, agent)
    with tenant.store.reading() as session:
        found = stored_drift.get(session, agent.live_release_id) if agent.live_release_id else None
        changed = changes.look(session, tenant, agent)
        is_tuning = runs.open_run(session, agent.id) is not None
        told = advice.look(session, agent, coverage)
    return review_card(
        Review(
            agent=agent,
            coverage=coverage,
            suggestions=[one.sentence for one in governed_agents.agent_suggestions(tenant, agent)],
            audience=[tenant.name_of(principal_id) for principal_id in agent.audience],
            pairs=_pairs(tenant, agent),
            drift=found,
            advice=told,
            changed=changed.sentences,
            taken_in=changed.taken_in,
            is_tuned=changed.answers,
            is_tuning=is_tuning,
            note=note,
            problem=problem,
        )
    )


def _pairs(tenant: Tenant, agent: Agent) -> PairCount | None:
    """Return what is known of the pairs of an agent that drafts or summarises."""
    if agent.task is Task.QUESTIONS or not agent.source_ids:
        return None
    with tenant.store.reading() as session:
        sources = [documents.get_source(session, source_id) for source_id in agent.source_ids]
    found = pairs.look(tenant, agent.owner_id, agent.id)
    return PairCount(
        is_mapped=all(has_mapping(tenant, source) for source in sources),
        accepted=sum(it.verdict is PairVerdict.ACCEPTED for it in found.pairs),
        undecided=len(found.undecided),
    )


def _sources(tenant: Tenant, agent: Agent, chosen: list[str]) -> list[tuple[Source, int]]:
    """Return the sources that an agent's owner can choose, with the number of their documents.

    Uploads are their uploader's alone. Of SharePoint, owners are told no more than they may read there, and what they
    have just added.
    """
    principals = tenant.people.principals(agent.owner_id)
    shown = []
    with tenant.store.reading() as session:
        for source in documents.sources(session):
            held = documents.of_sources(session, [source.id])
            is_theirs = source.id in agent.source_ids or source.id in chosen
            if source.kind == SourceKind.UPLOAD and source.location != agent.owner_id:
                continue
            if source.kind == SourceKind.SHAREPOINT and not is_theirs and not _may_read(held, principals):
                continue
            shown.append((source, len(held)))
    return shown


def _may_read(held: Iterable[Document], principals: frozenset[str]) -> bool:
    return any(not principals.isdisjoint(document.readers) for document in held)
