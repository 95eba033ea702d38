"""The booth's geometry as a value: cameras, tray, hash; load and save."""

from station.rig.rig import Rig, RigCamera, Tray, load_rig, save_rig

__all__ = ["Rig", "RigCamera", "Tray", "load_rig", "save_rig"]
