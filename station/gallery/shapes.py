"""An item's shape against its product's references: what is lower than on any good unit lying that way, in mm.

A reference is laid over the item where their heights agree best: over all turns and shifts by correlation on a coarse
grid, then by the enhanced correlation coefficient (Evangelidis and Psarakis, PAMI 2008) on the fine one. What the best
references all show and the item lacks is lost: a unit is missing where more than half of the height is gone, else it is
a dent. Where the item stands above every reference it lies as none does, and nothing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType
from station.core.items import ItemSurface

MIN_SHAPES = 4
_ENOUGH_TO_TELL = 12
_ODD = 1.5
"""A reference that lacks this many times what the others do is left out."""
_COARSE = 64
_TURNS = 36
_CANDIDATES = 4
_TOGETHER = 3
_CURVE_MM = 3.0
"""Heights count by log(1 + h / this), so that a flat card weighs beside what stands on it."""
_LEVEL_MM = 1.5
_DRIFT_MM = 3.0
_ABOVE_MM, _ABOVE_SHARE, _ABOVE_AREA = 3.0, 0.15, 0.15
_LOST_SHARE, _LOST_MM = 0.5, 4.0
_DENT_MM, _DENT_CELLS, _DENT_RADIUS = 1.2, 8, 2.0
_FLOORS = {DamageType.MISSING_UNIT: 4.0, DamageType.DEFORMATION: 2.5}
"""Added to what good units reach before it is taken for a measure, mm: a few may be alike by chance."""

Heights = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Lack:
    """What an item lacks: `size_mm` is how wide a lost part is, or how deep a dent; 0 where there is none.

    `score` counts it in what good units reach at most. `box` is its `x, y, width, height` in cells, `height_mm` what
    the references show there.
    """

    damage_type: DamageType
    score: float
    size_mm: float
    box: tuple[int, int, int, int]
    height_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    heights: Heights
    curve: Heights
    coarse: Heights
    spectrum: NDArray[np.complexfloating]
    energy: float


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    size_mm: float
    box: tuple[int, int, int, int]
    height_mm: float


class ShapeReferences:
    """The shapes of a product's good units, as many ways up as they were seen lying."""

    def __init__(self, surfaces: Sequence[ItemSurface], usual_mm: dict[DamageType, float]) -> None:
        """Take good units' surfaces, all of one cell size, and what good units reach at most by damage type."""
        self.surfaces = tuple(surfaces)
        self.usual_mm = usual_mm
        self._shapes = [_shape(surface.height_mm) for surface in surfaces]

    @classmethod
    def learn(cls, surfaces: Sequence[ItemSurface]) -> "ShapeReferences | None":
        """Learn from good units' surfaces, each measured against the others; None with fewer than four."""
        if len(surfaces) < MIN_SHAPES:
            return None
        shapes = [_shape(surface.height_mm) for surface in surfaces]
        parts = [
            _lacking(surface, [shape for other, shape in enumerate(shapes) if other != number]) or {}
            for number, surface in enumerate(surfaces)
        ]
        allowed = 2 if len(surfaces) >= _ENOUGH_TO_TELL else 1  # of many, one may be defective and is left out
        usual_mm = {kind: _nth_largest([part[kind].size_mm for part in parts if part], allowed) for kind in _FLOORS}
        sound = [
            surface
            for surface, part in zip(surfaces, parts, strict=True)
            if all(one.size_mm <= _ODD * (usual_mm[kind] + _FLOORS[kind]) for kind, one in part.items())
        ]
        return cls(sound, usual_mm)

    def compare(self, surface: ItemSurface) -> tuple[Lack, ...]:
        """Return what the item lacks, a lost part and a dent at most; nothing where it lies as no reference does."""
        found = _lacking(surface, self._shapes) or {}
        return tuple(
            Lack(kind, part.size_mm / (self.usual_mm[kind] + _FLOORS[kind]), part.size_mm, part.box, part.height_mm)
            for kind, part in found.items()
            if part.size_mm > 0
        )


