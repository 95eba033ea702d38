"""Bodies that buckle as a whole: a bottle's wall gives way and it leans over, a bag is crumpled at one corner."""

import numpy as np
from numpy.typing import NDArray

from station.simulation.damage.moves import turn_about
from station.simulation.damage.paint import Points, bared, painted
from station.simulation.damage.site import Stance
from station.simulation.shape import Shape

_Z = np.array([0.0, 0.0, 1.0])
_BEND_MM = 16.0
"""The length over which a bottle leans over."""
_SQUEEZED, _RIDGE_MM, _UNEVEN_MM = 0.55, 21.0, 21.0
"""How far a crumpled corner is pushed together, how far apart its ridges were, and how long their bends are."""
_CREASE_MM, _WHITENED = 0.8, 0.6
"""Film goes white where it is creased: the crease's half width, and how white."""


def leaning_over(shape: Shape, at: NDArray[np.float64], outward: NDArray[np.float64], angle_rad: float) -> Shape:
    """Return a body that stands along z, bent towards `outward` from the height of the place `at` on."""
    axis = np.cross(_Z, outward)
    pivot = at[2] * _Z

    def leaned(points: Points) -> NDArray[np.float64]:
        share = np.clip((points[..., 2] - at[2]) / _BEND_MM + 0.5, 0, 1)[..., None]
        turned = (points - pivot) @ turn_about(axis, angle_rad).T + pivot
        return np.asarray(points + share * (turned - points))

    return shape.with_patches({name: patch.moved(leaned(patch.points)) for name, patch in shape.patches.items()})


def crumpled(shape: Shape, size_mm: float, stance: Stance, rng: np.random.Generator) -> Shape:
    """Return a flat, soft body with one corner pushed together, up to `size_mm` from its tip, into sharp ridges."""
    width, height, _ = shape.product.size_mm
    corner = np.array([rng.choice([-1.0, 1.0]) * width, rng.choice([-1.0, 1.0]) * height, 0.0]) / 2
    lean = float(rng.uniform(0.5, 1.0))
    outward = np.sign(corner) * (np.sin(lean), np.cos(lean), 0.0)
    aside = np.cross(_Z, outward)
    line, phase = float(corner @ outward) - size_mm, float(rng.uniform(0, 2 * np.pi))
    rise_mm = 0.5 * _RIDGE_MM * np.sqrt(1 - (1 - _SQUEEZED) ** 2)  # a ridge's sides stay as long as they were

    def walked(points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        beyond = np.maximum(points @ outward - line, 0.0)
        return beyond, beyond + 0.3 * _RIDGE_MM * np.sin(points @ aside / _UNEVEN_MM + phase)

    def whitened(points: Points, normals: Points) -> Points:
        beyond, path = walked(points)
        off_mm = np.abs((2 * path / _RIDGE_MM + 0.5) % 1 - 0.5) * _RIDGE_MM / 2
        return np.asarray(_WHITENED * np.clip(1.5 - off_mm / _CREASE_MM, 0, 1) * (beyond > 0), np.float32)

    def pushed(points: Points) -> NDArray[np.float64]:
        beyond, path = walked(points)
        ridge = np.abs((path / _RIDGE_MM) % 1 * 2 - 1) * np.clip(beyond / _RIDGE_MM, 0, 1)
        lifted = points - _SQUEEZED * beyond[..., None] * outward
        return np.asarray(lifted + rise_mm * ridge[..., None] * np.sign(stance.up[2]) * _Z)

    shape = painted(shape, lambda points: points @ outward > line, whitened, bared(shape, rng), skins=False)
    return shape.with_patches({name: patch.moved(pushed(patch.points)) for name, patch in shape.patches.items()})
