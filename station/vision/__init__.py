"""Framesets and rig to item views: mask, crop, image quality."""
