"""What every camera must do, whatever it is made of. Run with `-m hardware` where a RealSense is plugged in."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from small_booth import FPS, SmallBooth, write_recording

from station.cameras import CamerasSettings, Devices, PipelineCamera, RealSenseCamera, ReplayCamera, SimulatedCamera
from station.core.errors import CameraError, PoolExhausted
from station.core.frames import Frame
from station.core.ports import EndOfStream
from station.daemon.clock import ManualClock, SystemClock
from station.recording import open_recording

FRAMES = 12
SLOTS = 4
READ_MS = 1000

MakeCamera = Callable[[], PipelineCamera]


@pytest.fixture(scope="module")
def recording_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("conformance") / "recording", FRAMES).path


@pytest.fixture(
    params=[
        "simulated",
        "simulated-paced",
        "replayed",
        "replayed-paced",
        pytest.param("live", marks=pytest.mark.hardware),
    ]
)
def make_camera(request: pytest.FixtureRequest, recording_path: Path) -> MakeCamera:
    settings = CamerasSettings(slots=SLOTS, width_px=640, height_px=480, fps=FPS)
    track = open_recording(recording_path).tracks[0]
    makers: dict[str, MakeCamera] = {
        "simulated": lambda: SimulatedCamera(SmallBooth(FRAMES), "top", ManualClock(), FPS, settings=settings),
        "simulated-paced": lambda: SimulatedCamera(
            SmallBooth(FRAMES), "top", ManualClock(), FPS, pace=1.0, settings=settings
        ),
        "replayed": lambda: ReplayCamera(track, ManualClock(), slots=SLOTS),
        "replayed-paced": lambda: ReplayCamera(track, ManualClock(), pace=1.0, slots=SLOTS),
        "live": lambda: _first_live_camera(settings),
    }
    return makers[request.param]


def _first_live_camera(settings: CamerasSettings) -> PipelineCamera:
    devices = Devices()
    found = devices.discover()
    assert found, "no RealSense camera is plugged in"
    return RealSenseCamera("top", found[0].serial, settings, SystemClock(), devices)


@pytest.fixture
def camera(make_camera: MakeCamera) -> Iterator[PipelineCamera]:
    camera = make_camera()
    yield camera
    camera.close()


def fresh(camera: PipelineCamera, count: int) -> Iterator[Frame]:
    """Read until `count` frames have come; a camera may have nothing to give for a while, but not for long."""
    waits = 0
    while count:
        frame = camera.read(READ_MS)
        if frame is None:
            waits += 1
            assert waits < 10, "no frame came"
            continue
        count -= 1
        yield frame


def test_opening_tells_what_the_camera_is(camera: PipelineCamera) -> None:
    info = camera.open()
    assert info.camera_id == camera.camera_id == "top"
    assert info.serial
    assert info.fps == FPS
    assert (camera.pool.width_px, camera.pool.height_px) == (info.intrinsics.width_px, info.intrinsics.height_px)


def test_frames_are_read_only_pairs_of_the_stated_shape(camera: PipelineCamera) -> None:
    size = camera.open().intrinsics
    for frame in fresh(camera, 3):
        assert frame.camera_id == "top"
        assert (frame.colour.shape, frame.colour.dtype) == ((size.height_px, size.width_px, 3), np.uint8)
        assert (frame.depth.shape, frame.depth.dtype) == ((size.height_px, size.width_px), np.uint16)
        assert frame.depth_unit_mm > 0
        for array in (frame.colour, frame.depth):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 0
        frame.release()


def test_sequence_and_time_only_grow(camera: PipelineCamera) -> None:
    camera.open()
    seen = []
    for frame in fresh(camera, 8):
        seen.append((frame.sequence, frame.device_t_ns, frame.host_t_ns))
        frame.release()
    for before, after in pairwise(seen):
        assert after[0] > before[0]
        assert after[1] > before[1]
        assert after[2] >= before[2]


def test_all_frames_have_one_time_domain(camera: PipelineCamera) -> None:
    camera.open()
    domains = set()
    for frame in fresh(camera, 3):
        domains.add(frame.time_domain)
        frame.release()
    assert len(domains) == 1


def test_a_released_slot_returns_when_its_last_holder_lets_go(camera: PipelineCamera) -> None:
    camera.open()
    frame = next(fresh(camera, 1))
    frame.retain()
    frame.release()
    assert camera.pool.leased == 1
    frame.release()
    assert camera.pool.leased == 0
    with pytest.raises(CameraError, match="after its last release"):
        frame.release()


def test_a_held_frame_keeps_its_picture(camera: PipelineCamera) -> None:
    camera.open()
    held = next(fresh(camera, 1))
    before = held.colour.copy(), held.depth.copy()
    for frame in fresh(camera, 5):
        frame.release()
    assert np.array_equal(held.colour, before[0])
    assert np.array_equal(held.depth, before[1])
    held.release()


def test_closing_returns_every_slot_the_camera_still_holds(camera: PipelineCamera) -> None:
    camera.open()
    for frame in fresh(camera, 2):
        frame.release()
    frame = camera.read(1)  # a paced camera now holds a pair that is not due yet
    if frame is not None:
        frame.release()
    camera.close()
    assert camera.pool.leased == 0


def test_frames_outlive_their_camera(camera: PipelineCamera) -> None:
    camera.open()
    frame = next(fresh(camera, 1))
    camera.close()
    assert frame.colour.any()
    frame.release()
    assert camera.pool.leased == 0


def test_reading_a_closed_camera_is_refused(camera: PipelineCamera) -> None:
    with pytest.raises(CameraError, match="not open"):
        camera.read(READ_MS)
    camera.open()
    camera.close()
    with pytest.raises(CameraError, match="not open"):
        camera.read(READ_MS)


def test_closing_twice_and_before_opening_is_fine(camera: PipelineCamera) -> None:
    camera.close()
    camera.open()
    camera.close()
    camera.close()


def test_opening_twice_is_refused(camera: PipelineCamera) -> None:
    camera.open()
    with pytest.raises(CameraError, match="open already"):
        camera.open()


def test_a_camera_opens_again_after_closing(camera: PipelineCamera) -> None:
    for _ in range(2):
        camera.open()
        for frame in fresh(camera, 2):
            frame.release()
        camera.close()


def test_no_time_to_wait_gives_a_frame_or_nothing(camera: PipelineCamera) -> None:
    camera.open()
    for _ in range(5):
        frame = camera.read(0)
        assert frame is None or isinstance(frame, Frame)
        if frame is not None:
            frame.release()


def test_frames_without_a_free_slot_are_counted_as_dropped(camera: PipelineCamera) -> None:
    camera.open()
    held = list(fresh(camera, SLOTS))
    assert camera.dropped == 0
    for _ in range(10):
        with suppress(PoolExhausted):  # lock-step loses nothing in silence
            assert camera.read(READ_MS) is None
        if camera.dropped:
            break
    assert camera.drops.no_slot == camera.dropped >= 1
    for frame in held:
        frame.release()
    assert camera.pool.leased == 0


def test_a_finite_source_delivers_everything_and_then_ends(camera: PipelineCamera) -> None:
    if isinstance(camera, RealSenseCamera):
        pytest.skip("a live camera has no end")
    camera.open()
    for frame in fresh(camera, FRAMES):
        frame.release()
    with pytest.raises(EndOfStream):
        list(fresh(camera, 1))
    assert camera.dropped == 0
    assert camera.pool.leased == 0
