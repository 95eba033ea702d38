"""What cameras deliver is recorded by librealsense itself, and replays as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_booth import FPS, SmallBooth, SmallFrame, picture

from station.cameras import CamerasSettings, ReplayCamera, SimulatedCamera, record_cameras, track_file
from station.core.errors import CameraStalled, RecordingError
from station.core.frames import Frame
from station.core.items import Announcement
from station.core.ports import EndOfStream
from station.daemon.clock import ManualClock
from station.recording import ItemTruth
from station.rig import load_rig, rig_json

FRAMES = 8


def test_two_cameras_are_recorded_and_replay_alike(tmp_path: Path) -> None:
    clock = ManualClock()
    booth = SmallBooth(FRAMES)
    cameras = [
        SimulatedCamera(booth, name, clock, FPS, record_to=track_file(tmp_path, name)) for name in ("top", "left")
    ]
    recording = record_cameras(cameras, tmp_path, rig_json(booth.rig), lambda: True, [Announcement(plc_id=3, t_ns=50)])
    recording.verify()
    assert load_rig(recording.rig_path).digest == booth.rig.digest
    assert recording.events == (Announcement(plc_id=3, t_ns=50),)
    assert [track.frames for track in recording.tracks] == [FRAMES, FRAMES]
    for track in recording.tracks:
        camera = ReplayCamera(track, clock)
        camera.open()
        for index in range(FRAMES):
            frame = camera.read(1000)
            assert frame is not None
            assert frame.device_t_ns == picture(index).t_ns
            assert (frame.colour == picture(index).colour).all()
            assert (frame.depth == picture(index).depth).all()
            frame.release()
        with pytest.raises(EndOfStream):
            read_on(camera)
        camera.close()


def read_on(camera: ReplayCamera) -> None:
    while camera.read(1000) is None:
        pass


class PatientCamera(SimulatedCamera):
    """Each round of reads brings its frame, however busy the machine is."""

    def read(self, timeout_ms: int) -> Frame | None:
        return super().read(20_000)


def test_recording_stops_when_told(tmp_path: Path) -> None:
    rounds = iter([True, True, True, False])
    camera = PatientCamera(SmallBooth(100), "top", ManualClock(), FPS, record_to=track_file(tmp_path, "top"))
    recording = record_cameras([camera], tmp_path, "{}", lambda: next(rounds))
    assert recording.tracks[0].frames == 3


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    rounds = iter([True, True, False])
    camera = PatientCamera(LateBooth(100), "top", ManualClock(), FPS, record_to=track_file(tmp_path, "top"))
    events = [Announcement(plc_id=1, t_ns=10_000_000_050), Announcement(plc_id=2, t_ns=10_900_000_000)]
    truth = ItemTruth(0, "tea", None, 1, 10_000_000_100, 10_000_000_200, (), {})
    asked = []

    def known(begin_ns: int, end_ns: int) -> list[ItemTruth]:
        asked.append((begin_ns, end_ns))
        return [truth]

    recording = record_cameras([camera], tmp_path, "{}", lambda: next(rounds), events, known)
    assert recording.tracks[0].start_ns == 10_000_000_000
    assert [(event.plc_id, event.t_ns) for event in recording.events] == [(1, 50)], "the other was yet to come"
    assert asked == [(10_000_000_000, 10_000_000_000 + picture(1).t_ns)]
    assert [(item.arrive_ns, item.leave_ns) for item in recording.items] == [(100, 200)]
    replay = ReplayCamera(recording.tracks[0], ManualClock())
    replay.open()
    frame = replay.read(1000)
    assert frame is not None
    assert frame.device_t_ns == 0
    frame.release()
    replay.close()


class LateBooth(SmallBooth):
    """A booth whose clock was running long before, as a live camera's was."""

    def frame(self, camera_id: str, index: int) -> SmallFrame:
        frame = super().frame(camera_id, index)
        return replace(frame, t_ns=frame.t_ns + 10_000_000_000)


class SilentCamera(SimulatedCamera):
    def _feed(self) -> None:
        self._clock.sleep(0.2)


def test_a_camera_that_falls_silent_is_not_restarted_over_its_recording(tmp_path: Path) -> None:
    settings = CamerasSettings(lost_after_ms=500)
    camera = SilentCamera(
        SmallBooth(9), "top", ManualClock(), FPS, settings=settings, record_to=track_file(tmp_path, "top")
    )
    with pytest.raises(CameraStalled):
        record_cameras([camera], tmp_path, "{}", lambda: True)


def test_a_recording_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    camera = SimulatedCamera(SmallBooth(9), "top", ManualClock(), FPS, record_to=track_file(tmp_path, "top"))
    with pytest.raises(RecordingError, match="holds a recording already"):
        record_cameras([camera], tmp_path, "{}", lambda: True)
