"""The simulated booth: products, damage, cameras and a timeline, rendered. Needs the extra `sim` to render.

`station.simulation.record` is imported by itself: it brings librealsense along.
"""

from station.simulation.booth import Booth
from station.simulation.catalogue import Kind, SimProduct
from station.simulation.demo import DEMO_SEED, demo_booth
from station.simulation.plan import PlannedItem
from station.simulation.settings import SimulationSettings
from station.simulation.studio import Shot, Studio
from station.simulation.view import SimFrame

__all__ = [
    "DEMO_SEED",
    "Booth",
    "Kind",
    "PlannedItem",
    "Shot",
    "SimFrame",
    "SimProduct",
    "SimulationSettings",
    "Studio",
    "demo_booth",
]
