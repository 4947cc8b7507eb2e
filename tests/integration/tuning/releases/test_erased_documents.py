"""A document is erased, on both databases: a planted word is in no table, file or index, and doesn't come back."""

import shutil

import pytest
from sqlmodel import select

from tests.factories import (
    keep,
    make_agent,
    make_answer,
    make_pair,
    make_release,
    make_run,
    make_sample,
    make_source,
    make_tenant,
)
from tests.integration.tuning.releases.test_erasure import KEPT, PLANTED, example, feedback, holds
from tuning.documents.sync import sync
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.documents import Document, SourceKind
from tuning.domain.drafts import Draft
from tuning.domain.errors import NotFound, WrongState
from tuning.domain.evaluations import Evaluation
from tuning.domain.pairs import DocumentPair
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.domain.samples import Sample, Verdict
from tuning.releases.erasure import erase_document
from tuning.sources.folder import FolderReader
from tuning.sources.upload import UploadReader
from tuning.store import audit, documents, releases

TEXT = f"# About {PLANTED}\n\nThe code word is {PLANTED}."


@pytest.fixture
def tenant(store, tmp_path):
    """Release 1 learned a document that Bo sent a copy of, release 2 continued it; release 3 learned another one."""
    tenant = make_tenant(store, tmp_path)
    folder = tenant.folder / "Policies"
    folder.mkdir(parents=True)
    (folder / ".access.json").write_text('{"read": ["organisation"]}')
    (folder / f"{PLANTED}.md").write_text(TEXT)
    (folder / "other.md").write_text(f"# {KEPT}\n\nAbout {KEPT}.")
    UploadReader(tenant.uploads, "bo").put(f"my {PLANTED}.md", TEXT.encode())
    keep(store, make_source(location="Policies"))
    keep(store, make_source(id="sent", kind=SourceKind.UPLOAD, name="Bo's", location="bo"))
    read(tenant)
    with store.reading() as session:
        (planted,) = documents.named(session, f"{PLANTED}.md")
        (other,) = documents.named(session, "other.md")
    for number, (agent_id, word, learned, parent) in enumerate(
        (("agent", PLANTED, planted, None), ("agent", PLANTED, other, "r1"), ("other", KEPT, other, None)), start=1
    ):
        run_folder = tenant.run_folder(f"run{number}")
        run_folder.mkdir(parents=True)
        (run_folder / "examples.jsonl").write_text(word)
        excluded = [{"document_id": planted.id, "title": PLANTED, "reason": "Not all may read it."}]
        keep(
            store,
            Dataset(
                id=f"d{number}",
                agent_id=agent_id,
                document_hashes={learned.id: learned.sha256},
                exclusions=excluded if number == 3 else [],
            ),
            example(f"d{number}", word),
            Evaluation(run_id=f"run{number}", samples=[{"question": word}]),
            make_run(
                id=f"run{number}",
                agent_id=agent_id,
                parent_release_id=parent,
                dataset_id=f"d{number}",
                state=RunState.READY,
                folder=str(run_folder),
            ),
            make_release(
                id=f"r{number}",
                agent_id=agent_id,
                run_id=f"run{number}",
                number=number,
                state=ReleaseState.SUPERSEDED if number == 1 else ReleaseState.LIVE,
            ),
        )
    keep(
        store,
        make_agent(live_release_id="r2"),
        make_agent(id="other", name="Other", live_release_id="r3"),
        make_answer(text=PLANTED, citations=[{"document_id": planted.id}]),
        make_answer(id="heart", person_id="cy", text=PLANTED, release_id="r2"),
        make_answer(id="kept", person_id="cy", text=KEPT, release_id="r3"),
        feedback("word", "bo", "answer"),
        make_sample(document_id=planted.id, answer=PLANTED, verdict=Verdict.GOOD, labelled_by="ana"),
        make_sample(id="unlabelled", document_id=planted.id, dataset_id="d1", answer=PLANTED),
        make_sample(id="kept", document_id=other.id, answer=KEPT, verdict=Verdict.GOOD, labelled_by="ana"),
        Draft(release_id="r2", person_id="ana", chat_id="a", name="report.html", content=PLANTED.encode()),
        Draft(answer_id="answer", person_id="bo", chat_id="c", name=PLANTED, content=PLANTED.encode()),
    )
    return tenant


def read(tenant):
    sync(tenant.store, "source", FolderReader(tenant.folder, "Policies"))
    sync(tenant.store, "sent", UploadReader(tenant.uploads, "bo"))


def test_the_pairs_that_it_is_in_are_gone_too(tenant):
    shut = planted_id(tenant)
    places = {"precedent": {"precedent_id": shut}, "target": {"target_id": shut}, "content": {"content_id": shut}}
    keep(tenant.store, make_pair(), *(make_pair(id=key, **place) for key, place in places.items()))
    receipt = erase_document(tenant, "cy", shut)
    assert receipt.rows["pairs"] == 3
    with tenant.store.reading() as session:
        assert [pair.id for pair in session.exec(select(DocumentPair))] == ["pair"]


def planted_id(tenant):
    with tenant.store.reading() as session:
        return documents.named(session, f"{PLANTED}.md")[0].id


