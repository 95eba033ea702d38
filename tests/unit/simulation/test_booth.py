"""The simulated booth through its public door."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import zxingcpp

from station.core.damage import DamageType, Severity
from station.core.errors import RigError, SimulationError

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.simulation import Booth, SimulationSettings, Studio
from station.simulation.layout import project

COLD = SimulationSettings(asic_rise_k=0.0)
"""Where depth is what the geometry says."""
SMALL = replace(COLD, width_px=424, height_px=240, fps=10, supersampling=1)
CAMERAS = ("top", "left", "right")
MAJOR_HOLE = ((DamageType.PENETRATION, Severity.MAJOR),)


def at_rest(booth, item):
    """Return the index of a frame in the middle of an item's rest."""
    return int((item.arrive_ns + item.leave_ns) / 2 * booth.settings.fps / 1e9)


def heights_mm(booth, camera_id, frame):
    """Return every pixel's height above the tray, NaN where there is no depth."""
    rig_camera = booth.rig.camera(camera_id)
    lens = rig_camera.intrinsics
    depth_mm = frame.depth * frame.depth_unit_mm
    pixels = np.stack(np.indices(depth_mm.shape)[::-1], axis=-1).reshape(-1, 1, 2).astype(float)
    straight = cv2.undistortPoints(pixels, lens.matrix, np.array(lens.distortion)).reshape(*depth_mm.shape, 2)
    rays = np.dstack([straight, np.ones(depth_mm.shape)])
    points = (rays * depth_mm[..., None]) @ rig_camera.rig_from_camera[:3, :3].T + rig_camera.rig_from_camera[:3, 3]
    return np.where(frame.depth > 0, points[..., 2], np.nan)


@pytest.fixture(scope="module")
def booth():
    """Return a booth with one item of each kind, the last one damaged."""
    return Booth(3, 3, SMALL, [("carton-tea", ()), ("can-coffee", ()), ("mailer-white", MAJOR_HOLE)])


def test_the_same_seed_gives_the_same_bytes_in_any_order(booth):
    again = Booth(3, 3, SMALL, [("carton-tea", ()), ("can-coffee", ()), ("mailer-white", MAJOR_HOLE)])
    indices = [at_rest(booth, booth.plan[2]), 0, at_rest(booth, booth.plan[0]) - 5, at_rest(booth, booth.plan[1])]
    for camera_id in CAMERAS:
        forwards = [booth.frame(camera_id, index) for index in indices]
        backwards = [again.frame(camera_id, index) for index in reversed(indices)][::-1]
        for one, other in zip(forwards, backwards, strict=True):
            assert one.t_ns == other.t_ns
            assert one.colour.tobytes() == other.colour.tobytes()
            assert one.depth.tobytes() == other.depth.tobytes()


def test_another_seed_gives_another_pose_and_other_noise(booth):
    other = Booth(4, 3, SMALL, [("carton-tea", ()), ("can-coffee", ()), ("mailer-white", MAJOR_HOLE)])
    assert not np.array_equal(booth.item_mask("top", 0), other.item_mask("top", 0))
    assert not np.array_equal(booth.frame("top", 0).colour, other.frame("top", 0).colour)


def test_cameras_and_frames_have_noise_of_their_own(booth):
    one, next_one = booth.frame("top", 0), booth.frame("top", 1)
    assert not np.array_equal(one.depth, next_one.depth)
    assert 0.5 < np.std(one.colour.astype(float) - next_one.colour) / np.sqrt(2) < 2.0


@pytest.mark.parametrize("camera_id", CAMERAS)
@pytest.mark.parametrize("index", [0, 1])
def test_masks_agree_with_depth_above_the_tray(booth, camera_id, index):
    item = booth.plan[index]
    height = heights_mm(booth, camera_id, booth.frame(camera_id, at_rest(booth, item)))
    mask = booth.item_mask(camera_id, index)
    known = ~np.isnan(height)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0  # at edges depth errs
    assert np.mean(height[inner & known] > 4) > 0.93  # the foot of an upright side is lower than that
    rig_camera = booth.rig.camera(camera_id)
    corners = project(
        rig_camera, np.array([[x, y, 0] for x, y in ((-200, -150), (200, -150), (200, 150), (-200, 150))])
    )
    tray = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), np.rint(corners[:, :2]).astype(np.int32), 1) > 0
    beside = tray & ~cv2.dilate(mask.astype(np.uint8), np.ones((11, 11))).astype(bool)
    assert np.mean(np.abs(height[beside & known]) < 12) > 0.99


def test_items_lie_wholly_in_every_picture():
    many = Booth(9, 16, SMALL)
    for item in many.plan:
        for camera_id in CAMERAS:
            mask = many.item_mask(camera_id, item.index)
            assert mask.sum() > 300
            assert not np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).any()


