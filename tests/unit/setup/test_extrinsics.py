"""Bundle adjustment: cameras are found where they are, and what does not hold together is said."""

import numpy as np
import pytest
from support.setup_booth import BOARD, LENS, RIG, observe, pose, see

from station.core.errors import SetupError
from station.setup.extrinsics import adjust, leave_one_out
from station.setup.poses import Observation, difference, locate

RIGHT = RIG.camera("right")
LENSES = {camera.camera_id: LENS for camera in RIG.cameras}
FIRST = np.linalg.inv(RIG.cameras[0].rig_from_camera)


@pytest.mark.parametrize("height_mm", [0.0, 3.0])
def test_board_is_located_by_few_corners_whatever_their_order_and_height(height_mm):
    tray_from_board = pose((-60, 40, 80), (-20, 10), 30)
    whole = see(RIGHT, tray_from_board, np.random.default_rng(1))
    few = np.isin(whole.ids, (4, 12, 13, 14, 20, 21, 22, 23, 24, 31, 32, 35))
    corners = BOARD.corners_mm()[whole.ids[few]] - [0, 0, height_mm]
    found, off_px = locate(LENS, Observation(corners, whole.pixels[few]))
    expected = np.linalg.inv(RIGHT.rig_from_camera) @ tray_from_board
    expected[:3, 3] += height_mm * expected[:3, 2]
    assert off_px < 0.5
    assert difference(found, expected)[1] < 2.0


def test_cameras_are_found_where_they_are():
    seen = observe()
    found = adjust(LENSES, seen)
    for camera in RIG.cameras[1:]:
        apart_mm, apart_deg = difference(found.rig_from_camera[camera.camera_id], FIRST @ camera.rig_from_camera)
        assert apart_mm < 0.3
        assert apart_deg < 0.03
    assert found.rms_px == pytest.approx(0.14, abs=0.03)  # 0.1 px along each axis


def test_leave_one_out_tells_of_a_camera_that_slipped_between_poses():
    seen = observe()
    good = leave_one_out(seen, adjust(LENSES, seen))
    slipped = observe(seed=1)
    for view, here in slipped.items():
        if view[0] == "left" and view[1] >= 5:
            here.pixels[:] += 6.0
    bad = leave_one_out(slipped, adjust(LENSES, slipped))
    assert max(good.values()) < 0.5
    assert np.median([error for view, error in bad.items() if view[0] == "left"]) > 2.0


def test_one_view_with_wrong_corners_hardly_moves_the_rig():
    seen = observe()
    rng = np.random.default_rng(3)
    seen["right", 4].pixels[:] += rng.normal(0, 8, seen["right", 4].pixels.shape)
    found = adjust(LENSES, seen)
    right = next(camera for camera in RIG.cameras if camera.camera_id == "right")
    assert difference(found.rig_from_camera["right"], FIRST @ right.rig_from_camera)[0] < 0.5


def test_camera_without_a_common_pose_is_named():
    seen = {view: here for view, here in observe().items() if (view[0] == "right") == (view[1] < 4)}
    with pytest.raises(SetupError, match="camera right shares no pose of the board with top, left"):
        adjust(LENSES, seen)
