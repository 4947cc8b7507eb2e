"""Search or tuning: what can be said before a run, out of what is known then; once something is measured, that.

Nothing in here foretells a score. It weighs how much there is to learn from, for whom, and how soon it is out of date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from tuning.datasets.builder import LEAST_SAMPLES
from tuning.domain.agents import Agent
from tuning.domain.documents import Coverage, Document
from tuning.domain.evaluations import HEADLINE, Variant, baseline_in_words
from tuning.domain.fields import now
from tuning.domain.prompts import Task
from tuning.evaluation.gates import advice_of
from tuning.languages import number, say, say_many
from tuning.store import agents, documents, releases, runs

DAYS = 30
OFTEN = 0.25
"""Share of the documents that changed in these days from which on what is tuned in is soon out of date."""
LITTLE = 0.5
"""Share of the documents below which search has much to find that tuning may not learn."""
_AT_ONCE = timedelta(days=1)
"""Documents whose dates lie closer together were copied at once: these tell nothing."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What there is to go by before a run."""

    task: Task
    total: int
    """Documents in the sources."""
    eligible: int
    """Those of them that may be learned from."""
    passages: int
    """Of the eligible ones."""
    changed: int | None
    """Eligible documents that changed in the last days; None: their dates don't tell."""
    asked: int
    """Questions that the owner gave to measure with."""


def look(session: Session, agent: Agent, coverage: Coverage) -> list[str]:
    """Return what to expect of search and of tuning, in sentences; nothing where there are no documents yet."""
    if found := _measured(session, agent):
        return found
    eligible = [one for one in documents.by_ids(session, coverage.eligible_ids) if not one.is_deleted]
    known = Known(
        task=agent.task,
        total=coverage.total,
        eligible=len(eligible),
        passages=documents.count_passages(session, coverage.eligible_ids),
        changed=changed_lately(eligible, now()),
        asked=len(agents.holdout(session, agent.id)),
    )
    return before_a_run(known) if eligible else []


def before_a_run(known: Known) -> list[str]:
    """Return which of the two the figures speak for, and that nothing is measured yet."""
    if known.task is not Task.QUESTIONS:
        return [_of_pairs(known), say("Nothing is measured yet: the run compares the tuned model with the base model.")]
    return [_of_questions(known), _yet(known)]


def changed_lately(found: Sequence[Document], at: datetime) -> int | None:
    """Return how many documents changed in the last days; None if their dates were set by copying them, or are none."""
    dates = [one.modified_at for one in found if one.modified_at is not None]
    if not dates or max(dates) - min(dates) < _AT_ONCE:
        return None
    return sum(date > at - timedelta(days=DAYS) for date in dates)


def _of_questions(known: Known) -> str:
    reasons = []
    if known.changed is not None and known.changed >= OFTEN * known.eligible:
        reasons.append(_changed(known.changed, known.eligible))
    if known.eligible < LITTLE * known.total:
        reasons.append(
            say(
                "it may learn from only {eligible} of {total} documents, and search finds the others for who may read "
                "them",
                eligible=number(known.eligible),
                total=number(known.total),
            )
        )
    if known.passages < LEAST_SAMPLES:
        reasons.append(
            say_many(
                "{count} passage may be too few for the {least} questions that a run needs",
                "{count} passages may be too few for the {least} questions that a run needs",
                known.passages,
                least=number(LEAST_SAMPLES),
            )
        )
    if reasons:
        return say("Expect more of search than of tuning: {reasons}.", reasons="; ".join(reasons))
    enough = say_many(
        "Expect something of both: there is {count} passage to learn from",
        "Expect something of both: there are {count} passages to learn from",
        known.passages,
    )
    return f"{enough}; {_lasts(known)}."


def _lasts(known: Known) -> str:
    if known.changed is None:
        return say("how often they change, their dates don't tell")
    return _changed(known.changed, known.eligible)


def _changed(changed: int, eligible: int) -> str:
    return say_many(
        "{changed} of {count} document changed in the last {days} days",
        "{changed} of {count} documents changed in the last {days} days",
        eligible,
        changed=number(changed),
        days=DAYS,
    )


def _of_pairs(known: Known) -> str:
    return say_many(
        "Expect more of tuning than of search: form and tone are learned from pairs of documents. A run needs {least} "
        "pairs, and has {count} document to find them in.",
        "Expect more of tuning than of search: form and tone are learned from pairs of documents. A run needs {least} "
        "pairs, and has {count} documents to find them in.",
        known.eligible,
        least=number(LEAST_SAMPLES),
    )


def _yet(known: Known) -> str:
    if not known.asked:
        return say("Nothing is measured yet: the run scores both, on questions that it sets aside.")
    return say_many(
        "Nothing is measured yet: the run scores both, on the {count} question that you gave.",
        "Nothing is measured yet: the run scores both, on the {count} questions that you gave.",
        known.asked,
    )


def _measured(session: Session, agent: Agent) -> list[str]:
    """Return what the newest release scored with search and without, or what a run found before it learned anything."""
    metric = HEADLINE[agent.task]
    for release in releases.of_agent(session, agent.id):
        measured = runs.evaluation(session, release.run_id)
        if measured is not None and (found := advice_of(measured.scores, metric)):
            asked = round(measured.scores[Variant.TUNED_RETRIEVAL][metric].get("n", 0))
            of = say_many(
                "Measured for {release}, on {count} question:",
                "Measured for {release}, on {count} questions:",
                asked,
                release=release.label,
            )
            return [of, found]
    untuned = [run.metrics["baseline"] for run in runs.of_agent(session, agent.id) if run.metrics.get("baseline")]
    return [baseline_in_words(agent.task, untuned[0])] if untuned else []
