"""Cards out of what the store holds at the moment: each function gathers, and a card shows."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session

from adaptive_cards.agent import agent_card
from adaptive_cards.approval import Case, Decided, approval_card, decided_card, taken_back_card
from adaptive_cards.approvals import PAGE as APPROVALS
from adaptive_cards.approvals import Case as WaitingCase
from adaptive_cards.approvals import approvals_card
from adaptive_cards.audit import Entry, audit_card
from adaptive_cards.drift import in_short
from adaptive_cards.elements import Element, escape
from adaptive_cards.inbox import Inbox, inbox_card
from adaptive_cards.inventory import Line, Somebody, inventory_card, whois_card
from adaptive_cards.my_agents import PAGE as OWN_AGENTS
from adaptive_cards.my_agents import Overview, my_agents_card
from adaptive_cards.pages import Page
from adaptive_cards.together import Item, Side, Words
from adaptive_cards.welcome import MAX_AGENTS, agents_card, welcome_card
from bot import drift_views
from bot.evaluation_views import measured_of
from tuning.datasets.matters import matters, sides
from tuning.datasets.questions import Seen
from tuning.domain.agents import STATES as AGENT_STATES
from tuning.domain.agents import Agent
from tuning.domain.errors import WrongState
from tuning.domain.feedback import Feedback
from tuning.domain.permissions import Permission
from tuning.domain.principals import Person
from tuning.domain.releases import STATES, Decision, Release, ReleaseState
from tuning.domain.usage import UseLine
from tuning.governance import access
from tuning.governance import agents as governed_agents
from tuning.governance import audit as governed_audit
from tuning.governance import feedback as governed_feedback
from tuning.governance import inventory as governed_inventory
from tuning.governance import usage as governed_usage
from tuning.governance.rules import ANSWERS_ARE_OFF
from tuning.governance.tenant import Tenant
from tuning.languages import day, retell, say
from tuning.languages import number as number_of
from tuning.releases import approval as approvals
from tuning.releases import changes, drift, pilots, publishing, retraining, rollouts
from tuning.store import agents, conversations, datasets, feedback, names, policy, releases, runs
from tuning.store import drift as stored_drift


def welcome(tenant: Tenant, person: Person) -> Element:
    """Return the greeting with the person's agents."""
    return welcome_card(person.name, governed_agents.available(tenant, person.id))


def pick(tenant: Tenant, person_id: str, chat_id: str, part: str = "", *, number: int = 0) -> Element:
    """Return the agents to choose from in a chat: a page of them, or those with a part of the name."""
    with tenant.store.reading() as session:
        if not policy.get(session).is_answering:
            raise WrongState(say(ANSWERS_ARE_OFF))
        current = conversations.current(session, chat_id, person_id)
        available = governed_agents.available_now(session, tenant, person_id)
    found = [one for one in available if part.casefold() in one.name.casefold()]
    page = None if part else Page.of(len(found), MAX_AGENTS, number)
    return agents_card(found, current.agent_id if current else "", page)


def introduction(tenant: Tenant, agent: Agent, person_id: str, *, is_known: bool) -> Element:
    """Return how an agent introduces itself to a person, who may know it: with the release that answers them."""
    if not agent.is_serving:
        msg = say("'{agent}' doesn't answer at the moment. Send 'agents' to see whom you can ask.", agent=agent.name)
        raise WrongState(msg)
    with tenant.store.reading() as session:
        return agent_card(agent, rollouts.release_for(session, tenant, agent, person_id), is_known=is_known)


