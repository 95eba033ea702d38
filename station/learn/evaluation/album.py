"""Pictures of items that were judged, for the reports."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import Severity
from station.core.items import ItemView
from station.learn.dataset import Dataset, Item
from station.learn.evaluation.evaluate import Judged
from station.learn.evaluation.views import ViewMaker

_WORST = 12
_PICTURE_PX = 240
_JPEG_QUALITY = 80
_TRUTH = (255, 0, 255)
_HEAT_OPACITY = 0.5


class Album:
    """Pictures of items, their score maps on one scale for all."""

    def __init__(
        self, dataset: Dataset, view_px: int, judged: Sequence[Judged], references: Mapping[str, Sequence[Item]]
    ) -> None:
        """Take what is to be shown.

        Args:
            dataset: whose items they are.
            view_px: side of the views their maps lie over.
            judged: the items and their scores.
            references: by product; the first is shown beside its items.
        """
        self._maker = ViewMaker(dataset, view_px)
        self._judged, self._references = judged, references
        values = [view.scores.ravel() for one in judged for view in one.maps.values()]
        pooled = np.concatenate(values) if values else np.zeros(1)
        self._low, self._high = (float(np.quantile(pooled, share)) for share in (0.5, 0.999))

    def worst(self) -> dict[str, list[dict[str, Any]]]:
        """Return the good items with the highest scores, `alarms`, and the damaged ones with the lowest, `misses`.

        Raises:
            DatasetError: a picture is missing.
        """
        good = sorted((one for one in self._judged if not one.item.is_damaged), key=lambda one: -one.score)
        damaged = sorted((one for one in self._judged if one.item.is_damaged), key=lambda one: one.score)
        return {
            "alarms": [self._entry(one, damaged) for one in good[:_WORST]],
            "misses": [self._entry(one, good) for one in damaged[:_WORST]],
        }

    def _entry(self, one: Judged, others: Sequence[Judged]) -> dict[str, Any]:
        """An item's pictures, and which share of those it should be told from scores higher."""
        higher = sum(other.score > one.score for other in others) / len(others) if others else None
        severity = one.item.severity
        words = ", ".join(one.words) or ("damaged" if one.item.is_damaged else "good")
        return {
            "item": one.item,
            "words": words if severity in (None, Severity.NONE) else f"{Severity(severity).name.lower()} {words}",
            "score": one.score,
            "silent": one.silent,
            "higher": higher,
            "views": self._views(one),
        }

    def _views(self, one: Judged) -> list[list[dict[str, str]]]:
        """A row for each camera: the view, its score map, and the same camera's view of a reference."""
        references = self._references.get(one.item.product_id) or ()
        known = {view.camera_id: view for view in self._maker.views(references[0])} if references else {}
        rows = []
        for view in self._maker.views(one.item):
            crop = _small(view.crop)
            row = [{"name": view.camera_id, "data": _data_uri(self._outlined(one.item, view, crop))}]
            if view.camera_id in one.maps:
                row.append({"name": "score", "data": _data_uri(self._heated(one.maps[view.camera_id].scores, crop))})
            if view.camera_id in known:
                row.append({"name": "a reference", "data": _data_uri(_small(known[view.camera_id].crop))})
            rows.append(row)
        return rows

    def _outlined(self, item: Item, view: ItemView, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for defect in self._maker.defects(item, view):
            mask = cv2.resize(defect.mask.astype(np.uint8), crop.shape[1::-1], interpolation=cv2.INTER_NEAREST)
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            crop = np.asarray(cv2.drawContours(crop.copy(), outlines, -1, _TRUTH, 1), np.uint8)
        return crop

    def _heated(self, scores: NDArray[np.float32], crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        fine = cv2.resize(scores, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        heat = np.clip((fine - self._low) / max(1e-9, self._high - self._low), 0, 1)
        colours = cv2.applyColorMap(np.asarray(255 * heat, np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)[..., np.newaxis]
        return np.asarray((1 - _HEAT_OPACITY) * grey + _HEAT_OPACITY * colours, np.uint8)


def _small(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(crop, (_PICTURE_PX, _PICTURE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _data_uri(picture: NDArray[np.uint8]) -> str:
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"
