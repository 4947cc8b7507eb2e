"""Buttons about runs: start, cancel, retry."""

from adaptive_cards.elements import card, escape, heading, paragraph
from adaptive_cards.progress import progress_card
from bot import wizard_views
from bot.card_actions.press import Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.domain.runs import Run
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import runs as releasing
from tuning.store import agents


def start(tenant: Tenant, press: Press) -> Outcome:
    """Start a run; a notice brings the card that shows its progress."""
    agent_id = press.id("agent_id")
    try:
        run = releasing.start(tenant, press.person_id, agent_id, waits_for_labels=press.text("labels") == "first")
    except InvalidInput as refusal:
        card = wizard_views.wizard(tenant, press.person_id, agent_id, "review", problem=refusal.sentence)
        return Outcome(card=card)
    return _started(tenant, run)


def retry(tenant: Tenant, press: Press) -> Outcome:
    """Start another run in the place of one that failed."""
    return _started(tenant, releasing.retry(tenant, press.person_id, press.id("run_id")))


def cancel(tenant: Tenant, press: Press) -> Outcome:
    """Cancel a run."""
    run = releasing.cancel(tenant, press.person_id, press.id("run_id"))
    with tenant.store.reading() as session:
        return Outcome(card=progress_card(agents.get(session, run.agent_id), run))


def _started(tenant: Tenant, run: Run) -> Outcome:
    with tenant.store.reading() as session:
        agent = agents.get(session, run.agent_id)
    told = say("Tuning has started. You can close this chat: I tell you when it is done.")
    if run.waits_for_labels:
        told = say("Samples are being made. You can close this chat: I tell you when there is something to look at.")
    return Outcome(card=card(heading(escape(agent.name)), paragraph(told)))
