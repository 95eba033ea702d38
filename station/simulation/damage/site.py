"""Where on a body damage happens: places that a camera looks at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.errors import SimulationError
from station.simulation.shape import Shape

_PRINTED = ("front", "back", "right", "left", "top", "bottom", "body")
"""Patches that dents and holes are made in."""
_FLATLY_SEEN = 0.5
"""Damage is put where some camera looks at the surface at least this squarely (cosine)."""


@dataclass(frozen=True, slots=True)
class Stance:
    """How an item lies before the cameras: unit directions in the item's own frame.

    `up` float64 [3] is the tray's normal; `towards_cameras` float64 [K, 3] points to each camera, the steepest first.
    """

    up: NDArray[np.float64]
    towards_cameras: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Site:
    """A place on a patch: its point and outward normal, float64 [3] each, and its position on the sheet in mm."""

    patch: str
    point: NDArray[np.float64]
    normal: NDArray[np.float64]
    uv_mm: NDArray[np.float64]


def draw_site(shape: Shape, stance: Stance, margin_mm: float, rng: np.random.Generator) -> Site:
    """Draw a place on the printed surface that a camera looks at, away from the patches' edges."""
    names = [name for name in shape.patches if name in _PRINTED]
    chances = [_chances(shape, name, stance, margin_mm).reshape(-1) for name in names]
    total = np.concatenate(chances)
    if not total.any():
        raise SimulationError(f"no camera sees a place for damage on {shape.product.product_id}. Turn another face up")
    drawn = int(rng.choice(total.size, p=total / total.sum()))
    ends = np.cumsum([part.size for part in chances])
    place = int(np.searchsorted(ends, drawn, side="right"))
    patch = shape.patches[names[place]]
    drawn -= int(ends[place]) - chances[place].size
    return Site(
        names[place],
        patch.points.reshape(-1, 3)[drawn].astype(np.float64),
        patch.normals().reshape(-1, 3)[drawn].astype(np.float64),
        patch.uv_mm.reshape(-1, 2)[drawn].astype(np.float64),
    )


def _chances(shape: Shape, name: str, stance: Stance, margin_mm: float) -> NDArray[np.float64]:
    """Return how likely damage is at each point of a patch, [R, C]: the more squarely it is seen, the likelier."""
    patch = shape.patches[name]
    squarely = (patch.normals() @ stance.towards_cameras.T).max(axis=2)
    step_mm = max(1e-3, float(np.linalg.norm(patch.uv_mm[1, 0] - patch.uv_mm[0, 0])))
    margin = min(round(margin_mm / step_mm), (min(squarely.shape) - 1) // 2)
    free = np.zeros(squarely.shape, bool)
    free[margin : squarely.shape[0] - margin, margin : squarely.shape[1] - margin] = True
    if name == "front" and "flap" in shape.patches:
        free &= patch.points[..., 1] < shape.patches["flap"].points[..., 1].min() - margin_mm
    return np.where(free & (squarely > _FLATLY_SEEN), squarely, 0.0).astype(np.float64) ** 6


def seen_corner(shape: Shape, stance: Stance, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw one of a carton's corners on its upper side."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
    upper = corners[corners @ stance.up > 0.3]
    seen = (upper @ stance.towards_cameras.T).max(axis=1)
    corner = upper[int(rng.choice(len(upper), p=seen / seen.sum()))]
    return np.asarray(np.sign(corner) * np.array(shape.product.size_mm) / 2)
