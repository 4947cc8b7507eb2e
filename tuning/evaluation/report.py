"""An evaluation as one HTML file: scores with their intervals, the loss, and every example side by side."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tuning.domain.criteria import Criterion
from tuning.domain.evaluations import Evaluation

LABELS = {
    "exact_match": "exact match",
    "token_f1": "token F1",
    "rouge_l": "ROUGE-L",
    "similarity": "means the same",
    "refusal": "says when documents don't say",
    "citation": "cites the right passage",
    "regression": "corrections kept",
    "loss": "loss, nats per token",
}
_WIDTH, _HEIGHT = 640, 180
_RATING = re.compile(r"(<!-- rating -->).*?(<!-- /rating -->)", re.DOTALL)


def write_report(
    path: Path,
    *,
    evaluation: Evaluation,
    agent_name: str,
    headline: str,
    advice: str,
    counts: Mapping[str, int],
    exclusions: Sequence[Mapping[str, str]],
    losses: Sequence[Sequence[float]],
    learned: Sequence[tuple[str, str]],
) -> None:
    """Write the report; it needs nothing from outside the file, and all text of documents is escaped.

    `learned`: of each secret that the model knows by heart, what it is and the document's title. They stand here and
    not in the store, since this file goes when a document is erased.
    """
    environment = Environment(
        loader=PackageLoader("tuning.evaluation", ""),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    metrics = [metric for metric in LABELS if any(metric in scores for scores in evaluation.scores.values())]
    page = environment.get_template("report.html.jinja").render(
        agent=agent_name,
        evaluation=evaluation,
        headline=LABELS[headline],
        advice=advice,
        labels=LABELS,
        metrics=metrics,
        bars=bars(evaluation.scores, headline),
        curve=curve(losses),
        width=_WIDTH,
        height=_HEIGHT,
        counts=counts,
        exclusions=exclusions,
        learned=learned,
        criteria=[(Criterion.of(row).line(), row) for row in evaluation.criteria],
        variants=list(evaluation.scores),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def put_rating(path: Path, evaluation: Evaluation) -> None:
    """Put what the owner preferred in a blind round into a report, in the place of what stood there."""
    if not path.is_file():  # erased with a document that it quotes
        return
    rating = evaluation.rating
    told = (
        f"Without knowing whose answer was whose, the owner preferred the candidate's {rating['better']} times, "
        f"{rating['against']}'s {rating['worse']} times, and neither {rating['equal']} times: "
        f"{rating['mean']:.0%} for the candidate, ties halved ({rating['low']:.0%} to {rating['high']:.0%})."
    )
    page = path.read_text(encoding="utf-8")
    fresh = path.with_name(f".{path.name}.part")
    fresh.write_text(_RATING.sub(lambda found: f"{found[1]}<p>{told}</p>{found[2]}", page), encoding="utf-8")
    fresh.replace(path)


def bars(scores: Mapping[str, Mapping[str, Mapping[str, float]]], metric: str) -> list[dict[str, Any]]:
    """Return one bar per variant: its name, and its mean and interval in pixels."""
    return [
        {
            "name": variant,
            "label": f"{values[metric]['mean']:.0%}",
            **{key: round(values[metric][key] * (_WIDTH - 240)) for key in ("mean", "low", "high")},
        }
        for variant, values in scores.items()
        if metric in values
    ]


def curve(losses: Sequence[Sequence[float]]) -> str:
    """Return the loss as the points of an SVG line, on a logarithmic scale from 0.01 up; empty if there is none."""
    if not losses:
        return ""
    floor, last = math.log(0.01), max(step for step, _ in losses)
    top = max(math.log(max(loss, 0.02)) for _, loss in losses)
    return " ".join(
        f"{_WIDTH * step / last:.1f},{_HEIGHT * (top - math.log(max(loss, 0.01))) / (top - floor):.1f}"
        for step, loss in losses
    )
