"""The simulated booth: items come, lie on the tray and leave, seen by its cameras."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from station.core.items import Announcement
from station.rig import Rig
from station.simulation.catalogue import SimProduct
from station.simulation.generator import booth_products
from station.simulation.hand import draw_hand
from station.simulation.item import PlacedItem, make_item
from station.simulation.layout import booth_rig
from station.simulation.mesh import item_mesh
from station.simulation.passage import presence
from station.simulation.plan import PlannedItem, Script, duration_ns, lay_out
from station.simulation.render import Scene
from station.simulation.script import draw_script
from station.simulation.sensor import Still
from station.simulation.settings import SimulationSettings
from station.simulation.stage import build_stage
from station.simulation.thing import Thing
from station.simulation.truth import Truth, render_truth
from station.simulation.view import SimFrame, View

_NS_PER_S = 1_000_000_000
_THINGS_KEPT = 3


_Name = TypeVar("_Name")
_Value = TypeVar("_Value")


class _Kept(Generic[_Name, _Value]):
    """The last few results of costly work, by name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[_Name, _Value] = OrderedDict()

    def get(self, name: _Name, work: Callable[[], _Value]) -> _Value:
        """Return what is kept, or the work's result."""
        value = self._values.get(name)
        if value is None:
            value = self._values[name] = work()
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def drop(self, of: Callable[[_Name], bool]) -> None:
        """Keep no results of such names."""
        for name in [name for name in self._values if of(name)]:
            self._values.pop(name, None)


class Booth:
    """The simulated booth: a timeline of items, and what its cameras see of it at any moment.

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
        self.catalogue: tuple[SimProduct, ...] = tuple(products or booth_products(self.settings))
        if script is None:
            script = draw_script(self.catalogue, item_count, self.settings, np.random.default_rng((seed, 0)))
        self.plan: tuple[PlannedItem, ...] = lay_out(script, self.catalogue, self.settings)
        self.frame_count: int = duration_ns(self.plan, self.settings) * self.settings.fps // _NS_PER_S
        self._stage = build_stage(self.settings)
        self._enter_ns = [item.arrive_ns - self.settings.move_ms * 1_000_000 for item in self.plan]
        self._views: dict[str, View] = {}
        self._things = _Kept[tuple[str, int], Thing](_THINGS_KEPT * len(self.rig.cameras))
        self._hands = _Kept[tuple[str, int], Thing](_THINGS_KEPT * len(self.rig.cameras))
        self._scenes = _Kept[int, tuple[PlacedItem, Scene]](_THINGS_KEPT)

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
        t_ns = self.t_ns(index)
        return view.expose(self._moment(camera_id, t_ns), index, t_ns)

    def t_ns(self, index: int) -> int:
        """Return when every camera takes its frame of that index, in ns since the booth's start."""
        return index * _NS_PER_S // self.settings.fps

    def stop(self, camera_id: str) -> None:
        """Let go of what was rendered for a camera."""
        self._views.pop(camera_id, None)
        for kept in (self._things, self._hands):
            kept.drop(lambda name: name[0] == camera_id)

    def item_mask(self, camera_id: str, item_index: int) -> NDArray[np.bool_]:
        """Return where a camera sees an item at rest, bool [H, W].

        Raises:
            IndexError: there is no such item.
            RigError: there is no such camera.
        """
        return self._seen(camera_id, item_index)

    def truth(self, camera_id: str, item_index: int) -> Truth:
        """Return what is true of an item at rest in a camera's picture.

        Raises:
            IndexError: there is no such item.
            RigError: there is no such camera.
        """
        truth = render_truth(self.rig.camera(camera_id), self._scene(item_index)[0])
        if self._partner(item_index) is None:
            return truth
        seen = self._seen(camera_id, item_index)
        return replace(truth, item=truth.item & seen, damage={kind: mask & seen for kind, mask in truth.damage.items()})

    def _moment(self, camera_id: str, t_ns: int) -> Still:
        """Return what a camera sees at a time, without noise."""
        last = bisect_right(self._enter_ns, t_ns)
        items, hands = [], []
        for index in range(max(0, last - 2), last):
            present = presence(self.plan[index], t_ns, self.settings)
            if present is not None:
                items.append((self._thing(camera_id, index), present.item))
            if present is not None and present.hand is not None:
                hands.append((self._hand(camera_id, index), present.hand))
        return self._view(camera_id).picture(items + hands)

    def _view(self, camera_id: str) -> View:
        view = self._views.get(camera_id)
        if view is None:
            camera = self.rig.camera(camera_id)
            seed = (self.seed, 2, self.rig.cameras.index(camera))
            view = self._views[camera_id] = View(camera, self.settings, seed, Scene(stage=self._stage))
        return view

    def _thing(self, camera_id: str, index: int) -> Thing:
        def render() -> Thing:
            item, scene = self._scene(index)
            return self._view(camera_id).still(item.shape, item.tray_from_item, scene)

        return self._things.get((camera_id, index), render)

    def _hand(self, camera_id: str, index: int) -> Thing:
        def render() -> Thing:
            item, _ = self._scene(index)
            points = item.shape.points() @ item.tray_from_item[:3, :3].T + item.tray_from_item[:3, 3]
            low, high = points.min(axis=0), points.max(axis=0)
            grip_mm = np.array([*(low + high)[:2] / 2, high[2]])
            shape = draw_hand(grip_mm, np.random.default_rng((self.seed, 8, index)))
            scene = Scene(item_mesh(shape, np.eye(4)), shape, self._stage)
            return replace(self._view(camera_id).still(shape, np.eye(4), scene, rough=True), anchor_mm=grip_mm)

        return self._hands.get((camera_id, index), render)

    def _scene(self, index: int) -> tuple[PlacedItem, Scene]:
        def build() -> tuple[PlacedItem, Scene]:
            planned = self.plan[index]
            rng = np.random.default_rng((self.seed, 1, index))
            item = make_item(planned.product, planned.damage, self.rig, self.settings, rng, self._side(index))
            return item, Scene(item_mesh(item.shape, item.tray_from_item), item.shape, self._stage)

        return self._scenes.get(index, build)

    def _partner(self, index: int) -> int | None:
        """Return which item lies on the tray beside one."""
        if self.plan[index].joins:
            return index - 1
        return index + 1 if index + 1 < len(self.plan) and self.plan[index + 1].joins else None

    def _side(self, index: int) -> int:
        """Return on which side of the tray an item lies, -1 or 1, so that two have room; 0 for anywhere."""
        partner = self._partner(index)
        if partner is None:
            return 0
        return 1 if (min(index, partner) + self.plan[index].joins) % 2 else -1

    def _seen(self, camera_id: str, index: int) -> NDArray[np.bool_]:
        """Return where an item is seen, bool [H, W]: where it is nearer than the one beside it."""
        thing, partner = self._thing(camera_id, index), self._partner(index)
        if partner is None:
            return thing.item
        return np.asarray(thing.item & (thing.depth_mm <= self._thing(camera_id, partner).depth_mm))
