"""The simulated booth: items come, lie on the tray and leave, seen by its cameras."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.core.items import Announcement
from station.rig import Rig
from station.simulation.catalogue import SimProduct, catalogue
from station.simulation.item import PlacedItem, make_item
from station.simulation.layout import booth_rig
from station.simulation.mesh import item_mesh
from station.simulation.plan import PlannedItem, Script, duration_ns, lay_out
from station.simulation.render import Scene
from station.simulation.script import draw_script
from station.simulation.sensor import Still
from station.simulation.settings import SimulationSettings
from station.simulation.stage import build_stage
from station.simulation.truth import Truth, render_truth
from station.simulation.view import ItemStill, SimFrame, View

_NS_PER_S = 1_000_000_000
_STILLS_KEPT = 3
_TRAVEL_MM = 420.0
"""How far beside its place an item appears and vanishes, along the tray's x."""


class Booth:
    """The simulated booth: a timeline of items, and what three cameras see of it at any moment.

    Any frame can be asked for in any order, and is the same, byte for byte, whenever it is asked for.

    A booth travels to another process as what makes it.

    Args:
        seed: gives the items, their poses and damage, and the noise.
        item_count: how many items come, where no script says so.
        settings: the booth's settings; those it has by default when None.
        script: which products come, and how damaged; drawn from the seed when None.
        products: the products that may come; those the settings name when None.

    Raises:
        SimulationError: the renderer is not installed, the booth file cannot be used, or the script names an unknown
            product or damage.
    """

    def __init__(
        self,
        seed: int,
        item_count: int,
        settings: SimulationSettings | None = None,
        script: Script | None = None,
        products: Sequence[SimProduct] | None = None,
    ) -> None:
        self.settings = settings or SimulationSettings()
        self.seed = seed
        self.rig: Rig = booth_rig(self.settings)
        self.catalogue: tuple[SimProduct, ...] = tuple(products or catalogue(self.settings.catalogue_seed))
        if script is None:
            script = draw_script(self.catalogue, item_count, self.settings, np.random.default_rng((seed, 0)))
        self.plan: tuple[PlannedItem, ...] = lay_out(script, self.catalogue, self.settings)
        self.frame_count: int = duration_ns(self.plan, self.settings) * self.settings.fps // _NS_PER_S
        self._stage = build_stage(self.settings)
        self._views: dict[str, View] = {}
        self._stills: dict[str, OrderedDict[int, ItemStill]] = {
            name.camera_id: OrderedDict() for name in self.rig.cameras
        }
        self._scenes: OrderedDict[int, tuple[PlacedItem, Scene]] = OrderedDict()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what makes this booth again."""
        script = tuple((item.product_id, item.damage, item.joins) for item in self.plan)
        return Booth, (self.seed, len(script), self.settings, script, self.catalogue)

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        """What the controller announces, in its order; items that join another come unannounced."""
        return tuple(item.announcement for item in self.plan if item.announcement)

    def frame(self, camera_id: str, index: int) -> SimFrame:
        """Return a camera's frame of that index, 0 first.

        Raises:
            IndexError: there is no such frame.
            RigError: there is no such camera.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"the booth has frames 0 to {self.frame_count - 1}, not {index}")
        view = self._view(camera_id)
        t_ns = index * _NS_PER_S // self.settings.fps
        return view.expose(self._moment(camera_id, t_ns), index, t_ns)

    def item_mask(self, camera_id: str, item_index: int) -> NDArray[np.bool_]:
        """Return where a camera sees an item at rest, bool [H, W].

        Raises:
            IndexError: there is no such item.
            RigError: there is no such camera.
        """
        return self._still(camera_id, item_index).mask

    def truth(self, camera_id: str, item_index: int) -> Truth:
        """Return what is true of an item at rest in a camera's picture.

        Raises:
            IndexError: there is no such item.
            RigError: there is no such camera.
        """
        item, _ = self._scene(item_index)
        return render_truth(self.rig.camera(camera_id), item)

    def _moment(self, camera_id: str, t_ns: int) -> Still:
        """Return what a camera sees at a time, without noise."""
        move_ns = self.settings.move_ms * 1_000_000
        for item in self.plan:
            if item.arrive_ns - move_ns <= t_ns < item.leave_ns + move_ns:
                still = self._still(camera_id, item.index)
                if t_ns < item.arrive_ns:
                    offset_mm = -_TRAVEL_MM * ((item.arrive_ns - t_ns) / move_ns) ** 2
                elif t_ns < item.leave_ns:
                    return still.still
                else:
                    offset_mm = _TRAVEL_MM * ((t_ns - item.leave_ns) / move_ns) ** 2
                return self._view(camera_id).sliding(still, offset_mm)
        return self._view(camera_id).empty

    def _view(self, camera_id: str) -> View:
        view = self._views.get(camera_id)
        if view is None:
            camera = self.rig.camera(camera_id)
            seed = (self.seed, 2, self.rig.cameras.index(camera))
            view = self._views[camera_id] = View(camera, self.settings, seed, Scene(stage=self._stage))
        return view

    def _still(self, camera_id: str, item_index: int) -> ItemStill:
        view, kept = self._view(camera_id), self._stills[camera_id]
        still = kept.get(item_index)
        if still is None:
            still = view.still(*self._scene(item_index))
            kept[item_index] = still
            while len(kept) > _STILLS_KEPT:
                kept.popitem(last=False)
        return still

    def _scene(self, item_index: int) -> tuple[PlacedItem, Scene]:
        scene = self._scenes.get(item_index)
        if scene is None:
            planned = self.plan[item_index]
            rng = np.random.default_rng((self.seed, 1, item_index))
            item = make_item(planned.product, planned.damage, self.rig, self.settings, rng)
            scene = item, Scene(item_mesh(item.shape, item.tray_from_item), item.shape, self._stage)
            self._scenes[item_index] = scene
            while len(self._scenes) > _STILLS_KEPT:
                self._scenes.popitem(last=False)
        return scene
