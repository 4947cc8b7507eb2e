"""The switch of live search on the card of sources: who sees it, what it keeps, and what it doesn't lose."""

from dataclasses import replace

import pytest

from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.sources import NOT_LIVE
from bot import wizard_views
from bot.loopback import default_inputs, texts
from bot.presses import Presses
from tests.factories import keep, make_agent, make_source, make_tenant
from tests.fakes.turn import FakeTurn
from tuning.domain.audit import Tag
from tuning.domain.prompts import Task
from tuning.domain.registration import AppRegistration
from tuning.store import agents, audit


@pytest.fixture
def tenant(store, tmp_path):
    keep(store, make_agent(), make_source())
    return replace(make_tenant(store, tmp_path), is_signing_in=True)


def agent_of(tenant):
    with tenant.store.reading() as session:
        return agents.get(session, "agent")


async def press(tenant, verb=Verb.WIZARD_SOURCES, person_id="ana", **typed):
    data = {"agent_id": "agent", "sources": "source", **typed}
    return await Presses(tenant).press(FakeTurn(person_id=person_id), verb, data)


async def test_owners_switch_it_on_and_off(tenant):
    assert default_inputs(wizard_views.sources(tenant, agent_of(tenant)))["live"] == "false"
    await press(tenant, live="true")
    assert agent_of(tenant).searches_live
    with tenant.store.reading() as session:
        (event,) = [one for one in audit.events(session, "agent") if one.tag == Tag.AGENT_CONFIGURED]
    assert event.detail["searches_live"] is True
    assert default_inputs(wizard_views.sources(tenant, agent_of(tenant)))["live"] == "true"
    await press(tenant, live="false")
    assert not agent_of(tenant).searches_live


async def test_it_stays_as_it_was_where_the_card_does_not_ask(tenant):
    await press(tenant, live="true")
    await press(tenant)
    assert agent_of(tenant).searches_live


async def test_nobody_else_switches_it(tenant):
    outcome = await press(tenant, person_id="bo", live="true")
    assert outcome.sentence
    assert not agent_of(tenant).searches_live


async def test_what_is_ticked_is_kept_while_one_looks_around(tenant):
    outcome = await press(tenant, Verb.WIZARD_FIND, live="true", find="leave")  # Microsoft 365 is not set up
    assert default_inputs(outcome.card)["live"] == "true"
    assert not agent_of(tenant).searches_live


@pytest.mark.parametrize(("task", "is_signing_in"), [(Task.QUESTIONS, False), (Task.SUMMARY, True)])
def test_it_is_there_for_questions_where_people_are_signed_in(tenant, store, task, is_signing_in):
    tenant = replace(tenant, is_signing_in=is_signing_in)
    keep(store, make_agent(id="other", task=task))
    with store.reading() as session:
        card = wizard_views.sources(tenant, agents.get(session, "other"))
    assert "live" not in default_inputs(card)


def test_owners_who_can_look_into_sharepoint_read_that_there_is_none(tenant, registered):
    tenant = replace(tenant, is_signing_in=False, registration=registered)
    assert NOT_LIVE in texts(wizard_views.sources(tenant, agent_of(tenant)))


@pytest.fixture
def registered():
    return AppRegistration(tenant_id="tenant", client_id="client", secret="s")
