from datetime import timedelta

import pytest

from tests.factories import keep, make_agent, make_source
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.fields import now
from tuning.domain.grants import FOR_GOOD, ONCE, Grant, GrantState
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.policy import Policy
from tuning.domain.prompts import Task
from tuning.governance import access
from tuning.governance import agents as governed_agents
from tuning.governance import grants as governed
from tuning.releases import runs as lifecycle
from tuning.store import audit, grants, notices
from tuning.store import policy as policies


@pytest.fixture(autouse=True)
def strict(store):
    """Only leads make and tune agents."""
    keep(store, Policy(maker_ids=["leads"], tuner_ids=["leads"]))


def may(tenant, person_id):
    with tenant.store.reading() as session:
        return access.may(session, tenant, person_id, Permission.AGENT_CREATE)


def due(tenant):
    with tenant.store.transaction() as session:
        return {(one.kind, one.person_id) for one in notices.due(session, now())}


def test_who_asks_with_a_reason_reaches_every_admin_and_what_one_grants_reaches_them(tenant):
    with pytest.raises(InvalidInput, match="what you need it for"):
        governed.ask(tenant, "bo", "  ")
    asked = governed.ask(tenant, "bo", "To tune on travel.")
    assert not may(tenant, "bo")
    assert due(tenant) == {(NoticeKind.ACCESS_ASKED, "cy"), (NoticeKind.ACCESS_ASKED, "dee")}
    with pytest.raises(WrongState, match="asked already"):
        governed.ask(tenant, "bo", "Please!")

    governed.grant(tenant, "cy", asked.id, "7")
    assert may(tenant, "bo")
    with pytest.raises(WrongState, match="Cy has decided already"):
        governed.decline(tenant, "dee", asked.id, "No.")
    assert (NoticeKind.ACCESS_DECIDED, "bo") in due(tenant)
    with tenant.store.reading() as session:
        found = audit.events(session, asked.id)
    assert [(event.tag, event.actor_id) for event in found] == [
        (Tag.ACCESS_ASKED, "bo"),
        (Tag.ACCESS_GRANTED, "cy"),
        (Tag.ACT_REFUSED, "dee"),
    ]
    assert not any("travel" in str(event.detail) for event in found)


def test_a_request_that_is_settled_bothers_no_other_admin(tenant):
    governed.decline(tenant, "cy", governed.ask(tenant, "bo", "Please.").id, "Ask your lead.")
    assert due(tenant) == {(NoticeKind.ACCESS_DECIDED, "bo")}
    assert not may(tenant, "bo")
    assert governed.ask(tenant, "bo", "My lead agrees.").state == GrantState.ASKED


def test_nobody_without_need_asks_and_nobody_decides_for_themselves(tenant):
    with pytest.raises(NotAllowed, match="already"):
        governed.ask(tenant, "cy", "More.")
    keep(tenant.store, Grant(id="own", person_id="cy", justification="Mine."))
    for act in (
        lambda: governed.grant(tenant, "cy", "own", FOR_GOOD),
        lambda: governed.decline(tenant, "cy", "own", "No."),
        lambda: governed.give(tenant, "cy", "cy", FOR_GOOD),
    ):
        with pytest.raises(NotAllowed, match="request of their own"):
            act()
    with pytest.raises(NotAllowed, match="Only admins"):
        governed.give(tenant, "bo", "gus", FOR_GOOD)


def test_a_grant_for_days_ends_by_itself_and_can_be_asked_for_anew(tenant):
    given = governed.give(tenant, "cy", "bo", "2")
    assert given.expires_at is not None
    assert given.holds(given.expires_at - timedelta(seconds=1))
    assert not given.holds(given.expires_at)
    with tenant.store.transaction() as session:
        held = grants.get_for_update(session, given.id)
        held.expires_at = now() - timedelta(seconds=1)
        session.add(held)
    assert not may(tenant, "bo")
    assert list(governed.page(tenant, "cy")) == []
    governed.ask(tenant, "bo", "Two more days.")


@pytest.mark.parametrize("term", ["", "0", "366", "-1", "forever", "99999999"])
def test_a_term_that_is_none_is_refused(tenant, term):
    asked = governed.ask(tenant, "bo", "Please.")
    with pytest.raises(InvalidInput, match="a number of days from 1 to 365"):
        governed.grant(tenant, "cy", asked.id, term)
    assert not may(tenant, "bo")


def test_a_grant_for_one_run_ends_with_it(tenant):
    governed.give(tenant, "cy", "bo", ONCE)
    agent = governed_agents.create(tenant, "bo", name="Trips", task=Task.SUMMARY)
    keep(tenant.store, make_source())
    governed_agents.configure(tenant, "bo", agent.id, source_ids=["source"], questionnaire={"summary": "Minutes"})
    run = lifecycle.start(tenant, "bo", agent.id)
    assert not may(tenant, "bo")
    lifecycle.cancel(tenant, "bo", run.id)
    with pytest.raises(NotAllowed, match="may not tune agents"):
        lifecycle.retry(tenant, "bo", run.id)


def test_a_grant_for_good_stays_until_it_is_taken_back_and_helps_nobody_while_tuning_is_off(tenant):
    keep(tenant.store, make_source(), make_agent())
    given = governed.give(tenant, "cy", "ana", FOR_GOOD)
    lifecycle.cancel(tenant, "ana", lifecycle.start(tenant, "ana", "agent").id)
    assert may(tenant, "ana")
    with tenant.store.transaction() as session:
        policy = policies.get_for_update(session)
        policy.is_tuning_on = False
        session.add(policy)
    assert not may(tenant, "ana")
    governed.take_back(tenant, "dee", given.id)
    assert list(governed.page(tenant, "cy")) == []


def test_what_is_given_anew_takes_the_place_of_what_was(tenant):
    governed.give(tenant, "cy", "bo", "1")
    governed.give(tenant, "dee", "bo", FOR_GOOD)
    asked = governed.ask(tenant, "ana", "Please.")
    assert governed.give(tenant, "cy", "ana", "3").id == asked.id
    held = [(one.person_id, one.expires_at is None) for one in governed.page(tenant, "cy")]
    assert sorted(held) == [("ana", False), ("bo", True)]
