"""The organisation that a process works for, out of its settings."""

from tuning.governance.tenant import Tenant
from tuning.settings import TuningSettings
from tuning.sources.people import FilePeople
from tuning.store import Store


def tenant_of(settings: TuningSettings, store: Store) -> Tenant:
    """Return the organisation that the settings describe."""
    return Tenant(
        store=store,
        people=FilePeople(settings.tenant / "people.json"),
        admin_group_id=settings.admin_group,
        artifacts=settings.artifacts.resolve(),
        folder=settings.tenant,
    )
