"""Buttons about releases: look at, try, submit, approve, reject."""

from bot import views
from bot.card_actions.press import Outcome, Press
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import publishing, rollouts
from tuning.store import agents, conversations, releases


def show(tenant: Tenant, press: Press) -> Outcome:
    """Show the evaluation."""
    return Outcome(card=views.evaluation(tenant, press.person_id, press.id("release_id")))


def try_out(tenant: Tenant, press: Press) -> Outcome:
    """Let the owner talk to a release that is not live, in this chat and nobody else."""
    release_id = press.id("release_id")
    with access.act(tenant, press.person_id, release_id) as session:
        release = releases.get(session, release_id)
        access.check(session, tenant, press.person_id, Permission.RELEASE_TRY, release)
        release.try_out()
        agent = agents.get(session, release.agent_id)
        conversations.start(session, press.chat_id, press.person_id, agent.id, release.id)
    return Outcome(
        sentence=say(
            "You are talking to {agent}, {release}, which only you can see. Ask it something. "
            "Send 'agents' to go back to a live one.",
            agent=agent.name,
            release=release.label,
        )
    )


def submit(tenant: Tenant, press: Press) -> Outcome:
    """Ask the admins to publish it."""
    release = publishing.submit(tenant, press.person_id, press.id("release_id"), press.text("note"))
    return Outcome(card=views.evaluation(tenant, press.person_id, release.id))


def approve(tenant: Tenant, press: Press) -> Outcome:
    """Let it go live, for all or first for a share of its audience."""
    release_id, reason, share = press.id("release_id"), press.text("reason"), press.text("share")
    if share.isdecimal():
        release = rollouts.begin(tenant, press.person_id, release_id, int(share), reason)
    else:
        release = publishing.approve(tenant, press.person_id, release_id, reason)
    return Outcome(card=views.decided(tenant, release))


def reject(tenant: Tenant, press: Press) -> Outcome:
    """Turn it down."""
    release = publishing.reject(tenant, press.person_id, press.id("release_id"), press.text("reason"))
    return Outcome(card=views.decided(tenant, release))
