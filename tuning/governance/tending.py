"""How owners tend their agents: let one rest and go on, hand one over, and say when it is tuned again by itself."""

from collections.abc import Mapping
from datetime import time

from sqlmodel import Session

from tuning.domain.agents import LAST_DAY, RETRAIN_AFTER, RETRAIN_AT, SCHEDULED, Agent, Retraining
from tuning.domain.audit import Tag
from tuning.domain.documents import SourceKind
from tuning.domain.errors import InvalidFields, InvalidInput, WrongState
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.notices import clock, quiet_hours
from tuning.governance.rules import TUNING_IS_OFF
from tuning.governance.tenant import Tenant
from tuning.languages import number, say
from tuning.store import agents, audit, datasets, documents, notices, policy, runs

MAX_AFTER = 1_000
DAYS = 7


def pause(tenant: Tenant, actor_id: str, agent_id: str) -> Agent:
    """Let an agent answer nobody but its owner on trial, until it is resumed; it also isn't tuned by itself."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_PAUSE, agent)
        agent.pause()
        session.add(agent)
        audit.record(session, Tag.AGENT_PAUSED, actor_id, agent.id)
        return agent


def resume(tenant: Tenant, actor_id: str, agent_id: str) -> Agent:
    """Let a paused agent answer again."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_PAUSE, agent)
        agent.resume()
        agent.plan(now())  # what was due meanwhile is not made up for
        session.add(agent)
        audit.record(session, Tag.AGENT_RESUMED, actor_id, agent.id)
        return agent


def retrain_when(tenant: Tenant, actor_id: str, agent_id: str, when: str, typed: Mapping[str, str]) -> Agent:
    """Say when Attune starts a run by itself, as it was chosen and typed; raise `InvalidFields` if it can't be used.

    Of what was typed counts what the choice needs: 'after' so many corrections, or 'at' which time, by the clocks where
    the owner is, and on which 'weekday' or 'day' of the month.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_CONFIGURE, agent)
        if when not in set(Retraining):
            raise InvalidFields({"when": say("Choose when the agent is to be tuned again.")})
        agent.retraining_held = ""
        before = agent.model_dump(mode="json")
        agent.retraining = Retraining(when)
        if agent.retraining == Retraining.AFTER:
            agent.retrain_after = _whole("after", typed, RETRAIN_AFTER, MAX_AFTER)
        if agent.retraining in SCHEDULED:
            agent.retrain_at, agent.retrain_zone = _clock(typed), quiet_hours(tenant, actor_id).zone
        if agent.retraining == Retraining.WEEKLY:
            agent.retrain_on = _whole("weekday", typed, 1, DAYS)
        if agent.retraining == Retraining.MONTHLY:
            agent.retrain_on = _whole("day", typed, 1, LAST_DAY)
        agent.plan(now())
        session.add(agent)
        chosen = {key: value for key, value in agent.model_dump(mode="json").items() if value != before[key]}
        audit.record(session, Tag.AGENT_CONFIGURED, actor_id, agent.id, **{"retraining": agent.retraining, **chosen})
        return agent


def hand_over(tenant: Tenant, actor_id: str, agent_id: str, person_id: str) -> Agent:
    """Make another person the owner, who reads it in a notice; both decide on it as little as its owner did before.

    The new owner sees samples of what was learned, so they must be able to read all of it. Nothing starts by itself
    on their behalf before they say so.

    Raises:
        InvalidInput: nobody to hand it to, or they have an agent of that name.
        WrongState: they may not own it, or it can't change hands just now; with what to do.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_HAND_OVER, agent)
        if tenant.people.person(person_id) is None:
            raise InvalidInput(say("Nobody by that name is here."))
        if person_id == agent.owner_id:
            name = tenant.name_of(person_id)
            raise InvalidInput(say("{person} owns '{agent}' already.", person=name, agent=agent.name))
        if objection := _objection_to_heir(session, tenant, agent, person_id) or _objection_to_leaving(session, agent):
            raise WrongState(objection)
        if objection := _objection_to_reading(session, tenant, agent, person_id):
            raise WrongState(objection)
        before = agent.owner_id
        agent.hand_over(person_id)
        session.add(agent)
        notices.notify(session, NoticeKind.AGENT_HANDED_OVER, {person_id, before} - {actor_id}, agent.id)
        audit.record(session, Tag.AGENT_HANDED_OVER, actor_id, agent.id, owner=person_id, owner_before=before)
        return agent


def _whole(field: str, typed: Mapping[str, str], default: int, most: int) -> int:
    text = typed.get(field, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        sentence = say("Type a whole number from {least} to {most}.", least=number(1), most=number(most))
        raise InvalidFields({field: sentence})
    return int(text)


def _clock(typed: Mapping[str, str]) -> time:
    try:
        return clock(typed.get("at", "")) or RETRAIN_AT
    except InvalidInput as wrong:
        raise InvalidFields({"at": wrong.sentence}) from None


def _objection_to_heir(session: Session, tenant: Tenant, agent: Agent, person_id: str) -> str:
    """Return why a person can't own one more agent, or one of that name."""
    allowed, names = policy.get(session), {"person": tenant.name_of(person_id), "agent": agent.name}
    if not allowed.is_tuning_on:
        return say(TUNING_IS_OFF)
    if not access.may(session, tenant, person_id, Permission.AGENT_CREATE):
        return say("{person} may not make agents, so can't own one. They can send 'request access'.", **names)
    own = agents.owned_by(session, person_id)
    if len(own) >= allowed.agents_per_owner:
        limit = number(allowed.agents_per_owner)
        return say("{person} has as many agents as one may own ({limit}). Ask an admin for more.", **names, limit=limit)
    if agent.name.casefold() in {other.name.casefold() for other in own}:
        return say("{person} has an agent called '{agent}' already: rename one of them first.", **names)
    return ""


def _objection_to_leaving(session: Session, agent: Agent) -> str:
    """Return what of its owner's an agent still holds on to."""
    if runs.open_run(session, agent.id) is not None:
        return say(
            "'{agent}' is being tuned. Wait for the end of the run, or cancel it, then hand over.", agent=agent.name
        )
    sources = [documents.get_source(session, source_id) for source_id in agent.source_ids]
    if any(source.kind == SourceKind.UPLOAD for source in sources):
        return say(
            "'{agent}' has files among its sources that its owner uploaded: take these out first, then hand over.",
            agent=agent.name,
        )
    return ""


def _objection_to_reading(session: Session, tenant: Tenant, agent: Agent, person_id: str) -> str:
    """Return what of the documents that the agent learned from a person may not read."""
    who = tenant.people.principals(person_id)
    shut = [one.title for one in datasets.documents_of(session, agent.id) if who.isdisjoint(one.readers)]
    if not shut:
        return ""
    return say(
        "{person} may not read {count} of the documents that '{agent}' learned from, such as '{title}'. "
        "Share them with {person} first.",
        person=tenant.name_of(person_id),
        count=number(len(shut)),
        agent=agent.name,
        title=shut[0],
    )
