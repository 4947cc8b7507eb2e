"""Accepted corrections against the documents: what a correction has overtaken is not taught any more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tuning.datasets.material import Material, Retrieval
from tuning.datasets.questions import Question, content_words, normalised
from tuning.domain.datasets import Split
from tuning.domain.feedback import Feedback
from tuning.domain.prompts import question_messages
from tuning.inference import BASE, Inference

_ANSWER_TOKENS = 48
_HELD = "hold-out question that a correction answers"
_SAME_MATTER = 0.4
"""Share of the telling words that a question must have in common with the corrected one."""


def supersede(
    questions: Sequence[Question],
    material: Material,
    retrieval: Retrieval,
    inference: Inference,
    dropped: Counter[str],
) -> tuple[list[Question], frozenset[int]]:
    """Return the questions with corrected answers in place of the documents' own, and the passages that say otherwise.

    What a document answers is found by asking the base model the corrected question over the passages that search
    finds: the facts of these passages with that same answer, about the same matter, are the overtaken ones. Where the
    answer stands but once in its passage, whatever it answers is the same matter, in whichever words it is asked for.
    On a document that is kept for measuring such questions are left out: the document's answer would be taken for the
    right one, and the correction's has been learned.
    """
    current: list[Question | None] = list(questions)
    overtaken: set[int] = set()
    for correction in material.corrections:
        shown = retrieval.best(correction.question, 4)
        if not shown:
            continue
        passages = [context.shown_with(correction.question) for context in shown]
        messages = question_messages(correction.question, passages)
        answer = normalised(inference.answer(BASE, messages, max_tokens=_ANSWER_TOKENS).text)
        shown_ids = {context.passage_id for context in shown}
        like_it = {
            index: question
            for index, question in enumerate(current)
            if question and question.context.passage_id in shown_ids and _is_same(normalised(question.answer), answer)
        }
        about = {it.context.passage_id for it in like_it.values() if _is_about(it, correction)}
        for index, question in like_it.items():
            if _is_about(question, correction) or (question.context.passage_id in about and _stands_once(question)):
                is_held = material.splits[question.context.document_id] is Split.HOLDOUT
                dropped[_HELD] += is_held
                corrected = replace(question, answer=correction.correction, supersedes=question.answer)
                current[index] = None if is_held else corrected
        overtaken |= about
    return [question for question in current if question], frozenset(overtaken)


def _is_same(one: str, other: str) -> bool:
    """Whether both answers are the same; one may leave out the unit that the other ends with."""
    return bool(one and other) and (f"{one} ".startswith(f"{other} ") or f"{other} ".startswith(f"{one} "))


def _is_about(question: Question, correction: Feedback) -> bool:
    return _overlap(question.text, correction.question) >= _SAME_MATTER


def _stands_once(question: Question) -> bool:
    return f" {normalised(question.context.passage.text)} ".count(f" {normalised(question.answer)} ") == 1


def _overlap(one: str, other: str) -> float:
    first, second = content_words(one), content_words(other)
    return len(first & second) / max(1, min(len(first), len(second)))
