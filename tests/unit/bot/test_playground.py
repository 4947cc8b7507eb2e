"""What each Playground is told."""

import json
from pathlib import Path

import jsonschema
import pytest

from bot.playground import CONFIG, playground_config, playground_part
from tuning.domain.principals import Person

PEOPLE = [
    Person(id=f"{number:08d}-0000-4000-8000-000000000000", name=name, mail=f"{number}@example.com")
    for number, name in enumerate(["Ada Byron", "Bo Li", "Cyd", "Di Ro", "Ed Fu", "Flo Ma", "Gus Ek"])
]


def test_the_configuration_is_valid_for_the_playground(schemas: Path):
    config = playground_config(PEOPLE[0], PEOPLE, "tenant")
    jsonschema.validate(config, json.loads((schemas / "playground/config.0.1.1.schema.json").read_text()))


def test_the_person_is_not_among_the_colleagues():
    config = playground_config(PEOPLE[2], PEOPLE, "tenant")
    assert PEOPLE[2].id not in [user["aadObjectId"] for user in config["users"]]
    assert config["currentUser"]["aadObjectId"] == PEOPLE[2].id


def test_no_two_people_share_a_chat():
    first, second = (playground_config(person, PEOPLE, "tenant") for person in PEOPLE[:2])
    for chat in ("personalChat", "groupChat", "team"):
        assert first[chat]["id"] != second[chat]["id"]


def test_too_few_people_are_a_clear_error():
    with pytest.raises(ValueError, match="needs 6 people"):
        playground_config(PEOPLE[0], PEOPLE[:4], "tenant")


def test_each_playground_runs_in_a_folder_with_its_own_configuration(tmp_path: Path):
    config = playground_config(PEOPLE[0], PEOPLE, "tenant")
    part = playground_part(
        config,
        name="playground-1",
        port=1234,
        bot_url="http://127.0.0.1:1",
        installed=tmp_path,
        folder=tmp_path / "one",
    )
    assert part.folder is not None
    assert json.loads((part.folder / CONFIG).read_text()) == config
    assert "http://127.0.0.1:1/api/messages" in part.command
    assert part.environment["BROWSER"] == "none"
