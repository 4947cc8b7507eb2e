"""The sample tenant holds together: ids, access, hold-out and pairs."""

import csv
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

TENANT = Path(__file__).parents[2] / "sample_tenant"
DOCUMENTS = TENANT / "documents"
PEOPLE = json.loads((TENANT / "people.json").read_text("utf-8"))
GROUPS = {group["id"]: group for group in PEOPLE["groups"]}
USERS = {user["id"]: user for user in PEOPLE["users"]}
HOLDOUT = [json.loads(line) for line in (TENANT / "holdout.jsonl").read_text("utf-8").splitlines()]
ANSWERABLE = [line for line in HOLDOUT if line["answer"] is not None]
AGENT = json.loads((TENANT / "agent.json").read_text("utf-8"))
ASKED = sorted(DOCUMENTS.glob("*/questions.csv"))
FILES = sorted(path for path in DOCUMENTS.rglob("*") if path.suffix not in {".json", ".csv"} and path.is_file())


def members(principal: str) -> set[str]:
    if principal in USERS:
        return {principal}
    return {person for member in GROUPS[principal]["members"] for person in members(member)}


def readers(path: Path) -> list[str]:
    for folder in path.parents:
        sidecar = folder / ".access.json"
        if sidecar.exists():
            access: dict[str, Any] = json.loads(sidecar.read_text("utf-8"))
            entry = access.get("files", {}).get(path.name, access)
            return list(entry["read"])
        if folder == DOCUMENTS:
            break
    return []


def is_for_all_staff(path: Path) -> bool:
    return bool({*AGENT["audience"], "organisation"} & set(readers(path)))


def test_every_member_and_persona_exists_and_ids_are_version_4():
    known = USERS.keys() | GROUPS.keys()
    assert all(uuid.UUID(each).version == 4 for each in (*known, PEOPLE["tenant_id"]))
    assert all(member in known for group in GROUPS.values() for member in group["members"])
    assert len(set(PEOPLE["personas"]) & USERS.keys()) == 5
    assert all(user["mail"].endswith(".example") for user in USERS.values())


def test_the_personas_stand_inside_and_outside_the_audience():
    by_name = {group["name"]: members(key) for key, group in GROUPS.items()}
    employee, owner, admin, outsider, second_owner = PEOPLE["personas"]
    assert {employee, owner, admin, second_owner} <= by_name["All Staff"]
    assert outsider not in by_name["All Staff"]
    assert owner in by_name["Agent Makers"] - by_name["Attune Admins"]
    assert admin in by_name["Attune Admins"] - by_name["Agent Makers"]
    assert second_owner in by_name["Agent Makers"] & by_name["Attune Admins"]


def test_access_lists_name_known_principals_and_existing_files():
    for sidecar in DOCUMENTS.rglob(".access.json"):
        access = json.loads(sidecar.read_text("utf-8"))
        for entry in (access, *access.get("files", {}).values()):
            assert set(entry["read"]) <= USERS.keys() | GROUPS.keys() | {"organisation"}
        assert all((sidecar.parent / name).is_file() for name in access.get("files", {}))


def test_sixty_documents_in_six_areas_and_formats_are_there():
    assert len(FILES) >= 60
    for area in ("hr", "it", "travel", "security", "finance", "product"):
        formats = {path.suffix for path in (DOCUMENTS / area).rglob("*.*")} - {".json"}
        assert len(formats) >= 4, area
    assert {path.suffix for path in FILES} == {".docx", ".pdf", ".html", ".md", ".pptx", ".xlsx"}


def test_a_handful_of_the_agents_documents_is_closed_to_its_audience():
    ours = [path for path in FILES if f"documents/{path.relative_to(DOCUMENTS).parts[0]}" in AGENT["sources"]]
    assert 5 <= sum(not is_for_all_staff(path) for path in ours) <= 8


def test_the_holdout_asks_enough_and_each_question_once():
    assert len(ANSWERABLE) >= 85
    assert len(HOLDOUT) - len(ANSWERABLE) >= 20
    assert len({line["question"] for line in HOLDOUT}) == len(HOLDOUT) == len({line["id"] for line in HOLDOUT})


@pytest.mark.parametrize("line", ANSWERABLE, ids=lambda line: str(line["id"]))
def test_an_answer_is_a_short_span_of_its_passage_in_a_document_for_all_staff(line):
    assert line["answer"] in line["passage"]
    assert 1 <= len(line["answer"].split()) <= 8
    assert is_for_all_staff(DOCUMENTS / line["document"])
    assert f"documents/{line['document'].split('/')[0]}" in AGENT["sources"]


def test_what_employees_asked_names_documents_of_its_area_and_repeats_no_holdout_question():
    held = {line["question"].casefold() for line in HOLDOUT}
    assert len(ASKED) == 6
    for path in ASKED:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len({row["question"].casefold() for row in rows}) == len(rows) > 500
        assert not {row["question"].casefold() for row in rows} & held
        assert all((path.parent / row["document"]).is_file() and row["answer"] for row in rows)


def test_corrections_are_no_holdout_questions():
    corrections = [json.loads(line) for line in (TENANT / "corrections.jsonl").read_text("utf-8").splitlines()]
    assert len(corrections) == 5
    assert not {line["question"] for line in corrections} & {line["question"] for line in HOLDOUT}


@pytest.mark.parametrize(
    ("folder", "columns"),
    [("generation", ["precedent", "content", "target"]), ("summaries", ["precedent", "target"])],
)
def test_each_mapping_names_25_pairs_of_existing_files(folder, columns):
    with (TENANT / "pairs" / folder / "mapping.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 25
    assert list(rows[0]) == columns
    assert all((TENANT / "pairs" / folder / name).is_file() for row in rows for name in row.values())


def test_no_holdout_question_repeats_a_question_of_the_documents():
    asked = {line["question"].casefold() for line in HOLDOUT}
    for source in (TENANT / "content" / "documents").rglob("*.md"):
        text = re.sub(r"<!--.*?-->", "", source.read_text("utf-8"))
        assert not {question.strip().casefold() for question in re.findall(r"(?:Q: |## )(.+?\?)", text)} & asked
