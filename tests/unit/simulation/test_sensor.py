"""What the simulated cameras make of what is before them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.core.geometry import Intrinsics
from station.rig import RigCamera
from station.simulation import Booth, SimulationSettings
from station.simulation.motion import in_motion
from station.simulation.render import Geometry, whole
from station.simulation.sensor import Sensor, Still

LENS = Intrinsics(320, 240, 307.0, 307.0, 159.5, 119.5)
CAMERA = RigCamera("top", "SIM-TOP", LENS, np.eye(4))
SETTINGS = SimulationSettings(width_px=320, height_px=240, asic_rise_k=0.0)
SHAPE = (240, 320)


def sensor_of(seed=1, camera=CAMERA, **settings):
    return Sensor(camera, replace(SETTINGS, **settings), np.random.default_rng(seed))


def still_of(sensor, depth_mm, level=150, paired=True, confidence=1.0):
    """A still of surfaces at a distance, an array or one number; so are brightness, pairing and confidence."""
    geometry = Geometry(
        np.broadcast_to(np.float32(depth_mm), SHAPE),
        np.zeros(SHAPE, bool),
        np.zeros(SHAPE, bool),
        np.broadcast_to(paired, SHAPE),
        np.broadcast_to(np.float32(confidence), SHAPE),
    )
    colour = np.broadcast_to(np.uint8(level), (*SHAPE, 3)).copy()
    match = sensor.match(geometry, colour, whole(LENS))
    return Still(colour, match.disparity, match.margin)


def depths_mm(sensor, still, frames=12, t_ns=0):
    shots = [sensor.expose(still, t_ns, np.random.default_rng(index))[1] for index in range(frames)]
    return np.stack(shots) * SETTINGS.depth_unit_mm


def split(near, far):
    """Near in the left half of the picture, far in the right."""
    return np.where(np.arange(SHAPE[1]) < SHAPE[1] // 2, near, far)[None, :]


def test_one_seed_gives_the_same_bytes_and_another_does_not():
    stills = [still_of(sensor_of(seed), 500.0) for seed in (1, 1, 2)]
    frames = [
        sensor_of(seed).expose(still, 0, np.random.default_rng(9))
        for seed, still in zip((1, 1, 2), stills, strict=True)
    ]
    assert frames[0][0].tobytes() == frames[1][0].tobytes()
    assert frames[0][1].tobytes() == frames[1][1].tobytes()
    assert frames[0][1].tobytes() != frames[2][1].tobytes()


def test_depth_noise_grows_with_the_square_of_the_distance():
    sensor = sensor_of(disparity_steps=512)
    noise = []
    for distance in (400.0, 800.0):
        depth = depths_mm(sensor, still_of(sensor, distance))
        noise.append(depth[depth > 0].std())
    assert noise[1] / noise[0] == pytest.approx(4.0, rel=0.1)


def test_what_one_imager_does_not_see_has_no_depth():
    sensor = sensor_of()
    depth = depths_mm(sensor, still_of(sensor, 500.0, paired=split(False, True)))
    assert (depth[..., :160] == 0).all()
    assert (depth[..., 160:] > 0).mean() > 0.97


def test_pixels_at_an_edge_lie_on_either_side_between_or_nowhere():
    sensor = sensor_of(disparity_noise_px=0.0)
    depth = depths_mm(sensor, still_of(sensor, split(400.0, 600.0)), frames=1)[0]
    band = depth[:, 150:170]
    assert (band[band > 0] > 399).all()
    assert (band[band > 0] < 602).all()
    flying = (band > 420) & (band < 570)
    assert 0.01 < flying.mean() < 0.2
    assert (band == 0).mean() > 2 * (depth[:, 200:] == 0).mean() + 0.05
    fat = np.abs(depth[:, 160:164] - 400) < 3
    assert fat.any()
    assert not (np.abs(depth[:, 170:] - 400) < 3).any()


def test_dark_and_hardly_matched_surfaces_are_holed_and_rough():
    sensor = sensor_of()
    for changed in ({"level": split(15, 150)[..., None]}, {"confidence": split(0.6, 1.0)}):
        depth = depths_mm(sensor, still_of(sensor, 500.0, **changed))
        hard, easy = depth[..., :150], depth[..., 170:]
        assert (hard == 0).mean() > 5 * (easy == 0).mean()
        assert hard[hard > 0].std() > 1.3 * easy[easy > 0].std()


def test_holes_stay_where_they_are_from_frame_to_frame():
    sensor = sensor_of()
    holes = depths_mm(sensor, still_of(sensor, 500.0, confidence=0.6)) == 0
    often = holes.mean(axis=0)
    assert (often == 1).mean() > 0.2
    assert (often == 0).mean() > 0.4
    assert ((often > 0) & (often < 1)).mean() > 0.05


def test_depth_drifts_until_the_camera_is_warm():
    sensor = sensor_of(asic_rise_k=20.0, depth_drift_per_k=0.002, disparity_noise_px=0.0, disparity_steps=512)
    still = still_of(sensor, 500.0)
    at = [np.median(depths_mm(sensor, still, 1, int(minutes * 6e10))) - 500 for minutes in (0, 10, 20, 240, 600)]
    assert 1.0 < abs(at[0]) < 25.0
    assert at[1] / at[0] == pytest.approx(np.exp(-1), abs=0.02)
    assert at[2] / at[0] == pytest.approx(np.exp(-2), abs=0.02)
    assert at[3:] == pytest.approx([0, 0], abs=0.1)


def test_holes_are_blobs():
    sensor = sensor_of()
    depth = depths_mm(sensor, still_of(sensor, 500.0, confidence=0.8), frames=1)[0]
    _, _, found, _ = cv2.connectedComponentsWithStats((depth == 0).astype(np.uint8))
    areas = found[1:, cv2.CC_STAT_AREA]
    assert areas[areas >= 100].sum() > 0.5 * areas.sum()


def test_colour_noise_depends_on_the_light():
    sensor = sensor_of()
    still = still_of(sensor, 500.0, level=split(60, 220)[..., None])
    shots = [sensor.expose(still, 0, np.random.default_rng(index))[0].astype(float) for index in range(12)]
    dark, light = (np.concatenate([shot[:, part] for shot in shots]) for part in (slice(0, 160), slice(160, 320)))
    assert dark.mean() == pytest.approx(60, abs=0.3)
    assert light.mean() == pytest.approx(220, abs=0.3)
    in_light = [np.std((part / 255) ** 2.2) for part in (dark, light)]
    expected = np.sqrt((220 / 255) ** 2.2 / (60 / 255) ** 2.2)
    assert 0.6 * expected < in_light[1] / in_light[0] < 1.1 * expected


def test_levels_are_clipped():
    sensor = sensor_of(shot_noise=20.0)
    colour, _ = sensor.expose(still_of(sensor, 500.0, level=split(0, 255)[..., None]), 0, np.random.default_rng(0))
    assert colour[:, :160].max() < 128 < colour[:, 160:].min()


def test_exposure_and_white_balance_are_the_booths_own():
    one, noisier, other = sensor_of(1), sensor_of(2), sensor_of(1, booth_seed=1)
    assert np.array_equal(one.gain, noisier.gain)
    assert not np.array_equal(one.gain, other.gain)
    assert not np.array_equal(one.gain, sensor_of(1, replace(CAMERA, camera_id="left")).gain)
    exact = sensor_of(exposure_error=0.0, white_balance_error=0.0, vignetting=0.0)
    assert (exact.gain == 1).all()


def rim_rows(strip):
    """Return where each column gets brighter than halfway from floor to rim, in px from the strip's top."""
    light = strip.astype(float).mean(axis=2)
    half = (light[0] + np.percentile(light, 95)) / 2
    below = (light > half).argmax(axis=0)
    before, after = (np.take_along_axis(light, (below - step)[None], axis=0)[0] for step in (1, 0))
    return below - (after - half) / (after - before)


