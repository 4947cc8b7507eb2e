"""A folder and the store brought in step, on both databases."""

import json
import os
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlmodel import select

from tests.factories import keep, make_source
from tuning.documents.extraction import Extractor
from tuning.documents.search import search
from tuning.documents.sync import SyncReport, sync
from tuning.domain.audit import AuditEvent
from tuning.domain.documents import DocumentPassage
from tuning.domain.errors import NotFound
from tuning.sources.folder import FolderReader
from tuning.store import documents

EVERYBODY = frozenset({"organisation"})


@pytest.fixture
def folder(store, tmp_path):
    folder = tmp_path / "documents" / "travel"
    folder.mkdir(parents=True)
    (folder / "hotels.md").write_text("# Hotels\n\nThe limit is 120 euros.\n")
    (folder / "trains.md").write_text("# Trains\n\nFirst class is not paid.\n")
    (folder / "photo.png").write_bytes(b"picture")
    grant(folder, ["organisation"])
    keep(store, make_source())
    return folder


def grant(folder, readers, **files):
    entries = {f"{name}.md": {"read": read} for name, read in files.items()}
    (folder / ".access.json").write_text(json.dumps({"read": readers, "files": entries}))


def synced(store, tmp_path):
    return sync(store, "source", FolderReader(tmp_path, "documents/travel"))


def found(store, question, principals=EVERYBODY):
    with store.reading() as session:
        return [it.title for it in search(session, question, principals=principals, source_ids=["source"])]


def test_a_first_sync_reads_everything_and_lists_what_it_leaves_out(store, tmp_path, folder):
    seen: list[float] = []

    report = sync(store, "source", FolderReader(tmp_path, "documents/travel"), progress=seen.append)

    assert report == SyncReport(total=3, read=3, left_out=1)
    assert seen[-1] == 1.0
    with store.reading() as session:
        stored = {it.path: it for it in documents.of_sources(session, ["source"])}
        assert documents.get_source(session, "source").synced_at is not None
        [event] = session.exec(select(AuditEvent)).all()
    assert "picture" in stored["photo.png"].left_out
    assert (stored["hotels.md"].title, stored["hotels.md"].left_out) == ("Hotels", "")
    assert event.detail["read"] == 3
    assert found(store, "What is the hotel limit?") == ["Hotels"]


def test_a_second_sync_reads_only_what_changed(store, tmp_path, folder):
    synced(store, tmp_path)
    assert synced(store, tmp_path) == SyncReport(total=3, unchanged=3, left_out=1)

    os.utime(folder / "trains.md", (1, 1))
    (folder / "hotels.md").write_text("# Hotels\n\nThe sum is 150 euros for rooms.\n")

    assert synced(store, tmp_path) == SyncReport(total=3, read=1, unchanged=2, left_out=1)
    assert found(store, "What is the sum?") == ["Hotels"]
    assert found(store, "What is the limit?") == []
    assert found(store, "first class") == ["Trains"]


def test_secrets_are_taken_out_before_anything_is_kept_and_counted_for_the_owner(store, tmp_path, folder):
    (folder / "hotels.md").write_text("# Hotels\n\nPay to DE89370400440532013000. The Wi-Fi password is: Tern4Kite.\n")

    synced(store, tmp_path)
    synced(store, tmp_path)

    with store.reading() as session:
        stored = {it.path: it for it in documents.of_sources(session, ["source"])}
        kept = " ".join(session.exec(select(DocumentPassage.text)).all())
    assert stored["hotels.md"].redacted == {"account": 1, "password": 1}
    assert stored["trains.md"].redacted == {}
    assert "removed]" in kept
    assert "DE89" not in kept
    assert "Tern4Kite" not in kept
    assert found(store, "Where do I pay for hotels?")[0] == "Hotels"
    (folder / "hotels.md").write_text("# Hotels\n\nPay by card.\n")
    synced(store, tmp_path)
    with store.reading() as session:
        read_anew = documents.at_path(session, "source", "hotels.md")
        assert read_anew is not None
        assert read_anew.redacted == {}


