"""What speaks against publishing a candidate. Pure: measured values in, sentences out; none means every gate passed."""

from dataclasses import dataclass

from tuning.domain.prompts import Task
from tuning.evaluation.intervals import Interval
from tuning.languages import say

MARGIN = 0.10
"""How much worse than before a candidate could be, at the interval's lower end, and still pass as no worse."""
REGRESSION_KEPT = 0.90
PARITY = 0.98
FEWEST = {Task.QUESTIONS: 20, Task.GENERATION: 5, Task.SUMMARY: 5}
"""Hold-out examples below which no claim is made."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was measured, as differences on the same examples where two are compared."""

    task: Task
    gain: Interval | None
    """Tuned over base, both without retrieval."""
    gain_with_retrieval: Interval | None = None
    """Tuned over base, both with retrieval."""
    declining: Interval | None = None
    """Tuned over base, both with retrieval, on the questions that no document answers: how often each says so."""
    over_incumbent: Interval | None = None
    """Candidate over the live release, as people use them."""
    regression: Interval | None = None
    """Share of accepted corrections that the candidate answers as corrected."""
    parity: float
    """Share of the engine's greedy tokens that transformers would choose after the same beginning, or nearly so."""


def objections(evidence: Evidence) -> list[str]:
    """Return what speaks against publishing, each a sentence."""
    found = []
    if evidence.gain is None or evidence.gain.n < FEWEST[evidence.task]:
        count = evidence.gain.n if evidence.gain else 0
        found.append(
            say(
                "There are {count} hold-out examples; {fewest} are needed for a claim.",
                count=count,
                fewest=FEWEST[evidence.task],
            )
        )
    elif evidence.gain.low <= 0:
        found.append(
            say(
                "Tuning is not shown to help: {mean} points against the base model, "
                "and as little as {low} points is possible.",
                **_points(evidence.gain),
            )
        )
    if evidence.gain_with_retrieval and evidence.gain_with_retrieval.low < -MARGIN:
        found.append(
            say(
                "With retrieval the tuned model may be worse than the base: {mean} points, "
                "and as little as {low} points is possible.",
                **_points(evidence.gain_with_retrieval),
            )
        )
    if evidence.declining and evidence.declining.mean < -MARGIN:
        found.append(
            say(
                "It makes up more answers than the base model: on {count} questions that no document answers "
                "it says so less often by {points} points.",
                count=evidence.declining.n,
                points=f"{-100 * evidence.declining.mean:.0f}",
            )
        )
    if evidence.over_incumbent and evidence.over_incumbent.low < -MARGIN:
        found.append(
            say(
                "It may be worse than the live release: {mean} points, and as little as {low} points is possible.",
                **_points(evidence.over_incumbent),
            )
        )
    if evidence.regression and evidence.regression.mean < REGRESSION_KEPT:
        found.append(
            say(
                "Only {share} of {count} accepted corrections are answered as corrected; {needed} are needed.",
                share=f"{evidence.regression.mean:.0%}",
                count=evidence.regression.n,
                needed=f"{REGRESSION_KEPT:.0%}",
            )
        )
    if evidence.parity < PARITY:
        found.append(
            say(
                "The trained model would have said {share} of the served model's tokens; {needed} are needed.",
                share=f"{evidence.parity:.1%}",
                needed=f"{PARITY:.0%}",
            )
        )
    return found


def advice(base: float, retrieval: float, tuned: float, both: float) -> str:
    """Return whether retrieval or tuning did more for the score, from the four means (0 to 1)."""
    by_retrieval, by_tuning = retrieval - base, tuned - base
    best_alone = max(retrieval, tuned)
    if both - best_alone > MARGIN / 2:
        return (
            f"Use both: together they reach {both:.0%}, retrieval alone {retrieval:.0%} and tuning alone {tuned:.0%}."
        )
    if by_retrieval - by_tuning > MARGIN / 2:
        return f"Retrieval does most of the work here: {retrieval:.0%} without tuning, {both:.0%} with it."
    if by_tuning - by_retrieval > MARGIN / 2:
        return f"Tuning does most of the work here: {tuned:.0%} without retrieval, {both:.0%} with it."
    return f"Retrieval ({retrieval:.0%}) and tuning ({tuned:.0%}) do about equally well; together {both:.0%}."


def _points(difference: Interval) -> dict[str, str]:
    return {"mean": f"{100 * difference.mean:+.0f}", "low": f"{100 * difference.low:+.0f}"}
