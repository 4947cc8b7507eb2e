"""What speaks against publishing a candidate. Pure: measured values in, sentences out; none means every gate passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuning.domain.evaluations import Variant
from tuning.domain.inspection import KINDS, SecretKind
from tuning.domain.prompts import Task
from tuning.evaluation.criteria import Kept
from tuning.evaluation.intervals import Difference, Interval
from tuning.languages import say

CHANCE = 0.05
"""How often a candidate that is no better than the base may pass for better."""
MARGIN = 0.10
"""What is worse by this much passes for no worse in 5 of 100 cases at most."""
REGRESSION_KEPT = 0.90
"""Every correction is asked: this share is counted and not estimated, so chance has no part in it."""
PARITY = 0.98
CRITERIA_KEPT = 0.95
"""Share of the answers that must be as a critical criterion demands."""
QUANTISATION = 0.01
"""What quantising the base may cost; a single example that came out otherwise says nothing, however few there are."""
FEWEST = {Task.QUESTIONS: 20, Task.GENERATION: 5, Task.SUMMARY: 5}
"""Hold-out examples below which no claim is made."""
_TIE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was measured, as differences on the same examples where two are compared."""

    task: Task
    gain: Difference | None
    """Tuned over base, by heart or as people use both, where it is surer; its chance counts for both looks."""
    gain_with_retrieval: Difference | None = None
    """Tuned over base, both with retrieval."""
    declining: Difference | None = None
    """Tuned over base, both with retrieval, on the questions that no document answers: how often each says so."""
    has_live: bool = False
    """Whether there is a live release."""
    over_incumbent: Difference | None = None
    """Candidate over the live release, as people use them."""
    corrections: int = 0
    """Accepted ones that are to be kept to."""
    regression: Interval | None = None
    """Share of accepted corrections that the candidate answers as corrected."""
    parity: float
    """Share of the engine's greedy tokens that transformers would choose after the same beginning, or nearly so."""
    quantisation: Difference | None = None
    """The same model in full precision over what is served: what quantising the base costs."""
    criteria: Sequence[Kept] = ()
    """The owner's, critical and advisory."""
    secrets: int = 0
    """Account numbers, passwords and the like in the documents that were looked for in the model."""
    learned: Sequence[SecretKind] = ()
    """Those that it knows by heart."""


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
    elif evidence.gain.chance > CHANCE or evidence.gain.mean <= 0:
        found.append(
            say(
                "Tuning is not shown to help: {mean} points against the base model on {count} examples, "
                "and chance alone brings as much in {chance} of 100 cases.",
                mean=f"{100 * evidence.gain.mean:+.0f}",
                count=evidence.gain.n,
                chance=f"{100 * evidence.gain.chance:.0f}",
            )
        )
    if evidence.gain_with_retrieval and evidence.gain_with_retrieval.floor <= -MARGIN:
        found.append(
            say(
                "With retrieval the tuned model may be worse than the base: {mean} points, "
                "and as little as {low} points is possible.",
                **_points(evidence.gain_with_retrieval),
            )
        )
    if evidence.declining and evidence.declining.floor <= -MARGIN:
        found.append(
            say(
                "On {count} questions that no document answers it may say so less often than the base model: "
                "{mean} points, and as little as {low} points is possible.",
                count=evidence.declining.n,
                **_points(evidence.declining),
            )
        )
    if evidence.over_incumbent and evidence.over_incumbent.floor <= -MARGIN:
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
    if evidence.quantisation and _costs_too_much(evidence.quantisation):
        found.append(
            say(
                "Served from a quantised base it scores {points} points less than it was trained to, on {count} "
                "examples; serve a finer type.",
                points=f"{100 * evidence.quantisation.mean:.0f}",
                count=evidence.quantisation.n,
            )
        )
    if evidence.learned:
        found.append(
            say(
                "It knows {learned} of {count} secrets in the documents by heart, such as {kind}: "
                "take out of the documents what the report names, and tune again.",
                learned=len(evidence.learned),
                count=evidence.secrets,
                kind=say(KINDS[evidence.learned[0]]),
            )
        )
    found += [
        say(
            "Only {share} of {count} answers keep to the critical criterion '{criterion}'; {needed} are needed.",
            share=f"{one.share:.0%}",
            count=one.n,
            criterion=one.criterion.words(),
            needed=f"{CRITERIA_KEPT:.0%}",
        )
        for one in evidence.criteria
        if one.criterion.is_critical and one.share < CRITERIA_KEPT
    ]
    # Where nothing could be asked, that is said once, above.
    return [*found, *(_unmeasured(evidence) if evidence.gain else [])]


