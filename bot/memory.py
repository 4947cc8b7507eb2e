"""What of a conversation a model is shown with the next question: the newest of what was said, as far as it fits."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tuning.domain.prompts import Message

MAX_TOKENS = 500
"""A quarter of what the starter can read: the rest is for passages, question and answer."""
MAX_TURNS = 20


@dataclass(frozen=True, kw_only=True)
class Said:
    """A question of a conversation with its answer, as the asker corrected it."""

    question: str
    answer: str


async def recalled(earlier: Sequence[Said], count: Callable[[str], Awaitable[int]]) -> list[Message]:
    """Return the newest turns that have at most `MAX_TOKENS` tokens together, as messages, the oldest first.

    What is older than a turn that doesn't fit is left out too: a conversation with a gap would mislead.
    """
    messages: list[Message] = []
    room = MAX_TOKENS
    for turn in reversed(earlier):
        room -= await count(f"{turn.question}\n{turn.answer}")
        if room < 0:
            break
        asked: Message = {"role": "user", "content": turn.question}
        messages[:0] = [asked, {"role": "assistant", "content": turn.answer}]
    return messages
