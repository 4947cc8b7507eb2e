import json
import os
import shutil

import pytest

from tests.factories import make_tenant
from tuning.store import documents
from tuning.training.files import base_sha256
from tuning.worker.preparation import ENGINE_ENCODER, import_sources, prepare_encoder


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_folder_becomes_a_source_once_and_only_changes_are_read_again(store, tmp_path):
    for place, name in (
        ("documents/hr", "leave.md"),
        ("documents/travel", "trips.md"),
        ("pairs/letters", "mapping.csv"),
    ):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / name).write_text("# Rules\n\nAsk first.")
        (folder / ".access.json").write_text(json.dumps({"read": ["organisation"]}))
    (tmp_path / "documents" / "note.md").write_text("In no folder.")
    tenant = make_tenant(store, tmp_path)
    said: list[str] = []
    import_sources(tenant, say=said.append)
    (tmp_path / "documents/hr/more.md").write_text("# More\n\nAsk again.")
    import_sources(tenant, say=said.append)
    assert [line.partition(" (")[0] for line in said] == [
        "HR: 1 document, 1 new or changed",
        "Travel: 1 document, 1 new or changed",
        "Letters",
        "HR: 2 documents, 1 new or changed",
        "Travel: 1 document",
        "Letters",
    ]
    with store.reading() as session:
        sources = documents.sources(session)
        assert [source.location for source in sources] == ["documents/hr", "pairs/letters", "documents/travel"]
        titles = [document.title for document in documents.of_sources(session, [source.id for source in sources])]
    assert sorted(titles) == ["More", "Rules", "Rules"]


def test_a_folder_that_can_not_be_a_source_is_told_and_the_others_are_synced(store, tmp_path):
    for name in ("hr", "travel"):
        (tmp_path / "documents" / name).mkdir(parents=True)
    (tmp_path / "documents" / "travel" / "trips.md").write_text("# Trips\n\nAsk first.")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "documents" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "documents" / os.fsdecode(b"caf\xe9")).mkdir()
    said: list[str] = []

    def say(line):
        if line.startswith("HR"):
            shutil.rmtree(tmp_path / "documents" / "travel")
        said.append(line)

    found = import_sources(make_tenant(store, tmp_path), say=say)

    assert [source.name for source in found] == ["HR", "Travel"]
    linked = next(line for line in said if line.startswith("linked"))
    assert "is a link and no source" in linked
    assert r"caf\xe9 is no source: its name can't be read. Rename it." in said
    assert said[-1].startswith("Travel: The source's folder 'documents/travel' is not there.")


def test_an_encoder_is_prepared_once_its_package_is_installed(tmp_path, monkeypatch):
    said: list[str] = []
    prepare_encoder(tmp_path, tmp_path, package="small_encoder", say=said.append)
    assert not (tmp_path / ENGINE_ENCODER).exists()
    model = tmp_path / "installed" / "small_encoder" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").touch()
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (model / name).write_text("{}")
    monkeypatch.syspath_prepend(tmp_path / "installed")
    (tmp_path / "encoder").mkdir()
    for form in ("f16", "q8_0"):  # as an earlier preparation converted it
        (tmp_path / "encoder" / f"model-{base_sha256(model)[:12]}-{form}.gguf").write_text(form)
    prepare_encoder(tmp_path, tmp_path, package="small_encoder", say=said.append)
    assert (tmp_path / ENGINE_ENCODER).read_text() == "q8_0"
    assert said[0].startswith("The encoder is ready (model-")
