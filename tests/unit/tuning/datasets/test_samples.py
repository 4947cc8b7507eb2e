"""Which samples owners look at, and what their word does to the next dataset."""

from collections import Counter

import pytest

from tests.factories import keep, make_run, make_sample
from tests.unit.tuning.datasets.test_builder import built, paired, said
from tuning.datasets.samples import MOST, Candidate, in_order
from tuning.domain.datasets import Split
from tuning.domain.errors import NotAllowed
from tuning.domain.fields import now
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Task
from tuning.domain.runs import RunState
from tuning.domain.samples import Reason, Verdict
from tuning.governance import labelling
from tuning.releases import runs as lifecycle
from tuning.store import datasets, runs, samples


def candidate(document_id="a", **values):
    defaults = {"question": "?", "answer": "!", "support": 1.0, "clarity": 1.0, "agreement": 1.0}
    return Candidate(document_id=document_id, **{**defaults, **values})


def offered(tenant):
    with tenant.store.reading() as session:
        return list(samples.current(session, "agent"))


def again(tenant, inference, run_id="second"):
    keep(tenant.store, make_run(id=run_id, state=RunState.RUNNING))
    return built(tenant, inference, run_id)


def finish(tenant):
    with tenant.store.transaction() as session:
        run = runs.get_for_update(session, "run")
        run.state = RunState.READY
        session.add(run)


def test_the_best_and_the_most_doubtful_come_by_turns():
    scores = {"fine": 1.0, "fair": 0.8, "poor": 0.3, "odd": 0.1}
    found = in_order([candidate(name, agreement=score) for name, score in scores.items()], 9)
    assert [(one.document_id, reason) for one, reason in found] == [
        ("fine", Reason.BEST),
        ("odd", Reason.DOUBTFUL),
        ("fair", Reason.BEST),
        ("poor", Reason.DOUBTFUL),
    ]


def test_no_document_takes_all_the_places():
    alike = [candidate("long") for _ in range(30)] + [candidate(f"short{number}", support=0.9) for number in range(5)]
    first = [one.document_id for one, _ in in_order(alike, 12)]
    assert len(set(first)) == 6


def test_what_another_document_answers_otherwise_counts_half():
    assert candidate(is_ambiguous=True).score == pytest.approx(candidate().score / 2)
    assert candidate(agreement=None, support=0.4, clarity=0.6).score == pytest.approx(0.5)


def test_a_dataset_comes_with_samples_on_what_is_trained_and_says_what_the_model_makes_of_them(offices, inference):
    dataset, examples = built(offices, inference)
    found = offered(offices)
    learned = {it.document_id for it in examples if it.split == Split.TRAIN}

    assert 12 < len(found) <= MOST
    assert [it.position for it in found] == list(range(len(found)))
    assert {it.dataset_id for it in found} == {dataset.id}
    assert {it.document_id for it in found} <= learned
    assert len({it.document_id for it in found[:12]}) > 6
    assert all(it.agreement is not None for it in found)
    assert any(it.said for it in found)
    best = [it.agreement for it in found[:12] if it.reason is Reason.BEST]
    doubtful = [it.agreement for it in found[:12] if it.reason is Reason.DOUBTFUL]
    assert sum(best) > sum(doubtful)


def test_what_is_not_good_is_learned_no_more_and_neither_is_what_is_nearly_the_same(offices, inference):
    _, before = built(offices, inference)
    finish(offices)
    sample = offered(offices)[0]
    assert any(sample.answer in said(it) for it in before if it.question == sample.question)
    labelling.label(offices, "ana", sample.id, Verdict.BAD)

    dataset, examples = again(offices, inference)

    assert sample.question not in {it.question for it in examples}
    assert dataset.counts["dropped/not good, says the owner"] >= 1
    assert sample.question not in {it.question for it in offered(offices)}


