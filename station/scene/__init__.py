"""Frames to items: the synchroniser, the trigger and the item tracker."""

from station.scene.settings import SceneSettings, TriggerMode
from station.scene.synchroniser import DropCause, Synchroniser
from station.scene.tracker import Tracker

__all__ = ["DropCause", "SceneSettings", "Synchroniser", "Tracker", "TriggerMode"]
