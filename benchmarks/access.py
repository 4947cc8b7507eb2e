"""Whether anybody ever sees what they may not read, in a world of access lists drawn by chance.

    python -m benchmarks.access [--documents 100000] [--askers 40] [--seed 1]     ends with 1 at the first leak

Permissions are drawn in Graph's own shapes: direct grants, groups that nest in circles, inheritance through folders,
links for people, the organisation and anyone, SharePoint's site groups, everyone except external users, guests, people
who are gone, and what gives nobody access. They go the way of a sync into a store; then each asker searches, and agents
for groups and people are covered. What comes out is compared with a second reading of the same permissions, written for
this comparison alone. Counted are leaks (somebody sees what that reading forbids) and what is missing (unknown is no).
"""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness.worlds import World, compare


def main() -> int:
    """Print what was compared and how much of it leaked; return 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--askers", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = compare(World(given.seed, given.documents), Path(folder), askers=given.askers)
    table = Table("", "looked at", "leaks", "missing")
    for what, tally in found.items():
        table.add_row(what, f"{tally.looked_at:,}", f"{tally.leaks:,}", f"{tally.missing:,}")
    Console().print(table)
    return int(any(tally.leaks for tally in found.values()))


if __name__ == "__main__":
    sys.exit(main())
