"""Search or tuning: what the wizard says before a run, and what it says once something is measured."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.documents import DocumentPassage
from tuning.domain.evaluations import Evaluation, Variant
from tuning.domain.fields import now
from tuning.domain.prompts import Task
from tuning.domain.runs import RunState
from tuning.governance.agents import agent_coverage
from tuning.releases import advice
from tuning.releases.advice import Known

KNOWN = Known(task=Task.QUESTIONS, total=140, eligible=132, passages=900, changed=3, asked=0)


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (
            KNOWN,
            (
                "Expect something of both: there are 900 passages to learn from; 3 of 132 documents changed in the "
                "last 30 days."
            ),
        ),
        (
            replace(KNOWN, changed=None),
            (
                "Expect something of both: there are 900 passages to learn from; how often they change, their dates "
                "don't tell."
            ),
        ),
        (
            replace(KNOWN, changed=33),
            "Expect more of search than of tuning: 33 of 132 documents changed in the last 30 days.",
        ),
        (
            replace(KNOWN, eligible=60, passages=20),
            (
                "Expect more of search than of tuning: it may learn from only 60 of 140 documents, and search finds "
                "the others for who may read them; 20 passages may be too few for the 21 questions that a run needs."
            ),
        ),
        (
            replace(KNOWN, task=Task.SUMMARY, eligible=1),
            (
                "Expect more of tuning than of search: form and tone are learned from pairs of documents. A run needs"
                " 21 pairs, and has 1 document to find them in."
            ),
        ),
    ],
)
def test_the_advice_follows_from_the_figures_that_it_names(known, sentence):
    first, last = advice.before_a_run(known)
    assert first == sentence
    assert last.startswith("Nothing is measured yet: ")
    assert "%" not in first + last


def test_it_says_what_will_be_measured_on(tenant):
    assert advice.before_a_run(replace(KNOWN, asked=12))[1].endswith("on the 12 questions that you gave.")


def test_dates_that_copying_has_set_tell_nothing():
    at = now()
    copied = [make_document(f"D{number}", modified_at=at - timedelta(minutes=number)) for number in range(9)]
    assert advice.changed_lately(copied, at) is None
    aged = [make_document(f"D{number}", modified_at=at - timedelta(days=10 * number)) for number in range(9)]
    assert advice.changed_lately(aged, at) == 3
    assert advice.changed_lately([make_document("D")], at) is None


def test_only_documents_that_may_be_learned_from_count(tenant):
    keep(
        tenant.store,
        make_source(),
        agent := make_agent(audience=["staff"]),
        make_document("Trips"),
        make_document("Bonus", ["leads"]),
        HoldoutQuestion(agent_id="agent", question="How much?"),
        *(DocumentPassage(document_id=key, position=one, text=".") for key in ("trips", "bonus") for one in range(30)),
    )
    with tenant.store.reading() as session:
        found = advice.look(session, agent, agent_coverage(tenant, agent))
    assert "there are 30 passages to learn from" in found[0]
    assert found[1].endswith("on the 1 question that you gave.")


def test_what_was_measured_takes_the_place_of_what_was_expected(tenant):
    scores = {
        str(variant): {"exact_match": {"mean": mean, "low": 0.0, "high": 1.0, "n": 80}}
        for variant, mean in zip(
            (Variant.BASE, Variant.BASE_RETRIEVAL, Variant.TUNED, Variant.TUNED_RETRIEVAL),
            (0.1, 0.5, 0.2, 0.9),
            strict=True,
        )
    }
    keep(tenant.store, agent := make_agent(), make_run(), make_release(), Evaluation(run_id="run", scores=scores))
    with tenant.store.reading() as session:
        found = advice.look(session, agent, agent_coverage(tenant, agent))
    assert found == [
        "Measured for release 1, on 80 questions:",
        "Use both: together they reach 90%, retrieval alone 50% and tuning alone 20%.",
    ]


def test_what_the_base_scored_before_a_run_that_made_no_release_is_told(tenant):
    measured = {"baseline": {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 80.0}}
    keep(tenant.store, agent := make_agent(), make_run(state=RunState.CANCELLED, metrics=measured))
    with tenant.store.reading() as session:
        found = advice.look(session, agent, agent_coverage(tenant, agent))
    assert found == [
        (
            "Before tuning: with search alone the base model answers 50 % (40 % to 60 %) of 80 questions as expected. "
            "That is what tuning has to beat."
        )
    ]


def test_without_documents_there_is_nothing_to_say(tenant):
    keep(tenant.store, agent := make_agent(source_ids=[]))
    with tenant.store.reading() as session:
        assert advice.look(session, agent, agent_coverage(tenant, agent)) == []
