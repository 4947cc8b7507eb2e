"""How agents are used, for admins and for the owners of each; people by pseudonym unless the policy names them."""

import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.fields import now
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.domain.usage import Asker, UsageReport, Use, UseLine
from tuning.governance import access
from tuning.governance.spreadsheets import line
from tuning.governance.tenant import Tenant
from tuning.governance.topics import topics
from tuning.store import agents, policy, usage

DAYS = 30
MAX_ASKERS = 5
MAX_TRENDS = 4
"""Of how many agents or releases each day is told."""
MAX_TOPICS = 5
MAX_DECLINED = 1_000
"""How many of the newest questions without an answer are grouped."""
DAY_COLUMNS = (
    *("day", "agent_id", "agent", "release"),
    *("people", "conversations", "questions", "answered", "declined", "likes", "dislikes", "corrections"),
    "mean_seconds",
)
PEOPLE_COLUMNS = ("person", "agent_id", "agent", "release", "questions", "first_day", "last_day")


def report(tenant: Tenant, actor_id: str, *, agent_id: str = "", days: int = DAYS) -> UsageReport:
    """Return how an agent was used in the last days, today included; without one, all that the actor may look at.

    Raises:
        PermissionMissing: it is another's agent, or the actor neither administers nor owns any.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id) if agent_id else None
        shown = _looked_at(session, tenant, actor_id, agent)
    since = _since(days)
    # Apart from the transaction, which keeps others from writing as long as it lasts.
    with tenant.store.reading() as session:
        names_people = policy.get(session).is_naming_people
        named = namer(tenant, session)
        used, askers = usage.by_day(session, shown, since), usage.askers(session, shown, since)
        declined = usage.declined(session, shown, since, MAX_DECLINED)
        every_day = [since + timedelta(days=number) for number in range(days)]
        return UsageReport(
            agent=agent,
            days=days,
            people=len(askers),
            total=usage.total(session, shown, since),
            by_day=[(day, used.get(day, Use())) for day in every_day],
            lines=_day_by_day(session, agent, shown, every_day),
            askers=[
                Asker(name=named(person_id), questions=questions, last_day=last)
                for person_id, questions, last in askers[:MAX_ASKERS]
            ],
            topics=topics(declined, names_people=names_people, limit=MAX_TOPICS),
            topics_since=declined[-1].day + timedelta(days=1) if len(declined) == MAX_DECLINED else since,
        )


def of_owner(tenant: Tenant, owner_id: str, *, days: int = DAYS) -> dict[str, UseLine]:
    """Return how a person's own agents were used in the last days, by their ids."""
    with tenant.store.reading() as session:
        own = [agent.id for agent in agents.owned_by(session, owner_id)]
        return {one.agent_id: one for one in _by_agent(session, own, _since(days))}


