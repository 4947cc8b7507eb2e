"""Asks every variant of an agent the same hold-out questions and keeps what they scored. Knows no gate's rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tuning.domain.agents import QUESTIONNAIRES, Agent
from tuning.domain.criteria import Criterion
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.evaluations import HEADLINE, Evaluation, Variant
from tuning.domain.inspection import KINDS, Case, Inspection, SecretKind
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Message, Passage, Task, question_messages
from tuning.domain.runs import Run
from tuning.evaluation import scorers
from tuning.evaluation.criteria import Kept, kept
from tuning.evaluation.gates import Evidence, advice_of, objections
from tuning.evaluation.intervals import Difference, bootstrap, difference
from tuning.evaluation.report import write_report
from tuning.evaluation.similarity import Embed, similarities
from tuning.governance.tenant import Tenant
from tuning.inference import Completion, Prompt
from tuning.store import agents, datasets, runs

Retrieve = Callable[[str], Sequence[Passage]]
Inspect = Callable[[list[Case]], Inspection]
Values = dict[Variant, dict[str, list[float]]]
"""Variant to metric to one value per example, in the examples' order."""


class Answering(Protocol):
    """Whoever answers prompts: an engine, or who remembers what it said."""

    def answer_all(self, prompts: Sequence[Prompt], *, progress: Callable[[float], None]) -> list[Completion]:
        """Return the answers in the order of the prompts."""
        ...


MAX_TOKENS = {Task.QUESTIONS: 48, Task.GENERATION: 512, Task.SUMMARY: 256}
CASES = {Task.QUESTIONS: 48, Task.GENERATION: 8, Task.SUMMARY: 16}
"""Answers that the trained model looks at, at most: where its words differ it goes on by itself, slowly on CPUs."""
_ALIKE = 0.8
"""ROUGE-L from which on a draft or a summary is as it was corrected: of a whole page, some words may differ."""
WITH_RETRIEVAL = frozenset(
    {Variant.BASE_RETRIEVAL, Variant.BASE_LEARNED, Variant.INCUMBENT_RETRIEVAL, Variant.TUNED_RETRIEVAL}
)
_ON_CORRECTIONS = frozenset({Variant.INCUMBENT, Variant.INCUMBENT_RETRIEVAL, Variant.TUNED, Variant.TUNED_RETRIEVAL})


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One example as one variant was asked it, and what it answered."""

    variant: Variant
    example: Example
    passages: Sequence[Passage]
    answer: str = ""
    is_whole: bool = True
    """Whether the answer came to its end before it was cut off."""


def evaluate(
    tenant: Tenant,
    run: Run,
    inference: Answering,
    *,
    models: Mapping[Variant, str],
    inspect: Inspect,
    embed: Embed | None = None,
    retrieve: Mapping[Variant, Retrieve],
    progress: Callable[[float], None],
) -> Evaluation:
    """Measure the variants on the run's hold-out, store the evaluation with its report, and return it; once per run.

    `models` names what the engine calls each variant; `inspect` returns what the trained model says of some of the
    candidate's answers; `embed` returns texts as vectors, where there is an encoder; `retrieve` returns for each
    variant with retrieval the passages that the audience may see for a question, as its search finds them. These
    variants are measured for questions only. Raises EngineAway and EngineRefused.
    """
    with tenant.store.reading() as session:
        if done := runs.evaluation(session, run.id):
            return done
        agent = agents.get(session, run.agent_id)
        dataset = datasets.get(session, run.dataset_id or "")
        holdout = datasets.examples(session, dataset.id, split=Split.HOLDOUT)
        corrections = datasets.examples(session, dataset.id, split=Split.REGRESSION)
    asked = _ask(agent, [*holdout, *corrections], inference, models=models, retrieve=retrieve, progress=progress)
    values = measure(asked, agent.task)
    if embed:
        for variant, near in _meanings(asked, embed):
            values[variant]["similarity"] = near
    cases = choose_cases(asked, CASES[agent.task])
    found = inspect([_case(one, agent) for one in cases])
    for variant, losses in found.losses.items():
        values.setdefault(_as_used(variant, values), {})["loss"] = losses
    quantisation = _quantisation(cases, found.full_precision, agent.task)
    in_use = [(one.answer, len(one.passages)) for one in _as_asked(asked) if not scorers.is_refusal(one.answer)]
    demanded = kept([Criterion.of(row) for row in agent.criteria], in_use)
    scores = {
        variant.value: {metric: bootstrap(each).as_scores() for metric, each in metrics.items() if each}
        for variant, metrics in values.items()
    }
    evidence = weigh(values, agent.task, found, quantisation, demanded)
    evidence = replace(evidence, has_live=agent.live_release_id is not None, corrections=len(corrections))
    evaluation = Evaluation(
        run_id=run.id,
        scores=scores,
        objections=objections(evidence),
        samples=_samples(asked),
        parity=found.parity,
        criteria=[one.as_row() for one in demanded],
        probes=_probes(quantisation, found.exposures),
        report_path=str(Path(run.folder) / "report.html"),
    )
    _write(evaluation, agent, run, dataset, found)
    with tenant.store.transaction() as session:
        session.add(evaluation)
    progress(1.0)
    return evaluation


def baseline(
    tenant: Tenant, run: Run, inference: Answering, *, model: str, retrieve: Retrieve, progress: Callable[[float], None]
) -> dict[str, float]:
    """Return what the base model scores on the run's hold-out, with search where people have it: see `Score.as_scores`.

    It is asked just as `evaluate` will. Empty where the hold-out has nothing that documents answer.
    """
    with tenant.store.reading() as session:
        agent = agents.get(session, run.agent_id)
        holdout = datasets.examples(session, run.dataset_id or "", split=Split.HOLDOUT)
    variant = Variant.BASE_RETRIEVAL if agent.task is Task.QUESTIONS else Variant.BASE
    asked = _ask(agent, holdout, inference, models={variant: model}, retrieve={variant: retrieve}, progress=progress)
    scored = measure(asked, agent.task).get(variant, {}).get(HEADLINE[agent.task])
    return bootstrap(scored).as_scores() if scored else {}


def _ask(
    agent: Agent,
    examples: Sequence[Example],
    inference: Answering,
    *,
    models: Mapping[Variant, str],
    retrieve: Mapping[Variant, Retrieve],
    progress: Callable[[float], None],
) -> list[_Asked]:
    """Return what each variant answers; corrections are asked of those that could have learned them."""
    variants = [variant for variant in models if agent.task == Task.QUESTIONS or variant not in WITH_RETRIEVAL]
    asked = [
        _Asked(
            variant=variant,
            example=example,
            passages=retrieve[variant](example.question)
            if variant in WITH_RETRIEVAL and not _has_passages(example)
            else (),
        )
        for variant in variants
        for example in examples
        if (variant in WITH_RETRIEVAL or not _has_passages(example))
        and (variant in _ON_CORRECTIONS or example.split is Split.HOLDOUT)
    ]
    answers = inference.answer_all([_prompt(one, models[one.variant], agent) for one in asked], progress=progress)
    most = MAX_TOKENS[agent.task]
    return [
        replace(one, answer=said.text.strip(), is_whole=said.completion_tokens < most)
        for one, said in zip(asked, answers, strict=True)
    ]


def measure(asked: Sequence[_Asked], task: Task) -> Values:
    """Return every value of every metric; the order of examples is the same for all variants."""
    values: Values = {}
    for one in asked:
        metrics = values.setdefault(one.variant, {})
        for metric, value in _score(one, task).items():
            metrics.setdefault(metric, []).append(value)
    return values


def _meanings(asked: Sequence[_Asked], embed: Embed) -> Iterator[tuple[Variant, list[float]]]:
    """Give for each variant how near in meaning its answers are, where documents answer."""
    scored = [one for one in asked if _has_answer(one)]
    found = similarities([(one.answer, one.example.completion) for one in scored], embed)
    for variant in dict.fromkeys(one.variant for one in scored):
        yield variant, [near for one, near in zip(scored, found, strict=True) if one.variant is variant]


def _has_passages(example: Example) -> bool:
    """Return whether an example brings passages of its own, those that don't answer it: search might find others."""
    return example.origin == Origin.UNANSWERABLE


