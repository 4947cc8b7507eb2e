import json

import pytest

from tuning.sources.errors import OutsideSource, SourceMissing
from tuning.sources.folder import FolderReader


def put(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def grant(folder, **access):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".access.json").write_text(json.dumps(access))


def readers(root, location="docs"):
    return {it.path: it.readers for it in FolderReader(root, location).files()}


def test_without_an_access_list_nobody_may_read(tmp_path):
    put(tmp_path / "docs", a__md="text")

    assert readers(tmp_path) == {"a.md": ()}


def test_the_nearest_access_list_counts_and_a_files_own_entry_replaces_it(tmp_path):
    grant(tmp_path, read=["organisation"], label="General")
    grant(
        tmp_path / "docs" / "deep",
        read=["hr"],
        files={"b.md": {"read": ["ada"], "label": "Secret"}, "c.md": {"read": []}},
    )
    put(tmp_path / "docs", top__md="x")
    put(tmp_path / "docs" / "deep", a__md="x", b__md="x", c__md="x")

    found = {it.path: (it.readers, it.label) for it in FolderReader(tmp_path, "docs").files()}

    assert found == {
        "top.md": (("organisation",), "General"),
        "deep/a.md": (("hr",), ""),
        "deep/b.md": (("ada",), "Secret"),
        "deep/c.md": ((), ""),
    }


@pytest.mark.parametrize("broken", ["{", '{"raed": ["hr"]}', '{"read": "hr"}'])
def test_an_access_list_that_cannot_be_understood_closes_what_it_governs(tmp_path, broken):
    grant(tmp_path, read=["organisation"])
    put(tmp_path / "docs", a__md="x")
    (tmp_path / "docs" / ".access.json").write_text(broken)

    [file] = FolderReader(tmp_path, "docs").files()

    assert file.readers == ()
    assert "docs/.access.json" in file.problem


def test_an_access_list_that_is_a_link_to_nowhere_closes_what_it_governs(tmp_path):
    grant(tmp_path, read=["organisation"])
    put(tmp_path / "docs", a__md="x")
    (tmp_path / "docs" / ".access.json").symlink_to(tmp_path / "gone.json")

    [file] = FolderReader(tmp_path, "docs").files()

    assert file.readers == ()
    assert "docs/.access.json" in file.problem


def test_links_hidden_files_and_the_mapping_are_passed_over(tmp_path):
    put(tmp_path / "secret", plan__md="x")
    put(tmp_path / "docs", a__md="x", mapping__csv="precedent,target")
    put(tmp_path / "docs" / ".git", config="x")
    (tmp_path / "docs" / "~$a.docx").write_text("lock")
    (tmp_path / "docs" / "link.md").symlink_to(tmp_path / "secret" / "plan.md")
    (tmp_path / "docs" / "folder").symlink_to(tmp_path / "secret")

    reader = FolderReader(tmp_path, "docs")

    assert [it.path for it in reader.files()] == ["a.md"]
    for path in ("link.md", "folder/plan.md", "../secret/plan.md", ".git/config", "gone.md"):
        with pytest.raises(OutsideSource):
            reader.open(path)


def test_a_location_outside_or_gone_is_refused(tmp_path):
    with pytest.raises(SourceMissing, match="not in"):
        FolderReader(tmp_path / "tenant", "../elsewhere")
    with pytest.raises(SourceMissing, match="not there"):
        list(FolderReader(tmp_path, "docs").files())
