"""A run's dataset: what the agent may learn from, as examples, frozen and hashed."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence

from sqlmodel import Session

from tuning.datasets.asked import asked
from tuning.datasets.assembly import Assembly
from tuning.datasets.corrections import supersede
from tuning.datasets.explicit import lists, tables
from tuning.datasets.gaps import gaps
from tuning.datasets.labels import heed, heed_pairs
from tuning.datasets.material import Material, Retrieval, gather, without_secrets
from tuning.datasets.pairs import Pairs, target_id
from tuning.datasets.preferences import preferences, verdict
from tuning.datasets.questions import Context, Question
from tuning.datasets.revisions import revised
from tuning.datasets.samples import choose, of_pairs, of_questions
from tuning.datasets.statements import statements
from tuning.datasets.writing import shortened, written
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.errors import NotAllowed, TooFewExamples
from tuning.domain.fields import new_id
from tuning.domain.prompts import Task
from tuning.domain.runs import Run
from tuning.domain.samples import Sample
from tuning.governance.policy import check_documents
from tuning.governance.tenant import Tenant
from tuning.inference import Inference
from tuning.languages import mark, number, say
from tuning.sources.formats import MAPPING
from tuning.store import datasets, documents, runs, samples
from tuning.store import pairs as confirmed_pairs

LEAST_SAMPLES = 21
"""Questions or pairs below which a run is refused: more than 20 are needed."""
LONGEST = 2_048
"""Tokens of a pair at most, as a training takes it (`TrainingConfig.row_tokens`); one that is cut teaches to stop."""
LONGEST_ANSWER = 512
"""Tokens of a draft or summary at most when it is measured."""
Lengths = Callable[[Sequence[Example]], Sequence[tuple[int, int]]]
"""Returns the tokens of each example's prompt, and of it with its completion."""
MOST_SAMPLES = 10_000
"""Documents or pairs above which a run is refused."""


def build(
    tenant: Tenant,
    run: Run,
    inference: Inference,
    *,
    progress: Callable[[float], None],
    lengths: Lengths = lambda examples: [(0, 0)] * len(examples),
) -> Dataset:
    """Make and freeze the dataset of a run, or return the one that it has.

    Questions come from people, as sources list them, from the documents' own lists and tables, from rules over their
    sentences, and from the base model; corrections that the owner accepted overtake them. Everything is deterministic
    but for what the model writes, which is so for one engine and seed. Pairs that are too long, by `lengths`, are left
    out. Raises TooFewExamples, and NotAllowed for more documents than the policy allows.
    """
    with tenant.store.reading() as session:
        if done := _made(session, runs.get(session, run.id)):
            return done
        material = gather(session, tenant, run.agent_id)
        _require_documents(material)
        check_documents(session, len(material.documents))
        dataset = Dataset(id=new_id(), agent_id=run.agent_id)
        dropped: Counter[str] = Counter()
        if material.agent.task == Task.QUESTIONS:
            material = without_secrets(material)
            retrieval = Retrieval(session, material, tenant)
            sources = [documents.get_source(session, source_id) for source_id in material.agent.source_ids]
            questions = asked(tenant, sources, material, dropped)
            questions += _questions(session, material, retrieval, inference, dropped, progress=progress)
            questions, relabelled = heed(questions, material.labelled, material.contexts, material.splits, dropped)
            _require_samples(len(questions), mark("questions"), mark("Add documents"))
            questions, overtaken = supersede(questions, material, retrieval, inference, dropped)
            examples = Assembly(dataset.id, material, retrieval, dropped).examples(questions, overtaken | relabelled)
            examples += preferences(dataset.id, material, retrieval, dropped)
            shown = _to_look_at(dataset, material, questions, inference)
        else:
            pairs = Pairs(dataset.id, material, tenant, dropped)
            examples = _pairs(session, pairs, material)
            examples = revised(session, tenant, material, examples, pairs.precedents, dropped=dropped)
            examples = _short(examples, lengths(examples), dropped)
            candidates = of_pairs(examples, (one.question for one in material.labelled))
            shown = choose(candidates, None, agent_id=run.agent_id, dataset_id=dataset.id)
            examples = heed_pairs(examples, material.labelled, dropped)
            _require_pairs(examples, is_mapped=not any(reason.startswith(MAPPING) for reason in dropped))
    _describe(dataset, material, examples, dropped)
    with tenant.store.transaction() as session:
        current = runs.get_for_update(session, run.id)
        if done := _made(session, current):
            return done
        if current.dataset_id is not None:
            datasets.remove(session, current.dataset_id)
        datasets.add(session, dataset, examples)
        samples.replace(session, run.agent_id, shown)
        current.dataset_id = run.dataset_id = dataset.id
    progress(1.0)
    return dataset


