"""What is too old is forgotten, on both databases: rows and files, and nothing that is younger."""

from datetime import timedelta

import pytest
from sqlmodel import select

from tests.factories import keep, make_agent, make_answer, make_release, make_run, make_tenant
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer, Conversation
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.drafts import Draft
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Feedback
from tuning.domain.fields import now
from tuning.domain.grants import Grant, GrantState
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.domain.usage import PersonUse
from tuning.governance import retention
from tuning.store import audit, datasets, releases, runs

OLD, YOUNG = "Zanzibarquokka", "Fernandopotoroo"


def said(key, at, planted):
    """A question with its answer and feedback, and a run that learned from it."""
    talk = Conversation(id=key, chat_id=key, person_id="bo", agent_id="agent", started_at=at)
    answer = make_answer(id=key, conversation_id=key, question=planted, text=planted, asked_at=at)
    word = Feedback(agent_id="agent", answer_id=key, person_id="bo", question=planted, comment=planted, given_at=at)
    dataset = Dataset(id=key, agent_id="agent", sha256="d" * 64, created_at=at)
    example = Example(dataset_id=key, split=Split.TRAIN, origin=Origin.LIST, completion=planted, question=planted)
    measured = Evaluation(run_id=key, scores={"tuned": {}}, samples=[{"question": planted}], created_at=at)
    grant = Grant(person_id="bo", justification=planted, state=GrantState.DECLINED, asked_at=at, decided_at=at)
    use = PersonUse(
        agent_id="agent", release_id="r", person_id=key, questions=1, first_day=at.date(), last_day=at.date()
    )
    draft = Draft(answer_id=key, person_id="bo", chat_id=key, name=planted, content=planted.encode(), offered_at=at)
    return [talk, answer, word, draft, dataset, example, measured, grant, use]


@pytest.fixture
def tenant(store, tmp_path, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    at, tenant = now(), make_tenant(store, tmp_path)
    keep(store, Policy(retention_days=90), make_agent(live_release_id="release"), make_release(state=ReleaseState.LIVE))
    for number, days in enumerate((400, 200, 100, 91, 91, 91, 89, 1)):
        key, moment = f"old{number}" if days > 90 else f"new{number}", at - timedelta(days=days)
        folder, planted = tenant.run_folder(key), OLD if days > 90 else YOUNG
        (folder / "adapter").mkdir(parents=True)
        for name in ("adapter.gguf", "adapter/weights", "examples.jsonl", "training.log", "config.json"):
            (folder / name).write_text(planted if name == "examples.jsonl" else name)
        ended = make_run(id=key, state=RunState.READY, dataset_id=key, folder=str(folder), ended_at=moment)
        keep(store, ended, *said(key, moment, planted))
    return tenant


def test_what_is_too_old_is_gone_and_the_rest_is_there(tenant, tmp_path):
    done = retention.apply(tenant, now())
    assert done == dict.fromkeys(
        ("answers", "conversations", "drafts", "feedback", "examples", "samples", "grants", "uses"), 6
    )
    with tenant.store.reading() as session:
        for kind in (Answer, Conversation, Draft, Feedback, Example, Grant, PersonUse):
            assert len(session.exec(select(kind)).all()) == 2
        assert datasets.get(session, "old0").sha256 == "d" * 64
        measured = runs.evaluation(session, "old0")
        assert measured
        assert (measured.scores, measured.samples) == ({"tuned": {}}, [])
        assert releases.get(session, "release").state == ReleaseState.LIVE
        events = audit.events(session, "retention")
        assert sum(event.detail.get("answers", 0) for event in events) == 6
        assert {event.tag for event in events} == {Tag.RETENTION_APPLIED}
        assert audit.first_broken_link(session) is None
    if tenant.store.is_sqlite:
        database = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
        assert (OLD.encode() in database, YOUNG.encode() in database) == (False, True)
    left = {path.parent.name for path in (tenant.artifacts / "runs").rglob("examples.jsonl")}
    assert left == {"new6", "new7"}
    for kept in ("adapter.gguf", "adapter/weights", "config.json"):
        assert (tenant.run_folder("old0") / kept).read_text() == kept


def test_a_second_time_finds_nothing_and_leaves_no_event(tenant):
    retention.apply(tenant, now())
    with tenant.store.reading() as session:
        before = len(audit.events(session, "retention"))
    assert retention.apply(tenant, now()) == {}
    with tenant.store.reading() as session:
        assert len(audit.events(session, "retention")) == before
