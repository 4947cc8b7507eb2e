"""The card of an agent's pairs, out of what the store holds at the moment."""

from adaptive_cards.elements import Element
from adaptive_cards.pages import Page
from adaptive_cards.pairs import PAGE, PairsForm, pairs_card
from tuning.datasets.builder import LEAST_SAMPLES
from tuning.domain.pairs import PairVerdict
from tuning.governance import pairs
from tuning.governance.tenant import Tenant


def pairs_page(tenant: Tenant, person_id: str, agent_id: str, number: int = 0, *, problem: str = "") -> Element:
    """Return a page of the pairs for their agent's owner; past either end, the nearest."""
    found = pairs.look(tenant, person_id, agent_id)
    page = Page.of(len(found.pairs), PAGE, number)
    shown = page.cut(found.pairs)
    keys = {key for it in shown for key in (it.precedent_id, it.target_id, it.content_id) if key}
    documents = {key: found.documents[key] for key in keys if key in found.documents}
    return pairs_card(
        PairsForm(
            agent=found.agent,
            pairs=shown,
            documents=documents,
            beginnings=pairs.beginnings(tenant, list(documents.values())),
            page=page,
            undecided=len(found.undecided),
            accepted=sum(it.verdict is PairVerdict.ACCEPTED for it in found.pairs),
            least=LEAST_SAMPLES,
            problem=problem,
        )
    )
