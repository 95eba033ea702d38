"""What a bundle's damage heads, and its comparison with references, say of a view, as findings."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.items import ItemView
from station.core.verdict import Finding, Region
from station.gallery import ProductReferences
from station.inference import Bundle, Described

SOURCE, COMPARED = "supervised", "compared"
_DAMAGED, _MAJOR, _TYPES = 0, 1, 2


def supervised_findings(view: ItemView, described: Described) -> tuple[Finding, ...]:
    """Return the heads' findings of a view: its damage as such, then each type more likely there than not.

    None where the bundle has no heads. Scores are log-odds. A finding's regions are the patches more likely damaged
    than not; its severity is what the heads hold likelier, NONE where they hold damage unlikely.
    """
    if described.scores is None or described.maps is None:
        return ()
    return _findings(SOURCE, view, described.scores, described.maps)


def compared_findings(
    view: ItemView, described: Described, bundle: Bundle, references: ProductReferences
) -> tuple[Finding, ...]:
    """Return what the bundle's comparison finds of a view, as the heads' findings are.

    None where the bundle has no comparison, or the product was not enrolled with the view's camera.

    Raises:
        BundleError: the comparison failed.
    """
    differences = references.differences(view, described.features) if bundle.compares else None
    if differences is None:
        return ()
    compared = bundle.compare(differences)
    return _findings(COMPARED, view, compared.scores, compared.maps)


def _findings(
    source: str, view: ItemView, scores: NDArray[np.float32], maps: NDArray[np.float32]
) -> tuple[Finding, ...]:
    severity = Severity.NONE
    if scores[_DAMAGED] > 0:
        severity = Severity.MAJOR if scores[_MAJOR] > 0 else Severity.MINOR
    kinds = [None, *DamageType]
    places = [_DAMAGED, *range(_TYPES, _TYPES + len(DamageType))]
    return tuple(
        Finding(
            source,
            view.camera_id,
            float(scores[place]),
            _regions(view, maps[place]),
            maps[place],
            kind,
            severity,
        )
        for kind, place in zip(kinds, places, strict=True)
        if kind is None or scores[place] > 0
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
