"""Nothing is undocumented: settings, verbs and their options, rooms, decisions."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from station.cli.app import app
from station.cli.config import config_text
from station.config import describe_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("setting", list(describe_settings()), ids=lambda setting: setting.key)
def test_setting_has_a_sentence(setting: object) -> None:
    assert len(setting.doc) > 15
    assert setting.doc.endswith(".")


def test_settings_file_is_what_the_station_prints() -> None:
    assert (ROOT / "deploy" / "station.toml").read_text() == config_text(), "run: station config > deploy/station.toml"


def commands() -> list[tuple[str, object]]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    found = []
    for name, command in group.commands.items():
        found.append((name, command))
        if isinstance(command, TyperGroup):
            found += [(f"{name} {inner}", command.commands[inner]) for inner in command.commands]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_verb_is_explained(name: str, command: object) -> None:
    assert f"`station {name.split()[0]}`" in README
    assert command.help
    for parameter in command.params:
        if parameter.name != "help":
            assert parameter.help, f"station {name}: {parameter.name} has no help"


def test_every_room_is_on_the_map() -> None:
    rooms = {path.parent.name for path in (ROOT / "station").glob("*/__init__.py")}
    assert not [room for room in rooms if f"`{room}/`" not in README]


def test_readme_has_one_line_for_each_job() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert [line.split("/")[-1] for line in lines] == ["station demo", "pytest"]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_readme_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
