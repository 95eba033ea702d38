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
_SQUEEZED, _CURLED = 0.3, 0.3
"""How far a crumpled corner is pushed together, and how far its tip stands up."""
_RIDGES, _RIDGE_MM, _RISE_MM, _UNEVEN_MM = 4, (19.0, 34.0), 22.0, 21.0
"""How many ways a crumpled corner's ridges run, how far apart they are, how high, and how long their bends are."""
_CREASE_MM, _WHITENED = 0.8, 0.35
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
    """Return a flat, soft body with one corner pushed together, up to `size_mm` from its tip, into facets any way."""
    width, height, _ = shape.product.size_mm
    corner = np.array([rng.choice([-1.0, 1.0]) * width, rng.choice([-1.0, 1.0]) * height, 0.0]) / 2
    lean = float(rng.uniform(0.5, 1.0))
    outward = np.sign(corner) * (np.sin(lean), np.cos(lean), 0.0)
    aside = np.cross(_Z, outward)
    line = float(corner @ outward) - size_mm
    angles = np.linspace(-1.2, 1.2, _RIDGES) + rng.uniform(-0.25, 0.25, _RIDGES)
    ways = np.cos(angles)[:, None] * outward + np.sin(angles)[:, None] * aside
    ways /= rng.uniform(*_RIDGE_MM, _RIDGES)[:, None]
    phases = rng.uniform(0, 1, _RIDGES)

    def ridges(points: Points) -> NDArray[np.float64]:
        """Return how high each ridge is at points [..., 3], 0 to 1, and 1 along its crest: [..., ridges]."""
        bent = 0.25 * np.sin(points @ aside / _UNEVEN_MM)[..., None]
        return np.asarray(np.abs((points @ ways.T + phases + bent) % 1 * 2 - 1))

    def whitened(points: Points, normals: Points) -> Points:
        off_mm = (1 - ridges(points)).min(axis=-1) * _RIDGE_MM[0] / 2
        return np.asarray(_WHITENED * np.clip(1.5 - off_mm / _CREASE_MM, 0, 1) * (points @ outward > line), np.float32)

    def pushed(points: Points) -> NDArray[np.float64]:
        beyond = np.maximum(points @ outward - line, 0.0)
        crests = ridges(points) * np.clip(beyond / _RIDGE_MM[0], 0, 1)[..., None]
        drawn_in = _SQUEEZED * beyond * (1 + 0.5 * (crests[..., 0] - 0.5))
        up = _RISE_MM * crests.mean(axis=-1) + _CURLED * beyond**2 / size_mm
        return np.asarray(points - drawn_in[..., None] * outward + (up * np.sign(stance.up[2]))[..., None] * _Z)

    shape = painted(shape, lambda points: points @ outward > line, whitened, bared(shape, rng), skins=False)
    return shape.with_patches({name: patch.moved(pushed(patch.points)) for name, patch in shape.patches.items()})
