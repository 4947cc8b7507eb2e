"""What a change of an agent means for the release that answers, told by what that was made of."""

import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tuning.domain.criteria import parse
from tuning.domain.datasets import Dataset, Example, HoldoutQuestion, Origin, Split
from tuning.domain.evaluations import Evaluation
from tuning.domain.prompts import Task, question_messages
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.releases import changes
from tuning.store import agents

TOLD = "Your answers and instructions: release 1 is told them at once, but was tuned with others."


def made(run_id="run", dataset_id="dataset", *, instructions="Be brief.", criteria=("at most 60 words",)):
    """What a run left behind that learned from one document and was measured with one question."""
    told = make_agent(instructions=instructions).guidance
    example = {"dataset_id": dataset_id, "messages": question_messages("May I fly?", instructions=told)}
    kept = [one.as_row() | {"share": 1.0, "n": 9} for one in parse(criteria, Task.QUESTIONS)]
    return [
        Dataset(id=dataset_id, agent_id="agent", sha256="d", document_hashes={"trips": "x"}),
        Example(**{**example, "messages": []}, split=Split.TRAIN, origin=Origin.TEXT, completion="Trips."),
        Example(**example, split=Split.TRAIN, origin=Origin.LIST, completion="No."),
        Example(**example, split=Split.HOLDOUT, origin=Origin.OWNER, completion="104 euros.", question="How much?"),
        Evaluation(run_id=run_id, criteria=kept),
    ]


@pytest.fixture
def tenant(tenant):
    """Ana's agent, live with all that it is made of."""
    keep(
        tenant.store,
        make_source(),
        make_source(id="second", name="Hotels", location="documents/hotels"),
        make_document("Trips"),
        make_agent(
            live_release_id="release",
            instructions="Be brief.",
            criteria=[one.as_row() for one in parse(["at most 60 words"], Task.QUESTIONS)],
        ),
        HoldoutQuestion(agent_id="agent", question="How much?", answer="104 euros."),
        make_run(state=RunState.READY, dataset_id="dataset"),
        make_release(state=ReleaseState.LIVE),
        *made(),
    )
    return tenant


def look(tenant, **values):
    """Change the agent, and say what that means."""
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        for key, value in values.items():
            setattr(agent, key, value)
        session.add(agent)
        session.flush()
        return changes.look(session, tenant, agent)


def test_nothing_is_to_be_learned_where_nothing_has_been_changed(tenant):
    assert look(tenant) == changes.Changes(answers=True)


def test_what_is_only_shown_counts_at_once(tenant):
    assert not look(tenant, name="Trips", description="All trips.", starters=["May I fly?"]).needs_run


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"instructions": "Be polite."}, TOLD),
        ({"questionnaire": {"data": "Rules", "organisation": "By topic"}}, TOLD),
        (
            {"source_ids": ["source", "second"]},
            "Sources: release 1 looks things up in 'Hotels' at once, but has learned nothing from there.",
        ),
        ({"source_ids": []}, "Sources: release 1 keeps what it learned from 'Travel'."),
        ({"audience": ["leads"]}, "Audience: release 1 goes on answering 'Staff'; the next one answers 'Leads'."),
        ({"criteria": []}, "Criteria: release 1 was measured by others."),
    ],
)
def test_what_the_release_was_made_without_needs_a_run(tenant, values, sentence):
    found = look(tenant, **values)
    assert found.sentences == (sentence,)
    assert found.needs_run


def test_other_questions_to_test_with_are_measured_by_the_next_run(tenant):
    keep(tenant.store, HoldoutQuestion(agent_id="agent", position=1, question="How far?"))
    assert look(tenant).sentences == ("Questions to test with: release 1 was measured with others.",)


def test_a_question_about_a_document_that_was_left_out_is_no_change(tenant):
    keep(tenant.store, HoldoutQuestion(agent_id="agent", position=1, question="How far?", document_path="gone.md"))
    assert look(tenant).sentences == ()


def test_a_run_that_begins_takes_in_everything(tenant):
    keep(tenant.store, make_run(id="next"))
    found = look(tenant, instructions="Be polite.", criteria=[])
    assert (len(found.sentences), found.taken_in) == (2, "The run under way takes it in.")
    assert not found.needs_run


@pytest.mark.parametrize(("state", "takes_in"), [(RunState.RUNNING, False), (RunState.LABELLING, True)])
def test_a_run_whose_dataset_is_made_does_not_unless_it_is_made_anew(tenant, state, takes_in):
    keep(tenant.store, make_run(id="next", state=state, dataset_id="other"), *made("next", "other"))
    found = look(tenant, instructions="Be polite.")
    assert found.needs_run is not takes_in


def test_a_candidate_that_was_made_with_it_only_has_to_answer(tenant):
    keep(
        tenant.store,
        make_run(id="next", state=RunState.READY, dataset_id="other"),
        make_release(id="newer", run_id="next", number=2),
        *made("next", "other", instructions="Be polite."),
    )
    found = look(tenant, instructions="Be polite.")
    assert found.taken_in == "It is in release 2 already, and counts once that answers."
    assert look(tenant, instructions="Be kind.").needs_run


def test_before_anything_was_made_there_is_nothing_to_bring_in_step(tenant):
    keep(tenant.store, fresh := make_agent(id="fresh", name="Fresh"))
    with tenant.store.reading() as session:
        assert changes.look(session, tenant, fresh) == changes.Changes()
