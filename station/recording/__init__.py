"""Recordings: one RealSense file per camera, and a manifest that says what happened and what was true."""

from station.recording.counts import count_frames, frame_number_spans
from station.recording.disk import writing
from station.recording.importing import MakeRig, import_pngs
from station.recording.manifest import (
    ItemTruth,
    Recording,
    Track,
    mask_name,
    open_recording,
    prepare_folder,
    save_mask,
    track_of_file,
    truth_of,
    write_manifest,
)
from station.recording.messages import append_part
from station.recording.software_device import SoftwareCamera, StreamSpec
from station.recording.writer import RecordingWriter, TrackWriter

__all__ = [
    "ItemTruth",
    "MakeRig",
    "Recording",
    "RecordingWriter",
    "SoftwareCamera",
    "StreamSpec",
    "Track",
    "TrackWriter",
    "append_part",
    "count_frames",
    "frame_number_spans",
    "import_pngs",
    "mask_name",
    "open_recording",
    "prepare_folder",
    "save_mask",
    "track_of_file",
    "truth_of",
    "write_manifest",
    "writing",
]