def approval(tenant: Tenant, person_id: str, release_id: str) -> Element:
    """Return the case for whoever may decide on it; once their word isn't wanted any more, what became of it."""
    with access.act(tenant, person_id, release_id) as session:
        release = releases.get(session, release_id)
        access.check(session, tenant, person_id, Permission.RELEASE_REJECT, release)
        agent, measured = agents.get(session, release.agent_id), measured_of(session, release)
        decisions = releases.decisions(session, release.id)
        is_for_admin = approvals.wants_admin(session, tenant, person_id, release)
        is_for_data_owner = approvals.wants_data_owner(session, tenant, person_id, release)
        dataset_id = runs.get(session, release.run_id).dataset_id
        dataset = datasets.get(session, dataset_id) if dataset_id else None
    if release.state == ReleaseState.CANDIDATE:
        return taken_back_card(agent, release)
    if not is_for_admin and not is_for_data_owner and decisions:
        return decided(tenant, release)
    with tenant.store.reading() as session:
        found = drift.look(session, tenant, release)
        lost = drift_views.lost(session, tenant, found)
    return approval_card(
        Case(
            agent=agent,
            release=release,
            evaluation=measured,
            owner=tenant.name_of(agent.owner_id),
            audience=[tenant.name_of(principal_id) for principal_id in release.audience],
            people=len(frozenset[str]().union(*(tenant.people.members(key) for key in release.audience))),
            learned=len(dataset.document_hashes) if dataset else 0,
            left_out=dataset.exclusions if dataset else (),
            dataset_sha256=dataset.sha256 if dataset else "",
            drift=found,
            lost=lost,
            pilot=[tenant.name_of(principal_id) for principal_id in release.pilot],
            approved_by=tenant.name_of(release.approved_by) if release.approved_by else "",
            consented_by=tenant.name_of(release.consented_by) if release.consented_by else "",
            is_for_admin=is_for_admin,
            is_for_data_owner=is_for_data_owner,
        )
    )


def decided(tenant: Tenant, release: Release) -> Element:
    """Return what was decided on a release last."""
    with tenant.store.reading() as session:
        agent, last = agents.get(session, release.agent_id), releases.decisions(session, release.id)[-1]
        standing = _standing(session, release)
    return decided_card(
        Decided(
            agent=agent,
            release=release,
            decision=Decision(last.decision),
            who=tenant.name_of(last.decided_by),
            reason=last.reason,
            pilot=[tenant.name_of(principal_id) for principal_id in release.pilot],
            standing=standing,
        )
    )


def _standing(session: Session, release: Release) -> str:
    """Return what people think of a canary or pilot; nothing of another release."""
    if release.state == ReleaseState.PILOT:
        return pilots.standing(session, release)
    return rollouts.standing(session, release) if release.state == ReleaseState.CANARY else ""


def audit(tenant: Tenant, person_id: str, *, before: int = 0, about: str = "") -> Element:
    """Return a page of the audit for an admin: before an event (0: the newest), about all or one subject."""
    about = about[: access.MAX_ID]
    events, has_older = governed_audit.page(tenant, person_id, before=before, about=about)
    with tenant.store.reading() as session:
        entries = [
            Entry(
                number=event.id or 0,
                at=event.at,
                who=tenant.name_of(event.actor_id),
                what=event.tag,
                on=names.of(session, event.subject_id),
                why=retell(str(event.detail.get("sentence") or "")) or str(event.detail.get("reason") or ""),
            )
            for event in events
        ]
        subject = names.of(session, about)
    return audit_card(entries, about=about, subject=subject, is_first=not before, has_older=has_older)


def inventory(tenant: Tenant, person_id: str, number: int) -> Element:
    """Return a page of all agents for an admin."""
    number = max(number, 0)
    items, total = governed_inventory.page(tenant, person_id, number)
    with tenant.store.reading() as session:
        ratings = {one.agent.id: _standing(session, one.canary) for one in items if one.canary}
    lines = [
        Line(
            name=one.agent.name,
            agent_id=one.agent.id,
            owner=tenant.name_of(one.agent.owner_id),
            state=say(AGENT_STATES[one.state]),
            live=say("{release} since {day}", release=one.live.label, day=day(one.live.live_at))
            if one.live and one.live.live_at
            else "",
            canary=_first(tenant, one.canary, ratings[one.agent.id]) if one.canary else "",
            drift=". ".join(in_short(one.drift)),
            newest=say("{release} is {state}", release=one.newest.label, state=say(STATES[one.newest.state]))
            if one.newest and one.newest not in (one.live, one.canary)
            else "",
        )
        for one in items
    ]
    has_more = (number + 1) * governed_inventory.PAGE < total
    return inventory_card(lines, total=total, number=number, has_more=has_more)


def _first(tenant: Tenant, release: Release, ratings: str) -> str:
    """Return who gets a canary or pilot, and what they think of it."""
    if release.state == ReleaseState.PILOT:
        names = ", ".join(tenant.name_of(principal_id) for principal_id in release.pilot)
        return say("{release} for {pilot}. {ratings}", release=release.label, pilot=escape(names), ratings=ratings)
    share = number_of(release.share)
    return say("{release} for {share} %. {ratings}", release=release.label, share=share, ratings=ratings)