def test_straight_edges_are_bent_and_straight_again_undistorted():
    quiet = SimulationSettings(shot_noise=0.0, read_noise=0.0, dirt=0.0, supersampling=4)
    booth = Booth(1, 0, quiet)
    lens = booth.rig.camera("top").intrinsics
    bent = booth.frame("top", 0).colour
    straight = cv2.undistort(bent, lens.matrix, np.array(lens.distortion))
    columns = np.arange(130, 510)
    off = []
    for picture in (bent, straight):
        rows = cv2.blur(rim_rows(picture[40:110, columns])[None], (15, 1)).ravel()
        off.append(np.abs(rows - np.polyval(np.polyfit(columns, rows, 1), columns)).max())
    assert off[0] > 0.35
    assert off[1] < 0.12


def bar(columns, level=200):
    """A still with a bright bar on black, and where it is."""
    covered = np.zeros(SHAPE, bool)
    covered[60:180, columns] = True
    colour = np.where(covered[..., None], level, 0).astype(np.uint8).repeat(3, axis=2)
    return Still(colour, np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float32)), covered


EMPTY = Still(np.zeros((*SHAPE, 3), np.uint8), np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float32))


@pytest.mark.parametrize("speed", [(0.0, 0.0), (2000.0, 0.0), (-1500.0, 800.0)])
def test_exposure_smears_along_the_way(speed):
    moving, covered = bar(slice(150, 170))
    seen = in_motion(moving, covered, EMPTY, speed, replace(SETTINGS, exposure_ms=8.0, readout_ms=0.0))
    lit = seen.colour[120, :, 0] > 0
    assert np.count_nonzero(lit) == pytest.approx(20 + abs(speed[0]) * 0.008, abs=3)
    assert np.flatnonzero(lit).mean() == pytest.approx(159.5, abs=1)
    assert seen.colour.sum() == pytest.approx(moving.colour.sum(), rel=0.02)
    assert (seen.margin[120] < 0.5).any() == (speed != (0.0, 0.0))
    assert (seen.margin[~lit_around(seen)] == 1).all()


def lit_around(still):
    return cv2.dilate((still.colour[..., 0] > 0).astype(np.uint8), np.ones((3, 3))) > 0


def test_rows_read_one_after_another_lean_what_moves():
    moving, covered = bar(slice(150, 170))
    seen = in_motion(moving, covered, EMPTY, (3000.0, 0.0), replace(SETTINGS, exposure_ms=0.0, readout_ms=16.0))
    upper, lower = (np.flatnonzero(seen.colour[row, :, 0] > 100).mean() for row in (65, 175))
    assert lower - upper == pytest.approx(3000 * 0.016 * 110 / 240, abs=1)
    assert np.flatnonzero(seen.colour[120, :, 0] > 100).mean() == pytest.approx(159.5, abs=1)


def test_nothing_moves_where_nothing_is_covered():
    still, covered = bar(slice(150, 170))
    seen = in_motion(still, np.zeros_like(covered), EMPTY, (900.0, 0.0), SETTINGS)
    assert np.array_equal(seen.colour, still.colour)
