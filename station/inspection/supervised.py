"""What a bundle's damage heads say of a view, as findings."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.items import ItemView
from station.core.verdict import Finding, Region
from station.inference import Described

SOURCE = "supervised"
_DAMAGED, _MAJOR, _TYPES = 0, 1, 2


def supervised_findings(view: ItemView, described: Described) -> tuple[Finding, ...]:
    """Return the heads' findings of a view: its damage as such, then each type more likely there than not.

    None where the bundle has no heads. Scores are log-odds. A finding's regions are the patches more likely damaged
    than not; its severity is what the heads hold likelier, NONE where they hold damage unlikely.
    """
    if described.scores is None or described.maps is None:
        return ()
    severity = Severity.NONE
    if described.scores[_DAMAGED] > 0:
        severity = Severity.MAJOR if described.scores[_MAJOR] > 0 else Severity.MINOR
    kinds = [None, *DamageType]
    places = [_DAMAGED, *range(_TYPES, _TYPES + len(DamageType))]
    return tuple(
        Finding(
            SOURCE,
            view.camera_id,
            float(described.scores[place]),
            _regions(view, described.maps[place]),
            described.maps[place],
            kind,
            severity,
        )
        for kind, place in zip(kinds, places, strict=True)
        if kind is None or described.scores[place] > 0
    )


def _regions(view: ItemView, score_map: NDArray[np.float32]) -> tuple[Region, ...]:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats((score_map > 0).astype(np.uint8))
    per_patch = view.crop.shape[0] / score_map.shape[0]
    regions = [
        Region(
            view.camera_id,
            tuple(round(per_patch * int(side)) for side in boxes[part, :4]),
            float(score_map[labels == part].max()),
        )
        for part in range(1, count)
    ]
    return tuple(sorted(regions, key=lambda region: -region.score))
