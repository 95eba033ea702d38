"""What an item lacks of its shape, found in every view of it."""

import numpy as np
import pytest
from box_scene import Box, cast, make_frame, make_rig

from station.core.damage import DamageType
from station.core.frames import FrameSet
from station.core.items import ItemCapture
from station.gallery import ShapeReferences
from station.inspection.shape import SHAPE, shape_findings
from station.vision import ViewExtractor, VisionSettings, item_surface

RIG = make_rig()
EXTRACTOR = ViewExtractor(RIG, VisionSettings())


def seen(whole, seed):
    """A pack of two on a sheet; the second is missing where it is not whole."""
    rng = np.random.default_rng(seed)
    colour, size = (70, 110, 220), (60, 80, 60)
    pack = [Box((0, 0), (150, 90, 10), colour=colour, tile_mm=500), Box((-40, 0), size, colour=colour, tile_mm=500)]
    if whole:
        pack.append(Box((40, 0), size, colour=colour, tile_mm=500))
    frames = tuple(
        make_frame(cast(RIG, camera.camera_id, pack), camera.camera_id, 0, 0, rng, None) for camera in RIG.cameras
    )
    return tuple(EXTRACTOR.extract(ItemCapture("item", 0, (FrameSet(0, 0, frames),))))


@pytest.fixture(scope="module")
def known():
    return ShapeReferences.learn([item_surface(RIG, seen(True, seed)) for seed in range(5)])


def test_a_missing_unit_is_one_finding_with_its_place_in_every_view(known):
    views = seen(False, 9)
    (finding,) = [one for one in shape_findings(RIG, views, known) if one.damage_type is DamageType.MISSING_UNIT]
    assert finding.source == SHAPE
    assert finding.score > 0
    assert finding.size_mm > 20
    assert {region.camera_id for region in finding.regions} == {view.camera_id for view in views}
    assert all(region.box_px[2] > 0 and region.box_px[3] > 0 for region in finding.regions)


def test_a_whole_one_lacks_no_more_than_good_units(known):
    assert all(finding.score <= 0 for finding in shape_findings(RIG, seen(True, 10), known))
