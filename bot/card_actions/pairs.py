"""Buttons of pairs: look for them, look at them, accept one or all, reject one."""

from bot.card_actions.press import Outcome, Press
from bot.pair_views import pairs_page
from tuning.datasets import finding
from tuning.domain.errors import WrongState
from tuning.domain.pairs import PairVerdict
from tuning.governance import pairs
from tuning.governance.tenant import Tenant


def open_page(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of the pairs that were found."""
    return Outcome(card=pairs_page(tenant, press.person_id, press.id("agent_id"), press.number("number")))


def find(tenant: Tenant, press: Press) -> Outcome:
    """Look for pairs, and show the first page of all there are."""
    agent_id = press.id("agent_id")
    finding.find(tenant, press.person_id, agent_id)
    return Outcome(card=pairs_page(tenant, press.person_id, agent_id))


def accept(tenant: Tenant, press: Press) -> Outcome:
    """Accept a pair."""
    return _decided(tenant, press, PairVerdict.ACCEPTED)


def reject(tenant: Tenant, press: Press) -> Outcome:
    """Reject a pair."""
    return _decided(tenant, press, PairVerdict.REJECTED)


def accept_all(tenant: Tenant, press: Press) -> Outcome:
    """Accept all pairs that nothing was said of."""
    agent_id, problem = press.id("agent_id"), ""
    try:
        pairs.accept_all(tenant, press.person_id, agent_id, press.number("shown"))
    except WrongState as refusal:
        problem = refusal.sentence
    return Outcome(card=pairs_page(tenant, press.person_id, agent_id, press.number("number"), problem=problem))


def _decided(tenant: Tenant, press: Press, verdict: PairVerdict) -> Outcome:
    pair = pairs.decide(tenant, press.person_id, press.id("pair_id"), verdict)
    return Outcome(card=pairs_page(tenant, press.person_id, pair.agent_id, press.number("number")))
