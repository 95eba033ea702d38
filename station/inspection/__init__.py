"""The walk: capture in, verdict out."""

from station.inspection.inspector import Inspector
from station.inspection.settings import InspectionSettings

__all__ = ["InspectionSettings", "Inspector"]
