"""What owners have said of samples, against the questions and pairs of a new dataset."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tuning.datasets.questions import (
    NEARLY_THE_SAME,
    Context,
    Question,
    content_words,
    normalised,
    shingles,
    similarity,
)
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.samples import Sample, Verdict

BY_OWNER = "owner"
"""What a question was made by that an owner worded or wants to keep."""
_NOT_GOOD = "not good, says the owner"


def heed(
    questions: Sequence[Question],
    labelled: Sequence[Sample],
    contexts: Sequence[Context],
    splits: Mapping[str, Split],
    dropped: Counter[str],
) -> tuple[list[Question], frozenset[int]]:
    """Return the questions as the owner wants them, and the passages that an owner's answer has overtaken.

    What is not good goes with all that asks nearly the same of its document, or gets nearly the same answer elsewhere;
    what is good stays, also where this time nothing made it; what was edited takes the place of what stood there. The
    hold-out is left alone: nobody improves a score by labelling.
    """
    current = [it for it in questions if splits[it.context.document_id] is Split.HOLDOUT]
    open_to_it = [it for it in questions if splits[it.context.document_id] is not Split.HOLDOUT]
    by_document: dict[str, list[Context]] = {}
    for context in (it for it in contexts if splits[it.document_id] is not Split.HOLDOUT):
        by_document.setdefault(context.document_id, []).append(context)
    overtaken: set[int] = set()
    for sample in labelled:
        stays = [it for it in open_to_it if not _is_meant(it, sample)]
        meant = [it for it in open_to_it if _is_meant(it, sample)]
        if sample.verdict is Verdict.BAD:
            dropped[_NOT_GOOD] += len(meant)
            open_to_it = stays
            continue
        if (wanted := _wanted(sample, meant, by_document.get(sample.document_id or "", ()))) is None:
            continue
        if wanted.supersedes:
            overtaken.add(wanted.context.passage_id)
        open_to_it = [*(stays if sample.verdict is Verdict.EDITED else _but(open_to_it, wanted)), wanted]
    return [*current, *open_to_it], frozenset(overtaken)


def heed_pairs(examples: Sequence[Example], labelled: Iterable[Sample], dropped: Counter[str]) -> list[Example]:
    """Return the pairs as the owner wants them: good ones twice, edited ones in the owner's words, others not."""
    said = {(sample.document_id, sample.question): sample for sample in labelled}
    kept: list[Example] = []
    for it in examples:
        sample = said.get((it.document_id, it.messages[-1]["content"])) if it.split is Split.TRAIN else None
        if sample is None:
            kept.append(it)
        elif sample.verdict is Verdict.BAD:
            dropped[_NOT_GOOD] += 1
        else:
            if sample.verdict is Verdict.EDITED:
                it.completion, it.sample_id = sample.owner_answer, sample.id
            kept += [it, Example(**it.model_dump())]
    return kept


def _is_meant(question: Question, sample: Sample) -> bool:
    """Return whether a sample's label is about a question."""
    asked = [sample.question, *([sample.owner_question] if sample.owner_question else [])]
    if max(similarity(shingles(question.text), shingles(one)) for one in asked) < NEARLY_THE_SAME:
        return False
    answers = {normalised(sample.answer), normalised(sample.owner_answer)}
    return question.context.document_id == sample.document_id or normalised(question.answer) in answers


def _wanted(sample: Sample, meant: Sequence[Question], contexts: Sequence[Context]) -> Question | None:
    """Return the question that a sample stands for now; None if its document says nothing of it any more."""
    ask, answer = sample.wanted
    exact = [it for it in meant if it.context.document_id == sample.document_id]
    if sample.verdict is Verdict.GOOD and exact:
        same = [it for it in exact if it.text == ask]
        return replace(same[0] if same else exact[0], is_good=True)
    context = exact[0].context if exact else _place(sample, contexts)
    if context is None:
        return None
    is_supported = normalised(answer) in normalised(context.passage.text)
    return Question(
        origin=Origin.WRITTEN,
        text=ask,
        answer=answer,
        context=context,
        made_by=BY_OWNER,
        supersedes="" if is_supported else sample.answer,
        is_good=True,
        sample_id=sample.id if sample.verdict is Verdict.EDITED else "",
    )


def _place(sample: Sample, contexts: Sequence[Context]) -> Context | None:
    """Return the passage of a document that holds a sample's answer, and says most of what it asks."""
    answer, asked = normalised(sample.answer), content_words(sample.question)
    holding = [it for it in contexts if answer in normalised(it.passage.text)]
    return max(holding, key=lambda it: len(asked & content_words(it.passage.text)), default=None)


def _but(questions: Sequence[Question], one: Question) -> list[Question]:
    return [it for it in questions if (it.text, it.context.passage_id) != (one.text, one.context.passage_id)]
