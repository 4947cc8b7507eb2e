"""What of a conversation a model is shown with the next question: the newest of what was said, as far as it fits."""

from collections.abc import Awaitable, Callable, Collection, Sequence
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
    shown: Collection[str] | None = None
    """The documents that the answer was made of; None: nobody noted them."""
    beyond: Collection[str] = ()
    """What else it was made of."""


async def recalled(earlier: Sequence[Said], count: Callable[[str], Awaitable[int]]) -> list[Said]:
    """Return the newest turns that have at most `MAX_TOKENS` tokens together, the oldest first.

    What is older than a turn that doesn't fit is left out too: a conversation with a gap would mislead.
    """
    turns: list[Said] = []
    room = MAX_TOKENS
    for turn in reversed(earlier):
        room -= await count(f"{turn.question}\n{turn.answer}")
        if room < 0:
            break
        turns.insert(0, turn)
    return turns


def messages(turns: Sequence[Said]) -> list[Message]:
    """Return turns as the model is shown them."""
    found: list[Message] = []
    for turn in turns:
        found += [{"role": "user", "content": turn.question}, {"role": "assistant", "content": turn.answer}]
    return found
