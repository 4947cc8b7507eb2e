"""The grants that are not principals themselves, looked up once a sync: SharePoint's groups, owners, sign-in names."""

from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tuning.sources.graph.client import Graph
from tuning.sources.graph.grants import OWNERS, SITE_GROUP, UPN, of_claim
from tuning.sources.graph.links import Place


class Roster:
    """Who is behind a grant, as Microsoft 365 says it during one sync; who can't be looked up is nobody."""

    def __init__(self, graph: Graph, place: Place) -> None:
        """Take the connection and the site that numbers of groups belong to."""
        self._graph = graph
        self._place = place
        self._known: dict[str, tuple[str, ...] | None] = {}

    async def resolve(self, grants: list[str]) -> tuple[tuple[str, ...], bool]:
        """Return the principals behind grants, and whether every grant could be looked up."""
        found: dict[str, None] = {}
        is_whole = True
        for grant in grants:
            if grant not in self._known:
                self._known[grant] = await self._look_up(grant)
            behind = self._known[grant]
            is_whole = is_whole and behind is not None
            found.update(dict.fromkeys(behind or ()))
        return tuple(found), is_whole

    async def _look_up(self, grant: str) -> tuple[str, ...] | None:
        try:
            if grant.startswith(SITE_GROUP):
                return await self._site_group(grant.removeprefix(SITE_GROUP))
            if grant.startswith(OWNERS):
                return await self._owners(grant.removeprefix(OWNERS))
            if grant.startswith(UPN):
                user = await self._graph.ask(self._graph.sdk.users.by_user_id(grant.removeprefix(UPN)).get)
                return (user.id,) if user and user.id else None
        except ODataError:
            return None
        return (grant,)

    async def _owners(self, group_id: str) -> tuple[str, ...] | None:
        page = await self._graph.ask(self._graph.sdk.groups.by_group_id(group_id).owners.get)
        found: list[str] = []
        while page is not None:
            found += [one.id for one in page.value or () if one.id]
            if not page.odata_next_link:
                return tuple(found)
            rest = self._graph.sdk.groups.by_group_id(group_id).owners.with_url(page.odata_next_link)
            page = await self._graph.ask(rest.get)
        return None

    async def _site_group(self, number: str) -> tuple[str, ...] | None:
        """Return the members of one of the site's groups, which SharePoint itself knows and Graph doesn't."""
        if not number.isdecimal():
            return None
        path = f"{self._place.site}/_api/web/sitegroups/getbyid({number})/users?$select=LoginName,PrincipalType"
        found: dict[str, None] = {}
        while path:
            page = await self._graph.sharepoint(self._place.host, path)
            if page is None:
                return None
            for member in page.get("value", ()):
                claim = of_claim(str(member.get("LoginName", "")), tenant_id=self._graph.registration.tenant_id)
                found.update(dict.fromkeys((await self.resolve([claim]))[0] if claim else ()))
            rest = str(page.get("odata.nextLink") or page.get("@odata.nextLink") or "")
            origin = f"https://{self._place.host}"
            if rest and not rest.startswith(f"{origin}/"):
                return None
            path = rest.removeprefix(origin)
        return tuple(found)
