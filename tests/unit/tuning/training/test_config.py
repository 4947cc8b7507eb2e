"""The config travels to the child unchanged."""

import json
from dataclasses import replace

import pytest

from tuning.training.config import SMALL, TrainingConfig


def test_what_is_read_is_what_was_written(tmp_path):
    config = TrainingConfig(
        base=tmp_path, examples=tmp_path / "e", folder=tmp_path / "f", parent=tmp_path / "p", seed=4
    )
    config.write(tmp_path / "config.json")
    assert TrainingConfig.read(tmp_path / "config.json") == config


def test_an_unknown_setting_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"base": "b", "examples": "e", "folder": "f", "speed": 9}))
    with pytest.raises(ValueError, match="speed"):
        TrainingConfig.read(tmp_path / "config.json")


def test_a_small_base_is_learned_with_higher_rates(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"0" * 100)
    config = TrainingConfig.for_base(tmp_path, examples=tmp_path, folder=tmp_path)
    assert config.rate == SMALL["rate"] > TrainingConfig(base=tmp_path, examples=tmp_path, folder=tmp_path).rate


def test_a_small_bases_release_is_continued_at_a_lower_rate(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"0" * 100)
    afresh = TrainingConfig.for_base(tmp_path, examples=tmp_path, folder=tmp_path)
    continued = TrainingConfig.for_base(tmp_path, examples=tmp_path, folder=tmp_path, parent=tmp_path)
    assert continued.rate < afresh.rate
    assert replace(continued, rate=afresh.rate, parent=None) == afresh
