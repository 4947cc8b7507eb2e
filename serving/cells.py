"""Who holds which cells of a lane's KV memory, and what a new prompt can reuse of it. Pure: the engine copies.

A cell holds one token at one position; sequences with a common beginning share its cells. So each sequence is written
down as stretches: "positions a to b as they were first decoded under number n". Two sequences with a stretch of the
same number share its beginning, and its cells are counted once, up to the furthest end that somebody still holds.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count

import numpy as np
from numpy.typing import NDArray

from serving.lists import common_length
from serving.swap import Swap, Swapped

WORTH_WAITING = 32
"""Tokens: when another request is decoding this much of the same beginning, waiting is cheaper than doing it twice."""
WORTH_KEEPING = 32
"""Tokens: a finished conversation that goes on differently after its last few tokens is continued in place."""
WORTH_SWAPPING = 32
"""Tokens: saving fewer, or bringing them back, is not worth the copy."""


@dataclass(frozen=True)
class Stretch:
    """Neighbouring cells that were decoded for one sequence."""

    number: int
    start: int
    stop: int

    def until(self, position: int) -> "Stretch":
        """Return the part before a position."""
        return Stretch(self.number, self.start, min(self.stop, position))


@dataclass
class Row:
    """One sequence of the native memory."""

    tokens: list[int] = field(default_factory=list)
    """What it holds, or is about to hold while busy."""
    decoded: int = 0
    """How many of the tokens are in native memory."""
    stretches: list[Stretch] = field(default_factory=list)
    """Where they lie; while busy with room for the whole answer."""
    busy: bool = False
    """Whether a request is using it."""
    used_at: int = 0
    """When it was last busy, by the ledger's own count."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Where a request may go, and what must be done to native memory first."""

    row: int
    """The sequence it gets."""
    reused: int
    """Tokens of its prompt that will be there."""
    donor: int | None
    """First: the sequence to copy the reused tokens from, after emptying `row`; none: trim `row` to those tokens."""
    forget: tuple[int, ...]
    """Then: sequences to empty, to make room."""
    swapped: Swapped | None = None
    """What to bring back into `row`, before the tokens that it left in the lane are copied from the donor."""


class Hold(Enum):
    """Why a request must try again later."""

    ROOM = auto()
    """No sequence or too few cells are free."""
    BEGINNING = auto()
    """Another request is decoding the same beginning right now."""


