"""The station as a process: killed, stopped, and started with something broken."""

import os
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest
from box_scene import make_rig
from support import tiny_booth
from support.command import ROOT, station, station_run
from support.stations import get, serving_replay, tiny_config, tiny_settings, wait_for, write_toml

from station.api.plc_client import PlcClient
from station.core.damage import Decision, Reason
from station.core.errors import RecordingError
from station.core.status import StationState
from station.daemon.following import follow
from station.recording import open_recording, track_of_file
from station.recording.manifest import file_sha256
from station.rig import rig_json

DEPTH = "topic_id = (SELECT id FROM topics WHERE name LIKE '%/Depth_0/image/data%')"


@pytest.fixture
def settings(tiny_recording, tiny_gallery, tmp_path):
    source = {"kind": "replay", "recording": str(tiny_recording.path)}
    return tiny_settings(tiny_gallery, tmp_path, source=source)


@pytest.fixture
def copied(tiny_recording, tmp_path) -> Path:
    """The recording, to be damaged."""
    return Path(shutil.copytree(tiny_recording.path, tmp_path / "copied"))


def next_of(plc, after):
    return wait_for(lambda: (told := plc.next(after, wait_ms=2000))["verdict"] in (1, 2) and told, "verdict")


def test_killed_in_mid_item_it_sidelines_that_item_and_goes_on_counting(settings, tmp_path):
    config = write_toml(tmp_path / "station.toml", settings)
    with station_run(config, tmp_path / "first.log") as run:
        plc = PlcClient(run.url)
        first = next_of(plc, 0)
        boot = plc.status()["boot"]
        plc.trigger(900, "BRICK")
        assert run.end(signal.SIGKILL)[0] == -signal.SIGKILL
        plc.close()
    with station_run(config, tmp_path / "second.log") as run:
        plc = PlcClient(run.url)
        assert plc.status()["boot"] != boot
        told = [next_of(plc, 0)]
        while 900 not in {each["id"] for each in told}:
            told.append(next_of(plc, told[-1]["seq"]))
        plc.acknowledge(told[-1]["seq"])
        plc.trigger(900, "BRICK")
        again = plc.verdict(900)
        assert (again["seq"], again["code"]) == (told[-1]["seq"], told[-1]["code"]), "it is still the same item"
        verdicts = get(run.url, "/v1/verdicts?after=0&limit=100")[1]["verdicts"]
        plc.close()
        status, took_s = run.end(signal.SIGTERM)
        assert (status, took_s < 2.0, "Traceback" in run.errors) == (0, True, False), (took_s, run.errors)
    assert (told[0]["seq"], told[0]["id"]) == (first["seq"], first["id"]) == (1, 101)
    assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
    restarted = told[-1]
    assert (restarted["verdict"], restarted["code"]) == (Decision.SIDELINE, Reason.RESTARTED.code)
    assert len({each["result_id"] for each in verdicts}) == len(verdicts) >= len(told)


def test_ctrl_c_ends_a_run_at_once_and_quietly(settings, tmp_path):
    config = write_toml(tmp_path / "station.toml", settings)
    with station_run(config, tmp_path / "log") as run:
        plc = PlcClient(run.url)
        plc.trigger(900, "BRICK")
        plc.close()
        status, took_s = run.end(signal.SIGINT)
        assert (status, took_s < 2.0, "Traceback" in run.errors) == (130, True, False), (took_s, run.errors)
    connection = sqlite3.connect(tmp_path / "station.db")
    try:
        assert connection.execute("SELECT state FROM items WHERE plc_id = 900").fetchall() == [("judged",)]
    finally:
        connection.close()


def corrupt(recording: Path, number: int) -> None:
    """Make a depth picture of one camera unreadable."""
    connection = sqlite3.connect(recording / "left.db3")
    found = connection.execute(f"SELECT id FROM messages WHERE {DEPTH} ORDER BY timestamp").fetchall()[number]
    connection.execute("UPDATE messages SET data = zeroblob(60) WHERE id = ?", found)
    connection.commit()
    connection.close()


