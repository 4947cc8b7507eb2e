"""A person is erased, on both databases: a planted word is in no table, no file and no index afterwards."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlmodel import select

from tests.factories import (
    keep,
    make_agent,
    make_answer,
    make_document,
    make_pair,
    make_release,
    make_run,
    make_sample,
    make_source,
    make_tenant,
)
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer, Chat, Conversation
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.deliveries import Delivery
from tuning.domain.documents import DocumentPassage, PassageVectors, SourceKind
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Feedback
from tuning.domain.fields import now
from tuning.domain.grants import Grant
from tuning.domain.notices import NoticeKind
from tuning.domain.pairs import DocumentPair, PairVerdict
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.domain.samples import Sample, Verdict
from tuning.domain.usage import PersonUse
from tuning.releases.erasure import erase_person
from tuning.store import agents, audit, documents, notices, releases

PLANTED = "Zanzibarquokka"
KEPT = "Fernandopotoroo"


def example(dataset_id, completion, **values):
    return Example(dataset_id=dataset_id, split=Split.TRAIN, origin=Origin.CORRECTION, completion=completion, **values)


@pytest.fixture
def tenant(store, tmp_path):
    """Bo corrected Ana's agent: release 1 learned it, release 2 continued that; Ana's other agent learned nothing."""
    tenant = make_tenant(store, tmp_path)
    uploads = tenant.uploads / "bo"
    uploads.mkdir(parents=True)
    (uploads / "mine.md").write_text(PLANTED)
    keep(store, make_source(), make_source(id="sent", kind=SourceKind.UPLOAD, name="Bo's", location="bo"))
    with store.transaction() as session:
        documents.save(session, make_document(PLANTED, ["bo"], source_id="sent"))
        passage = DocumentPassage(document_id=PLANTED.lower(), position=0, heading=PLANTED, text=f"About {PLANTED}.")
        documents.replace_passages(session, PLANTED.lower(), [passage])
        session.flush()
        session.add(PassageVectors(passage_id=passage.id, encoder="e", width=1, numbers=b"1"))
    for number, (agent_id, word, parent) in enumerate(
        (("agent", PLANTED, None), ("agent", KEPT, "r1"), ("other", KEPT, None)), start=1
    ):
        folder = tenant.run_folder(f"run{number}")
        folder.mkdir(parents=True)
        (folder / "examples.jsonl").write_text(word)
        given = "theword" if word == PLANTED else None
        keep(
            store,
            Dataset(id=f"d{number}", agent_id=agent_id, sha256="d" * 64),
            example(f"d{number}", word, feedback_id=given),
            Evaluation(run_id=f"run{number}", samples=[{"question": word}]),
            make_run(
                id=f"run{number}",
                agent_id=agent_id,
                parent_release_id=parent,
                dataset_id=f"d{number}",
                state=RunState.READY,
                folder=str(folder),
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
        make_agent(live_release_id="r2", source_ids=["source", "sent"]),
        make_agent(id="other", name="Other", live_release_id="r3"),
        Chat(person_id="bo", reference={"user": PLANTED}),
        Delivery(
            chat_id="c", activity_id="a", activity={"person_id": "bo", "text": PLANTED}, holder_id="", held_until=now()
        ),
        Grant(person_id="bo", justification=PLANTED),
        Draft(release_id="r2", person_id="ana", chat_id="a", name="report.html", content=PLANTED.encode()),
        Draft(answer_id="answer", person_id="bo", chat_id="c", name=PLANTED, content=PLANTED.encode()),
        Draft(release_id="r1", person_id="cy", chat_id="c", name="evidence.zip", content=PLANTED.encode()),
        Draft(answer_id="cites", person_id="cy", chat_id="c", name=PLANTED, content=PLANTED.encode()),
        PersonUse(
            agent_id="agent",
            release_id="r1",
            person_id="bo",
            questions=1,
            first_day=now().date(),
            last_day=now().date(),
        ),
        Conversation(id="talk", chat_id="c", person_id="bo", agent_id="agent"),
        make_answer(question=PLANTED, text=PLANTED),
        make_answer(id="cites", person_id="cy", text=PLANTED, citations=[{"document_id": PLANTED.lower()}]),
        make_answer(id="cys", person_id="cy", question=KEPT, text=KEPT),
        # Merged: the owner has taken Bo's words for both.
        feedback("word", "bo", "answer", matter_id="theword"),
        feedback("theword", "cy", "cys", matter_id="theword"),
        Feedback(id="on", agent_id="agent", answer_id="cites", person_id="cy", question=PLANTED),
    )
    return tenant


def feedback(feedback_id, person_id, answer_id, **values):
    said = {"question": PLANTED, "correction": PLANTED, **values}
    return Feedback(id=feedback_id, agent_id="agent", answer_id=answer_id, person_id=person_id, **said)


def holds(tenant, tmp_path, word):
    """Where a word is: in any table, in the full-text index, or in any file of Attune's or of the database's."""
    found = []
    with tenant.store.reading() as session:
        for table in inspect(session.connection()).get_table_names():
            rows = session.execute(text(f'SELECT * FROM "{table}"')).all()
            found += [table] if word.lower() in str(rows).lower() else []
    found += ["full-text index"] if is_indexed(tenant.store, word) else []
    files = [path for folder in (tmp_path, *database_folders(tenant.store)) for path in folder.rglob("*")]
    inside = [path for path in files if path.is_file() and word.lower().encode() in path.read_bytes().lower()]
    return found + ["database" if path.name.isdigit() else path.name for path in inside]


def is_indexed(store, word):
    """Whether the full-text index knows a word. SQLite's holds words cut at what they have in common."""
    if store.is_sqlite:
        query = "SELECT count(*) FROM vocabulary WHERE term LIKE :word"
        with store.transaction() as session:
            session.execute(text("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, passage_search, 'row')"))
            count = session.execute(text(query), {"word": f"%{word[:8].lower()}%"}).scalar_one()
            session.execute(text("DROP TABLE temp.vocabulary"))
        return count > 0
    query = "SELECT count(*) FROM documentpassage WHERE passage_vector(heading, text) @@ plainto_tsquery(:word)"
    with store.reading() as session:
        return session.execute(text(query), {"word": word}).scalar_one() > 0


