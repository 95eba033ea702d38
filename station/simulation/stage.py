"""The empty booth as it looks: its tray, its light, and the dirt it has gathered."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from station.simulation.dirt import draw_dirt
from station.simulation.layout import TrayPlan, load_layout
from station.simulation.light import Lighting, aged
from station.simulation.settings import SimulationSettings


@dataclass(frozen=True, slots=True)
class Stage:
    """What every scene of a booth shares. `dirt` is uint8 RGBA [H, W, 4] over the tray."""

    tray: TrayPlan
    lighting: Lighting
    dirt: NDArray[np.uint8]


@lru_cache(maxsize=4)
def build_stage(settings: SimulationSettings) -> Stage:
    """Return the booth that the settings name, as its own seed made it.

    Raises:
        SimulationError: the booth file cannot be used.
    """
    layout = load_layout(settings.booth)
    light_rng, dirt_rng = np.random.default_rng((settings.booth_seed, 5)).spawn(2)
    lighting = Lighting(aged(layout, settings, light_rng), layout)
    return Stage(layout.tray, lighting, draw_dirt(layout.tray, settings.dirt, dirt_rng))
