from datetime import timedelta

import pytest

from tests.factories import keep, make_answer
from tuning.domain.audit import Tag
from tuning.domain.fields import now
from tuning.governance import audit
from tuning.store import audit as stored
from tuning.worker import chores


def test_it_is_done_at_once_and_then_at_the_interval(monkeypatch):
    began, done = now(), []
    moment = began
    monkeypatch.setattr(chores, "now", lambda: moment)
    chore = chores.every(timedelta(hours=1), "count", lambda: done.append(moment))
    for minutes, times in ((0, 1), (59, 1), (61, 2), (62, 2)):
        moment = began + timedelta(minutes=minutes)
        chore()
        assert len(done) == times, minutes


def test_a_worker_anchors_the_audit_and_forgets_what_is_too_old(tenant, tmp_path):
    keep(tenant.store, make_answer(asked_at=now() - timedelta(days=731)))
    with tenant.store.transaction() as session:
        stored.record(session, Tag.RUN_STARTED, "ana", "run")
    chores.chores(tenant, tmp_path / "anchors.jsonl", timedelta(days=1))()
    assert len(audit.read_anchors(tmp_path / "anchors.jsonl")) == 1
    with tenant.store.reading() as session:
        assert [event.detail["answers"] for event in stored.events(session, "retention")] == [1]


def test_a_file_that_cannot_be_written_stops_no_work(tenant, tmp_path, caplog):
    (tmp_path / "file").touch()
    with tenant.store.transaction() as session:
        stored.record(session, Tag.RUN_STARTED, "ana", "run")
    chores.chores(tenant, tmp_path / "file" / "anchors.jsonl", timedelta(days=1))()
    assert "Could not anchor the audit" in caplog.text


def test_a_fault_of_the_store_is_tried_again_at_once():
    tries = []

    def fail():
        tries.append(1)
        raise ZeroDivisionError

    chore = chores.every(timedelta(hours=1), "fail", fail)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            chore()
    assert len(tries) == 2