def database_folders(store):
    """Where PostgreSQL keeps tables and indexes of this database, written out; SQLite's file is in Attune's folder."""
    if store.is_sqlite:
        return []
    with store.transaction() as session:
        session.execute(text("CHECKPOINT"))
        folder = session.execute(text("SHOW data_directory")).scalar_one()
        oid = session.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    return [Path(folder) / "base" / str(oid)]


def test_nothing_of_the_person_is_left_anywhere(tenant, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, logger="tuning")
    before = set(holds(tenant, tmp_path, PLANTED))
    assert {"answer", "feedback", "example", "delivery", "chat", "draft", "grant", "documentpassage"} <= before
    assert {"mine.md", "full-text index"} <= before
    assert before & {"store.db", "store.db-wal", "database"}
    receipt = erase_person(tenant, None, "bo")
    assert holds(tenant, tmp_path, PLANTED) == []
    assert PLANTED.lower() not in caplog.text.lower()
    with tenant.store.reading() as session:
        assert session.exec(select(PassageVectors)).all() == []
        assert session.exec(select(Draft)).all() == []
    assert (receipt.rows["answers"], receipt.rows["uses"]) == (2, 1)
    with tenant.store.reading() as session:
        assert [answer.id for answer in session.exec(select(Answer))] == ["cys"]
        event = audit.events(session, "bo")[-1]
        assert (event.tag, event.hash) == (Tag.PERSON_ERASED, receipt.event_hash)
        assert audit.first_broken_link(session) is None
        assert agents.get(session, "agent").source_ids == ["source"]


def test_what_learned_from_it_answers_nobody_and_the_rest_goes_on(tenant):
    receipt = erase_person(tenant, None, "bo")
    assert sorted(receipt.suspended) == ["r1", "r2"]
    with tenant.store.transaction() as session:
        assert agents.get(session, "agent").live_release_id is None
        assert agents.get(session, "other").live_release_id == "r3"
        states = [releases.get(session, key).state for key in ("r1", "r2", "r3")]
        told = {(one.kind, one.person_id, one.subject_id) for one in notices.due(session, now(), 9)}
    assert states == [ReleaseState.SUSPENDED, ReleaseState.SUSPENDED, ReleaseState.LIVE]
    assert told == {(NoticeKind.RELEASE_SUSPENDED, "ana", "r2")}
    assert (tenant.run_folder("run3") / "examples.jsonl").exists()


def test_a_run_that_learns_from_it_just_now_comes_first(tenant, tmp_path):
    keep(tenant.store, make_run(id="now", dataset_id="d1", state=RunState.RUNNING))
    with pytest.raises(WrongState, match="A run of 'Travel' learns from it just now"):
        erase_person(tenant, None, "bo")
    assert "answer" in holds(tenant, tmp_path, PLANTED)


def test_what_a_person_said_of_samples_goes_with_what_was_learned_of_it(tenant, tmp_path):
    edited = {"verdict": Verdict.EDITED, "owner_question": f"Why {PLANTED}?", "owner_answer": PLANTED}
    keep(
        tenant.store,
        make_sample(labelled_by="bo", dataset_id="d3", agent_id="other", **edited),
        make_sample(id="unlabelled", dataset_id="d3", agent_id="other"),
        make_sample(id="cys", labelled_by="cy", verdict=Verdict.BAD, answer=KEPT),
        example("d3", PLANTED, sample_id="sample"),
    )
    receipt = erase_person(tenant, None, "bo")
    assert holds(tenant, tmp_path, PLANTED) == []
    assert sorted(receipt.suspended) == ["r1", "r2", "r3"]
    with tenant.store.reading() as session:
        assert [sample.id for sample in session.exec(select(Sample))] == ["cys"]


def test_what_a_person_said_of_pairs_goes(tenant):
    accepted = {"verdict": PairVerdict.ACCEPTED}
    keep(tenant.store, make_pair(decided_by="bo", **accepted), make_pair(id="cys", decided_by="cy", **accepted))
    assert erase_person(tenant, None, "bo").rows["decided pairs"] == 1
    with tenant.store.reading() as session:
        assert [pair.id for pair in session.exec(select(DocumentPair))] == ["cys"]


def test_what_is_no_id_is_refused(tenant):
    for person_id in ("", "..", "../runs", "a/b", ".hidden"):
        with pytest.raises(InvalidInput):
            erase_person(tenant, None, person_id)
    assert tenant.run_folder("run1").exists()


def test_a_copy_of_the_store_erases_no_files_of_the_original(tenant, tmp_path):
    copy = replace(tenant, artifacts=tmp_path / "copy")
    erase_person(copy, None, "bo")
    assert (tenant.run_folder("run1") / "examples.jsonl").read_text() == PLANTED
