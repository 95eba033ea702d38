"""What an item lacks of its product's shape, as findings."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from station.core.items import ItemView
from station.core.verdict import Finding, Region
from station.gallery import ShapeReferences
from station.rig import Rig
from station.vision import box_in_view, item_surface

SHAPE = "shape"
"""The source of the findings."""
_NOTHING = -3.0
"""The score of an item that lacks nothing."""


def shape_findings(rig: Rig, views: Sequence[ItemView], references: ShapeReferences) -> Iterator[Finding]:
    """Yield what the item lacks, one finding a type of damage, with its place in every view.

    A score is the logarithm of how many times as much it lacks as undamaged items at most: 0 is as much as those.

    Args:
        rig: the cameras that took the views.
        views: of one item.
        references: the product's shapes.
    """
    surface = item_surface(rig, views)
    if surface is None:
        return
    for lack in references.compare(surface):
        score = max(_NOTHING, math.log(lack.score))
        boxes = [(view.camera_id, box_in_view(rig, view, surface, lack.box, lack.height_mm)) for view in views]
        regions = tuple(Region(camera_id, box, lack.score) for camera_id, box in boxes)
        yield Finding(SHAPE, "", score, regions, np.zeros((1, 1), np.float32), lack.damage_type, size_mm=lack.size_mm)
