"""The examples of an evaluation side by side, each answer marked as right or wrong. Pure functions of texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from tuning.domain.evaluations import Variant
from tuning.domain.prompts import NOT_IN_DOCUMENTS
from tuning.evaluation import scorers

_SIGNS = {"right": "✓", "wrong": "✗"}


def compared(samples: Sequence[Mapping[str, Any]], headline: str) -> list[dict[str, Any]]:
    """Return each example with its answers, marked where answers are right or wrong, else with the headline's score.

    `kinds`: 'better' if only the tuned model was right of the two as people use them, 'worse' if only the base was,
    'corrected' for what somebody corrected.
    """
    found = []
    for sample in samples:
        reference = str(sample["reference"])
        answers = [_answer(variant, text, reference, headline) for variant, text in sample["answers"].items()]
        kinds = ["corrected"] if sample["split"] == "regression" else []
        if change := _change({it["variant"]: it["mark"] for it in answers}):
            kinds.append(change)
        found.append({**sample, "answers": answers, "kinds": kinds})
    return found


def _answer(variant: str, text: str, reference: str, headline: str) -> dict[str, str]:
    if headline != "exact_match":
        return {"variant": variant, "text": text, "mark": "", "label": f"{scorers.rouge_l(text, reference):.0%}"}
    declines = reference == NOT_IN_DOCUMENTS
    is_right = scorers.is_refusal(text) if declines else bool(scorers.exact_match(text, reference))
    mark = "right" if is_right else "wrong"
    return {"variant": variant, "text": text, "mark": mark, "label": _SIGNS[mark]}


def _change(marks: Mapping[str, str]) -> str:
    for tuned, base in ((Variant.TUNED_RETRIEVAL, Variant.BASE_RETRIEVAL), (Variant.TUNED, Variant.BASE)):
        if tuned in marks and base in marks:
            return {("right", "wrong"): "better", ("wrong", "right"): "worse"}.get((marks[tuned], marks[base]), "")
    return ""
