"""A run as it goes: stage, bar, time left, loss; updated in place."""

from adaptive_cards.elements import Element, aside, bar, card, escape, execute, heading, paragraph
from adaptive_cards.numbers import duration, percent, sparkline
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.runs import Run, RunState, Stage

STAGES = {
    Stage.SYNC: "Reading the documents",
    Stage.DATASET: "Writing examples",
    Stage.TRAINING: "Tuning",
    Stage.EXPORT: "Preparing the model for answering",
    Stage.EVALUATION: "Measuring",
}
ENDS = {
    RunState.READY: "✓ Done: there is a new release to look at.",
    RunState.FAILED: "✗ Failed; nothing has changed for the people who use the agent.",
    RunState.CANCELLED: "Cancelled; nothing has changed for the people who use the agent.",
}
MAX_POINTS = 60


def progress_card(agent: Agent, run: Run) -> Element:
    """Return the run's card; without buttons once it is over."""
    return card(
        heading(f"Tuning {escape(agent.name)}"),
        paragraph(_line(run)),
        bar(run.progress),
        _loss(run),
        actions=[]
        if run.is_over or run.cancel_requested
        else [execute("Cancel", Verb.RUN_CANCEL, style="destructive", run_id=run.id)],
    )


def _line(run: Run) -> str:
    if run.is_over:
        return ENDS[run.state]
    if run.cancel_requested:
        return "Cancelling ..."
    if run.state is RunState.QUEUED:
        return "Waiting for a free worker ..."
    stage = f"{list(STAGES).index(run.stage) + 1} of {len(STAGES)} · {STAGES[run.stage]} · {percent(run.progress)}"
    return f"{stage} · {duration(run.seconds_left)} left" if run.seconds_left else stage


def _loss(run: Run) -> Element | None:
    points = run.losses
    if len(points) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    losses = [loss for _step, loss in points]
    text = aside(f"Loss {sparkline(losses)} {losses[0]:.2f} → {losses[-1]:.2f}")
    step = max(len(points) // MAX_POINTS, 1)
    return {
        "type": "Chart.Line",
        "title": "Loss",
        "xAxisTitle": "Step",
        "yAxisTitle": "Loss",
        "data": [{"legend": "Loss", "values": [{"x": step, "y": round(loss, 3)} for step, loss in points[::step]]}],
        "fallback": text,
    }
