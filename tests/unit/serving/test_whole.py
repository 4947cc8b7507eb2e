import os
import subprocess
import sys

import pytest

from serving.whole import whole


def test_a_file_appears_when_it_is_whole_and_what_failed_leaves_nothing(tmp_path):
    target = tmp_path / "models" / "base.gguf"
    with whole(target) as unfinished:
        unfinished.write_text("first")
        assert not target.exists()
    with pytest.raises(OSError, match="full"):
        _fail_to_write(target)
    assert [file.name for file in target.parent.iterdir()] == ["base.gguf"]
    assert target.read_text() == "first"


def _fail_to_write(target):
    with whole(target) as unfinished:
        unfinished.write_text("half")
        raise OSError("The disk is full.")


def test_what_killed_processes_left_is_removed_and_what_others_still_write_is_not(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f".base.gguf.{gone.pid}.unfinished"
    written = tmp_path / f".base.gguf.{os.getppid()}.unfinished"
    foreign = tmp_path / ".base.gguf.notes.unfinished"
    for file in (left, written, foreign):
        file.touch()
    with whole(tmp_path / "base.gguf") as unfinished:
        unfinished.touch()
    assert {file.name for file in tmp_path.iterdir()} == {"base.gguf", written.name, foreign.name}
