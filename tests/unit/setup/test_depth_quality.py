"""Depth measures read what is there: known noise on a plane comes out as itself."""

import numpy as np
import pytest
from support.setup_booth import LENS

from station.core.geometry import Intrinsics
from station.setup.depth import measure_depth, z_errors_mm

PLAIN = Intrinsics(320, 240, 300.0, 300.0, 159.5, 119.5)
BASELINE_MM = 50.0
DISTANCE_MM = 600.0


def plane(noise_mm: float, frames: int = 20, seed: int = 1, missing: float = 0.0) -> np.ndarray:
    """A flat wall square before the camera, each pixel of each frame off by noise along the axis."""
    rng = np.random.default_rng(seed)
    depth = DISTANCE_MM + rng.normal(0, noise_mm, (frames, PLAIN.height_px, PLAIN.width_px))
    depth[rng.random(depth.shape) < missing] = 0
    return depth.astype(np.float32)


@pytest.mark.parametrize("noise_mm", [0.5, 2.0, 5.0])
def test_noise_reads_as_itself(noise_mm):
    found = measure_depth(plane(noise_mm), PLAIN, BASELINE_MM)
    assert found.plane_rms_mm == pytest.approx(noise_mm, rel=0.03)
    assert found.temporal_noise_mm == pytest.approx(noise_mm, rel=0.03)
    assert found.subpixel_rms_px == pytest.approx(PLAIN.fx * BASELINE_MM * noise_mm / DISTANCE_MM**2, rel=0.05)
    assert found.distance_mm == pytest.approx(DISTANCE_MM, abs=0.5)
    assert found.percent(found.plane_rms_mm) == pytest.approx(100 * noise_mm / DISTANCE_MM, rel=0.03)


def test_fill_rate_is_the_share_with_depth():
    assert measure_depth(plane(1.0, missing=0.25), PLAIN, BASELINE_MM).fill == pytest.approx(0.75, abs=0.01)


def test_step_in_the_region_is_left_out_of_the_plane():
    depth = plane(1.0)
    depth[:, :, 200:] += 40
    assert measure_depth(depth, PLAIN, BASELINE_MM).plane_rms_mm == pytest.approx(1.0, rel=0.1)


def test_nothing_to_see_is_no_figure():
    found = measure_depth(np.zeros((3, 240, 320), np.float32), PLAIN, BASELINE_MM)
    assert found.fill == 0
    assert np.isnan(found.plane_rms_mm)


def test_z_error_is_measured_minus_true():
    board = np.eye(4)
    board[2, 3] = DISTANCE_MM
    depth = np.full((LENS.height_px, LENS.width_px), DISTANCE_MM + 3, np.float32)
    outline = np.array([[250.0, 180.0], [400.0, 180.0], [400.0, 300.0], [250.0, 300.0]])
    off_mm, true_mm = z_errors_mm(depth, LENS, board, outline)
    assert np.median(off_mm) == pytest.approx(3.0, abs=1e-6)
    assert true_mm == pytest.approx(DISTANCE_MM)