def test_depth_noise_grows_with_the_square_of_distance(booth):
    frames = np.stack([booth.frame("left", index).depth for index in range(14)]).astype(float) * SMALL.depth_unit_mm
    seen = (frames > 0).all(axis=0)
    distance, noise = frames.mean(axis=0)[seen], frames.std(axis=0, ddof=1)[seen]
    near, far = distance < np.percentile(distance, 15), distance > np.percentile(distance, 85)
    expected = (distance[far].mean() / distance[near].mean()) ** 2
    assert expected > 1.5
    assert noise[far].mean() / noise[near].mean() == pytest.approx(expected, rel=0.15)


def test_depth_comes_in_steps_of_disparity():
    still = Booth(1, 0, replace(SMALL, disparity_noise_px=0.0, disparity_steps=4, depth_unit_mm=0.1))
    depth_mm = still.frame("left", 0).depth * 0.1
    steps = 0.62 * still.rig.camera("left").intrinsics.fx * SMALL.baseline_mm * 4 / depth_mm[depth_mm > 0]
    assert np.abs(steps - np.rint(steps)).max() < 0.02


def test_depth_has_holes_beside_an_item_where_one_imager_is_blind(booth):
    item = booth.plan[1]
    hidden = booth.frame("top", at_rest(booth, item)).depth == 0
    beside = cv2.dilate(booth.item_mask("top", 1).astype(np.uint8), np.ones((1, 41))).astype(bool)
    empty = booth.frame("top", 0).depth == 0
    assert (hidden & beside & ~empty).sum() > 50
    columns = np.nonzero(booth.item_mask("top", 1))[1]
    assert np.nonzero(hidden & beside & ~empty)[1].mean() < columns.mean()  # the second imager is to the right


def test_an_item_slides_in_lies_still_and_is_gone(booth):
    item = booth.plan[0]
    settings = replace(SMALL, shot_noise=0.0, read_noise=0.0, light_drift=0.0, light_drift_k=0.0, hand_ms=0)
    quiet = Booth(3, 1, settings, [("carton-tea", ())])
    first = int(np.ceil(item.arrive_ns * settings.fps / 1e9))
    pictures = [quiet.frame("top", index).colour for index in range(first - 2, first + 10)]
    empty = quiet.frame("top", 0).colour
    assert not np.array_equal(pictures[1], pictures[2])
    assert all(np.array_equal(picture, pictures[2]) for picture in pictures[3:9])
    assert not np.array_equal(pictures[2], empty)
    assert np.array_equal(quiet.frame("top", quiet.frame_count - 1).colour, empty)


def product(product_id):
    return next(item for item in Booth(0, 0).catalogue if item.product_id == product_id)


def test_a_barcode_decodes_on_a_rendered_picture():
    mailer = product("mailer-white")
    shot = Studio(5, SimulationSettings(width_px=1280, height_px=720)).shot(mailer, 0)
    assert mailer.barcode in {code.text for code in zxingcpp.read_barcodes(shot.frames["top"].colour)}


def test_shots_are_stills_of_every_camera_and_differ():
    studio = Studio(21, SMALL)
    shots = [studio.shot(product("can-coffee"), number) for number in range(3)]
    assert [set(shot.frames) for shot in shots] == [set(CAMERAS)] * 3
    assert all(len({frame.t_ns for frame in shot.frames.values()}) == 1 for shot in shots)
    assert not np.array_equal(shots[0].frames["top"].colour, shots[1].frames["top"].colour)
    again = Studio(21, SMALL).shot(product("can-coffee"), 2)
    assert again.frames["left"].depth.tobytes() == shots[2].frames["left"].depth.tobytes()


def test_a_shot_knows_what_is_true_of_its_item():
    shot = Studio(22, SMALL).shot(product("mailer-white"), 0, MAJOR_HOLE)
    truth = shot.truth("top")
    assert truth.item.sum() > 300
    assert 10 < truth.damage[DamageType.PENETRATION].sum() < truth.item.sum()


def test_damage_the_booth_cannot_make_is_refused():
    short = Booth(1, 1, SMALL, [("can-coffee", ((DamageType.MISSING_UNIT, Severity.MAJOR),))])
    with pytest.raises(SimulationError, match="missing_unit"):
        short.item_mask("top", 0)


def test_frames_and_cameras_that_are_not_there_are_refused(booth):
    with pytest.raises(IndexError, match=str(booth.frame_count)):
        booth.frame("top", booth.frame_count)
    with pytest.raises(RigError, match="behind"):
        booth.frame("behind", 0)
