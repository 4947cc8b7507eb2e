"""Sources are synced at their own times, by one job at a time; what can't be is told once and tried again."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from tests.factories import keep, make_agent, make_source
from tuning.documents.sync import SyncReport
from tuning.domain.audit import Tag
from tuning.domain.documents import FIRST_RETRY, Document, Source, SourceKind
from tuning.domain.fields import now
from tuning.domain.jobs import LEASE, MAX_ATTEMPTS, Job, JobKind, JobState
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.releases import watch
from tuning.settings import TuningSettings
from tuning.sources.errors import SourceGone, SourceMissing
from tuning.store import audit, jobs, sources
from tuning.tenancy import tenant_of
from tuning.worker import sources as worker_sources
from tuning.worker import syncing
from tuning.worker.errors import Stopped
from tuning.worker.loop import Loop

DAY = timedelta(days=1)


@pytest.fixture
def folder(tenant):
    """A source of one readable document, from which Ana's agent learns."""
    folder = tenant.folder / "documents" / "travel"
    folder.mkdir(parents=True)
    (folder / ".access.json").write_text('{"readers": ["organisation"]}')
    (folder / "hotels.md").write_text("# Hotels\n\nThe limit is 120 euros.")
    keep(tenant.store, make_agent(), make_source(next_sync_at=now()))
    return folder


def one(tenant, kind):
    with tenant.store.reading() as session:
        return session.exec(select(kind)).one()


def every(tenant, kind):
    with tenant.store.reading() as session:
        return session.exec(select(kind)).all()


def tags(tenant):
    with tenant.store.reading() as session:
        return [event.tag for event in audit.events(session, "source")]


def become_due(tenant):
    with tenant.store.transaction() as session:
        source = sources.get_for_update(session, "source")
        source.next_sync_at = now()
        session.add(source)
    syncing.schedule(tenant.store, DAY)


def work(tenant):
    """Let a worker do one job."""

    def carry_out(lease, job, progress):
        syncing.carry_out(replace(tenant, store=lease.store), job, progress.check, DAY)

    assert Loop(tenant.store, carry_out).run_once()


def test_every_source_gets_its_own_time_within_the_interval():
    at = now()
    hours: Counter[int] = Counter()
    for number in range(1_000):
        source = make_source(id=f"source{number}")
        source.schedule(at, DAY)
        due = source.next_sync_at
        assert due
        assert at < due <= at + DAY
        source.schedule(due + timedelta(minutes=7), DAY)
        assert source.next_sync_at
        assert abs(source.next_sync_at - due - DAY) < timedelta(seconds=1)  # at the same time of day, however late
        hours[due.hour] += 1
    assert len(hours) == 24
    assert max(hours.values()) < 80


def test_what_is_due_is_queued_once_and_what_has_no_place_yet_gets_one(tenant, folder):
    keep(tenant.store, make_source(id="new", location="documents/new"))
    for _ in range(3):
        syncing.schedule(tenant.store, DAY)
    assert [(job.kind, job.subject_id) for job in every(tenant, Job)] == [(JobKind.SOURCE_SYNC, "source")]
    assert all(source.next_sync_at > now() for source in every(tenant, Source))


def test_a_scheduled_sync_reads_what_changed(tenant, folder):
    syncing.schedule(tenant.store, DAY)
    work(tenant)
    assert one(tenant, Document).title == "Hotels"
    assert one(tenant, Job).state == JobState.DONE
    assert one(tenant, Source).syncing_job_id == ""
    assert tags(tenant) == [Tag.SOURCE_SYNCED]


def test_failures_back_off_are_told_once_and_withdrawn_when_it_works_again(tenant, folder):
    away = folder.rename(folder.with_name("away"))
    waited = []
    for _ in range(8):
        become_due(tenant)
        work(tenant)
        waited.append(one(tenant, Source).next_sync_at - now())
    expected = [min(FIRST_RETRY * 2**number, DAY) for number in range(8)]
    assert all(abs(is_ - wanted) < timedelta(minutes=1) for is_, wanted in zip(waited, expected, strict=True))
    (notice,) = every(tenant, Notice)
    assert (notice.kind, notice.person_id, notice.subject_id) == (NoticeKind.SOURCE_FAILED, "ana", "source")
    assert "'documents/travel' is not there" in one(tenant, Source).sync_error
    assert tags(tenant) == [Tag.SOURCE_FAILED] * 8
    assert {job.state for job in every(tenant, Job)} == {JobState.FAILED}

    away.rename(folder)
    become_due(tenant)
    work(tenant)
    source = one(tenant, Source)
    assert (source.sync_failures, source.sync_error) == (0, "")
    assert one(tenant, Notice).state == NoticeState.SETTLED
    with tenant.store.reading() as session:
        assert audit.first_broken_link(session) is None


