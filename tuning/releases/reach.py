"""Whom a release reaches once it is approved: all of its audience, a share of it, or a pilot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import WHOLE, Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases.decisions import must_be_alone, replace_live, tell_teachers
from tuning.releases.drift import must_be_readable
from tuning.store import notices, releases


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Who of its audience gets a release."""

    share: int = WHOLE
    """In percent."""
    pilot: tuple[str, ...] = ()
    """Principals, where only these get it; empty: no pilot."""


EVERYBODY = Reach()


def must_be_possible(session: Session, tenant: Tenant, agent: Agent, release: Release, reach: Reach) -> None:
    """Raise `WrongState` or `InvalidInput` if a release can't have that reach just now."""
    must_be_readable(session, tenant, release)
    must_be_alone(session, agent)
    _must_be_newest(session, agent, release)
    if reach.pilot:
        must_reach_somebody(tenant, release, reach.pilot)
    elif reach.share < WHOLE and agent.live_release_id is None:
        raise WrongState(
            say(
                "'{agent}' has no live release that {release} could be compared with: approve it for all.",
                agent=agent.name,
                release=release.label,
            )
        )


def _must_be_newest(session: Session, agent: Agent, release: Release) -> None:
    """Raise `WrongState` if a newer release is live, which an approval that was meant before that would take back."""
    live = releases.get(session, agent.live_release_id) if agent.live_release_id else None
    if live is not None and live.number > release.number:
        raise WrongState(
            say(
                "{live} has gone live since {release} was measured: reject it, or roll back first.",
                live=live.label.capitalize(),
                release=release.label,
            )
        )


def must_reach_somebody(tenant: Tenant, release: Release, pilot: Sequence[str]) -> None:
    """Raise `InvalidInput` if nobody of a release's audience is in a pilot."""
    people = frozenset[str]().union(*(tenant.people.members(key) for key in pilot))
    if not any(access.is_in(tenant, who, release.audience) for who in people):
        raise InvalidInput(say("Nobody of its audience is in that pilot. Name others."))


def take_effect(session: Session, agent: Agent, release: Release, reach: Reach) -> dict[str, Any]:
    """Let an approved release reach whom it may, both kept from other changes, and return what the audit says of it."""
    notices.notify(session, NoticeKind.RELEASE_APPROVED, [agent.owner_id], release.id)
    if reach.pilot:
        release.begin_pilot(list(reach.pilot))
        agent.canary_release_id = release.id
        return {"pilot": release.pilot, "beside": agent.live_release_id}
    if reach.share < WHOLE:
        release.begin_canary(reach.share)
        agent.canary_release_id = release.id
        return {"share": reach.share, "beside": agent.live_release_id}
    replaced = replace_live(session, agent, release)
    release.approve()
    tell_teachers(session, release)
    return {"supersedes": replaced.id if replaced else None}
