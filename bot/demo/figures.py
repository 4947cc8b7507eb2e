"""What the demo measured, as tables for the terminal and as a file."""

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from bot.demo.stage import Memory
from bot.demo.story import Round, Story
from tuning.domain.evaluations import Variant
from tuning.evaluation.scorers import exact_match

FILE = "figures.json"
"""In the demo's folder."""
READY_S = 180.0
"""From documents to ready-to-review, at most: the bar for the sample tenant with the starter on two cores."""
METRICS = {"exact_match": "Exactly right", "token_f1": "Words right (F1)", "refusal": "Rightly declined"}
MIB = 1024 * 1024


def figures(story: Story, memory: Memory, base: Path, *, seconds: float, tokens_per_second: float) -> dict[str, Any]:
    """Return everything that was measured, ready for JSON; `base` is the base model's file as it is served."""
    first, served = story.rounds[0], base.resolve()
    return {
        "seconds": round(seconds, 1),
        "peak_memory_mib": round(memory.peak_bytes / MIB),
        "tokens_per_second": round(tokens_per_second),
        "documents": {"learned": len(first.dataset.document_hashes), "left_out": len(first.dataset.exclusions)},
        "model": {
            "quantisation": served.stem.rpartition("-")[2],
            "base_mib": served.stat().st_size / MIB,
            "adapter_mib": first.run.metrics["adapter_bytes"] / MIB,
        },
        "rounds": [_round(one) for one in story.rounds],
        "corrections": [
            {"question": one.question, "before": one.before, "wanted": one.wanted, "after": one.after}
            for one in story.corrected
        ],
        "corrected_right_after": sum(exact_match(one.after, one.wanted) for one in story.corrected),
    }


def scores_table(story: Story) -> Table:
    """Return one row per variant and release."""
    table = Table(title="Hold-out questions (share, with 95 % interval)", title_justify="left")
    table.add_column("Variant")
    for title in METRICS.values():
        table.add_column(title, justify="right")
    for one in story.rounds:
        for variant in Variant:
            if scores := one.evaluation.scores.get(variant):
                table.add_row(f"{variant} ({one.release.label})", *(percent(scores.get(metric)) for metric in METRICS))
        table.add_section()
    return table


def facts_table(measured: dict[str, Any], story: Story) -> Table:
    """Return everything but the scores."""
    table = Table(title="What it took", title_justify="left", show_header=False)
    known, model = measured["documents"], measured["model"]
    table.add_row("Documents", f"{known['learned']} learned from, {known['left_out']} left out")
    for one, found in zip(measured["rounds"], story.rounds, strict=True):
        label = found.release.label.capitalize()
        table.add_row(f"{label}: examples", ", ".join(f"{key} {number}" for key, number in one["examples"].items()))
        table.add_row(f"{label}: documents to ready (bar {READY_S:.0f} s)", to_ready(one))
        table.add_row(f"{label}: parity with transformers", ", ".join(f"{k} {v:.3g}" for k, v in one["parity"].items()))
        table.add_row(f"{label}: approval to first answer", f"{one['seconds_to_live']:.2f} s")
        table.add_row(f"{label}: checks", "; ".join(one["objections"]) or "every check passed")
    size = f"base {model['base_mib']:.1f} MiB ({model['quantisation']}), adapter {model['adapter_mib']:.1f} MiB"
    table.add_row("Size", size)
    table.add_row("Tokens per second (8 at once)", str(measured["tokens_per_second"]))
    table.add_row("Peak memory, all processes", f"{measured['peak_memory_mib']} MiB")
    table.add_row("The whole demo", f"{measured['seconds']:.0f} s")
    return table


def corrections_table(story: Story) -> Table:
    """Return each corrected question before and after."""
    table = Table(title="Corrections", title_justify="left")
    for title in ("Question", "Before", "Correction", "After"):
        table.add_column(title)
    for one in story.corrected:
        table.add_row(one.question, one.before, one.wanted, one.after)
    return table


def write(measured: dict[str, Any], path: Path) -> None:
    """Keep the figures for whoever quotes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(measured, indent=1, ensure_ascii=False), "utf-8")


def _round(one: Round) -> dict[str, Any]:
    return {
        "release": one.release.number,
        "seconds": round(one.seconds, 1),
        "cpu_seconds": round(one.cpu_seconds, 1),
        "seconds_to_live": round(one.seconds_to_live, 2),
        "examples": one.dataset.counts,
        "metrics": one.run.metrics,
        "scores": one.evaluation.scores,
        "parity": one.evaluation.parity,
        "objections": one.evaluation.objections,
        "report": one.evaluation.report_path,
    }


def to_ready(one: dict[str, Any]) -> str:
    """Return how long a run took, and its CPU time, which other work on the machine hardly changes."""
    return f"{one['seconds']:.0f} s, {one['cpu_seconds']:.0f} s of CPU ({_stages(one['metrics'])})"


def _stages(metrics: dict[str, Any]) -> str:
    """Return how long each stage of a run took."""
    return ", ".join(f"{name} {value:.0f} s" for name, value in metrics.get("seconds", {}).items())


def percent(score: dict[str, float] | None) -> str:
    """Return a score with its interval; empty if it was not measured."""
    return f"{score['mean'] * 100:.0f} % ({score['low'] * 100:.0f}-{score['high'] * 100:.0f})" if score else ""
