"""The rules of the house that no other tool checks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from bot.settings import Settings
from serving.settings import EngineSettings

HEADER = "| setting | default | meaning |\n|---|---|---|\n"
DEPENDS_ON_THE_MACHINE = {"ATTUNE_ENGINE_THREADS": "all cores", "ATTUNE_ENGINE_MODEL": ""}


def test_floors_and_doors_hold(root: Path):
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_setting_is_in_the_readme(root: Path):
    table = between((root / "README.md").read_text("utf-8"), "settings")
    assert table == settings_table(root)


def test_no_guide_names_a_setting_that_there_is_not(root: Path):
    known = set(re.findall(r"ATTUNE_\w+", settings_table(root)))
    guides = [*root.glob("docs/*.md"), *root.glob("docs/deploy/*")]
    named = {name for guide in guides for name in re.findall(r"\bATTUNE_[A-Z_]+[A-Z]\b", guide.read_text("utf-8"))}
    assert "ATTUNE_APP_ID" in named
    assert named - known == set()


def test_the_readme_has_exactly_two_commands_of_set_up(root: Path):
    start = re.search(r"\n## Start\n(.*?)\n## ", (root / "README.md").read_text("utf-8"), re.DOTALL)
    assert start
    commands = re.findall(r"^ {4}(make [\w-]+)", start[1], re.MULTILINE)
    assert commands == ["make up", "make test"]


def test_no_file_names_the_machine_it_was_written_on(root: Path):
    tracked = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.toml", "Makefile"], cwd=root, capture_output=True, text=True, check=True
    )
    homes = re.compile(r"(?<![\w}])/(?:root|home/\w+|work)/")
    assert [path for path in tracked.stdout.split() if homes.search((root / path).read_text("utf-8"))] == []


@pytest.mark.parametrize(("nothing_skips", "outcome"), [("", "1 skipped"), ("1", "1 failed")])
def test_a_skip_is_a_failure_where_nothing_may_skip(root: Path, tmp_path: Path, nothing_skips: str, outcome: str):
    (tmp_path / "conftest.py").write_text((root / "tests/conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('no database')\n")
    command = [
        "env",
        f"ATTUNE_TEST_NOTHING_SKIPS={nothing_skips}",
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome in result.stdout
    assert "no database" in result.stdout or not nothing_skips


def between(text: str, name: str) -> str:
    """Return what stands between the two marks of that name."""
    found = re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", text, re.DOTALL)
    assert found, f"README has no marks for {name}"
    return found[1]


def settings_table(root: Path) -> str:
    """Return the rows of README's table of settings, as it must be."""
    return "".join([HEADER, *dict.fromkeys([*_rows(Settings, root), *_rows(EngineSettings, root)])])


def _rows(settings: type[BaseSettings], root: Path) -> list[str]:
    rows = []
    for field, info in settings.model_fields.items():
        name = f"{settings.model_config['env_prefix']}{field.upper()}"
        default = info.default.get_secret_value() if hasattr(info.default, "get_secret_value") else info.default
        shown = DEPENDS_ON_THE_MACHINE.get(name, _shown(default, root))
        assert info.description, f"{name} does not say what it is for"
        rows.append(f"| `{name}` | {shown} | {info.description} |\n")
    return rows


def _shown(value: object, root: Path) -> str:
    if isinstance(value, tuple):
        value = ",".join(value)
    text = str(value).removeprefix(f"{root}/") if value is not None else ""
    return f"`{text}`" if text else ""