def export(tenant: Tenant, actor_id: str, *, of_people: bool, agent_id: str = "", days: int = DAYS) -> Iterator[str]:
    """Return as CSV what the actor may look at: the numbers of each day, or who asked; see `report`."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id) if agent_id else None
        shown = _looked_at(session, tenant, actor_id, agent)
    return (people_lines if of_people else daily_lines)(tenant, days, shown)


def daily_lines(tenant: Tenant, days: int, shown: Collection[str] | None = None) -> Iterator[str]:
    """Return the numbers of each day, agent and release as CSV; for whoever operates the machine, of all agents."""
    with tenant.store.reading() as session:
        name, label = _names(agents.every(session)), _labels(session)
        yield line(DAY_COLUMNS)
        for one in usage.days(session, shown, _since(days)):
            counted = (one.people, one.conversations, one.questions, one.answered, one.declined)
            judged = (one.likes, one.dislikes, one.corrections)
            mean = f"{one.seconds / one.answered:.2f}" if one.answered else ""
            of = (one.day, one.agent_id, name(one.agent_id), label(one.release_id))
            yield line((*of, *counted, *judged, mean))


def people_lines(tenant: Tenant, days: int, shown: Collection[str] | None = None) -> Iterator[str]:
    """Return who asked which release in the last days as CSV, of the same agents; numbers are all told."""
    with tenant.store.reading() as session:
        name, label, named = _names(agents.every(session)), _labels(session), namer(tenant, session)
        yield line(PEOPLE_COLUMNS)
        for one in usage.everybody(session, shown, _since(days)):
            of = (named(one.person_id), one.agent_id, name(one.agent_id), label(one.release_id))
            yield line((*of, one.questions, one.first_day, one.last_day))


def _looked_at(session: Session, tenant: Tenant, actor_id: str, agent: Agent | None) -> list[str] | None:
    """Return the ids of the agents whose use is shown; None: all there are."""
    if agent is not None:
        access.check(session, tenant, actor_id, Permission.USAGE_READ, agent)
        return [agent.id]
    if access.may(session, tenant, actor_id, Permission.USAGE_READ):
        return None
    own = agents.owned_by(session, actor_id)
    shown = [one.id for one in own if access.may(session, tenant, actor_id, Permission.USAGE_READ, one)]
    if not shown:
        access.check(session, tenant, actor_id, Permission.USAGE_READ)
    return shown


def _by_agent(session: Session, shown: Collection[str] | None, since: date) -> list[UseLine]:
    used, people = usage.by_agent(session, shown, since), usage.people_by_agent(session, shown, since)
    name = _names(agents.every(session))
    return _sorted(
        UseLine(agent_id=agent_id, name=name(agent_id), people=people.get(agent_id, 0), use=use)
        for agent_id, use in used.items()
    )


def _by_release(session: Session, agent: Agent, since: date) -> list[UseLine]:
    used, people = usage.by_release(session, [agent.id], since), usage.people_by_release(session, agent.id, since)
    label = _labels(session)
    return _sorted(
        UseLine(agent_id=agent.id, release_id=key, name=label(key), people=people.get(key, 0), use=use)
        for (_agent, key), use in used.items()
    )


def _day_by_day(
    session: Session, agent: Agent | None, shown: Collection[str] | None, every_day: Sequence[date]
) -> list[UseLine]:
    """Return the lines of a report, the largest of them with each day."""
    since = every_day[0]
    lines = _by_release(session, agent, since) if agent else _by_agent(session, shown, since)
    largest, rest = lines[:MAX_TRENDS], lines[MAX_TRENDS:]
    if agent:
        used = usage.releases_by_day(session, agent.id, since)
    else:
        used = usage.agents_by_day(session, [one.agent_id for one in largest], since)
    keys = [one.release_id if agent else one.agent_id for one in largest]
    told = [[used.get((key, day), Use()) for day in every_day] for key in keys]
    return [*(replace(one, by_day=uses) for one, uses in zip(largest, told, strict=True)), *rest]


def _sorted(lines: Iterable[UseLine]) -> list[UseLine]:
    return sorted(lines, key=lambda one: (-one.use.questions, one.name))


def _names(known: Sequence[Agent]) -> Callable[[str], str]:
    names = {agent.id: agent.name for agent in known}
    return lambda agent_id: names.get(agent_id, agent_id)


def _labels(session: Session) -> Callable[[str], str]:
    def label(release_id: str) -> str:
        release = session.get(Release, release_id)
        return release.label if release else release_id

    return label


def namer(tenant: Tenant, session: Session) -> Callable[[str], str]:
    """Return what people are called: by name, or by a pseudonym that only the organisation's secret leads to."""
    if policy.get(session).is_naming_people:
        return tenant.name_of
    key = usage.pseudonym_key(session).encode()
    return lambda person_id: f"person {hmac.new(key, person_id.encode(), 'sha256').hexdigest()[:8]}"


def _since(days: int) -> date:
    return now().date() - timedelta(days=days - 1)
