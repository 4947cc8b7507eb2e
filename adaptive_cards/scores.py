"""Scores of an evaluation as a table, its objections in words, and examples side by side."""

from collections.abc import Mapping

from adaptive_cards.elements import Element, bullets, escape, label, paragraph, shorten, table, verbatim
from tuning.domain.evaluations import Evaluation, Variant

VARIANTS = {
    Variant.BASE: "Base",
    Variant.BASE_RETRIEVAL: "Base + search",
    Variant.INCUMBENT: "Live",
    Variant.INCUMBENT_RETRIEVAL: "Live + search",
    Variant.TUNED: "Tuned",
    Variant.TUNED_RETRIEVAL: "Tuned + search",
}
METRICS = {
    "exact_match": "Exactly right",
    "token_f1": "Words right (F1)",
    "rouge_l": "ROUGE-L",
    "refusal": "Rightly declined",
}
MAX_METRICS = 3
MAX_SAMPLES = 3


def scores_table(evaluation: Evaluation) -> Element:
    """Return a row per variant: mean and 95 % interval of each metric, in percent."""
    found = {metric for scores in evaluation.scores.values() for metric in scores}
    metrics = [metric for metric in METRICS if metric in found][:MAX_METRICS]
    rows = [
        [title, *(_score(evaluation.scores[variant].get(metric)) for metric in metrics)]
        for variant, title in VARIANTS.items()
        if variant in evaluation.scores
    ]
    return table(["", *(METRICS[metric] for metric in metrics)], rows, [2] + [2] * len(metrics))


def objections(evaluation: Evaluation) -> list[Element]:
    """Return what speaks against publishing."""
    if not evaluation.objections:
        return [paragraph("✓ Every check passed.", color="good")]
    return [label("What speaks against publishing"), bullets(escape(one) for one in evaluation.objections)]


def samples(evaluation: Evaluation) -> list[Element]:
    """Return examples: question, expected answer, and what base and tuned said."""
    shown: list[Element] = []
    for sample in evaluation.samples[:MAX_SAMPLES]:
        answers = sample.get("answers") if isinstance(sample.get("answers"), dict) else sample
        shown.append(label(escape(shorten(str(sample.get("question", "")), 200))))
        shown.append(verbatim(f"Expected: {shorten(str(sample.get('reference') or 'The documents do not say.'), 300)}"))
        shown += [
            verbatim(f"{VARIANTS[variant]}: {shorten(str(answers[variant.value]), 300)}")
            for variant in (Variant.BASE_RETRIEVAL, Variant.TUNED, Variant.TUNED_RETRIEVAL)
            if answers and variant.value in answers
        ]
    return shown


def _score(score: Mapping[str, float] | None) -> str:
    if not score:
        return "-"
    return f"{score['mean'] * 100:.0f} % ({score['low'] * 100:.0f} to {score['high'] * 100:.0f})"
