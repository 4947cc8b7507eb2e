"""The owner's inbox: one matter at a time, to accept, edit or turn down what people said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adaptive_cards import together
from adaptive_cards.elements import (
    Element,
    aside,
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
from adaptive_cards.opinion import MAX_CORRECTION, MAX_TEXT
from adaptive_cards.tending import by_itself
from adaptive_cards.together import Item, Side, Words, by_whom
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.languages import number as number_of
from tuning.languages import say, say_many


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """What waits for an agent's owner, and which of it is shown."""

    agent: Agent
    items: Sequence[Item]
    """The matter shown: feedback on nearly the same question; none if nothing waits."""
    number: int
    """Which matter that is, counted from 0."""
    total: int
    to_read: int
    """How much feedback waits, over all matters."""
    accepted: int
    """Corrections that no live release has learned yet."""
    accepted_since_run: int
    """Corrections accepted since the last run began."""
    sides: Sequence[Side] = ()
    """What the corrections of the matter say, one entry for those that agree; with what was accepted before."""
    words: Words | None = None
    """What the owner has typed and ticked, on a card on which several were settled together."""
    problem: str = ""


def inbox_card(inbox: Inbox) -> Element:
    """Return one matter with the way to the others and to a new run."""
    agent, number = inbox.agent, inbox.number
    retrain = execute(say("Retrain now"), Verb.RUN_START, is_validated=False, agent_id=agent.id)
    corrections = say_many(
        "{count} correction accepted for the next run", "{count} corrections accepted for the next run", inbox.accepted
    )
    when = by_itself(agent, inbox.accepted_since_run)
    to_read = say("{number} to read · {corrections}", number=number_of(inbox.to_read), corrections=corrections)
    counted = aside(f"{to_read} · {when}" if when else to_read)
    manage = execute(say("Manage"), Verb.AGENT_MANAGE, is_validated=False, agent_id=agent.id)
    last = [retrain, manage] if inbox.accepted else [manage]
    if not inbox.items:
        title, nothing = say("{agent}: inbox", agent=escape(agent.name)), say("Nothing waits for you.")
        return card(heading(title), paragraph(nothing), counted, actions=last)
    ids: dict[str, Any] = {"agent_id": agent.id, "number": number}
    is_alone = len(inbox.items) == 1
    body, actions = (
        _alone(inbox.items[0], inbox.words, ids) if is_alone else together.settle(inbox.items, inbox.words, ids)
    )
    title = say("{agent}: inbox, {number} of {total}", agent=escape(agent.name), number=number + 1, total=inbox.total)
    return card(
        heading(title),
        wrong(inbox.problem) if inbox.problem else None,
        *together.conflict(inbox.sides),
        *body,
        counted,
        actions=[*actions, *(_steps(agent, number) if inbox.total > 1 else []), *last],
    )


def _alone(item: Item, words: Words | None, ids: dict[str, Any]) -> tuple[list[Element], list[Element]]:
    given = item.feedback
    question = given.question if words is None or words.question is None else words.question
    body = [
        aside(by_whom(item)),
        label(say("Answer given")),
        verbatim(shorten(item.answer, MAX_TEXT)),
        *([label(say("Comment")), verbatim(given.comment)] if given.comment else []),
        *together.asked(question, is_required=True),
        text_input(
            "correction",
            say("What the answer should be"),
            value=given.correction if words is None else words.correction,
            longest=MAX_CORRECTION,
            is_multiline=True,
            is_required=True,
        ),
    ]
    ids = {**ids, "is_as_asked": together.is_as_asked(given)}
    actions = [
        execute(say("Accept"), Verb.INBOX_ACCEPT, style="positive", feedback_id=given.id, **ids),
        execute(say("Leave out"), Verb.INBOX_REJECT, is_validated=False, feedback_id=given.id, **ids),
    ]
    return body, actions


def _steps(agent: Agent, number: int) -> list[Element]:
    return [
        execute(title, Verb.INBOX_OPEN, is_validated=False, agent_id=agent.id, number=number + step)
        for title, step in ((say("Previous"), -1), (say("Next"), 1))
    ]
