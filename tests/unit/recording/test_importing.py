import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.cameras import ReplayCamera
from station.core.errors import RecordingError
from station.core.geometry import Intrinsics
from station.daemon.clock import ManualClock
from station.recording import Recording, import_pngs
from station.recording.stills import find_stills

SIZE = (48, 64)
JSON = {"fx": 60.0, "fy": 61.0, "cx": 31.5, "cy": 23.5, "depth_unit_mm": 0.25, "distortion": [0.1, 0, 0, 0, 0]}


def write_still(folder: Path, name: str, value: int, depth: NDArray[np.uint16] | None = None) -> None:
    folder.mkdir(exist_ok=True)
    colour = np.zeros((*SIZE, 3), np.uint8)
    colour[..., 0] = value  # blue, in OpenCV's order
    cv2.imwrite(str(folder / f"{name}.color.png"), colour)
    cv2.imwrite(str(folder / f"{name}.depth.png"), np.full(SIZE, value * 10, np.uint16) if depth is None else depth)


class SeenRig:
    """Stands for whoever makes the rig, and remembers what it was given."""

    depth_mm: NDArray[np.float32]

    def __call__(self, camera_id: str, serial: str, intrinsics: Intrinsics, depth_mm: NDArray[np.float32]) -> str:
        self.depth_mm = depth_mm
        return json.dumps({"camera": camera_id, "serial": serial, "fx": intrinsics.fx})


def pictures(recording: Recording, count: int) -> list[tuple[NDArray[np.uint8], NDArray[np.uint16]]]:
    camera = ReplayCamera(recording.tracks[0], ManualClock())
    camera.open()
    found = []
    while len(found) < count:
        frame = camera.read(1000)
        if frame is not None:
            found.append((frame.colour.copy(), frame.depth.copy()))
            frame.release()
    camera.close()
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "stills"
    for name, value in (("a", 10), ("b", 20), ("background", 30)):
        write_still(source, name, value)
    (source / "intrinsics.json").write_text(json.dumps(JSON))
    return source


def test_stills_stand_for_a_while_and_each_item_is_triggered(folder: Path, tmp_path: Path) -> None:
    rig = SeenRig()
    recording = import_pngs(folder, tmp_path / "out", rig, repeat=3, fps=10)
    recording.verify()
    assert recording.tracks[0].frames == 9
    assert [(event.plc_id, event.t_ns) for event in recording.events] == [(1, 350_000_000), (2, 650_000_000)]
    assert json.loads(recording.rig_path.read_text())["fx"] == 60.0
    assert (rig.depth_mm == 300 * 0.25).all()
    shown = [(int(colour[0, 0, 2]), int(depth[0, 0])) for colour, depth in pictures(recording, 9)]
    assert shown == [(30, 300)] * 3 + [(10, 100)] * 3 + [(20, 200)] * 3


def test_named_stills_alone_are_imported(folder: Path, tmp_path: Path) -> None:
    recording = import_pngs(folder, tmp_path / "out", SeenRig(), names=["b"], repeat=2)
    assert [int(colour[0, 0, 2]) for colour, _ in pictures(recording, 2)] == [20, 20]
    with pytest.raises(RecordingError, match=r"holds no still c\. Name some of: background, a, b"):
        import_pngs(folder, tmp_path / "other", SeenRig(), names=["c"])


