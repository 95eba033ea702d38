"""Where on a body damage happens: places that a camera looks at, and what the surface is like around them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.core.errors import SimulationError
from station.simulation.artwork import Artwork
from station.simulation.finish import MATT
from station.simulation.mesh import item_mesh
from station.simulation.shape import Patch, Shape
from station.simulation.trace import Tracer

_FLATLY_SEEN = 0.5
"""Damage is put where some camera looks at the surface at least this squarely (cosine)."""
_SQUARELY = 12
"""A corner pushed in looks bitten off from behind."""
_CANDIDATES = 64
_FAR_MM = 1e4


@dataclass(frozen=True, slots=True)
class Stance:
    """How an item lies before the cameras: unit directions in the item's own frame.

    `up` float64 [3] is the tray's normal; `towards_cameras` float64 [K, 3] points to each camera, the steepest first.
    """

    up: NDArray[np.float64]
    towards_cameras: NDArray[np.float64]


Inflict = Callable[[Shape, bool, Stance, Artwork, np.random.Generator], Shape]
"""Does one damage to a shape, major or minor, as it lies before the cameras."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place on a patch: its point and outward normal, float64 [3] each, and its position on the sheet in mm."""

    patch: str
    point: NDArray[np.float64]
    normal: NDArray[np.float64]
    uv_mm: NDArray[np.float64]

    def plane(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return two unit directions along the surface, turned at random, float64 [3, 2]."""
        one = np.cross(self.normal, rng.normal(size=3))
        one /= np.linalg.norm(one)
        return np.stack([one, np.cross(self.normal, one)], axis=1)


def draw_site(
    shape: Shape, stance: Stance, margin_mm: float, rng: np.random.Generator, names: tuple[str, ...] | None = None
) -> Site:
    """Draw a place on the surface that a camera looks at, away from the patches' edges.

    Args:
        shape: the body.
        stance: how it lies before the cameras.
        margin_mm: how far from the edges, where the patches are large enough.
        rng: draws the place.
        names: the patches to choose from; all when None.

    Raises:
        SimulationError: no camera sees any place for it.
    """
    chosen = [name for name in names or shape.patches if not shape.patches[name].spilt]
    chances = [_chances(shape.patches[name], stance, margin_mm).reshape(-1) for name in chosen]
    total = np.concatenate(chances)
    if total.any():
        drawn = rng.choice(total.size, size=_CANDIDATES, p=total / total.sum())
        points = np.concatenate([shape.patches[name].points.reshape(-1, 3) for name in chosen])[drawn]
        normals = np.concatenate([shape.patches[name].normals().reshape(-1, 3) for name in chosen])[drawn]
        seen = _seen(shape, stance, points, normals, margin_mm)
        if seen.any():
            first = int(seen.argmax())
            ends = np.cumsum([part.size for part in chances])
            place = int(np.searchsorted(ends, drawn[first], side="right"))
            uv_mm = shape.patches[chosen[place]].uv_mm.reshape(-1, 2)[
                drawn[first] - (ends[place] - chances[place].size)
            ]
            return Site(
                chosen[place], points[first].astype(np.float64), normals[first].astype(np.float64), uv_mm.astype(float)
            )
    raise SimulationError(f"no camera sees a place for damage on {shape.product.product_id}. Turn another face up")


def _chances(patch: Patch, stance: Stance, margin_mm: float) -> NDArray[np.float64]:
    """Return how likely damage is at each point of a patch, [R, C]: the more squarely it is seen, the likelier."""
    squarely = (patch.normals() @ stance.towards_cameras.T).max(axis=2)
    down, right = (np.linalg.norm(np.gradient(patch.points, axis=axis), axis=2) for axis in (0, 1))
    free = np.ones(squarely.shape, bool)
    for axis, steps in ((0, down), (1, right)):
        step_mm = max(1e-3, float(np.median(steps)))
        count = squarely.shape[axis]
        margin = min(round(margin_mm / step_mm), (count - 1) // 2)
        if step_mm * count < margin_mm:  # too small to be worth it while there is anything larger
            margin = count
        inner = np.zeros(count, bool)
        inner[margin : count - margin] = True
        free &= np.expand_dims(inner, 1 - axis)
    return np.where(free & (squarely > _FLATLY_SEEN), squarely**6 * down * right, 0.0).astype(np.float64)


def _seen(
    shape: Shape, stance: Stance, points: NDArray[np.float32], normals: NDArray[np.float32], around_mm: float
) -> NDArray[np.intp]:
    """Return how much of each place the camera that looks at it most squarely sees: 0, or up to 5 for all around it.

    Clear things hide what is behind them.
    """
    solid = {name: replace(patch, finish=MATT) for name, patch in shape.patches.items()}
    tracer = Tracer(item_mesh(replace(shape, patches=solid), np.eye(4)), None)
    towards = stance.towards_cameras[(normals @ stance.towards_cameras.T).argmax(axis=1)].astype(np.float32)
    seen = tracer.clear(points + 0.1 * normals, towards, _FAR_MM).astype(np.intp)
    one = np.cross(normals, np.eye(3, dtype=np.float32)[np.abs(normals).argmin(axis=1)])
    above = points + np.float32(0.2 * around_mm) * normals
    for way in (one, -one, np.cross(normals, one), -np.cross(normals, one)):
        seen += seen.clip(0, 1) * tracer.clear(above + np.float32(0.7 * around_mm) * way, towards, _FAR_MM)
    return seen


def seen_corner(shape: Shape, stance: Stance, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw one of a box's corners on its upper side, float64 [3]: the more squarely a camera sees it, the likelier."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
    upper = corners[corners @ stance.up > 0.3]
    seen = (upper @ stance.towards_cameras.T).max(axis=1)
    corner = upper[int(rng.choice(len(upper), p=seen**_SQUARELY / (seen**_SQUARELY).sum()))]
    return np.asarray(np.sign(corner) * np.array(shape.product.size_mm) / 2)


def lifted(patch: Patch, uv_mm: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where places [N, 2] on the sheet lie on a patch, float64 [N, 3], and the unit normals there.

    The patch is continued straight from its nearest point, so that places a little beyond its edge have one too.
    """
    flat = patch.uv_mm.reshape(-1, 2).astype(np.float64)
    nearest = np.argmin(((uv_mm[:, None] - flat[None]) ** 2).sum(axis=2), axis=1)
    points_by_grid, uv_by_grid = (
        np.stack([np.gradient(part.astype(np.float64), axis=axis) for axis in (0, 1)], axis=-1).reshape(
            len(flat), -1, 2
        )[nearest]
        for part in (patch.points, patch.uv_mm)
    )
    steps = (np.linalg.pinv(uv_by_grid) @ (uv_mm - flat[nearest])[..., None])[..., 0]
    points = patch.points.reshape(-1, 3)[nearest] + (points_by_grid @ steps[..., None])[..., 0]
    return points, patch.normals().reshape(-1, 3)[nearest].astype(np.float64)
