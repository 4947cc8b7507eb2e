"""Every size and limit of the engine can be set from outside."""

from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.config import EngineConfig
from serving.settings import EngineSettings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no .env there
    monkeypatch.delenv("ATTUNE_ENGINE_THREADS", raising=False)  # set where several processes share the tests


def test_unset_settings_are_the_configs_defaults(monkeypatch):
    monkeypatch.setenv("ATTUNE_ENGINE_MODEL", "base.gguf")
    config = EngineSettings().config()  # type: ignore[call-arg]
    assert config == EngineConfig(model=Path("base.gguf"), adapter_dir=Path("var/artifacts"))


def test_each_field_of_the_config_is_a_setting():
    assert {field.name for field in fields(EngineConfig)} <= set(EngineSettings.model_fields)


def test_the_environment_is_read_with_its_prefix(monkeypatch):
    monkeypatch.setenv("ATTUNE_ENGINE_MODEL", "base.gguf")
    monkeypatch.setenv("ATTUNE_ENGINE_CONTEXT_TOKENS", "1024")
    assert EngineSettings().config().context_tokens == 1024  # type: ignore[call-arg]


def test_a_wrong_value_is_refused(monkeypatch):
    monkeypatch.setenv("ATTUNE_ENGINE_MODEL", "base.gguf")
    monkeypatch.setenv("ATTUNE_ENGINE_KV_TYPE", "f8")
    with pytest.raises(ValidationError):
        EngineSettings()  # type: ignore[call-arg]