def _made(session: Session, run: Run) -> Dataset | None:
    """Return the dataset of a run; None if it has none, or the owner has labelled its samples since."""
    if run.dataset_id is None:
        return None
    dataset = datasets.get(session, run.dataset_id)
    return None if run.labelled_at and dataset.created_at < run.labelled_at else dataset


def _to_look_at(
    dataset: Dataset, material: Material, questions: Sequence[Question], inference: Inference
) -> list[Sample]:
    """Return what the owner is shown of the dataset: no questions on reserved documents, and none that they know."""
    known = [text for one in material.labelled for text in (one.question, one.owner_question) if text]
    found = of_questions(questions, known, lambda context: material.splits[context.document_id] is Split.TRAIN)
    return choose(found, inference, agent_id=dataset.agent_id, dataset_id=dataset.id)


def _require_documents(material: Material) -> None:
    total = material.coverage.total
    if total == 0:
        raise TooFewExamples(say("The agent's sources hold no documents. Add documents, then start again."))
    if not material.documents:
        raise TooFewExamples(
            say(
                "None of the {total} documents can be learned from: the agent's card lists why. "
                "Change the audience or share documents, then start again.",
                total=total,
            )
        )
    if material.agent.task == Task.QUESTIONS and len(material.documents) > MOST_SAMPLES:
        raise NotAllowed(_too_many(len(material.documents), mark("documents")))


def _questions(
    session: Session,
    material: Material,
    retrieval: Retrieval,
    inference: Inference,
    dropped: Counter[str],
    *,
    progress: Callable[[float], None],
) -> list[Question]:
    listed = [it for context in material.contexts for it in lists(context)]
    explicit = shortened(listed, inference, progress=lambda share: progress(0.2 * share))
    by_rule = [it for context in material.contexts for it in _by_rule(context)]
    known, fresh = _known(session, material)
    made = written(
        fresh,
        inference,
        retrieval.distractors,
        dropped=dropped,
        progress=lambda share: progress(0.2 + 0.7 * share),
    )
    return [*explicit, *by_rule, *known, *made]


def _by_rule(context: Context) -> list[Question]:
    """Return the questions that rules find in a passage, by gaps only where grammar finds none."""
    asked = [*tables(context), *statements(context)]
    return [*asked, *gaps(context, frozenset(it.answer for it in asked))]


def _known(session: Session, material: Material) -> tuple[list[Question], list[Context]]:
    """Return what the model wrote for the last dataset on unchanged documents, and the passages of the others."""
    last = datasets.last_frozen(session, material.agent.id)
    if last is None:
        return [], list(material.contexts)
    # What was erased or forgotten is gone from the dataset, and has to be written anew.
    there = datasets.learned_documents(session, last.id)
    same = {it.id for it in material.documents.values() if last.document_hashes.get(it.id) == it.sha256} & there
    contexts = {context.passage_id: context for context in material.contexts if context.document_id in same}
    found: dict[tuple[int, str], Question] = {}
    for example in datasets.examples(session, last.id, origin=Origin.WRITTEN):
        context = contexts.get(example.passage_id or 0)
        if context and example.detail.get("made_by") == "model":
            asked = str(example.detail["asked"])
            answer = str(example.detail.get("supersedes") or example.detail["answer"])
            found[context.passage_id, asked] = Question(
                origin=Origin.WRITTEN, text=asked, answer=answer, context=context, made_by="model"
            )
    return list(found.values()), [context for context in material.contexts if context.document_id not in same]


def _pairs(session: Session, pairs: Pairs, material: Material) -> list[Example]:
    sources = [documents.get_source(session, source_id) for source_id in material.agent.source_ids]
    examples = pairs.examples(sources, confirmed_pairs.accepted(session, material.agent.id))
    if len(examples) > MOST_SAMPLES:
        raise NotAllowed(_too_many(len(examples), mark("pairs")))
    return examples


