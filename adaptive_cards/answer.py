"""What stands below an answer, quietly: what to ask next, and a button to correct it."""

from collections.abc import Sequence

from adaptive_cards.elements import Element, aside, card, escape, execute, show_card
from adaptive_cards.opinion import wanted
from adaptive_cards.verbs import Verb
from tuning.domain.conversations import Answer
from tuning.languages import say


def answer_card(answer: Answer, follow_ups: Sequence[str] = (), *, note: str = "") -> Element:
    """Return the questions that one press asks, and the button, which unfolds the answer to edit.

    The note says what has just been done.
    """
    field = wanted(answer.text)
    send = execute(say("Send correction"), Verb.FEEDBACK_CORRECT, answer_id=answer.id)
    asked_next = [aside(say("You could also ask")), *map(_ask, follow_ups)] if follow_ups else []
    done = [aside(note)] if note else []
    return card(*done, *asked_next, actions=[show_card(say("Correct this answer"), card(field, actions=[send]))])


def _ask(question: str) -> Element:
    """Return a line that sends itself as the person's message; unlike a button's title it wraps on a phone."""
    press = {"type": "Action.Submit", "title": question, "data": {"msteams": {"type": "imBack", "value": question}}}
    text = {"type": "TextBlock", "text": escape(question), "wrap": True, "color": "accent"}
    return {"type": "Container", "spacing": "small", "items": [text], "selectAction": press}
