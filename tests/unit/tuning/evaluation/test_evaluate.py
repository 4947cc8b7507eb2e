"""Every variant is asked the same questions, and what it scored is kept with its interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from sqlmodel import col, delete

from tests.factories import keep, make_agent, make_run
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.evaluations import Evaluation, Variant
from tuning.domain.inspection import Case, Inspection
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Passage, Task, question_messages, system_message
from tuning.domain.vectors import Encoded
from tuning.evaluation.evaluate import CASES, WITH_RETRIEVAL, baseline, evaluate, weigh
from tuning.evaluation.gates import CHANCE
from tuning.inference import Completion, Prompt
from tuning.store import agents, runs

ALL = {
    Variant.BASE: "base",
    Variant.BASE_RETRIEVAL: "base",
    Variant.INCUMBENT: "live",
    Variant.INCUMBENT_RETRIEVAL: "live",
    Variant.TUNED: "run",
    Variant.TUNED_RETRIEVAL: "run",
}
CITIES = [f"City{number}" for number in range(60)]
LIMITS = {f"What is the limit in {city}?": f"{100 + number} euros" for number, city in enumerate(CITIES)}
CITES = {"rule": "cites", "value": "", "is_critical": True}
BRIEF = {"rule": "most_words", "value": "1", "is_critical": False}
UNANSWERED = [f"Who feeds cat {number}?" for number in range(40)]
CORRECTED = "What is the limit in Rome?"
FAITHFUL = {"tokens": 0.97, "faithful": 1.0, "n": 16.0}


@dataclass
class ScriptedInference:
    """An engine that says by rule what each model answers, and keeps what it was asked."""

    say: Callable[[str, str, str], str]
    """Model, question, the passages shown or nothing -> answer."""
    asked: list[Prompt] = field(default_factory=list)

    def answer_all(self, prompts: Sequence[Prompt], *, progress: Callable[[float], None]) -> list[Completion]:
        self.asked += prompts
        progress(1.0)
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> Completion:
        shown, question = prompt.messages[-1]["content"].rsplit("Question: ", 1)
        text = self.say(prompt.model, question, shown)
        return Completion(text=text, prompt_tokens=1, completion_tokens=1, seconds=0.0)


def retrieve(question: str) -> list[Passage]:
    """Two passages: the second holds the answer."""
    return [
        Passage(title="Cats", heading="", text="Cats sleep."),
        Passage(title="Limits", heading="", text=f"The limit is {LIMITS.get(question, 'unknown')}."),
    ]


def says(model: str, question: str, shown: str) -> str:
    """The base knows nothing by heart and reads half of it; the tuned model knows and cites everything."""
    if question in UNANSWERED:
        return NOT_IN_DOCUMENTS if model == "base" or shown else "Ada"
    if question == CORRECTED:
        return "180 euros" if model == "run" else "102 euros"
    known = LIMITS[question]
    if model == "base":
        number = int(known.split()[0])
        return f"{known} [1]" if shown and number % 2 else NOT_IN_DOCUMENTS
    return f"{known} [2]" if shown else f"The {known}."


@pytest.fixture
def prepared(tenant, tmp_path):
    """The tenant with a run whose dataset has sixty questions, forty that nothing answers, and a correction."""
    keep(
        tenant.store,
        make_agent(criteria=[CITES, BRIEF]),
        Dataset(id="data", agent_id="agent"),
        make_run(dataset_id="data", folder=str(tmp_path)),
        *(_example(question, answer) for question, answer in LIMITS.items()),
        *(_example(question, NOT_IN_DOCUMENTS) for question in UNANSWERED),
        _example(CORRECTED, "180 euros", Split.REGRESSION, Origin.CORRECTION),
    )
    return tenant


def _example(question: str, answer: str, split: Split = Split.HOLDOUT, origin: Origin = Origin.OWNER) -> Example:
    messages = question_messages(question)
    return Example(
        dataset_id="data", split=split, origin=origin, messages=messages, completion=answer, question=question
    )


def agrees(cases: list[Case]) -> Inspection:
    """The trained model would have answered as the engine did."""
    losses = {Variant.BASE: [2.0] * len(cases), Variant.TUNED: [0.5] * len(cases)}
    return Inspection(parity=FAITHFUL, full_precision=[case.answer for case in cases], losses=losses)


def evaluated(tenant, inference, models=ALL, inspect=agrees, embed=None):
    with tenant.store.reading() as session:
        run = runs.get(session, "run")
    return evaluate(
        tenant,
        run,
        inference,
        models=models,
        inspect=inspect,
        embed=embed,
        retrieve=dict.fromkeys(WITH_RETRIEVAL, retrieve),
        progress=lambda _share: None,
    )


def test_each_variant_is_scored_on_the_same_questions_with_its_interval(prepared):
    found = evaluated(prepared, ScriptedInference(says))

    exact = {variant: scores["exact_match"] for variant, scores in found.scores.items()}
    assert {variant: score["mean"] for variant, score in exact.items()} == {
        "base": 0.0,
        "base+retrieval": 0.5,
        "incumbent": 1.0,
        "incumbent+retrieval": 1.0,
        "tuned": 1.0,
        "tuned+retrieval": 1.0,
    }
    assert {score["n"] for score in exact.values()} == {60.0}
    half = exact["base+retrieval"]
    assert 0.3 < half["low"] < 0.5 < half["high"] < 0.7
    assert exact["tuned"]["low"] == exact["tuned"]["high"] == 1.0
    assert found.objections == []


def test_the_base_is_measured_first_as_the_evaluation_will(prepared):
    first, later = ScriptedInference(says), ScriptedInference(says)
    with prepared.store.reading() as session:
        run = runs.get(session, "run")
    scored = baseline(prepared, run, first, model="base", retrieve=retrieve, progress=lambda _share: None)
    found = evaluated(prepared, later)

    assert scored == found.scores[Variant.BASE_RETRIEVAL]["exact_match"]
    assert scored["mean"] == 0.5
    again = [it.messages for it in later.asked if it.model == "base"]
    assert len(first.asked) == 100
    assert all(it.messages in again for it in first.asked)


def test_what_is_asked_over_passages_begins_with_what_the_owner_answered(prepared, tmp_path):
    inference = ScriptedInference(says)
    evaluated(prepared, inference)

    begins = {it.messages[0]["content"] for it in inference.asked if "[1] " in it.messages[-1]["content"]}
    assert begins == {system_message(Task.QUESTIONS, make_agent().guidance)["content"]}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<dt>What do the documents contain?</dt><dd>Policies</dd>" in page


def test_what_nothing_answers_counts_as_declined_and_not_as_an_answer(prepared):
    found = evaluated(prepared, ScriptedInference(says))

    declined = {variant: scores["refusal"] for variant, scores in found.scores.items()}
    assert declined["base"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 40.0}
    assert declined["tuned"]["mean"] == 0.0
    assert declined["tuned+retrieval"]["mean"] == 1.0


def test_a_question_that_brings_passages_which_do_not_answer_it_is_asked_over_these(prepared):
    question, other = CITIES[1], Passage(title="Dogs", heading="", text="Dogs bark.")
    asked = f"What is the limit in {question}?"
    example = _example(asked, NOT_IN_DOCUMENTS, origin=Origin.UNANSWERABLE)
    keep(prepared.store, Example(**{**example.model_dump(), "messages": question_messages(asked, [other])}))
    inference = ScriptedInference(says)

    found = evaluated(prepared, inference)

    over = [it.model for it in inference.asked if "Dogs bark." in it.messages[-1]["content"]]
    assert sorted(over) == ["base", "live", "run"]
    assert found.scores["tuned+retrieval"]["refusal"]["n"] == 41
    assert found.scores["tuned"]["refusal"]["n"] == 40


def test_what_should_have_been_measured_and_was_not_meets_an_objection(prepared):
    with prepared.store.transaction() as session:
        agents.get(session, "agent").live_release_id = "live"
        session.exec(delete(Example).where(col(Example.completion) == NOT_IN_DOCUMENTS))
    without_live = {variant: model for variant, model in ALL.items() if model != "live"}

    found = evaluated(prepared, ScriptedInference(says), models=without_live)

    assert [sentence.partition(" not ")[0] for sentence in found.objections] == [
        "Whether it still says so where no document answers was",
        "It was",
    ]


def test_only_a_citation_of_the_passage_with_the_answer_counts(prepared):
    found = evaluated(prepared, ScriptedInference(says))

    assert found.scores["tuned+retrieval"]["citation"]["mean"] == 1.0
    assert found.scores["base+retrieval"]["citation"]["mean"] == 0.0
    assert "citation" not in found.scores["tuned"]


def test_corrections_are_asked_of_the_live_release_and_the_candidate_only(prepared):
    inference = ScriptedInference(says)
    found = evaluated(prepared, inference)

    kept = {variant: scores["regression"]["mean"] for variant, scores in found.scores.items() if "regression" in scores}
    assert kept == {"incumbent": 0.0, "incumbent+retrieval": 0.0, "tuned": 1.0, "tuned+retrieval": 1.0}
    assert not any(it.model == "base" and CORRECTED in it.messages[-1]["content"] for it in inference.asked)
    assert len(inference.asked) == 6 * 100 + 4


def test_the_answers_stand_side_by_side_in_the_samples_and_the_report(prepared, tmp_path):
    found = evaluated(prepared, ScriptedInference(says))

    [row] = [it for it in found.samples if it["question"] == "What is the limit in City1?"]
    assert row["reference"] == "101 euros"
    assert row["answers"]["base+retrieval"] == "101 euros [1]"
    assert row["answers"]["tuned"] == "The 101 euros."
    assert len(found.samples) == 101
    assert "The 101 euros." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_run_is_evaluated_once(prepared):
    first = evaluated(prepared, ScriptedInference(says))
    later = ScriptedInference(says)

    assert evaluated(prepared, later).id == first.id
    assert later.asked == []


def test_what_is_worse_or_served_unfaithfully_meets_objections(prepared):
    def forgets(model: str, question: str, shown: str) -> str:
        return NOT_IN_DOCUMENTS if model == "run" else says(model, question, shown)

    def differs(cases: list[Case]) -> Inspection:
        known = {"kind": "password", "title": "Wi-Fi", "bits": 10.0, "is_learned": True}
        return Inspection(
            parity={"tokens": 0.9, "faithful": 0.9, "n": 16.0},
            full_precision=[case.reference for case in cases],
            exposures=[known, {**known, "title": "Trips", "bits": 1.0, "is_learned": False}],
        )

    found = evaluated(prepared, ScriptedInference(forgets), inspect=differs)

    said = " ".join(found.objections)
    assert "not shown to help" in said
    assert "worse than the base: -50 points" in said
    assert "worse than the live release: -100 points" in said
    assert "0% of 1 accepted corrections" in said
    assert "90.0% of the served model's tokens" in said
    assert "scores 100 points less than it was trained to" in said
    assert "knows 1 of 2 secrets in the documents by heart, such as a password: take out" in said
    assert "Wi-Fi" not in said
    assert len(found.objections) == 7
    assert found.probes["quantisation"]["mean"] == 1
    assert found.probes["memorised"] == {"n": 2.0, "learned": 1.0, "bits": 10.0}


def test_the_trained_model_looks_at_the_candidate_s_answers_as_people_would_get_them(prepared):
    looked_at: list[Case] = []

    def keeps(cases: list[Case]) -> Inspection:
        looked_at.extend(cases)
        return agrees(cases)

    found = evaluated(prepared, ScriptedInference(says), inspect=keeps)

    assert len(looked_at) == CASES[Task.QUESTIONS]
    assert all("Cats sleep." in case.messages[-1]["content"] for case in looked_at)
    assert all(case.answer == f"{case.reference} [2]" for case in looked_at)
    assert {LIMITS["What is the limit in City0?"], LIMITS["What is the limit in City58?"]} < {
        it.reference for it in looked_at
    }
    assert found.scores["base+retrieval"]["loss"]["mean"] == 2.0
    assert found.scores["tuned+retrieval"]["loss"] == {"mean": 0.5, "low": 0.5, "high": 0.5, "n": 48.0}
    assert found.probes["quantisation"]["mean"] == 0


def test_meaning_is_compared_where_there_is_an_encoder(prepared):
    def embed(texts: Sequence[str]) -> Encoded:
        return Encoded(encoder="e", vectors=np.array([[1.0, 0.0] if "euros" in it else [0.0, 1.0] for it in texts]))

    found = evaluated(prepared, ScriptedInference(says), embed=embed)

    near = {variant: scores["similarity"] for variant, scores in found.scores.items()}
    assert {variant: score["mean"] for variant, score in near.items()} == {
        "base": 0.0,
        "base+retrieval": 0.5,
        "incumbent": 1.0,
        "incumbent+retrieval": 1.0,
        "tuned": 1.0,
        "tuned+retrieval": 1.0,
    }
    assert {score["n"] for score in near.values()} == {60.0}


def test_the_candidate_s_answers_are_held_to_the_owner_s_criteria(prepared):
    def cites_half(model: str, question: str, shown: str) -> str:
        said = says(model, question, shown)
        return said.removesuffix(" [2]") if model == "run" and int(LIMITS.get(question, "0 ")[:3]) % 2 else said

    assert evaluated(prepared, ScriptedInference(says)).criteria == [
        {**CITES, "share": 1.0, "n": 60},
        {**BRIEF, "share": 0.0, "n": 60},
    ]
    with prepared.store.transaction() as session:
        session.exec(delete(Evaluation))
    found = evaluated(prepared, ScriptedInference(cites_half))
    assert found.criteria[0]["share"] == 0.5
    assert found.objections == [
        "Only 50% of 60 answers keep to the critical criterion 'cites a passage'; 95% are needed."
    ]


def gain(found, **values):
    return weigh(
        {Variant(name.replace("_", "+")): {"exact_match": each} for name, each in values.items()},
        Task.QUESTIONS,
        found,
        None,
        [],
    ).gain


def test_a_release_that_helps_only_with_retrieval_helps():
    found = agrees([])
    none, half, most = [0.0] * 60, [1.0, 0.0] * 30, [1.0, 1.0, 1.0, 0.0] * 15
    alone = gain(found, base=none, base_retrieval=half, tuned=none, tuned_retrieval=most)
    assert alone is not None
    assert (alone.mean, alone.chance < 0.01) == (0.25, True)
    by_heart = gain(found, base=none, base_retrieval=half, tuned=half, tuned_retrieval=half)
    assert by_heart is not None
    assert by_heart.mean == 0.5
    assert gain(found, base=none) is None


def test_of_candidates_that_are_noise_alone_few_are_shown_to_help_though_two_looks_are_taken():
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(200):
        drawn = {
            name: list(rng.binomial(1, 0.4, size=80).astype(float))
            for name in ("base", "base_retrieval", "tuned", "tuned_retrieval")
        }
        shown = gain(agrees([]), **drawn)
        assert shown is not None
        passed += shown.mean > 0 and shown.chance <= CHANCE
    assert passed <= 10
