"""Tries each thing that Attune needs from Microsoft 365, and says what is missing and what to do about it."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuning.domain.registration import FOR_PEOPLE, AppRegistration, missing_for_people
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
    unseen: str = ""
    """Why it can't be told from here, and who tells; empty if it can."""


def checkup(registration: AppRegistration | None, links: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what was found, one thing after the other; what can't work without an earlier one is not tried."""
    if any(importlib.util.find_spec(name) is None for name in ("msal", "msgraph")):
        yield Finding(what="Packages", problem="Microsoft's packages are missing: run 'make set-up'.")
        return
    if registration is None:
        yield Finding(
            what="Settings",
            problem="Set ATTUNE_GRAPH_TENANT_ID and ATTUNE_GRAPH_CLIENT_ID, and ATTUNE_GRAPH_CERTIFICATE, "
            "ATTUNE_GRAPH_SECRET or ATTUNE_GRAPH_MANAGED_IDENTITY, as docs/microsoft365.md describes.",
        )
        return
    yield from _tried(registration, links)


def checkup_for_people(registration: AppRegistration | None, resource: str) -> Iterator[Finding]:
    """Yield what was found about acting on behalf of people, by the bot's own registration; nothing if it doesn't.

    The resource is the Application ID URI. What people consented to, an application may see only with a permission that
    nothing else takes; without it that is said.
    """
    if registration is None or any(importlib.util.find_spec(name) is None for name in ("msal", "msgraph")):
        return
    from tuning.sources.graph import probes  # noqa: PLC0415 - Microsoft's packages load slowly
    from tuning.sources.graph.client import Graph  # noqa: PLC0415 - the same

    with Graph(registration) as graph:
        signed_in = _finding("For people: the bot's registration", lambda: graph.run(probes.app(graph)))
        yield signed_in
        if signed_in.problem:
            return
        yield _finding(f"For people: {resource}", lambda: graph.run(probes.exposed(graph, resource)))
        granted: list[frozenset[str] | None] = []
        if (asked := _finding("For people", lambda: granted.append(graph.answer(probes.for_people(graph))))).problem:
            yield asked
            return
        yield from _consents(granted[0])


def _consents(granted: frozenset[str] | None) -> Iterator[Finding]:
    for name in FOR_PEOPLE:
        what = f"For people: {name}"
        if granted is None:
            yield Finding(
                what=what,
                unseen="Attune may not see what was consented to (Directory.Read.All would let it); in the chat, "
                "'sign in' tells.",
            )
        elif name in missing_for_people(granted):
            yield Finding(
                what=what,
                problem=f"Add the delegated permission {name} of Microsoft Graph to the bot's registration, and have "
                "an admin consent to it.",
            )
        else:
            yield Finding(what=what)


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