class Ledger:
    """The cells of one lane."""

    def __init__(
        self, *, cells: int, rows: int, share: bool = True, swap: Swap | None = None, tune: Hashable = None
    ) -> None:
        """Begin empty, but for what the swap holds of the tune.

        With share off, nothing is reused (models with a recurrent state).
        """
        self.cells = cells
        self.rows = [Row() for _ in range(rows)]
        self.tune = tune
        self.swap = swap if swap and share else Swap(0)
        self._share = share
        self._numbers = count()
        self._clock = count(1)

    def used(self, rows: Iterable[Row] | None = None) -> int:
        """Return how many cells are held or promised."""
        furthest: dict[int, tuple[int, int]] = {}
        for row in self.rows if rows is None else rows:
            for stretch in row.stretches:
                start, stop = furthest.get(stretch.number, (stretch.start, stretch.stop))
                furthest[stretch.number] = (start, max(stop, stretch.stop))
        return sum(stop - start for start, stop in furthest.values())

    def admit(self, prompt: Sequence[int], room: int) -> Grant | Hold:
        """Find a sequence for a prompt and its answer, together at most `room` tokens, and reserve it."""
        if all(row.busy for row in self.rows):
            return Hold.ROOM
        tokens = list(prompt)
        donor, reused = self._best_donor(tokens)
        if grant := self._bring_back(tokens, room, donor, reused):
            return grant
        if self._worth_waiting(tokens, reused):
            return Hold.BEGINNING
        row = self._choose_row(donor, reused)
        if row is None:
            return Hold.ROOM
        forget = self._reserve(row, tokens, reused, self._stretches(donor, reused, room))
        if forget is None:
            return Hold.ROOM
        return Grant(row=row, reused=reused, donor=None if row == donor else donor, forget=forget)

    def grow(self, row: int, tokens: Sequence[int], decoded: int) -> None:
        """Note new tokens of a busy sequence and how many are in native memory now."""
        self.rows[row].tokens.extend(tokens)
        self.rows[row].decoded = decoded

    def release(self, row: int) -> None:
        """Keep what a sequence holds for the next turn of its conversation, and give back the rest of its room."""
        held = self.rows[row]
        held.busy = False
        held.used_at = next(self._clock)
        del held.tokens[held.decoded :]
        held.stretches = _cut(held.stretches, held.decoded)

    def at_rest(self) -> list[tuple[int, int]]:
        """Return the sequences to swap out, and from which token on: all that rest but the one used last."""
        if not self.swap.limit:
            return []
        resting = [index for index, row in enumerate(self.rows) if row.tokens and not row.busy]
        last = max(resting, key=lambda index: self.rows[index].used_at, default=None)
        starts = [(index, self._shared(index)) for index in resting if index != last]
        return [(index, start) for index, start in starts if self.rows[index].decoded - start >= WORTH_SWAPPING]

    def left(self) -> list[tuple[int, int]]:
        """Return the sequences to swap out, from their first token on, before the lane is closed.

        Those at rest are out already. What another one begins with, or what the swap has kept, is not saved again.
        """
        if not self.swap.limit:
            return []
        found: list[int] = []
        for index in sorted(range(len(self.rows)), key=lambda index: len(self.rows[index].tokens), reverse=True):
            tokens = self.rows[index].tokens
            known = max((common_length(tokens, self.rows[other].tokens) for other in found), default=0)
            known = max(known, self.swap.best(self.tune, tokens, shared=0)[1])
            if len(tokens) - known >= WORTH_SWAPPING:
                found.append(index)
        return [(index, 0) for index in found]

    def swap_out(self, row: int, start: int, state: NDArray[np.uint8]) -> None:
        """Note that a sequence was saved from a token on, and holds only those before it."""
        held = self.rows[row]
        self.swap.put(self.tune, Swapped(held.tokens, start, state))
        self.rows[row] = Row()
        if start:
            stretches = _cut(held.stretches, start)
            self.rows[row] = Row(tokens=held.tokens[:start], decoded=start, stretches=stretches, used_at=held.used_at)

    def _shared(self, row: int) -> int:
        """Return how many of a sequence's first tokens lie in cells that other sequences hold, too."""
        others = [stretch for index, held in enumerate(self.rows) if index != row for stretch in held.stretches]
        shared = 0
        for stretch in self.rows[row].stretches:
            ends = [other.stop for other in others if other.number == stretch.number]
            shared = max(shared, min(stretch.stop, max(ends, default=0)))
            if shared < stretch.stop:
                break
        return shared

    def _bring_back(self, tokens: list[int], room: int, donor: int | None, reused: int) -> Grant | None:
        """Reserve a sequence for a prompt whose conversation was swapped out, if that is where most of it is."""
        swapped, length = self.swap.best(self.tune, tokens, shared=reused)
        length = min(length, len(tokens) - 1)
        if swapped is None or length - reused < WORTH_SWAPPING:
            return None
        donor = donor if swapped.start else None
        free = [index for index, row in enumerate(self.rows) if not row.busy and index != donor]
        row = min(free, key=lambda index: (bool(self.rows[index].tokens), self.rows[index].used_at), default=None)
        if row is None:
            return None
        returning = self._stretches(donor, swapped.start, max(room, len(swapped.tokens)))
        forget = self._reserve(row, tokens, length, returning, keep=donor)
        if forget is None:
            return None
        self.rows[row].stretches = _cut(returning, room)  # what returns beyond its use is forgotten at once
        self.swap.take(swapped)
        if len(swapped.tokens) - length > WORTH_KEEPING:  # another conversation, which only begins alike
            self.swap.put(self.tune, swapped)
        return Grant(row=row, reused=length, donor=donor, forget=forget, swapped=swapped)

    def _stretches(self, donor: int | None, shared: int, room: int) -> list[Stretch]:
        """Return where a new sequence lies that shares its first tokens with a donor."""
        held = [] if donor is None else _cut(self.rows[donor].stretches, shared)
        return [*held, Stretch(next(self._numbers), shared, room)]

    def _reserve(
        self, row: int, tokens: list[int], decoded: int, stretches: list[Stretch], *, keep: int | None = None
    ) -> tuple[int, ...] | None:
        """Give a sequence to a prompt; return the sequences that are forgotten for it, none if it doesn't fit."""
        forget = self._make_room(row, stretches, keep)
        if forget is None:
            return None
        for index in forget:
            self.rows[index] = Row()
        self.rows[row] = Row(tokens=tokens, decoded=decoded, stretches=stretches, busy=True)
        return tuple(forget)

    def _best_donor(self, tokens: list[int]) -> tuple[int | None, int]:
        """Return the sequence with the longest common beginning in native memory; one token is left to decode."""
        best, longest = None, 0
        if self._share:
            for index, row in enumerate(self.rows):
                reusable = min(common_length(row.tokens, tokens), row.decoded, len(tokens) - 1)
                if reusable > longest or (reusable == longest > 0 and best is not None and self._frees(best, index)):
                    best, longest = index, reusable
        return best, longest

    def _frees(self, busy: int, idle: int) -> bool:
        """Return whether the second can be continued in place and the first can't."""
        return self.rows[busy].busy and not self.rows[idle].busy

    def _worth_waiting(self, tokens: list[int], reused: int) -> bool:
        return self._share and any(
            min(common_length(row.tokens, tokens), len(tokens) - 1) - reused >= WORTH_WAITING
            for row in self.rows
            if row.busy and row.decoded < len(row.tokens)
        )

    def _choose_row(self, donor: int | None, reused: int) -> int | None:
        if donor is not None:
            held = self.rows[donor]
            if not held.busy and len(held.tokens) - reused <= WORTH_KEEPING:
                return donor
        free = [index for index, row in enumerate(self.rows) if not row.busy]
        others = [index for index in free if index != donor] or free
        return min(others, key=lambda index: (bool(self.rows[index].tokens), self.rows[index].used_at), default=None)

    def _make_room(self, row: int, stretches: list[Stretch], keep: int | None) -> list[int] | None:
        """Return the idle sequences to forget, longest unused first, so that the new one fits; none if it can't."""
        kept = {index: held for index, held in enumerate(self.rows) if index != row}
        kept[row] = Row(stretches=stretches)
        idle = sorted(
            (index for index, held in kept.items() if index not in {row, keep} and not held.busy and held.tokens),
            key=lambda index: self.rows[index].used_at,
        )
        forget: list[int] = []
        while self.used(kept.values()) > self.cells:
            if not idle:
                return None
            forget.append(idle.pop(0))
            del kept[forget[-1]]
        return forget


def _cut(stretches: Sequence[Stretch], length: int) -> list[Stretch]:
    return [stretch.until(length) for stretch in stretches if stretch.start < length]
