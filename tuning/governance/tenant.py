"""The handle on one organisation that every use case takes first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tuning.domain.principals import ORGANISATION, People
from tuning.domain.registration import AppRegistration
from tuning.domain.vectors import Encoded
from tuning.languages import mark, say
from tuning.store import Store
from tuning.store.audit import OPERATOR, WORKER

ACTORS = {WORKER: "Attune", OPERATOR: mark("the operator of the machine")}
"""Who acts without being a person."""


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An organisation: its store, its directory, and where its files are."""

    store: Store
    people: People
    admin_group_id: str
    """The group whose members, nested ones too, are the admins."""
    artifacts: Path
    """The folder for what runs make."""
    folder: Path
    """The folder that folder sources lie below."""
    base_model: str = ""
    """What the base model is called that agents are tuned on."""
    is_excerpted: bool = False
    """Whether models are shown one sentence or row of each passage, and not all of it."""
    audit_anchor: Path = Path("var/audit-anchor.jsonl")
    """The file of the audit's anchors, outside the store."""
    registration: AppRegistration | None = None
    """How Attune signs in to Microsoft 365, if it does."""
    sharepoint: tuple[str, ...] = ()
    """Addresses in SharePoint that the settings name: where owners can look for sources."""
    lists_age: timedelta = timedelta(hours=48)
    """How long the access lists of SharePoint are gone by after a sync that read them."""
    is_signing_in: bool = False
    """Whether Attune may act in Microsoft 365 on behalf of people, once Teams has signed them in."""
    encode: Callable[[str], Encoded | None] = lambda _text: None
    """How a question becomes a vector; None where search has to go by words alone.

    In a chat also where the engine can't do it just then. In a job that fails with EngineAway, and is tried again: what
    is learned or measured must not hang on that.
    """

    @property
    def uploads(self) -> Path:
        """The folder of the files that people send, one folder per person."""
        return self.artifacts / "uploads"

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of what a run makes; deletion goes by it, for a copied store names the original's files."""
        return self.artifacts / "runs" / run_id

    def name_of(self, principal_id: str) -> str:
        """Return what people call a person or group; for somebody the directory doesn't know, a phrase for that."""
        if principal_id == ORGANISATION:
            return say("everybody in the organisation")
        if principal_id in ACTORS:
            return say(ACTORS[principal_id])
        found = self.people.person(principal_id) or self.people.group(principal_id)
        return found.name if found else say("somebody who is not in the directory")

    def admins(self) -> frozenset[str]:
        """Return the ids of all admins."""
        return self.people.members(self.admin_group_id)