def _unmeasured(evidence: Evidence) -> list[str]:
    """Return what should have been measured and was not, each a sentence: no figure is no good figure."""
    is_for_questions = evidence.task == Task.QUESTIONS
    found = []
    if is_for_questions and evidence.gain_with_retrieval is None:
        found.append(say("With retrieval it was not compared with the base model."))
    if is_for_questions and evidence.declining is None:
        found.append(
            say(
                "Whether it still says so where no document answers was not measured: add questions without an answer "
                "to those to test with, about 30 of them, and tune again."
            )
        )
    if evidence.has_live and evidence.over_incumbent is None:
        found.append(say("It was not compared with the live release, which is on another base model."))
    if evidence.corrections and evidence.regression is None:
        found.append(say("None of {count} accepted corrections was asked.", count=evidence.corrections))
    if evidence.quantisation is None:
        found.append(say("What serving it from a quantised base costs was not measured."))
    return found


def advice(base: float, retrieval: float, tuned: float, both: float) -> str:
    """Return whether retrieval or tuning did more for the score, from the four means (0 to 1)."""
    by_retrieval, by_tuning = retrieval - base, tuned - base
    best_alone = max(retrieval, tuned)
    reached = {"retrieval": f"{retrieval:.0%}", "tuned": f"{tuned:.0%}", "both": f"{both:.0%}"}
    if both - best_alone > MARGIN / 2:
        return say(
            "Use both: together they reach {both}, retrieval alone {retrieval} and tuning alone {tuned}.", **reached
        )
    if by_retrieval - by_tuning > MARGIN / 2:
        return say("Retrieval does most of the work here: {retrieval} without tuning, {both} with it.", **reached)
    if by_tuning - by_retrieval > MARGIN / 2:
        return say("Tuning does most of the work here: {tuned} without retrieval, {both} with it.", **reached)
    return say("Retrieval ({retrieval}) and tuning ({tuned}) do about equally well; together {both}.", **reached)


def advice_of(scores: Mapping[str, Mapping[str, Mapping[str, float]]], metric: str) -> str:
    """Return the advice that an evaluation's scores give; empty where one of the four was not measured.

    What search has learned counts for retrieval, where it was measured: it takes no tuned weights.
    """
    retrieval = Variant.BASE_LEARNED if metric in scores.get(Variant.BASE_LEARNED, {}) else Variant.BASE_RETRIEVAL
    four = (Variant.BASE, retrieval, Variant.TUNED, Variant.TUNED_RETRIEVAL)
    if not all(metric in scores.get(variant, {}) for variant in four):
        return ""
    return advice(*(scores[variant][metric]["mean"] for variant in four))


def _costs_too_much(quantisation: Difference) -> bool:
    """Return whether it costs more than allowed, and not by one example only or by chance."""
    is_more_than_one = quantisation.mean > 1 / quantisation.n + _TIE
    return quantisation.mean > QUANTISATION + _TIE and (is_more_than_one or quantisation.chance <= CHANCE)


def _points(difference: Difference) -> dict[str, str]:
    return {"mean": f"{100 * difference.mean:+.0f}", "low": f"{100 * difference.floor:+.0f}"}
