"""A directory in memory, written as a test reads: people, and groups with their direct members."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tuning.domain.principals import ORGANISATION, Group, Person


class FakePeople:
    """People and nested groups by name; guests belong to groups but not to the organisation."""

    def __init__(
        self,
        people: Sequence[str],
        groups: Mapping[str, Sequence[str]],
        guests: Sequence[str] = (),
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._names = names
        self._people = {*people, *guests}
        self._groups = groups
        self._guests = set(guests)

    def person(self, person_id: str) -> Person | None:
        if person_id not in self._people:
            return None
        return Person(id=person_id, name=self._names.get(person_id, person_id.title()), mail=f"{person_id}@example.com")

    def group(self, group_id: str) -> Group | None:
        if group_id not in self._groups:
            return None
        return Group(id=group_id, name=group_id.title(), member_ids=tuple(self._groups[group_id]))

    def principals(self, principal_id: str) -> frozenset[str]:
        if principal_id not in self._people and principal_id not in self._groups:
            return frozenset()
        found, frontier = {principal_id}, {principal_id}
        while frontier:
            frontier = {g for g, members in self._groups.items() if frontier & set(members)} - found
            found |= frontier
        has_guest = bool(self.members(principal_id) & self._guests)
        return frozenset(found if has_guest else found | {ORGANISATION})

    def members(self, principal_id: str) -> frozenset[str]:
        found, frontier = set(), {principal_id}
        while frontier:
            found |= frontier
            frontier = {member for group in frontier for member in self._groups.get(group, ())} - found
        return frozenset(found & self._people)

    def search(self, text: str, limit: int = 10) -> list[Person | Group]:
        groups = [self.group(group_id) for group_id in self._groups if text.lower() in group_id]
        known = [self.person(person_id) for person_id in sorted(self._people)]
        people = [one for one in known if one and text.lower() in f"{one.id} {one.name.lower()}"]
        return [found for found in [*groups, *people] if found][:limit]