def _short(examples: Sequence[Example], tokens: Sequence[tuple[int, int]], dropped: Counter[str]) -> list[Example]:
    """Return the examples that a training can take; what is measured with needs room for the answer, too.

    `tokens`: of each prompt, and of it with its completion.
    """
    fit = []
    for example, (prompt, whole) in zip(examples, tokens, strict=True):
        is_measured = example.split in {Split.HOLDOUT, Split.REGRESSION}
        fit.append(max(whole, prompt + LONGEST_ANSWER if is_measured else 0) <= LONGEST)
    dropped[f"longer than {LONGEST} tokens"] += fit.count(False)
    return [example for example, is_fit in zip(examples, fit, strict=True) if is_fit]


def _require_pairs(examples: Sequence[Example], *, is_mapped: bool) -> None:
    """Count each pair once, whatever its owner said of it, and what is kept for measuring up to half of the others.

    A correction counts for the pair that it may have overtaken. Where a mapping was left out, not `is_mapped`.
    """
    advice = (
        mark("Name more pairs in mapping.csv, or confirm those that 'Pairs' on the agent's card finds")
        if is_mapped
        else mark("Let all of the audience read mapping.csv, as it is not learned from otherwise")
    )
    counted = [(it.split, _matter(it)) for it in examples if it.origin is not Origin.PREFERENCE]
    learned = len({matter for split, matter in counted if split is Split.TRAIN})
    held = len({matter for split, matter in counted if split is Split.HOLDOUT})
    _require_samples(
        learned + min(held, learned // 2),
        mark("usable pairs"),
        advice,
    )


def _matter(example: Example) -> tuple[str | None, str]:
    is_pair = example.origin is Origin.PAIR
    return (example.document_id, target_id(example)) if is_pair else (example.feedback_id, "")


def _require_samples(count: int, things: str, advice: str) -> None:
    if count >= LEAST_SAMPLES:
        return
    raise TooFewExamples(
        say(
            "There are {count} {things}, and at least {least} are needed: {missing} are missing. "
            "{advice}, then start again.",
            count=count,
            things=say(things),
            least=LEAST_SAMPLES,
            missing=LEAST_SAMPLES - count,
            advice=say(advice),
        )
    )


def _too_many(count: int, things: str) -> str:
    return say(
        "There are {count} {things}, and an agent learns from {most} at most: {over} are too many. "
        "Take some out of its sources, then start again.",
        count=number(count),
        things=say(things),
        most=number(MOST_SAMPLES),
        over=number(count - MOST_SAMPLES),
    )


def _describe(dataset: Dataset, material: Material, examples: Sequence[Example], dropped: Counter[str]) -> None:
    made = Counter(f"{example.split}/{example.origin}" for example in examples)
    dataset.counts = {
        **dict(sorted(made.items())),
        **{f"dropped/{reason}": count for reason, count in sorted(dropped.items()) if count},
    }
    learned = _learned(material, examples)
    dataset.document_hashes = {it.id: it.sha256 for it in material.documents.values() if it.id in learned}
    dataset.readers = {it.id: list(it.readers) for it in material.documents.values() if it.id in learned}
    dataset.exclusions = [
        {"document_id": it.document_id, "title": it.title, "reason": it.reason} for it in material.coverage.exclusions
    ]
    dataset.sha256 = _digest(examples)


def _learned(material: Material, examples: Sequence[Example]) -> set[str]:
    """Return the documents whose text is in anything that is learned: asked about, part of a pair, or shown beside."""
    owner_of = {context.passage_id: context.document_id for context in material.contexts}
    found: set[str] = set()
    for it in examples:
        if it.split in {Split.TRAIN, Split.VALIDATION, Split.SEARCH}:
            found.update([it.document_id] if it.document_id else [], it.detail.get("document_ids", ()))
            found.update(owner_of[passage_id] for passage_id in it.detail.get("passage_ids", ()))
    return found


def _digest(examples: Sequence[Example]) -> str:
    """Return the SHA-256 over the examples in order; ids of rows are chance and don't count."""
    digest = hashlib.sha256()
    for it in examples:
        content = [it.split, it.origin, it.messages, it.completion, it.question, *verdict(it).values()]
        digest.update(json.dumps(content, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
