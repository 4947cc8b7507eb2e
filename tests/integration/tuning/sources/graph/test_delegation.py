"""On behalf of the person who asks: whose token is taken, how long it is used, and what is said when it can't be."""

import time

import pytest

from tests.fakes.microsoft365 import Microsoft365
from tuning.languages import speaking
from tuning.sources.errors import ConsentMissing, Microsoft365Refused, NotDelegated
from tuning.sources.graph.delegation import Delegations

INES = "1f6b5c2e-0000-4000-8000-000000000001"
MARA = "1f6b5c2e-0000-4000-8000-000000000002"


@pytest.fixture
def delegations(microsoft365):
    microsoft365.person(INES, "Ines Moreau")
    delegations = Delegations(microsoft365.registration())
    yield delegations
    delegations.close()


def test_what_is_asked_for_a_person_is_asked_with_their_token(microsoft365: Microsoft365, delegations):
    delegations.take(INES, microsoft365.assertion(INES))

    with delegations.graph(INES) as graph:
        user = graph.run(graph.ask(graph.sdk.users.by_user_id(INES).get))

    assert user.display_name == "Ines Moreau"
    assert microsoft365.persons[delegations.token(INES)] == INES
    assert not delegations.may_act_for(MARA)
    with pytest.raises(NotDelegated):
        delegations.graph(MARA)


def test_another_persons_token_and_another_organisations_are_refused(microsoft365: Microsoft365, delegations):
    for assertion in (
        microsoft365.assertion(MARA),
        microsoft365.assertion(INES, tenant_id="00000000-0000-4000-8000-00000000000f"),
    ):
        with pytest.raises(Microsoft365Refused, match="somebody else"):
            delegations.take(INES, assertion)
        assert not delegations.may_act_for(INES)


def test_what_entra_does_not_take_is_no_delegation(microsoft365: Microsoft365, delegations):
    with pytest.raises(Microsoft365Refused, match="AADSTS500133"):
        delegations.take(INES, "made.up.token")
    assert not delegations.may_act_for(INES)


def test_without_consent_people_read_whom_it_takes_in_their_language(microsoft365: Microsoft365, delegations):
    microsoft365.refused = {
        "error": "invalid_grant",
        "suberror": "consent_required",
        "error_description": "AADSTS65001: The user or administrator has not consented to use the application.",
    }

    with speaking("de-DE"), pytest.raises(ConsentMissing) as caught:
        delegations.take(INES, microsoft365.assertion(INES))

    assert "admin has to consent" in caught.value.english
    assert caught.value.sentence != caught.value.english


def test_a_token_is_used_as_long_as_it_lasts_and_dropped_once_refused(
    microsoft365: Microsoft365, delegations, monkeypatch
):
    delegations.take(INES, microsoft365.assertion(INES))
    microsoft365.tokens.clear()
    with delegations.graph(INES) as graph, pytest.raises(NotDelegated):
        graph.run(graph.ask(graph.sdk.users.by_user_id(INES).get))
    assert not delegations.may_act_for(INES)

    delegations.take(INES, microsoft365.assertion(INES))
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 3600)
    assert not delegations.may_act_for(INES)


def test_a_managed_identity_acts_for_nobody(microsoft365: Microsoft365):
    delegations = Delegations(microsoft365.registration(managed_identity=True, secret=""))

    with pytest.raises(Microsoft365Refused, match="managed identity"):
        delegations.take(INES, microsoft365.assertion(INES))
    delegations.close()
