"""Paint on bodies: colours that depend on where a texel lies in space, so that they run over edges and seams."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.shape import Patch, Shape

Field = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""Gives values, float32 [N], of points [N, 3] in mm and their outward unit normals [N, 3]."""

_WAVES = 9


@dataclass(frozen=True, slots=True)
class Texels:
    """The texels a patch is printed with: `rows` and `columns` intp [N] on the sheet, points and normals [N, 3]."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    points: NDArray[np.float32]
    normals: NDArray[np.float32]


def texels(patch: Patch, shape: Shape) -> Texels:
    """Return where each texel of a patch lies."""
    step = np.abs(np.diff(patch.uv_mm, axis=0)).max(), np.abs(np.diff(patch.uv_mm, axis=1)).max()
    rows, columns = (
        np.linspace(0, count - 1, (count - 1) * max(1, int(np.ceil(1.6 * mm * shape.px_per_mm))) + 1, dtype=np.float32)
        for count, mm in zip(patch.wear.shape, step, strict=True)
    )
    across, along = np.meshgrid(columns, rows)
    fine = cv2.remap(np.dstack([patch.uv_mm, patch.points]), across, along, cv2.INTER_LINEAR).reshape(-1, 5)
    normals = cv2.remap(patch.normals(), across, along, cv2.INTER_LINEAR).reshape(-1, 3)
    height, width = shape.texture.shape[:2]
    place = np.floor(fine[:, :2] * shape.px_per_mm).astype(np.intp).clip(0, (width - 1, height - 1))
    _, first = np.unique(place[:, 1] * width + place[:, 0], return_index=True)
    return Texels(place[first, 1], place[first, 0], fine[first, 2:], normals[first])


def painted(
    shape: Shape, cover: Field, paint: Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
) -> Shape:
    """Return the shape with its print changed.

    Args:
        shape: the body.
        cover: how far the paint covers a place, 0 to 1.
        paint: gives the colours painted, float32 RGB [N, 3], from places [N, 3] and the colours beneath.
    """
    texture = shape.texture.copy()
    for patch in shape.patches.values():
        spots = texels(patch, shape)
        share = cover(spots.points, spots.normals)
        hit = np.flatnonzero(share > 0)
        rows, columns = spots.rows[hit], spots.columns[hit]
        below = texture[rows, columns, :3].astype(np.float32)
        colour = paint(spots.points[hit], below)
        mixed = below + (colour - below) * np.minimum(share[hit], 1)[:, None]
        texture[rows, columns, :3] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
    return replace(shape, texture=texture)


def coloured(
    rgb: tuple[int, int, int], grain: float, rng: np.random.Generator
) -> Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]:
    """Return opaque paint of one colour, uneven by about `grain` levels."""
    uneven = lumps(3.0, rng)
    return lambda points, below: np.array(rgb, np.float32) + grain * uneven(points)[:, None]


def lumps(length_mm: float, rng: np.random.Generator) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return smooth noise in space, of about unit deviation, whose bumps are about `length_mm` long."""
    ways = rng.normal(size=(_WAVES, 3))
    ways *= (2 * np.pi / length_mm * rng.uniform(0.4, 1.1, _WAVES) / np.linalg.norm(ways, axis=1))[:, None]
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    return lambda points: np.asarray(
        np.sin(points @ ways.T + phases).sum(axis=1) * np.sqrt(2 / _WAVES), np.float32
    )


def with_swatch(shape: Shape, swatch: NDArray[np.uint8]) -> tuple[Shape, tuple[float, float, float, float]]:
    """Append a picture, uint8 RGBA [h, w, 4], to the sheet; returns its place there as well, in mm.

    It holds what damage brings to light or spills.
    """
    height, width = shape.texture.shape[:2]
    rows, columns = swatch.shape[:2]
    wide = max(width, columns)
    sheet = np.zeros((height + rows, wide, 4), np.uint8)
    sheet[:height, :width] = shape.texture
    sheet[height:, :columns] = swatch
    scale = shape.px_per_mm
    return replace(shape, texture=sheet), (0.0, height / scale, columns / scale, rows / scale)
