"""The simulated booth: products, damage, cameras and a timeline, rendered. Needs the extra `sim` to render."""

from station.simulation.booth import Booth, SimFrame, reference_shots
from station.simulation.catalogue import Kind, SimProduct
from station.simulation.plan import PlannedItem
from station.simulation.settings import SimulationSettings

__all__ = ["Booth", "Kind", "PlannedItem", "SimFrame", "SimProduct", "SimulationSettings", "reference_shots"]