def _lacking(surface: ItemSurface, references: Sequence[_Shape]) -> dict[DamageType, _Part] | None:
    item = _shape(surface.height_mm)
    laid = _laid(item, references)
    if not laid:
        return None
    lowest, highest = np.min(laid, axis=0), np.max(laid, axis=0)
    low = _lowest(lowest, 3) - _highest(item.heights, 3)
    common = _lowest(lowest, 3) > _LEVEL_MM
    drift_mm = np.clip(np.median(low[common]), -_DRIFT_MM, _DRIFT_MM) if common.any() else 0.0
    above = _lowest(item.heights, 3) - _highest(highest, 3) + drift_mm
    own = item.heights > _LEVEL_MM
    odd = above > np.maximum(_ABOVE_MM, _ABOVE_SHARE * _highest(highest, 3))
    if np.count_nonzero(odd & own) > _ABOVE_AREA * np.count_nonzero(own):
        return None
    gone = np.where(common, low - drift_mm, 0)
    lost = (gone > _LOST_SHARE * _lowest(lowest, 3)) & (gone > _LOST_MM)
    dented = _lowest(lowest, 5) - _highest(item.heights, 5) - drift_mm
    dented[dented > _LOST_SHARE * _lowest(lowest, 5)] = 0  # gone, not dented
    return {
        DamageType.MISSING_UNIT: _widest(lost, lowest, surface.cell_mm),
        DamageType.DEFORMATION: _deepest(dented.astype(np.float32), lowest),
    }


def _nth_largest(sizes_mm: Sequence[float], n: int) -> float:
    return sorted(sizes_mm)[-min(n, len(sizes_mm))] if sizes_mm else 0.0


