"""Tries each thing that Attune needs from Microsoft 365, and says what is missing and what to do about it."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuning.domain.registration import AppRegistration
from tuning.sources.errors import LinkRefused, SourceMissing
from tuning.sources.graph.links import Place, place_of

if TYPE_CHECKING:
    from tuning.sources.graph.client import Graph


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was tried."""

    what: str
    problem: str = ""
    """What is missing and what to do, as a sentence; empty if it works."""


def checkup(registration: AppRegistration | None, links: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what was found, one thing after the other; what can't work without an earlier one is not tried."""
    if any(importlib.util.find_spec(name) is None for name in ("msal", "msgraph")):
        yield Finding(what="Packages", problem="Microsoft's packages are missing: pip install 'attune[microsoft365]'.")
        return
    if registration is None:
        yield Finding(
            what="Settings",
            problem="Set ATTUNE_GRAPH_TENANT_ID and ATTUNE_GRAPH_CLIENT_ID, and ATTUNE_GRAPH_CERTIFICATE, "
            "ATTUNE_GRAPH_SECRET or ATTUNE_GRAPH_MANAGED_IDENTITY, as docs/microsoft365.md describes.",
        )
        return
    yield from _tried(registration, links)


def _tried(registration: AppRegistration, links: tuple[str, ...]) -> Iterator[Finding]:
    from tuning.sources.graph import probes  # noqa: PLC0415 - Microsoft's packages load slowly, and may be missing
    from tuning.sources.graph.client import Graph  # noqa: PLC0415 - the same

    with Graph(registration) as graph:
        signed_in = _finding("Sign-in", lambda: graph.run(graph.token(registration.graph_scope)))
        yield signed_in
        if signed_in.problem:
            return
        yield _finding("People (User.Read.All)", lambda: graph.run(probes.people(graph)))
        yield _finding("Groups (GroupMember.Read.All)", lambda: graph.run(probes.groups(graph)))
        yield _finding("Labels (SensitivityLabels.Read.All)", lambda: graph.run(probes.labels(graph)))
        if not links:
            yield Finding(what="Sources", problem="No source is named: set ATTUNE_SHAREPOINT to a library's address.")
        for link in links:
            yield from _place(graph, link)


def _place(graph: "Graph", link: str) -> Iterator[Finding]:
    from tuning.sources.graph import probes  # noqa: PLC0415 - Microsoft's packages load slowly

    found: list[Place] = []
    yield (address := _finding(f"Address {link}", lambda: found.append(place_of(link))))
    if address.problem:
        return
    place = found[0]
    yield (reading := _finding(f"Reading {place.address}", lambda: graph.run(probes.library(graph, place))))
    if reading.problem:
        return
    yield _finding(f"Access lists of {place.address}", lambda: graph.run(probes.access(graph, place)))
    yield _finding(f"SharePoint's own groups of {place.address}", lambda: graph.run(probes.site_groups(graph, place)))


def _finding(what: str, trial: Callable[[], object]) -> Finding:
    try:
        trial()
    except (SourceMissing, LinkRefused) as refusal:
        return Finding(what=what, problem=refusal.sentence)
    return Finding(what=what)
