"""Owners label samples in chat: one card after the other, in rounds, and the run that waits goes on."""

import pytest

from bot import digests
from bot.card_actions import labelling as buttons
from bot.card_actions import runs as run_buttons
from bot.card_actions.press import Press
from tests.factories import keep, make_agent, make_document, make_run, make_sample, make_source, make_tenant
from tuning.domain.audit import Tag
from tuning.domain.datasets import Dataset
from tuning.domain.errors import NotAllowed
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.runs import RunState
from tuning.domain.samples import ROUND, Verdict
from tuning.store import audit, runs, samples

COUNT = ROUND + 3


@pytest.fixture
def tenant(store, tmp_path):
    """Fifteen samples of Ana's agent, whose run waits for them."""
    tenant = make_tenant(store, tmp_path)
    keep(
        store,
        make_source(),
        make_agent(),
        make_document("Trips"),
        Dataset(id="dataset", agent_id="agent", sha256="d"),
        make_run(state=RunState.LABELLING, waits_for_labels=True, dataset_id="dataset"),
        *(make_sample(id=f"s{place}", position=place, question=f"Question {place}?") for place in range(COUNT)),
    )
    return tenant


def press(tenant, button, person_id="ana", **data):
    shown = button(tenant, Press(person_id=person_id, chat_id="chat", data={"agent_id": "agent", "number": 0, **data}))
    assert shown.card
    return str(shown.card)


def label(tenant, place, verdict="good", **typed):
    return press(tenant, buttons.label, sample_id=f"s{place}", number=place, verdict=verdict, **typed)


def stored(tenant):
    with tenant.store.reading() as session:
        return {sample.id: sample for sample in samples.current(session, "agent")}


def test_each_label_brings_the_next_sample_and_the_end_of_a_round_says_what_was_said(tenant):
    assert "sample 1 of 15" in press(tenant, buttons.open_sample)
    for place in range(ROUND - 1):
        assert f"sample {place + 2} of 15" in label(tenant, place)
    shown = label(tenant, ROUND - 1, "not good")
    assert "round 1 of 2 is done" in shown
    assert "11 good" in shown
    assert "1 not good" in shown
    assert "Go on with tuning" in shown
    with tenant.store.reading() as session:
        last = audit.events(session, f"s{ROUND - 1}")[-1]
    assert (last.tag, last.actor_id, last.detail["verdict"]) == (Tag.SAMPLE_LABELLED, "ana", "not good")


def test_what_was_skipped_comes_again_before_the_round_is_done(tenant):
    label(tenant, 1)
    assert "sample 1 of 15" in label(tenant, ROUND - 1)


def test_other_words_count_as_edited_and_a_label_can_be_changed(tenant):
    label(tenant, 0, question="May I fly at all?", answer="Over 600 km.")
    edited = stored(tenant)["s0"]
    assert (edited.verdict, edited.wanted) == (Verdict.EDITED, ("May I fly at all?", "Over 600 km."))
    assert "May I fly at all?" in press(tenant, buttons.open_sample)
    label(tenant, 0, question=edited.question, answer=edited.answer)
    assert (stored(tenant)["s0"].verdict, stored(tenant)["s0"].owner_answer) == (Verdict.GOOD, "")


def test_what_is_too_long_is_said_on_the_card_and_nothing_is_kept(tenant):
    assert "may have at most 4,000 characters" in label(tenant, 0, answer="x" * 4_001)
    assert stored(tenant)["s0"].verdict is None


def test_the_run_goes_on_when_the_owner_says_so(tenant):
    label(tenant, 0)
    assert "Tuning goes on" in press(tenant, buttons.go_on, run_id="run")
    with tenant.store.reading() as session:
        assert runs.get(session, "run").state == RunState.QUEUED


def test_the_run_that_waits_is_cancelled_from_a_sample_and_from_the_end_of_a_round(tenant):
    for shown in (press(tenant, buttons.open_sample), *(label(tenant, place) for place in range(ROUND))):
        assert "'title': 'Cancel tuning'" in shown
        assert "'verb': 'run.cancel'" in shown
    assert "Cancelled; nothing has changed" in press(tenant, run_buttons.cancel, run_id="run")
    assert "Cancel tuning" not in press(tenant, buttons.open_sample)
    notice = Notice(kind=NoticeKind.RUN_NEEDS_LABELS, person_id="ana", subject_id="run")
    assert "Cancelled; nothing has changed" in str(digests.settled(tenant, notice))


def test_nobody_else_sees_or_labels_samples(tenant):
    for button in (buttons.open_sample, buttons.label):
        with pytest.raises(NotAllowed):
            press(tenant, button, person_id="bo", sample_id="s0", verdict="good")


def test_samples_of_documents_that_the_owner_may_not_read_any_more_are_not_shown(tenant):
    keep(tenant.store, make_document("Bonus", ["leads"]), make_sample(id="shut", document_id="bonus", position=COUNT))
    assert "of 15" in press(tenant, buttons.open_sample, number=COUNT)


def test_before_the_first_dataset_there_is_nothing_to_label(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(store, make_agent(), make_source())
    assert "There are no samples yet" in press(tenant, buttons.open_sample)
    assert "Samples are being made" in press(tenant, run_buttons.start, labels="first")
    with store.reading() as session:
        started = runs.last(session, "agent")
    assert started
    assert started.waits_for_labels
