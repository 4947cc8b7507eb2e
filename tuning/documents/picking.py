"""Owners look around in SharePoint for what their agents learn from, and make sources of it.

They see what they may read themselves, of the sites that Attune was granted; what the policy bars can't be added.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.documents import Source, SourceKind
from tuning.domain.errors import NotAllowed
from tuning.domain.jobs import JobKind
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.policy import objection_to_sources
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.sources.errors import LinkRefused, Microsoft365Refused
from tuning.sources.graph.links import Place, place_of
from tuning.store import agents, audit, documents, jobs, policy

if TYPE_CHECKING:
    from tuning.sources.graph.browsing import Browser, Spot

T = TypeVar("T")


def look(tenant: Tenant, actor_id: str, agent_id: str, *, text: str = "", inside: str = "") -> "list[Spot]":
    """Return what fits a text, which may be an address, or what lies inside something found before.

    Raises SourceMissing, Microsoft365Refused and LinkRefused with what to do.
    """
    _own(tenant, actor_id, agent_id)

    async def asked(browser: "Browser") -> "list[Spot]":
        if text.casefold().startswith(("http:", "https:")):
            return [await browser.at(place_of(text))]
        return await browser.inside(inside, text) if inside else await browser.search(text)

    return _browse(tenant, actor_id, asked)


def add(tenant: Tenant, actor_id: str, agent_id: str, key: str) -> list[Source]:
    """Make a source of what was found, of a site one per library, and have it synced; those there are stay as they are.

    Raises NotAllowed if the policy bars it, and what `look` raises.
    """
    _own(tenant, actor_id, agent_id)

    async def asked(browser: "Browser") -> "list[Spot]":
        return await browser.libraries(await browser.spot(key))

    found = _browse(tenant, actor_id, asked)
    with access.act(tenant, actor_id, agent_id) as session:
        _check(session, tenant, actor_id, agent_id)
        return [_source(session, actor_id, spot) for spot in found]


def _source(session: Session, actor_id: str, spot: "Spot") -> Source:
    address = spot.place.address
    source = documents.source_at(session, SourceKind.SHAREPOINT, address)
    if source is not None:
        return source
    site = spot.place.site.rpartition("/")[2] or spot.place.host
    name = spot.name if spot.place.path.count("/") else f"{site}: {spot.name}"
    source = Source(kind=SourceKind.SHAREPOINT, name=name, location=address)
    if objection := objection_to_sources(policy.get(session), [source]):
        raise NotAllowed(objection)
    session.add(source)
    session.flush()
    audit.record(session, Tag.SOURCE_ADDED, actor_id, source.id, location=address)
    jobs.enqueue(session, JobKind.SOURCE_SYNC, source.id)
    return source


def _browse(tenant: Tenant, actor_id: str, ask: "Callable[[Browser], Awaitable[T]]") -> T:
    if tenant.registration is None:
        raise Microsoft365Refused(say("Microsoft 365 is not set up: see docs/microsoft365.md."))
    from tuning.sources.graph.browsing import Browser  # noqa: PLC0415 - Microsoft's packages load slowly
    from tuning.sources.graph.client import Graph  # noqa: PLC0415 - the same

    principals, known = tenant.people.principals(actor_id), named_places(tenant)
    with Graph(tenant.registration) as graph:

        async def work() -> T:
            return await ask(Browser(graph, principals, known))

        return graph.answer(work())


def named_places(tenant: Tenant) -> Sequence[Place]:
    """Return the places that admins have named in the settings, and those that are sources already."""
    with tenant.store.reading() as session:
        added = [one.location for one in documents.sources(session) if one.kind == SourceKind.SHAREPOINT]
    places = []
    for link in (*tenant.sharepoint, *added):
        try:
            places.append(place_of(link))
        except LinkRefused:
            continue  # `attune doctor` says so
    return places


def _own(tenant: Tenant, actor_id: str, agent_id: str) -> None:
    with access.act(tenant, actor_id, agent_id) as session:
        _check(session, tenant, actor_id, agent_id)


def _check(session: Session, tenant: Tenant, actor_id: str, agent_id: str) -> Agent:
    agent = agents.get(session, agent_id)
    access.check(session, tenant, actor_id, Permission.AGENT_CONFIGURE, agent)
    return agent
