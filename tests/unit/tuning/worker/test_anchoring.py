from datetime import timedelta

from tuning.domain.audit import Tag
from tuning.domain.fields import now
from tuning.governance import audit
from tuning.store import audit as stored
from tuning.worker import anchoring


def test_it_anchors_at_once_and_then_every_hour(store, tmp_path, monkeypatch):
    file, moment = tmp_path / "anchors.jsonl", now()
    monkeypatch.setattr(anchoring, "now", lambda: moment)
    chore = anchoring.anchoring(store, file)
    began = moment
    for minutes, anchored in ((0, 1), (59, 1), (61, 2), (62, 2)):
        moment = began + timedelta(minutes=minutes)
        with store.transaction() as session:
            stored.record(session, Tag.RUN_STARTED, "ana", "run")
        chore()
        assert len(audit.read_anchors(file)) == anchored, minutes


def test_a_file_that_cannot_be_written_stops_no_work(store, tmp_path, caplog):
    (tmp_path / "file").touch()
    with store.transaction() as session:
        stored.record(session, Tag.RUN_STARTED, "ana", "run")
    anchoring.anchoring(store, tmp_path / "file" / "anchors.jsonl")()
    assert "could not be anchored" in caplog.text
