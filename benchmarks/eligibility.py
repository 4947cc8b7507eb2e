"""How long it takes to say which of a million documents an agent may learn from, and what would help.

    python -m benchmarks.eligibility [--documents 1000000] [--groups 20]     ends with 1 if the bar is missed

A world drawn by a seed: people in groups, groups in groups, and access lists of one to eight principals out of some
hundreds, as inheritance makes them: most documents share theirs with their neighbours. Measured is processor time of
the pure functions over documents in memory; what they find is compared with the rule read word by word.
"""

import argparse
import random
import sys
import time

from rich.console import Console
from rich.table import Table

from tuning.domain.documents import Document
from tuning.domain.policy import Policy
from tuning.domain.principals import Group, Person
from tuning.governance.eligibility import coverage, suggestions

BAR_S = 10.0
PEOPLE, GROUPS, LISTS = 2_000, 200, 5_000
OPEN_IN = 3
"""One access list in so many lets in the whole organisation."""
CHECKED = 20_000
"""Documents whose eligibility is read word by word, too."""


class World:
    """`People` of groups that nest, each person in a few."""

    def __init__(self, chance: random.Random) -> None:
        self.people_ids = [f"p{number}" for number in range(PEOPLE)]
        self._people = {key: Person(id=key, name=key, mail="") for key in self.people_ids}
        self.group_ids = [f"g{number}" for number in range(GROUPS)]
        self._above: dict[str, frozenset[str]] = {}
        self._members: dict[str, set[str]] = {key: set() for key in self.group_ids}
        parents = {
            key: self.group_ids[chance.randrange(at)] if at and chance.getrandbits(1) else ""
            for at, key in enumerate(self.group_ids)
        }
        for key in self.group_ids:
            above, at = {key, "organisation"}, parents[key]
            while at:
                above.add(at)
                at = parents[at]
            self._above[key] = frozenset(above)
        for key in self.people_ids:
            direct = chance.sample(self.group_ids, 4)
            self._above[key] = frozenset({key, "organisation"}).union(*(self._above[one] for one in direct))
            for one in self._above[key] & self._members.keys():
                self._members[one].add(key)

    def person(self, person_id: str) -> Person | None:
        """Return a person by the id."""
        return self._people.get(person_id)

    def group(self, group_id: str) -> Group | None:
        """Return a group by the id."""
        return Group(id=group_id, name=group_id, member_ids=()) if group_id in self._members else None

    def principals(self, principal_id: str) -> frozenset[str]:
        """Return what a person or group is for access lists."""
        return self._above.get(principal_id, frozenset())

    def members(self, principal_id: str) -> frozenset[str]:
        """Return the people of a group."""
        return frozenset(self._members.get(principal_id, {principal_id}))

    def search(self, text: str, limit: int = 10) -> list[Person | Group]:
        """Return groups by a part of their name."""
        found: list[Person | Group] = [Group(id=key, name=key, member_ids=()) for key in self.group_ids if text in key]
        return found[:limit]


def documents_of(world: World, chance: random.Random, count: int) -> list[Document]:
    """Draw documents, each with one of some thousand access lists."""
    lists = [
        ["organisation"]
        if chance.randrange(OPEN_IN) == 0
        else [*chance.sample(world.group_ids, chance.randint(1, 6)), *chance.sample(world.people_ids, 2)]
        for _ in range(LISTS)
    ]
    drawn = (list(chance.choice(lists)) for _ in range(count))
    return [
        Document(id=f"d{number}", source_id="s", path=f"{number}", title=f"d{number}", readers=readers)
        for number, readers in enumerate(drawn)
    ]


def main() -> int:
    """Print the figures against the bar, and return 1 if it is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=20)
    given = parser.parse_args()
    chance = random.Random(5)
    world = World(chance)
    documents = documents_of(world, chance, given.documents)
    audience = chance.sample(world.group_ids, given.groups)

    began, clock = time.process_time(), time.perf_counter()
    found = coverage(documents, audience, world, Policy())
    covered, covered_clock = time.process_time() - began, time.perf_counter() - clock
    began, clock = time.process_time(), time.perf_counter()
    helping = suggestions(documents, audience, world, Policy())
    suggested, suggested_clock = time.process_time() - began, time.perf_counter() - clock

    eligible = set(found.eligible_ids)
    for document in documents[:CHECKED]:
        by_rule = all(any(reader in world.principals(part) for reader in document.readers) for part in audience)
        if by_rule != (document.id in eligible):
            raise RuntimeError(f"{document.id} is sorted wrongly")
    table = Table("", "processor, s", "clock, s", "bar, s")
    for what, seconds, clock_s in (
        (f"coverage of {given.documents:,} documents for {given.groups} groups", covered, covered_clock),
        ("suggestions", suggested, suggested_clock),
    ):
        table.add_row(what, f"{seconds:.2f}", f"{clock_s:.2f}", f"{BAR_S:.0f}")
    Console().print(table)
    Console().print(f"{len(eligible):,} eligible, {len(helping)} suggestions, {CHECKED:,} checked word by word")
    return int(max(covered, suggested) > BAR_S)


if __name__ == "__main__":
    sys.exit(main())
