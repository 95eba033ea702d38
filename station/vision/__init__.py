"""Framesets and the rig to item views: item mask, crop, height above the tray, image quality."""

from station.vision.extractor import ViewExtractor
from station.vision.quality import quality_reasons
from station.vision.settings import VisionSettings
from station.vision.surface import box_in_view, item_surface

__all__ = ["ViewExtractor", "VisionSettings", "box_in_view", "item_surface", "quality_reasons"]
