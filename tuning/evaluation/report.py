"""An evaluation as one HTML file: scores with their intervals, the loss, and every example side by side."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tuning.domain.criteria import Criterion, together
from tuning.domain.datasets import Split
from tuning.domain.evaluations import Evaluation
from tuning.evaluation.samples import compared

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
ORIGINS = {
    "text": "running text",
    "list": "questions that documents ask and answer",
    "table": "cells of tables",
    "written": "questions written about passages",
    "unanswerable": "questions that the passages shown don't answer",
    "pair": "pairs of documents",
    "correction": "corrections",
    "preference": "answers with a thumb or a correction",
    "owner": "the owner's questions",
}
SPLITS = {
    "train": "",
    "validation": " (validation)",
    "holdout": " (hold-out)",
    "regression": " (to be kept to)",
    "search": " (for search)",
}
FILTERS = {
    "all": "all",
    "better": "right by tuning only",
    "worse": "wrong by tuning only",
    "corrected": "corrections",
}
"""What of the examples can be shown, by how it is called in the page."""
_WIDTH, _HEIGHT = 640, 180
_LEFT = 240
"""What a bar's name and label take of the width."""
_LEAST_LOSS = 0.01
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
    told: Sequence[tuple[str, str]],
) -> None:
    """Write the report; it needs nothing from outside the file, and all text of documents is escaped.

    `told`: what its owner was asked about the agent, with the answers. `learned`: of each secret that the model knows
    by heart, what it is and the document's title. They stand here and not in the store, since this file goes when a
    document is erased.
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
        measured=sum(sample["split"] == Split.HOLDOUT for sample in evaluation.samples),
        labels=LABELS,
        metrics=metrics,
        bars=bars(evaluation.scores, headline),
        tiles=tiles(evaluation, headline),
        curve=curve(losses),
        ticks=ticks(losses),
        last_step=max((step for step, _ in losses), default=0),
        width=_WIDTH,
        height=_HEIGHT,
        made=made(counts),
        dropped=dropped(counts),
        exclusions=exclusions,
        examples=compared(evaluation.samples, headline),
        filters=list(FILTERS.items()),
        learned=learned,
        told=told,
        criteria=[(Criterion.of(row).line(), row) for row in evaluation.criteria],
        demands=together(evaluation.criteria),
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


def tiles(evaluation: Evaluation, headline: str) -> list[dict[str, str]]:
    """Return the figures that somebody in a hurry reads: what each number is, the number, and what stands beside it."""
    found = []
    for variant, other in (("tuned+retrieval", "base+retrieval"), ("tuned", "base")):
        mine, theirs = (evaluation.scores.get(name, {}).get(headline) for name in (variant, other))
        if mine and theirs:
            beside = f"{other}: {theirs['mean']:.0%}"
            found.append({"name": f"{LABELS[headline]}, {variant}", "value": f"{mine['mean']:.0%}", "beside": beside})
    in_use = evaluation.scores.get("tuned+retrieval") or evaluation.scores.get("tuned") or {}
    for metric in ("refusal", "regression"):
        if score := in_use.get(metric):
            beside = f"of {score['n']:.0f}"
            found.append({"name": LABELS[metric], "value": f"{score['mean']:.0%}", "beside": beside})
    if evaluation.parity:
        tokens = {"name": "served as it was trained", "value": f"{evaluation.parity.get('faithful', 0):.1%}"}
        found.append({**tokens, "beside": "of the tokens"})
    return found


def made(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many examples of each kind there are, in words."""
    kinds = [(key.split("/"), count) for key, count in counts.items() if not key.startswith("dropped/")]
    return [(f"{ORIGINS[origin]}{SPLITS[split]}", count) for (split, origin), count in kinds]


def dropped(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many examples were left out for each reason, the most frequent first."""
    found = [(key.removeprefix("dropped/"), count) for key, count in counts.items() if key.startswith("dropped/")]
    return sorted(found, key=lambda reason: -reason[1])


def bars(scores: Mapping[str, Mapping[str, Mapping[str, float]]], metric: str) -> list[dict[str, Any]]:
    """Return one bar per variant: its name, and its mean and interval in pixels."""
    return [
        {
            "name": variant,
            "kind": {"tuned": "tuned", "incumbent": "live"}.get(variant.split("+")[0], "base"),
            "label": f"{values[metric]['mean']:.0%}",
            **{key: round(values[metric][key] * (_WIDTH - _LEFT)) for key in ("mean", "low", "high")},
        }
        for variant, values in scores.items()
        if metric in values
    ]


def curve(losses: Sequence[Sequence[float]]) -> str:
    """Return the loss as the points of an SVG line, on a logarithmic scale from 0.01 up; empty if there is none."""
    if not losses:
        return ""
    last = max(step for step, _ in losses)
    return " ".join(f"{_WIDTH * step / last:.1f},{_level(loss, losses):.1f}" for step, loss in losses)


def ticks(losses: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    """Return the powers of ten on the loss's scale, each with its height."""
    if not losses:
        return []
    highest = max(loss for _, loss in losses)
    return [
        {"label": f"{value:g}", "y": round(_level(value, losses), 1)}
        for value in (0.01, 0.1, 1, 10)
        if value <= highest
    ]


def _level(loss: float, losses: Sequence[Sequence[float]]) -> float:
    floor = math.log(_LEAST_LOSS)
    top = max(math.log(max(loss, 2 * _LEAST_LOSS)) for _, loss in losses)
    return _HEIGHT * (top - math.log(max(loss, _LEAST_LOSS))) / (top - floor)
