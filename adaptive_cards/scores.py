"""Scores of an evaluation as a table, its objections in words, and examples side by side."""

from collections.abc import Mapping
from typing import Any

from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    escape,
    interval_bar,
    label,
    paragraph,
    shorten,
    table,
    verbatim,
)
from tuning.domain.criteria import Criterion, together
from tuning.domain.evaluations import HEADLINE, Evaluation, Variant
from tuning.domain.prompts import Task
from tuning.languages import mark, number, retell, say

VARIANTS = {
    Variant.BASE: mark("Base"),
    Variant.BASE_RETRIEVAL: mark("Base + search"),
    Variant.BASE_LEARNED: mark("Base + learned search"),
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
    kept = bullets(_kept(row) for row in evaluation.criteria)
    return [label(say("What the owner demands of answers")), kept, aside(together(evaluation.criteria))]


def _kept(row: Mapping[str, Any]) -> str:
    share = say("{share} % of {count} answers", share=f"{row['share'] * 100:.0f}", count=number(row["n"]))
    return f"{escape(Criterion.of(row).line())}: {share}"


def rating(evaluation: Evaluation) -> list[Element]:
    """Return what the owner preferred without knowing whose answer was whose, as a bar and in words."""
    found = evaluation.rating
    if not found.get("n"):
        return []
    other = say(VARIANTS[Variant(found["against"])])
    told = say(
        "The owner preferred the candidate's answer {better} times, that of {other} {worse} times, and neither {equal} "
        "times, not knowing whose was whose.",
        better=number(found["better"]),
        other=f"*{other}*",
        worse=number(found["worse"]),
        equal=number(found["equal"]),
    )
    share = say("For the candidate, ties halved: {share}", share=_score(found))
    return [label(say("Compared blindly")), interval_bar(found), paragraph(share), aside(told)]


def chart(evaluation: Evaluation, task: Task) -> list[Element]:
    """Return a bar per variant for the score that matters most, with its 95 % interval."""
    metric = HEADLINE[task]
    found = {
        title: score
        for variant, title in VARIANTS.items()
        if (score := evaluation.scores.get(variant, {}).get(metric)) is not None
    }
    bars = [
        part
        for title, score in found.items()
        for part in (aside(f"{say(title)}: {_score(score)}"), interval_bar(score))
    ]
    return [label(say(METRICS[metric])), *bars] if bars else []


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
        shown.append(verbatim(say("Expected: {answer}", answer=shorten(expected(sample), 300))))
        shown += [
            verbatim(f"{say(VARIANTS[variant])}: {shorten(str(answers[variant.value]), 300)}")
            for variant in (Variant.BASE_RETRIEVAL, Variant.TUNED, Variant.TUNED_RETRIEVAL)
            if answers and variant.value in answers
        ]
    return shown


def expected(sample: Mapping[str, object]) -> str:
    """Return what an example was to be answered with."""
    return str(sample.get("reference") or say("The documents do not say."))


def _score(score: Mapping[str, float] | None) -> str:
    if not score:
        return "—"
    mean, low, high = (f"{score[key] * 100:.0f}" for key in ("mean", "low", "high"))
    return say("{mean} % ({low} to {high})", mean=mean, low=low, high=high)
