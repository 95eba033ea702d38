"""Recordings: one RealSense file per camera and a manifest. Read, write, check, import."""
