"""Shapes: grids of vertices in the item's own frame, mm, z up, the item's underside at z = 0."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_STEP_MM = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A bent rectangle: `points` float64 [n, m, 3], seen from its outer side with rows down and columns right.

    `texture` uint8 RGB covers it corner to corner. `open_cells` bool [n - 1, m - 1] marks where the surface is gone.
    """

    name: str
    points: NDArray[np.float64]
    texture: NDArray[np.uint8]
    open_cells: NDArray[np.bool_]

    @property
    def normals(self) -> NDArray[np.float64]:
        """Outward unit normals at the points, [n, m, 3]."""
        down = np.gradient(self.points, axis=0)
        right = np.gradient(self.points, axis=1)
        normals = np.cross(down, right)
        length = np.linalg.norm(normals, axis=2, keepdims=True)
        return np.asarray(normals / np.maximum(length, 1e-9))

    def moved(self, points: NDArray[np.float64]) -> "Sheet":
        """Return the sheet with other points."""
        return replace(self, points=points)


def flat_sheet(
    name: str,
    corner: NDArray[np.float64],
    right: NDArray[np.float64],
    down: NDArray[np.float64],
    texture: NDArray[np.uint8],
) -> Sheet:
    """Return a flat sheet from its upper left corner and its two edges, mm."""
    m = max(4, round(np.linalg.norm(right) / _STEP_MM)) + 1
    n = max(4, round(np.linalg.norm(down) / _STEP_MM)) + 1
    rows, cols = np.linspace(0, 1, n)[:, None, None], np.linspace(0, 1, m)[None, :, None]
    return Sheet(name, corner + cols * right + rows * down, texture, np.zeros((n - 1, m - 1), bool))


def carton(size_mm: tuple[float, float, float], textures: dict[str, NDArray[np.uint8]]) -> list[Sheet]:
    """Return the six faces of a box of size (x, y, z)."""
    x, y, z = (np.array(axis, float) * length for axis, length in zip(np.eye(3), size_mm, strict=True))
    low = -(x + y) / 2
    high = low + z
    return [
        flat_sheet("top", high + y, x, -y, textures["top"]),
        flat_sheet("bottom", low, x, y, textures["bottom"]),
        flat_sheet("front", high, x, -z, textures["front"]),
        flat_sheet("rear", high + x + y, -x, -z, textures["rear"]),
        flat_sheet("right", high + x, y, -z, textures["right"]),
        flat_sheet("left", high + y, -y, -z, textures["left"]),
    ]


def mailer(
    size_mm: tuple[float, float, float], textures: dict[str, NDArray[np.uint8]], wrinkles: NDArray[np.float64]
) -> list[Sheet]:
    """Return a padded envelope: a bulging upper sheet on a flat lower one. `wrinkles` [k, k] in -1..1 uneven it."""
    width, depth, height = size_mm
    x, y = np.array([width, 0.0, 0.0]), np.array([0.0, depth, 0.0])
    low = -(x + y) / 2
    upper = flat_sheet("top", low + y, x, -y, textures["top"])
    n, m = upper.points.shape[:2]
    v, u = np.linspace(-1, 1, n)[:, None], np.linspace(-1, 1, m)[None, :]
    bulge = height * (1 - np.abs(u) ** 4) * (1 - np.abs(v) ** 4)
    rows = np.linspace(0, wrinkles.shape[0] - 1.001, n)
    cols = np.linspace(0, wrinkles.shape[1] - 1.001, m)
    bulge = bulge * (1 + 0.06 * _bilinear(wrinkles, rows, cols)) + 1.0
    points = upper.points.copy()
    points[..., 2] += bulge
    return [upper.moved(points), flat_sheet("bottom", low, x, y, textures["bottom"])]


def can(radius_mm: float, height_mm: float, textures: dict[str, NDArray[np.uint8]]) -> list[Sheet]:
    """Return a standing can: its wall as one sheet, its lid and its bottom as discs."""
    m = round(2 * np.pi * radius_mm / _STEP_MM) + 1
    n = round(height_mm / _STEP_MM) + 1
    angles = np.linspace(0, 2 * np.pi, m)
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(m)], axis=1) * radius_mm
    levels = np.linspace(height_mm, 0, n)  # seen from outside, a wall's columns run with the angle
    wall = ring[None, :, :] + levels[:, None, None] * np.array([0.0, 0.0, 1.0])
    sheets = [Sheet("front", wall, textures["front"], np.zeros((n - 1, m - 1), bool))]
    for name, level, turn in (("top", height_mm, 1.0), ("bottom", 0.0, -1.0)):
        sheets.append(_disc(name, radius_mm, level, turn, textures[name]))
    return sheets


def _disc(name: str, radius_mm: float, level_mm: float, turn: float, texture: NDArray[np.uint8]) -> Sheet:
    """Return a disc as rings: rows from its middle outward, columns around it, the texture's likewise."""
    n, m = max(6, round(radius_mm / _STEP_MM)) + 1, round(2 * np.pi * radius_mm / _STEP_MM) + 1
    radii, angles = np.linspace(0.3, radius_mm, n)[:, None], turn * np.linspace(0, 2 * np.pi, m)[None, :]
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles), np.full((n, m), level_mm)], axis=2)
    return Sheet(name, points, texture, np.zeros((n - 1, m - 1), bool))


def _bilinear(grid: NDArray[np.float64], rows: NDArray[np.float64], cols: NDArray[np.float64]) -> NDArray[np.float64]:
    r, c = rows.astype(int), cols.astype(int)
    fr, fc = (rows - r)[:, None], (cols - c)[None, :]
    top = grid[np.ix_(r, c)] * (1 - fc) + grid[np.ix_(r, c + 1)] * fc
    low = grid[np.ix_(r + 1, c)] * (1 - fc) + grid[np.ix_(r + 1, c + 1)] * fc
    return np.asarray(top * (1 - fr) + low * fr)
