"""Conversations at rest, swapped out of lanes' KV memory into the machine's. Pure: what was saved is opaque bytes.

Attention looks at every cell of a lane up to the last that is taken, whoever's it is: conversations that wait for
their next turn slow down all others. Saved, they cost nobody anything, and what returns is copied, not read again. What
a lane holds when it is closed is saved, too, for the next lane of the same tune.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
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
    """What all lanes have swapped out, by tune, within one limit of memory."""

    def __init__(self, limit: int) -> None:
        """Begin empty; the limit is in bytes, and 0 keeps nothing."""
        self.limit = limit
        self.used = 0
        """Bytes kept."""
        self._owners: dict[Swapped, Hashable] = {}
        """The longest unused first."""
        self._kept: defaultdict[Hashable, dict[Swapped, None]] = defaultdict(dict)

    def put(self, tune: Hashable, swapped: Swapped) -> None:
        """Keep a conversation, and let the longest unused go for it, whoever's they are."""
        self._owners[swapped] = tune
        self._kept[tune][swapped] = None
        self.used += len(swapped.state)
        while self.used > self.limit:
            self.take(next(iter(self._owners)))

    def take(self, swapped: Swapped) -> None:
        """Give a conversation back: it returns to the lane, or is let go."""
        tune = self._owners.pop(swapped)
        self.used -= len(swapped.state)
        del self._kept[tune][swapped]
        if not self._kept[tune]:
            del self._kept[tune]

    def drop(self, tune: Hashable) -> None:
        """Let all conversations of a tune go."""
        for swapped in list(self._kept.get(tune, ())):
            self.take(swapped)

    def best(self, tune: Hashable, tokens: Sequence[int], *, shared: int) -> tuple[Swapped | None, int]:
        """Return a tune's conversation with the longest common beginning, and its length.

        It must have left no more in the lane than the first `shared` tokens.
        """
        found: Swapped | None = None
        longest = 0
        for one in self._kept.get(tune, ()):
            if one.start <= shared:
                length = common_length(one.tokens, tokens)
                if length > max(longest, one.start):
                    found, longest = one, length
        return found, longest
