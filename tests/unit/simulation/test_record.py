"""A booth's recording says what the booth shows."""

import itertools
import multiprocessing
import os
import signal
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from station.core.damage import DamageType, Severity
from station.core.errors import RecordingError, SimulationError, StationError

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.cameras import SimulatedCamera, record_cameras, track_file
from station.daemon.clock import ManualClock
from station.recording import open_recording
from station.rig import load_rig, rig_json
from station.simulation import Booth, SimulationSettings
from station.simulation.record import record_booth, save_truth

TORN = ((DamageType.PENETRATION, Severity.MAJOR),)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return a small booth, its recording and the progress that was told."""
    settings = SimulationSettings(
        width_px=160, height_px=120, fps=6, lead_ms=400, rest_ms=500, gap_ms=200, supersampling=1
    )
    booth = Booth(8, 2, settings, [("can-coffee", ()), ("carton-tea", TORN)])
    told = []
    return booth, record_booth(booth, tmp_path_factory.mktemp("recorded") / "booth", told.append), told


def test_a_recording_holds_every_frame_and_verifies(recorded):
    booth, recording, _ = recorded
    recording.verify()
    assert {track.camera_id: track.frames for track in recording.tracks} == dict.fromkeys(
        ("top", "left", "right"), booth.frame_count
    )
    assert load_rig(recording.rig_path).digest == booth.rig.digest


def test_the_same_booth_gives_the_same_bytes(recorded, tmp_path):
    booth, recording, _ = recorded
    again = record_booth(booth, tmp_path / "again", lambda share: None)
    for file in recording.path.rglob("*"):
        assert file.is_dir() or file.read_bytes() == (again.path / file.relative_to(recording.path)).read_bytes(), file


def test_its_truth_is_the_plan_and_its_masks_are_the_booth_s(recorded):
    booth, recording, _ = recorded
    again = open_recording(recording.path)
    assert [item.announcement for item in booth.plan] == list(again.events)
    for item, planned in zip(again.items, booth.plan, strict=True):
        assert (item.product_id, item.barcode, item.plc_id) == (planned.product_id, planned.barcode, planned.plc_id)
        assert (item.arrive_ns, item.leave_ns, item.damage) == (planned.arrive_ns, planned.leave_ns, planned.damage)
        for camera_id in ("top", "left", "right"):
            assert np.array_equal(again.mask(item, camera_id), booth.item_mask(camera_id, planned.index))
            for kind in DamageType:
                truth = booth.truth(camera_id, planned.index).damage.get(kind)
                assert np.array_equal(again.mask(item, camera_id, kind), truth)
    assert again.mask(again.items[1], "top", DamageType.PENETRATION).any()


def test_what_simulated_cameras_recorded_has_the_truth_of_the_items_it_wholly_covers(recorded, tmp_path):
    """As `station record` does it. The second item still lies there at the end."""
    booth, whole, _ = recorded
    frames = itertools.count()
    last = round((booth.plan[1].leave_ns - 100_000_000) * booth.settings.fps / 1e9)
    cameras = [
        SimulatedCamera(booth, name, ManualClock(), booth.settings.fps, record_to=track_file(tmp_path, name))
        for name in ("top", "left", "right")
    ]
    recording = record_cameras(
        cameras, tmp_path, rig_json(booth.rig), lambda: next(frames) < last, (), partial(save_truth, booth, tmp_path)
    )
    recording.verify()
    assert booth.plan[1].arrive_ns < (recording.tracks[0].frames - 1) * 1e9 / booth.settings.fps
    assert recording.items == whole.items[:1]
    for camera_id in ("top", "left", "right"):
        mask = whole.mask(whole.items[0], camera_id)
        assert mask.any()
        assert np.array_equal(recording.mask(recording.items[0], camera_id), mask)


def test_progress_grows_to_one(recorded):
    told = recorded[2]
    assert told[-1] == 1.0
    assert all(0 <= one <= other for one, other in pairwise(told))


def kill_all(share: float) -> None:
    for worker in multiprocessing.active_children():
        os.kill(worker.pid, signal.SIGKILL)


def press_ctrl_c(share: float) -> None:
    raise KeyboardInterrupt


def files(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def long_recorded(tmp_path_factory):
    """Return a booth whose recording takes two parts a camera, and that recording, made in one go."""
    settings = SimulationSettings(width_px=160, height_px=120, fps=60, lead_ms=2000, supersampling=1)
    booth = Booth(8, 1, settings, [("carton-tea", TORN)])
    return booth, record_booth(booth, tmp_path_factory.mktemp("long") / "booth", lambda share: None)


@pytest.mark.parametrize("stop", [kill_all, press_ctrl_c])
def test_an_interrupted_recording_goes_on_and_is_the_same_byte_for_byte(long_recorded, tmp_path, stop):
    booth, whole = long_recorded
    out = tmp_path / "booth"
    kept = (2 * booth.frame_count + 152) / (3 * booth.frame_count)  # even the slowest camera has finished a part
    with pytest.raises((KeyboardInterrupt, StationError)):
        record_booth(booth, out, lambda share: stop(share) if share > kept else None)
    before = files(out)
    for other in (
        Booth(9, 1, booth.settings),
        Booth(8, 2, booth.settings),
        Booth(8, 1, replace(booth.settings, fps=30)),
    ):
        with pytest.raises(RecordingError, match="unfinished recording of another command: station simulate recording"):
            record_booth(other, out, lambda share: None)
    assert files(out) == before
    told: list[float] = []
    again = record_booth(booth, out, told.append)
    assert told[0] > 0.5
    again.verify()
    assert again.items == whole.items
    assert files(out) == files(whole.path)


def test_what_is_no_unfinished_recording_is_left_alone(recorded, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"mine")
    with pytest.raises(RecordingError, match="exists and is no unfinished recording"):
        record_booth(recorded[0], tmp_path, lambda share: None)
    assert files(tmp_path).keys() == {Path("photo.png")}


def test_a_folder_that_holds_a_recording_is_refused(recorded):
    booth, recording, _ = recorded
    with pytest.raises(RecordingError, match="already"):
        record_booth(booth, recording.path, lambda share: None)


def test_ctrl_c_does_not_reach_a_worker_not_even_while_it_starts(tmp_path):
    """The terminal sends it to every process; the one that waits tells the workers to stop."""
    booth = Booth(8, 1, SimulationSettings(width_px=160, height_px=120, fps=6, lead_ms=300), [("can-coffee", ())])
    interrupted = []

    def interrupt(share: float) -> None:
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signal.SIGINT)
            interrupted.append(share)

    recording = record_booth(booth, tmp_path / "booth", interrupt)
    assert interrupted[:3] == [0.0] * 3, "before the first frame"
    assert [track.frames for track in recording.tracks] == [booth.frame_count] * 3


def test_ctrl_c_ends_the_workers_where_they_are(tmp_path):
    """None is waited for that has not even begun."""
    booth = Booth(8, 1, SimulationSettings(width_px=160, height_px=120, fps=6, lead_ms=300), [("can-coffee", ())])
    workers = []

    def interrupt(share: float) -> None:
        workers.extend(multiprocessing.active_children())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_booth(booth, tmp_path / "booth", interrupt)
    assert [worker.exitcode for worker in workers] == [-signal.SIGTERM] * 3


def test_a_failing_worker_stops_the_others_with_its_own_error(tmp_path):
    short = ((DamageType.MISSING_UNIT, Severity.MAJOR),)
    booth = Booth(8, 1, SimulationSettings(width_px=160, height_px=120, fps=6, lead_ms=300), [("can-coffee", short)])
    with pytest.raises(SimulationError, match="missing_unit"):
        record_booth(booth, tmp_path / "short", lambda share: None)


def test_a_killed_worker_is_told_as_what_it_is(tmp_path):
    booth = Booth(8, 1, SimulationSettings(width_px=160, height_px=120, fps=6, lead_ms=300), [("can-coffee", ())])

    def kill(share: float) -> None:
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signal.SIGKILL)

    with pytest.raises(StationError, match="was killed by signal 9; memory may be short"):
        record_booth(booth, tmp_path / "booth", kill)
