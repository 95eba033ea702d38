"""Parts of a body moved as they are: turned, shifted, laid on the tray beside the rest, taken away."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.simulation.damage.site import Stance
from station.simulation.shape import Patch, Shape

_GAP_MM = (6.0, 16.0)
_RAGGED = 0.9
"""How far a torn edge's teeth reach, in rows of points."""
Vector = NDArray[np.floating]


def turn_about(axis: Vector, angle_rad: float) -> NDArray[np.float64]:
    """Return the rotation by an angle about an axis, float64 [3, 3] (Rodrigues)."""
    x, y, z = np.asarray(axis, np.float64) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * cross @ cross)


def moved(
    shape: Shape, names: Iterable[str], turn: NDArray[np.float64], about: Vector, shift: ArrayLike = (0.0, 0.0, 0.0)
) -> dict[str, Patch]:
    """Return some of a shape's patches, turned about a point and then shifted."""
    return {
        name: shape.patches[name].moved((shape.patches[name].points - about) @ turn.T + about + np.asarray(shift))
        for name in names
    }


def without(shape: Shape, names: Iterable[str]) -> Shape:
    """Return a shape without some of its patches."""
    gone = set(names)
    return replace(shape, patches={name: patch for name, patch in shape.patches.items() if name not in gone})


def points_of(patches: Mapping[str, Patch]) -> NDArray[np.float64]:
    """Return all points of patches, float64 [N, 3]."""
    return np.concatenate([patch.points.reshape(-1, 3) for patch in patches.values()]).astype(np.float64)


def tray_height(shape: Shape, up: Vector) -> float:
    """Return how high the tray lies along `up` in the item's frame, in mm."""
    return float((shape.points() @ up).min())


def on_tray(shape: Shape, up: Vector, low_mm: float) -> Shape:
    """Return a shape flattened where it would reach through the tray, which lies `low_mm` high along `up`."""
    sunk = {name: low_mm - patch.points @ up for name, patch in shape.patches.items()}
    return shape.with_patches(
        {
            name: shape.patches[name].moved(shape.patches[name].points + depth[..., None].clip(0) * up)
            for name, depth in sunk.items()
            if depth.max() > 0
        }
    )


def folded_back(
    patch: Patch, way: Vector, line_mm: float, bend_mm: float, turn_rad: float, up: Vector, level_mm: float
) -> Patch:
    """Return a sheet whose part beyond a line is bent up and back over the rest.

    Args:
        patch: the sheet.
        way: a unit direction along the sheet; what lies further that way than `line_mm` is folded.
        line_mm: where the fold begins.
        bend_mm: the radius it is bent in.
        turn_rad: by how much; pi lays it flat onto the rest.
        up: the unit direction it is bent towards.
        level_mm: how high the sheet lies along `up` at the line.
    """
    points = patch.points.astype(np.float64)
    beyond, high = np.maximum(points @ way - line_mm, 0.0), points @ up - level_mm
    angle = np.minimum(beyond / bend_mm, turn_rad)
    straight = beyond - bend_mm * angle
    ahead = bend_mm * np.sin(angle) + straight * np.cos(angle) - np.sin(angle) * high
    rise = bend_mm * (1 - np.cos(angle)) + straight * np.sin(angle) + np.cos(angle) * high
    return patch.moved(points + (ahead - beyond)[..., None] * way + (rise - high)[..., None] * np.asarray(up))


def torn_across(shape: Shape, along: Vector, at_mm: float, rng: np.random.Generator) -> tuple[Shape, dict[str, Patch]]:
    """Tear a body whose patches' rows run `along` a unit direction across; return the rest and what lay beyond."""
    rest, beyond = dict(shape.patches), {}
    for name, patch in shape.patches.items():
        rows = patch.grid[0]
        heights = (patch.points @ along).mean(axis=1)
        edge = int(np.abs(heights - at_mm).argmin())
        if not (heights.min() < at_mm < heights.max() and 0 < edge < rows - 1):
            if heights.mean() > at_mm:
                beyond[name] = rest.pop(name)
            continue
        ragged = patch.points.astype(np.float64)
        ragged[edge] += (rng.uniform(-_RAGGED, _RAGGED, patch.grid[1]) * np.ptp(heights) / rows)[:, None] * along
        halves = [patch.moved(ragged).part(half, slice(None)) for half in (slice(edge + 1), slice(edge, None))]
        first, last = halves if heights[0] < heights[-1] else halves[::-1]
        rest[name], beyond[f"torn {name}"] = first, last
    return replace(shape, patches=rest), beyond


def laid_beside(
    shape: Shape,
    part: Mapping[str, Patch],
    stance: Stance,
    rng: np.random.Generator,
    face_up: Vector | None = None,
    tray_mm: float | None = None,
    towards: Vector | None = None,
    gap_mm: tuple[float, float] = _GAP_MM,
) -> Shape:
    """Return the shape with a part laid flat on the tray beside it.

    Args:
        shape: the rest of the body.
        part: the patches of the part that came off.
        stance: how the body lies.
        rng: draws where the part lies and how it is turned.
        face_up: the direction in the part that looks up then; as it is when None.
        tray_mm: how high the tray lies along the stance's `up`; below the shape's lowest point when None.
        towards: the direction it lies in; drawn, where there is room rather than not, when None.
        gap_mm: the least and the most room between the two.
    """
    up = stance.up
    turn = np.eye(3)
    if face_up is not None:
        turn = _turn_onto(np.asarray(face_up, np.float64), up)
    turn = turn_about(up, float(rng.uniform(-0.5, 0.5))) @ turn
    ahead = _level(np.eye(3)[int(np.argmin(np.abs(up)))], up)
    aside = np.cross(up, ahead)
    rest = shape.points().astype(np.float64)
    loose = points_of(part)
    loose = (loose - loose.mean(axis=0)) @ turn.T
    ways = [ahead, -ahead, aside, -aside]
    room = [np.ptp(rest @ way) + np.ptp(loose @ way) for way in ways]  # the narrower, the likelier all is in view
    way = ways[int(rng.choice(4, p=_shares(-np.array(room) / 30.0)))] if towards is None else _level(towards, up)
    across = np.cross(up, way)
    gap = float(rng.uniform(*gap_mm))
    low = tray_height(shape, up) if tray_mm is None else tray_mm
    target = (
        way * ((rest @ way).max() + gap - (loose @ way).min())
        + across * ((rest @ across).mean() + float(rng.uniform(-0.15, 0.15)) * np.ptp(rest @ across))
        + up * (low + 0.2 - (loose @ up).min())
    )
    middle = points_of(part).mean(axis=0)
    return shape.with_patches(
        {name: patch.moved((patch.points - middle) @ turn.T + target) for name, patch in part.items()}
    )


def _shares(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def _level(direction: Vector, up: Vector) -> NDArray[np.float64]:
    level = np.asarray(direction) - (np.asarray(direction) @ up) * np.asarray(up)
    return np.asarray(level / np.linalg.norm(level))


def _turn_onto(one: NDArray[np.float64], other: Vector) -> NDArray[np.float64]:
    """Return a rotation that turns one unit direction onto another."""
    axis = np.cross(one, other)
    if np.linalg.norm(axis) < 1e-6:
        axis = np.cross(one, np.eye(3)[int(np.argmin(np.abs(one)))])
        return turn_about(axis, 0.0 if one @ other > 0 else np.pi)
    return turn_about(axis, float(np.arctan2(np.linalg.norm(axis), one @ other)))
