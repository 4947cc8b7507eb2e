"""Scores of an evaluation as a table, its objections in words, and examples side by side."""

from collections.abc import Mapping
from typing import Any

from adaptive_cards.elements import Element, bullets, escape, label, paragraph, shorten, table, verbatim
from tuning.domain.criteria import Criterion
from tuning.domain.evaluations import Evaluation, Variant
from tuning.languages import mark, number, retell, say

VARIANTS = {
    Variant.BASE: mark("Base"),
    Variant.BASE_RETRIEVAL: mark("Base + search"),
    Variant.INCUMBENT: mark("Live"),
    Variant.INCUMBENT_RETRIEVAL: mark("Live + search"),
    Variant.TUNED: mark("Tuned"),
    Variant.TUNED_RETRIEVAL: mark("Tuned + search"),
}
METRICS = {
    "exact_match": mark("Exactly right"),
    "token_f1": mark("Words right (F1)"),
    "rouge_l": "ROUGE-L",
    "refusal": mark("Rightly declined"),
}
MAX_METRICS = 3
MAX_SAMPLES = 3
MAX_OBJECTION = 1_000
"""Characters; each is there, however many there are."""


def scores_table(evaluation: Evaluation) -> Element | None:
    """Return a row per variant: mean and 95 % interval of each metric, in percent; None if nothing was measured."""
    if not evaluation.scores:
        return None
    found = {metric for scores in evaluation.scores.values() for metric in scores}
    metrics = [metric for metric in METRICS if metric in found][:MAX_METRICS]
    rows = [
        [say(title), *(_score(evaluation.scores[variant].get(metric)) for metric in metrics)]
        for variant, title in VARIANTS.items()
        if variant in evaluation.scores
    ]
    return table(["", *(say(METRICS[metric]) for metric in metrics)], rows, [2] + [2] * len(metrics))


def criteria(evaluation: Evaluation) -> list[Element]:
    """Return the owner's criteria, each with how many answers are as it demands."""
    if not evaluation.criteria:
        return []
    return [label(say("What the owner demands of answers")), bullets(_kept(row) for row in evaluation.criteria)]


def _kept(row: Mapping[str, Any]) -> str:
    share = say("{share} % of {count} answers", share=f"{row['share'] * 100:.0f}", count=number(row["n"]))
    return f"{escape(Criterion.of(row).line())}: {share}"


def objections(evaluation: Evaluation) -> list[Element]:
    """Return what speaks against publishing."""
    if not evaluation.scores and not evaluation.objections:
        return [paragraph(say("✗ Nothing has been measured."), color="attention")]
    if not evaluation.objections:
        return [paragraph(say("✓ Every check passed."), color="good")]
    found = [escape(shorten(retell(one), MAX_OBJECTION)) for one in evaluation.objections]
    return [label(say("What speaks against publishing")), bullets(found)]


def samples(evaluation: Evaluation) -> list[Element]:
    """Return examples: question, expected answer, and what base and tuned said."""
    shown: list[Element] = []
    for sample in evaluation.samples[:MAX_SAMPLES]:
        answers = sample.get("answers") if isinstance(sample.get("answers"), dict) else sample
        shown.append(label(escape(shorten(str(sample.get("question", "")), 200))))
        shown.append(verbatim(say("Expected: {answer}", answer=_expected(sample))))
        shown += [
            verbatim(f"{say(VARIANTS[variant])}: {shorten(str(answers[variant.value]), 300)}")
            for variant in (Variant.BASE_RETRIEVAL, Variant.TUNED, Variant.TUNED_RETRIEVAL)
            if answers and variant.value in answers
        ]
    return shown


def _expected(sample: Mapping[str, object]) -> str:
    return shorten(str(sample.get("reference") or say("The documents do not say.")), 300)


def _score(score: Mapping[str, float] | None) -> str:
    if not score:
        return "—"
    mean, low, high = (f"{score[key] * 100:.0f}" for key in ("mean", "low", "high"))
    return say("{mean} % ({low} to {high})", mean=mean, low=low, high=high)
