"""Questions that the base model writes about passages, of which only those stay that it can answer itself."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tuning.datasets.questions import Context, Question, Seen, content_words, normalised, without_citation
from tuning.domain.datasets import Origin
from tuning.domain.prompts import question_messages, question_writer_messages
from tuning.inference import BASE, Inference, Prompt

SAMPLES = 2
"""Times that the model is asked about a passage: once greedily, then with chance for other wordings."""
_TEMPERATURE = 0.8
_WRITER_TOKENS = 160
_ANSWER_TOKENS = 48
_DISTRACTORS = 2
_MAX_ANSWER_WORDS = 20
_LEAST_WORDS = 2
_SAME_WORDING = 0.85
_PAIR = re.compile(r"^Q:\s*(?P<question>.+?)\s*\nA:\s*(?P<answer>.+?)\s*$", re.MULTILINE)

Distractors = Callable[[str, Context, int], Sequence[Context]]
"""For a question, its passage and a number: that many other passages which might seem to answer it."""


def written(
    contexts: Sequence[Context],
    inference: Inference,
    distractors: Distractors,
    *,
    dropped: Counter[str],
    progress: Callable[[float], None],
) -> list[Question]:
    """Return questions on the passages, in their order; counts in `dropped` what was not kept, by reason.

    A question stays if its answer stands word for word in the passage, it says what it is about, and the model answers
    it the same way from this passage among others (round-trip consistency after Alberti et al. 2019, arXiv:1906.05416).
    """
    prompts = [
        Prompt(
            model=BASE,
            messages=question_writer_messages(context.passage),
            max_tokens=_WRITER_TOKENS,
            temperature=_TEMPERATURE if sample else 0.0,
            seed=sample,
        )
        for context in contexts
        for sample in range(SAMPLES)
    ]
    replies = inference.answer_all(prompts, progress=lambda share: progress(share / 2))
    candidates = []
    for number, context in enumerate(contexts):
        texts = [reply.text for reply in replies[number * SAMPLES : (number + 1) * SAMPLES]]
        candidates += list(_candidates(context, texts, dropped))
    kept = _round_trip(candidates, inference, distractors, lambda share: progress(0.5 + share / 2))
    dropped["round trip"] += len(candidates) - len(kept)
    return kept


def shortened(
    questions: Sequence[Question], inference: Inference, *, progress: Callable[[float], None]
) -> list[Question]:
    """Return explicit questions with the part of their answer that the base model picks; whole where it picks none."""
    shown = [it.context.shown_with(it.text, answer=it.answer) for it in questions]
    prompts = [
        Prompt(model=BASE, messages=question_messages(it.text, [passage]), max_tokens=_ANSWER_TOKENS)
        for it, passage in zip(questions, shown, strict=True)
    ]
    replies = inference.answer_all(prompts, progress=progress)
    picked = [
        _span(without_citation(reply.text).rstrip("."), it.answer) for it, reply in zip(questions, replies, strict=True)
    ]
    return [replace(it, answer=part or it.answer) for it, part in zip(questions, picked, strict=True)]


def _candidates(context: Context, texts: Sequence[str], dropped: Counter[str]) -> Iterator[Question]:
    seen = Seen()
    for text in texts:
        for pair in _PAIR.finditer(text):
            question, answer = pair["question"], pair["answer"].rstrip(".")
            reason = _objection(question, answer, context)
            if not reason and seen.has(question, _SAME_WORDING):
                reason = "said before"
            if reason:
                dropped[reason] += 1
                continue
            seen.add(question)
            text_span = _span(answer, context.passage.text)
            yield Question(origin=Origin.WRITTEN, text=question, answer=text_span, context=context, made_by="model")


def _objection(question: str, answer: str, context: Context) -> str:
    passage = context.passage
    asked = content_words(question)
    if not question.endswith("?") or not answer or len(answer.split()) > _MAX_ANSWER_WORDS:
        return "not a question"
    if not _span(answer, passage.text):
        return "answer not in passage"
    if len(asked) < _LEAST_WORDS or not asked & content_words(f"{passage.title} {passage.heading} {passage.text}"):
        return "too general"
    if normalised(answer) in normalised(question):
        return "answers itself"
    return ""


def _span(answer: str, text: str) -> str:
    """Return the answer as it stands in the text, where small and capital letters may differ; empty if it doesn't."""
    found = re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE) if answer else None
    return found[0] if found else ""


def _round_trip(
    candidates: Sequence[Question], inference: Inference, distractors: Distractors, progress: Callable[[float], None]
) -> list[Question]:
    prompts = []
    for number, question in enumerate(candidates):
        shown = [question.context, *distractors(question.text, question.context, _DISTRACTORS)]
        random.Random(number).shuffle(shown)
        passages = [context.shown_with(question.text, answer=question.answer) for context in shown]
        messages = question_messages(question.text, passages)
        prompts.append(Prompt(model=BASE, messages=messages, max_tokens=_ANSWER_TOKENS))
    replies = inference.answer_all(prompts, progress=progress)
    pairs = zip(candidates, replies, strict=True)
    return [question for question, reply in pairs if normalised(reply.text) == normalised(question.answer)]
