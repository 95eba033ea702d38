"""An item's shape put together from its views, and a place on it found in them again."""

import numpy as np
import pytest
from box_scene import Box, cast, make_frame, make_rig

from station.core.frames import FrameSet
from station.core.items import ItemCapture
from station.vision import ViewExtractor, VisionSettings, box_in_view, item_surface

RIG = make_rig()
BOX = Box(size_mm=(160, 100, 60), yaw_deg=30, colour=(70, 110, 220), tile_mm=500)


@pytest.fixture(scope="module")
def views():
    frames = tuple(
        make_frame(cast(RIG, camera.camera_id, (BOX,)), camera.camera_id, 0, 0, None, None) for camera in RIG.cameras
    )
    return tuple(ViewExtractor(RIG, VisionSettings()).extract(ItemCapture("item", 0, (FrameSet(0, 0, frames),))))


def test_a_box_is_as_high_and_as_large_as_it_is(views):
    surface = item_surface(RIG, views)
    top = np.abs(surface.height_mm - 60) < 3
    assert np.count_nonzero(top) * surface.cell_mm**2 == pytest.approx(160 * 100, rel=0.12)
    assert np.nanmax(surface.height_mm) < 64


def test_its_place_in_a_view_is_where_the_view_shows_it(views):
    surface = item_surface(RIG, views)
    rows, columns = np.nonzero(surface.height_mm > 40)
    box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    for view in views:
        left, top, width, height = box_in_view(RIG, view, surface, box, 60.0)
        ys, xs = np.nonzero(view.mask)
        assert left <= xs.min() + 8
        assert top <= ys.min() + 8
        assert left + width >= xs.max() - 8
        assert top + height >= ys.max() - 8


def test_no_views_have_no_surface():
    assert item_surface(RIG, ()) is None
