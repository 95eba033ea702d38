"""The simulated booth: products, damage, light and depth, rendered (extra `sim`)."""

from station.simulation.settings import SimulationSettings

__all__ = ["SimulationSettings"]