def _has_answer(one: _Asked) -> bool:
    return one.example.split == Split.HOLDOUT and one.example.completion != NOT_IN_DOCUMENTS


def weigh(
    values: Values, task: Task, found: Inspection, quantisation: Difference | None, criteria: Sequence[Kept]
) -> Evidence:
    """Return what the gates look at: differences between variants on the same examples."""
    headline = HEADLINE[task]
    in_use, live = _as_used(Variant.TUNED, values), _as_used(Variant.INCUMBENT, values)
    corrected = values.get(in_use, {}).get("regression")
    return Evidence(
        task=task,
        gain=_gain(values, headline),
        gain_with_retrieval=_over(values, Variant.TUNED_RETRIEVAL, Variant.BASE_RETRIEVAL, headline),
        declining=_over(values, Variant.TUNED_RETRIEVAL, Variant.BASE_RETRIEVAL, "refusal"),
        over_incumbent=_over(values, in_use, live, headline),
        regression=bootstrap(corrected) if corrected else None,
        parity=found.parity.get("faithful", 0.0),
        quantisation=quantisation,
        criteria=criteria,
        secrets=len(found.exposures),
        learned=tuple(SecretKind(one["kind"]) for one in found.exposures if one["is_learned"]),
    )


def _gain(values: Values, headline: str) -> Difference | None:
    """Return by how much it beats the base, by heart or as people use both, where it does so more surely.

    Two looks have two chances: that of chance alone counts for both (Bonferroni 1936).
    """
    looks = [
        found
        for better, worse in ((Variant.TUNED, Variant.BASE), (Variant.TUNED_RETRIEVAL, Variant.BASE_RETRIEVAL))
        if (found := _over(values, better, worse, headline))
    ]
    if not looks:
        return None
    surest = min(looks, key=lambda found: (found.mean <= 0, found.chance))
    return replace(surest, chance=min(1.0, len(looks) * surest.chance))


