"""Cards of what a release scored and answered, out of what the store holds at the moment."""

from sqlmodel import Session

from adaptive_cards.blind import blind_card, rated_card
from adaptive_cards.elements import Element
from adaptive_cards.evaluation import evaluation_card
from adaptive_cards.examples import example_card
from tuning.domain.comparisons import Pair
from tuning.domain.evaluations import HEADLINE, Evaluation
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.evaluation.gates import advice_of
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents, datasets, releases, runs


def evaluation(tenant: Tenant, person_id: str, release_id: str) -> Element:
    """Return the evaluation of an owner's release."""
    with access.act(tenant, person_id, release_id) as session:
        release = releases.get(session, release_id)
        access.check(session, tenant, person_id, Permission.RELEASE_TRY, release)
        agent, measured = agents.get(session, release.agent_id), measured_of(session, release)
        dataset_id = runs.get(session, release.run_id).dataset_id
        counts = datasets.get(session, dataset_id).counts if dataset_id else {}
    return evaluation_card(agent, release, measured, counts, advice=advice_of(measured.scores, HEADLINE[agent.task]))


def example(tenant: Tenant, person_id: str, release_id: str, number: int) -> Element:
    """Return one example of an owner's release; numbers past either end show the nearest."""
    with access.act(tenant, person_id, release_id) as session:
        release = releases.get(session, release_id)
        access.check(session, tenant, person_id, Permission.RELEASE_TRY, release)
        agent, measured = agents.get(session, release.agent_id), measured_of(session, release)
    return example_card(agent, release, measured, min(max(number, 0), len(measured.samples) - 1))


def pair(tenant: Tenant, release_id: str, found: Pair | None) -> Element:
    """Return the pair that its owner rates next, or what has been rated where there is none; checked before."""
    with tenant.store.reading() as session:
        release = releases.get(session, release_id)
        agent, measured = agents.get(session, release.agent_id), measured_of(session, release)
    return blind_card(agent, release, found) if found else rated_card(agent, release, measured)


def measured_of(session: Session, release: Release) -> Evaluation:
    """Return what a release scored; nothing, if it was never measured."""
    return runs.evaluation(session, release.run_id) or Evaluation(run_id=release.run_id)
