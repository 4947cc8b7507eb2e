"""The store on both databases: schema, transactions, the queue, the audit chain."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, select

from tests.tampering import unguard
from tuning.domain.agents import Agent
from tuning.domain.audit import AuditEvent, Tag
from tuning.domain.fields import now
from tuning.domain.jobs import LEASE, Job, JobKind, JobState
from tuning.domain.notices import NoticeKind, NoticeState
from tuning.domain.prompts import Task
from tuning.domain.runs import Run
from tuning.store import Store, agents, audit, jobs, notices, tables
from tuning.store.errors import LeaseLost


def in_threads(count, act):
    barrier = threading.Barrier(count)

    def start(number):
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def test_the_migrations_make_the_tables_of_the_models(store):
    with store._writing.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": tables.is_ours, "target_metadata": SQLModel.metadata}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_many_processes_may_migrate_at_once(store_url):
    stores = [Store(store_url) for _ in range(4)]
    in_threads(4, lambda number: stores[number].migrate())
    with stores[0].reading() as session:
        assert agents.live(session) == []
    for store in stores:
        store.close()


def test_a_new_file_that_another_process_writes_to_is_opened_when_it_is_done(tmp_path):
    with closing(sqlite3.connect(tmp_path / "store.db", check_same_thread=False, isolation_level=None)) as other:
        other.execute("CREATE TABLE notes (text)")
        other.execute("BEGIN IMMEDIATE")
        done = threading.Timer(0.3, other.execute, ["COMMIT"])
        done.start()
        store = Store(f"sqlite:///{tmp_path}/store.db")
        store.migrate()
        done.join()
    with store.reading() as session:
        assert agents.live(session) == []
    store.close()


def test_a_row_comes_back_as_it_was_stored(store):
    agent = Agent(name="Travel", owner_id="ana", task=Task.SUMMARY, audience=["staff"], questionnaire={"summary": "x"})
    with store.transaction() as session:
        session.add(agent)
    with store.reading() as session:
        again = agents.get(session, agent.id)
    assert again is not agent
    assert again.model_dump() == agent.model_dump()


def test_an_error_takes_everything_back(store):
    def add_and_fail():
        with store.transaction() as session:
            session.add(Agent(name="Travel", owner_id="ana"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with store.reading() as session:
        assert agents.owned_by(session, "ana") == []


def test_a_reader_can_change_nothing(store):
    with store.reading() as session:
        session.add(Agent(name="Travel", owner_id="ana"))
        with pytest.raises(DBAPIError):
            session.flush()


def test_a_reader_sees_one_moment_while_others_write(store):
    with store.reading() as session:
        assert agents.owned_by(session, "ana") == []
        with store.transaction() as writing:
            writing.add(Agent(name="Travel", owner_id="ana"))
        assert agents.owned_by(session, "ana") == []


def test_writers_that_read_first_lose_no_update(store):
    with store.transaction() as session:
        session.add(Agent(id="counter", name="0", owner_id="ana"))

    def add_one(_):
        with store.transaction() as session:
            agent = agents.get_for_update(session, "counter")
            agent.name = str(int(agent.name) + 1)

    in_threads(8, add_one)
    with store.reading() as session:
        assert agents.get(session, "counter").name == "8"


def test_an_agent_has_one_open_run_whatever_the_code_does(store):
    with store.transaction() as session:
        session.add(Run(agent_id="a", started_by="ana"))
    with pytest.raises(DBAPIError), store.transaction() as session:
        session.add(Run(agent_id="a", started_by="ana"))


class TestJobs:
    def test_no_two_workers_ever_hold_the_same_job(self, store):
        with store.transaction() as session:
            for number in range(12):
                jobs.enqueue(session, JobKind.RUN_TRAIN, f"run{number}")

        def work(number):
            claimed: list[str] = []
            while True:
                with store.transaction() as session:
                    job = jobs.claim(session, f"worker{number}", now())
                if job is None:
                    return claimed
                claimed.append(job.id)

        claimed = [job_id for held in in_threads(4, work) for job_id in held]
        assert len(claimed) == 12
        assert len(set(claimed)) == 12

    def test_enqueueing_twice_at_once_gives_one_job(self, store):
        def enqueue(_):
            with store.transaction() as session:
                return jobs.enqueue(session, JobKind.RUN_TRAIN, "run").id

        assert len(set(in_threads(4, enqueue))) == 1
        with store.reading() as session:
            assert len(session.exec(select(Job)).all()) == 1

    def test_a_finished_job_makes_room_for_the_next(self, store):
        with store.transaction() as session:
            jobs.enqueue(session, JobKind.RUN_TRAIN, "run")
            first = jobs.claim(session, "w", now())
            assert first is not None
            first.finish()
            session.flush()
            assert jobs.enqueue(session, JobKind.RUN_TRAIN, "run").id != first.id

    def test_a_lease_that_ran_out_goes_to_the_next_worker_and_its_holder_notices(self, store):
        at = now()
        with store.transaction() as session:
            job = jobs.enqueue(session, JobKind.RUN_TRAIN, "run")
            jobs.claim(session, "slow", at)
        with store.transaction() as session:
            assert jobs.claim(session, "quick", at + LEASE - timedelta(seconds=1)) is None
            jobs.beat(session, job.id, "slow", at + LEASE - timedelta(seconds=1))
        with store.transaction() as session:
            assert jobs.claim(session, "quick", at + LEASE) is None
            taken = jobs.claim(session, "quick", at + 2 * LEASE)
            assert taken is not None
            assert (taken.id, taken.attempts) == (job.id, 2)
        for notices_it in (
            lambda session: jobs.beat(session, job.id, "slow", at),
            lambda session: jobs.hold(session, job.id, "slow"),
        ):
            with pytest.raises(LeaseLost), store.transaction() as session:
                notices_it(session)

    def test_a_job_given_back_is_free_at_once_and_the_attempt_does_not_count(self, store):
        with store.transaction() as session:
            job = jobs.enqueue(session, JobKind.RUN_TRAIN, "run")
            jobs.claim(session, "stopping", now())
        with store.transaction() as session:
            held = jobs.hold(session, job.id, "stopping")
            held.give_back(counts=False)
            session.add(held)
        with store.transaction() as session:
            again = jobs.claim(session, "other", now())
            assert again is not None
            assert (again.state, again.attempts) == (JobState.CLAIMED, 1)


class TestAudit:
    def test_the_chain_holds_with_many_writers(self, store):
        def act(number):
            for subject in "abc":
                with store.transaction() as session:
                    audit.record(session, Tag.RUN_STARTED, f"person{number}", subject, number=number, note="Größe")

        in_threads(6, act)
        with store.reading() as session:
            assert audit.first_broken_link(session) is None
            assert len(audit.events(session, "a")) == 6

    @pytest.mark.parametrize("change", ["edit", "gap", "swap", "reorder"])
    def test_it_names_the_first_broken_link(self, store, change):
        with store.transaction() as session:
            for number in range(5):
                audit.record(session, Tag.RUN_STARTED, "ana", f"run{number}")
            unguard(session)
            _, second, third, *_ = session.exec(select(AuditEvent).order_by(AuditEvent.id)).all()  # type: ignore[arg-type]
            if change == "edit":
                second.actor_id, broken = "bo", second.id
            elif change == "gap":
                broken = third.id
                session.delete(second)
            elif change == "reorder":
                second.id, third.id, broken = 99, second.id, second.id
                session.flush()
                second.id = 3
            else:
                second.subject_id, third.subject_id, broken = third.subject_id, second.subject_id, second.id
        with store.reading() as session:
            link = audit.first_broken_link(session)
        assert link is not None
        assert link.event_id == broken

    def test_an_event_and_its_act_are_both_undone(self, store):
        def act_and_fail():
            with store.transaction() as session:
                audit.record(session, Tag.RUN_STARTED, "ana", "run")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            act_and_fail()
        with store.reading() as session:
            assert audit.events(session, "run") == []


def test_a_notice_comes_again_until_it_is_sent_ever_more_rarely(store):
    at = now() + timedelta(seconds=1)
    with store.transaction() as session:
        notices.notify(session, NoticeKind.RUN_READY, ["ana", "ana", "bo"], "run")
    with store.transaction() as session:
        ana, bo = sorted(notices.due(session, at), key=lambda notice: notice.person_id)
        assert notices.due(session, at) == []
        notices.sent(session, bo, "activity")
    waits = []
    for _ in range(3):
        with store.transaction() as session:
            waits.append(ana.next_try_at - at)
            at = ana.next_try_at
            (ana,) = notices.due(session, at)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
    with store.transaction() as session:
        notices.settle(session, NoticeKind.RUN_READY, "run")
        (stale,) = notices.due(session, at + timedelta(days=1))
        assert (stale.person_id, stale.state, stale.activity_id) == ("bo", NoticeState.STALE, "activity")
        notices.withdrawn(session, stale.id)
        assert notices.due(session, at + timedelta(days=99)) == []
