"""When frames of finite sources come, on a manual clock."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_booth import FPS, SERIALS, SmallBooth, SmallFrame, picture, write_recording

from station.cameras import PipelineCamera, ReplayCamera, SimulatedCamera
from station.core.frames import TimeDomain
from station.core.ports import EndOfStream
from station.daemon.clock import ManualClock
from station.recording import open_recording

FRAMES = 6
START_NS = 5_000_000_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("pacing") / "recording", FRAMES).path


def cameras(path: Path, clock: ManualClock, pace: float | None, start_ns: int | None) -> list[PipelineCamera]:
    return [
        ReplayCamera(open_recording(path).tracks[0], clock, pace, start_ns),
        SimulatedCamera(SmallBooth(FRAMES), "top", clock, FPS, pace, start_ns),
    ]


def times(camera: PipelineCamera, timeout_ms: int) -> list[tuple[int, int]]:
    """(device_t_ns, host_t_ns) of every frame to the end."""
    found = []
    info = camera.open()
    assert info.serial == SERIALS["top"]
    try:
        while True:
            frame = camera.read(timeout_ms)
            if frame is not None:
                assert frame.time_domain is TimeDomain.GLOBAL
                assert frame.depth_unit_mm == 0.5
                found.append((frame.device_t_ns, frame.host_t_ns))
                frame.release()
    except EndOfStream:
        camera.close()
    return found


@pytest.mark.parametrize("which", [0, 1])
def test_in_lock_step_a_frame_stands_for_the_time_it_was_taken_at(path: Path, which: int) -> None:
    clock = ManualClock(START_NS)
    found = times(cameras(path, clock, None, None)[which], 1000)
    assert found == [(round(n * 1e9 / FPS),) * 2 for n in range(FRAMES)]
    assert clock.now_ns() == START_NS


@pytest.mark.parametrize("which", [0, 1])
def test_lock_step_counts_from_the_start_it_is_given(path: Path, which: int) -> None:
    found = times(cameras(path, ManualClock(), None, START_NS)[which], 1000)
    assert [host for _, host in found] == [START_NS + round(n * 1e9 / FPS) for n in range(FRAMES)]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("pace", [1.0, 2.0])
@pytest.mark.parametrize("timeout_ms", [10, 1000])
def test_a_paced_frame_comes_when_it_is_due(path: Path, which: int, pace: float, timeout_ms: int) -> None:
    found = times(cameras(path, ManualClock(START_NS), pace, None)[which], timeout_ms)
    assert [device for device, _ in found] == [round(n * 1e9 / FPS) for n in range(FRAMES)]
    for device_t_ns, host_t_ns in found:
        assert host_t_ns == pytest.approx(START_NS + device_t_ns / pace, abs=2)


def test_a_booth_that_renders_too_slowly_says_so_until_it_catches_up(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock(START_NS)
    took_s = iter([0, 0, 3, 0])  # to render each frame; the first is asked for twice

    def render(index: int) -> SmallFrame:
        clock.sleep(next(took_s, 0))
        return replace(picture(index), t_ns=index * 1_000_000_000)

    camera = SimulatedCamera(SmallBooth(FRAMES, render), "top", clock, FPS, 1.0, START_NS)
    camera.open()
    told = []
    for _ in range(5):
        frame = camera.read(5000)
        assert frame is not None
        frame.release()
        told.append(camera.trouble)
    camera.close()
    assert told[0] is None
    assert "2.0 s behind" in str(told[1])
    assert "64x48 at 30 fps" in str(told[1])
    assert "Lower simulation.width_px" in str(told[1])
    assert told[4] is None
    assert [record.message for record in caplog.records] == [told[1]]


def test_frames_that_are_overdue_come_at_once_and_none_is_lost(path: Path) -> None:
    clock = ManualClock(60_000_000_000)
    camera = cameras(path, clock, 1.0, START_NS)[0]
    found = times(camera, 1000)
    assert len(found) == FRAMES
    assert {host for _, host in found} == {clock.now_ns()}
    assert camera.dropped == 0