def test_a_recording_that_breaks_off_is_a_lost_camera(copied, tiny_gallery, tmp_path):
    """The first item lies on the tray when one camera's file turns out to be damaged."""
    broken_at = tiny_booth.LEAD_FRAMES + tiny_booth.ITEM_FRAMES + tiny_booth.GAP_FRAMES + 1
    corrupt(copied, broken_at)
    config = tiny_config(tiny_gallery, tmp_path)
    recorded = []
    with serving_replay(config, open_recording(copied), speed=2.0) as serving:
        verdicts = follow(serving.station)
        recorded += [next(verdicts), next(verdicts)]
        wait_for(lambda: serving.station.status().state is StationState.FAULT, "fault")
        plc = PlcClient(serving.url)
        status = plc.status()
        plc.close()
        readiness = get(serving.url, "/readyz")
        with pytest.raises(RecordingError, match=r"left\.db3 cannot be played \(a picture of it is damaged"):
            recorded.extend(verdicts)
    assert (status["st"], status["code"]) == (3, Reason.CAMERA_LOST.code)
    assert (readiness[0], readiness[1]["detail"]) == (503, f"{Reason.CAMERA_LOST.title}. {Reason.CAMERA_LOST.fix}")
    found = {each.verdict.plc_id: each.verdict.reason for each in recorded}
    assert found == {101: Reason.NONE, **dict.fromkeys((102, 103, 104), Reason.CAMERA_LOST)}


def test_an_altered_recording_is_refused_by_name(copied, settings, tmp_path, monkeypatch, capsys):
    corrupt(copied, 3)
    config = write_toml(tmp_path / "station.toml", settings)
    assert station(monkeypatch, "replay", copied, "--lockstep", "--config", config) == 1
    assert "left.db3 has SHA-256" in capsys.readouterr().err


def test_a_recording_cut_short_is_refused_before_the_station_runs(copied, settings, tmp_path):
    os.truncate(copied / "left.db3", 100_000)
    settings["source"]["recording"] = str(copied)
    config = write_toml(tmp_path / "station.toml", settings)
    with pytest.raises(AssertionError, match=r"left\.db3\s+has"), station_run(config, tmp_path / "log"):
        pass
    assert not (tmp_path / "station.db").exists()


@pytest.mark.parametrize("pace", [["--lockstep"], ["--speed", "4"]])
def test_a_truncated_recording_fails_the_replay_by_name(copied, settings, tmp_path, monkeypatch, capsys, pace):
    """Its manifest is of the damaged file, so only playing it shows the damage."""
    corrupt(copied, 12)
    manifest = copied / "manifest.json"
    whole = open_recording(copied).tracks[1]
    manifest.write_text(
        manifest.read_text().replace(whole.sha256, track_of_file(whole.file, "left", whole.serial).sha256)
    )
    config = write_toml(tmp_path / "station.toml", settings)
    assert station(monkeypatch, "replay", copied, *pace, "--config", config) == 1
    errors = capsys.readouterr().err
    assert "error: recording file" in errors
    assert "Restore it, or record again" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("verb", ["run", "replay"])
def test_a_rig_that_is_not_the_cameras_ends_the_station(verb, copied, settings, tmp_path, monkeypatch, capsys):
    """A daemon that goes on without its scene would never judge again; the service starts it anew."""
    rig, manifest = copied / "rig.json", copied / "manifest.json"
    known = file_sha256(rig)
    rig.write_text(rig_json(make_rig(160, 120, cameras=("top", "left"))))
    manifest.write_text(manifest.read_text().replace(known, file_sha256(rig)))
    settings["source"]["recording"] = str(copied)
    config = write_toml(tmp_path / "station.toml", settings)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert station(monkeypatch, verb, *([copied] if verb == "replay" else []), "--config", config) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    errors = " ".join(capsys.readouterr().err.split())
    assert "error: camera 'top' delivers 320x240 but its rig is for 160x120" in errors
    assert "Traceback" not in errors


@pytest.fixture
def bad_bundle(tmp_path) -> Path:
    bundle = Path(shutil.copytree(ROOT / "models" / "efficientnet-lite0-s16", tmp_path / "bundle"))
    model = bundle / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    return bundle


@pytest.mark.parametrize("verb", ["run", "replay"])
def test_an_altered_model_is_refused_by_name(bad_bundle, settings, tiny_recording, tmp_path, monkeypatch, capsys, verb):
    config = write_toml(tmp_path / "station.toml", {**settings, "inference": {"bundle": str(bad_bundle)}})
    before = signal.getsignal(signal.SIGTERM)
    try:
        arguments = ("run",) if verb == "run" else ("replay", tiny_recording.path)
        assert station(monkeypatch, *arguments, "--config", config) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    errors = capsys.readouterr().err
    assert f"error: {bad_bundle}/model.onnx has SHA-256" in errors


def test_an_error_keeps_its_brackets(tmp_path, monkeypatch, capsys):
    """They are words of the sentence, not styles of the terminal."""
    config = tmp_path / "[bold]station.toml"
    assert station(monkeypatch, "replay", "demo", "--config", config) == 1
    assert f"config file {config} does not exist" in capsys.readouterr().err
