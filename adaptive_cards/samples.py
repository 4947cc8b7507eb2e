"""Samples of what an agent is about to learn, one at a time, for its owner to label; and what came of a round."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adaptive_cards.elements import (
    Element,
    aside,
    bar,
    bullets,
    card,
    escape,
    execute,
    heading,
    label,
    paragraph,
    shorten,
    text_input,
    verbatim,
    wrong,
)
from adaptive_cards.progress import cancelling
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.runs import Run, RunState
from tuning.domain.samples import ROUND, Reason, Sample, Verdict
from tuning.languages import mark, number, say, say_many

MAX_TEXT = 2_000
"""Characters that can be edited on the card; longer ones are shown from their beginning, and labelled as they are."""
MAX_PASSAGE = 1_200
VERDICTS = {
    Verdict.GOOD: mark("✓ You called it good."),
    Verdict.BAD: mark("✗ You called it not good: it is left out, with what is nearly the same."),
    Verdict.EDITED: mark("✎ You put it into your own words."),
}
_COUNTED = {
    Verdict.GOOD: mark("{count} good"),
    Verdict.BAD: mark("{count} not good, left out of the next dataset with what is nearly the same"),
    Verdict.EDITED: mark("{count} in your own words"),
}


@dataclass(frozen=True, kw_only=True)
class SampleForm:
    """One sample as its owner sees it."""

    agent: Agent
    sample: Sample
    place: int
    """Among all samples, counted from 0."""
    total: int
    looked_at: int
    """Samples of this round that have a label."""
    in_round: int
    title: str
    """The document's; empty if it is gone."""
    passage: str
    run: Run | None = None
    problem: str = ""


def sample_card(form: SampleForm) -> Element:
    """Return a sample with what supports it, why it is shown, and what can be said of it."""
    sample, agent = form.sample, form.agent
    names = {"agent": escape(agent.name), "number": number(form.place + 1), "total": number(form.total)}
    return card(
        heading(say("{agent}: sample {number} of {total}", **names)),
        wrong(form.problem) if form.problem else None,
        bar(form.looked_at / form.in_round),
        aside(_round(form)),
        *_doubts(sample),
        *_words(sample),
        *([label(say("Stands in {title}", title=escape(shorten(form.title, 100))))] if form.title else []),
        verbatim(shorten(form.passage, MAX_PASSAGE)) if form.passage else None,
        paragraph(say(VERDICTS[sample.verdict])) if sample.verdict else None,
        actions=[*_labels(form), *_steps(form), *(_onward(agent, form.run) if form.run else [])],
    )


@dataclass(frozen=True, kw_only=True)
class RoundForm:
    """One round that an owner has been through."""

    agent: Agent
    samples: Sequence[Sample]
    number: int
    """Counted from 0."""
    rounds: int
    labelled: int
    """Samples with a label, over all rounds and datasets."""
    run: Run | None = None


def round_card(form: RoundForm) -> Element:
    """Return what an owner said in a round, and how to go on."""
    agent, current, rounds = form.agent, form.number, form.rounds
    counts = Counter(sample.verdict for sample in form.samples)
    said = [say(text, count=number(counts[verdict])) for verdict, text in _COUNTED.items() if counts[verdict]]
    has_more = current + 1 < rounds
    forward = execute(say("Next round"), Verb.SAMPLES_OPEN, agent_id=agent.id, number=(current + 1) * ROUND)
    return card(
        heading(
            say(
                "{agent}: round {number} of {total} is done", agent=escape(agent.name), number=current + 1, total=rounds
            )
        ),
        bullets(said) if said else None,
        aside(
            say_many("{count} sample has a label so far.", "{count} samples have a label so far.", form.labelled)
            + " "
            + say("What you said counts for every later dataset, too.")
        ),
        actions=[
            *([forward] if has_more else []),
            execute(say("Look again"), Verb.SAMPLES_OPEN, agent_id=agent.id, number=current * ROUND),
            *_onward(agent, form.run),
        ],
    )


def no_samples_card(agent: Agent) -> Element:
    """Return that there is nothing to label yet, and when there will be."""
    return card(
        heading(say("{agent}: samples", agent=escape(agent.name))),
        paragraph(say("There are no samples yet. They come with the next dataset: start tuning, and look again then.")),
        actions=[execute(say("Change"), Verb.WIZARD_OPEN, agent_id=agent.id, step="review")],
    )


def went_on_card(agent: Agent) -> Element:
    """Return that a run goes on with what the owner said."""
    return card(
        heading(escape(agent.name)),
        paragraph(say("Tuning goes on with what you said. You can close this chat: I tell you when it is done.")),
    )


def _round(form: SampleForm) -> str:
    looked_at = say_many(
        "{done} of {count} sample looked at",
        "{done} of {count} samples looked at",
        form.in_round,
        done=number(form.looked_at),
    )
    return say("Round {round} · {looked_at}", round=number(form.place // ROUND + 1), looked_at=looked_at)


def _doubts(sample: Sample) -> list[Element]:
    """Return why the sample is shown, with what speaks against it."""
    why = say("One of the best.") if sample.reason is Reason.BEST else say("One of the most doubtful.")
    doubts = []
    if sample.said:
        doubts.append(
            say("From its passage the model answers otherwise: {answer}", answer=escape(shorten(sample.said, 200)))
        )
    if sample.is_ambiguous:
        doubts.append(say("Another document answers the same question otherwise."))
    return [aside(why), *([bullets(doubts)] if doubts else [])]


def _words(sample: Sample) -> list[Element]:
    question, answer = sample.wanted
    if max(len(question), len(answer)) > MAX_TEXT:
        return [
            label(say("Made of")),
            verbatim(shorten(question, MAX_TEXT)),
            label(say("What it is to write")),
            verbatim(shorten(answer, MAX_TEXT)),
        ]
    return [
        text_input("question", say("Question"), value=question, longest=MAX_TEXT, is_multiline=True),
        text_input("answer", say("What it is to answer"), value=answer, longest=MAX_TEXT, is_multiline=True),
    ]


def _labels(form: SampleForm) -> list[Element]:
    ids: dict[str, Any] = {"agent_id": form.agent.id, "sample_id": form.sample.id, "number": form.place}
    return [
        execute(say("Good, as it stands here"), Verb.SAMPLE_LABEL, style="positive", verdict=Verdict.GOOD.value, **ids),
        execute(
            say("Not good"),
            Verb.SAMPLE_LABEL,
            style="destructive",
            is_validated=False,
            verdict=Verdict.BAD.value,
            **ids,
        ),
    ]


def _steps(form: SampleForm) -> list[Element]:
    places = ((say("Previous"), form.place - 1), (say("Next"), form.place + 1))
    return [
        execute(title, Verb.SAMPLES_OPEN, is_validated=False, agent_id=form.agent.id, number=place)
        for title, place in places
        if 0 <= place < form.total
    ]


def _onward(agent: Agent, run: Run | None) -> list[Element]:
    """Return how to go on with what has been said: let the run that waits go on, end the one there is, or start one."""
    if run is None:
        return [execute(say("Retrain now"), Verb.RUN_START, is_validated=False, agent_id=agent.id)]
    go_on = execute(say("Go on with tuning"), Verb.RUN_GO_ON, is_validated=False, run_id=run.id)
    return [*([go_on] if run.state is RunState.LABELLING else []), *cancelling(run)]
