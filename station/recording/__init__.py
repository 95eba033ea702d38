"""Recordings: one RealSense file per camera, and a manifest that says what happened and what was true."""

from station.recording.counts import count_frames
from station.recording.manifest import ItemTruth, Recording, Track, open_recording, save_mask, write_manifest
from station.recording.software_device import SoftwareCamera, StreamSpec
from station.recording.writer import RecordingWriter, TrackWriter

__all__ = [
    "ItemTruth",
    "Recording",
    "RecordingWriter",
    "SoftwareCamera",
    "StreamSpec",
    "Track",
    "TrackWriter",
    "count_frames",
    "open_recording",
    "save_mask",
    "write_manifest",
]
