"""What cannot be written is refused before the work: every file and folder here is asked for with inputs that are
missing, and still the refusal is of the output."""

from pathlib import Path

import pytest
from support.command import station

from station.cli.files import folder_to_write, writing
from station.core.errors import StationError


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "none", "--json"),
        ("bench", "none", "--json"),
        ("evaluate", "none", "--json"),
        ("evaluate", "none", "--report"),
        ("tune", "none", "--json"),
        ("tune", "none", "--report"),
        ("dataset", "inspect", "none", "--sheet"),
        ("simulate", "products"),
    ],
)
def test_a_file_in_no_folder_is_refused_first(arguments, tmp_path, monkeypatch, capsys):
    file = tmp_path / "none" / "file.png"
    assert station(monkeypatch, *arguments, file) == 1
    errors = capsys.readouterr().err
    assert f"cannot write {file}: there is no folder {file.parent}. Make it" in errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("record",),
        ("recordings", "import", "none"),
        ("dataset", "import", "folders", "none"),
        ("dataset", "export", "coco", "none"),
        ("simulate", "recording"),
        ("simulate", "dataset"),
        ("simulate", "sheet"),
        ("models", "build", "demo-gallery"),
        ("train", "none"),
        ("setup", "board", "--out"),
    ],
)
def test_a_folder_below_a_file_is_refused_first(arguments, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "sub"
    assert station(monkeypatch, *arguments, folder) == 1
    errors = capsys.readouterr().err
    assert f"cannot write into {folder}: {tmp_path / 'file'} is no folder. Name another folder" in errors


def test_a_folder_is_no_file(tmp_path, monkeypatch, capsys):
    assert station(monkeypatch, "bench", "none", "--json", tmp_path) == 1
    assert f"{tmp_path} is a folder. Name a file" in capsys.readouterr().err


def test_a_folder_that_can_be_made_is_taken(tmp_path):
    assert folder_to_write(tmp_path / "a" / "b") == tmp_path / "a" / "b"


def test_a_disk_that_fills_up_is_said():
    full = Path("/dev/full")
    with pytest.raises(StationError, match=r"cannot write /dev/full \(.*No space left.*Free disk space"), writing(full):
        full.write_text("words")


def test_a_fault_of_what_is_read_is_not_called_one_of_what_is_written(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path / "out"):
        (tmp_path / "missing").read_text()
    with pytest.raises(ConnectionResetError), writing(tmp_path / "out"):
        raise ConnectionResetError(104, "Connection reset by peer")
    with pytest.raises(StationError, match="cannot write"), writing(tmp_path):
        (tmp_path / "missing" / "file").write_text("words")


def test_a_file_is_no_recording(tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").touch()
    assert station(monkeypatch, "replay", tmp_path / "README.md") == 1
    assert "README.md is no recording" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("demo",), ("replay", "none")])
def test_a_pace_that_drops_frames_is_refused(arguments, monkeypatch, capsys):
    assert station(monkeypatch, *arguments, "--speed", "5") == 2
    assert "less than or equal to 4" in capsys.readouterr().err