def remaining(tenant, tmp_path):
    """Where the word is, but for the place that the document came from, which is not Attune's."""
    return [place for place in holds(tenant, tmp_path, PLANTED) if place != f"{PLANTED}.md"]


def test_nothing_of_the_document_is_left_anywhere(tenant, tmp_path):
    assert {"document", "documentpassage", "answer", "feedback", "example", "draft", "dataset", "sample"} <= set(
        remaining(tenant, tmp_path)
    )
    document_id = planted_id(tenant)
    receipt = erase_document(tenant, None, document_id)
    assert remaining(tenant, tmp_path) == []
    assert (receipt.rows["documents"], receipt.rows["answers"], sorted(receipt.suspended)) == (2, 2, ["r1", "r2"])
    with tenant.store.reading() as session:
        assert [answer.id for answer in session.exec(select(Answer))] == ["kept"]
        assert [sample.id for sample in session.exec(select(Sample))] == ["kept"]
        assert releases.get(session, "r3").state == ReleaseState.LIVE
        event = audit.events(session, document_id)[-1]
        assert (event.tag, event.hash) == (Tag.DOCUMENT_ERASED, receipt.event_hash)
        assert audit.first_broken_link(session) is None
    assert not (tenant.uploads / "bo" / f"my {PLANTED}.md").exists()


def test_the_next_syncs_do_not_bring_it_back(tenant, tmp_path):
    erase_document(tenant, None, planted_id(tenant))
    read(tenant)
    assert remaining(tenant, tmp_path) == []
    origin = tenant.folder / "Policies" / f"{PLANTED}.md"
    origin.write_text(f"{TEXT} And more.")
    read(tenant)
    assert remaining(tenant, tmp_path) == []
    with tenant.store.reading() as session:
        assert [it.path for it in session.exec(select(Document))] == ["other.md"]


def test_its_content_is_not_read_under_another_name_either(tenant, tmp_path):
    erase_document(tenant, None, planted_id(tenant))
    folder = tenant.folder / "Policies"
    shutil.move(folder / f"{PLANTED}.md", folder / "renamed.md")
    read(tenant)
    with tenant.store.reading() as session:
        renamed = documents.at_path(session, "source", "renamed.md")
        assert renamed is not None
        assert renamed.left_out == "It was erased: its content is not read again."
        assert documents.passages(session, [renamed.id]) == []
    assert [place for place in remaining(tenant, tmp_path) if place != "renamed.md"] == []


def test_a_run_that_learns_from_it_just_now_comes_first(tenant, tmp_path):
    keep(tenant.store, make_run(id="now", dataset_id="d1", state=RunState.RUNNING))
    with pytest.raises(WrongState, match="A run of 'Travel' learns from it just now"):
        erase_document(tenant, None, planted_id(tenant))
    assert "documentpassage" in remaining(tenant, tmp_path)


def test_so_does_a_run_that_is_just_reading_what_it_will_learn(tenant, tmp_path):
    keep(tenant.store, make_agent(id="third", source_ids=["source"]))
    keep(tenant.store, make_run(id="now", agent_id="third", dataset_id=None, state=RunState.RUNNING))
    with pytest.raises(WrongState, match="A run of 'Travel' learns from it just now"):
        erase_document(tenant, None, planted_id(tenant))
    assert "documentpassage" in remaining(tenant, tmp_path)


@pytest.mark.parametrize("how", [{"document_id": True}, {"detail": True}])
def test_what_was_measured_with_it_or_paired_with_it_is_erased_too(tenant, how):
    document_id = planted_id(tenant)
    used = {"document_id": document_id} if "document_id" in how else {"detail": {"document_ids": [document_id]}}
    keep(tenant.store, Example(dataset_id="d3", split=Split.HOLDOUT, origin=Origin.PAIR, completion=PLANTED, **used))
    receipt = erase_document(tenant, None, document_id)
    assert sorted(receipt.suspended) == ["r1", "r2", "r3"]
    assert not tenant.run_folder("run3").exists()


def test_an_erasure_that_was_cut_short_is_done_by_repeating_it(tenant, tmp_path, monkeypatch):
    document_id = planted_id(tenant)
    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", lambda folder: (_ for _ in ()).throw(OSError("The disk is away.")))
        with pytest.raises(OSError, match="The disk is away"):
            erase_document(tenant, None, document_id)
    assert "documentpassage" in remaining(tenant, tmp_path)
    erase_document(tenant, None, document_id)
    assert remaining(tenant, tmp_path) == []


def test_a_sync_that_was_reading_it_does_not_bring_it_back(tenant, tmp_path):
    document_id = planted_id(tenant)
    (tenant.folder / "Policies" / f"{PLANTED}.md").write_text(f"{TEXT} And more.")

    class Slow(FolderReader):
        def files(self):
            found = list(super().files())
            erase_document(tenant, None, document_id)
            return found

    sync(tenant.store, "source", Slow(tenant.folder, "Policies"))
    assert remaining(tenant, tmp_path) == []


def test_a_document_that_is_not_there_is_refused(tenant):
    with pytest.raises(NotFound):
        erase_document(tenant, None, "nothing")
