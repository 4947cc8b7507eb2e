"""The buttons about releases do what their fields say."""

import pytest

from bot.card_actions import releases
from bot.card_actions.press import Press
from tests.factories import keep, make_agent, make_release, make_run, make_tenant
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.store import releases as stored


@pytest.mark.parametrize(
    ("typed", "state", "share"),
    [({}, ReleaseState.LIVE, 0), ({"share": "all"}, ReleaseState.LIVE, 0), ({"share": "25"}, ReleaseState.CANARY, 25)],
)
def test_approving_lets_all_or_a_share_get_it(store, tmp_path, typed, state, share):
    tenant = make_tenant(store, tmp_path)
    keep(
        store,
        make_agent(live_release_id="old"),
        make_run(id="old", state=RunState.READY),
        make_release(id="old", run_id="old", state=ReleaseState.LIVE),
        make_run(state=RunState.READY),
        make_release(number=2, state=ReleaseState.SUBMITTED),
    )
    releases.approve(tenant, Press(person_id="cy", chat_id="chat", data={"release_id": "release", **typed}))
    with store.reading() as session:
        release = stored.get(session, "release")
    assert (release.state, release.share) == (state, share)
