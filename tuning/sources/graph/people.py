"""The directory of an organisation that Microsoft Entra keeps, asked through Graph."""

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.generated.models.directory_object import DirectoryObject
from msgraph.generated.models.group import Group as EntraGroup
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.user import User
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from tuning.domain.principals import ORGANISATION, Group, Person
from tuning.domain.registration import AppRegistration
from tuning.languages import say
from tuning.sources.errors import DirectoryUnreadable, Microsoft365Refused
from tuning.sources.graph.client import Graph

MAX_AGE_S = 300.0
"""How long an answer is believed; who left a group is out of it after this."""

_USER = ["id", "displayName", "mail", "userPrincipalName", "jobTitle", "userType", "accountEnabled"]
_UNKNOWN = frozenset({400, 404})
_MOST = 10_000
T = TypeVar("T")


class EntraPeople:
    """`People` out of Microsoft Entra; each answer is kept for five minutes.

    A guest is not part of the organisation, and neither is a group with a guest in it. An account that is disabled is
    not there. Raises DirectoryUnreadable when Microsoft 365 can't be asked.
    """

    def __init__(self, registration: AppRegistration) -> None:
        """Take the registration; nothing is asked before the first question."""
        self._registration = registration
        self._graph: Graph | None = None
        self._known: dict[tuple[str, str], tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection."""
        if self._graph is not None:
            self._graph.close()

    def person(self, person_id: str) -> Person | None:
        """Return the person with that object id."""
        user = self._user(person_id)
        return _person(user) if user else None

    def group(self, group_id: str) -> Group | None:
        """Return the group with that object id."""
        return self._remembered("group", group_id, lambda graph: _group(graph, group_id))

    def principals(self, principal_id: str) -> frozenset[str]:
        """Return what a person or group is for access lists: itself, every group above, 'organisation'."""
        if user := self._user(principal_id):
            above = self._remembered("above", principal_id, lambda graph: _above_user(graph, principal_id))
            return above | {principal_id} | ({ORGANISATION} if _is_member(user) else frozenset())
        if self.group(principal_id) is None:
            return frozenset()
        above = self._remembered("above", principal_id, lambda graph: _above_group(graph, principal_id))
        has_guest = any(not _is_member(user) for user in self._below(principal_id))
        return above | {principal_id} | (frozenset() if has_guest else {ORGANISATION})

    def members(self, principal_id: str) -> frozenset[str]:
        """Return the ids of all people in a group, nested ones too; for a person, that person."""
        if self._user(principal_id):
            return frozenset({principal_id})
        if self.group(principal_id) is None:
            return frozenset()
        return frozenset(user.id for user in self._below(principal_id) if user.id and user.account_enabled is not False)

    def search(self, text: str, limit: int = 10) -> list[Person | Group]:
        """Return people and groups whose name or mail begins with the text, groups first."""
        wanted = text.strip().replace("'", "''")
        return (
            self._remembered(f"search {limit}", wanted, lambda graph: _search(graph, wanted, limit)) if wanted else []
        )

    def _user(self, person_id: str) -> User | None:
        return self._remembered("user", person_id, lambda graph: _user(graph, person_id))

    def _below(self, group_id: str) -> list[User]:
        return self._remembered("below", group_id, lambda graph: _below(graph, group_id))

    def _remembered(self, kind: str, key: str, ask: Callable[[Graph], Awaitable[T]]) -> T:
        at = time.monotonic()
        with self._lock:
            if (kept := self._known.get((kind, key))) and at - kept[0] < MAX_AGE_S:
                answer: T = kept[1]
                return answer
            self._graph = self._graph or Graph(self._registration)
        graph = self._graph

        async def work() -> T:
            return await ask(graph)

        try:
            fresh = graph.run(work())
        except (ODataError, Microsoft365Refused) as error:
            raise DirectoryUnreadable(
                say("The directory in Microsoft Entra can't be read; try again in a minute.")
            ) from error
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[kind, key] = (at, fresh)
        return fresh


def _person(user: User) -> Person:
    name, mail = user.display_name or "", user.mail or user.user_principal_name or ""
    return Person(id=user.id or "", name=name, mail=mail, title=user.job_title or "")


def _is_member(user: User) -> bool:
    return user.user_type == "Member"


async def _user(graph: Graph, person_id: str) -> User | None:
    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=_USER)
    configuration = RequestConfiguration(query_parameters=query)
    question = graph.sdk.users.by_user_id(person_id)
    user = await _or_nobody(graph, lambda: question.get(request_configuration=configuration))
    return user if user and user.account_enabled is not False else None


async def _group(graph: Graph, group_id: str) -> Group | None:
    question = graph.sdk.groups.by_group_id(group_id)
    found = await _or_nobody(graph, question.get)
    if found is None or found.id is None:
        return None
    members = await _pages(graph, question.members)
    ids = tuple(one.id for one in members if one.id)
    return Group(id=found.id, name=found.display_name or "", member_ids=ids)


async def _above_user(graph: Graph, person_id: str) -> frozenset[str]:
    above = await _pages(graph, graph.sdk.users.by_user_id(person_id).transitive_member_of)
    return frozenset(one.id for one in above if one.id and isinstance(one, EntraGroup))


async def _above_group(graph: Graph, group_id: str) -> frozenset[str]:
    above = await _pages(graph, graph.sdk.groups.by_group_id(group_id).transitive_member_of)
    return frozenset(one.id for one in above if one.id and isinstance(one, EntraGroup))


async def _below(graph: Graph, group_id: str) -> list[User]:
    below = await _pages(graph, graph.sdk.groups.by_group_id(group_id).transitive_members.graph_user, select=_USER)
    return [one for one in below if isinstance(one, User)]


async def _search(graph: Graph, wanted: str, limit: int) -> list[Person | Group]:
    of_groups = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        filter=f"startswith(displayName,'{wanted}')", top=limit
    )
    of_users = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter=f"startswith(displayName,'{wanted}') or startswith(mail,'{wanted}')", top=limit, select=_USER
    )
    groups = await graph.ask(lambda: graph.sdk.groups.get(RequestConfiguration(query_parameters=of_groups)))
    users = await graph.ask(lambda: graph.sdk.users.get(RequestConfiguration(query_parameters=of_users)))
    found: list[Person | Group] = [
        Group(id=one.id or "", name=one.display_name or "", member_ids=())
        for one in sorted((groups.value or []) if groups else [], key=lambda one: one.display_name or "")
    ]
    people = [_person(one) for one in (users.value or [] if users else []) if one.account_enabled is not False]
    return [*found, *sorted(people, key=lambda one: one.name)][:limit]


async def _or_nobody(graph: Graph, question: Callable[[], Awaitable[T | None]]) -> T | None:
    """Return the answer; None for an id that the directory doesn't know."""
    try:
        return await graph.ask(question)
    except ODataError as error:
        if error.response_status_code in _UNKNOWN:
            return None
        raise


async def _pages(graph: Graph, builder: Any, *, select: list[str] | None = None) -> list[DirectoryObject]:
    """Return all of a list, whose builder (of any generated type) gives it page by page."""
    kind = next(one for name, one in vars(type(builder)).items() if name.endswith("GetQueryParameters"))
    configuration = RequestConfiguration(query_parameters=kind(top=999, **({"select": select} if select else {})))
    page = await graph.ask(lambda: builder.get(request_configuration=configuration))
    found: list[DirectoryObject] = []
    while page is not None:
        found += page.value or ()
        if not page.odata_next_link:
            break
        rest = builder.with_url(page.odata_next_link)
        page = await graph.ask(rest.get)
    return found
