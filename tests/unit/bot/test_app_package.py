"""The Teams app package."""

import json
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.app_package import Incomplete, build, icon_size, objections

APP_ID = "2f9d3c1e-7a4b-4c58-9e21-0b6f1d8a5c34"
WEBSITE = "https://intranet.example/attune"
PUBLIC_URL = "https://attune.example"


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Path:
    build(root / "appPackage", tmp_path / "attune.zip", app_id=APP_ID, website=WEBSITE, public_url=PUBLIC_URL)
    return tmp_path / "attune.zip"


def test_the_manifest_is_valid_for_teams(package: Path, schemas: Path):
    with zipfile.ZipFile(package) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    schema = json.loads((schemas / f"manifest/MicrosoftTeams.v{manifest['manifestVersion']}.schema.json").read_text())
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(manifest)


def test_the_package_holds_what_the_manifest_names_with_its_blanks_filled_in(package: Path):
    with zipfile.ZipFile(package) as archive:
        text = archive.read("manifest.json").decode()
        manifest = json.loads(text)
        assert sorted(archive.namelist()) == ["color.png", "de.json", "manifest.json", "outline.png"]
        assert icon_size(archive.read(manifest["icons"]["color"])) == (192, 192)
        assert icon_size(archive.read(manifest["icons"]["outline"])) == (32, 32)
    assert "${{" not in text
    assert manifest["bots"][0]["botId"] == manifest["copilotAgents"]["customEngineAgents"][0]["id"] == APP_ID


def test_the_page_of_usage_is_a_tab_that_teams_signs_people_in_to(package: Path):
    with zipfile.ZipFile(package) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert [tab["entityId"] for tab in manifest["staticTabs"]] == ["conversations", "usage", "about"]
    assert manifest["staticTabs"][1]["contentUrl"] == "https://attune.example/tab"
    assert manifest["validDomains"] == ["attune.example"]
    assert manifest["webApplicationInfo"] == {"id": APP_ID, "resource": f"api://attune.example/botid-{APP_ID}"}


def test_every_language_is_valid_and_says_all_that_people_read_of_the_manifest(package: Path, schemas: Path):
    with zipfile.ZipFile(package) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        (language,) = manifest["localizationInfo"]["additionalLanguages"]
        said = json.loads(archive.read(language["file"]))
    schema = json.loads((schemas / "manifest/MicrosoftTeams.Localization.v1.30.schema.json").read_text())
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(said)
    read = {f"{name}.{length}" for name in ("name", "description") for length in ("short", "full")}
    for place, commands in enumerate(manifest["bots"][0]["commandLists"]):
        for number, command in enumerate(commands["commands"]):
            path = f"bots[0].commandLists[{place}].commands[{number}]"
            # The title of a command is what is sent, in every language; that of a prompt is only shown.
            read |= {f"{path}.description"} | ({f"{path}.title"} if command.get("type") == "prompt" else set())
    read |= {f"staticTabs[{place}].name" for place, tab in enumerate(manifest["staticTabs"]) if "name" in tab}
    assert said.keys() - {"$schema"} == read


def test_the_program_checks_the_manifest_against_microsofts_schema(root: Path, tmp_path: Path, schemas: Path):
    for name in ("manifest.json", "de.json", "color.png", "outline.png"):
        (tmp_path / name).write_bytes((root / "appPackage" / name).read_bytes())
    said = json.loads((tmp_path / "manifest.json").read_text())
    schema = schemas / f"manifest/MicrosoftTeams.v{said['manifestVersion']}.schema.json"
    build(tmp_path, tmp_path / "attune.zip", app_id=APP_ID, website=WEBSITE, public_url=PUBLIC_URL, schema=schema)
    said["name"]["short"] = "x" * 31
    (tmp_path / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(Incomplete, match=r"name\.short: .* is too long"):
        build(tmp_path, tmp_path / "attune.zip", app_id=APP_ID, website=WEBSITE, public_url=PUBLIC_URL, schema=schema)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"manifestVersion": "1.19"}, "1.22 or newer"),
        ({"bots": [{"botId": APP_ID, "scopes": ["team"]}]}, "with the personal scope"),
    ],
)
def test_what_the_schema_does_not_say_is_checked_too(package: Path, change: dict[str, Any], says: str):
    with zipfile.ZipFile(package) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert list(objections(manifest)) == []
    assert says in " ".join(objections({**manifest, **change}))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"app_id": ""}, "ATTUNE_APP_ID"),
        ({"app_id": "not-a-guid"}, "GUID"),
        ({"website": "http://intranet.example"}, "https://"),
        ({"public_url": ""}, "ATTUNE_PUBLIC_URL"),
        ({"public_url": "http://attune.example"}, "ATTUNE_PUBLIC_URL"),
        ({"public_url": "https://attune.example/somewhere"}, "ATTUNE_PUBLIC_URL"),
    ],
)
def test_what_teams_would_refuse_is_refused_with_what_to_do(
    root: Path, tmp_path: Path, given: dict[str, str], says: str
):
    values = {"app_id": APP_ID, "website": WEBSITE, "public_url": PUBLIC_URL} | given
    app_id, website, public_url = values["app_id"], values["website"], values["public_url"]
    with pytest.raises(Incomplete, match=says):
        build(root / "appPackage", tmp_path / "attune.zip", app_id=app_id, website=website, public_url=public_url)
    assert not list(tmp_path.iterdir())


def test_a_wrong_icon_is_named(root: Path, tmp_path: Path):
    (tmp_path / "color.png").write_bytes((root / "appPackage/outline.png").read_bytes())
    (tmp_path / "outline.png").write_bytes((root / "appPackage/outline.png").read_bytes())
    for name in ("manifest.json", "de.json"):
        (tmp_path / name).write_text((root / "appPackage" / name).read_text())
    with pytest.raises(Incomplete, match=r"color\.png must be a PNG of 192 x 192"):
        build(tmp_path, tmp_path / "attune.zip", app_id=APP_ID, website=WEBSITE, public_url=PUBLIC_URL)
