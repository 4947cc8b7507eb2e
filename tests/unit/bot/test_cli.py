"""The program `attune`."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from tests.factories import keep, make_agent, make_answer, make_document, make_release, make_run, make_source
from tests.tampering import unguard
from tuning.domain.audit import AuditEvent, Tag
from tuning.sources.graph.checkup import Finding
from tuning.store import Store
from tuning.store.audit import record
from tuning.store.usage import asked

APP_ID = "2f9d3c1e-7a4b-4c58-9e21-0b6f1d8a5c34"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    return CliRunner()


@pytest.fixture
def store(runner: CliRunner, migrated: Path) -> Iterator[Store]:
    """The store where the program looks for it, empty."""
    Path("var").mkdir()
    shutil.copy(migrated, "var/attune.db")
    store = Store("sqlite:///var/attune.db")
    yield store
    store.close()


def test_without_a_command_it_lists_them(runner: CliRunner):
    output = runner.invoke(app).output
    for command in ("up", "bot", "serve", "worker", "demo", "migrate", "app-package"):
        assert command in output


def test_a_wrong_setting_is_named_and_nothing_is_done(runner: CliRunner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTUNE_PORT", "many")
    result = runner.invoke(app, ["migrate"])
    assert result.exit_code == 2
    assert "ATTUNE_PORT" in result.output
    assert "Traceback" not in result.output
    assert not Path("var").exists()


def test_migrate_makes_the_store(runner: CliRunner):
    assert runner.invoke(app, ["migrate"]).exit_code == 0
    assert Path("var/attune.db").is_file()


def test_app_package_writes_the_zip(runner: CliRunner, root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTUNE_APP_ID", APP_ID)
    monkeypatch.setenv("ATTUNE_PUBLIC_URL", "https://attune.example")
    arguments = ["app-package", "--source", str(root / "appPackage"), "--website", "https://intranet.example"]
    assert runner.invoke(app, arguments).exit_code == 0
    assert zipfile.is_zipfile("var/attune.zip")


def test_app_package_without_an_id_says_what_to_do(runner: CliRunner, root: Path):
    arguments = ["app-package", "--source", str(root / "appPackage"), "--website", "https://intranet.example"]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "ATTUNE_APP_ID" in result.output


@pytest.mark.usefixtures("store")
def test_an_export_to_nowhere_is_one_sentence(runner: CliRunner, tmp_path: Path):
    target = tmp_path / "nowhere" / "audit.csv"
    result = runner.invoke(app, ["audit", "export", "--format", "csv", "--target", str(target)])
    assert result.exit_code != 0
    assert "can't be written: No such file or directory." in result.output


def test_the_audit_is_verified_anchored_and_exported(runner: CliRunner, store: Store):
    with store.transaction() as session:
        for subject in "abc":
            record(session, Tag.RUN_STARTED, "ana", subject)
    assert "Event 3 is anchored" in runner.invoke(app, ["audit", "anchor"]).output
    assert "The audit is whole up to event 3" in runner.invoke(app, ["audit", "verify"]).output
    assert runner.invoke(app, ["audit", "export", "--format", "jsonl", "--target", "audit.jsonl"]).exit_code == 0
    assert len(runner.invoke(app, ["audit", "export", "--format", "csv"]).output.splitlines()) == 4
    with store.transaction() as session:
        unguard(session)
        last = session.get_one(AuditEvent, 3)
        session.delete(last)
    store.close()
    result = runner.invoke(app, ["audit", "verify"])
    assert (result.exit_code, "Event 3 is missing" in result.output) == (1, True)
    assert runner.invoke(app, ["audit", "verify", "--file", "audit.jsonl"]).exit_code == 0


def test_evidence_is_written_and_checked_without_the_store(
    runner: CliRunner, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATTUNE_TENANT", str(root / "sample_tenant"))
    keep(store, make_agent(), make_run(), make_release())
    store.close()
    assert "agrees with itself" in runner.invoke(app, ["evidence", "release", "pack.zip"]).output
    Path("var/attune.db").unlink()
    assert runner.invoke(app, ["evidence", "verify", "pack.zip"]).exit_code == 0
    Path("pack.zip").write_bytes(Path("pack.zip").read_bytes()[:-30])
    for arguments in (["verify", "pack.zip"], ["verify"], ["nothing"]):
        result = runner.invoke(app, ["evidence", *arguments])
        assert (result.exit_code, "Traceback" in result.output) == (1, False)


def test_a_person_is_erased_with_a_receipt(
    runner: CliRunner, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATTUNE_TENANT", str(root / "sample_tenant"))
    keep(store, make_agent(), make_answer())
    assert "1 rows are gone, 0 releases stopped" in runner.invoke(app, ["erase", "bo"]).output
    receipt = json.loads(Path("var/erased-bo.json").read_text())
    with store.reading() as session:
        assert session.get_one(AuditEvent, receipt["event_id"]).hash == receipt["event_hash"]
    store.close()
    assert runner.invoke(app, ["erase", "../bo"]).exit_code == 1


def test_a_document_is_erased_by_its_path(runner: CliRunner, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTUNE_TENANT", str(root / "sample_tenant"))
    keep(store, make_source(), make_document("Travel"), make_document("Security", path="twice.md"))
    keep(store, make_source(id="second"), make_document("Copy", source_id="second", path="twice.md"))
    store.close()
    assert "1 rows are gone, 0 releases stopped" in runner.invoke(app, ["erase-document", "travel.md"]).output
    assert json.loads(Path("var/erased-travel.json").read_text())["rows"] == {"documents": 1}
    refused = runner.invoke(app, ["erase-document", "twice.md"])
    assert (refused.exit_code, "copy, security" in refused.output) == (1, True)
    assert "Documents of that name: none." in runner.invoke(app, ["erase-document", "travel.md"]).output


def test_usage_is_written_for_spreadsheets(
    runner: CliRunner, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ATTUNE_TENANT", str(root / "sample_tenant"))
    keep(store, make_agent(name="=Travel"))
    with store.transaction() as session:
        asked(session, make_answer())
    store.close()
    assert runner.invoke(app, ["usage", "--csv", "usage.csv"]).exit_code == 0
    header, day = Path("usage.csv").read_text().splitlines()
    assert header.startswith("day,agent_id,agent,release,people,conversations,questions,")
    assert ",agent,'=Travel,,1,1,1,0," in day
    assert runner.invoke(app, ["usage", "--people"]).output.splitlines()[1].startswith("person ")


def test_doctor_tells_what_works_what_is_missing_and_what_it_can_not_see(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
):
    found = [Finding(what="Sign-in"), Finding(what="Consent", unseen="Ask in the chat.")]
    monkeypatch.setattr("tuning.sources.graph.checkup.checkup", lambda *_: found)
    monkeypatch.setattr("tuning.sources.graph.checkup.checkup_for_people", lambda *_: [])
    told = runner.invoke(app, ["doctor"])
    assert told.stdout == "works    Sign-in\nunseen   Consent: Ask in the chat.\n"
    assert told.exit_code == 0
    found.append(Finding(what="People", problem="Consent to it."))
    told = runner.invoke(app, ["doctor"])
    assert told.stdout.endswith("missing  People: Consent to it.\n")
    assert told.exit_code == 1