def choose_cases(asked: Sequence[_Asked], most: int) -> list[_Asked]:
    """Return some of the candidate's answers as people would get them, evenly spread."""
    found = _as_asked(asked)
    count = min(most, len(found))
    return [found[place * len(found) // count] for place in range(count)]


def _as_asked(asked: Sequence[_Asked]) -> list[_Asked]:
    """Return the candidate's answers as people would get them, where documents answer."""
    found = [one for one in asked if _has_answer(one)]
    variants = {one.variant for one in found}
    in_use = Variant.TUNED_RETRIEVAL if Variant.TUNED_RETRIEVAL in variants else Variant.TUNED
    return [one for one in found if one.variant is in_use]


def _as_used(variant: Variant, values: Values) -> Variant:
    """Return a variant with retrieval, where it was measured so."""
    retrieving = Variant(f"{variant}+retrieval")
    return retrieving if retrieving in values else variant


def _case(one: _Asked, agent: Agent) -> Case:
    return Case(
        messages=_messages(one, agent),
        reference=one.example.completion,
        answer=one.answer,
        is_whole=one.is_whole,
        max_tokens=MAX_TOKENS[agent.task],
    )


def _quantisation(cases: Sequence[_Asked], full_precision: Sequence[str], task: Task) -> Difference | None:
    """Return what the same model scores in full precision over its answers from the quantised base."""
    if not cases:
        return None
    served = [_score(one, task)[HEADLINE[task]] for one in cases]
    exact = [
        _score(replace(one, answer=text.strip()), task)[HEADLINE[task]]
        for one, text in zip(cases, full_precision, strict=True)
    ]
    return difference(exact, served)


def _probes(quantisation: Difference | None, exposures: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    found = {"quantisation": quantisation.as_scores()} if quantisation else {}
    if exposures:
        found["memorised"] = {
            "n": float(len(exposures)),
            "learned": float(sum(one["is_learned"] for one in exposures)),
            "bits": max(one["bits"] for one in exposures),
        }
    return found


def _prompt(one: _Asked, model: str, agent: Agent) -> Prompt:
    return Prompt(model=model, messages=_messages(one, agent), max_tokens=MAX_TOKENS[agent.task])


def _messages(one: _Asked, agent: Agent) -> list[Message]:
    if one.passages:
        return question_messages(one.example.question, one.passages, instructions=agent.guidance)
    return one.example.messages


def _score(one: _Asked, task: Task) -> dict[str, float]:
    answer, reference = one.answer, one.example.completion
    if one.example.split == Split.REGRESSION:
        is_exact = task == Task.QUESTIONS
        is_kept = scorers.exact_match(answer, reference) if is_exact else scorers.rouge_l(answer, reference) >= _ALIKE
        return {"regression": float(is_kept)}
    if task == Task.QUESTIONS and reference == NOT_IN_DOCUMENTS:
        return {"refusal": float(scorers.is_refusal(answer))}
    scores = {
        "exact_match": scorers.exact_match(answer, reference),
        "token_f1": scorers.token_f1(answer, reference),
        "rouge_l": scorers.rouge_l(answer, reference),
    }
    if one.variant in WITH_RETRIEVAL:
        scores["citation"] = scorers.citation(answer, reference, one.passages)
    return scores


def _over(values: Values, better: Variant, worse: Variant, metric: str) -> Difference | None:
    first, second = values.get(better, {}).get(metric), values.get(worse, {}).get(metric)
    return difference(first, second) if first and second else None


def _samples(asked: Sequence[_Asked]) -> list[dict[str, Any]]:
    """Return the examples side by side."""
    rows: dict[int, dict[str, Any]] = {}
    for one in asked:
        row = rows.setdefault(
            one.example.id or 0,
            {
                "question": one.example.question or one.example.messages[-1]["content"],
                "reference": one.example.completion,
                "split": str(one.example.split),
                "origin": str(one.example.origin),
                "answers": {},
            },
        )
        row["answers"][one.variant.value] = one.answer
    return list(rows.values())


def _write(evaluation: Evaluation, agent: Agent, run: Run, dataset: Dataset, found: Inspection) -> None:
    headline = HEADLINE[agent.task]
    asked = QUESTIONNAIRES[agent.task]
    told = [(asked[key], answer) for key, answer in agent.questionnaire.items() if key in asked]
    write_report(
        Path(evaluation.report_path),
        evaluation=evaluation,
        agent_name=agent.name,
        headline=headline,
        advice=advice_of(evaluation.scores, headline),
        counts=dataset.counts,
        exclusions=dataset.exclusions,
        losses=run.losses,
        told=[*told, *([("Instructions", agent.instructions)] if agent.instructions else [])],
        learned=[(KINDS[one["kind"]], one["title"]) for one in found.exposures if one["is_learned"]],
    )
