"""A run as it goes: stage, bar, time left, loss; updated in place."""

from adaptive_cards.elements import Element, aside, bar, card, escape, execute, heading, paragraph
from adaptive_cards.numbers import duration, percent, sparkline
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.evaluations import baseline_in_words
from tuning.domain.runs import Run, RunState, Stage
from tuning.languages import decimal, mark, say

STAGES = {
    Stage.SYNC: mark("Reading the documents"),
    Stage.DATASET: mark("Writing examples"),
    Stage.BASELINE: mark("Measuring the base model"),
    Stage.TRAINING: mark("Tuning"),
    Stage.EXPORT: mark("Preparing the model for answering"),
    Stage.EVALUATION: mark("Measuring"),
}
ENDS = {
    RunState.READY: mark("✓ Done: there is a new release to look at."),
    RunState.FAILED: mark("✗ Failed; nothing has changed for the people who use the agent."),
    RunState.CANCELLED: mark("Cancelled; nothing has changed for the people who use the agent."),
}
MAX_POINTS = 60


def progress_card(agent: Agent, run: Run) -> Element:
    """Return the run's card; without buttons once it is over."""
    return card(
        heading(say("Tuning {agent}", agent=escape(agent.name))),
        paragraph(_line(run)),
        bar(run.progress),
        _baseline(agent, run),
        _loss(run),
        aside(say("Started by itself, as you asked for.")) if run.is_automatic else None,
        actions=[] if run.is_over or run.cancel_requested else _actions(run),
    )


def cancelling(run: Run) -> list[Element]:
    """Return the button that cancels a run, for cards that are about more than it; none while it is being cancelled."""
    if run.is_over or run.cancel_requested:
        return []
    return [execute(say("Cancel tuning"), Verb.RUN_CANCEL, style="destructive", is_validated=False, run_id=run.id)]


def _actions(run: Run) -> list[Element]:
    """Return what can be done about a run that is not over: the samples are there once its dataset is."""
    look = execute(say("Look at samples"), Verb.SAMPLES_OPEN, agent_id=run.agent_id, number=0)
    go_on = execute(say("Go on with tuning"), Verb.RUN_GO_ON, style="positive", run_id=run.id)
    return [
        *([go_on] if run.state is RunState.LABELLING else []),
        *([look] if run.dataset_id else []),
        execute(say("Cancel"), Verb.RUN_CANCEL, style="destructive", run_id=run.id),
    ]


def _line(run: Run) -> str:
    if run.is_over:
        return say(ENDS[run.state])
    if run.cancel_requested:
        return say("Cancelling ...")
    if run.state is RunState.QUEUED:
        return say("Waiting for a free worker ...")
    if run.state is RunState.LABELLING:
        return say("Waiting until you have looked at samples.")
    step = say("{number} of {total}", number=list(STAGES).index(run.stage) + 1, total=len(STAGES))
    stage = f"{step} · {say(STAGES[run.stage])} · {percent(run.progress)}"
    left = say("{duration} left", duration=duration(run.seconds_left)) if run.seconds_left else ""
    return f"{stage} · {left}" if left else stage


def _baseline(agent: Agent, run: Run) -> Element | None:
    """Return what the base model reaches untuned: whether a run is worth its time shows there first."""
    scored = run.metrics.get("baseline")
    return aside(baseline_in_words(agent.task, scored)) if scored and not run.is_over else None


def _loss(run: Run) -> Element | None:
    points = run.losses
    if len(points) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    losses = [loss for _step, loss in points]
    loss = say("Loss")
    text = aside(f"{loss} {sparkline(losses)} {decimal(losses[0], 2)} → {decimal(losses[-1], 2)}")
    step = max(len(points) // MAX_POINTS, 1)
    return {
        "type": "Chart.Line",
        "title": say("Loss"),
        "xAxisTitle": say("Step"),
        "yAxisTitle": say("Loss"),
        "data": [
            {"legend": say("Loss"), "values": [{"x": step, "y": round(loss, 3)} for step, loss in points[::step]]}
        ],
        "fallback": text,
    }
