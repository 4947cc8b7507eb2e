"""An organisation with documents to learn from, synced and searchable."""

import json

import pytest

from tests.factories import keep, make_agent, make_run, make_source
from tests.fakes.inference import FakeInference
from tuning.documents.sync import sync
from tuning.sources.folder import FolderReader

CITIES = ("Paris", "Oslo", "Rome", "Bern", "Riga", "Graz", "Kiel", "Lund", "Nice", "Bath", "Cork", "Lyon")


def write_documents(folder):
    """Twelve offices, each with a limit, an hour and a person; one file that only leads may read."""
    folder.mkdir(parents=True)
    for number, city in enumerate(CITIES):
        text = (
            f"# The {city} office\n\n## Hotels\n\nThe hotel limit in {city} is {100 + number} euros per night. "
            f"Rooms are booked by Ada {city}son.\n\n## Access\n\n"
            f"The {city} office is open from {7 + number}:00 to 19:00.\n"
        )
        (folder / f"{city.lower()}.md").write_text(text)
    (folder / "secret.md").write_text("# Secret\n\nThe merger code is Z-99.\n")
    access = {"read": ["organisation"], "files": {"secret.md": {"read": ["leads", "ana"]}}}
    (folder / ".access.json").write_text(json.dumps(access))


@pytest.fixture
def offices(tenant):
    """The tenant with the documents in its store, an agent for all staff and a run of it."""
    write_documents(tenant.folder / "documents" / "travel")
    keep(tenant.store, make_source(), make_agent(), make_run())
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))
    return tenant


@pytest.fixture
def inference():
    return FakeInference()
