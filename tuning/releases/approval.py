"""What it takes for a release to be published: an admin's word and, where the policy names data owners, one of theirs.

In either order, and of two people. Whoever comes second lets the release reach those whom the admin chose. Nobody gives
the first word where only they could give the second.
"""

from typing import Any

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import Decision, Release, ReleaseState
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases.decisions import decide, locked, must_be_undecided, worded
from tuning.releases.reach import Reach, must_be_possible, take_effect
from tuning.store import agents, audit, notices, policy


def approve(tenant: Tenant, actor_id: str, release_id: str, reason: str, reach: Reach) -> Release:
    """Give an admin's word on a submitted release, and say whom it is to reach.

    Raise `WrongState`, naming who it was, if another admin has decided already.
    """
    reason = worded(reason, mark("note"))
    with access.act(tenant, actor_id, release_id) as session:
        agent, release = locked(session, release_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, release)
        must_be_undecided(session, tenant, release)
        is_waiting = lacks_consent(session, release)
        if is_waiting and release.approved_by:
            name = tenant.name_of(release.approved_by)
            raise WrongState(
                say("{person} has already approved {release}. It waits for a data owner.", person=name, **_of(release))
            )
        _must_be_second(actor_id, release.consented_by)
        if not _leaves_data_owner(session, tenant, actor_id, release):
            raise WrongState(
                say(
                    "There is no other data owner who could agree to {release}. Name one in the policy, or, if you are "
                    "one, agree to it yourself and let another admin approve it.",
                    **_of(release),
                )
            )
        must_be_possible(session, tenant, agent, release, reach)
        effect: dict[str, Any] = {"waits_for": "data owner", "share": reach.share, "pilot": list(reach.pilot)}
        if is_waiting:
            release.await_consent(actor_id, reach.share, list(reach.pilot))
        else:
            effect = take_effect(session, agent, release, reach)
        session.add_all([release, agent])
        _keep(session, actor_id, release, decision=Decision.APPROVED, reason=reason, effect=effect)
        if is_waiting:
            told = notices.told(session, NoticeKind.RELEASE_CONSENT_ASKED, release.id)
            asked = access.data_owners(session, tenant) - agent.owners - {actor_id} - told
            notices.notify(session, NoticeKind.RELEASE_CONSENT_ASKED, asked, release.id)
        return release


def consent(tenant: Tenant, actor_id: str, release_id: str, note: str = "") -> Release:
    """Give a data owner's word on a submitted release; if an admin has approved it, it has effect with that.

    Raise `WrongState`, naming who it was, if another data owner has agreed already, or somebody has turned it down.
    """
    note = worded(note, mark("note"))
    with access.act(tenant, actor_id, release_id) as session:
        agent, release = locked(session, release_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_CONSENT, release)
        must_be_undecided(session, tenant, release)
        if release.consented_by:
            name = tenant.name_of(release.consented_by)
            raise WrongState(say("{person} has already agreed to {release}.", person=name, **_of(release)))
        _must_be_second(actor_id, release.approved_by)
        if not _leaves_admin(session, tenant, actor_id, release):
            raise WrongState(
                say(
                    "There is no other admin who could approve {release}. Have one named, or, if you are one, approve "
                    "it yourself and let another data owner agree.",
                    **_of(release),
                )
            )
        release.consent(actor_id)
        effect: dict[str, Any] = {}
        if release.approved_by:
            reach = Reach(share=release.share, pilot=tuple(release.pilot))
            must_be_possible(session, tenant, agent, release, reach)
            effect = take_effect(session, agent, release, reach)
        session.add_all([release, agent])
        _keep(session, actor_id, release, decision=Decision.CONSENTED, reason=note, effect=effect)
        return release


def lacks_consent(session: Session, release: Release) -> bool:
    """Return whether a data owner has to agree to a release yet."""
    return bool(policy.get(session).data_owner_ids) and not release.consented_by


def wants_admin(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    """Return whether a release waits for a person's word as an admin, rather than for theirs as a data owner."""
    if not _is_open_to_admin(session, tenant, person_id, release):
        return False
    is_better_as_data_owner = (
        not _leaves_data_owner(session, tenant, person_id, release)
        and _leaves_admin(session, tenant, person_id, release)
        and _is_open_to_data_owner(session, tenant, person_id, release)
    )
    return not is_better_as_data_owner


def wants_data_owner(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    """Return whether a release waits for a person's word as a data owner, rather than for theirs as an admin."""
    if not _is_open_to_data_owner(session, tenant, person_id, release):
        return False
    is_better_as_admin = (
        not _leaves_admin(session, tenant, person_id, release)
        and _leaves_data_owner(session, tenant, person_id, release)
        and _is_open_to_admin(session, tenant, person_id, release)
    )
    return not is_better_as_admin


def wanted(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    """Return whether a release waits for a person's word, whichever that is."""
    return wants_admin(session, tenant, person_id, release) or wants_data_owner(session, tenant, person_id, release)


def _is_open_to_admin(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    is_open = release.state == ReleaseState.SUBMITTED and release.consented_by != person_id
    is_given = bool(release.approved_by) and lacks_consent(session, release)
    return is_open and not is_given and access.may(session, tenant, person_id, Permission.RELEASE_APPROVE, release)


def _is_open_to_data_owner(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    is_open = release.state == ReleaseState.SUBMITTED and release.approved_by != person_id
    is_lacking = is_open and lacks_consent(session, release)
    return is_lacking and access.may(session, tenant, person_id, Permission.RELEASE_CONSENT, release)


def _leaves_data_owner(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    """Return whether a person's word as an admin would leave somebody who agrees, if that is still to be done."""
    if not lacks_consent(session, release):
        return True
    return bool(access.data_owners(session, tenant) - agents.get(session, release.agent_id).owners - {person_id})


def _leaves_admin(session: Session, tenant: Tenant, person_id: str, release: Release) -> bool:
    """Return whether a person's word as a data owner would leave somebody who approves, if that is still to be done."""
    if release.approved_by:
        return True
    return bool(tenant.admins() - agents.get(session, release.agent_id).owners - {person_id})


def _keep(
    session: Session, actor_id: str, release: Release, *, decision: Decision, reason: str, effect: dict[str, Any]
) -> None:
    decide(session, actor_id, release, decision, reason)
    tag = Tag.RELEASE_APPROVED if decision is Decision.APPROVED else Tag.RELEASE_CONSENTED
    audit.record(
        session,
        tag,
        actor_id,
        release.id,
        agent_id=release.agent_id,
        reason=reason,
        **effect,
        adapter=release.adapter_sha256,
        audience=release.audience,
    )


def _must_be_second(actor_id: str, first_id: str) -> None:
    """Raise `NotAllowed` if the same person would give both words."""
    if actor_id == first_id:
        raise NotAllowed(say("You have agreed to it already. The other word has to be another person's."))


def _of(release: Release) -> dict[str, str]:
    return {"release": release.label}
