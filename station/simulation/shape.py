"""The products' bodies: grids of points in mm in the product's own frame, printed with its artwork.

The frame has its origin in the body's middle; z comes out of a carton's or mailer's front and runs along a can's axis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork, flap_mm
from station.simulation.catalogue import Kind, SimProduct

RIM_MM = 3.0
"""How deep a can's lid and base lie below its rims."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A bent sheet: `points` float32 [R, C, 3] in mm; `uv_mm` float32 [R, C, 2] on the artwork's sheet.

    Rows run down the print and columns to its right, seen from outside. `wear` float32 [R, C] is how far the print
    is rubbed off, 0 to 1. `wraps` says that the last column meets the first, as around a can.
    """

    points: NDArray[np.float32]
    uv_mm: NDArray[np.float32]
    wear: NDArray[np.float32]
    wraps: bool = False

    def moved(self, points: NDArray[np.floating]) -> "Patch":
        """Return the patch with its points elsewhere."""
        return replace(self, points=np.ascontiguousarray(points, np.float32))

    def normals(self) -> NDArray[np.float32]:
        """Return outward unit normals, float32 [R, C, 3]."""
        points = self.points
        if self.wraps:
            points = np.concatenate([points[:, -2:-1], points, points[:, 1:2]], axis=1)
        down, right = np.gradient(points, axis=(0, 1))
        normals = np.cross(down, right)
        normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
        return np.asarray(normals[:, 1:-1] if self.wraps else normals, np.float32)


@dataclass(frozen=True, slots=True)
class Shape:
    """A product's body. `texture` is uint8 RGBA [H, W, 4] at `px_per_mm`; where alpha is 0 there is a hole."""

    product: SimProduct
    patches: Mapping[str, Patch]
    texture: NDArray[np.uint8]
    px_per_mm: float

    def points(self) -> NDArray[np.float32]:
        """Return all points, float32 [N, 3]."""
        return np.concatenate([patch.points.reshape(-1, 3) for patch in self.patches.values()])

    def with_patches(self, patches: Mapping[str, Patch]) -> "Shape":
        """Return the shape with some patches replaced or added."""
        return replace(self, patches={**self.patches, **patches})


