"""Who is served next: lanes, admission and the tokens of each turn. Pure: it never calls llama.cpp and knows no clock.

A lane runs one tune (an adapter, or the base alone), because a llama.cpp batch holds one set of adapters. Turns go to
the lane with the smallest share so far, counted in tokens per running request (stride scheduling, Waldspurger 1995).
"""

from collections import Counter, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from serving.cells import Grant, Hold, Ledger
from serving.costs import TurnCosts
from serving.lookup import Draft
from serving.swap import Swap

TURN_COST = 4
"""What a turn costs beside its tokens, in tokens written: a small turn is not free."""
READING_COST = 0.25
"""What a token of a prompt costs, in tokens written: many are read at once, and somebody waits for the first word."""


class Job(Protocol):
    """What the scheduler needs to know of a request; it fills in the row."""

    prompt: list[int]
    pending: list[int]
    """Tokens not yet in native memory: the rest of the prompt, or the token chosen last."""
    position: int
    """Tokens in native memory."""
    room: int
    """Tokens of prompt and answer at most."""
    row: int
    reused: int

    def draft(self, most: int) -> Draft:
        """Return at most so many tokens that may follow an answer's pending one."""
        ...


K = TypeVar("K", bound=Hashable)
J = TypeVar("J", bound=Job)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The scheduler's share of the engine's config."""

    lanes: int
    """Lanes open at once."""
    sequences: int
    """Sequences per lane."""
    cells: int
    """Tokens of KV memory per lane."""
    batch_tokens: int
    """Tokens per turn."""
    draft_tokens: int = 0
    """Drafted tokens per turn, part of the batch."""
    share: bool = True
    """Whether prompts may reuse what is in memory."""
    swap_bytes: int = 0
    """Memory for the conversations that are swapped out, of all lanes."""


@dataclass(frozen=True)
class Feed(Generic[J]):
    """Tokens of one job for one turn: the first `count` of its pending ones, and a draft of what may follow them."""

    job: J
    count: int
    draft: Sequence[int] = ()

    @property
    def size(self) -> int:
        """How many tokens of the batch it takes."""
        return self.count + len(self.draft)

    @property
    def is_writing(self) -> bool:
        """Whether it goes on with an answer, and doesn't read a prompt."""
        return len(self.job.pending) == 1

    @property
    def wants_logits(self) -> bool:
        """Whether a token is chosen after it: all that was pending is in it."""
        return self.count == len(self.job.pending)


@dataclass(kw_only=True)
class Turn(Generic[K, J]):
    """One step of one lane: grants to carry out first, then the feeds to decode in one batch."""

    key: K
    grants: list[Grant]
    feeds: list[Feed[J]]


@dataclass(kw_only=True, eq=False)
class Lane(Generic[J]):
    """An open lane."""

    ledger: Ledger
    running: list[J] = field(default_factory=list)
    served: float = 0.0
    """Its share so far."""
    used_at: int = 0
    """The turn in which it last ran."""
    closing: bool = False
    """Whether it only finishes what runs, because others wait for its place."""
    fresh: bool = True
    """Whether it has had no turn yet: it isn't closed before."""


@dataclass(frozen=True, kw_only=True)
class Closing(Generic[K]):
    """A lane to be closed."""

    key: K
    ledger: Ledger
    retired: bool
    """Whether nobody will ask for it again."""


