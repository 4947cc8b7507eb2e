"""An agent is deleted, on both databases: neither its words nor its ids are anywhere but in the audit afterwards."""

import pytest
from sqlmodel import select

from tests.factories import keep, make_agent, make_answer, make_pair, make_release, make_run, make_source, make_tenant
from tests.integration.tuning.releases.test_erasure import KEPT, PLANTED, example, holds
from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.conversations import Conversation
from tuning.domain.datasets import Dataset, HoldoutQuestion
from tuning.domain.drafts import Draft
from tuning.domain.drift import Drift
from tuning.domain.errors import NotAllowed, NotFound, WrongState
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Feedback
from tuning.domain.fields import now
from tuning.domain.jobs import Job, JobKind
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.releases import Approval, CanaryRating, Decision, ReleaseState
from tuning.domain.runs import RunState
from tuning.domain.usage import DailyUse, PersonUse
from tuning.releases.erasure import erase_agent
from tuning.store import agents, audit

GOING = "goingaway"
"""Stands in every id of what belongs to the agent that is deleted."""
DATABASE = {"store.db", "store.db-wal", "database"}
"""SQLite's files, of which the tables say more."""


def belongings(key, word, folder):
    """Return a row of every kind that belongs to an agent, with a word in every text and the key in every id."""
    agent_id, run_id, release_id = f"agent-{key}", f"run-{key}", f"release-{key}"
    today = now().date()
    return [
        make_agent(id=agent_id, name=word, instructions=word),
        Dataset(id=f"dataset-{key}", agent_id=agent_id, document_hashes={word: "h"}),
        example(f"dataset-{key}", word),
        make_pair(id=f"pair-{key}", agent_id=agent_id),
        HoldoutQuestion(id=f"question-{key}", agent_id=agent_id, question=word, answer=word),
        make_run(id=run_id, agent_id=agent_id, dataset_id=f"dataset-{key}", state=RunState.READY, folder=str(folder)),
        Evaluation(run_id=run_id, samples=[{"question": word}]),
        Job(kind=JobKind.RUN_TRAIN, subject_id=run_id),
        make_release(id=release_id, agent_id=agent_id, run_id=run_id, state=ReleaseState.RETIRED),
        Approval(release_id=release_id, decision=Decision.APPROVED, decided_by="cy", reason=word),
        CanaryRating(release_id=release_id, person_id="bo", is_canary=True, is_good=True),
        Drift(release_id=release_id, changed=1),
        Conversation(id=f"talk-{key}", chat_id=f"chat-{key}", person_id="bo", agent_id=agent_id),
        make_answer(
            id=f"answer-{key}", conversation_id=f"talk-{key}", release_id=release_id, text=word, agent_id=agent_id
        ),
        Draft(answer_id=f"answer-{key}", person_id="bo", chat_id="c", name=word, content=word.encode()),
        Feedback(id=f"said-{key}", answer_id=f"answer-{key}", person_id="bo", question=word, agent_id=agent_id),
        Feedback(id=f"late-{key}", answer_id=f"erased-{key}", person_id="bo", question=word, agent_id=agent_id),
        Notice(kind=NoticeKind.FEEDBACK_LEARNED, person_id="bo", subject_id=release_id),
        Notice(kind=NoticeKind.RETRAINING_HELD, person_id="ana", subject_id=agent_id),
        DailyUse(release_id=release_id, day=today, agent_id=agent_id),
        PersonUse(
            release_id=release_id, person_id="bo", questions=1, first_day=today, last_day=today, agent_id=agent_id
        ),
    ]


@pytest.fixture
def tenant(store, tmp_path):
    """Ana owns two agents that nobody is answered by any more."""
    tenant = make_tenant(store, tmp_path)
    keep(store, make_source())
    for key, word in ((GOING, PLANTED), ("staying", KEPT)):
        folder = tenant.run_folder(f"run-{key}")
        folder.mkdir(parents=True)
        (folder / "adapter.gguf").write_text(word)
        keep(store, *belongings(key, word, folder))
    return tenant


def change(tenant, row):
    with tenant.store.transaction() as session:
        session.merge(row)


def test_nothing_of_the_agent_is_left_and_the_other_one_has_everything(tenant, tmp_path):
    before = set(holds(tenant, tmp_path, KEPT)) - DATABASE
    assert before == set(holds(tenant, tmp_path, PLANTED)) - DATABASE
    receipt = erase_agent(tenant, "ana", f"agent-{GOING}")
    tenant.store.rewrite()  # until then PostgreSQL's files have it where there is room again
    assert holds(tenant, tmp_path, PLANTED) == []
    assert set(holds(tenant, tmp_path, GOING)) - DATABASE == {"auditevent"}
    assert set(holds(tenant, tmp_path, KEPT)) - DATABASE == before
    assert sum(receipt.rows.values()) == len(belongings(GOING, PLANTED, tmp_path))
    with tenant.store.reading() as session:
        assert [one.name for one in session.exec(select(Agent))] == [KEPT]
        (event,) = audit.events(session, f"agent-{GOING}")
        assert (event.tag, event.actor_id, event.hash) == (Tag.AGENT_DELETED, "ana", receipt.event_hash)
        assert audit.first_broken_link(session) is None
    with pytest.raises(NotFound):
        erase_agent(tenant, "ana", f"agent-{GOING}")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (make_agent(id=f"agent-{GOING}", name=PLANTED, live_release_id=f"release-{GOING}"), "is live. Retire it first"),
        (make_run(id="now", agent_id=f"agent-{GOING}", state=RunState.RUNNING), "is being tuned"),
        (
            make_release(id="new", agent_id=f"agent-{GOING}", number=2, state=ReleaseState.SUBMITTED),
            "waits for an admin",
        ),
    ],
    ids=["live", "tuning", "waiting"],
)
def test_what_is_under_way_comes_first(tenant, tmp_path, row, sentence):
    change(tenant, row)
    before = holds(tenant, tmp_path, PLANTED)
    with pytest.raises(WrongState, match=sentence):
        erase_agent(tenant, "ana", f"agent-{GOING}")
    assert set(before) <= set(holds(tenant, tmp_path, PLANTED))


def test_only_its_owner_and_admins_delete_it(tenant):
    with pytest.raises(NotAllowed):
        erase_agent(tenant, "bo", f"agent-{GOING}")
    with tenant.store.reading() as session:
        assert agents.get(session, f"agent-{GOING}").name == PLANTED
        assert audit.events(session, f"agent-{GOING}")[-1].tag == Tag.ACCESS_REFUSED
    assert erase_agent(tenant, "cy", f"agent-{GOING}").rows["agents"] == 1
