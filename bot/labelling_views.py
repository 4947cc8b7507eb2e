"""Cards of samples to label, out of what the store holds at the moment."""

from adaptive_cards.elements import Element
from adaptive_cards.samples import RoundForm, SampleForm, no_samples_card, round_card, sample_card
from tuning.domain.samples import ROUND
from tuning.governance import labelling
from tuning.governance.tenant import Tenant
from tuning.store import agents


def sample(tenant: Tenant, person_id: str, agent_id: str, place: int, *, problem: str = "") -> Element:
    """Return one sample for its agent's owner; places past either end show the nearest."""
    found = labelling.look(tenant, person_id, agent_id)
    with tenant.store.reading() as session:
        agent = agents.get(session, agent_id)
    if not found.samples:
        return no_samples_card(agent)
    place = min(max(place, 0), len(found.samples) - 1)
    together = found.round_of(place)
    shown = labelling.show(tenant, found.samples[place])
    return sample_card(
        SampleForm(
            agent=agent,
            sample=shown.sample,
            place=place,
            total=len(found.samples),
            looked_at=sum(one.verdict is not None for one in together),
            in_round=len(together),
            title=shown.document.title if shown.document else "",
            passage=shown.passage.text if shown.passage else "",
            run=found.run,
            problem=problem,
        )
    )


def after(tenant: Tenant, person_id: str, agent_id: str, place: int) -> Element:
    """Return what comes after a sample has been labelled: the round's next one without a label, or what came of it."""
    found = labelling.look(tenant, person_id, agent_id)
    following = found.next_open(place)
    if following is not None or not found.samples:
        return sample(tenant, person_id, agent_id, following or 0)
    with tenant.store.reading() as session:
        agent = agents.get(session, agent_id)
    return round_card(
        RoundForm(
            agent=agent,
            samples=found.round_of(place),
            number=place // ROUND,
            rounds=found.rounds,
            labelled=found.labelled,
            run=found.run,
        )
    )
