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
from adaptive_cards.numbers import count
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.feedback import Feedback, Reaction

MAX_TEXT = 2_000
THUMBS = {Reaction.LIKE: "👍 liked it", Reaction.DISLIKE: "👎 did not like it"}


def inbox_card(
    agent: Agent, items: Sequence[tuple[Feedback, str, str]], *, number: int, accepted: int, problem: str = ""
) -> Element:
    """Return one item (feedback, answer given, who gave it) with the way to the others and to a new run."""
    retrain = execute("Retrain now", Verb.RUN_START, is_validated=False, agent_id=agent.id)
    counted = aside(f"{len(items)} to read · {count(accepted, 'correction')} accepted for the next run")
    if not items:
        return card(
            heading(f"{escape(agent.name)}: inbox"),
            paragraph("Nothing waits for you."),
            counted,
            actions=[retrain] if accepted else [],
        )
    number = number % len(items)
    item, answer, who = items[number]
    ids: dict[str, Any] = {"agent_id": agent.id, "feedback_id": item.id, "number": number}
    return card(
        heading(f"{escape(agent.name)}: inbox, {number + 1} of {len(items)}"),
        paragraph(problem, color="attention") if problem else None,
        aside(f"{escape(who)}{' · ' + THUMBS[Reaction(item.reaction)] if item.reaction else ''}"),
        label("Answer given"),
        verbatim(answer[:MAX_TEXT]),
        *([label("Comment"), verbatim(item.comment)] if item.comment else []),
        text_input("question", "Question", value=item.question[:MAX_TEXT], longest=MAX_TEXT, is_required=True),
        text_input(
            "correction",
            "What the answer should be",
            value=item.correction,
            longest=MAX_TEXT,
            is_multiline=True,
            is_required=True,
        ),
        counted,
        actions=[
            execute("Accept", Verb.INBOX_ACCEPT, style="positive", **ids),
            execute("Leave out", Verb.INBOX_REJECT, is_validated=False, **ids),
            *(_steps(agent, number) if len(items) > 1 else []),
            *([retrain] if accepted else []),
        ],
    )


def _steps(agent: Agent, number: int) -> list[Element]:
    return [
        execute(title, Verb.INBOX_OPEN, is_validated=False, agent_id=agent.id, number=number + step)
        for title, step in (("Previous", -1), ("Next", 1))
    ]
