"""Builds the sample tenant from the authored text in `content/`: `python -m sample_tenant.build [FOLDER]`."""

import json
import random
import sys
import uuid
from pathlib import Path
from typing import Any

import yaml

from sample_tenant import letters
from sample_tenant.authored import read_manuscript
from sample_tenant.rendering import render, scan

CONTENT = Path(__file__).parent / "content"
AUDIENCE = "All Staff"
SOURCES = ("hr", "travel", "it")


def main() -> None:
    """Build into the folder given, or in place."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    build(folder)


def build(folder: Path) -> None:
    """Write everything below the folder that others read; the bytes depend on `content/` alone."""
    ids = _write_people(folder)
    holdout = _write_documents(folder / "documents")
    for asked in sorted((CONTENT / "questions").glob("*.csv")):
        (folder / "documents" / asked.stem / "questions.csv").write_bytes(asked.read_bytes())
    _write_access(folder / "documents", ids)
    unanswerable = (CONTENT / "unanswerable.txt").read_text("utf-8").splitlines()
    nothing = dict.fromkeys(("answer", "document", "passage"))
    holdout += [{"question": question, **nothing} for question in unanswerable]
    _write_lines(folder / "holdout.jsonl", [{"id": f"q{n:03}", **line} for n, line in enumerate(holdout, 1)])
    _write_lines(folder / "corrections.jsonl", _load("corrections.yaml"))
    agent = _load("agent.yaml")
    _write_json(folder / "agent.json", {**agent, "audience": [ids[name] for name in agent["audience"]]})
    letters.write_generation(_load("letters.yaml"), folder / "pairs" / "generation")
    letters.write_summaries(_load("summaries.yaml"), folder / "pairs" / "summaries")
    everybody = {"read": [ids[AUDIENCE]], "label": "General"}
    _write_json(folder / "pairs" / ".access.json", everybody)


def object_id(kind: str, name: str) -> str:
    """Return the fixed object id of a person or group: random-looking, of version 4, always the same."""
    return str(uuid.UUID(int=random.Random(f"{kind}:{name}").getrandbits(128), version=4))


def _write_people(folder: Path) -> dict[str, str]:
    content = _load("people.yaml")
    ids = {user["name"]: object_id("user", user["name"]) for user in content["users"]}
    ids |= {name: object_id("group", name) for name in content["groups"]}
    ids["organisation"] = "organisation"
    users = [
        {
            "id": ids[user["name"]],
            "name": user["name"],
            "mail": f"{user.get('alias', user['name'].lower().replace(' ', '.'))}@{content['domain']}",
            "title": user["title"],
            **({"guest": True} if user.get("guest") else {}),
        }
        for user in content["users"]
    ]
    groups = [
        {"id": ids[name], "name": name, "members": [ids[member] for member in members]}
        for name, members in content["groups"].items()
    ]
    people = {
        "tenant_id": object_id("tenant", content["domain"]),
        "users": users,
        "groups": groups,
        "personas": [ids[name] for name in content["personas"]],
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "people.json", people)
    return ids


def _write_documents(folder: Path) -> list[dict[str, Any]]:
    """Render every manuscript; return the hold-out questions of those that the sample agent learns from."""
    holdout = []
    for source in sorted((CONTENT / "documents").rglob("*.md")):
        area = source.relative_to(CONTENT / "documents").parent
        manuscript = read_manuscript(source)
        path = area / manuscript.name
        render(manuscript, folder / path)
        holdout += [
            {"question": asked.question, "answer": asked.answer, "document": str(path), "passage": asked.passage}
            for asked in manuscript.questions
        ]
    poster = _load("scan.yaml")
    scan(poster["title"], poster["lines"], folder / "travel" / "taxi-receipt-notice-scan.pdf")
    return holdout


def _write_access(folder: Path, ids: dict[str, str]) -> None:
    def entry(access: dict[str, Any]) -> dict[str, Any]:
        return {"read": [ids[name] for name in access["read"]], "label": access["label"]}

    for area, access in _load("access.yaml").items():
        sidecar = entry(access)
        if "files" in access:
            sidecar["files"] = {name: entry(file) for name, file in access["files"].items()}
        _write_json(folder / area / ".access.json", sidecar)


def _load(name: str) -> Any:
    return yaml.safe_load((CONTENT / name).read_text("utf-8"))


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


if __name__ == "__main__":
    main()
