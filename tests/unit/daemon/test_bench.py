"""What `station bench` counts, on the tiny booth: times are the machine's, counts are ours."""

import pytest
from box_scene import DEPTH_UNIT_MM
from support import tiny_booth
from support.stations import tiny_config

from station.core.errors import RecordingError
from station.daemon.bench.cameras import bench_cameras
from station.daemon.bench.polls import bench_polls
from station.daemon.bench.walk import bench_walk
from station.recording import RecordingWriter, StreamSpec
from station.rig import rig_json


@pytest.fixture
def config(tiny_gallery, tmp_path):
    return tiny_config(tiny_gallery, tmp_path)


@pytest.fixture
def empty_recording(tmp_path):
    """The tiny booth with nothing ever on its tray."""
    cameras = tiny_booth.RIG.cameras
    specs = [
        StreamSpec(each.camera_id, each.serial, each.intrinsics, tiny_booth.FPS, DEPTH_UNIT_MM) for each in cameras
    ]
    writer = RecordingWriter(tmp_path / "empty", specs, rig_json(tiny_booth.RIG), compress=False)
    for index in range(tiny_booth.LEAD_FRAMES):
        for frame in tiny_booth.shoot((), index * tiny_booth.FRAME_NS, index).frames:
            writer.write(frame.camera_id, frame.colour, frame.depth, frame.device_t_ns)
    return writer.close()


def test_the_walk_is_set_against_the_session_run_in_both_ways(tiny_recording, config) -> None:
    walk = bench_walk(tiny_recording, config, lambda share: None)
    assert walk.walk.count == walk.session_batch.count == walk.session_views.count == 5 * len(tiny_booth.ITEMS)
    assert walk.walk_over_session > 0


def test_polls_are_counted_as_inspecting_only_while_an_item_is(tiny_recording, config, tmp_path) -> None:
    shares = []
    polls = bench_polls(tiny_recording, config, tmp_path, shares.append, enough_polls=1)
    assert len(shares) == polls.inspecting.count > 0
    assert shares[-1] == 1.0
    assert polls.idle.count == 50
    assert polls.p99_ratio == pytest.approx(polls.inspecting.p99_ms / polls.idle.p99_ms)


def test_without_an_inspection_there_is_nothing_to_set_against_idle(empty_recording, config, tmp_path) -> None:
    with pytest.raises(RecordingError, match=r"no item of recording .* was inspected"):
        bench_polls(empty_recording, config, tmp_path, lambda share: None)


def test_each_camera_s_frames_are_counted() -> None:
    shares: list[float] = []
    runs = bench_cameras(shares.append, seconds=0.2)
    assert [(run.storage, run.fps, set(run.cameras)) for run in runs] == [
        ("PNG", 15, {"top", "left", "right"}),
        ("uncompressed", 30, {"top", "left", "right"}),
    ]
    for run, expected in zip(runs, (3, 6), strict=True):
        for count in run.cameras.values():
            assert (count.expected, count.received, count.lost) == (expected, expected, 0)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
