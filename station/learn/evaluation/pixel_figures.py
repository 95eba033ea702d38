"""How well score maps tell damaged pixels from good ones, and how well they hit the boxes of defects.

AUPRO is the area under the mean overlap with each region of damage over the share of good pixels called damaged, up
to a limit (Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021); where a dataset states how much of a
region must be found, overlap saturates there (sPRO, Bergmann et al., "Beyond Dents and Scratches", IJCV 2022).
Scores are counted in levels, so that pixels need not be kept and a resample of items is a sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import auc, roc_auc_score

from station.learn.evaluation.intervals import Estimate, bootstrap
from station.learn.evaluation.views import Defect

LEVELS = 1000
PRO_LIMIT = 0.3
HIT_IOU = 0.33
BOX_PRECISION = 0.9
_BOX_LEVELS = 60
_RESAMPLES = 300


@dataclass(frozen=True, slots=True)
class Levels:
    """Score levels, rising: bounds between them, so that every level holds about as many of the maps' values."""

    bounds: NDArray[np.float64]

    @classmethod
    def of(cls, maps: Sequence[NDArray[np.float32]], count: int = LEVELS) -> "Levels":
        """Return levels for these maps, finer towards the highest scores, where thresholds lie."""
        values = np.concatenate([one.ravel() for one in maps])
        top = 1 - np.geomspace(1, 1 / max(2, len(values)), count // 2)
        return cls(np.unique(np.quantile(values, np.concatenate([np.linspace(0, 1, count // 2), top]))))

    def counts(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how many scores lie at each level, float64 [L]."""
        places = np.searchsorted(self.bounds, scores, side="right")
        return np.bincount(places, minlength=len(self.bounds) + 1).astype(np.float64)


@dataclass(frozen=True, slots=True)
class ItemPixels:
    """An item's pixels by level, each float64 [L]: the good ones, the damaged ones, and its regions' summed overlap.

    `overlap` at a level is the sum over the item's regions of the share that scores at it or above; `regions` is how
    many there are.
    """

    good: NDArray[np.float64]
    damaged: NDArray[np.float64]
    overlap: NDArray[np.float64]
    regions: int


@dataclass(frozen=True, slots=True)
class ViewMap:
    """A view's score map, float32 [h, w], and what is true of its crop, kept small: a bit a pixel."""

    scores: NDArray[np.float32]
    shape: tuple[int, int]
    _counted: NDArray[np.uint8]
    _defects: tuple[tuple[NDArray[np.uint8], float | None], ...]

    @classmethod
    def of(cls, scores: NDArray[np.float32], item: NDArray[np.bool_], defects: Sequence[Defect]) -> "ViewMap":
        """Keep a view: what counts are the item's pixels, bool [S, S], and those of its defects."""
        kept = tuple((np.packbits(defect.mask), defect.saturation) for defect in defects)
        counted = np.logical_or.reduce([item, *(defect.mask for defect in defects)])
        return cls(scores, (item.shape[0], item.shape[1]), np.packbits(counted), kept)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """The pixels that count, bool [S, S]."""
        return self._unpacked(self._counted)

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What must be found."""
        return tuple(Defect(self._unpacked(mask), saturation) for mask, saturation in self._defects)

    @property
    def fine(self) -> NDArray[np.float32]:
        """The score of every pixel, float32 [S, S]."""
        return np.asarray(cv2.resize(self.scores, self.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    def _unpacked(self, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
        count = self.shape[0] * self.shape[1]
        return np.unpackbits(bits, count=count).reshape(self.shape).astype(bool)


def item_pixels(levels: Levels, views: Sequence[ViewMap]) -> ItemPixels:
    """Count an item's pixels by level."""
    count = len(levels.bounds) + 1
    good, damaged, overlap, regions = np.zeros(count), np.zeros(count), np.zeros(count), 0
    for view in views:
        fine, counted, defects = view.fine, view.counted, view.defects
        truth = np.logical_or.reduce([np.zeros_like(counted), *(defect.mask for defect in defects)])
        good += levels.counts(fine[counted & ~truth])
        damaged += levels.counts(fine[truth])
        for region, saturation in _regions(truth, defects):
            found = levels.counts(fine[region])[::-1].cumsum()[::-1] / np.count_nonzero(region)
            overlap += np.minimum(1.0, found / saturation)
            regions += 1
    return ItemPixels(good, damaged, overlap, regions)


def pixel_figures(items: Sequence[ItemPixels], seed: int) -> dict[str, Estimate] | None:
    """Return pixel `auroc` and `aupro` with intervals by item; None without damaged or good pixels."""
    good, damaged = np.stack([item.good for item in items]), np.stack([item.damaged for item in items])
    overlap, regions = np.stack([item.overlap for item in items]), np.array([item.regions for item in items])
    if not good.any() or not damaged.any():
        return None
    level = np.arange(good.shape[1])

    def figures(chosen: NDArray[np.intp]) -> dict[str, float]:
        weights = np.bincount(chosen, minlength=len(items)).astype(np.float64)
        negative, positive = weights @ good, weights @ damaged
        truth, scores = np.repeat([0, 1], len(level)), np.tile(level, 2)
        false_rate = negative[::-1].cumsum()[::-1] / negative.sum()
        mean_overlap = weights @ overlap / (weights @ regions)
        return {
            "auroc": float(roc_auc_score(truth, scores, sample_weight=np.concatenate([negative, positive]))),
            "aupro": _area_up_to(PRO_LIMIT, false_rate[::-1], mean_overlap[::-1]),
        }

    with_damage = np.flatnonzero(regions)
    without = np.flatnonzero(regions == 0)
    return bootstrap(figures, (without, with_damage), seed, _RESAMPLES)


def box_figures(views: Sequence[ViewMap], seed: int) -> dict[str, Estimate] | None:
    """Return how well the boxes around what scores above one threshold hit the boxes of defects.

    `recall_at_90pct_precision` is the best recall of any threshold at that precision, `f1` the best F1 of any. A box
    hits when it overlaps a defect's box by `HIT_IOU` (intersection over union), one to one. Intervals are by view.
    """
    if not any(view.defects for view in views):
        return None
    bounds = Levels.of([view.scores for view in views], _BOX_LEVELS).bounds
    counts = np.stack([_box_counts(view, bounds) for view in views])

    def figures(chosen: NDArray[np.intp]) -> dict[str, float]:
        hits, found, there = counts[chosen].sum(axis=0).T
        precision, recall = hits / np.maximum(found, 1), hits / np.maximum(there, 1)
        f1 = 2 * hits / np.maximum(found + there, 1)
        best = recall[precision >= BOX_PRECISION]
        return {"recall_at_90pct_precision": float(best.max(initial=0.0)), "f1": float(f1.max())}

    return bootstrap(figures, [np.arange(len(views))], seed, _RESAMPLES)


def _regions(truth: NDArray[np.bool_], defects: Sequence[Defect]) -> list[tuple[NDArray[np.bool_], float]]:
    """Return what must be found: the masks that state how much of them, else the connected parts of all damage."""
    if all(defect.saturation is not None for defect in defects):
        return [(defect.mask, defect.saturation or 1.0) for defect in defects if defect.mask.any()]
    count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
    return [(labels == label, 1.0) for label in range(1, count)]


def _area_up_to(limit: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the area under a rising curve from 0 to `limit`, of which it is a share."""
    x, y = np.concatenate([[0.0], x]), np.concatenate([[0.0], y])
    inside = x < limit
    return float(auc(np.append(x[inside], limit), np.append(y[inside], np.interp(limit, x, y))) / limit)


def _box_counts(view: ViewMap, bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return hits, boxes found and boxes there at every threshold, int [T, 3]."""
    fine = np.where(view.counted, view.fine, -np.inf)
    there = np.concatenate([np.empty((0, 4)), *(_boxes(defect.mask) for defect in view.defects)])
    counts = []
    for bound in bounds:
        found = _boxes(fine >= bound)
        overlap = _iou(found, there)
        rows, columns = linear_sum_assignment(-overlap)
        counts.append((np.count_nonzero(overlap[rows, columns] >= HIT_IOU), len(found), len(there)))
    return np.array(counts, np.int64)


def _boxes(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the boxes around a mask's connected parts, float64 [N, 4]: left, top, right, bottom."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    boxes = stats[1:, :4].astype(np.float64)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _iou(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union of every pair of boxes, float64 [N, M]."""
    low, high = np.maximum(one[:, None, :2], other[None, :, :2]), np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(common / (areas[0][:, None] + areas[1][None, :] - common))