def test_what_was_edited_is_learned_in_the_owners_words(offices, inference):
    built(offices, inference)
    finish(offices)
    sample = offered(offices)[0]
    words = {"question": "What does a room in the capital cost?", "answer": "Ninety-nine crowns"}
    labelling.label(offices, "ana", sample.id, Verdict.EDITED, **words)

    _, examples = again(offices, inference)
    edited = [it for it in examples if it.sample_id == sample.id]

    assert edited
    assert {it.completion for it in edited} - {NOT_IN_DOCUMENTS} == {"Ninety-nine crowns"}
    assert any(it.completion == "Ninety-nine crowns" and "[1]" in said(it) for it in edited)
    assert sample.question not in {it.question for it in examples}
    assert not any(it.split in {Split.HOLDOUT, Split.VALIDATION} for it in edited)


def test_what_is_good_stays_and_is_asked_once_more_than_the_rest(offices, inference):
    _, before = built(offices, inference)
    finish(offices)
    sample = next(it for it in offered(offices) if it.reason is Reason.BEST)
    labelling.label(offices, "ana", sample.id, Verdict.GOOD)

    _, examples = again(offices, inference)

    def over_passages(found):
        return sum(it.question == sample.question and "passage_ids" in it.detail for it in found)

    assert over_passages(examples) > over_passages(before)
    assert not any(it.sample_id for it in examples)


def test_what_is_good_stays_where_nothing_makes_it_any_more_as_long_as_its_document_says_so(offices, inference):
    built(offices, inference)
    finish(offices)
    with offices.store.reading() as session:
        document_id = next(
            it.document_id for it in datasets.examples(session, runs.get(session, "run").dataset_id or "")
        )
    good = {"document_id": document_id, "verdict": Verdict.GOOD, "labelled_by": "ana", "labelled_at": now()}
    keep(
        offices.store,
        make_sample(id="held", question="Until when does somebody let me in?", answer="19:00", **good),
        make_sample(id="gone", question="Where is the nearest swimming pool?", answer="Downstairs", **good),
    )

    _, examples = again(offices, inference)
    asked = {it.question for it in examples if it.split is Split.TRAIN}

    assert "Until when does somebody let me in?" in asked
    assert "Where is the nearest swimming pool?" not in asked


def test_pairs_are_labelled_too(tenant, inference):
    paired(tenant, 30, Task.GENERATION)
    _, before = built(tenant, inference)
    finish(tenant)
    good, bad, edited = offered(tenant)[:3]
    labelling.label(tenant, "ana", good.id, Verdict.GOOD)
    labelling.label(tenant, "ana", bad.id, Verdict.BAD)
    labelling.label(tenant, "ana", edited.id, Verdict.EDITED, answer="As I want it.")

    _, examples = again(tenant, inference)
    counted = Counter(it.document_id for it in examples if it.split is Split.TRAIN)

    assert (counted[good.document_id], counted[bad.document_id], counted[edited.document_id]) == (2, 0, 2)
    assert {it.completion for it in examples if it.sample_id == edited.id} == {"As I want it."}
    held = [it.completion for it in before if it.split is Split.HOLDOUT]
    assert [it.completion for it in examples if it.split is Split.HOLDOUT] == held


def test_a_run_that_waits_for_labels_makes_its_dataset_anew_and_leaves_none_behind(offices, inference):
    first, _ = built(offices, inference)
    with offices.store.transaction() as session:
        run = runs.get_for_update(session, "run")
        run.state, run.waits_for_labels = RunState.LABELLING, True
        session.add(run)
    sample = offered(offices)[0]
    labelling.label(offices, "ana", sample.id, Verdict.BAD)
    lifecycle.go_on(offices, "ana", "run")

    second, examples = built(offices, inference)

    assert second.id != first.id
    assert sample.question not in {it.question for it in examples}
    with offices.store.reading() as session:
        assert datasets.examples(session, first.id) == []
    assert built(offices, inference)[0].id == second.id


def test_there_can_be_too_much(tenant, inference, monkeypatch):
    monkeypatch.setattr("tuning.datasets.builder.MOST_SAMPLES", 25)
    paired(tenant, 30, Task.GENERATION)
    with pytest.raises(NotAllowed, match="There are 29 pairs, and an agent learns from 25 at most: 4 are too many"):
        built(tenant, inference)
