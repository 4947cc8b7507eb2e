"""Buttons of samples: look at one, say what it is, and let the run go on that waits for it."""

from adaptive_cards.samples import went_on_card
from bot import labelling_views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.domain.samples import Verdict
from tuning.governance import labelling
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import runs as releasing
from tuning.store import agents


def open_sample(tenant: Tenant, press: Press) -> Outcome:
    """Show a sample."""
    return Outcome(card=labelling_views.sample(tenant, press.person_id, press.id("agent_id"), press.number("number")))


def label(tenant: Tenant, press: Press) -> Outcome:
    """Keep what the owner makes of a sample, and show the next one."""
    agent_id, place = press.id("agent_id"), press.number("number")
    if press.text("verdict") not in set(Verdict):
        raise InvalidInput(say(STALE))
    verdict, question, answer = Verdict(press.text("verdict")), press.text("question"), press.text("answer")
    try:
        labelling.label(tenant, press.person_id, press.id("sample_id"), verdict, question=question, answer=answer)
    except InvalidInput as refusal:
        card = labelling_views.sample(tenant, press.person_id, agent_id, place, problem=refusal.sentence)
        return Outcome(card=card)
    return Outcome(card=labelling_views.after(tenant, press.person_id, agent_id, place))


def go_on(tenant: Tenant, press: Press) -> Outcome:
    """Let a run go on that has waited for labels."""
    run = releasing.go_on(tenant, press.person_id, press.id("run_id"))
    with tenant.store.reading() as session:
        return Outcome(card=went_on_card(agents.get(session, run.agent_id)))