def test_access_follows_without_reading_again(store, tmp_path, folder):
    synced(store, tmp_path)
    grant(folder, ["organisation"], hotels=["leads"])

    assert synced(store, tmp_path) == SyncReport(total=3, unchanged=3, regranted=1, left_out=1)
    assert found(store, "hotel limit") == []
    assert found(store, "hotel limit", frozenset({"leads"})) == ["Hotels"]


class Reading(Extractor):
    """Reads a file; directly afterwards somebody puts another text in, for leads alone."""

    def __init__(self, folder, *, is_before=False):
        super().__init__()
        self.folder, self.is_before = folder, is_before

    def extract(self, path):
        text = "" if self.is_before else super().extract(path)
        if path.name == "hotels.md":
            path.write_text("# Hotels\n\nFor leads the limit is 900 euros.\n")
            grant(self.folder, ["organisation"], hotels=["leads"])
        return text or super().extract(path)


@pytest.mark.parametrize("is_before", [True, False])
def test_what_is_replaced_while_it_is_read_is_left_to_the_next_sync(store, tmp_path, folder, is_before):
    reader = FolderReader(tmp_path, "documents/travel")
    with Reading(folder, is_before=is_before) as extractor:
        sync(store, "source", reader, extractor=extractor)
    assert found(store, "hotel limit") == []
    with store.reading() as session:
        document = documents.at_path(session, "source", "hotels.md")
        assert document is not None
        assert (document.sha256, document.left_out.split(";")[0]) == ("", "The file could not be opened")

    synced(store, tmp_path)

    assert found(store, "hotel limit") == []
    assert found(store, "hotel limit", frozenset({"leads"})) == ["Hotels"]


def test_what_is_gone_is_marked_and_no_longer_found_and_may_come_back(store, tmp_path, folder):
    synced(store, tmp_path)
    text_before = (folder / "hotels.md").read_text()
    (folder / "hotels.md").unlink()

    assert synced(store, tmp_path) == replace(SyncReport(total=2, unchanged=2, left_out=1), deleted=1)
    assert found(store, "hotel limit") == []
    with store.reading() as session:
        gone = documents.at_path(session, "source", "hotels.md")
        assert gone is not None
        assert gone.is_deleted

    (folder / "hotels.md").write_text(text_before)
    synced(store, tmp_path)
    assert found(store, "hotel limit") == ["Hotels"]


def test_a_broken_access_list_closes_and_its_repair_opens(store, tmp_path, folder):
    (folder / ".access.json").write_text("{")
    synced(store, tmp_path)
    with store.reading() as session:
        assert {it.left_out.split(",")[0] for it in documents.of_sources(session, ["source"])} == {"Its access list"}

    grant(folder, ["organisation"])
    synced(store, tmp_path)

    assert found(store, "hotel limit") == ["Hotels"]


def test_documents_passages_and_index_change_together(store, tmp_path, folder, monkeypatch):
    synced(store, tmp_path)
    (folder / "hotels.md").write_text("# Hotels\n\nEverything is new.\n")
    monkeypatch.setattr(documents, "replace_passages", _fail)

    with pytest.raises(OSError, match="disk"):
        synced(store, tmp_path)
    monkeypatch.undo()

    assert found(store, "hotel limit") == ["Hotels"]
    synced(store, tmp_path)
    assert found(store, "everything new") == ["Hotels"]
    if store.is_sqlite:
        with store.transaction() as session:
            session.connection().execute(text("INSERT INTO passage_search(passage_search) VALUES('integrity-check')"))


def _fail(*_):
    raise OSError("disk")


def test_a_sync_that_is_cut_short_has_audited_what_it_did(store, tmp_path, folder, monkeypatch):
    def cut(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tuning.documents.sync.documents.mark_deleted", cut)
        with pytest.raises(KeyboardInterrupt):
            synced(store, tmp_path)
    assert synced(store, tmp_path) == SyncReport(total=3, unchanged=3, left_out=1)
    with store.reading() as session:
        [event] = session.exec(select(AuditEvent)).all()
    assert event.detail["read"] == 3


def test_a_source_that_is_not_there_is_refused(store, tmp_path):
    with pytest.raises(NotFound):
        sync(store, "gone", FolderReader(tmp_path, "documents"))
