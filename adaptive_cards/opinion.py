"""What a person says of an answer: the form behind Teams' thumbs, and what they have said, to change or take back."""

from dataclasses import dataclass
from typing import Any

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    choice_input,
    escape,
    execute,
    heading,
    label,
    paragraph,
    shorten,
    show_card,
    text_input,
    verbatim,
    wrong,
)
from adaptive_cards.verbs import Verb
from tuning.domain.feedback import FAULTS, Feedback, FeedbackState, Reaction
from tuning.languages import day, mark, number, say

MAX_TEXT = 2_000
MAX_CORRECTION = 6_000
MAX_ANSWER = 1_000
"""Characters of the answer that is shown beside what was said of it."""
WHOLE_FORM = "whole"
"""What the form behind a thumb sends beside its fields: clients leave out those that were emptied."""
NONE = "none"
"""What stands for no choice: an empty value can't be chosen again."""
THUMBS = {Reaction.LIKE: mark("👍 I like it"), Reaction.DISLIKE: mark("👎 I don't like it")}
WHERE = {
    FeedbackState.NEW: mark("The owner has not decided on it yet."),
    FeedbackState.ACCEPTED: mark("The owner has accepted it: the agent learns from it next."),
    FeedbackState.REJECTED: mark("The owner has left it out."),
}
LEARNED = mark("The agent has learned from it, so it can't be taken back any more.")


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """One piece of a person's feedback among all of theirs."""

    feedback: Feedback
    agent: str
    answer: str
    number: int
    """Counted from 0 at the newest."""
    total: int
    problem: str = ""
    done: str = ""
    """What has just been done."""


def thumb_card(reaction: Reaction, said: Feedback | None) -> Element:
    """Return the form of a pressed thumb, with what was said before; Teams itself sends what is filled in."""
    reason = [_reason(said)] if reaction is Reaction.DISLIKE else []
    submit = {"type": "Action.Submit", "title": say("Send"), "data": {"form": WHOLE_FORM}}
    return card(*reason, _comment(said), _correction(said), actions=[submit])


def opinion_card(shown: Opinion) -> Element:
    """Return what a person said about one answer, as far as they can still change it, with the way to the others."""
    given = shown.feedback
    ids: dict[str, Any] = {"feedback_id": given.id, "number": shown.number}
    where = LEARNED if given.learned_in_run_id else WHERE[FeedbackState(given.state)]
    take_back = execute(say("Take it back"), Verb.FEEDBACK_WITHDRAW, is_validated=False, **ids)
    if given.state == FeedbackState.NEW:
        said = [_thumb(given), _reason(given), _comment(given), _correction(given)]
        actions = [execute(say("Save"), Verb.FEEDBACK_CHANGE, style="positive", **ids), take_back]
    else:
        said = list(_told(given))
        actions = [take_back] if given.is_withdrawable else []
    return card(
        heading(say("Your feedback, {number} of {total}", number=number(shown.number + 1), total=number(shown.total))),
        paragraph(shown.done) if shown.done else None,
        wrong(shown.problem) if shown.problem else None,
        aside(f"{escape(shown.agent)} · {day(given.given_at)} · {say(where)}"),
        label(say("Question")),
        verbatim(shorten(given.question, MAX_ANSWER)),
        label(say("Answer given")),
        verbatim(shorten(shown.answer, MAX_ANSWER)),
        *said,
        actions=[*actions, *(_steps(shown.number) if shown.total > 1 else [])],
    )


def no_opinion_card(done: str = "") -> Element:
    """Return what stands where there is no feedback, or none any more after what has been done."""
    return card(
        heading(say("Your feedback")),
        paragraph(done) if done else None,
        paragraph(say("You have said nothing about answers that could be changed. Press a thumb below one.")),
    )


def corrected_card(given: Feedback) -> Element:
    """Return what takes the button's place once a correction has been sent: it can be changed and taken back."""
    send = execute(say("Send correction"), Verb.FEEDBACK_CORRECT, answer_id=given.answer_id)
    change = show_card(say("Change"), card(wanted(given.correction), actions=[send]))
    take_back = execute(say("Take it back"), Verb.FEEDBACK_WITHDRAW, is_validated=False, feedback_id=given.id)
    return card(
        aside(say("✓ Thank you. The owner reads your correction.")),
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": given.correction, "italic": True}]},
        actions=[change, take_back],
    )


def wanted(value: str) -> Element:
    """Return the field for what an answer should have been."""
    title = say("What should the answer have been?")
    return text_input(
        "correction", title, value=_fitting(value), longest=MAX_CORRECTION, is_multiline=True, is_required=True
    )


def _fitting(text: str) -> str:
    """Return the text if the field holds it: half of it to edit would be sent as if it were all."""
    return text if len(text) <= MAX_CORRECTION else ""


def _thumb(given: Feedback) -> Element:
    choices = [*((say(title), str(thumb)) for thumb, title in THUMBS.items()), (say("No thumb"), NONE)]
    return choice_input("reaction", say("Your thumb"), choices, value=given.reaction or NONE)


def _reason(said: Feedback | None) -> Element:
    choices = [*((say(title), str(reason)) for reason, title in FAULTS.items()), (say("Something else"), NONE)]
    value = (said.reason if said else None) or NONE
    return choice_input("reason", say("What is wrong with it?"), choices, value=value)


def _comment(said: Feedback | None) -> Element:
    value = said.comment if said else ""
    return text_input("comment", say("Comment"), value=value[:MAX_TEXT], longest=MAX_TEXT, is_multiline=True)


def _correction(said: Feedback | None) -> Element:
    title, value = say("What the answer should be"), said.correction if said else ""
    return text_input("correction", title, value=_fitting(value), longest=MAX_CORRECTION, is_multiline=True)


def _told(given: Feedback) -> list[Element]:
    lines = [
        (say("Your thumb"), say(THUMBS[Reaction(given.reaction)]) if given.reaction else ""),
        (say("What is wrong with it?"), say(FAULTS[given.reason]) if given.reason else ""),
        (say("Comment"), given.comment),
        (say("What the answer should be"), given.correction),
    ]
    return [part for title, text in lines if text for part in (label(title), verbatim(text))]


def _steps(number: int) -> list[Element]:
    return [
        execute(title, Verb.FEEDBACK_OPEN, is_validated=False, number=number + step)
        for title, step in ((say("Previous"), -1), (say("Next"), 1))
    ]
