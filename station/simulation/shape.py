"""What bodies are made of: bent sheets of points in mm in the product's own frame, printed with its artwork.

The frame has its origin in the body's middle; z comes out of a carton's or mailer's front and runs along a can's axis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.catalogue import SimProduct
from station.simulation.finish import MATT, Finish

Place = tuple[float, float, float, float]
"""A face's left, top, width and height on the artwork's sheet, in mm."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A bent sheet: `points` float32 [R, C, 3] in mm; `uv_mm` float32 [R, C, 2] on the artwork's sheet.

    Rows run down the print and columns to its right, seen from outside. `wraps` says that the last column meets the
    first, as around a can.
    What is `spilt` lies beside the item and is no part of it.
    """

    points: NDArray[np.float32]
    uv_mm: NDArray[np.float32]
    wraps: bool = False
    finish: Finish = MATT
    spilt: bool = False

    @property
    def grid(self) -> tuple[int, int]:
        """How many rows and columns of points it has."""
        rows, columns, _ = self.points.shape
        return rows, columns

    def part(self, rows: slice, columns: slice) -> "Patch":
        """Return some of the patch's rows and columns; cut between columns, it goes around no longer."""
        wraps = self.wraps and columns == slice(None)
        return replace(self, points=self.points[rows, columns], uv_mm=self.uv_mm[rows, columns], wraps=wraps)

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
    """A product's body. `texture` is uint8 RGBA [H, W, 4] at `px_per_mm`; where alpha is 0 there is a hole.

    `parts` names the groups of patches that can come apart, open or go missing: a `cap`, a `sleeve`, `unit 1`.
    `wetness` uint8 [H, W], as large as the texture, is how wet each place is: it darkens and glosses; None is dry.
    """

    product: SimProduct
    patches: Mapping[str, Patch]
    texture: NDArray[np.uint8]
    px_per_mm: float
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wetness: NDArray[np.uint8] | None = None

    def points(self) -> NDArray[np.float32]:
        """Return all points, float32 [N, 3]."""
        return _points(self.patches)

    def with_patches(self, patches: Mapping[str, Patch]) -> "Shape":
        """Return the shape with some patches replaced or added."""
        return replace(self, patches={**self.patches, **patches})


@dataclass(frozen=True, slots=True)
class Limb:
    """What is no product but seen with one, such as an arm with its hand; otherwise as a `Shape`, and dry."""

    patches: Mapping[str, Patch]
    texture: NDArray[np.uint8]
    px_per_mm: float
    wetness: None = None

    def points(self) -> NDArray[np.float32]:
        """Return all points, float32 [N, 3]."""
        return _points(self.patches)


Body = Shape | Limb
"""What is drawn."""


def _points(patches: Mapping[str, Patch]) -> NDArray[np.float32]:
    return np.concatenate([patch.points.reshape(-1, 3) for patch in patches.values()])


def grid_patch(
    points: NDArray[np.floating], uv_mm: NDArray[np.floating], finish: Finish = MATT, wraps: bool = False
) -> Patch:
    """Return a patch of points [R, C, 3]."""
    return Patch(np.ascontiguousarray(points, np.float32), uv_mm.astype(np.float32), wraps, finish)


def shares(length_mm: float, step_mm: float, at_least: int = 2) -> NDArray[np.float64]:
    """Return evenly spread shares from 0 to 1 for points `step_mm` apart."""
    return np.linspace(0, 1, max(at_least, round(length_mm / step_mm) + 1))


def sheet_patch(
    place: Place,
    corner: NDArray[np.floating],
    right: NDArray[np.floating],
    down: NDArray[np.floating],
    step_mm: float,
    finish: Finish = MATT,
) -> Patch:
    """Return a flat patch from its upper left `corner`, with `right` and `down` along its whole edges, in mm."""
    across, along = np.meshgrid(
        shares(float(np.linalg.norm(right)), step_mm), shares(float(np.linalg.norm(down)), step_mm)
    )
    points = corner + across[..., None] * right + along[..., None] * down
    return grid_patch(points, uv_grid(place, across, along), finish)


def uv_grid(place: Place, across: NDArray[np.floating], along: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return sheet positions in mm of shares (0 to 1) across and down a face's place on the sheet."""
    left, top, width, height = place
    return np.stack([left + across * width, top + along * height], axis=-1).astype(np.float32)


def wall_patch(
    place: Place,
    outline: NDArray[np.floating],
    z_mm: tuple[float, float],
    step_mm: float,
    finish: Finish = MATT,
    wraps: bool = True,
) -> Patch:
    """Return an upright wall from z_mm[0] down to z_mm[1] along an `outline` [N, 2], which runs counterclockwise."""
    around = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])
    across, along = np.meshgrid(around / around[-1], shares(z_mm[0] - z_mm[1], step_mm))
    flat = np.broadcast_to(outline, (len(along), *outline.shape))
    heights = z_mm[0] + along * (z_mm[1] - z_mm[0])
    return grid_patch(np.dstack([flat, heights]), uv_grid(place, across, along), finish, wraps)


def turned_patch(
    place: Place,
    profile: NDArray[np.floating],
    columns: int,
    finish: Finish = MATT,
    squash: float = 1.0,
) -> Patch:
    """Return a body of revolution about z from its `profile`, [N, 2]: radius and z from the top down, in mm.

    `squash` is its extent along y over that along x. The print's middle looks along -y.
    """
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    across, along = np.meshgrid(np.linspace(0, 1, columns), length / length[-1])
    angles = 2 * np.pi * across + np.pi / 2
    radius, heights = (np.broadcast_to(column[:, None], angles.shape) for column in np.asarray(profile).T)
    points = np.stack([radius * np.cos(angles), squash * radius * np.sin(angles), heights], axis=2)
    return grid_patch(points, uv_grid(place, across, along), finish, wraps=True)


def disc_patch(
    place: Place, radius_mm: float, z_mm: float, facing: int, columns: int, finish: Finish = MATT, squash: float = 1.0
) -> Patch:
    """Return a disc across a can, `facing` up (1) or down (-1)."""
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(1e-3, 1, 14))
    angles = 2 * np.pi * across * facing
    xs, ys = along * np.cos(angles), along * np.sin(angles)
    points = np.stack([xs * radius_mm, squash * ys * radius_mm, np.full_like(xs, z_mm)], axis=2)
    return grid_patch(points, uv_grid(place, 0.5 + 0.5 * xs, 0.5 - 0.5 * ys * facing), finish)


def standing(patch: Patch) -> Patch:
    """Return a patch made about the z axis turned onto the y axis: its top looks along y, its front along z."""
    x, y, z = np.moveaxis(patch.points, 2, 0)
    return patch.moved(np.stack([x, z, -y], axis=2))