def whois(tenant: Tenant, person_id: str, text: str) -> Element:
    """Return who the people are that a text fits, for an admin."""
    found = [
        Somebody(
            name=one.person.name,
            mail=one.person.mail,
            title=one.person.title,
            person_id=one.person.id,
            roles=[
                *([say("decide on releases")] if one.is_admin else []),
                *([say("make agents")] if one.is_maker else []),
            ],
            owns=[agent.name for agent in one.owned],
            asks=[agent.name for agent in one.asks],
        )
        for one in governed_inventory.profiles(tenant, person_id, text)
    ]
    return whois_card(text, found)


def inbox(
    tenant: Tenant, owner_id: str, agent_id: str, number: int, *, words: Words | None = None, problem: str = ""
) -> Element:
    """Return one matter of an agent's inbox: the one that is ticked, or that number; past either end they go round."""
    waiting = matters(governed_feedback.inbox(tenant, owner_id, agent_id))
    number = number % len(waiting) if waiting else 0
    if words is not None:  # others may have gone or moved up since the card was shown
        ticked = (place for place, matter in enumerate(waiting) if any(one.id in words.ticked for one in matter))
        number = next(ticked, number)
    with tenant.store.reading() as session:
        named = governed_usage.namer(tenant, session)
        shown = [
            Item(feedback=one, answer=conversations.answer(session, one.answer_id).text, who=named(one.person_id))
            for one in (waiting[number] if waiting else ())
        ]
        return inbox_card(
            Inbox(
                agent=agents.get(session, agent_id),
                items=shown,
                sides=_sides(shown, feedback.accepted(session, agent_id)),
                number=number,
                total=len(waiting),
                to_read=sum(map(len, waiting)),
                accepted=sum(one.learned_in_run_id is None for one in feedback.accepted(session, agent_id)),
                accepted_since_run=retraining.accepted_since_run(session, agent_id),
                words=words,
                problem=problem,
            )
        )


def _sides(items: Sequence[Item], accepted: Iterable[Feedback]) -> list[Side]:
    """Return what the corrections of a matter say the answer should be, and what was accepted for it before."""
    seen = Seen(one.feedback.question for one in items)
    before = dict.fromkeys(one.correction for one in accepted if seen.has(one.question))
    said = [(one.who, one.feedback.correction) for one in items if one.feedback.correction]
    said += [(say("accepted before"), correction) for correction in before]
    texts = [correction for _who, correction in said]
    return [
        Side(who=list(dict.fromkeys(said[place][0] for place in group)), correction=texts[group[0]])
        for group in sides(texts)
    ]


def my_agents(tenant: Tenant, owner_id: str, number: int = 0) -> Element:
    """Return a page of an owner's agents at a glance."""
    owned, used = governed_agents.owned(tenant, owner_id), governed_usage.of_owner(tenant, owner_id)
    page = Page.of(len(owned), OWN_AGENTS, number)
    with tenant.store.reading() as session:
        overviews = [_overview(session, tenant, agent, used.get(agent.id)) for agent in page.cut(owned)]
    return my_agents_card(overviews, page)


def approvals_page(tenant: Tenant, person_id: str, number: int = 0) -> Element:
    """Return a page of the releases that want a person's word."""
    waiting = publishing.waiting(tenant, person_id)
    page = Page.of(len(waiting), APPROVALS, number)
    with tenant.store.reading() as session:
        shown = [(release, agents.get(session, release.agent_id)) for release in page.cut(waiting)]
    cases = [
        WaitingCase(
            release_id=release.id,
            release=release.label,
            agent=agent.name,
            owner=tenant.name_of(agent.owner_id),
            submitted_at=release.submitted_at,
        )
        for release, agent in shown
    ]
    return approvals_card(cases, page)


def _overview(session: Session, tenant: Tenant, agent: Agent, use: UseLine | None) -> Overview:
    made = releases.of_agent(session, agent.id)
    live = next((release for release in made if release.id == agent.live_release_id), None)
    run = runs.open_run(session, agent.id)
    return Overview(
        agent=agent,
        state=agent.state(is_tuning=run is not None),
        audience=[tenant.name_of(key) for key in (live.audience if live else agent.audience)],
        needs_run=changes.look(session, tenant, agent).needs_run,
        live=live,
        drift=stored_drift.get(session, agent.live_release_id) if agent.live_release_id else None,
        newest=made[0] if made else None,
        waiting=next((release for release in made if release.state == ReleaseState.SUBMITTED), None),
        run=run,
        to_read=len(feedback.to_review(session, agent.id)),
        use=use,
        days=governed_usage.DAYS,
    )
