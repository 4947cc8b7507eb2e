"""Who can be given access: people, groups, and the whole organisation."""

from dataclasses import dataclass
from typing import Protocol

ORGANISATION = "organisation"
"""The principal that every member of the tenant is (guests are not)."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in the directory."""

    id: str
    """The Entra object id."""
    name: str
    mail: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A security group in the directory."""

    id: str
    name: str
    member_ids: tuple[str, ...]
    """Object ids of people and of nested groups, direct members only."""


class People(Protocol):
    """The directory: who there is and who belongs to what. Unknown ids belong to nothing."""

    def person(self, person_id: str) -> Person | None:
        """Return the person with that object id."""
        ...

    def group(self, group_id: str) -> Group | None:
        """Return the group with that object id."""
        ...

    def principals(self, principal_id: str) -> frozenset[str]:
        """Return what a person or group is for access lists: itself, every group it is in (nested too), 'organisation'.

        Empty for ids the directory doesn't know; without 'organisation' for guests.
        """
        ...

    def members(self, principal_id: str) -> frozenset[str]:
        """Return the ids of all people in a group, nested ones too; for a person, that person."""
        ...

    def search(self, text: str, limit: int = 10) -> list[Person | Group]:
        """Return people and groups whose name or mail contains the text, groups first."""
        ...
