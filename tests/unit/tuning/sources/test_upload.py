import pytest

from tuning.sources.errors import OutsideSource, SourceMissing, UploadRefused
from tuning.sources.formats import MAX_BYTES
from tuning.sources.upload import UploadReader


def test_an_upload_belongs_to_its_uploader(tmp_path):
    reader = UploadReader(tmp_path, "ada")
    reader.begin()
    assert list(reader.files()) == []

    assert reader.put("C:\\plans\\My notes.md", b"text") == "My notes.md"

    [file] = reader.files()
    assert (file.path, file.readers, file.size) == ("My notes.md", ("ada",), 4)
    assert reader.open("My notes.md").read_bytes() == b"text"


def test_uploads_that_cannot_be_listed_do_not_count_as_deleted(tmp_path):
    with pytest.raises(SourceMissing, match="can't be listed: No such file or directory"):
        list(UploadReader(tmp_path / "unmounted", "ada").files())


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("old.doc", b"x", r"save it as \.docx"),
        ("photo.JPG", b"x", "picture"),
        ("tool.exe", b"x", "can't be read"),
        ("big.txt", b"x" * (MAX_BYTES + 1), "at most 20 MB"),
        ("empty.md", b"", "empty"),
        ("../.ssh", b"x", "not a name"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, name, content, reason):
    with pytest.raises(UploadRefused, match=reason):
        UploadReader(tmp_path, "ada").put(name, content)
    assert list(tmp_path.rglob("*")) == []


def test_nobody_reads_anothers_uploads(tmp_path):
    UploadReader(tmp_path, "ben").put("plan.md", b"x")

    with pytest.raises(OutsideSource):
        UploadReader(tmp_path, "ada").open("../ben/plan.md")
    with pytest.raises(OutsideSource):
        UploadReader(tmp_path, "../ben")


def test_an_erased_upload_is_gone_and_another_erasure_finds_nothing(tmp_path):
    reader = UploadReader(tmp_path, "ada")
    reader.put("plan.md", b"# Plan")
    reader.erase("plan.md")
    reader.erase("plan.md")
    assert list(reader.files()) == []
