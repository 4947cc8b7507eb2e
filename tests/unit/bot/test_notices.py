"""What reaches people unasked says what happened."""

from datetime import UTC, datetime

import pytest

from bot import notices
from tests.factories import keep, make_agent, make_release, make_run, make_source, make_tenant
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.releases import Approval, Decision, ReleaseState
from tuning.domain.runs import RunState
from tuning.store import audit
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


@pytest.mark.parametrize(
    ("kind", "person_id"),
    [(NoticeKind.RELEASE_SUBMITTED, "bo"), (NoticeKind.RUN_READY, "cy"), (NoticeKind.RUN_NEEDS_LABELS, "bo")],
)
def test_who_may_not_see_it_any_more_gets_nothing_and_is_accused_of_nothing(store, tmp_path, kind, person_id):
    state = RunState.LABELLING if kind == NoticeKind.RUN_NEEDS_LABELS else RunState.READY
    keep(store, make_agent(), make_run(state=state), make_release(state=ReleaseState.SUBMITTED))
    subject_id = "release" if kind == NoticeKind.RELEASE_SUBMITTED else "run"
    notice = Notice(kind=kind, person_id=person_id, subject_id=subject_id)
    assert notices.message(make_tenant(store, tmp_path), notice) is None
    with store.reading() as session:
        assert not list(audit.chain(session))


def test_who_owns_what_learns_from_a_library_reads_until_when_its_access_lists_count(store, tmp_path):
    values = {"sync_failures": 1, "sync_error": "Microsoft 365 is away.", "synced_at": datetime(2026, 1, 1, tzinfo=UTC)}
    keep(store, make_agent(), make_source(**values, readable_until=datetime(2026, 1, 3, tzinfo=UTC)))
    notice = Notice(kind=NoticeKind.SOURCE_FAILED, person_id="ana", subject_id="source")
    message = notices.message(make_tenant(store, tmp_path), notice)
    assert message is not None
    assert "they find nothing in it from 2026-01-03 on, as nobody knows then who may read it." in str(message.card)


def test_of_a_library_that_was_never_synced_nobody_reads_that_nothing_is_found_any_more(store, tmp_path):
    until = datetime(2026, 1, 3, tzinfo=UTC)
    keep(store, make_agent(), make_source(sync_failures=1, sync_error="Not set up.", readable_until=until))
    message = notices.message(
        make_tenant(store, tmp_path), Notice(kind=NoticeKind.SOURCE_FAILED, person_id="ana", subject_id="source")
    )
    assert message is not None
    assert "It is tried again by itself." in str(message.card)
    assert "2026-01-03" not in str(message.card)
