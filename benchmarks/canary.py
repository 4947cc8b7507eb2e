"""How often a canary that is as good as the live release is rolled back, and how soon one that is worse.

    python -m benchmarks.canary                     10,000 rollouts of each kind; ends with 1 if a bar is missed
    python -m benchmarks.canary --rollouts 500      fewer
    python -m benchmarks.canary --worse 10          how soon a release that is 10 points worse is found

Each rollout is 1,000 ratings by as many people, of whom a tenth get the canary, with a look after every rating.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from tuning.releases.canary import MAX_FALSE_ROLLBACKS, NEEDED, Flags, bets

RATINGS = 1_000
SHARE = 0.10
LIVE = (0.5, 0.7, 0.9)
"""The shares of good ratings that a live release may have."""
MAX_SEEN = 0.15
"""Of all ratings of the rollout, those of the canary by which one that is 20 points worse must be found."""
WORSE = 20


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of many rollouts."""

    rolled_back: float
    """In what share the test said that the canary is worse."""
    seen: float
    """How much of the rollout's traffic had seen it by then, or to the end, in the median."""


def simulate(rollouts: int, *, live: float, canary: float, ratings: int = RATINGS, seed: int = 1) -> Outcome:
    """Return what becomes of rollouts with these shares of good ratings."""
    rng = np.random.default_rng(seed)
    is_over, seen = [], []
    for _ in range(rollouts):
        canary_N = rng.random(ratings) < SHARE
        good_N = rng.random(ratings) < np.where(canary_N, canary, live)
        end = rolled_back_after(canary_N, good_N)
        is_over.append(end is not None)
        seen.append(canary_N[:end].sum() / ratings)
    return Outcome(rolled_back=float(np.mean(is_over)), seen=float(np.median(seen)))


def rolled_back_after(canary_N: Flags, good_N: Flags) -> int | None:
    """Return after how many ratings the canary is rolled back, if it is."""
    ends, units_P = bets(canary_N, good_N)
    over = np.flatnonzero(units_P >= NEEDED)
    return ends[int(over[0])] if len(over) else None


def main() -> int:
    """Print both figures against their bars, and return 1 if one is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=10_000)
    parser.add_argument("--worse", type=int, default=WORSE, help="points by which the worse release is worse")
    given = parser.parse_args()
    console, missed = Console(), False
    table = Table("live is good", "as good: rolled back", f"{given.worse} points worse: rolled back", "seen by, median")
    for live in LIVE:
        equal = simulate(given.rollouts, live=live, canary=live)
        worse = simulate(given.rollouts, live=live, canary=live - given.worse / 100)
        missed |= equal.rolled_back > MAX_FALSE_ROLLBACKS or (given.worse >= WORSE and worse.seen >= MAX_SEEN)
        table.add_row(f"{live:.0%}", f"{equal.rolled_back:.2%}", f"{worse.rolled_back:.1%}", f"{worse.seen:.1%}")
    console.print(table)
    console.print(
        f"{given.rollouts:,} rollouts each, {RATINGS:,} ratings, {SHARE:.0%} get the canary. Bars: at most "
        f"{MAX_FALSE_ROLLBACKS:.0%} rolled back that are as good; {WORSE} points worse: found before {MAX_SEEN:.0%} "
        "of the traffic has seen it, in the median."
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
