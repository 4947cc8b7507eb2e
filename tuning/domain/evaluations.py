"""An evaluation: what each variant of an agent scored on the same hold-out."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now
from tuning.domain.prompts import Task
from tuning.languages import say_many


class Variant(StrEnum):
    """Who answers: which weights, with which retrieval or none."""

    BASE = "base"
    BASE_RETRIEVAL = "base+retrieval"
    BASE_LEARNED = "base+learned"
    """The base over what the candidate's search finds: what that alone has learned."""
    INCUMBENT = "incumbent"
    INCUMBENT_RETRIEVAL = "incumbent+retrieval"
    TUNED = "tuned"
    TUNED_RETRIEVAL = "tuned+retrieval"


HEADLINE = {Task.QUESTIONS: "exact_match", Task.GENERATION: "rouge_l", Task.SUMMARY: "rouge_l"}
"""The metric that matters most, and that the gates look at."""


def baseline_in_words(task: Task, scored: Mapping[str, float]) -> str:
    """Return what the base model scored before a run learned anything: mean, low and high (0 to 1) and n."""
    reached = {name: f"{100 * scored[name]:.0f} %" for name in ("mean", "low", "high")}
    if task is Task.QUESTIONS:
        return say_many(
            "Before tuning: with search alone the base model answers {mean} ({low} to {high}) of {count} question as "
            "expected. That is what tuning has to beat.",
            "Before tuning: with search alone the base model answers {mean} ({low} to {high}) of {count} questions as "
            "expected. That is what tuning has to beat.",
            round(scored["n"]),
            **reached,
        )
    return say_many(
        "Before tuning: what the base model writes is {mean} ({low} to {high}) like the expected text of {count} "
        "example. That is what tuning has to beat.",
        "Before tuning: what the base model writes is {mean} ({low} to {high}) like the expected texts of {count} "
        "examples. That is what tuning has to beat.",
        round(scored["n"]),
        **reached,
    )


class Evaluation(SQLModel, table=True):
    """The scores of one run."""

    id: str = Field(default_factory=new_id, primary_key=True)
    run_id: str = Field(index=True)
    scores: dict[str, dict[str, dict[str, float]]] = Field(default_factory=dict, sa_type=JSON)
    """Variant to metric ('exact_match', 'token_f1' ...) to mean, low, high (95 %), n; shares from 0 to 1.

    'loss' is in nats per token of the references.
    """
    objections: list[str] = Field(default_factory=list, sa_type=JSON)
    """What speaks against publishing, each a sentence; empty: every gate passed."""
    samples: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """Hold-out examples side by side: question, reference, and the answer of each variant."""
    parity: dict[str, float] = Field(default_factory=dict, sa_type=JSON)
    """Shares of the served tokens that transformers would say, as `tuning.training.parity` returns them."""
    probes: dict[str, dict[str, float]] = Field(default_factory=dict, sa_type=JSON)
    """'quantisation': what it costs to serve the base quantised, as a share, with low, high, n. 'memorised': n secrets
    that were looked for, how many were `learned`, and the `bits` that the most exposed one is exposed by."""
    criteria: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """The owner's criteria, each with the `share` of `n` answers that are as it demands."""
    rating: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the owner preferred without knowing whose answer was whose: how often the candidate's was `better`, `equal`
    or `worse` than that of the variant it was compared `against`; its share as mean, low, high, n. Empty: not rated."""
    report_path: str = ""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
