"""The owner's inbox: one piece of feedback at a time, to accept, edit or turn down."""

from collections.abc import Sequence
from typing import Any

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    escape,
    execute,
    heading,
    label,
    paragraph,
    text_input,
    verbatim,
)
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.feedback import Feedback, Reaction
from tuning.languages import mark, say, say_many
from tuning.languages import number as number_of

MAX_TEXT = 2_000
THUMBS = {Reaction.LIKE: mark("👍 liked it"), Reaction.DISLIKE: mark("👎 did not like it")}


def inbox_card(
    agent: Agent, items: Sequence[tuple[Feedback, str, str]], *, number: int, accepted: int, problem: str = ""
) -> Element:
    """Return one item (feedback, answer given, who gave it) with the way to the others and to a new run."""
    retrain = execute(say("Retrain now"), Verb.RUN_START, is_validated=False, agent_id=agent.id)
    corrections = say_many(
        "{count} correction accepted for the next run", "{count} corrections accepted for the next run", accepted
    )
    counted = aside(say("{number} to read · {corrections}", number=number_of(len(items)), corrections=corrections))
    if not items:
        return card(
            heading(say("{agent}: inbox", agent=escape(agent.name))),
            paragraph(say("Nothing waits for you.")),
            counted,
            actions=[retrain] if accepted else [],
        )
    number = number % len(items)
    item, answer, who = items[number]
    ids: dict[str, Any] = {"agent_id": agent.id, "feedback_id": item.id, "number": number}
    return card(
        heading(
            say("{agent}: inbox, {number} of {total}", agent=escape(agent.name), number=number + 1, total=len(items))
        ),
        paragraph(problem, color="attention") if problem else None,
        aside(f"{escape(who)}{' · ' + say(THUMBS[Reaction(item.reaction)]) if item.reaction else ''}"),
        label(say("Answer given")),
        verbatim(answer[:MAX_TEXT]),
        *([label(say("Comment")), verbatim(item.comment)] if item.comment else []),
        text_input("question", say("Question"), value=item.question[:MAX_TEXT], longest=MAX_TEXT, is_required=True),
        text_input(
            "correction",
            say("What the answer should be"),
            value=item.correction,
            longest=MAX_TEXT,
            is_multiline=True,
            is_required=True,
        ),
        counted,
        actions=[
            execute(say("Accept"), Verb.INBOX_ACCEPT, style="positive", **ids),
            execute(say("Leave out"), Verb.INBOX_REJECT, is_validated=False, **ids),
            *(_steps(agent, number) if len(items) > 1 else []),
            *([retrain] if accepted else []),
        ],
    )


def _steps(agent: Agent, number: int) -> list[Element]:
    return [
        execute(title, Verb.INBOX_OPEN, is_validated=False, agent_id=agent.id, number=number + step)
        for title, step in ((say("Previous"), -1), (say("Next"), 1))
    ]
