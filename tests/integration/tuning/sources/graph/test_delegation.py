"""On behalf of a person: whose token is taken, how long it is used, and what is said when it can't be."""

import logging
import time

import pytest

from tests.fakes.microsoft365 import OTHER_KEY, Microsoft365
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


def ask(delegations, person_id):
    graph = delegations.graph(person_id)
    return graph.run(graph.ask(graph.sdk.users.by_user_id(INES).get))


def test_what_is_asked_for_a_person_is_asked_with_their_token(microsoft365: Microsoft365, delegations):
    permissions = delegations.take(INES, microsoft365.sso_token(INES))

    assert ask(delegations, INES).display_name == "Ines Moreau"
    assert permissions >= {"Files.Read.All", "Files.ReadWrite"}
    assert microsoft365.persons[delegations.token(INES)] == INES
    assert delegations.permissions(MARA) is None
    with pytest.raises(NotDelegated):
        delegations.graph(MARA)


def test_two_people_share_a_line_and_no_token(microsoft365: Microsoft365, delegations):
    for person_id in (INES, MARA):
        delegations.take(person_id, microsoft365.sso_token(person_id))
    first, second = delegations.graph(INES), delegations.graph(MARA)

    for graph, person_id in ((first, INES), (second, MARA), (first, INES)):
        graph.run(graph.ask(graph.sdk.users.by_user_id(INES).get))
        assert microsoft365.persons[microsoft365.last_token] == person_id


@pytest.mark.parametrize(
    "claims",
    [
        {"person_id": MARA},
        {"tid": "00000000-0000-4000-8000-00000000000f"},
        {"aud": "c0c0c0c0-0000-4000-8000-000000000009"},
        {"exp": int(time.time()) - 3600},
        {"key": OTHER_KEY},
    ],
    ids=["another person", "another tenant", "another app", "expired", "another signature"],
)
def test_what_is_not_the_persons_own_is_refused_and_nothing_is_kept(microsoft365, delegations, claims):
    with pytest.raises(Microsoft365Refused):
        delegations.take(INES, microsoft365.sso_token(**{"person_id": INES, **claims}))
    assert delegations.permissions(INES) is None
    assert delegations.permissions(MARA) is None


def test_without_consent_people_read_whom_it_takes_in_their_language(microsoft365: Microsoft365, delegations):
    microsoft365.consented.clear()

    with speaking("de-DE"), pytest.raises(ConsentMissing) as caught:
        delegations.take(INES, microsoft365.sso_token(INES))

    assert "admin has to consent" in caught.value.english
    assert caught.value.sentence != caught.value.english


def test_a_token_is_used_as_long_as_it_lasts_and_dropped_once_refused(
    microsoft365: Microsoft365, delegations, monkeypatch
):
    delegations.take(INES, microsoft365.sso_token(INES))
    microsoft365.tokens.clear()
    with pytest.raises(NotDelegated):
        ask(delegations, INES)
    assert delegations.permissions(INES) is None

    delegations.take(INES, microsoft365.sso_token(INES))
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 3600)
    assert delegations.permissions(INES) is None
    with pytest.raises(NotDelegated):
        delegations.token(INES)


def test_msal_keeps_nothing_of_people(microsoft365: Microsoft365, delegations):
    delegations.take(INES, microsoft365.sso_token(INES))
    application = delegations._sign_in._of_people()

    assert application.get_accounts() == []
    assert list(application.token_cache.search("RefreshToken")) == []


def test_tokens_are_in_no_log(microsoft365: Microsoft365, delegations, caplog):
    caplog.set_level(logging.DEBUG)
    assertion = microsoft365.sso_token(INES)
    delegations.take(INES, assertion)
    ask(delegations, INES)

    assert assertion not in caplog.text
    assert delegations.token(INES) not in caplog.text
    assert delegations.token(INES) not in repr(delegations._held)


def test_a_managed_identity_acts_for_nobody(microsoft365: Microsoft365):
    delegations = Delegations(microsoft365.registration(managed_identity=True, secret=""))

    with pytest.raises(Microsoft365Refused, match="managed identity"):
        delegations.take(INES, microsoft365.sso_token(INES))
    delegations.close()
