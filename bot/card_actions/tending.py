"""Buttons of tending an agent: when it is tuned again, pause and resume it, hand it over, delete it."""

from adaptive_cards.tending import deleted_card
from bot import identity, tending_views
from bot.card_actions.press import Outcome, Press
from tuning.domain.agents import Retraining
from tuning.domain.errors import InvalidFields
from tuning.domain.permissions import Permission
from tuning.governance import access, tending
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases.erasure import erase_agent
from tuning.store import agents


def manage(tenant: Tenant, press: Press) -> Outcome:
    """Show what its owner may do about an agent."""
    return Outcome(card=tending_views.manage(tenant, press.person_id, press.id("agent_id")))


def retrain_when(tenant: Tenant, press: Press) -> Outcome:
    """Save when it is tuned again by itself."""
    agent_id, when = press.id("agent_id"), press.text("when")
    typed = {field: press.text(field)[:8] for field in ("after", "at", "weekday", "day")}
    try:
        tending.retrain_when(tenant, press.person_id, agent_id, when, typed)
    except InvalidFields as wrong:
        known = {"when": when} if when in set(Retraining) else {}
        card = tending_views.manage(tenant, press.person_id, agent_id, typed=known | typed, problems=wrong.problems)
        return Outcome(card=card)
    return _again(tenant, press, note=say("✓ Saved."))


def pause(tenant: Tenant, press: Press) -> Outcome:
    """Let it answer nobody for the moment."""
    tending.pause(tenant, press.person_id, press.id("agent_id"))
    return _again(tenant, press)


def resume(tenant: Tenant, press: Press) -> Outcome:
    """Let it answer again."""
    tending.resume(tenant, press.person_id, press.id("agent_id"))
    return _again(tenant, press)


def hand_over(tenant: Tenant, press: Press) -> Outcome:
    """Make the person whose name was typed the owner."""
    agent_id = press.id("agent_id")
    with access.act(tenant, press.person_id, agent_id) as session:
        # First of all, so that nobody else searches the directory by it.
        access.check(session, tenant, press.person_id, Permission.AGENT_HAND_OVER, agents.get(session, agent_id))
    heir = identity.named(tenant, press.text("person"))
    return Outcome(card=tending_views.gone(tenant, tending.hand_over(tenant, press.person_id, agent_id, heir.id)))


def delete(tenant: Tenant, press: Press) -> Outcome:
    """Delete an agent for good, with all that was made of it and said to it."""
    agent_id = press.id("agent_id")
    with tenant.store.reading() as session:
        name = agents.get(session, agent_id).name
    receipt = erase_agent(tenant, press.person_id, agent_id)
    return Outcome(card=deleted_card(name, sum(receipt.rows.values()), receipt.event_id))


def _again(tenant: Tenant, press: Press, *, note: str = "") -> Outcome:
    return Outcome(card=tending_views.manage(tenant, press.person_id, press.id("agent_id"), note=note))
