"""What every decision on a release has in common: it is the first, others wait, it has words, it is written down."""

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import DECISIONS, STATES, Approval, Decision, Release, ReleaseState
from tuning.governance.configuration import bounded
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.store import agents, audit, feedback, notices, releases, runs

MAX_REASON = 1000


def locked(session: Session, release_id: str) -> tuple[Agent, Release]:
    """Return a release and its agent, both kept from other changes."""
    # Always the agent first, so that no two acts wait for each other.
    agent = agents.get_for_update(session, releases.get(session, release_id).agent_id)
    return agent, releases.get_for_update(session, release_id)


def must_be_undecided(session: Session, tenant: Tenant, release: Release) -> None:
    """Raise `WrongState`, naming who decided, unless a release waits for a decision."""
    if release.state == ReleaseState.CANDIDATE:
        raise WrongState(
            say("Release {number} is not submitted: its owner has to do that first.", number=release.number)
        )
    if release.state == ReleaseState.SUSPENDED:  # which nobody decided
        state = say(STATES[release.state])
        raise WrongState(say("{release} is {state}: there is nothing to decide.", release=release.label, state=state))
    if release.state != ReleaseState.SUBMITTED:
        last = releases.decisions(session, release.id)[-1]
        raise WrongState(
            say(
                "{person} has already {decided} {release}.",
                person=tenant.name_of(last.decided_by),
                decided=say(DECISIONS[last.decision]),
                release=release.label,
            )
        )


def must_be_alone(session: Session, agent: Agent) -> None:
    """Raise `WrongState` if an agent has a canary or pilot: two would be compared with different people."""
    if agent.canary_release_id is not None:
        canary = releases.get(session, agent.canary_release_id)
        if canary.state == ReleaseState.PILOT:
            raise WrongState(
                say(
                    "Release {number} of '{agent}' is a pilot. First let it answer all with **pilot {id} all**, or end "
                    "it with **rollback {id}**.",
                    number=canary.number,
                    agent=agent.name,
                    id=agent.id,
                )
            )
        raise WrongState(
            say(
                "Release {number} of '{agent}' answers {share} % of its audience. First let it answer all with "
                "**canary {id} all**, or end it with **rollback {id}**.",
                number=canary.number,
                agent=agent.name,
                share=canary.share,
                id=agent.id,
            )
        )


def decide(session: Session, actor_id: str, release: Release, decision: Decision, reason: str) -> None:
    """Write a decision down, and take the question back from everybody else whom it was put to."""
    session.add(Approval(release_id=release.id, decision=decision, decided_by=actor_id, reason=reason))
    is_waiting = release.state == ReleaseState.SUBMITTED
    if not (is_waiting and decision is Decision.CONSENTED):
        notices.settle(session, NoticeKind.RELEASE_SUBMITTED, release.id)
    if not (is_waiting and decision is Decision.APPROVED):
        notices.settle(session, NoticeKind.RELEASE_CONSENT_ASKED, release.id)


def begin_again(session: Session, actor_id: str, release: Release) -> None:
    """Take the question back from everybody whom it was put to, for a release that is a candidate again."""
    for kind in (NoticeKind.RELEASE_SUBMITTED, NoticeKind.RELEASE_CONSENT_ASKED):
        notices.settle(session, kind, release.id)
    audit.record(session, Tag.RELEASE_WITHDRAWN, actor_id, release.id, agent_id=release.agent_id)


def replace_live(session: Session, agent: Agent, release: Release) -> Release | None:
    """Supersede the live release, which `release` takes the place of, and return it, if there was one."""
    replaced = releases.get_for_update(session, agent.live_release_id) if agent.live_release_id else None
    if replaced is not None:
        replaced.supersede()
        session.add(replaced)
        session.flush()  # the database holds that an agent has one live release, at every moment
    agent.live_release_id = release.id
    return replaced


def tell_teachers(session: Session, release: Release) -> None:
    """Tell everybody whose correction a release has learned, once it answers its whole audience."""
    notices.notify(session, NoticeKind.FEEDBACK_LEARNED, _teachers(session, release), release.id)


def worded_reason(text: str) -> str:
    """Return a reason without what stands around it; raise `InvalidInput` if there is none, or too much."""
    text = worded(text, mark("reason"))
    if not text:
        raise InvalidInput(say("Say why: the owner reads the reason."))
    return text


def worded(text: str, what: str) -> str:
    """Return a reason without what stands around it; raise `InvalidInput` if it is too long."""
    return bounded(text, MAX_REASON, what)


def _teachers(session: Session, release: Release) -> set[str]:
    """Mark the feedback that no earlier live release had learned, and return who gave corrections among it."""
    dataset_id = runs.get(session, release.run_id).dataset_id
    learned = feedback.in_dataset(session, dataset_id) if dataset_id else []
    fresh = [one for one in learned if one.learned_in_run_id is None]
    for one in fresh:
        one.learned_in_run_id = release.run_id
        session.add(one)
    return {one.person_id for one in fresh if one.correction}
