"""Where and how an item lies on the tray."""

import numpy as np

from station.core.geometry import Transform
from station.simulation.products import SimProduct
from station.simulation.rig import TRAY_SIZE_MM

_MARGIN_MM = 25.0
_CLEARANCE_MM = 0.5  # an underside in the tray's own plane would flicker through it
_CARTON_TURNS = (("top", 0, 0.0), ("bottom", 0, np.pi), ("front", 0, -np.pi / 2))
"""Which face of a carton is up, and the turn about an axis (0: x) that brings it there."""


def place_item(product: SimProduct, generator: np.random.Generator, upright: bool) -> tuple[Transform, str]:
    """Return a random pose, tray_from_item, and the name of the sheet that looks up.

    Cartons lie on their bottom, top or rear; mailers on their lower side; cans stand or, unless `upright`, lie. Any
    yaw, and anywhere that keeps the whole item on the tray.
    """
    up = "top"
    turn = np.eye(3)
    if product.kind == "carton":
        up, axis, angle = _CARTON_TURNS[generator.integers(len(_CARTON_TURNS))]
        turn = _rotation(axis, angle)
    elif product.kind == "can" and generator.random() < 0.5 and not upright:
        up = "front"
        turn = _rotation(0, np.pi / 2) @ _rotation(2, generator.uniform(0, 2 * np.pi))
    rotation = _rotation(2, generator.uniform(0, 2 * np.pi)) @ turn
    x, y, z = product.size_mm
    corners = np.array([(i, j, k) for i in (-x / 2, x / 2) for j in (-y / 2, y / 2) for k in (0, z)]) @ rotation.T
    if up == "front" and product.kind == "can":
        corners[:, 2] = np.array([-x / 2, x / 2] * 4)  # it rests on its round wall, not on a corner of its box
    low, high = corners.min(axis=0), corners.max(axis=0)
    half = np.array(TRAY_SIZE_MM) / 2 - _MARGIN_MM
    room_low, room_high = -half - low[:2], half - high[:2]
    middle = (room_low + room_high) / 2
    spread = np.maximum(0.0, (room_high - room_low) / 2)
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:2, 3] = middle + generator.uniform(-1, 1, 2) * spread
    pose[2, 3] = _CLEARANCE_MM - low[2]
    return pose, up


def _rotation(axis: int, angle: float) -> np.ndarray:
    """Return the rotation about a coordinate axis."""
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix
