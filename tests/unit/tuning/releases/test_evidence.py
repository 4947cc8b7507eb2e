"""The evidence pack: everything is in it, and nothing in it can be changed unnoticed."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tuning.domain.audit import Tag
from tuning.domain.datasets import Dataset
from tuning.domain.errors import NotFound
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Approval, Decision
from tuning.domain.runs import RunState
from tuning.governance import tending
from tuning.governance.audit import anchor
from tuning.releases import evidence, publishing
from tuning.releases.evidence_check import objections
from tuning.store import audit

ADAPTER = b"GGUF, as if"
SCORES = {"tuned": {"exact_match": {"mean": 0.8, "low": 0.7, "high": 0.9, "n": 80}}}


@pytest.fixture
def folder(tenant) -> Path:
    folder: Path = tenant.artifacts / "runs" / "run"
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter.gguf").write_bytes(ADAPTER)
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"peft")
    (folder / "config.json").write_text('{"rank": 16}')
    (folder / "report.html").write_text("<h1>Report</h1>")
    return folder


@pytest.fixture
def pack(tenant, folder, tmp_path) -> Path:
    learned = Dataset(
        id="data",
        agent_id="agent",
        sha256="d" * 64,
        document_hashes={"rail": "1" * 64},
        readers={"rail": ["leads"]},
        exclusions=[{"document_id": "bonus", "title": "Bonus", "reason": "Not readable by Staff."}],
    )
    keep(
        tenant.store,
        make_source(),
        make_document("Rail", ["staff"], sha256="1" * 64),
        make_agent(),
        learned,
        make_run(state=RunState.READY, dataset_id="data", folder=str(folder)),
        Evaluation(run_id="run", scores=SCORES, report_path=str(folder / "report.html"), objections=["It is slow."]),
        make_release(
            adapter_path=str(folder / "adapter.gguf"),
            adapter_sha256=hashlib.sha256(ADAPTER).hexdigest(),
            peft_path=str(folder / "adapter"),
        ),
    )
    publishing.submit(tenant, "ana", "release", "Please.\u2028Really.")
    publishing.approve(tenant, "cy", "release", "Good.")
    anchor(tenant.store, tmp_path / "anchors.jsonl")
    return evidence.write(tenant, "release", tmp_path / "out" / "pack.zip", tmp_path / "anchors.jsonl").path


def contents(pack):
    with zipfile.ZipFile(pack) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewrite(pack, files, *, relists=True):
    """Write a pack anew, with a manifest that fits if wanted."""
    if relists:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
            if name != "manifest.json"
        }
        files = {**files, "manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(pack, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)


def test_it_holds_what_a_decision_rests_on(tenant, pack):
    files = contents(pack)
    (document,) = json.loads(files["documents.json"])["learned"]
    assert (document["sha256"], document["readers"]) == ("1" * 64, [{"id": "staff", "name": "Staff"}])
    assert document["readers_then"] == [{"id": "leads", "name": "Leads"}]
    assert json.loads(files["documents.json"])["left_out"][0]["reason"] == "Not readable by Staff."
    assert json.loads(files["evaluation.json"])["objections"] == ["It is slow."]
    assert json.loads(files["decisions.json"])[0]["reason"] == "Good."
    assert json.loads(files["training.json"]) == {"rank": 16}
    assert files["report.html"] == b"<h1>Report</h1>"
    artifacts = json.loads(files["manifest.json"])["artifacts"]
    assert artifacts["adapter.gguf"]["sha256"] == hashlib.sha256(ADAPTER).hexdigest()
    assert set(artifacts) == {"adapter.gguf", "peft/adapter_model.safetensors"}
    assert objections(pack) == []


def test_its_own_hash_is_in_the_audit(tenant, pack):
    with tenant.store.reading() as session:
        event = audit.events(session, "release")[-1]
    assert (event.tag, event.actor_id) == (Tag.EVIDENCE_WRITTEN, audit.OPERATOR)
    assert event.detail["sha256"] == hashlib.sha256(pack.read_bytes()).hexdigest()


def test_any_change_any_loss_and_any_addition_shows(pack):
    whole = contents(pack)
    for name in whole:
        rewrite(pack, {**whole, name: whole[name][:-1] + b"?"}, relists=False)
        assert objections(pack), name
        rewrite(pack, {key: content for key, content in whole.items() if key != name}, relists=False)
        assert objections(pack), name
    rewrite(pack, {**whole, "more.json": b"{}"}, relists=False)
    assert objections(pack) == ["more.json is in the pack, but not in its manifest."]


@pytest.mark.parametrize(
    ("name", "was", "becomes", "says"),
    [
        ("audit.jsonl", b'"cy"', b'"dee"', "was changed after it was recorded"),
        ("decisions.json", b'"cy"', b'"dee"', "not those that the audit records"),
        ("agent.json", b'"owner_id": "ana"', b'"owner_id": "cy"', "decision by an owner"),
        ("release.json", b'"adapter_sha256": "', b'"adapter_sha256": "0', "not the one that the release"),
        ("documents.json", b"1" * 64, b"2" * 64, "not those that the dataset"),
        ("documents.json", b'"id": "leads"', b'"id": "staff"', "not the one that it was learned with"),
        ("audit.jsonl", b"\n", b"\nnonsense\n", "not what it should be"),
        ("anchors.jsonl", b'"hash": "', b'"hash": "0', "not the one that was anchored"),
    ],
)
def test_a_forged_file_contradicts_the_others_though_the_manifest_fits(pack, name, was, becomes, says):
    whole = contents(pack)
    assert was in whole[name]
    rewrite(pack, {**whole, name: whole[name].replace(was, becomes, 1)})
    assert says in " ".join(objections(pack))


def test_an_adapter_that_is_not_the_approved_one_shows(tenant, pack, folder, tmp_path):
    (folder / "adapter.gguf").write_bytes(b"another")
    again = evidence.write(tenant, "release", tmp_path / "again.zip", tmp_path / "none")
    assert objections(again.path) == ["The adapter's file is not the one that the release was made with."]


def test_a_decision_that_the_audit_does_not_record_shows(tenant, pack, tmp_path):
    keep(tenant.store, Approval(release_id="release", decision=Decision.APPROVED, decided_by="dee"))
    again = evidence.write(tenant, "release", tmp_path / "again.zip", tmp_path / "none")
    assert objections(again.path) == ["The decisions are not those that the audit records."]


def approve_unasked(tenant, who):
    """Put an approval into the store and the audit, past every rule."""
    with tenant.store.transaction() as session:
        adapter = hashlib.sha256(ADAPTER).hexdigest()
        event = audit.record(session, Tag.RELEASE_APPROVED, who, "release", agent_id="agent", adapter=adapter)
        session.add(Approval(release_id="release", decision=Decision.APPROVED, decided_by=who))
        return event.id


def test_an_owner_who_approved_shows_and_so_does_one_who_has_handed_it_over(tenant, pack, tmp_path):
    mine = approve_unasked(tenant, "ana")
    tending.hand_over(tenant, "ana", "agent", "bo")
    still = approve_unasked(tenant, "ana")
    again = evidence.write(tenant, "release", tmp_path / "again.zip", tmp_path / "none")
    assert objections(again.path) == [
        f"Event {number} of the audit is a decision by an owner of the agent." for number in (mine, still)
    ]


def test_who_approved_it_may_own_the_agent_later(tenant, pack, tmp_path):
    tending.hand_over(tenant, "ana", "agent", "cy")
    again = evidence.write(tenant, "release", tmp_path / "again.zip", tmp_path / "none")
    assert objections(again.path) == []
    whole = contents(again.path)
    rewrite(again.path, {**whole, "agent.json": whole["agent.json"].replace(b'"owner_id": "cy"', b'"owner_id": "dee"')})
    assert objections(again.path) == ["The agent's owner is not the one whom the audit records."]


def test_what_is_no_pack_gets_a_sentence(tmp_path):
    (tmp_path / "text.zip").write_text("not a zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    for name in ("text.zip", "empty.zip", "none.zip"):
        (sentence,) = objections(tmp_path / name)
        assert sentence.endswith(".")


def test_there_is_no_evidence_for_what_does_not_exist(tenant, tmp_path):
    with pytest.raises(NotFound):
        evidence.write(tenant, "nothing", tmp_path / "pack.zip", tmp_path / "none")
    assert not (tmp_path / "pack.zip").exists()
