"""The examples that a release was measured on, one at a time: what was asked, expected, and answered by whom."""

from collections.abc import Mapping

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, label, shorten, verbatim
from adaptive_cards.scores import VARIANTS, expected
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.datasets import Origin, Split
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Release
from tuning.languages import number as number_of
from tuning.languages import say

MAX_TEXT = 1_500


def example_card(agent: Agent, release: Release, evaluation: Evaluation, number: int) -> Element:
    """Return one example, counted from 0, with every variant's answer."""
    total = len(evaluation.samples)
    back = execute(say("Back to the evaluation"), Verb.RELEASE_OPEN, release_id=release.id)
    names = {"agent": escape(agent.name), "release": release.label}
    if not total:
        nothing = say("There are no examples: none were measured, or what they quote has been erased.")
        return card(heading(say("{agent}, {release}: examples", **names)), aside(nothing), actions=[back])
    sample = evaluation.samples[number]
    place = {"number": number_of(number + 1), "total": number_of(total)}
    answers = sample.get("answers") or {}
    said = [
        part
        for variant, title in VARIANTS.items()
        if variant.value in answers
        for part in (label(say(title)), verbatim(shorten(str(answers[variant.value]), MAX_TEXT)))
    ]
    steps = ((say("Previous"), number - 1), (say("Next"), number + 1))
    return card(
        heading(say("{agent}, {release}: example {number} of {total}", **names, **place)),
        aside(_kind(sample)),
        label(say("Question")),
        verbatim(shorten(str(sample.get("question", "")), MAX_TEXT)),
        label(say("What is expected")),
        verbatim(shorten(expected(sample), MAX_TEXT)),
        *said,
        actions=[
            *(
                execute(title, Verb.EXAMPLES_OPEN, release_id=release.id, number=step)
                for title, step in steps
                if 0 <= step < total
            ),
            back,
        ],
    )


def _kind(sample: Mapping[str, object]) -> str:
    if sample.get("split") == Split.REGRESSION:
        return say("A correction.")
    if sample.get("origin") == Origin.UNANSWERABLE:
        return say("It was asked over passages that don't answer it.")
    return say("It never learned from it.")
