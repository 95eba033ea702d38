"""What may differ between two pictures of the same truth: pose, light, blur; and damage painted on good items."""

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType
from station.inference.manifest import LABELS
from station.learn.training.truth import UNKNOWN, WHOLE

Crop = NDArray[np.uint8]
_TURN_DEG, _SCALE, _SHIFT = 12.0, 0.12, 0.04
_GAIN, _CAST, _SHADE, _GAMMA = 0.25, 0.05, 0.25, 0.2
_BLUR_SHARE, _BLUR_PX = 0.3, 1.4
_PAINTED_SHARE = 0.2
_RADIUS = (0.02, 0.09)


def augment(
    crop: Crop, mask: NDArray[np.bool_], patches: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Crop, NDArray[np.uint8]]:
    """Return a view in another pose and light, with the truth of its patches.

    Of the good views a share gets damage painted on.

    Args:
        crop: uint8 RGB [S, S, 3].
        mask: bool [S, S] of the item.
        patches: uint8 [L, h, w], see `station.learn.training.truth`.
        rng: makes every choice.
    """
    if not patches.any() and mask.any() and rng.random() < _PAINTED_SHARE:
        crop, patches = paint_damage(crop, mask, patches, rng)
    crop, patches = _posed(crop, patches, rng)
    return _lit(crop, rng), patches


def paint_damage(
    crop: Crop, mask: NDArray[np.bool_], patches: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Crop, NDArray[np.uint8]]:
    """Return a good view with damage of one type painted on the item, its severity unknown; see `augment`."""
    kind = list(_PAINTS)[rng.integers(len(_PAINTS))]
    rows, columns = np.nonzero(mask)
    at = rng.integers(len(rows))
    blob = _blob(crop.shape[0], (int(columns[at]), int(rows[at])), rng) * mask
    painted = _PAINTS[kind](crop.astype(np.float32), blob, rng)
    share = cv2.resize((blob > 0.3).astype(np.float32), patches.shape[:0:-1], interpolation=cv2.INTER_AREA)
    truth = patches.copy()
    truth[[0, LABELS.index(kind.value)]] = np.rint(share * WHOLE).astype(np.uint8)
    truth[1] = UNKNOWN
    return np.clip(painted, 0, 255).astype(np.uint8), truth


def _blob(side: int, at: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """A soft ragged spot, float32 [S, S], 0 to 1."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(rng.normal(0, 0.3 / n) * np.cos(n * angles + rng.uniform(0, 6.3)) for n in range(1, 7))
    radii = side * rng.uniform(*_RADIUS) * np.clip(1 + waves, 0.3, 2)
    stretch = np.array([1, rng.uniform(0.4, 1)])
    points = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None] * stretch
    turn = rng.uniform(0, np.pi)
    points = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + at
    blob = cv2.fillPoly(np.zeros((side, side), np.float32), [np.rint(points).astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(blob, (0, 0), rng.uniform(0.8, 3)), np.float32)


def _hole(crop: NDArray[np.float32], blob: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    rim = np.clip(cv2.GaussianBlur(blob, (0, 0), 3) - blob, 0, 1)[..., None]
    return _real(crop * (1 - blob[..., None]) + rng.uniform(5, 60) * blob[..., None] + 120 * rng.uniform(0, 1) * rim)


def _dent(crop: NDArray[np.float32], blob: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    side = crop.shape[0]
    depth = cv2.GaussianBlur(blob, (0, 0), side * rng.uniform(0.008, 0.02))
    down, right = (np.asarray(slope, np.float32) for slope in np.gradient(depth))
    turn, steep = rng.uniform(0, 2 * np.pi), side * rng.uniform(0.1, 0.4)
    rows, columns = (grid.astype(np.float32) for grid in np.indices((side, side)))
    pull = np.float32(side * rng.uniform(0.05, 0.3))
    bent = cv2.remap(crop, columns + pull * right, rows + pull * down, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    shade = 1 + steep * 0.1 * (np.cos(turn) * right + np.sin(turn) * down)
    return _real(bent * np.clip(shade, 0.5, 1.4)[..., None])


def _spill(crop: NDArray[np.float32], blob: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    tint = rng.uniform(0.35, 0.95, 3).astype(np.float32)
    return _real(crop * (1 - blob[..., None] * (1 - tint) * rng.uniform(0.5, 1)))


def _scuff(crop: NDArray[np.float32], blob: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    grain = rng.random(blob.shape, np.float32)
    strokes = cv2.GaussianBlur(grain, (0, 0), sigmaX=rng.uniform(2, 6), sigmaY=0.6)
    strength = blob * (strokes > np.quantile(strokes, 0.7)) * np.float32(rng.uniform(0.3, 0.8))
    return _real(crop + (rng.choice([20.0, 230.0]) - crop) * strength[..., None])


def _real(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.astype(np.float32, copy=False)


_PAINTS: Mapping[DamageType, Callable[..., NDArray[np.float32]]] = {
    DamageType.PENETRATION: _hole,
    DamageType.DEFORMATION: _dent,
    DamageType.SPILLAGE: _spill,
    DamageType.SUPERFICIAL: _scuff,
}


def _posed(crop: Crop, patches: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Crop, NDArray[np.uint8]]:
    side, middle = crop.shape[0], (crop.shape[0] - 1) / 2
    turned = rng.uniform(-_TURN_DEG, _TURN_DEG) + 180 * rng.integers(2)
    pose = cv2.getRotationMatrix2D((middle, middle), turned, 1 + rng.uniform(-_SCALE, _SCALE))
    pose[:, 2] += side * rng.uniform(-_SHIFT, _SHIFT, 2)
    if rng.random() < 0.5:
        pose[0] = -pose[0] + (0, 0, side - 1)
    posed = cv2.warpAffine(crop, pose, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = patches.shape[1:]
    grid = pose.copy()
    grid[:, 2] = pose[:, 2] * width / side + (pose[:, :2].sum(axis=1) - 1) * (1 - width / side) / 2
    moved = np.stack([cv2.warpAffine(one, grid, (width, height), flags=cv2.INTER_LINEAR) for one in patches])
    return np.asarray(posed, np.uint8), np.where((patches == UNKNOWN).any(axis=(1, 2), keepdims=True), UNKNOWN, moved)


def _lit(crop: Crop, rng: np.random.Generator) -> Crop:
    side = crop.shape[0]
    turn, shade = rng.uniform(0, 2 * np.pi), rng.uniform(0, _SHADE)
    across = np.linspace(-shade, shade, side, dtype=np.float32)
    slope = 1 + np.float32(np.cos(turn)) * across[None, :] + np.float32(np.sin(turn)) * across[:, None]
    gain = (1 + rng.uniform(-_GAIN, _GAIN)) * (1 + rng.uniform(-_CAST, _CAST, 3))
    levels = 255 * np.linspace(0, 1, 256)[:, None] ** (1 + rng.uniform(-_GAMMA, _GAMMA)) * gain
    lit = np.stack([levels[:, n].astype(np.float32)[crop[..., n]] for n in range(3)], axis=-1) * slope[..., None]
    if rng.random() < _BLUR_SHARE:
        lit = _real(cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.4, _BLUR_PX)))
    return np.clip(lit, 0, 255).astype(np.uint8)
