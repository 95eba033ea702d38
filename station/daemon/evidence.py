"""Pictures kept with a verdict: each view as it was judged, and the same with what was found drawn on it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import Decision
from station.core.errors import StationError
from station.core.items import ItemView
from station.core.status import EvidencePicture
from station.core.verdict import Region, Verdict

_JPEG_QUALITY = 90
_OUTLINE_RGB = {Decision.PASS: (40, 170, 70), Decision.SIDELINE: (240, 160, 0)}
_REGION_RGB = (230, 30, 40)


def evidence_pictures(verdict: Verdict) -> list[EvidencePicture]:
    """Return `CAMERA-crop` and `CAMERA-overlay` as JPEG for every view the verdict was judged by."""
    pictures = []
    for view in verdict.views:
        regions = [region for region in verdict.regions if region.camera_id == view.camera_id]
        pictures.append(encode_jpeg(f"{view.camera_id}-crop", view.crop))
        pictures.append(encode_jpeg(f"{view.camera_id}-overlay", draw_overlay(view, regions, verdict.decision)))
    return pictures


def draw_overlay(view: ItemView, regions: list[Region], decision: Decision) -> NDArray[np.uint8]:
    """Return the crop, uint8 RGB [S, S, 3], with the item's outline, the decision, and the regions found on it.

    Regions score above 1 where they are worse than anything on good items; what exceeds it by half as much as the
    worst of the view, or more, is drawn bold.
    """
    picture = view.crop.copy()
    contours, _ = cv2.findContours(view.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    colour = _OUTLINE_RGB.get(decision, _REGION_RGB)
    cv2.drawContours(picture, contours, -1, colour, 1, cv2.LINE_AA)
    worst = max((region.score for region in regions), default=0.0)
    for region in regions:
        x, y, width, height = region.box_px
        bold = region.score >= min(worst, (1.0 + worst) / 2)
        cv2.rectangle(picture, (x, y), (x + width, y + height), _REGION_RGB, 3 if bold else 1, cv2.LINE_AA)
    cv2.putText(picture, decision.name, (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.putText(picture, decision.name, (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 2, cv2.LINE_AA)
    return picture


def encode_jpeg(name: str, colour: NDArray[np.uint8]) -> EvidencePicture:
    """Encode uint8 RGB [H, W, 3] as a JPEG picture.

    Raises:
        StationError: OpenCV could not encode it.
    """
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(colour, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not ok:
        raise StationError(f"picture {name} of shape {colour.shape} could not be encoded as JPEG; report this")
    return EvidencePicture(name=name, media_type="image/jpeg", data=data.tobytes())
