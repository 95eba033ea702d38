"""The booth's geometry as a value: cameras, tray, hash; load and save."""

from station.rig.plane import estimate_tray
from station.rig.rig import Rig, RigCamera, Tray, load_rig, rig_json, save_rig

__all__ = ["Rig", "RigCamera", "Tray", "estimate_tray", "load_rig", "rig_json", "save_rig"]