def _widest(lost: NDArray[np.bool_], heights: Heights, cell_mm: float) -> _Part:
    """The lost part that the widest circle fits in."""
    parts = cv2.morphologyEx(lost.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    radius = cv2.distanceTransform(parts, cv2.DIST_L2, 5)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(parts, connectivity=8)
    label = int(labels.flat[radius.argmax()])
    return _part(float(radius.max()) * cell_mm, labels == label, stats[label], heights)


def _deepest(low: Heights, heights: Heights) -> _Part:
    """The dent that is deepest over a fifth of its area, of those that are no mere edge."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((low > _DENT_MM).astype(np.uint8), connectivity=4)
    best = _Part(0.0, (0, 0, 0, 0), 0.0)
    for label in range(1, count):
        part = labels == label
        if stats[label, cv2.CC_STAT_AREA] < _DENT_CELLS:
            continue
        if cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5).max() < _DENT_RADIUS:
            continue
        depth_mm = float(np.percentile(low[part], 80))
        if depth_mm > best.size_mm:
            best = _part(depth_mm, part, stats[label], heights)
    return best


def _part(size_mm: float, part: NDArray[np.bool_], stats: NDArray[np.int32], heights: Heights) -> _Part:
    left, top, width, height = (int(value) for value in stats[:4])
    return _Part(size_mm, (left, top, width, height), float(np.median(heights[part])))


def _laid(item: _Shape, references: Sequence[_Shape]) -> list[Heights]:
    """The heights of those references, laid over the item, that lie as it does."""
    found = []
    for number, start in _starts(item, references):
        reference = references[number]
        best = min(
            (_misfit(item, reference, one), tuple(map(tuple, one.tolist()))) for one in _refined(item, reference, start)
        )
        found.append((best[0], number, np.array(best[1], np.float32)))
    found.sort(key=lambda one: one[0])
    near = [one for one in found if one[0] <= 1.4 * found[0][0] + 0.05][:_TOGETHER]
    opened = [
        cv2.morphologyEx(_warped(references[number].heights, place), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        for _, number, place in near
    ]
    return [np.asarray(one, np.float32) for one in opened]


def _starts(item: _Shape, references: Sequence[_Shape]) -> list[tuple[int, Heights]]:
    """The likeliest references, and where each lies: `reference_from_item` float32 [2, 3]."""
    cells = len(item.heights)
    best: dict[int, tuple[float, float, NDArray[np.intp]]] = {}
    for degrees in np.arange(_TURNS) * 360 / _TURNS:
        turned = cv2.warpAffine(item.coarse, _turn(degrees, _COARSE), (_COARSE, _COARSE))
        spectrum = np.conj(np.fft.rfft2(turned))
        for number, reference in enumerate(references):
            likeness = np.fft.irfft2(reference.spectrum * spectrum, s=(_COARSE, _COARSE))
            peak = int(likeness.argmax())
            misfit = (reference.energy + item.energy - 2 * float(likeness.flat[peak])) / max(reference.energy, 1e-6)
            if number not in best or misfit < best[number][0]:
                shift = (np.array([peak % _COARSE, peak // _COARSE]) + _COARSE // 2) % _COARSE - _COARSE // 2
                best[number] = misfit, float(degrees), shift
    starts = []
    for number, (_, degrees, shift) in sorted(best.items(), key=lambda one: one[1][0])[:_CANDIDATES]:
        start = _turn(degrees, cells)
        start[:, 2] += shift * cells / _COARSE
        starts.append((number, start.astype(np.float32)))
    return starts


def _refined(item: _Shape, reference: _Shape, start: Heights) -> tuple[Heights, ...]:
    """The start, and where its refinement ends if it does."""
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-3)
    try:
        _, ended = cv2.findTransformECC(
            item.curve,
            reference.curve,
            start.copy(),
            cv2.MOTION_EUCLIDEAN,
            stop,
            np.ones(item.curve.shape, np.uint8),
            5,
        )
    except cv2.error:  # it did not converge
        return (start,)
    return start, np.asarray(ended, np.float32)


def _misfit(item: _Shape, reference: _Shape, place: Heights) -> float:
    laid = _warped(reference.curve, place)
    either = (item.heights > 1) | (laid > 0.4)
    return float(np.abs(item.curve - laid)[either].mean()) if either.any() else float("inf")


def _shape(height_mm: Heights) -> _Shape:
    heights = _filled(height_mm)
    curve = np.log1p(heights / np.float32(_CURVE_MM))
    coarse = cv2.resize(cv2.GaussianBlur(curve, (0, 0), 2), (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    coarse = np.asarray(coarse, np.float32)
    return _Shape(heights, curve, coarse, np.fft.rfft2(coarse), float((coarse**2).sum()))


def _filled(height_mm: Heights) -> Heights:
    """The heights without small holes and specks, 0 where there is no item."""
    known = np.isfinite(height_mm)
    heights = np.maximum(np.nan_to_num(height_mm), 0).astype(np.float32)
    for side in (3, 5):
        share = cv2.blur(known.astype(np.float32), (side, side))
        around = cv2.blur(heights * known, (side, side)) / np.maximum(share, 1e-6)
        heights = np.where(known, heights, np.where(share > 0.3, around, 0)).astype(np.float32)
        known |= share > 0.3
    return np.asarray(cv2.medianBlur(heights, 5), np.float32)


def _turn(degrees: float, cells: int) -> NDArray[np.float64]:
    return np.asarray(cv2.getRotationMatrix2D(((cells - 1) / 2, (cells - 1) / 2), degrees, 1), np.float64)


def _warped(heights: Heights, reference_from_item: Heights) -> Heights:
    size = heights.shape[::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(heights, reference_from_item, size, flags=flags), np.float32)


def _lowest(heights: Heights, side: int) -> Heights:
    return np.asarray(cv2.erode(heights, np.ones((side, side), np.uint8)), np.float32)


def _highest(heights: Heights, side: int) -> Heights:
    return np.asarray(cv2.dilate(heights, np.ones((side, side), np.uint8)), np.float32)