def build_shape(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> Shape:
    """Return a product's undamaged body.

    Args:
        product: which.
        art: what is printed on it.
        step_mm: distance of neighbouring points; damage needs a fine grid, a flat face none.
        rng: soft products are never twice the same.
    """
    build = {Kind.CARTON: _carton, Kind.MAILER: _mailer, Kind.CAN: _can}[product.kind]
    opaque = np.full((*art.sheet.shape[:2], 1), 255, np.uint8)
    return Shape(product, build(product, art, step_mm, rng), np.concatenate([art.sheet, opaque], axis=2), art.px_per_mm)


def sheet_patch(
    art_place: tuple[float, float, float, float],
    corner: NDArray[np.floating],
    right: NDArray[np.floating],
    down: NDArray[np.floating],
    step_mm: float,
) -> Patch:
    """Return a flat patch from its upper left `corner`, with `right` and `down` along its whole edges, in mm."""
    columns = max(2, round(float(np.linalg.norm(right)) / step_mm) + 1)
    rows = max(2, round(float(np.linalg.norm(down)) / step_mm) + 1)
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    points = corner + across[..., None] * right + along[..., None] * down
    return _patch(points, uv_grid(art_place, across, along))


def uv_grid(
    place: tuple[float, float, float, float], across: NDArray[np.floating], along: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return sheet positions in mm of shares (0 to 1) across and down a face's place on the sheet."""
    left, top, width, height = place
    return np.stack([left + across * width, top + along * height], axis=-1).astype(np.float32)


def _patch(points: NDArray[np.floating], uv_mm: NDArray[np.float32], wraps: bool = False) -> Patch:
    return Patch(points.astype(np.float32), uv_mm, np.zeros(points.shape[:2], np.float32), wraps)


def _carton(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    half = np.array(product.size_mm) / 2
    x, y, z = np.eye(3)
    axes = {  # right and down along the print
        "front": (x, -y),
        "back": (-x, -y),
        "right": (-z, -y),
        "left": (z, -y),
        "top": (x, z),
        "bottom": (x, -z),
    }
    patches = {}
    for name, (right, down) in axes.items():
        corner = (np.cross(down, right) - right - down) * half
        patches[name] = sheet_patch(art.places_mm[name], corner, 2 * right * half, 2 * down * half, step_mm)
    return patches


def _mailer(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    width, height, depth = product.size_mm
    step_mm = min(step_mm, 4.0)
    columns, rows = round(width / step_mm) + 1, round(height / step_mm) + 1
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    seam = 7.0  # flat edge around the cushion
    inner_x = np.clip(np.abs(across - 0.5) * width / (width / 2 - seam), 0, 1)
    inner_y = np.clip(np.abs(along - 0.5) * height / (height / 2 - seam), 0, 1)
    cushion = np.sqrt((1 - inner_x**4) * (1 - inner_y**4))
    folds = _folds(across * width, along * height, rng) * 2 * np.sqrt(cushion * (1 - cushion) + 0.02)
    xs, ys = (across - 0.5) * width, (0.5 - along) * height
    front_z = 0.75 * depth * cushion + folds - 0.25 * depth
    back_z = -0.25 * depth * cushion + 0.3 * folds - 0.25 * depth
    front = np.stack([xs, ys, np.maximum(front_z, back_z + 0.4)], axis=2)
    back = np.stack([-xs, ys, np.minimum(back_z, np.fliplr(front[..., 2]) - 0.4)], axis=2)
    flap_rows = max(8, round(flap_mm(product) / step_mm) + 1)
    flap_across, flap_along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, flap_rows))
    lying = np.clip(flap_along * flap_mm(product) / height * (rows - 1), 0, rows - 1).astype(int)
    flap = np.stack([(flap_across - 0.5) * width, height / 2 - flap_along * flap_mm(product), flap_across], axis=2)
    flap[..., 2] = front[lying, np.arange(columns)[None, :], 2] + 1.0
    return {
        "front": _patch(front, uv_grid(art.places_mm["front"], across, along)),
        "back": _patch(back, uv_grid(art.places_mm["back"], across, along)),
        "flap": _patch(flap, uv_grid(art.places_mm["flap"], flap_across, flap_along)),
    }


def _folds(xs: NDArray[np.floating], ys: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return the gentle folds of a soft wrapper, in mm."""
    height = np.zeros_like(xs)
    for _ in range(7):
        angle, length = rng.uniform(0, np.pi), rng.uniform(14, 60)
        wave = np.sin(2 * np.pi * (xs * np.cos(angle) + ys * np.sin(angle)) / length + rng.uniform(0, 2 * np.pi))
        height += wave * length * 0.006
    return height


def _can(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    radius, half = product.size_mm[0] / 2, product.size_mm[2] / 2
    step_mm = min(step_mm, 4.0)
    columns, rows = max(64, round(2 * np.pi * radius / step_mm)) + 1, max(12, round(2 * half / step_mm) + 1)
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    from_edge = np.minimum(along, 1 - along) * 2 * half
    bulge = np.where(from_edge < RIM_MM, radius, radius - 1.2)
    angles = 2 * np.pi * across
    body = np.stack([bulge * np.cos(angles), bulge * np.sin(angles), (0.5 - along) * 2 * half], axis=2)
    return {
        "body": _patch(body, uv_grid(art.places_mm["body"], across, along), wraps=True),
        "lid": disc_patch(art.places_mm["lid"], radius, half - RIM_MM, 1, columns),
        "base": disc_patch(art.places_mm["base"], radius, -half + RIM_MM, -1, columns),
    }


def disc_patch(
    place: tuple[float, float, float, float], radius_mm: float, z_mm: float, facing: int, columns: int
) -> Patch:
    """Return a disc across a can, `facing` up (1) or down (-1)."""
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(1e-3, 1, 14))
    angles = 2 * np.pi * across * facing
    xs, ys = along * np.cos(angles), along * np.sin(angles)
    points = np.stack([xs * radius_mm, ys * radius_mm, np.full_like(xs, z_mm)], axis=2)
    return _patch(points, uv_grid(place, 0.5 + 0.5 * xs, 0.5 - 0.5 * ys * facing))
