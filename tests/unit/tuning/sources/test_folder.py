import json
import os
import unicodedata
from pathlib import Path

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


def test_what_is_put_in_and_closed_while_a_folder_is_listed_goes_by_its_own_access_list(tmp_path):
    grant(tmp_path / "docs", read=["organisation"])
    put(tmp_path / "docs" / "a", first__md="x")
    put(tmp_path / "docs" / "b", plan__md="x")
    reader = FolderReader(tmp_path, "docs")
    listing = reader.files()
    first = next(listing)
    put(tmp_path / "docs" / "b", plan__md="secret")
    grant(tmp_path / "docs", read=["hr"])

    (plan,) = listing

    assert (first.readers, plan.readers) == (("organisation",), ("hr",))
    assert reader.is_as_listed(plan)
    put(tmp_path / "docs" / "b", plan__md="another secret")
    assert not reader.is_as_listed(plan)


def test_a_name_is_the_same_however_its_accents_are_written(tmp_path):
    composed = "Gehälter.md"
    put(tmp_path / "docs", a__md="x")
    (tmp_path / "docs" / unicodedata.normalize("NFD", composed)).write_text("x")
    grant(tmp_path / "docs", read=["organisation"], files={composed: {"read": ["hr"]}})

    assert list(readers(tmp_path).values()) == [("hr",), ("organisation",)]

    grant(tmp_path / "docs", files={name: {"read": ["hr"]} for name in (composed, composed.replace("ä", "a\u0308"))})
    assert set(readers(tmp_path).values()) == {()}


@pytest.mark.parametrize("name", ["deep/b.md", "Salaries.md", "salarys.md", "salaries-new.md"])
def test_readers_of_a_file_that_seems_to_have_another_name_close_all_that_the_list_governs(tmp_path, name):
    put(tmp_path / "docs", salaries__md="x")
    put(tmp_path / "docs" / "deep", b__md="x")
    grant(tmp_path / "docs", read=["organisation"], files={name: {"read": ["hr"]}})

    found = list(FolderReader(tmp_path, "docs").files())

    assert [(it.path, it.readers) for it in found] == [("salaries.md", ()), ("deep/b.md", ())]
    assert all(f"docs/.access.json, says who may read '{name}'" in it.problem for it in found)


@pytest.mark.parametrize("name", ["travel.md", "report-2.md"])
def test_readers_of_a_file_that_has_gone_close_nothing(tmp_path, name):
    put(tmp_path / "docs", salaries__md="x")
    (tmp_path / "docs" / "report-1.md").write_text("x")
    grant(tmp_path / "docs", read=["organisation"], files={name: {"read": ["hr"]}})
    assert {it.readers for it in FolderReader(tmp_path, "docs").files()} == {("organisation",)}


def test_the_label_of_a_file_that_is_not_there_changes_nothing(tmp_path):
    put(tmp_path / "docs", a__md="x")
    grant(tmp_path / "docs", read=["organisation"], files={"b.md": {"label": "Secret"}})

    assert readers(tmp_path) == {"a.md": ("organisation",)}


def test_a_folder_that_can_not_be_listed_is_no_empty_one(tmp_path, monkeypatch):
    put(tmp_path / "docs", a__md="x")
    put(tmp_path / "docs" / "deep", b__md="x")
    listed = os.scandir

    def fail(folder):
        if Path(folder).name == "deep":
            raise OSError(5, "Input/output error")
        return listed(folder)

    monkeypatch.setattr(os, "scandir", fail)

    with pytest.raises(SourceMissing, match="'docs' can't be listed: Input/output error"):
        readers(tmp_path)


def test_a_file_that_is_gone_since_it_was_listed_is_passed_over(tmp_path, monkeypatch):
    put(tmp_path / "docs", a__md="x", b__md="x")
    looked = Path.lstat

    def vanish(path):
        if path.name == "a.md":
            raise FileNotFoundError
        return looked(path)

    monkeypatch.setattr(Path, "lstat", vanish)

    assert list(readers(tmp_path)) == ["b.md"]


def test_a_name_that_can_not_be_read_is_told_and_never_opened(tmp_path):
    grant(tmp_path, read=["organisation"])
    put(tmp_path / "docs", a__md="x")
    put(tmp_path / "docs" / os.fsdecode(b"caf\xe9"), b__md="x")
    reader = FolderReader(tmp_path, "docs")

    _, odd = reader.files()

    assert (odd.path, odd.readers, odd.problem) == (r"caf\xe9/b.md", (), "Its name can't be read; rename it.")
    with pytest.raises(OutsideSource):
        reader.open(odd.path)


def test_links_and_hidden_files_are_passed_over(tmp_path):
    put(tmp_path / "secret", plan__md="x")
    put(tmp_path / "docs", a__md="x")
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
