"""One item: a product's body, damaged or not, as it lies on the tray."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Transform
from station.rig import Rig
from station.simulation.artwork import artwork
from station.simulation.bodies import build_shape
from station.simulation.catalogue import SimProduct
from station.simulation.damage import Stance, face_up, stages
from station.simulation.plan import Damage
from station.simulation.pose import draw_face_up, draw_narrow, draw_rotation, place
from station.simulation.settings import SimulationSettings
from station.simulation.shape import Shape

_DAMAGED_STEP_MM = 2.5
_WHOLE_STEP_MM = 40.0
_TEXELS_PER_SAMPLE = 1.2


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """A body and where it lies. `stages` are the body undamaged and after each `damage`, one after the other."""

    stages: tuple[Shape, ...]
    damage: Damage
    tray_from_item: Transform

    @property
    def shape(self) -> Shape:
        """The body as it is."""
        return self.stages[-1]


def make_item(
    product: SimProduct,
    damage: Damage,
    rig: Rig,
    settings: SimulationSettings,
    rng: np.random.Generator,
    side: int = 0,
    posed_for: Damage | None = None,
) -> PlacedItem:
    """Build a product, turn it any way up, damage it where a camera sees it, and lay it on the tray.

    `side` -1 or 1 lays it into the tray's left or right half, turned to be narrow; 0 anywhere. It lies as an item
    with the damage `posed_for` does; as its own damage asks when None.
    """
    art = artwork(product, _texture_px_per_mm(rig, settings))
    shape = build_shape(product, art, _DAMAGED_STEP_MM if damage else _WHOLE_STEP_MM, rng)
    drawn = draw_face_up(product, rng)
    upper = face_up(shape, damage if posed_for is None else posed_for) or drawn
    rotation = draw_narrow(shape, upper, rng) if side else draw_rotation(upper, rng)
    stance = Stance(rotation[2], _towards_cameras(rig) @ rotation)
    bodies = stages(shape, damage, stance, art, rng)
    return PlacedItem(bodies, damage, place(bodies[-1], rotation, rig, rng, side))


def _towards_cameras(rig: Rig) -> NDArray[np.float64]:
    """Return unit directions from the tray's middle to the cameras, float64 [K, 3], the steepest first."""
    positions = np.stack([rig.tray_from_camera(camera.camera_id)[:3, 3] for camera in rig.cameras])
    directions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
    return np.asarray(directions[np.argsort(-directions[:, 2])])


def _texture_px_per_mm(rig: Rig, settings: SimulationSettings) -> float:
    """Return the print's resolution that the cameras just resolve, so that small print blurs and does not flicker."""
    camera = rig.cameras[0]
    distance_mm = float(np.linalg.norm(camera.rig_from_camera[:3, 3]))
    return _TEXELS_PER_SAMPLE * settings.supersampling * camera.intrinsics.fx / distance_mm
