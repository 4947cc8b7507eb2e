"""Two answers to one question without names, for the owner to rate; and what a round comes to."""

from adaptive_cards.elements import (
    Element,
    aside,
    bar,
    card,
    escape,
    execute,
    heading,
    label,
    shorten,
    show_card,
    verbatim,
)
from adaptive_cards.scores import rating
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.comparisons import Choice, Pair
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Release
from tuning.languages import mark, number, say

MAX_TEXT = 1_500
CHOICES = {
    Choice.FIRST: mark("A is better"),
    Choice.SECOND: mark("B is better"),
    Choice.EQUAL: mark("Equally good"),
}


def blind_card(agent: Agent, release: Release, pair: Pair) -> Element:
    """Return a question with both answers; stopping loses nothing."""
    names = {"number": number(pair.number), "total": number(pair.total)}
    expected = pair.reference or say("The documents do not say.")
    return card(
        heading(say("{agent}: which answer is better? {number} of {total}", agent=escape(agent.name), **names)),
        bar((pair.number - 1) / pair.total),
        aside(say("One is the candidate's. Whose is which is not said, and changes from question to question.")),
        label(say("Question")),
        verbatim(shorten(pair.question, MAX_TEXT)),
        label("A"),
        verbatim(shorten(pair.first, MAX_TEXT)),
        label("B"),
        verbatim(shorten(pair.second, MAX_TEXT)),
        actions=[
            *(
                execute(say(title), Verb.BLIND_RATE, comparison_id=pair.comparison_id, choice=choice.value)
                for choice, title in CHOICES.items()
            ),
            show_card(say("What is expected"), card(verbatim(shorten(expected, MAX_TEXT)))),
            execute(say("Stop for now"), Verb.RELEASE_OPEN, release_id=release.id),
        ],
    )


def rated_card(agent: Agent, release: Release, evaluation: Evaluation) -> Element:
    """Return what was preferred, once a round is done or nothing is left to compare."""
    title = say("{agent}, {release}: compared blindly", agent=escape(agent.name), release=release.label)
    nothing = aside(say("There is nothing to compare: both answer every question in the same words."))
    return card(
        heading(title),
        *(rating(evaluation) or [nothing]),
        actions=[
            *([execute(say("Another round"), Verb.BLIND_FURTHER, release_id=release.id)] if evaluation.rating else []),
            execute(say("Back to the evaluation"), Verb.RELEASE_OPEN, release_id=release.id),
        ],
    )
