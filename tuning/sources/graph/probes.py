"""The smallest question for each permission; each raises Microsoft365Refused with what to do."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from tuning.sources.errors import Microsoft365Refused
from tuning.sources.graph.client import Graph
from tuning.sources.graph.library import find
from tuning.sources.graph.links import Place


async def people(graph: Graph) -> None:
    """Ask for one person."""
    one = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(top=1, select=["id", "accountEnabled"])
    users = graph.sdk.users
    await _allowed(graph, lambda: users.get(RequestConfiguration(query_parameters=one)), "User.Read.All")


async def groups(graph: Graph) -> None:
    """Ask for one group and its members."""
    one = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(top=1, select=["id"])
    all_groups = graph.sdk.groups
    page = await _allowed(
        graph, lambda: all_groups.get(RequestConfiguration(query_parameters=one)), "GroupMember.Read.All"
    )
    for group in page.value or () if page else ():
        members = graph.sdk.groups.by_group_id(group.id or "").transitive_members
        await _allowed(graph, members.get, "GroupMember.Read.All")


async def library(graph: Graph, place: Place) -> None:
    """Find a place; what may be wrong with it is said by finding it."""
    await find(graph, place)


async def access(graph: Graph, place: Place) -> None:
    """Ask for the access list of a place."""
    drive_id, folder_id, _ = await find(graph, place)
    if not await graph.permissions(drive_id, [folder_id]):
        raise Microsoft365Refused(
            "Attune may read the files but not who may read them, so nobody would: grant it the site with the role "
            "fullcontrol instead of read."
        )


async def labels(graph: Graph) -> None:
    """Ask for the organisation's sensitivity labels."""
    all_labels = graph.sdk.security.data_security_and_governance.sensitivity_labels
    await _allowed(graph, lambda: graph.plain(all_labels.to_get_request_information()), "SensitivityLabels.Read.All")


async def app(graph: Graph) -> None:
    """Sign in as the registration that acts on behalf of people."""
    await graph.token(graph.registration.graph_scope)


async def exposed(graph: Graph, resource: str) -> None:
    """Ask for a token for the registration's own interface, which people's tokens are for."""
    try:
        await graph.token(f"{resource}/.default")
    except Microsoft365Refused as refusal:
        raise Microsoft365Refused(
            f"Teams can't get tokens for it: under Expose an API set the Application ID URI to {resource}, with the "
            f"scope access_as_user ({refusal.english})"
        ) from refusal


async def for_people(graph: Graph) -> frozenset[str] | None:
    """Return the delegated permissions that an admin consented to for everybody; None if that may not be seen."""
    client_id = graph.registration.client_id
    question = RequestInformation(Method.GET)
    question.url = (
        f"{graph.registration.graph_url}/servicePrincipals(appId='{quote(client_id)}')/oauth2PermissionGrants"
    )
    question.headers.try_add("Accept", "application/json")
    try:
        told = (await graph.plain(question)).get("value", ())
    except ODataError as error:
        if error.response_status_code in {401, 403}:
            return None
        raise
    scopes = [str(one.get("scope", "")) for one in told if one.get("consentType") == "AllPrincipals"]
    return frozenset(name for scope in scopes for name in scope.split())


async def site_groups(graph: Graph, place: Place) -> None:
    """Ask SharePoint itself for the site's groups."""
    if await graph.sharepoint(place.host, f"{place.site}/_api/web/sitegroups?$select=Id&$top=1") is None:
        raise Microsoft365Refused(
            "SharePoint does not tell who is in its own groups, so they count as nobody: sign in with a certificate "
            "(SharePoint takes no client secret), consent to SharePoint's Sites.Selected, and grant the site."
        )


async def _allowed(graph: Graph, question: Callable[[], Awaitable[Any]], permission: str) -> Any:
    try:
        return await graph.ask(question)
    except ODataError as error:
        raise Microsoft365Refused(
            f"Add the application permission {permission} of Microsoft Graph to the app registration, and have an "
            f"admin consent to it (Graph answered {error.response_status_code})."
        ) from error
