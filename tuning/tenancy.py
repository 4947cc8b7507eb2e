"""The organisation that a process works for, out of its settings."""

from collections.abc import Callable
from datetime import timedelta

from tuning.domain.principals import People
from tuning.domain.vectors import Encoded
from tuning.governance.tenant import Tenant
from tuning.inference import EngineAway, EngineRefused, Inference
from tuning.settings import TuningSettings
from tuning.sources.errors import DirectoryUnreadable
from tuning.sources.people import FilePeople
from tuning.sources.reader import GRANTS_AGE
from tuning.store import Store

ENCODING_S = 2.0
"""How long a person waits for their question's vector; after that, words alone must do."""


def tenant_of(settings: TuningSettings, store: Store) -> Tenant:
    """Return the organisation that the settings describe; raise DirectoryUnreadable for Entra without its settings."""
    key = settings.engine_api_key.get_secret_value()
    return Tenant(
        store=store,
        people=_people(settings),
        admin_group_id=settings.admin_group,
        artifacts=settings.artifacts.resolve(),
        folder=settings.tenant,
        base_model=settings.base_model_name,
        is_excerpted=settings.reads == "excerpts",
        audit_anchor=settings.audit_anchor,
        registration=settings.registration,
        sharepoint=settings.sharepoint,
        lists_age=max(GRANTS_AGE, 2 * timedelta(hours=settings.sync_hours)),
        is_signing_in=settings.sign_in,
        encode=_hastily(Inference(settings.engine_url, api_key=key, timeout_s=ENCODING_S, patience_s=0.0)),
    )


def _hastily(engine: Inference) -> Callable[[str], Encoded | None]:
    """Return what encodes a question for a person who waits: None as soon as the engine can't."""

    def encode(text: str) -> Encoded | None:
        try:
            return engine.encode(text)
        except (EngineAway, EngineRefused):
            return None

    return encode


def _people(settings: TuningSettings) -> People:
    if settings.directory == "file":
        return FilePeople(settings.tenant / "people.json")
    if settings.registration is None:
        raise DirectoryUnreadable(
            "ATTUNE_DIRECTORY is entra: set ATTUNE_GRAPH_TENANT_ID and ATTUNE_GRAPH_CLIENT_ID, "
            "as docs/microsoft365.md describes."
        )
    from tuning.sources.graph.people import EntraPeople  # noqa: PLC0415 - Microsoft's packages load slowly

    return EntraPeople(settings.registration)
