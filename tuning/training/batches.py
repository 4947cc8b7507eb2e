"""Rows to batches, so that what rows begin with alike is computed once.

A passage with several questions on it is most of every such row: read once for all of them, it costs a fraction.
Exact, because a causal model's view of a beginning does not depend on what follows.
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from tuning.domain.datasets import Origin
from tuning.training.config import TrainingConfig

BUCKET_BATCHES = 16
"""Bundles are sorted by length among this many batches' worth of shuffled ones: little padding, and still by chance."""
SHORTEST_SHARED = 8
"""Shorter common beginnings aren't worth a pass of their own."""
PASS_TOKENS = 64
"""What a pass through the model costs before its first token, in tokens."""


class Role(StrEnum):
    """What a row is for."""

    EXAMPLE = "example"
    CHOSEN = "chosen"
    """A correction; the batch's rejected rows are in the same order."""
    REJECTED = "rejected"
    LIKED = "liked"
    DISLIKED = "disliked"
    MISMATCHED = "mismatched"
    """An answer to another question, which nothing is learned from."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A prompt and its completion as tokens."""

    tokens: tuple[int, ...]
    start: int
    """Where the completion begins: loss is on tokens[start:] only."""
    origin: Origin
    role: Role = Role.EXAMPLE


Batch = tuple[Row, ...]


def batches(rows: Sequence[Row], config: TrainingConfig, chance: random.Random) -> list[Batch]:
    """Return the rows in batches of similar length, in random order; what shares a passage stays together."""
    beginning = shared(rows) if rows else 0
    bundled = bundles(rows, beginning, config, chance)
    chance.shuffle(bundled)
    found: list[Batch] = []
    for bucket in _buckets(bundled, BUCKET_BATCHES * config.batch_rows):
        batch: list[Row] = []
        tokens = 0
        for bundle in sorted(bucket, key=lambda bundle: max(len(row.tokens) for row in bundle)):
            own = cost(bundle) - beginning
            if batch and (len(batch) + len(bundle) > config.batch_rows or tokens + own > config.batch_tokens):
                found.append(tuple(batch))
                batch, tokens = [], 0
            batch += bundle
            tokens += own
        found.append(tuple(batch))
    chance.shuffle(found)
    return found


def bundles(rows: Sequence[Row], beginning: int, config: TrainingConfig, chance: random.Random) -> list[Batch]:
    """Return the rows in bundles that share much beyond what all begin with, such as a passage; many are alone in one.

    A bundle has at most `config.bundle_rows`: more on the same passage would make a step's gradient one-sided.
    """
    families: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: row.tokens):
        if families and shared([families[-1][-1], row]) - beginning >= config.bundle_shared_tokens:
            families[-1].append(row)
        else:
            families.append([row])
    found: list[Batch] = []
    for family in families:
        chance.shuffle(family)
        size = config.bundle_rows
        found += [tuple(family[start : start + size]) for start in range(0, len(family), size)]
    return found


def groups(batch: Batch, most_tokens: int = sys.maxsize) -> list[Batch]:
    """Return a batch in the parts that are cheapest to compute, each with what its rows have in common read once.

    Optimal over all ways to cut the sorted rows into parts of so many computed tokens at most, or one row: the cheapest
    way to cut the first n is known before that of n + 1.
    """
    ordered = sorted(batch, key=lambda row: row.tokens)
    alike = [shared(pair) for pair in pairwise(ordered)]
    cheapest: list[tuple[int, int]] = [(0, 0)]
    for end in range(1, len(ordered) + 1):
        ways, prefix, longest = [], 0, 0
        for start in range(end - 1, -1, -1):
            longest = max(longest, len(ordered[start].tokens))
            if start < end - 1:
                prefix = alike[start] if start == end - 2 else min(prefix, alike[start])
            computed = _computed(end - start, prefix, longest)
            if computed <= most_tokens or start == end - 1:
                ways.append((cheapest[start][0] + PASS_TOKENS + computed, start))
        cheapest.append(min(ways))
    found: list[Batch] = []
    end = len(ordered)
    while end:
        start = cheapest[end][1]
        found.append(tuple(ordered[start:end]))
        end = start
    return found[::-1]


def cost(rows: Sequence[Row]) -> int:
    """Return how many tokens a pass over the rows computes, padding and the beginning that they share included."""
    return _computed(len(rows), prefix_of(rows), max(len(row.tokens) for row in rows))


def prefix_of(rows: Sequence[Row]) -> int:
    """Return how many tokens at the rows' beginning are worth computing once: none for a row by itself."""
    return _worth(shared(rows)) if len(rows) > 1 else 0


def shared(rows: Sequence[Row]) -> int:
    """Return how many tokens at their beginning the rows have in common, before the last token of any prompt."""
    limit = min(row.start for row in rows) - 1
    first, last = min(row.tokens for row in rows), max(row.tokens for row in rows)
    for index in range(limit):
        if first[index] != last[index]:
            return index
    return max(limit, 0)


def _computed(rows: int, prefix: int, longest: int) -> int:
    prefix = _worth(prefix)
    return prefix + rows * (longest - prefix)


def _worth(prefix: int) -> int:
    return prefix if prefix >= SHORTEST_SHARED else 0


def _buckets(bundled: Sequence[Batch], rows: int) -> list[list[Batch]]:
    """Return the bundles in parts of about so many rows."""
    found: list[list[Batch]] = [[]]
    count = 0
    for bundle in bundled:
        if count >= rows:
            found.append([])
            count = 0
        found[-1].append(bundle)
        count += len(bundle)
    return [bucket for bucket in found if bucket]
