import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from station.vision.depth import close_lattice, fuse_depth


@given(st.integers(1, 7).flatmap(lambda n: arrays(np.uint16, (n, 4, 5), elements=st.integers(0, 5))))
def test_fusion_is_the_upper_median_of_what_is_known(stack):
    expected = np.zeros((4, 5), np.uint16)
    for row, col in np.ndindex(4, 5):
        known = sorted(value for value in stack[:, row, col] if value)
        expected[row, col] = known[len(known) // 2] if known else 0
    before = stack.copy()
    assert (fuse_depth(list(stack)) == expected).all()
    assert (stack == before).all()


def test_a_lattice_of_gaps_is_closed():
    depth_mm = np.full((41, 41), 700, np.float32)
    depth_mm[3::4] = 0
    depth_mm[:, 4::5] = 0
    close_lattice(depth_mm)
    assert depth_mm[1:-1, 1:-1].min() == pytest.approx(700, abs=0.01)


def test_a_hole_stays_but_for_its_corners():
    depth_mm = np.full((40, 40), 700, np.float32)
    depth_mm[21:28, 21:30] = 0
    close_lattice(depth_mm)
    assert np.count_nonzero(depth_mm == 0) == 7 * 9 - 4