def test_a_layout_with_rotated_and_splatted_depth_is_decoded(tmp_path: Path) -> None:
    units = np.full(SIZE, 5000, np.uint16)
    units[:, 32:] = 9000
    units[::3] = 0  # the lines that moving points into a larger picture leaves
    units[10:30, 10:30] = 0  # a true hole
    rotated = np.bitwise_or(units << 3, units >> 13)
    write_still(tmp_path / "apc", "frame-000000", 10, rotated)
    matrix = "615 0 298\n0 616 247\n0 0 1\n"
    (tmp_path / "apc" / "cam.info.txt").write_text(
        f"# Environment: 1\n# Color camera intrinsic matrix\n{matrix}\n# Depth camera intrinsic matrix\n9 9 9\n"
    )
    folder = find_stills(tmp_path / "apc")
    assert folder.depth_unit_mm == 0.1
    assert folder.intrinsics == Intrinsics(64, 48, 615.0, 616.0, 298.0, 247.0)
    _, depth = folder.read(folder.stills[0])
    assert set(np.unique(depth)) == {0, 5000, 9000}
    assert (depth[1:9, :32] == 5000).all()
    assert (depth[1:47, 32:] == 9000).all()
    assert not depth[12:28, 12:28].any()


@pytest.mark.parametrize(("shift_m", "names", "warned"), [(0.2, (), True), (0.0, (), False), (0.2, ("a",), False)])
def test_a_camera_that_moved_between_stills_is_told(folder, tmp_path, caplog, shift_m, names, warned) -> None:
    (folder / "intrinsics.json").unlink()
    poses = []
    for name, x_m in (("a", 0.0), ("b", shift_m)):
        pose = np.eye(4)
        pose[0, 3] = x_m
        numbers = "\n".join(" ".join(f"{number:.8e}" for number in row) for row in pose)
        poses.append(f"# Camera-to-world extrinsic matrix (camera pose) for {name}\n{numbers}\n")
    matrix = "# Color camera intrinsic matrix\n60 0 31.5\n0 61 23.5\n0 0 1\n\n"
    (folder / "cam.info.txt").write_text(matrix + "\n".join(poses))
    import_pngs(folder, tmp_path / "out", SeenRig(), names=names, repeat=1)
    assert ("use --name STILL" in caplog.text) == warned


@pytest.mark.shared_data
def test_the_real_tote_and_its_background_are_read(shared_data: Path, tmp_path: Path) -> None:
    folder = find_stills(shared_data / "arc")
    assert [still.is_background for still in folder.stills] == [True, False]
    assert folder.intrinsics.fx == pytest.approx(616.52, abs=0.01)
    _, depth = folder.read(folder.stills[1])
    assert 500 < np.median(depth[depth > 0]) * folder.depth_unit_mm < 900
    assert import_pngs(shared_data / "arc", tmp_path / "out", SeenRig(), repeat=2).tracks[0].frames == 4


@pytest.mark.shared_data
def test_real_frames_of_a_shelf_are_read(shared_data: Path) -> None:
    folder = find_stills(shared_data / "apc" / "bin")
    assert len(folder.stills) == 10
    assert folder.intrinsics.cx == pytest.approx(298.44, abs=0.01)
    colour, depth = folder.read(folder.stills[0])
    assert colour.shape == (480, 640, 3)
    book = depth[200:300, 190:270] * folder.depth_unit_mm
    assert 400 < np.median(book[book > 0]) < 700
    assert (book > 0).mean() > 0.95


def test_a_folder_without_pairs_or_intrinsics_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"holds no pairs of \*color\*.png"):
        find_stills(tmp_path)
    write_still(tmp_path, "a", 1)
    with pytest.raises(RecordingError, match=r"holds no intrinsics.json, cam.info.txt or \*intrinsics\*.txt"):
        find_stills(tmp_path)
    (tmp_path / "intrinsics.txt").write_text("615 0 298")
    with pytest.raises(RecordingError, match="holds 3 of 9 numbers"):
        find_stills(tmp_path)
    (tmp_path / "intrinsics.json").write_text("{}")
    with pytest.raises(RecordingError, match="cannot be read"):
        find_stills(tmp_path)


def test_a_picture_of_another_size_is_refused(folder: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(folder / "b.depth.png"), np.zeros((10, 10), np.uint16))
    with pytest.raises(RecordingError, match=r"b.depth.png are not .* of 64x48 px"):
        import_pngs(folder, tmp_path / "out", SeenRig())
