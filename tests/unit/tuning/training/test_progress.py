"""Progress is read as it was written, and its chart stays small."""

import os

from tuning.training.files import write_json
from tuning.training.progress import Progress, thin


def test_what_is_read_is_what_was_written(tmp_path):
    assert Progress.read(tmp_path) is None
    progress = Progress(stage="examples", step=3, steps=12, loss=0.5, seconds_left=9.0, losses=[(1, 2.0), (2, 1.5)])
    progress.write(tmp_path)
    assert Progress.read(tmp_path) == progress
    assert progress.share == 0.25


def test_a_training_does_not_wait_for_the_disk_to_tell_how_far_it_is(tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    Progress(stage="examples", step=3, steps=12, loss=0.5, seconds_left=9.0, losses=[]).write(tmp_path)
    assert not synced
    write_json(tmp_path / "manifest.json", {})
    assert len(synced) == 1


def test_a_long_training_is_thinned_to_means():
    points = thin([float(step) for step in range(1, 1001)])
    assert len(points) == 200
    assert points[0] == (5, 3.0)
    assert points[-1] == (1000, 998.0)
    assert thin([]) == []
