"""What reaches people unasked says what happened."""

import pytest

from bot import notices
from tests.factories import keep, make_agent, make_release, make_run, make_tenant
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.releases import Approval, Decision, ReleaseState
from tuning.store.audit import WORKER


@pytest.mark.parametrize("person_id", ["ana", "cy"])
def test_owner_and_admins_read_why_a_canary_was_rolled_back(store, tmp_path, person_id):
    why = "It is rated worse than the live release. Release 1: 0 of 7 people who rated it liked it (0 %)."
    rolled_back = Approval(release_id="release", decision=Decision.ROLLED_BACK, decided_by=WORKER, reason=why)
    keep(
        store,
        make_agent(live_release_id="live"),
        make_run(),
        make_release(state=ReleaseState.REJECTED, share=10),
        rolled_back,
    )
    notice = Notice(kind=NoticeKind.RELEASE_ROLLED_BACK, person_id=person_id, subject_id="release")
    message = notices.message(make_tenant(store, tmp_path), notice)
    assert message is not None
    said = str(message.card)
    assert "✗ Attune rolled it back. The live release answers everybody again." in said
    assert why in said
