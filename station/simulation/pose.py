"""How items come to lie on the tray: any way up that is stable, turned and placed anywhere."""

import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Transform
from station.rig import Rig, RigCamera
from station.simulation.catalogue import Kind, SimProduct
from station.simulation.layout import project
from station.simulation.shape import Shape

_EDGE_MM = 8.0
"""Items keep this far from the tray's edge where they are small enough."""
_BORDER_SHARE = 0.02
"""Items keep this far from every picture's border, as a share of its height."""
_ABOVE_TRAY_MM = 0.3
"""Items rest this far above the tray: in one plane with it a ray through a hole might meet either."""
_TRIES = 12

_FACES = {
    "front": (0, 0, 1),
    "back": (0, 0, -1),
    "right": (1, 0, 0),
    "left": (-1, 0, 0),
    "top": (0, 1, 0),
    "bottom": (0, -1, 0),
    "front leaning": (0, -0.13, 1),
    "back leaning": (0, -0.13, -1),
}
_STABLE = {
    Kind.MAILER: {"front": 0.6, "back": 0.4},
    Kind.POLYBAG: {"front": 0.6, "back": 0.4},
    Kind.BOTTLE: {"lid": 0.5, "side": 0.5},
    Kind.CAN: {"lid": 0.6, "side": 0.4},
    Kind.BLISTER: {"front": 0.7, "back": 0.3},
    Kind.BOOK: {"front": 0.6, "back": 0.4},
    Kind.TUBE: {"front leaning": 0.6, "back leaning": 0.4},
    Kind.MULTIPACK: {"top": 0.7, "front": 0.15, "back": 0.15},
}
"""Which way up products lie, and how often; a tube lies on its side from shoulder to crimp. Boxes lie on any face."""
_SIDES = ("front", "back", "right", "left", "top", "bottom")


def draw_face_up(product: SimProduct, rng: np.random.Generator) -> str:
    """Draw which way up a product lies; broad faces are likelier. A can stands on its `base` or lies on its `side`."""
    stable = _STABLE.get(product.kind)
    if stable is None:
        sides = {name: np.prod(np.delete(product.size_mm, np.argmax(np.abs(_FACES[name])))) for name in _SIDES}
        stable = {name: float(area) for name, area in sides.items()}
    chances = np.array(list(stable.values()))
    return str(rng.choice(list(stable), p=chances / chances.sum()))


def draw_rotation(face_up: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a rotation, float64 [3, 3], tray from item, that turns the named face up."""
    if face_up == "lid":
        up = np.array([0.0, 0.0, 1.0])
    elif face_up == "side":
        roll = rng.uniform(0, 2 * np.pi)
        up = np.array([np.cos(roll), np.sin(roll), 0.0])
    else:
        up = np.array(_FACES[face_up], np.float64)
        up /= np.linalg.norm(up)
    other = np.eye(3)[int(np.argmin(np.abs(up)))]
    ahead = np.cross(up, other)
    ahead /= np.linalg.norm(ahead)
    upright = np.stack([np.cross(ahead, up), ahead, up])  # rows: the item's directions that become x, y and z
    yaw = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return np.asarray(turn @ upright)


def draw_narrow(shape: Shape, face_up: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a rotation, as `draw_rotation` does, that leaves room beside the shape: the narrowest of some along x."""
    rotations = [draw_rotation(face_up, rng) for _ in range(_TRIES)]
    return min(rotations, key=lambda rotation: float(np.ptp(shape.points() @ rotation[0])))


def place(shape: Shape, rotation: NDArray[np.float64], rig: Rig, rng: np.random.Generator, side: int = 0) -> Transform:
    """Put a shape down on the tray, as turned by `rotation`, at a place drawn at random; returns tray from item.

    With a `side` of -1 or 1 it lies in the tray's left or right half, in its middle if it is too large.

    Places where a camera would not see all of it are drawn again; where none is found it lies in the middle.
    """
    points = shape.points() @ rotation.T
    low, high = points.min(axis=0), points.max(axis=0)
    tray_from_item = np.eye(4)
    tray_from_item[:3, :3] = rotation
    tray_from_item[2, 3] = _ABOVE_TRAY_MM - low[2]
    middle = (low + high)[:2] / 2
    room = np.array(rig.tray.size_mm) / (2 if side else 1, 1)
    home = np.array([side * rig.tray.size_mm[0] / 4, 0.0])
    free = np.maximum(0.0, (room - (high - low)[:2]) / 2 - _EDGE_MM)
    for share in np.linspace(1, 0, _TRIES):
        tray_from_item[:2, 3] = home + share * rng.uniform(-free, free) - middle
        lying = points + tray_from_item[:3, 3]
        if all(_in_view(camera, lying) for camera in rig.cameras):
            break
    return tray_from_item


def _in_view(camera: RigCamera, points: NDArray[np.float64]) -> bool:
    columns, rows, _ = project(camera, points).T
    lens, border = camera.intrinsics, _BORDER_SHARE * camera.intrinsics.height_px
    return bool(
        columns.min() > border
        and rows.min() > border
        and columns.max() < lens.width_px - border
        and rows.max() < lens.height_px - border
    )