def test_the_lists_of_sharepoint_count_for_a_time_from_when_they_were_read(tenant, monkeypatch):
    monkeypatch.setattr(worker_sources, "sync", lambda *_, **__: SyncReport())
    address = "https://example.sharepoint.com/sites/x/Documents"
    keep(tenant.store, make_source(kind=SourceKind.SHAREPOINT, location=address, next_sync_at=now()))
    syncing.schedule(tenant.store, DAY)
    before = now()
    work(tenant)
    assert before + tenant.lists_age <= one(tenant, Source).readable_until <= now() + tenant.lists_age


def test_the_lists_of_a_first_sync_that_dies_on_the_way_count_for_a_time_too(tenant, monkeypatch):
    def die(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(worker_sources, "sync", die)
    address = "https://example.sharepoint.com/sites/x/Documents"
    keep(tenant.store, make_source(kind=SourceKind.SHAREPOINT, location=address, next_sync_at=now()))
    before = now()
    become_due(tenant)
    work(tenant)
    until = one(tenant, Source).readable_until
    assert before + tenant.lists_age <= until <= now() + tenant.lists_age
    become_due(tenant)
    work(tenant)
    assert one(tenant, Source).readable_until == until


@pytest.mark.parametrize(("hours", "days"), [(0, 1), (6, 1), (24, 2), (72, 6)])
def test_how_long_lists_count_goes_by_how_often_sources_are_synced(tenant, hours, days):
    assert tenant_of(TuningSettings(sync_hours=hours), tenant.store).lists_age == days * DAY


def test_what_learned_from_a_source_that_was_deleted_is_compared_with_what_is_left(tenant, folder, monkeypatch):
    def refuse(*_, **__):
        raise SourceGone

    compared: list[object] = []
    monkeypatch.setattr(syncing, "sync_source", refuse)
    monkeypatch.setattr(watch, "compare", compared.append)
    syncing.schedule(tenant.store, DAY)
    work(tenant)
    assert len(compared) == 1
    assert tags(tenant) == [Tag.SOURCE_FAILED]


def test_an_upload_that_cannot_be_synced_is_told_to_whom_it_belongs(tenant, monkeypatch):
    def refuse(*_, **__):
        raise SourceMissing

    monkeypatch.setattr(syncing, "sync_source", refuse)
    keep(tenant.store, make_source(kind=SourceKind.UPLOAD, location="bo", next_sync_at=now()))
    syncing.schedule(tenant.store, DAY)
    work(tenant)
    assert one(tenant, Notice).person_id == "bo"


def test_a_worker_that_dies_in_it_again_and_again_ends_it(tenant, folder):
    syncing.schedule(tenant.store, DAY)
    with tenant.store.transaction() as session:
        job = session.exec(select(Job)).one()
        job.attempts = MAX_ATTEMPTS
        session.add(job)
    work(tenant)
    assert one(tenant, Job).state == JobState.FAILED
    assert one(tenant, Source).sync_failures == 1


def test_while_another_job_has_the_source_a_sync_waits_until_that_worker_is_done_or_dead(tenant, folder):
    with tenant.store.transaction() as session:
        run = jobs.enqueue(session, JobKind.RUN_TRAIN, "run")
        run.claim("another", now())
        assert sources.take(session, "source", run.id, now())
        assert sources.take(session, "source", run.id, now())  # it may ask again
    syncing.schedule(tenant.store, DAY)
    with tenant.store.transaction() as session:
        mine = jobs.claim(session, "me", now())
    assert mine
    assert mine.kind == JobKind.SOURCE_SYNC
    looks = []

    def check():
        looks.append(1)
        raise Stopped

    with pytest.raises(Stopped):
        syncing.carry_out(tenant, mine, check, DAY)
    assert looks == [1]
    with tenant.store.transaction() as session:
        assert not sources.take(session, "source", mine.id, now())
        assert sources.take(session, "source", mine.id, now() + 2 * LEASE)


def test_a_source_that_was_erased_meanwhile_ends_its_sync(tenant, folder):
    syncing.schedule(tenant.store, DAY)
    with tenant.store.transaction() as session:
        session.delete(session.get(Source, "source"))
    work(tenant)
    assert one(tenant, Job).state == JobState.FAILED


def test_something_unexpected_is_a_failure_like_another(tenant, folder, monkeypatch):
    def burst(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(syncing, "sync_source", burst)
    syncing.schedule(tenant.store, DAY)
    work(tenant)
    assert "ZeroDivisionError" in one(tenant, Source).sync_error
