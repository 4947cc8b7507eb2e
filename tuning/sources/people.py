"""The directory of an organisation that is kept in one file, `people.json`."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tuning.domain.principals import ORGANISATION, Group, Person
from tuning.sources.errors import DirectoryUnreadable


class _User(BaseModel):
    id: str
    name: str
    mail: str
    title: str = ""
    guest: bool = False


class _Group(BaseModel):
    id: str
    name: str
    members: list[str]


class _Content(BaseModel):
    tenant_id: str = ""
    users: list[_User]
    groups: list[_Group]
    personas: list[str] = []


@dataclass(frozen=True)
class _Directory:
    """What the file said at one moment."""

    content: _Content

    @cached_property
    def people(self) -> dict[str, Person]:
        return {
            user.id: Person(id=user.id, name=user.name, mail=user.mail, title=user.title) for user in self.content.users
        }

    @cached_property
    def groups(self) -> dict[str, Group]:
        return {
            group.id: Group(id=group.id, name=group.name, member_ids=tuple(group.members))
            for group in self.content.groups
        }

    @cached_property
    def guest_ids(self) -> frozenset[str]:
        return frozenset(user.id for user in self.content.users if user.guest)

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        """Id to the groups that it is directly in."""
        parents: dict[str, set[str]] = {}
        for group in self.groups.values():
            for member_id in group.member_ids:
                parents.setdefault(member_id, set()).add(group.id)
        return parents

    @cached_property
    def members(self) -> dict[str, set[str]]:
        """Id of a group to what is directly in it."""
        return {group.id: set(group.member_ids) for group in self.groups.values()}

    @cached_property
    def found(self) -> dict[str, frozenset[str]]:
        """Id to the people that it stands for, as far as somebody has asked."""
        return {}

    def above(self, principal_id: str) -> set[str]:
        """Return the id and every group that it is in, however deep; groups may contain each other."""
        return _closure(principal_id, self.parents)

    def below(self, principal_id: str) -> frozenset[str]:
        """Return the people that the id stands for."""
        if principal_id in self.people:
            return frozenset({principal_id})
        if principal_id not in self.groups:
            return frozenset()
        if principal_id not in self.found:
            self.found[principal_id] = frozenset(_closure(principal_id, self.members) & self.people.keys())
        return self.found[principal_id]


def _closure(start: str, edges: dict[str, set[str]]) -> set[str]:
    found, open_ids = {start}, [start]
    while open_ids:
        fresh = edges.get(open_ids.pop(), set()) - found
        found |= fresh
        open_ids += fresh
    return found


class FilePeople:
    """`People` out of a JSON file, which is read again when it has changed.

    {"tenant_id", "users": [{"id", "name", "mail", "title", "guest"}], "groups": [{"id", "name", "members": [ids]}],
    "personas": [ids]}; groups may nest, even in circles.
    A user with `"guest": true` is not part of the organisation, and neither is a group with a guest in it: what
    everybody in the organisation may read, that group as a whole may not.
    """

    def __init__(self, path: Path) -> None:
        """Take the file's path; it is first read when somebody asks, which may raise DirectoryUnreadable."""
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._last = _Directory(_Content(users=[], groups=[]))

    @property
    def tenant_id(self) -> str:
        """The organisation's own id."""
        return self._directory().content.tenant_id

    @property
    def personas(self) -> tuple[Person, ...]:
        """The people to try the product as."""
        directory = self._directory()
        return tuple(directory.people[key] for key in directory.content.personas if key in directory.people)

    def person(self, person_id: str) -> Person | None:
        """Return the person with that object id."""
        return self._directory().people.get(person_id)

    def group(self, group_id: str) -> Group | None:
        """Return the group with that object id."""
        return self._directory().groups.get(group_id)

    def principals(self, principal_id: str) -> frozenset[str]:
        """Return what a person or group is for access lists: itself, every group above, 'organisation'."""
        directory = self._directory()
        if principal_id not in directory.people and principal_id not in directory.groups:
            return frozenset()
        found = directory.above(principal_id)
        if not directory.below(principal_id) & directory.guest_ids:
            found.add(ORGANISATION)
        return frozenset(found)

    def members(self, principal_id: str) -> frozenset[str]:
        """Return the ids of all people in a group, nested ones too; for a person, that person."""
        return self._directory().below(principal_id)

    def search(self, text: str, limit: int = 10) -> list[Person | Group]:
        """Return people and groups whose name or mail contains the text, groups first."""
        directory, wanted = self._directory(), text.strip().casefold()
        groups: list[Person | Group] = [group for group in directory.groups.values() if wanted in group.name.casefold()]
        people = [who for who in directory.people.values() if wanted in f"{who.name}\n{who.mail}".casefold()]
        return [*sorted(groups, key=lambda it: it.name), *sorted(people, key=lambda it: it.name)][:limit]

    def _directory(self) -> _Directory:
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size)
            if version != self._read_at:
                self._last = _Directory(_Content.model_validate(json.loads(self._path.read_bytes())))
                self._read_at = version
        except OSError as error:
            raise DirectoryUnreadable(f"The list of people, {self._path.name}, is not there. Put it back.") from error
        except (ValueError, ValidationError) as error:
            raise DirectoryUnreadable(
                f"The list of people, {self._path.name}, can't be read: {_where(error)}."
            ) from error
        return self._last


def _where(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].lower()}"
    return f"it is not JSON ({error})"
