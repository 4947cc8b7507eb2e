import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tests.unit.tuning.releases.test_publishing import state_of
from tuning.domain.errors import WrongState
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.releases import approval, publishing
from tuning.releases.reach import EVERYBODY, Reach


@pytest.fixture
def tenant(tenant):
    """Releases 1, 2 and 3 of Ana's agent have been submitted; 1 is live."""
    keep(tenant.store, make_agent())
    for number in (1, 2, 3):
        keep(
            tenant.store,
            make_run(id=f"run{number}", state=RunState.READY),
            make_release(id=f"r{number}", run_id=f"run{number}", number=number, state=ReleaseState.SUBMITTED),
        )
    publishing.approve(tenant, "cy", "r1")
    return tenant


@pytest.mark.parametrize("reach", [EVERYBODY, Reach(share=10), Reach(pilot=("staff",))])
def test_an_old_card_takes_no_newer_release_back(tenant, reach):
    publishing.approve(tenant, "cy", "r3")
    with pytest.raises(WrongState, match="Release 3 has gone live since release 2 was measured: reject it, or roll"):
        approval.approve(tenant, "dee", "r2", "", reach)
    assert [state_of(tenant, key) for key in ("r2", "r3")] == [ReleaseState.SUBMITTED, ReleaseState.LIVE]
    publishing.roll_back(tenant, "dee", "agent")
    approval.approve(tenant, "dee", "r2", "", reach)
    assert state_of(tenant, "r2") != ReleaseState.SUBMITTED


def test_nor_does_the_second_word_on_what_was_approved_before(tenant):
    keep(tenant.store, Policy(data_owner_ids=["bo"]))
    for release_id in ("r2", "r3"):
        publishing.approve(tenant, "cy", release_id)
    approval.consent(tenant, "bo", "r3")
    with pytest.raises(WrongState, match="Release 3 has gone live"):
        approval.consent(tenant, "bo", "r2")
    assert state_of(tenant, "r3") == ReleaseState.LIVE