class Scheduler(Generic[K, J]):
    """The waiting and the running, over all lanes."""

    def __init__(self, limits: Limits) -> None:
        """Begin with no lane."""
        self.limits = limits
        self.costs = TurnCosts()
        """Told by the caller what turns took; drafts are as long as they pay."""
        self.lanes: dict[K, Lane[J]] = {}
        self.waiting: dict[K, deque[J]] = {}
        self.pinned: set[K] = set()
        self._swap = Swap(limits.swap_bytes)
        self._retired: set[K] = set()
        self._turns = 0

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self.waiting and not any(lane.running for lane in self.lanes.values())

    def submit(self, key: K, job: J) -> None:
        """Put a job at the end of its lane's queue. Its room must not exceed the lane's cells."""
        self.waiting.setdefault(key, deque()).append(job)

    def remove(self, key: K, job: J) -> None:
        """Take out a job that is finished or given up; what it decoded stays for the next turn of its conversation."""
        lane = self.lanes.get(key)
        if lane and job in lane.running:
            lane.running.remove(job)
            lane.ledger.release(job.row)
        elif key in self.waiting and job in self.waiting[key]:
            self.waiting[key].remove(job)
            if not self.waiting[key]:
                del self.waiting[key]

    def note(self, key: K, job: J, chosen: list[int]) -> None:
        """Note that a turn brought a job to its position, and which tokens were chosen after it."""
        self.lanes[key].ledger.grow(job.row, chosen, job.position)

    def place(self) -> tuple[list[Closing[K]], list[K]]:
        """Give lanes to those who wait for one, the longest waiting first; return what to close and then to open.

        A lane is never closed under a running answer: it is marked, finishes what runs, and is closed by a later call.
        """
        if not (self.waiting or self._retired or any(lane.closing for lane in self.lanes.values())):
            return [], []  # most turns
        close = [self._close(key) for key in self._retired & self.lanes.keys() if self._rests(key)]
        self._retired &= self.lanes.keys()
        wanting = [key for key in self.waiting if key not in self.lanes]
        open_: list[K] = []
        for key in wanting:
            if len(self.lanes) >= self.limits.lanes:
                free = self._free_lanes()
                if not free:
                    break
                close.append(self._close(min(free, key=lambda key: self.lanes[key].used_at)))
            self._open(key)
            open_.append(key)
        self._mark_closing(len(wanting) - len(open_))
        return close, open_

    def retire(self, key: K) -> None:
        """Close a lane as soon as it rests: nobody will ask for it again."""
        self.pinned.discard(key)
        self._swap.drop(key)
        self._retired.add(key)

    def drop_lane(self, key: K) -> None:
        """Forget a lane whose native side is gone; its running jobs must have been removed."""
        self._swap.drop(key)
        self.lanes.pop(key, None)

    def next_turn(self) -> Turn[K, J] | None:
        """Admit what fits to the lane whose turn it is, and fill its batch."""
        ready = [key for key, lane in self.lanes.items() if lane.running or (key in self.waiting and not lane.closing)]
        if not ready:
            return None
        # Of equal shares, who comes anew or was served the longest ago: its first word doesn't wait for others' turns.
        key = min(ready, key=lambda key: (self.lanes[key].served, not self.lanes[key].fresh, self.lanes[key].used_at))
        lane = self.lanes[key]
        self._turns += 1
        lane.used_at, lane.fresh = self._turns, False
        grants = [] if lane.closing else list(self._admit(key, lane))
        feeds = list(self._fill(lane))
        cost = TURN_COST + sum(feed.size * (1 if feed.is_writing else READING_COST) for feed in feeds)
        lane.served += cost / max(len(lane.running), 1)
        return Turn(key=key, grants=grants, feeds=feeds)

    def _admit(self, key: K, lane: Lane[J]) -> Iterator[Grant]:
        queue = self.waiting.get(key)
        if not queue:
            return
        if not lane.running:
            # A lane that rested must not catch up on the turns it did not want.
            lane.served = max([lane.served, *self._shares_of_others(key)])
        passed: deque[J] = deque()
        while queue:
            job = queue.popleft()
            grant = lane.ledger.admit(job.prompt, job.room)
            if isinstance(grant, Hold):
                passed.append(job)
                # Those behind must not take the room that the first in line waits for; nor is it worth asking for more
                # of those who wait for a beginning than could be admitted.
                if grant is Hold.ROOM or len(passed) >= self.limits.sequences:
                    break
                continue
            job.row, job.reused, job.position = grant.row, grant.reused, grant.reused
            job.pending = job.prompt[grant.reused :]
            lane.running.append(job)
            yield grant
        passed.extend(queue)
        if passed:
            self.waiting[key] = passed
        else:
            del self.waiting[key]

    def _fill(self, lane: Lane[J]) -> Iterator[Feed[J]]:
        """Feed every answer its next token; split the rest between the oldest prompt and the ones nearest their end."""
        answers = [job for job in lane.running if len(job.pending) == 1]
        prompts = [job for job in lane.running if len(job.pending) > 1]
        left = self.limits.batch_tokens - len(answers)
        reading = min(sum(len(job.pending) for job in prompts), left)
        for feed in self._drafted(answers, min(self.limits.draft_tokens, left - (reading + 1) // 2), reading):
            left -= len(feed.draft)
            yield feed
        if not prompts:
            return
        oldest = prompts[0]
        promised = min(len(oldest.pending), left - left // 2)
        left -= promised
        for job in sorted(prompts[1:], key=lambda job: len(job.pending)):
            count = min(len(job.pending), left)
            left -= count
            if count:
                yield Feed(job, count)
        if promised + left:
            yield Feed(oldest, min(len(oldest.pending), promised + left))

    def _drafted(self, answers: list[J], left: int, reading: int) -> Iterator[Feed[J]]:
        """Feed answers their pending token, and of their drafts the likeliest tokens, as many as pay."""
        # The last token of an answer is never decoded, and the one chosen after a draft is one more.
        drafts = [job.draft(min(left, max(job.room - job.position - 2, 0))) for job in answers]
        ranked = sorted(
            (-chance, place, index) for index, draft in enumerate(drafts) for place, chance in enumerate(draft.chances)
        )[: max(left, 0)]
        count = self.costs.affordable(len(answers) + reading, [-chance for chance, _, _ in ranked])
        counts = Counter(index for _, _, index in ranked[:count])
        for index, job in enumerate(answers):
            yield Feed(job, 1, drafts[index].tokens[: counts[index]])

    def _open(self, key: K) -> None:
        limits = self.limits
        ledger = Ledger(cells=limits.cells, rows=limits.sequences, share=limits.share, swap=self._swap, tune=key)
        self.lanes[key] = Lane(ledger=ledger, served=max(self._shares_of_others(key), default=0.0), used_at=self._turns)

    def _shares_of_others(self, key: K) -> list[float]:
        """Return the smallest share among the other lanes at work, if any."""
        shares = [lane.served for other, lane in self.lanes.items() if other != key and lane.running]
        return [min(shares)] if shares else []

    def _close(self, key: K) -> Closing[K]:
        if key in self.waiting:  # it had its turn: the others who wait for a lane come first
            self.waiting[key] = self.waiting.pop(key)
        if key in self._retired:
            self._swap.drop(key)
        return Closing(key=key, ledger=self.lanes.pop(key).ledger, retired=key in self._retired)

    def _rests(self, key: K) -> bool:
        return not self.lanes[key].running and key not in self.waiting

    def _free_lanes(self) -> list[K]:
        """Return the lanes that may be given away: those at rest, and the marked ones whose last answer is finished."""
        return [
            key
            for key, lane in self.lanes.items()
            if key not in self.pinned and (self._rests(key) or (lane.closing and not lane.running))
        ]

    def _mark_closing(self, wanted: int) -> None:
        """Mark as many lanes as places are wanted: those with the fewest requests. A mark stays while it is needed.

        A lane that has had no turn is not marked: with twice as many tunes in demand as there are lanes, all would be
        closed before they could serve anybody, for ever.
        """
        marked = [lane for lane in self.lanes.values() if lane.closing]
        for lane in marked[wanted:]:
            lane.closing = False
        candidates = [
            key for key, lane in self.lanes.items() if key not in self.pinned and not lane.closing and not lane.fresh
        ]
        load = {key: len(self.lanes[key].running) + len(self.waiting.get(key, ())) for key in candidates}
        candidates.sort(key=lambda key: (load[key], self.lanes[key].used_at))
        for key in candidates[: max(wanted - len(marked), 0)]:
            self.lanes[key].closing = True
