"""Buttons about releases: look at, read the report, try, submit, take back, approve, agree, reject."""

from adaptive_cards.approval import PILOT, pilot_text
from bot import evaluation_views, history_views, identity, views
from bot.card_actions.press import Outcome, Press
from bot.files import NOT_HERE
from bot.turn import Scope
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release, ReleaseState
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import approval, pilots, publishing, reports, rollouts
from tuning.store import agents, conversations, releases


def show(tenant: Tenant, press: Press) -> Outcome:
    """Show the evaluation."""
    return Outcome(card=evaluation_views.evaluation(tenant, press.person_id, press.id("release_id")))


def hand_out_report(tenant: Tenant, press: Press) -> Outcome:
    """Offer the full report as a file, below the evaluation."""
    if press.scope is not Scope.PERSONAL:
        raise InvalidInput(say(NOT_HERE))
    release_id = press.id("release_id")
    report = reports.hand_out(tenant, press.person_id, release_id, press.chat_id)
    return Outcome(card=evaluation_views.evaluation(tenant, press.person_id, release_id), offered=report)


def try_out(tenant: Tenant, press: Press) -> Outcome:
    """Let the owner talk to a release that is not live, in this chat and nobody else."""
    if press.scope is not Scope.PERSONAL:
        raise InvalidInput(say("Try it in our personal chat: here everybody would read along."))
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
    """Ask the admins to publish it, if the owner proposes one to a pilot first."""
    release_id, note = press.id("release_id"), press.text("note")
    pilot = _pilot(tenant, press, Permission.RELEASE_SUBMIT)
    release = publishing.submit(tenant, press.person_id, release_id, note, pilot=pilot)
    return Outcome(card=evaluation_views.evaluation(tenant, press.person_id, release.id))


def withdraw(tenant: Tenant, press: Press) -> Outcome:
    """Take it back from the admins, as its owner."""
    release = publishing.withdraw(tenant, press.person_id, press.id("release_id"))
    return Outcome(card=evaluation_views.evaluation(tenant, press.person_id, release.id))


def open_waiting(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of the releases that want the person's word."""
    with access.act(tenant, press.person_id) as session:
        access.check(session, tenant, press.person_id, Permission.APPROVALS_READ)
    return Outcome(card=views.approvals_page(tenant, press.person_id, press.number("number")))


def open_case(tenant: Tenant, press: Press) -> Outcome:
    """Show the case of a release that was submitted."""
    release_id = press.id("release_id")
    with access.act(tenant, press.person_id, release_id) as session:
        release = releases.get(session, release_id)
        access.check(session, tenant, press.person_id, Permission.RELEASE_REJECT, release)
        if release.state == ReleaseState.CANDIDATE:
            raise WrongState(say("That release isn't submitted: there is nothing to decide."))
    return Outcome(card=views.approval(tenant, press.person_id, release_id))


def approve(tenant: Tenant, press: Press) -> Outcome:
    """Let it go live, for all, or first for a pilot or a share of its audience."""
    release_id, reason, share = press.id("release_id"), press.text("reason"), press.text("share")
    proposed = _proposed(tenant, press)
    is_as_proposed = press.text("pilot") == pilot_text([tenant.name_of(one) for one in proposed])
    if share == PILOT:
        # A name may be that of several: whom the owner has chosen is known by id.
        pilot = proposed if is_as_proposed else _pilot(tenant, press, Permission.RELEASE_APPROVE)
        release = pilots.begin(tenant, press.person_id, release_id, pilot, reason)
    elif press.text("pilot") and not is_as_proposed:
        raise InvalidInput(
            say(
                "You named a pilot, but it would not get it first: choose '{pilot}', or empty the field.",
                pilot=say("The pilot below first"),
            )
        )
    elif share.isdecimal():
        release = rollouts.begin(tenant, press.person_id, release_id, int(share), reason)
    else:
        release = publishing.approve(tenant, press.person_id, release_id, reason)
    return Outcome(card=views.decided(tenant, release))


def consent(tenant: Tenant, press: Press) -> Outcome:
    """Agree to it as a data owner."""
    release = approval.consent(tenant, press.person_id, press.id("release_id"))
    return Outcome(card=views.decided(tenant, release))


def history(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of an agent's releases."""
    agent_id, number = press.id("agent_id"), press.number("number")
    return Outcome(card=history_views.history(tenant, press.person_id, agent_id, number))


def reject(tenant: Tenant, press: Press) -> Outcome:
    """Turn it down."""
    release = publishing.reject(tenant, press.person_id, press.id("release_id"), press.text("reason"))
    return Outcome(card=views.decided(tenant, release))


def _proposed(tenant: Tenant, press: Press) -> list[str]:
    """Return whom the owner has proposed as a pilot."""
    with tenant.store.reading() as session:
        release = session.get(Release, press.id("release_id"))
        return list(release.pilot) if release else []


def _pilot(tenant: Tenant, press: Press, permission: Permission) -> list[str]:
    """Return whom the names of a pilot mean; nobody else than who may act searches the directory by it."""
    if not press.text("pilot"):
        return []
    release_id = press.id("release_id")
    with access.act(tenant, press.person_id, release_id) as session:
        access.check(session, tenant, press.person_id, permission, releases.get(session, release_id))
    return identity.principals(tenant, press.text("pilot"))
