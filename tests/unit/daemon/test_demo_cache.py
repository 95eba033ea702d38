"""The demo's place in the cache: room for it, one version of it, and many processes that want it at once."""

import os
from pathlib import Path

import pytest
from small_booth import write_recording
from support.command import station

from station.core.errors import RecordingError
from station.daemon.demo import demo_folder, find_recording, put_in_place, require_room


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return demo_folder().parent


def test_a_disk_without_room_is_said_before_rendering() -> None:
    with pytest.raises(RecordingError, match=r"needs 500 MB in /proc, where 0 MB are free\. Free disk"):
        require_room(Path("/proc"))  # a file system that never has room


def test_a_cache_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert station(monkeypatch, "demo") == 1
    assert "cannot write /dev/null/damage-station" in capsys.readouterr().err


def test_outdated_and_abandoned_demos_go_while_one_being_rendered_stays(cache: Path) -> None:
    for name in ("demo-old", "demo-old.unfinished", "demo-new.unfinished-a", "demo-new.unfinished-b", "other"):
        (cache / name).mkdir(parents=True)
    for name in ("demo-old.unfinished", "demo-new.unfinished-a"):
        os.utime(cache / name, (0, 0))
    rendered = cache / "demo-new.unfinished-b" / "demo"
    rendered.mkdir()
    put_in_place(rendered, cache / "demo-new")
    assert {path.name for path in cache.iterdir()} == {"demo-new", "demo-new.unfinished-b", "other"}


def test_whoever_is_first_wins(cache: Path) -> None:
    folder = demo_folder()
    for name in ("a", "b"):
        write_recording(cache / name, 1)
        (cache / name / "by").write_text(name)
        put_in_place(cache / name, folder)
    assert find_recording("demo", lambda share: None).path == folder
    assert (folder / "by").read_text() == "a"


@pytest.mark.usefixtures("cache")
def test_an_altered_demo_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    track = write_recording(demo_folder(), 1).tracks[0]
    with track.file.open("ab") as stream:
        stream.write(b" ")
    assert station(monkeypatch, "demo") == 1
    assert f"{track.file} has SHA-256" in capsys.readouterr().err
