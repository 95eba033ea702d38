"""Stills outside a timeline: one item at rest on the tray, for references and datasets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from station.rig import Rig
from station.simulation.catalogue import SimProduct
from station.simulation.item import PlacedItem, make_item
from station.simulation.layout import booth_rig
from station.simulation.mesh import item_mesh
from station.simulation.plan import Damage
from station.simulation.render import Scene
from station.simulation.settings import SimulationSettings
from station.simulation.stage import build_stage
from station.simulation.truth import Truth, render_truth
from station.simulation.view import SimFrame, View

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Shot:
    """One item at rest: `frames` of every camera, by its id, all of one moment; `noise` seeds theirs."""

    product: SimProduct
    item: PlacedItem
    rig: Rig
    frames: Mapping[str, SimFrame]
    noise: int
    t_ns: int

    def truth(self, camera_id: str) -> Truth:
        """Return what is true of the item in a camera's picture.

        Raises:
            RigError: there is no such camera.
        """
        return render_truth(self.rig.camera(camera_id), self.item)


class Studio:
    """A booth that shows whatever item it is asked for. Any shot can be taken in any order, and is always the same.

    Args:
        seed: gives poses and noise; shots of one seed are no frames of a booth of the same seed.
        settings: the booth's settings; those it has by default when None.

    Raises:
        SimulationError: the renderer is not installed, or the booth file cannot be used.
    """

    def __init__(self, seed: int, settings: SimulationSettings | None = None) -> None:
        self.settings = settings or SimulationSettings()
        self.rig = booth_rig(self.settings)
        self._seed = seed
        self._stage = build_stage(self.settings)
        empty = Scene(stage=self._stage)
        self._views = {
            camera.camera_id: View(camera, self.settings, (seed, 3, place), empty)
            for place, camera in enumerate(self.rig.cameras)
        }

    def shot(self, product: SimProduct, number: int, damage: Damage = (), posed_for: Damage | None = None) -> Shot:
        """Take a picture of a product with every camera: any stable way up, any turn, anywhere on the tray.

        Args:
            product: what to show.
            number: of this product's shots, which; another number lies otherwise and has other noise.
            damage: what to do to it.
            posed_for: it lies as an item with this damage does; as one with `damage` when None.

        Raises:
            SimulationError: this kind of product cannot have that damage.
        """
        name = int.from_bytes(sha256(product.product_id.encode()).digest()[:8])
        rng = np.random.default_rng((self._seed, 4, name, product.version, number))
        item = make_item(product, damage, self.rig, self.settings, rng, posed_for=posed_for)
        noise, t_ns = int(rng.integers(1 << 31)), number * _NS_PER_S // self.settings.fps
        return self._exposed(product, item, noise, t_ns)

    def before(self, shot: Shot) -> Shot:
        """Return a picture of a shot's item as it lay there before its damage, of the same moment and noise."""
        whole = replace(shot.item, stages=shot.item.stages[:1], damage=())
        return self._exposed(shot.product, whole, shot.noise, shot.t_ns)

    def _exposed(self, product: SimProduct, item: PlacedItem, noise: int, t_ns: int) -> Shot:
        scene = Scene(item_mesh(item.shape, item.tray_from_item), item.shape, self._stage)
        frames = {
            name: view.expose(view.still(item.shape, item.tray_from_item, scene).still, noise, t_ns)
            for name, view in self._views.items()
        }
        return Shot(product, item, self.rig, frames, noise, t_ns)
