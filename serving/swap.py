"""Conversations at rest, swapped out of a lane's KV memory into the machine's. Pure: what was saved is opaque bytes.

Attention looks at every cell of a lane up to the last that is taken, whoever's it is: conversations that wait for
their next turn slow down all others. Saved, they cost nobody anything, and what returns is copied, not read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.lists import common_length


@dataclass(frozen=True, eq=False)
class Swapped:
    """A conversation as it was saved."""

    tokens: list[int]
    start: int
    """The tokens before this one stayed in the lane: other sequences hold them, too."""
    state: NDArray[np.uint8]
    """What the native side saved, in bytes."""


class Swap:
    """What a lane has swapped out, within its share of memory."""

    def __init__(self, limit: int) -> None:
        """Begin empty; the limit is in bytes, and 0 keeps nothing."""
        self.limit = limit
        self._kept: list[Swapped] = []
        """The longest unused first."""

    @property
    def used(self) -> int:
        """Return how many bytes are kept."""
        return sum(len(one.state) for one in self._kept)

    def put(self, swapped: Swapped) -> None:
        """Keep a conversation, and let the longest unused go for it."""
        self._kept.append(swapped)
        while self.used > self.limit:
            del self._kept[0]

    def take(self, swapped: Swapped) -> None:
        """Give a conversation back: it returns to the lane."""
        self._kept.remove(swapped)

    def best(self, tokens: Sequence[int], *, shared: int) -> tuple[Swapped | None, int]:
        """Return the conversation with the longest common beginning, and its length.

        It must have left no more in the lane than the first `shared` tokens.
        """
        found: Swapped | None = None
        longest = 0
        for one in self._kept:
            if one.start <= shared:
                length = common_length(one.tokens, tokens)
                if length > max(longest, one.start):
                    found, longest = one, length
        return found, longest
