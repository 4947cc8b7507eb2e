import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tuning.domain.agents import AgentState
from tuning.domain.errors import NotAllowed
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import inventory
from tuning.store import agents as stored


@pytest.fixture
def agents(store):
    keep(
        store,
        make_agent(live_release_id="release"),
        make_release(state=ReleaseState.LIVE),
        make_release(id="next", run_id="next", number=2),
        make_agent(id="busy", name="Busy", owner_id="bo"),
        make_run(agent_id="busy", state=RunState.RUNNING),
        make_agent(id="draft", name="draft", questionnaire={}),
        *(make_agent(id=f"many{number}", name=f"Many {number}") for number in range(10)),
    )


def test_it_shows_every_agent_once_with_where_it_stands(tenant, agents):
    first, total = inventory.page(tenant, "cy", 0)
    second, _ = inventory.page(tenant, "cy", 1)
    found = {one.agent.id: one for one in [*first, *second]}
    assert (len(first), len(found), total) == (inventory.PAGE, 13, 13)
    assert found["busy"].state is AgentState.TUNING
    assert found["draft"].state is AgentState.DRAFT
    assert found["many3"].state is AgentState.IDLE
    travel = found["agent"]
    assert travel.state is AgentState.LIVE
    assert travel.live
    assert travel.newest
    assert (travel.live.number, travel.newest.number) == (1, 2)
    assert inventory.page(tenant, "cy", 2)[0] == []
    assert inventory.page(tenant, "cy", -5)[0] == first


def test_it_tells_who_somebody_is_and_what_they_may(tenant, agents):
    keep(tenant.store, Policy(maker_ids=["leads"]))
    (bo,) = inventory.profiles(tenant, "cy", "bo")
    assert [one.id for one in bo.owned] == ["busy"]
    assert [one.id for one in bo.asks] == ["agent"]
    assert (bo.is_admin, bo.is_maker) == (False, False)
    with tenant.store.transaction() as session:
        stored.get_for_update(session, "agent").pause()
    (paused,) = inventory.profiles(tenant, "cy", "bo")
    assert paused.asks == []
    (dee,) = inventory.profiles(tenant, "cy", "de")
    assert (dee.is_admin, dee.is_maker) == (True, True)
    assert inventory.profiles(tenant, "cy", "nobody") == []


@pytest.mark.parametrize("who", ["ana", "gus", "stranger"])
def test_only_admins_see_it(tenant, agents, who):
    with pytest.raises(NotAllowed):
        inventory.page(tenant, who, 0)
    with pytest.raises(NotAllowed):
        inventory.profiles(tenant, who, "bo")
