import numpy as np
import pytest
from box_scene import DEPTH_UNIT_MM, Box, cast, make_rig

from station.core.errors import RigError
from station.rig import estimate_tray


@pytest.mark.parametrize("camera_id", ["top", "left"])
def test_the_tray_is_found_under_a_box_in_noisy_holed_depth(camera_id):
    rig = make_rig(320, 240)
    rng = np.random.default_rng(3)
    picture = cast(rig, camera_id, (Box(),))
    depth_mm = picture.depth * DEPTH_UNIT_MM + rng.normal(0, 1.5, picture.depth.shape)
    depth_mm[(rng.random(depth_mm.shape) < 0.4) | (picture.height_mm < -50)] = 0
    tray = estimate_tray(depth_mm.astype(np.float32), rig.camera(camera_id).intrinsics)
    tray_from_camera = rig.tray_from_camera(camera_id)
    found = tray_from_camera @ tray.rig_from_tray
    assert found[2, 2] == pytest.approx(1, abs=2e-4)
    assert found[2, 3] == pytest.approx(0, abs=1.5)
    assert np.linalg.det(tray.rig_from_tray[:3, :3]) == pytest.approx(1)
    assert 300 < min(tray.size_mm) < max(tray.size_mm) < 500


def test_the_same_image_gives_the_same_tray():
    rig = make_rig(160, 120)
    depth_mm = cast(rig, "top").depth * np.float32(DEPTH_UNIT_MM)
    first, second = (estimate_tray(depth_mm, rig.camera("top").intrinsics) for _ in range(2))
    assert (first.rig_from_tray == second.rig_from_tray).all()


def test_a_plane_facing_elsewhere_is_not_taken():
    rig = make_rig(160, 120)
    depth_mm = cast(rig, "top").depth * np.float32(DEPTH_UNIT_MM)
    with pytest.raises(RigError, match="no plane"):
        estimate_tray(depth_mm, rig.camera("top").intrinsics, up=(0, -1, 0), max_tilt_deg=20)


def test_no_depth_is_no_plane():
    with pytest.raises(RigError, match="no plane"):
        estimate_tray(np.zeros((120, 160), np.float32), make_rig(160, 120).camera("top").intrinsics)
