"""What `attune up` decides before it starts anything."""

import io
import json
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from bot.settings import Settings
from bot.up import CannotStart, backend, hint, pages, up
from tests.fakes.people import FakePeople

PEOPLE = FakePeople(["ada", "bo"], {"admins": ["bo"]}, guests=["gus"])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    users = [{"id": name, "name": name, "mail": f"{name}@example.com"} for name in "abcdef"]
    (tmp_path / "people.json").write_text(json.dumps({"users": users, "groups": [], "personas": ["a"]}))
    return Settings(tenant=tmp_path, logs=tmp_path / "logs", playground=tmp_path)


def refusal(settings: Settings) -> str:
    with pytest.raises(CannotStart) as caught:
        up(settings, opens_browser=False, console=Console(file=io.StringIO()))
    return str(caught.value)


@pytest.mark.parametrize(("person_id", "says"), [("ada", "create agent"), ("bo", "approvals"), ("gus", "guest")])
def test_everybody_is_told_what_to_try(person_id: str, says: str):
    person = PEOPLE.person(person_id)
    assert person
    assert says in hint(person, PEOPLE, "admins")


def test_a_port_in_use_is_named_with_the_setting_that_changes_it(settings: Settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = refusal(settings.model_copy(update={"port": port}))
    assert str(port) in sentence
    assert "ATTUNE_PORT" in sentence


def test_without_people_nothing_starts(settings: Settings):
    (settings.tenant / "people.json").unlink()
    assert "people.json" in refusal(settings)


def test_for_teams_nobody_is_acted_as(settings: Settings):
    (settings.tenant / "people.json").unlink()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        teams = {"app_id": "an id", "app_password": SecretStr("a secret"), "tenant_id": "a tenant"}
        port = taken.getsockname()[1]
        assert str(port) in refusal(settings.model_copy(update={**teams, "port": port}))


def test_unsigned_requests_are_never_taken_from_elsewhere(settings: Settings):
    assert "ATTUNE_HOST" in refusal(settings.model_copy(update={"host": "0.0.0.0"}))


def test_the_engine_gets_the_encoder_that_preparation_made_unless_another_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = settings.model_copy(update={"artifacts": tmp_path / "artifacts"})
    assert "ATTUNE_ENGINE_EMBEDDING_MODEL" not in backend(settings)[0].environment
    encoder = settings.artifacts / "encoder" / "encoder.gguf"
    encoder.parent.mkdir(parents=True)
    encoder.touch()
    assert backend(settings)[0].environment["ATTUNE_ENGINE_EMBEDDING_MODEL"] == str(encoder)
    monkeypatch.setenv("ATTUNE_ENGINE_EMBEDDING_MODEL", "other.gguf")
    assert "ATTUNE_ENGINE_EMBEDDING_MODEL" not in backend(settings)[0].environment


def test_each_person_has_a_page_that_only_this_start_opens(settings: Settings):
    settings = settings.model_copy(update={"development": True, "page_key": SecretStr("the key"), "port": 4000})
    person = PEOPLE.person("ada")
    assert person
    assert pages(settings, [person]) == [(person, "http://127.0.0.1:4000/tab#ada:the key")]
    assert backend(settings)[-1].environment["ATTUNE_PAGE_KEY"] == "the key"


def test_where_the_bot_is_registered_it_gets_no_key_of_pages(settings: Settings):
    registered = settings.model_copy(update={"development": True, "app_id": "an id", "page_key": SecretStr("the key")})
    assert "ATTUNE_PAGE_KEY" not in backend(registered)[-1].environment
