"""The one quiet button below an answer: correct it."""

from adaptive_cards.elements import Element, card, execute, show_card, text_input
from adaptive_cards.verbs import Verb
from tuning.domain.conversations import Answer

MAX_CORRECTION = 2_000


def answer_card(answer: Answer) -> Element:
    """Return the button, which unfolds the answer to edit."""
    field = text_input(
        "correction",
        "What should the answer have been?",
        value=answer.text[:MAX_CORRECTION],
        longest=MAX_CORRECTION,
        is_multiline=True,
        is_required=True,
    )
    send = execute("Send correction", Verb.FEEDBACK_CORRECT, answer_id=answer.id)
    return card(actions=[show_card("Correct this answer", card(field, actions=[send]))])


def corrected_card(correction: str) -> Element:
    """Return what takes the button's place once a correction has been sent."""
    return card(
        {"type": "TextBlock", "text": "✓ Thank you. The owner reads your correction.", "wrap": True, "isSubtle": True},
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": correction, "italic": True}]},
    )
