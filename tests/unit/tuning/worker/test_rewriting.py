"""After an erasure in chat a worker rewrites the database's files."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from tests.factories import keep, make_agent, make_answer, make_tenant
from tuning.domain.jobs import MAX_ATTEMPTS, Job, JobKind, JobState
from tuning.releases.erasure import erase_person
from tuning.store import Store
from tuning.worker import rewriting
from tuning.worker.loop import Loop


@pytest.fixture
def tenant(store, tmp_path):
    keep(store, make_agent(), make_answer())
    return make_tenant(store, tmp_path)


@pytest.fixture
def rewritten(monkeypatch):
    """How often the database was rewritten."""
    done = []
    monkeypatch.setattr(Store, "rewrite", lambda _store: done.append(1))
    return done


def work_off(tenant):
    loop = Loop(store=tenant.store, work=lambda lease, job, _progress: rewriting.carry_out(lease.store, job))
    while loop.run_once():
        pass


def job_of(tenant):
    with tenant.store.reading() as session:
        return session.exec(select(Job).where(Job.kind == JobKind.STORE_REWRITE)).one()


def test_it_is_done_by_a_worker_and_once(tenant, rewritten):
    receipt = erase_person(tenant, "cy", "bo", is_waited_for=False)
    assert rewritten == []
    assert job_of(tenant).subject_id == str(receipt.event_id)
    work_off(tenant)
    assert rewritten == [1]
    assert job_of(tenant).state is JobState.DONE


def test_who_waits_for_it_needs_no_worker(tenant, rewritten):
    erase_person(tenant, "cy", "bo")
    work_off(tenant)
    assert rewritten == [1]


def test_a_database_that_refuses_is_asked_again_and_the_job_ends(tenant, monkeypatch):
    def refuse(_store):
        raise OperationalError("VACUUM FULL", None, OSError("locked"))

    erase_person(tenant, "cy", "bo", is_waited_for=False)
    monkeypatch.setattr(Store, "rewrite", refuse)
    job = job_of(tenant)
    job.attempts = MAX_ATTEMPTS - 1
    keep(tenant.store, job)
    work_off(tenant)
    found = job_of(tenant)
    assert (found.state, "could not be rewritten" in found.error) == (JobState.FAILED, True)
