"""What stands below an answer, quietly: what to ask next, and a button to correct it."""

from collections.abc import Mapping
from types import MappingProxyType

from adaptive_cards.elements import Element, aside, card, escape, execute, show_card
from adaptive_cards.opinion import wanted
from adaptive_cards.verbs import Verb
from tuning.domain.conversations import Answer
from tuning.languages import say


def answer_card(answer: Answer, follow_ups: Mapping[int, str] = MappingProxyType({}), *, note: str = "") -> Element:
    """Return the questions that one press asks, and the button, which unfolds the answer to edit.

    The note says what has just been done.
    """
    field = wanted(answer.text)
    send = execute(say("Send correction"), Verb.FEEDBACK_CORRECT, answer_id=answer.id)
    said = aside(note) if note else None
    also = aside(say("You could also ask")) if follow_ups else None
    lines = [_ask(answer, *follow_up) for follow_up in follow_ups.items()]
    return card(said, also, *lines, actions=[show_card(say("Correct this answer"), card(field, actions=[send]))])


def _ask(answer: Answer, example_id: int, question: str) -> Element:
    """Return a line that asks its question when it is pressed; unlike a button's title it wraps on a phone."""
    press = execute(question, Verb.FOLLOW_UP_ASK, agent_id=answer.agent_id, example_id=example_id)
    text = {"type": "TextBlock", "text": escape(question), "wrap": True, "color": "accent"}
    return {"type": "Container", "spacing": "small", "items": [text], "selectAction": press}
